/* The rules about sections, their alignment and their data, and the near misses of each. */
#include "rules_test.h"

static int setup(void **state)
{
    static test_bench shared;

    bench_init(&shared);
    *state = &shared;
    return 0;
}

static int teardown(void **state)
{
    bench_free(*state);
    return 0;
}

static void clean_driver_has_no_findings(void **state)
{
    test_bench *bench = *state;
    size_t count;
    const hvc_rule *rules = hvc_rules(&count);

    for (size_t i = 0; i < count; i++) {
        if (bench_run(bench, rules[i].id) != 0)
            fail_msg("%s: %s", rules[i].id, bench_finding(bench, 0)->message);
    }
}

/* HVC2003, HVC3002 and HVC4001 share writable executable sections out among them. */
static void writable_executable_sections(void **state)
{
    static const struct {
        const char *name;
        uint32_t characteristics;
        size_t verifier, loader, advice;
    } cases[] = {
        {"rwx", WX, 1, 1, 0},
        {".text", WX | HVC_SCN_CNT_CODE, 1, 1, 0},
        {"rwx", WX | HVC_SCN_MEM_DISCARDABLE, 1, 0, 1},
        {"INIT", WX | HVC_SCN_MEM_DISCARDABLE, 0, 0, 1},
        {"INIT", WX, 0, 1, 0},
        {"init", WX | HVC_SCN_MEM_DISCARDABLE, 0, 0, 1},
        {"iNiT", WX, 0, 1, 0},
        {"INITx", WX, 1, 1, 0},
        {"INITDATA", WX | HVC_SCN_MEM_DISCARDABLE, 1, 0, 1},
        {"INI", WX, 1, 1, 0},
        {"NIT", WX, 1, 1, 0},
        {".INIT", WX, 1, 1, 0},
        {"INIT ", WX, 1, 1, 0},
        {"", WX, 1, 1, 0},
        {"x", HVC_SCN_MEM_EXECUTE | HVC_SCN_MEM_READ, 0, 0, 0},
        {"w", HVC_SCN_MEM_WRITE | HVC_SCN_MEM_READ, 0, 0, 0},
        {"wx", HVC_SCN_MEM_WRITE | HVC_SCN_MEM_EXECUTE, 1, 1, 0},
        {"code", HVC_SCN_MEM_WRITE | HVC_SCN_CNT_CODE, 0, 0, 0},
        {"all", 0xFFFFFFFF, 1, 0, 1},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        test_bench *bench = *state;

        bench_init(bench);
        bench_add_section(bench, cases[i].name, 0x3000, 0x100, cases[i].characteristics);
        if (bench_run(bench, "HVC3002") != cases[i].loader)
            fail_msg("HVC3002 on case %zu (%s)", i, cases[i].name);
        if (bench_run(bench, "HVC4001") != cases[i].advice)
            fail_msg("HVC4001 on case %zu (%s)", i, cases[i].name);
        if (bench_run(bench, "HVC2003") != cases[i].verifier)
            fail_msg("HVC2003 on case %zu (%s)", i, cases[i].name);
        assert_int_equal(bench_counter(bench, HVC_COUNTER_EXECUTE_WRITE), cases[i].verifier);
        bench_free(bench);
    }
}

/* Every combination of the three bits and a name, judged by the two conditions as numbers. */
static void characteristics_exhaustively(void **state)
{
    static const uint32_t bits[] = {0x20000000, 0x80000000, 0x02000000, 0x40000000, 0x20, 0x40};
    static const char *const names[] = {"INIT", ".text"};

    for (unsigned mask = 0; mask < (1u << COUNT(bits)); mask++) {
        uint32_t characteristics = 0;
        for (size_t i = 0; i < COUNT(bits); i++)
            characteristics |= mask >> i & 1 ? bits[i] : 0;
        for (size_t n = 0; n < COUNT(names); n++) {
            test_bench *bench = *state;
            size_t counted = (characteristics & 0xA0000000) == 0xA0000000 && n != 0;
            size_t refused = (characteristics & 0xA2000000) == 0xA0000000;

            bench_init(bench);
            bench_add_section(bench, names[n], 0x3000, 0x100, characteristics);
            assert_int_equal(bench_run(bench, "HVC2003"), counted);
            assert_int_equal(bench_run(bench, "HVC3002"), refused);
            bench_free(bench);
        }
    }
}

