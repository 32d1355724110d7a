/* The rules about calls and imported functions. */
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

static hvc_call_site site(const char *name, const hvc_value *values, size_t count,
                          hvc_judgement judgement)
{
    const hvc_ddi *ddi = hvc_ddi_find(name);

    assert_non_null(ddi);
    return (hvc_call_site){
        .rva = 0x1040,
        .ddi = ddi,
        .form = "import",
        .function = "DriverEntry",
        .section = ".text",
        .values = values,
        .value_count = count,
        .origin = "constant",
        .judgement = judgement,
    };
}

static size_t run(test_bench *bench, const char *id, const hvc_call_site *sites, size_t count)
{
    bench->evidence.call_sites = sites;
    bench->evidence.call_site_count = count;
    bench->evidence.has_code_analysis = true;
    return bench_run(bench, id);
}

static const hvc_value executable[] = {{0, "NonPagedPool"}};
static const hvc_value both[] = {{512, "NonPagedPoolNx"}, {0, "NonPagedPool"}};
static const hvc_value fine[] = {{512, "NonPagedPoolNx"}};

static void violations_count_one_each(void **state)
{
    test_bench *bench = *state;
    static const char *const evidence[] = {"xor ecx, ecx"};
    hvc_call_site sites[] = {
        site("ExAllocatePoolWithTag", executable, 1, HVC_JUDGEMENT_VIOLATION),
        site("ExAllocatePoolWithTag", fine, 1, HVC_JUDGEMENT_OK),
        site("ExAllocatePoolWithTag", NULL, 0, HVC_JUDGEMENT_UNDETERMINED),
        site("ExAllocatePool", executable, 1, HVC_JUDGEMENT_VIOLATION),
    };

    sites[3].evidence = evidence;
    sites[3].evidence_count = 1;
    assert_int_equal(run(bench, "HVC2000", sites, COUNT(sites)), 2);
    assert_int_equal(bench_counter(bench, HVC_COUNTER_POOL_TYPE), 2);

    const hvc_finding *finding = bench_finding(bench, 0);
    assert_int_equal(finding->level, HVC_LEVEL_ERROR);
    assert_int_equal(finding->count, 1);
    assert_string_equal(finding->message,
                        "ExAllocatePoolWithTag gets NonPagedPool (0x0) as argument 0 (POOL_TYPE)");
    assert_string_equal(finding->fix, hvc_ddi_find("ExAllocatePoolWithTag")->remediation);
    assert_true(finding->location.has_rva);
    assert_int_equal(finding->location.rva, 0x1040);
    assert_string_equal(finding->location.function, "DriverEntry");
    assert_string_equal(finding->location.section, ".text");
    finding = bench_finding(bench, 1);
    assert_int_equal(finding->evidence_count, 1);
    assert_ptr_equal(finding->evidence, evidence);
}

static void possible_ones_are_warnings(void **state)
{
    test_bench *bench = *state;
    hvc_call_site sites[] = {
        site("ExAllocatePoolWithTag", both, 2, HVC_JUDGEMENT_POSSIBLE),
    };

    assert_int_equal(run(bench, "HVC2000", sites, 1), 1);
    assert_int_equal(bench_counter(bench, HVC_COUNTER_POOL_TYPE), 0);
    assert_int_equal(bench_finding(bench, 0)->level, HVC_LEVEL_WARNING);
    assert_int_equal(bench_finding(bench, 0)->count, 0);
    assert_string_equal(bench_finding(bench, 0)->message,
                        "ExAllocatePoolWithTag may get NonPagedPool (0x0) as argument 0 "
                        "(POOL_TYPE); 1 of 2 possible values is allowed");
}

/* Such a call is listed as a finding only: it has to say what is open. */
static void possible_ones_say_what_is_open(void **state)
{
    test_bench *bench = *state;
    hvc_call_site sites[] = {
        site("ExAllocatePoolWithTag", executable, 1, HVC_JUDGEMENT_POSSIBLE),
        site("ExAllocatePoolWithTag", executable, 1, HVC_JUDGEMENT_POSSIBLE),
    };
    sites[0].open = "left behind by a call";
    sites[1].form = "method";

    assert_int_equal(run(bench, "HVC2000", sites, 2), 2);
    assert_non_null(strstr(bench_finding(bench, 0)->message,
                           "; other values are not known: left behind by a call"));
    assert_non_null(strstr(bench_finding(bench, 1)->message,
                           "; whether it is this method that is called is not known"));
}

