/* Prints a report on made-up drivers in the format given, for test_schema.py. With a second
 * argument: on nothing at all. */
#include <stdio.h>

#include <hvcheck/report.h>

#include "fabricated.h"

static hvc_status print(void *context, const char *bytes, size_t size)
{
    return fwrite(bytes, 1, size, context) == size ? HVC_OK : HVC_E_IO;
}

int main(int argc, char **argv)
{
    static const char *const targets[] = {"dir", "\xff\"\n"};
    hvc_report_options options = {.evidence = true, .targets = targets, .target_count = 2};
    hvc_summary summary = {
        .drivers = 2, .compatible = 1, .incompatible = 1, .errors = 2, .bytes = 4097};
    hvc_report *report = NULL;
    if (argc < 2 || hvc_report_new(argv[1], &options, print, stdout, &report, NULL) != HVC_OK)
        return 1;
    hvc_status status = HVC_OK;
    if (argc == 2) {
        hvc_driver driver;
        hvc_input_error error;
        fabricated_error(&error);
        status = hvc_report_error(report, &error);
        fabricated_driver(&driver);
        if (status == HVC_OK)
            status = hvc_report_driver(report, &driver);
        fabricated_plain(&driver);
        if (status == HVC_OK)
            status = hvc_report_driver(report, &driver);
        error.error.has_offset = false;
        if (status == HVC_OK)
            status = hvc_report_error(report, &error);
    }
    if (status == HVC_OK)
        status = hvc_report_finish(report, &summary);
    hvc_report_free(report);
    return status == HVC_OK ? 0 : 1;
}