/* A NUL inside the eight bytes ends no name: INIT must be followed by nothing but NULs. */
static void init_with_trailing_bytes(void **state)
{
    test_bench *bench = *state;
    hvc_section *section = bench_add_section(bench, "INIT", 0x3000, 0x100, WX);

    section->raw_name[7] = 'x';
    assert_int_equal(bench_run(bench, "HVC2003"), 1);
    section->raw_name[7] = 0;
    assert_int_equal(bench_run(bench, "HVC2003"), 0);
}

static void each_section_counts(void **state)
{
    test_bench *bench = *state;

    bench_add_section(bench, "a", 0x3000, 0x100, WX);
    bench_add_section(bench, "a", 0x4000, 0x100, WX);
    bench_add_section(bench, "b\n\x1b", 0x5000, 0x100, WX);
    assert_int_equal(bench_run(bench, "HVC2003"), 3);
    assert_int_equal(bench_counter(bench, HVC_COUNTER_EXECUTE_WRITE), 3);

    const hvc_finding *finding = bench_finding(bench, 1);
    assert_int_equal(finding->level, HVC_LEVEL_ERROR);
    assert_true(finding->location.has_rva && finding->location.has_file_offset);
    assert_int_equal(finding->location.rva, 0x4000);
    assert_int_equal(finding->location.file_offset, 0x3400);
    assert_string_equal(finding->location.section, "a");
    assert_string_equal(
        finding->message,
        "section a is writable and executable: characteristics 0xE0000000, header at file "
        "offset 0x200");
    /* A hostile name is escaped in the message, and whole in the location. */
    finding = bench_finding(bench, 2);
    assert_string_equal(finding->location.section, "b\n\x1b");
    assert_null(strchr(finding->message, '\x1b'));
    assert_non_null(strstr(finding->message, "section b\\x0"));
}

static void section_without_data_has_no_file_offset(void **state)
{
    test_bench *bench = *state;
    hvc_section *section = bench_add_section(bench, "", 0x3000, 0x100, WX);

    section->data_size = 0;
    assert_int_equal(bench_run(bench, "HVC3002"), 1);
    assert_true(bench_finding(bench, 0)->location.has_rva);
    assert_false(bench_finding(bench, 0)->location.has_file_offset);
    assert_non_null(strstr(bench_finding(bench, 0)->message, "section without a name is"));
}

