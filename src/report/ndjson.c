/* One JSON object a line: each driver as in the JSON document, an error as {"error": {...}}, and
 * the summary as {"summary": {...}} on the last line. Lines come as the files do, nothing is kept.
 */
#include "report/writer.h"

static void ndjson_driver(hvc_report *report, const hvc_driver *driver)
{
    hvc_json json;
    hvc_json_init(&json, &report->out, 0);
    hvc_json_driver(&json, NULL, driver, &report->options);
    hvc_buffer_puts(&report->out, "\n");
}

static void ndjson_error(hvc_report *report, const hvc_input_error *error)
{
    hvc_json json;
    hvc_json_init(&json, &report->out, 0);
    hvc_json_open_object(&json, NULL);
    hvc_json_input_error(&json, "error", error);
    hvc_json_close_object(&json);
    hvc_buffer_puts(&report->out, "\n");
}

static void ndjson_finish(hvc_report *report, const hvc_summary *summary)
{
    hvc_json json;
    hvc_json_init(&json, &report->out, 0);
    hvc_json_open_object(&json, NULL);
    hvc_json_summary(&json, "summary", summary);
    hvc_json_close_object(&json);
    hvc_buffer_puts(&report->out, "\n");
}

const hvc_report_writer hvc_writer_ndjson = {
    .name = "ndjson",
    .driver = ndjson_driver,
    .error = ndjson_error,
    .finish = ndjson_finish,
};