/* A call site is told by the rule of its function's counter, and by no other. */
static void each_counter_has_its_rule(void **state)
{
    static const hvc_value protection[] = {{0x40, "PAGE_EXECUTE_READWRITE"}};
    static const hvc_value priority[] = {{16, "NormalPagePriority"}};
    static const hvc_value cached[] = {{1, "MmCached"}};
    test_bench *bench = *state;
    hvc_call_site sites[] = {
        site("ExAllocatePool", executable, 1, HVC_JUDGEMENT_VIOLATION),
        site("ZwMapViewOfSection", protection, 1, HVC_JUDGEMENT_VIOLATION),
        site("MmMapLockedPagesSpecifyCache", priority, 1, HVC_JUDGEMENT_VIOLATION),
        site("MmAllocateContiguousMemorySpecifyCache", cached, 1, HVC_JUDGEMENT_ADVICE),
        site("SeAssignSecurity", executable, 1, HVC_JUDGEMENT_VIOLATION),
    };

    sites[2].harmless = true;
    sites[2].written = "MmGetSystemAddressForMdlSafe";
    assert_int_equal(run(bench, "HVC2000", sites, COUNT(sites)), 1);
    assert_int_equal(run(bench, "HVC2001", sites, COUNT(sites)), 1);
    assert_string_equal(bench_finding(bench, 0)->message,
                        "ZwMapViewOfSection gets PAGE_EXECUTE_READWRITE (0x40) as argument 9 "
                        "(PAGE_PROTECTION)");
    assert_int_equal(run(bench, "HVC2002", sites, COUNT(sites)), 1);
    assert_string_equal(
        bench_finding(bench, 0)->message,
        "MmGetSystemAddressForMdlSafe (MmMapLockedPagesSpecifyCache) gets NormalPagePriority "
        "(0x10) as argument 5 (MM_PAGE_PRIORITY); harmless: a user-mode mapping is never "
        "executable, but Verifier counts it");
    assert_int_equal(bench_finding(bench, 0)->level, HVC_LEVEL_ERROR);
    assert_int_equal(bench_finding(bench, 0)->count, 1);
}

static void unconfirmed_counting_is_said(void **state)
{
    test_bench *bench = *state;
    hvc_call_site sites[] = {site("FltAllocateContext", executable, 1, HVC_JUDGEMENT_VIOLATION)};

    assert_int_equal(run(bench, "HVC2000", sites, 1), 1);
    assert_non_null(strstr(bench_finding(bench, 0)->message, "unconfirmed"));
}

static void many_values_are_counted_and_few_named(void **state)
{
    hvc_value values[12];
    test_bench *bench = *state;

    for (size_t i = 0; i < COUNT(values); i++)
        values[i] = (hvc_value){0x1000 * (i + 1), "0xN000"};
    hvc_call_site sites[] = {
        site("ExAllocatePool", values, COUNT(values), HVC_JUDGEMENT_VIOLATION)};
    assert_int_equal(run(bench, "HVC2000", sites, 1), 1);
    const char *message = bench_finding(bench, 0)->message;
    size_t named = 0;
    for (const char *at = message; (at = strstr(at, "0xN000")) != NULL; at++)
        named++;
    assert_int_equal(named, 8);
    assert_non_null(strstr(message, "or 4 other guilty values"));
}

static void advice(void **state)
{
    static const char *const names[] = {
        "MmMapIoSpace",   "MmMapLockedPages",
        "MmMapIoSpace",   "MmCopyMemory",
        "ExAllocatePool", "NdisAllocateMemoryWithTagPriority",
        "IoAllocateMdl",  "MmAllocateContiguousMemorySpecifyCache",
    };
    hvc_imported_ddi imports[COUNT(names)];
    test_bench *bench = *state;

    for (size_t i = 0; i < COUNT(names); i++)
        imports[i] = (hvc_imported_ddi){.ddi = hvc_ddi_find(names[i]),
                                        .module = "ntoskrnl.exe",
                                        .slot = 0x2000 + 8 * (uint32_t)i};
    bench->evidence.ddis = imports;
    bench->evidence.ddi_count = COUNT(imports);
    /* One for each function, in the order of the table, at its first import. */
    assert_int_equal(bench_run(bench, "HVC4009"), 3);
    assert_non_null(strstr(bench_finding(bench, 1)->message, "MmMapIoSpace is imported. "));
    assert_int_equal(bench_finding(bench, 1)->location.rva, 0x2000);
    assert_string_equal(bench_finding(bench, 1)->fix, hvc_ddi_find("MmMapIoSpace")->remediation);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(bench_finding(bench, i)->level, HVC_LEVEL_NOTE);
}

