/* The rules about import addresses, relocations and the headers. */
#include "rules_test.h"

#include "base/limits.h"

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

static void set_directory(test_bench *bench, hvc_directory_index index, uint32_t rva, uint32_t size)
{
    bench->image.headers.directories[index] = (hvc_directory){rva, size};
}

/* .text is at 0x1000 with VirtualSize 0x800, .data at 0x2000. */
static void iat_directory(void **state)
{
    static const struct {
        uint32_t rva, size;
        bool counted, refused;
    } cases[] = {
        {0x1000, 0x10, true, true},
        {0x17ff, 0x10, true, true},
        {0x1800, 0x10, false, true}, /* behind VirtualSize, still in its last page */
        {0x1fff, 1, false, true},
        {0x0fff, 1, false, false},
        {0x0ff8, 0x10, false, true}, /* reaches into the page */
        {0x2000, 0x100, false, false},
        {0x1000, 0, false, false}, /* no size: there is no directory */
        {0, 0x100, false, false},
        {0x3000, 0x100, false, false},
        {0x1100, 0xffffffff, true, true},
        {0xfffffff0, 0xffffffff, false, false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        test_bench *bench = *state;

        bench_init(bench);
        set_directory(bench, HVC_DIR_IAT, cases[i].rva, cases[i].size);
        if (bench_run(bench, "HVC2005") != cases[i].counted)
            fail_msg("HVC2005 on 0x%x + 0x%x", cases[i].rva, cases[i].size);
        assert_int_equal(bench_counter(bench, HVC_COUNTER_IAT), cases[i].counted);
        if (bench_run(bench, "HVC3004") != cases[i].refused)
            fail_msg("HVC3004 on 0x%x + 0x%x", cases[i].rva, cases[i].size);
        bench_free(bench);
    }
}

static void iat_in_overlapping_sections_counts_each(void **state)
{
    test_bench *bench = *state;

    set_directory(bench, HVC_DIR_IAT, 0x1100, 0x10);
    bench_add_section(bench, "over", 0x1000, 0x200, CODE);
    bench_add_section(bench, "data", 0x1000, 0x200, DATA);
    assert_int_equal(bench_run(bench, "HVC2005"), 2);
    assert_int_equal(bench_run(bench, "HVC3004"), 1);
}

/* Without VirtualSize Verifier's condition is never met; the pages are there all the same. */
static void iat_in_section_without_virtual_size(void **state)
{
    test_bench *bench = *state;

    set_directory(bench, HVC_DIR_IAT, 0x1000, 0x10);
    bench->sections[0].virtual_size = 0;
    assert_int_equal(bench_run(bench, "HVC2005"), 0);
    assert_int_equal(bench_run(bench, "HVC3004"), 1);
    bench->sections[0].raw_size = 0;
    assert_int_equal(bench_run(bench, "HVC3004"), 0);
}

static void first_thunks(void **state)
{
    test_bench *bench = *state;
    hvc_import imports[] = {
        {.name = {"A", 1}, .module = 0, .slot = 0x2010},
        {.name = {"B", 1}, .module = 0, .slot = 0x2018},
        {.name = {"C", 1}, .module = 1, .slot = 0x1ff8}, /* ends where .data begins */
        {.name = {"D", 1}, .module = 2, .slot = 0x1100},
    };
    hvc_import_module modules[] = {
        {.name = {"data.sys", 8}, .first_thunk = 0x2010, .first = 0, .count = 2},
        {.name = {"tail.sys", 8}, .first_thunk = 0x1ff8, .first = 2, .count = 1},
        {.name = {"late.sys", 8}, .kind = HVC_IMPORT_DELAY, .first = 3, .count = 1},
        {.name = {"none.sys", 8}, .first_thunk = 0x1000, .first = 4, .count = 0},
        {.name = {"wild.sys", 8}, .first_thunk = 0x1000, .first = 99, .count = 99},
    };

    bench->image.imports.items = imports;
    bench->image.imports.count = COUNT(imports);
    bench->image.modules.items = modules;
    bench->image.modules.count = COUNT(modules);
    /* While there is a directory, it alone counts. */
    assert_int_equal(bench_run(bench, "HVC3004"), 0);
    set_directory(bench, HVC_DIR_IAT, 0, 0);
    assert_int_equal(bench_run(bench, "HVC2005"), 0);
    assert_int_equal(bench_run(bench, "HVC3004"), 1);
    assert_non_null(strstr(bench_finding(bench, 0)->message, "tail.sys (RVA 0x1FF8, 0x8 bytes)"));
    assert_int_equal(bench_finding(bench, 0)->location.rva, 0x1ff8);
    /* A range that ends where the page begins does not touch it; one thunk more does. */
    imports[2].slot = 0x0ff8;
    assert_int_equal(bench_run(bench, "HVC3004"), 0);
    imports[0].slot = 0x0ffc;
    bench->image.headers.pe32_plus = false;
    assert_int_equal(bench_run(bench, "HVC3004"), 1); /* 0xffc to 0x201c */
    imports[1].slot = 0x0ff0;
    assert_int_equal(bench_run(bench, "HVC3004"), 0); /* 0xff0 to 0x1000 */
}

/* Puts one relocation block for page 0x5000 with the given entries in place. */
static void set_relocs(test_bench *bench, uint8_t *bytes, const uint16_t *entries, size_t count)
{
    uint32_t size = 8 + 2 * (uint32_t)count;

    memset(bytes, 0, 8);
    bytes[1] = 0x50;
    bytes[4] = (uint8_t)size;
    bytes[5] = (uint8_t)(size >> 8);
    for (size_t i = 0; i < count; i++) {
        bytes[8 + 2 * i] = (uint8_t)entries[i];
        bytes[9 + 2 * i] = (uint8_t)(entries[i] >> 8);
    }
    bench->image.relocs = (hvc_span){bytes, size};
    bench->image.relocs_offset = 0x700;
}

static void every_relocation(void **state)
{
    test_bench *bench = *state;
    uint8_t bytes[16];

    for (unsigned entry = 0; entry < 0x10000; entry += entry < 0xaf00 || entry > 0xb100 ? 61 : 1) {
        uint16_t entries[] = {(uint16_t)entry};
        unsigned type = entry >> 12, offset = entry & 0xfff;
        bool fits = offset + 8 <= 0x1000;
        size_t want = type == 0 ? 0 : type == 10 ? !fits : 1;

        set_relocs(bench, bytes, entries, 1);
        if (bench_run(bench, "HVC2006") != want)
            fail_msg("entry 0x%04x", entry);
    }
}

static void relocation_near_misses(void **state)
{
    static const struct {
        uint16_t entry;
        uint64_t count;
    } cases[] = {
        {0xaff8, 0}, {0xaff9, 1}, {0xafff, 1}, {0xa000, 0}, {0x0fff, 0},
        {0x0000, 0}, {0x3000, 1}, {0x3ff9, 1}, {0x1000, 1}, {0x2000, 1},
        {0x5000, 1}, {0x7000, 1}, {0x9000, 1}, {0xb000, 1}, {0xf000, 1},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        test_bench *bench = *state;
        uint8_t bytes[16];

        bench_init(bench);
        set_relocs(bench, bytes, &cases[i].entry, 1);
        bench_run(bench, "HVC2006");
        if (bench_counter(bench, HVC_COUNTER_RELOCS) != cases[i].count)
            fail_msg("entry 0x%04x", cases[i].entry);
        /* The 32-bit format is never counted. */
        bench->image.headers.pe32_plus = false;
        assert_int_equal(bench_run(bench, "HVC2006"), 0);
        bench_free(bench);
    }
}

static void relocations_are_all_counted_and_some_listed(void **state)
{
    enum { ENTRIES = HVC_MAX_LISTED_LOCATIONS + 5 };
    test_bench *bench = *state;
    static uint8_t bytes[8 + 4 * ENTRIES];
    uint16_t entries[2 * ENTRIES];

    for (size_t i = 0; i < ENTRIES; i++) {
        entries[2 * i] = 0xa008; /* fine */
        entries[2 * i + 1] = 0xaffc;
    }
    set_relocs(bench, bytes, entries, COUNT(entries));
    assert_int_equal(bench_run(bench, "HVC2006"), 1);

    const hvc_finding *finding = bench_finding(bench, 0);
    assert_int_equal(finding->count, ENTRIES);
    assert_int_equal(finding->place_total, ENTRIES);
    assert_int_equal(finding->place_count, HVC_MAX_LISTED_LOCATIONS);
    assert_int_equal(finding->places[1].rva, 0x5ffc);
    assert_int_equal(finding->places[1].file_offset, 0x700 + 8 + 2 * 3);
    assert_int_equal(finding->places[1].value, HVC_REL_DIR64);
    assert_int_equal(finding->location.rva, 0x5ffc);
    assert_string_equal(finding->message,
                        "69 relocation entries cannot be applied page by page: first at RVA "
                        "0x5FFC (type 10, page offset 0xFFC)");

    set_relocs(bench, bytes, entries, 2);
    assert_int_equal(bench_run(bench, "HVC2006"), 1);
    assert_int_equal(bench_finding(bench, 0)->place_count, 1);
    assert_non_null(strstr(bench_finding(bench, 0)->message, "1 relocation entry "));
}

static void arm_images(void **state)
{
    static const struct {
        hvc_arch arch;
        uint32_t alignment;
        uint16_t dll, characteristics;
        uint32_t relocs;
        size_t findings;
    } cases[] = {
        {HVC_ARCH_ARM64, 0x1000, 0x140, 0x22, 8, 0},    {HVC_ARCH_ARM, 0x1000, 0x140, 0x22, 8, 0},
        {HVC_ARCH_ARM64EC, 0x2000, 0xffff, 0x22, 8, 0}, {HVC_ARCH_ARM64, 0x800, 0x140, 0x22, 8, 1},
        {HVC_ARCH_ARM64, 0, 0x140, 0x22, 8, 1},         {HVC_ARCH_ARM64, 0x1000, 0x100, 0x22, 8, 1},
        {HVC_ARCH_ARM64, 0x1000, 0x040, 0x22, 8, 1},    {HVC_ARCH_ARM64, 0x1000, 0, 0x22, 8, 1},
        {HVC_ARCH_ARM64, 0x1000, 0x140, 0x23, 8, 1},    {HVC_ARCH_ARM64, 0x1000, 0x140, 0x23, 0, 1},
        {HVC_ARCH_ARM64, 0x1000, 0x140, 0x22, 0, 1},    {HVC_ARCH_ARM, 0x200, 0, 0x23, 0, 3},
        {HVC_ARCH_ARM64EC, 0x200, 0, 0x23, 0, 3},       {HVC_ARCH_ARM64X, 0x200, 0, 0x22, 0, 3},
        {HVC_ARCH_X64, 0x200, 0, 0x23, 0, 0},           {HVC_ARCH_X86, 0x200, 0, 0x23, 0, 0},
        {HVC_ARCH_UNKNOWN, 0x200, 0, 0x23, 0, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        test_bench *bench = *state;

        bench_init(bench);
        bench->image.arch = cases[i].arch;
        bench->image.headers.section_alignment = cases[i].alignment;
        bench->image.headers.dll_characteristics = cases[i].dll;
        bench->image.headers.characteristics = cases[i].characteristics;
        set_directory(bench, HVC_DIR_BASERELOC, cases[i].relocs != 0 ? 0x2400 : 0, cases[i].relocs);
        if (bench_run(bench, "HVC3006") != cases[i].findings)
            fail_msg("case %zu", i);
        bench_free(bench);
    }
}

/* Each advice on a bit of DllCharacteristics looks at its own bit alone. */
static void dll_characteristics(void **state)
{
    static const struct {
        const char *rule;
        uint16_t bit;
    } rules[] = {{"HVC4002", 0x100}, {"HVC4003", 0x80}, {"HVC4004", 0x4000}, {"HVC4005", 0x40}};
    test_bench *bench = *state;

    for (size_t i = 0; i < COUNT(rules); i++) {
        bench->image.headers.dll_characteristics = rules[i].bit;
        assert_int_equal(bench_run(bench, rules[i].rule), 0);
        bench->image.headers.dll_characteristics = (uint16_t)~rules[i].bit;
        assert_int_equal(bench_run(bench, rules[i].rule), 1);
        assert_int_equal(bench_finding(bench, 0)->location.file_offset, 0x80 + 24 + 70);
        assert_int_equal(bench_finding(bench, 0)->level, HVC_LEVEL_NOTE);
        assert_int_equal(bench_finding(bench, 0)->count, 0);
    }
}

static void relocations_stripped(void **state)
{
    test_bench *bench = *state;

    bench->image.headers.characteristics = 0xfffe;
    assert_int_equal(bench_run(bench, "HVC4006"), 0);
    bench->image.headers.characteristics = 0x0001;
    assert_int_equal(bench_run(bench, "HVC4006"), 1);
    assert_int_equal(bench_finding(bench, 0)->location.file_offset, 0x80 + 4 + 18);
}

static void checksum(void **state)
{
    test_bench *bench = *state;

    bench->evidence.checksum = 0x12346;
    assert_int_equal(bench_run(bench, "HVC4007"), 1);
    assert_string_equal(bench_finding(bench, 0)->message,
                        "CheckSum is 0x00012345; it should be 0x00012346");
    assert_int_equal(bench_finding(bench, 0)->location.file_offset, 0xd8);
    bench->image.headers.checksum = 0;
    assert_int_equal(bench_run(bench, "HVC4007"), 1);
    assert_string_equal(bench_finding(bench, 0)->message,
                        "CheckSum is not set; it should be 0x00012346");
    bench->image.headers.checksum = 0x12346;
    assert_int_equal(bench_run(bench, "HVC4007"), 0);
}

static void certificate_table(void **state)
{
    test_bench *bench = *state;

    set_directory(bench, HVC_DIR_CERTIFICATE, 0, 0);
    assert_int_equal(bench_run(bench, "HVC4008"), 1);
    assert_int_equal(bench_finding(bench, 0)->location.file_offset, 0x80 + 24 + 112 + 4 * 8);
    bench->image.headers.pe32_plus = false;
    assert_int_equal(bench_run(bench, "HVC4008"), 1);
    assert_int_equal(bench_finding(bench, 0)->location.file_offset, 0x80 + 24 + 96 + 4 * 8);
    set_directory(bench, HVC_DIR_CERTIFICATE, 0x8000, 0);
    assert_int_equal(bench_run(bench, "HVC4008"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(iat_directory, setup, teardown),
        cmocka_unit_test_setup_teardown(iat_in_overlapping_sections_counts_each, setup, teardown),
        cmocka_unit_test_setup_teardown(iat_in_section_without_virtual_size, setup, teardown),
        cmocka_unit_test_setup_teardown(first_thunks, setup, teardown),
        cmocka_unit_test_setup_teardown(every_relocation, setup, teardown),
        cmocka_unit_test_setup_teardown(relocation_near_misses, setup, teardown),
        cmocka_unit_test_setup_teardown(relocations_are_all_counted_and_some_listed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(arm_images, setup, teardown),
        cmocka_unit_test_setup_teardown(dll_characteristics, setup, teardown),
        cmocka_unit_test_setup_teardown(relocations_stripped, setup, teardown),
        cmocka_unit_test_setup_teardown(checksum, setup, teardown),
        cmocka_unit_test_setup_teardown(certificate_table, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
