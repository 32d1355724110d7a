/* The text report, line by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <hvcheck/report.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "fabricated.h"

static hvc_status collect(void *context, const char *bytes, size_t size)
{
    hvc_buffer_put(context, bytes, size);
    return HVC_OK;
}

/* The report on one driver; NUL-terminated. */
static void write_report(const hvc_driver *driver, const hvc_report_options *options,
                         hvc_buffer *out)
{
    hvc_report *report = NULL;
    hvc_summary summary = {.drivers = 1, .incompatible = 1};
    assert_int_equal(hvc_report_new("text", options, collect, out, &report, NULL), HVC_OK);
    assert_int_equal(hvc_report_driver(report, driver), HVC_OK);
    assert_int_equal(hvc_report_finish(report, &summary), HVC_OK);
    hvc_report_free(report);
    hvc_buffer_put(out, "", 1);
    assert_false(out->failed);
}

static void test_statistics_form(void **state)
{
    (void)state;
    hvc_driver driver;
    fabricated_driver(&driver);
    hvc_buffer out = HVC_BUFFER_INIT;
    write_report(&driver, NULL, &out);
    assert_non_null(strstr(out.data,
                           "\n        Execute Pool Type Count:                1\n"
                           "        Execute Page Protection Count:          2\n"
                           "        Execute Page Mapping Count:             3\n"
                           "        Execute-Write Section Count:            4\n"
                           "        Section Alignment Failures:             5\n"
                           "        Unsupported Relocs Count:               6\n"
                           "        IAT in Executable Section Count:        12345678901\n"));
    hvc_buffer_free(&out);
}

static void test_nothing_harmful(void **state)
{
    (void)state;
    for (int verbose = 0; verbose < 2; verbose++) {
        hvc_driver driver;
        fabricated_driver(&driver);
        hvc_input_error error;
        fabricated_error(&error);
        hvc_report_options options = {.verbose = verbose, .evidence = true, .list_errors = true};
        hvc_buffer out = HVC_BUFFER_INIT;
        hvc_report *report = NULL;
        assert_int_equal(hvc_report_new("text", &options, collect, &out, &report, NULL), HVC_OK);
        assert_int_equal(hvc_report_driver(report, &driver), HVC_OK);
        assert_int_equal(hvc_report_error(report, &error), HVC_OK);
        hvc_report_free(report);
        assert_true(out.size > 500);
        for (size_t i = 0; i < out.size;) {
            unsigned code_point = 0;
            size_t length = hvc_utf8_decode(out.data + i, out.size - i, &code_point);
            assert_true(length > 0);
            assert_true(code_point == '\n' || (code_point >= 0x20 && code_point < 0x7f) ||
                        code_point == 0xe4);
            i += length;
        }
        hvc_buffer_free(&out);
    }
}

static void test_findings(void **state)
{
    (void)state;
    hvc_driver driver;
    fabricated_driver(&driver);
    hvc_buffer out = HVC_BUFFER_INIT;
    write_report(&driver, NULL, &out);
    /* A message's own escapes stay as they are. */
    assert_non_null(strstr(
        out.data, "    HVC2003 error: section .te\\x01xt is writable and executable\n        at "));
    assert_non_null(
        strstr(out.data, "RVA 0x1000, file offset 0x400\n        fix: split code and data\n"));
    assert_non_null(
        strstr(out.data, "    HVC4001 note: Some advice (2 times)\n    and 1 more findings\n"));
    assert_non_null(strstr(out.data, "(refused since Windows version 1607)"));
    assert_null(strstr(out.data, "mov ecx"));
    assert_non_null(strstr(out.data, "call of ExAllocatePoolZero at RVA 0x0"));
    assert_null(strstr(out.data, "call of MmMapIoSpace"));
    assert_null(strstr(out.data, ": possible")); /* a finding tells of it */
    hvc_buffer_free(&out);
    write_report(&driver, &(hvc_report_options){.verbose = true, .evidence = true}, &out);
    assert_non_null(strstr(out.data, "    HVC4001 note: first\n        fix: do it\n"));
    assert_non_null(strstr(out.data, "          and 68 more\n"));
    assert_non_null(strstr(out.data, "          | mov ecx, 0x200\n"));
    assert_non_null(strstr(out.data, "call of MmMapIoSpace"));
    hvc_buffer_free(&out);
}