static void section_alignment(void **state)
{
    static const struct {
        uint32_t alignment;
        bool counted, low;
    } cases[] = {
        {0x1000, false, false},  {0x2000, false, false},    {0x1800, true, false},
        {0, true, true},         {0x200, true, true},       {0x800, true, true},
        {0xfff, true, true},     {0x1001, true, false},     {0x20, true, true},
        {0x10000, false, false}, {1, true, true},           {0x80000000, false, false},
        {0x3000, false, false},  {0xffffffff, true, false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        test_bench *bench = *state;

        bench_init(bench);
        bench_add_section(bench, "third", 0x3000, 0x100, DATA);
        bench->image.headers.section_alignment = cases[i].alignment;
        assert_int_equal(bench_run(bench, "HVC3001"), cases[i].low);
        /* One finding; it counts the sections. */
        assert_int_equal(bench_run(bench, "HVC2004"), cases[i].counted);
        assert_int_equal(bench_counter(bench, HVC_COUNTER_ALIGNMENT), cases[i].counted ? 3 : 0);
        if (cases[i].counted)
            assert_int_equal(bench_finding(bench, 0)->location.file_offset, 0x80 + 24 + 32);
        bench_free(bench);
    }
}

static void alignment_without_sections_counts_nothing(void **state)
{
    test_bench *bench = *state;

    bench->image.sections.count = 0;
    bench->image.headers.section_alignment = 0x200;
    assert_int_equal(bench_run(bench, "HVC2004"), 0);
    assert_int_equal(bench_run(bench, "HVC3001"), 1);
}

static void executable_tails(void **state)
{
    static const struct {
        uint32_t raw, virtual, characteristics;
        bool refused;
    } cases[] = {
        {0x200, 0x5020, CODE, true},
        {0x1000, 0x1001, CODE, true},
        {0x1000, 0x1000, CODE, false},
        {0x0fff, 0x1000, CODE, false},
        {0x0001, 0x1000, CODE, false},
        {0x1001, 0x2000, CODE, false},
        {0x2000, 0x1000, CODE, false},
        {0, 0x1000, CODE, true},
        {0, 1, CODE, true},
        {0, 0, CODE, false},
        {0, 0x1000, CODE | HVC_SCN_MEM_DISCARDABLE, false},
        {0x200, 0x2000, CODE | HVC_SCN_MEM_DISCARDABLE, true},
        {0x200, 0x5020, DATA, false},
        {0, 0x5020, DATA, false},
        {0, 0xffffffff, CODE, true},
        {0xffffffff, 0xffffffff, CODE, false},
        {0xfffff000, 0xffffffff, CODE, true},
        {0xfffff001, 0xffffffff, CODE, false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        test_bench *bench = *state;

        bench_init(bench);
        hvc_section *section =
            bench_add_section(bench, "x", 0x3000, 0x100, cases[i].characteristics);
        section->raw_size = cases[i].raw;
        section->virtual_size = cases[i].virtual;
        if (bench_run(bench, "HVC3003") != cases[i].refused)
            fail_msg("case %zu: raw 0x%x virtual 0x%x", i, cases[i].raw, cases[i].virtual);
        bench_free(bench);
    }
    assert_string_equal(hvc_rule_find("HVC3003")->since, "2004");
}

static void unaligned_sections(void **state)
{
    static const struct {
        uint32_t alignment, rva;
        bool refused;
    } cases[] = {
        {0x1000, 0x3000, false}, {0x1000, 0x3001, true}, {0x1000, 0x3800, true},
        {0x2000, 0x3000, false}, {0x2000, 0x3200, true}, {0x800, 0x3800, false},
        {0x200, 0x3200, false},  {0x1800, 0x4800, true}, {0, 0x3200, false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        test_bench *bench = *state;

        bench_init(bench);
        bench->image.headers.section_alignment = cases[i].alignment;
        bench_add_section(bench, "s", cases[i].rva, 0x100, DATA);
        assert_int_equal(bench_run(bench, "HVC3005"), cases[i].refused);
        bench_free(bench);
    }
}

static void truncated_sections(void **state)
{
    static const struct {
        uint32_t offset, size;
        bool cut;
    } cases[] = {
        {0x400, 0x200, false},
        {FILE_SIZE - 0x200, 0x200, false},
        {FILE_SIZE - 0x200, 0x201, true},
        {FILE_SIZE, 0, false},
        {FILE_SIZE, 1, true},
        {FILE_SIZE + 1, 0, false},
        {0xffffff00, 0x100, true},
        {0xffffffff, 0xffffffff, true},
        {0, 0xffffffff, false}, /* no data in the file at all */
        {0, 0, false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        test_bench *bench = *state;

        bench_init(bench);
        hvc_section *section = bench_add_section(bench, "s", 0x3000, 0x100, DATA);
        section->file_offset = cases[i].offset;
        section->raw_size = cases[i].size;
        if (bench_run(bench, "HVC3007") != cases[i].cut)
            fail_msg("case %zu: offset 0x%x size 0x%x", i, cases[i].offset, cases[i].size);
        bench_free(bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(clean_driver_has_no_findings, setup, teardown),
        cmocka_unit_test_setup_teardown(writable_executable_sections, setup, teardown),
        cmocka_unit_test_setup_teardown(characteristics_exhaustively, setup, teardown),
        cmocka_unit_test_setup_teardown(init_with_trailing_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(each_section_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(section_without_data_has_no_file_offset, setup, teardown),
        cmocka_unit_test_setup_teardown(section_alignment, setup, teardown),
        cmocka_unit_test_setup_teardown(alignment_without_sections_counts_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(executable_tails, setup, teardown),
        cmocka_unit_test_setup_teardown(unaligned_sections, setup, teardown),
        cmocka_unit_test_setup_teardown(truncated_sections, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
