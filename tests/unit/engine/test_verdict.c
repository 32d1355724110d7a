/* The verdicts, from made-up evidence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"

static const hvc_rule loader_1607 = {
    .id = "HVC9001", .judge = HVC_JUDGE_LOADER, .level = HVC_LEVEL_ERROR, .since = "1607"};
static const hvc_rule loader_2004 = {
    .id = "HVC9002", .judge = HVC_JUDGE_LOADER, .level = HVC_LEVEL_ERROR, .since = "2004"};
static const hvc_rule practice = {
    .id = "HVC9003", .judge = HVC_JUDGE_PRACTICE, .level = HVC_LEVEL_ERROR, .since = "1507"};

static void judge(hvc_driver *driver, const hvc_doubts *doubts, hvc_arena *arena)
{
    static const hvc_doubts none = {.damaged = false};
    driver->finding_total =
        driver->finding_total != 0 ? driver->finding_total : driver->finding_count;
    assert_true(hvc_driver_judge(driver, doubts != NULL ? doubts : &none, arena));
}

static void test_version_order(void **state)
{
    static const char *const order[] = {"1507", "1511", "1607", "1703", "1803", "1909",
                                        "2004", "20H2", "21H1", "21H2", "22H2", "24H2"};
    (void)state;
    for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
        for (size_t j = 0; j < sizeof(order) / sizeof(*order); j++) {
            int difference = hvc_version_compare(order[i], order[j]);
            assert_int_equal((difference > 0) - (difference < 0), (i > j) - (i < j));
        }
        assert_true(hvc_version_compare(order[i], "none") < 0);
    }
}

static void test_pass(void **state)
{
    (void)state;
    hvc_arena arena = HVC_ARENA_INIT;
    hvc_driver driver = {.kind = HVC_IMAGE_DRIVER};
    judge(&driver, NULL, &arena);
    assert_int_equal(driver.verifier, HVC_VERDICT_PASS);
    assert_int_equal(driver.load, HVC_VERDICT_PASS);
    assert_null(driver.undetermined_why);
    hvc_arena_free(&arena);
}

static void test_each_counter_fails(void **state)
{
    (void)state;
    hvc_arena arena = HVC_ARENA_INIT;
    for (size_t i = 0; i < HVC_COUNTER_COUNT; i++) {
        hvc_driver driver = {.kind = HVC_IMAGE_DRIVER};
        driver.counters[i] = 1;
        judge(&driver, NULL, &arena);
        assert_int_equal(driver.verifier, HVC_VERDICT_FAIL);
        assert_int_equal(driver.load, HVC_VERDICT_PASS);
    }
    hvc_arena_free(&arena);
}

static void test_load_since_is_the_first(void **state)
{
    (void)state;
    hvc_arena arena = HVC_ARENA_INIT;
    const hvc_finding findings[] = {
        {.rule = &loader_2004, .level = HVC_LEVEL_ERROR},
        {.rule = &loader_1607, .level = HVC_LEVEL_ERROR},
        {.rule = &practice, .level = HVC_LEVEL_ERROR},
    };
    hvc_driver driver = {.kind = HVC_IMAGE_DRIVER, .findings = findings, .finding_count = 3};
    judge(&driver, NULL, &arena);
    assert_int_equal(driver.load, HVC_VERDICT_FAIL);
    assert_string_equal(driver.load_since, "1607");
    assert_int_equal(driver.verifier, HVC_VERDICT_PASS);
    hvc_arena_free(&arena);
}

/* Neither what practice says nor a loader's warning refuses an image. */
static void test_load_ignores_the_rest(void **state)
{
    (void)state;
    hvc_arena arena = HVC_ARENA_INIT;
    const hvc_finding findings[] = {
        {.rule = &practice, .level = HVC_LEVEL_ERROR},
        {.rule = &loader_1607, .level = HVC_LEVEL_WARNING},
    };
    hvc_driver driver = {.kind = HVC_IMAGE_DRIVER, .findings = findings, .finding_count = 2};
    judge(&driver, NULL, &arena);
    assert_int_equal(driver.load, HVC_VERDICT_PASS);
    assert_null(driver.load_since);
    hvc_arena_free(&arena);
}

