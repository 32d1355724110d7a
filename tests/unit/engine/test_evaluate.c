/* One evaluation: what the driver shows, and that it owns it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hvcheck/evaluate.h>

#include "base/hash.h"
#include "tiny_image.h"

/* Evaluates from memory that is gone afterwards: what the driver shows must be its own. */
static hvc_driver *evaluate(const tiny_options *options)
{
    uint8_t *bytes = malloc(TINY_SIZE);
    assert_non_null(bytes);
    tiny_image(options, bytes);
    char path[] = "some/driver.sys";
    hvc_driver *driver = NULL;
    hvc_error error = {.status = HVC_OK};
    hvc_status status = hvc_evaluate(bytes, TINY_SIZE, path, NULL, &driver, &error);
    memset(bytes, 0xAA, TINY_SIZE);
    memset(path, 'x', sizeof(path) - 1);
    free(bytes);
    assert_string_equal(error.message, "");
    assert_int_equal(status, HVC_OK);
    return driver;
}

static void test_clean(void **state)
{
    (void)state;
    hvc_driver *driver = evaluate(&(tiny_options){.import_count = 0});
    assert_string_equal(driver->path, "some/driver.sys");
    assert_int_equal(driver->size, TINY_SIZE);
    assert_int_equal(driver->arch, HVC_ARCH_X64);
    assert_int_equal(driver->kind, HVC_IMAGE_DRIVER);
    assert_int_equal(driver->section_count, 2);
    assert_string_equal(driver->section_names[0], ".text");
    assert_string_equal(driver->section_names[1], ".rdata");
    assert_ptr_equal(driver->sections[0].name.data, driver->section_names[0]);
    assert_int_equal(driver->anomaly_count, 0);
    for (size_t i = 0; i < HVC_COUNTER_COUNT; i++)
        assert_int_equal(driver->counters[i], 0);
    assert_int_equal(driver->verifier, HVC_VERDICT_PASS);
    assert_int_equal(driver->load, HVC_VERDICT_PASS);
    assert_null(driver->undetermined_why);
    assert_true(hvc_driver_compatible(driver));
    hvc_driver_free(driver);
}

static void test_sha256(void **state)
{
    (void)state;
    uint8_t bytes[TINY_SIZE], digest[HVC_SHA256_SIZE];
    tiny_options options = {.import_count = 0};
    tiny_image(&options, bytes);
    hvc_hasher *hasher = NULL;
    assert_int_equal(hvc_hasher_new(&hasher, NULL), HVC_OK);
    assert_int_equal(hvc_sha256(hasher, bytes, sizeof(bytes), digest, NULL), HVC_OK);
    hvc_hasher_free(hasher);
    hvc_driver *driver = evaluate(&options);
    assert_memory_equal(driver->sha256, digest, sizeof(digest));
    hvc_driver_free(driver);
}

static void test_writable_code(void **state)
{
    (void)state;
    hvc_driver *driver = evaluate(&(tiny_options){.text_characteristics = 0xE0000020});
    assert_int_equal(driver->counters[HVC_COUNTER_EXECUTE_WRITE], 1);
    assert_int_equal(driver->verifier, HVC_VERDICT_FAIL);
    assert_int_equal(driver->load, HVC_VERDICT_FAIL);
    assert_non_null(driver->load_since);
    assert_false(hvc_driver_compatible(driver));
    bool told = false;
    for (size_t i = 0; i < driver->finding_count; i++)
        told = told || strcmp(driver->findings[i].rule->id, "HVC2003") == 0;
    assert_true(told);
    hvc_driver_free(driver);
}

/* A discardable section of this kind is counted, but Windows loads the image. */
static void test_verdicts_differ(void **state)
{
    (void)state;
    hvc_driver *driver = evaluate(&(tiny_options){.text_characteristics = 0xE2000020});
    assert_int_equal(driver->verifier, HVC_VERDICT_FAIL);
    assert_int_equal(driver->load, HVC_VERDICT_PASS);
    assert_null(driver->load_since);
    hvc_driver_free(driver);
}

static void test_deciding_import(void **state)
{
    (void)state;
    hvc_driver *driver = evaluate(&(tiny_options){
        .imports = {{"ntoskrnl.exe", "ExAllocatePoolWithTag", 0}, {"ntoskrnl.exe", "ZwClose", 0}},
        .import_count = 2,
    });
    assert_int_equal(driver->ddi_count, 1);
    assert_string_equal(driver->ddis[0].ddi->name, "ExAllocatePoolWithTag");
    assert_string_equal(driver->ddis[0].module, "ntoskrnl.exe");
    assert_int_equal(driver->ddis[0].slot, 0x2100);
    assert_int_equal(driver->undetermined[HVC_COUNTER_POOL_TYPE], 1);
    assert_int_equal(driver->undetermined[HVC_COUNTER_PAGE_MAPPING], 0);
    assert_int_equal(driver->verifier, HVC_VERDICT_UNDETERMINED);
    assert_int_equal(driver->load, HVC_VERDICT_PASS);
    assert_non_null(strstr(driver->undetermined_why, "ExAllocatePoolWithTag"));
    hvc_driver_free(driver);
}