static void test_undetermined(void **state)
{
    (void)state;
    hvc_imported_ddi ddis[] = {
        {hvc_ddi_find("ExAllocatePoolWithTag"), "ntoskrnl.exe", 1, false},
        {hvc_ddi_find("ExAllocatePoolWithTag"), "ntoskrnl.exe", 2, false},
        {hvc_ddi_find("MmMapIoSpace"), "ntoskrnl.exe", 3, false},
    };
    hvc_driver driver;
    fabricated_plain(&driver);
    driver.verifier = HVC_VERDICT_UNDETERMINED;
    driver.undetermined_why = "some reason";
    driver.ddis = ddis;
    driver.ddi_count = 3;
    hvc_buffer out = HVC_BUFFER_INIT, expected = HVC_BUFFER_INIT;
    write_report(&driver, NULL, &out);
    hvc_buffer_printf(&expected,
                      "undetermined    plain.sys  (x64)\n"
                      "    Driver Verifier: undetermined; load with memory integrity: pass\n"
                      "    undetermined because: some reason\n"
                      "    imports ExAllocatePoolWithTag (ntoskrnl.exe): %s\n"
                      "\n1 driver: 0 compatible, 1 incompatible, 0 undetermined\n",
                      ddis[0].ddi->demands);
    hvc_buffer_put(&expected, "", 1);
    assert_string_equal(out.data, expected.data);
    hvc_buffer_free(&out);
    hvc_buffer_free(&expected);
}

static void test_plain_quiet_and_color(void **state)
{
    (void)state;
    hvc_driver driver;
    fabricated_plain(&driver);
    driver.identity.version = "1.2.3.4";
    hvc_buffer out = HVC_BUFFER_INIT;
    write_report(&driver, NULL, &out);
    assert_string_equal(out.data, "compatible      plain.sys  (x64, 1.2.3.4)\n\n"
                                  "1 driver: 0 compatible, 1 incompatible, 0 undetermined\n");
    hvc_buffer_free(&out);
    write_report(&driver, &(hvc_report_options){.quiet = true}, &out);
    assert_string_equal(out.data, "");
    hvc_buffer_free(&out);
    write_report(&driver, &(hvc_report_options){.color = true}, &out);
    assert_non_null(strstr(out.data, "\033[32mcompatible    \033[0m  plain.sys"));
    assert_non_null(strstr(out.data, "\033[31m1 incompatible\033[0m"));
    hvc_buffer_free(&out);
    driver.kind = HVC_IMAGE_USER;
    driver.verifier = driver.load = HVC_VERDICT_NOT_APPLICABLE;
    write_report(&driver, NULL, &out);
    assert_non_null(
        strstr(out.data, "not applicable  plain.sys  (x64, 1.2.3.4, user-mode program)\n"));
    hvc_buffer_free(&out);
}

/* However much there is to say of one file, its part of the report is bounded, and says so. */
static void test_bounded(void **state)
{
    (void)state;
    static char message[1 << 16];
    static hvc_finding findings[1000];
    hvc_driver driver, model;
    fabricated_driver(&model);
    fabricated_plain(&driver);
    memset(message, 'm', sizeof(message) - 1);
    for (size_t i = 0; i < 1000; i++) {
        findings[i] = model.findings[0];
        findings[i].message = message;
    }
    driver.findings = findings;
    driver.finding_count = driver.finding_total = 1000;
    hvc_buffer out = HVC_BUFFER_INIT;
    write_report(&driver, NULL, &out);
    assert_true(out.size > HVC_MAX_REPORT_BYTES / 2);
    assert_true(out.size <= HVC_MAX_REPORT_BYTES);
    assert_non_null(strstr(out.data, "(the list of findings is cut here)"));
    hvc_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statistics_form),
        cmocka_unit_test(test_nothing_harmful),
        cmocka_unit_test(test_findings),
        cmocka_unit_test(test_undetermined),
        cmocka_unit_test(test_plain_quiet_and_color),
        cmocka_unit_test(test_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