static void test_damage(void **state)
{
    (void)state;
    hvc_arena arena = HVC_ARENA_INIT;
    hvc_doubts doubts = {.damaged = true, .damage = "imports end outside the file"};
    hvc_driver driver = {.kind = HVC_IMAGE_DRIVER};
    judge(&driver, &doubts, &arena);
    assert_int_equal(driver.verifier, HVC_VERDICT_UNDETERMINED);
    assert_int_equal(driver.load, HVC_VERDICT_UNDETERMINED);
    assert_non_null(strstr(driver.undetermined_why, doubts.damage));

    /* What is certain stays certain. */
    hvc_driver guilty = {.kind = HVC_IMAGE_DRIVER};
    guilty.counters[HVC_COUNTER_IAT] = 2;
    judge(&guilty, &doubts, &arena);
    assert_int_equal(guilty.verifier, HVC_VERDICT_FAIL);
    assert_int_equal(guilty.load, HVC_VERDICT_UNDETERMINED);
    hvc_arena_free(&arena);
}

static void test_imports_without_analysis(void **state)
{
    (void)state;
    hvc_arena arena = HVC_ARENA_INIT;
    const hvc_ddi *pool = hvc_ddi_find("ExAllocatePoolWithTag");
    const hvc_ddi *advice = hvc_ddi_find("MmMapIoSpace");
    const hvc_imported_ddi ddis[] = {{.ddi = pool}, {.ddi = advice}, {.ddi = pool}};
    hvc_driver driver = {.kind = HVC_IMAGE_DRIVER, .ddis = ddis, .ddi_count = 3};
    judge(&driver, NULL, &arena);
    assert_int_equal(driver.undetermined[HVC_COUNTER_POOL_TYPE], 2);
    assert_int_equal(driver.verifier, HVC_VERDICT_UNDETERMINED);
    assert_string_equal(driver.undetermined_why,
                        "the arguments of ExAllocatePoolWithTag were not judged");

    /* Once calls are looked at, imports alone say nothing. */
    driver.has_code_analysis = true;
    judge(&driver, NULL, &arena);
    assert_int_equal(driver.undetermined[HVC_COUNTER_POOL_TYPE], 0);
    assert_int_equal(driver.verifier, HVC_VERDICT_PASS);
    hvc_arena_free(&arena);
}

static void test_call_sites(void **state)
{
    static const struct {
        hvc_judgement judgement;
        uint64_t open;
    } cases[] = {{HVC_JUDGEMENT_OK, 0},
                 {HVC_JUDGEMENT_ADVICE, 0},
                 {HVC_JUDGEMENT_POSSIBLE, 1},
                 {HVC_JUDGEMENT_UNDETERMINED, 1}};
    (void)state;
    hvc_arena arena = HVC_ARENA_INIT;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        hvc_call_site site = {.ddi = hvc_ddi_find("MmMapLockedPagesSpecifyCache"),
                              .judgement = cases[i].judgement};
        hvc_driver driver = {.kind = HVC_IMAGE_DRIVER,
                             .has_code_analysis = true,
                             .call_sites = &site,
                             .call_site_count = 1};
        hvc_doubts doubts = {.hidden = {.why = "not followed", .counters = {1, 1, 1}}};
        judge(&driver, &doubts, &arena);
        assert_int_equal(driver.undetermined[HVC_COUNTER_POOL_TYPE], 0);
        assert_int_equal(driver.undetermined[HVC_COUNTER_PAGE_MAPPING], cases[i].open);
        assert_int_equal(driver.verifier,
                         cases[i].open ? HVC_VERDICT_UNDETERMINED : HVC_VERDICT_PASS);
    }
    hvc_arena_free(&arena);
}