/* Where all calls are known not to ask for executable memory, there is nothing to advise. */
static void advice_knows_the_calls(void **state)
{
    static const hvc_value uncached[] = {{0, "MmNonCached"}};
    static const char name[] = "MmAllocateContiguousMemorySpecifyCache";
    test_bench *bench = *state;
    hvc_imported_ddi import = {.ddi = hvc_ddi_find(name), .module = "ntoskrnl.exe", .slot = 0x2000};
    hvc_call_site sites[] = {site(name, uncached, 1, HVC_JUDGEMENT_OK),
                             site(name, NULL, 0, HVC_JUDGEMENT_UNDETERMINED)};

    bench->evidence.ddis = &import;
    bench->evidence.ddi_count = 1;
    assert_int_equal(run(bench, "HVC4009", sites, 1), 0);
    assert_int_equal(run(bench, "HVC4009", sites, 2), 1);
    assert_int_equal(run(bench, "HVC4009", sites, 0), 1);
    bench->evidence.has_code_analysis = false;
    bench->evidence.call_site_count = 1;
    assert_int_equal(bench_run(bench, "HVC4009"), 1);
}

static void findings_are_bounded_and_all_counted(void **state)
{
    enum { EXTRA = 10 };
    test_bench *bench = *state;
    const hvc_rule *rule = hvc_rule_find("HVC2000");

    bench->findings = (hvc_findings){.arena = &bench->arena, .image = &bench->image};
    for (int i = 0; i < HVC_MAX_FINDINGS + EXTRA; i++) {
        hvc_finding *finding = hvc_find(&bench->findings, rule, 2, "finding %d", i);
        assert_int_equal(finding != NULL, i < HVC_MAX_FINDINGS);
    }
    assert_int_equal(bench->findings.list.count, HVC_MAX_FINDINGS);
    assert_int_equal(bench->findings.total, HVC_MAX_FINDINGS + EXTRA);
    assert_int_equal(bench_counter(bench, HVC_COUNTER_POOL_TYPE), 2 * (HVC_MAX_FINDINGS + EXTRA));
    assert_string_equal(bench_finding(bench, 77)->message, "finding 77");
    assert_string_equal(bench_finding(bench, 77)->fix, rule->fix);
}

static void locations_are_looked_up(void **state)
{
    test_bench *bench = *state;
    const hvc_region regions[] = {
        {.rva = 0, .end = 0x1000, .offset = 0, .size = 0x400, .section = HVC_NO_SECTION},
        {.rva = 0x1000, .end = 0x2000, .offset = 0x400, .size = 0x800, .section = 0},
    };

    bench->image.regions = regions;
    bench->image.region_count = COUNT(regions);
    bench->findings = (hvc_findings){.arena = &bench->arena, .image = &bench->image};
    hvc_location location = hvc_locate(&bench->findings, 0x1010);
    assert_true(location.has_rva && location.has_file_offset);
    assert_int_equal(location.rva, 0x1010);
    assert_int_equal(location.file_offset, 0x410);
    assert_string_equal(location.section, ".text");
    location = hvc_locate(&bench->findings, 0x1900); /* zeros behind the data */
    assert_true(location.has_rva && !location.has_file_offset);
    assert_string_equal(location.section, ".text");
    location = hvc_locate(&bench->findings, 0x10);
    assert_int_equal(location.file_offset, 0x10);
    assert_null(location.section);
    location = hvc_locate(&bench->findings, 0x9000);
    assert_true(location.has_rva && !location.has_file_offset);
    assert_null(location.section);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(violations_count_one_each, setup, teardown),
        cmocka_unit_test_setup_teardown(possible_ones_are_warnings, setup, teardown),
        cmocka_unit_test_setup_teardown(possible_ones_say_what_is_open, setup, teardown),
        cmocka_unit_test_setup_teardown(each_counter_has_its_rule, setup, teardown),
        cmocka_unit_test_setup_teardown(unconfirmed_counting_is_said, setup, teardown),
        cmocka_unit_test_setup_teardown(many_values_are_counted_and_few_named, setup, teardown),
        cmocka_unit_test_setup_teardown(advice, setup, teardown),
        cmocka_unit_test_setup_teardown(advice_knows_the_calls, setup, teardown),
        cmocka_unit_test_setup_teardown(findings_are_bounded_and_all_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(locations_are_looked_up, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
