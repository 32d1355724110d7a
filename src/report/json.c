/* The report as one JSON document (data/schema/report-1.json). */
#include "report/writer.h"

enum { INDENT = 2 };

static void json_begin(hvc_report *report)
{
    hvc_json *json = &report->json;
    hvc_json_init(json, &report->out, INDENT);
    hvc_json_open_object(json, NULL);
    hvc_json_uint(json, "schema", HVC_REPORT_SCHEMA);
    hvc_json_tool(json);
    hvc_json_open_array(json, "target");
    for (size_t i = 0; i < report->options.target_count; i++)
        hvc_json_string(json, NULL, report->options.targets[i]);
    hvc_json_close_array(json);
    hvc_json_open_array(json, "drivers");
}

static void json_driver(hvc_report *report, const hvc_driver *driver)
{
    hvc_json_driver(&report->json, NULL, driver, &report->options);
}

/* The errors' array stands behind the drivers': until then they are kept, as they will be written.
 */
static void json_error(hvc_report *report, const hvc_input_error *error)
{
    hvc_json json;
    hvc_json_init(&json, &report->held, INDENT);
    json.depth = 2; /* in the array in the document */
    json.started = report->held.size > 0;
    hvc_json_input_error(&json, NULL, error);
}

static void json_finish(hvc_report *report, const hvc_summary *summary)
{
    hvc_json *json = &report->json;
    hvc_json_close_array(json);
    hvc_json_open_array(json, "errors");
    hvc_buffer_put(&report->out, report->held.data, report->held.size);
    json->started = report->held.size > 0;
    hvc_json_close_array(json);
    hvc_json_summary(json, "summary", summary);
    hvc_json_close_object(json);
    hvc_buffer_puts(&report->out, "\n");
}

const hvc_report_writer hvc_writer_json = {
    .name = "json",
    .begin = json_begin,
    .driver = json_driver,
    .error = json_error,
    .finish = json_finish,
};