/* The reason names what is open: not always an argument. */
static void test_what_is_open(void **state)
{
    (void)state;
    hvc_arena arena = HVC_ARENA_INIT;
    const hvc_ddi *pool = hvc_ddi_find("ExAllocatePoolWithTag");
    const hvc_ddi *map = hvc_ddi_find("MmMapLockedPagesSpecifyCache");
    const hvc_ddi *lookup = hvc_ddi_find("MmGetSystemRoutineAddress");
    const hvc_value guilty = {.number = 0};
    assert_non_null(lookup);
    const hvc_call_site sites[] = {
        {.ddi = pool, .form = "import", .origin = "unknown", .open = "-"},
        {.ddi = map, .form = "tail", .open = "control flow"},
        {.ddi = map, .form = "reference", .open = "-"},
        {.ddi = pool, .form = "lookup", .open = "-"},
        {.ddi = pool, .form = "lookup", .origin = "parameter", .open = "-"},
        {.ddi = lookup, .form = "lookup", .open = "-"},
        {.ddi = pool, .form = "method", .values = &guilty, .value_count = 1},
    };
    hvc_call_site copies[sizeof(sites) / sizeof(*sites)];
    for (size_t i = 0; i < sizeof(sites) / sizeof(*sites); i++) {
        copies[i] = sites[i];
        copies[i].judgement =
            sites[i].value_count > 0 ? HVC_JUDGEMENT_POSSIBLE : HVC_JUDGEMENT_UNDETERMINED;
    }
    hvc_driver driver = {.kind = HVC_IMAGE_DRIVER,
                         .has_code_analysis = true,
                         .call_sites = copies,
                         .call_site_count = sizeof(sites) / sizeof(*sites)};
    judge(&driver, NULL, &arena);
    assert_string_equal(
        driver.undetermined_why,
        "the arguments of ExAllocatePoolWithTag, MmMapLockedPagesSpecifyCache are not known; "
        "not all calls of MmMapLockedPagesSpecifyCache, ExAllocatePoolWithTag are known; "
        "the names that are given to MmGetSystemRoutineAddress are not known; "
        "whether it is ExAllocatePoolWithTag that is called is not known");
    hvc_arena_free(&arena);
}

/* A finding that is counted but not listed may be the loader's. */
static void test_unlisted_findings(void **state)
{
    (void)state;
    hvc_arena arena = HVC_ARENA_INIT;
    hvc_driver driver = {.kind = HVC_IMAGE_DRIVER, .finding_total = 1};
    judge(&driver, NULL, &arena);
    assert_int_equal(driver.load, HVC_VERDICT_UNDETERMINED);
    assert_non_null(strstr(driver.undetermined_why, "findings"));
    hvc_arena_free(&arena);
}

static void test_no_driver(void **state)
{
    (void)state;
    hvc_arena arena = HVC_ARENA_INIT;
    hvc_doubts doubts = {.damaged = true};
    hvc_driver driver = {.kind = HVC_IMAGE_USER};
    judge(&driver, &doubts, &arena);
    assert_int_equal(driver.verifier, HVC_VERDICT_NOT_APPLICABLE);
    assert_int_equal(driver.load, HVC_VERDICT_NOT_APPLICABLE);
    assert_null(driver.undetermined_why);
    hvc_arena_free(&arena);
}

static void test_judgement_names(void **state)
{
    (void)state;
    assert_string_equal(hvc_judgement_name(HVC_JUDGEMENT_OK), "ok");
    assert_string_equal(hvc_judgement_name(HVC_JUDGEMENT_ADVICE), "advice");
    assert_non_null(hvc_judgement_name((hvc_judgement)99));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_order),
        cmocka_unit_test(test_pass),
        cmocka_unit_test(test_each_counter_fails),
        cmocka_unit_test(test_load_since_is_the_first),
        cmocka_unit_test(test_load_ignores_the_rest),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_imports_without_analysis),
        cmocka_unit_test(test_call_sites),
        cmocka_unit_test(test_what_is_open),
        cmocka_unit_test(test_unlisted_findings),
        cmocka_unit_test(test_no_driver),
        cmocka_unit_test(test_judgement_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