/* Advice at most: nothing that a counter could catch. */
static void test_advice_import(void **state)
{
    (void)state;
    hvc_driver *driver = evaluate(&(tiny_options){
        .imports = {{"ntoskrnl.exe", "MmMapIoSpace", 0}},
        .import_count = 1,
    });
    assert_int_equal(driver->ddi_count, 1);
    assert_int_equal(driver->verifier, HVC_VERDICT_PASS);
    hvc_driver_free(driver);
}

static void test_hidden_calls(void **state)
{
    static const struct {
        tiny_import import;
        uint64_t undetermined[3];
        const char *told;
    } cases[] = {
        {{"ntoskrnl.exe", "MmGetSystemRoutineAddress", 0}, {1, 1, 1}, "MmGetSystemRoutineAddress"},
        {{"WDFLDR.SYS", "WdfVersionBind", 0}, {1, 0, 0}, "WdfMemoryCreate"},
        {{"NTOSKRNL.exe", NULL, 7}, {1, 1, 1}, "ordinal"},
        {{"other.sys", NULL, 7}, {0, 0, 0}, NULL},
        {{"ntoskrnl.exe", "WdfVersionBin", 0}, {0, 0, 0}, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        hvc_driver *driver =
            evaluate(&(tiny_options){.imports = {cases[i].import}, .import_count = 1});
        for (size_t j = 0; j < 3; j++)
            assert_int_equal(driver->undetermined[j], cases[i].undetermined[j]);
        if (cases[i].told == NULL) {
            assert_int_equal(driver->verifier, HVC_VERDICT_PASS);
        } else {
            assert_int_equal(driver->verifier, HVC_VERDICT_UNDETERMINED);
            assert_non_null(strstr(driver->undetermined_why, cases[i].told));
        }
        hvc_driver_free(driver);
    }
}

static void test_other_kinds(void **state)
{
    static const struct {
        uint16_t subsystem;
        hvc_image_kind kind;
    } cases[] = {{3, HVC_IMAGE_USER}, {10, HVC_IMAGE_BOOT}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        hvc_driver *driver = evaluate(&(tiny_options){
            .subsystem = cases[i].subsystem,
            .text_characteristics = 0xE0000020,
            .imports = {{"other.dll", "ExAllocatePool", 0}},
            .import_count = 1,
        });
        assert_int_equal(driver->kind, cases[i].kind);
        assert_int_equal(driver->verifier, HVC_VERDICT_NOT_APPLICABLE);
        assert_int_equal(driver->load, HVC_VERDICT_NOT_APPLICABLE);
        assert_int_equal(driver->finding_count, 0);
        assert_int_equal(driver->counters[HVC_COUNTER_EXECUTE_WRITE], 0);
        assert_int_equal(driver->section_count, 2);
        hvc_driver_free(driver);
    }
}

static void test_errors(void **state)
{
    (void)state;
    uint8_t bytes[TINY_SIZE];
    tiny_image(&(tiny_options){.import_count = 0}, bytes);
    hvc_driver *driver = NULL;
    hvc_error error = {.status = HVC_OK};
    assert_int_equal(hvc_evaluate(bytes, TINY_NT + 100, "a", NULL, &driver, &error),
                     HVC_E_TRUNCATED);
    assert_int_equal(error.status, HVC_E_TRUNCATED);
    assert_true(error.has_offset);
    assert_int_equal(hvc_evaluate("text", 4, "a", NULL, &driver, &error), HVC_E_NOT_PE);
    assert_int_equal(hvc_evaluate(NULL, 0, "a", NULL, &driver, &error), HVC_E_NOT_PE);
    assert_int_equal(hvc_evaluate_file("/nonexistent/file", NULL, &driver, &error), HVC_E_IO);
    assert_null(driver);
    hvc_driver_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean),           cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_writable_code),   cmocka_unit_test(test_verdicts_differ),
        cmocka_unit_test(test_deciding_import), cmocka_unit_test(test_advice_import),
        cmocka_unit_test(test_hidden_calls),    cmocka_unit_test(test_other_kinds),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
