/* What all formats have in common, and the JSON formats' bounds. Their form is checked by
 * test_schema.py on what write_report.c prints. */
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

typedef struct sink {
    hvc_buffer out;
    unsigned pieces, fail_at; /* the piece that fails, from 1 */
} sink;

static hvc_status collect(void *context, const char *bytes, size_t size)
{
    sink *self = context;
    if (++self->pieces == self->fail_at)
        return HVC_E_IO;
    hvc_buffer_put(&self->out, bytes, size);
    return HVC_OK;
}

static void test_formats(void **state)
{
    (void)state;
    const char *const *formats = hvc_report_formats();
    assert_string_equal(formats[0], "text");
    for (size_t i = 0; formats[i] != NULL; i++) {
        sink self = {.pieces = 0};
        hvc_report *report = NULL;
        assert_int_equal(hvc_report_new(formats[i], NULL, collect, &self, &report, NULL), HVC_OK);
        hvc_report_free(report);
        hvc_buffer_free(&self.out);
    }
    hvc_report *none = NULL;
    hvc_error error;
    assert_int_equal(hvc_report_new("nosuch", NULL, collect, NULL, &none, &error), HVC_E_ARGUMENT);
    assert_non_null(strstr(error.message, "nosuch"));
    assert_null(none);
    hvc_report_free(NULL);
}

/* Whichever piece cannot be written, its call says so. */
static void test_sink_fails(void **state)
{
    (void)state;
    for (size_t i = 0; hvc_report_formats()[i] != NULL; i++) {
        const char *format = hvc_report_formats()[i];
        unsigned failures = 0;
        for (unsigned fail_at = 1;; fail_at++) {
            sink self = {.fail_at = fail_at};
            hvc_driver driver;
            hvc_input_error input;
            hvc_summary summary = {.drivers = 1};
            hvc_report *report = NULL;
            fabricated_driver(&driver);
            fabricated_error(&input);
            hvc_status status = hvc_report_new(format, NULL, collect, &self, &report, NULL);
            if (status == HVC_OK)
                status = hvc_report_driver(report, &driver);
            if (status == HVC_OK)
                status = hvc_report_error(report, &input);
            if (status == HVC_OK)
                status = hvc_report_finish(report, &summary);
            hvc_report_free(report);
            hvc_buffer_free(&self.out);
            if (status == HVC_OK)
                break;
            assert_int_equal(status, HVC_E_IO);
            failures++;
        }
        assert_true(failures >= 2);
    }
}

/* However much there is to say of one file, its part of the report is bounded, and says so. */
static void test_json_bounded(void **state)
{
    (void)state;
    static char message[1 << 16];
    static hvc_finding findings[1000];
    hvc_driver driver;
    fabricated_driver(&driver);
    memset(message, '\1', sizeof(message) - 1);
    for (size_t i = 0; i < 1000; i++) {
        findings[i] = driver.findings[0];
        findings[i].message = message;
    }
    driver.findings = findings;
    driver.finding_count = 1000;
    sink self = {.fail_at = 0};
    hvc_report *report = NULL;
    assert_int_equal(hvc_report_new("ndjson", NULL, collect, &self, &report, NULL), HVC_OK);
    assert_int_equal(hvc_report_driver(report, &driver), HVC_OK);
    hvc_report_free(report);
    hvc_buffer_put(&self.out, "", 1);
    assert_true(self.out.size > HVC_MAX_REPORT_BYTES / 4);
    assert_true(self.out.size < HVC_MAX_REPORT_BYTES);
    assert_non_null(strstr(self.out.data, "\"truncated\":[\"findings\"]"));
    /* What comes behind the cut list is there. */
    assert_non_null(strstr(self.out.data, "\"id\":\"bad-thing\""));
    hvc_buffer_free(&self.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_sink_fails),
        cmocka_unit_test(test_json_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
