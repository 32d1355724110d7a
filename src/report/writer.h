/* How a report format is written: one file that defines an hvc_report_writer, and its line in
 * writers.list. */
#ifndef REPORT_WRITER_H
#define REPORT_WRITER_H

#include <hvcheck/report.h>

#include "base/buffer.h"
#include "base/json.h"

typedef struct hvc_report_writer {
    const char *name;
    /* Each writes to report->out, which is handed on and emptied behind every call. begin may be
     * NULL. */
    void (*begin)(hvc_report *report);
    void (*driver)(hvc_report *report, const hvc_driver *driver);
    void (*error)(hvc_report *report, const hvc_input_error *error);
    void (*finish)(hvc_report *report, const hvc_summary *summary);
} hvc_report_writer;

struct hvc_report {
    const hvc_report_writer *writer;
    hvc_report_options options; /* targets are valid in begin only */
    hvc_report_sink sink;
    void *context;
    hvc_buffer out;
    hvc_buffer held; /* what must come later in the report than it comes in */
    hvc_json json;   /* of the formats that are JSON */
};

#define WRITER(name) extern const hvc_report_writer hvc_writer_##name;
#include "report/writers.list"
#undef WRITER

/* Shared by the JSON formats: the version of their schema, and the objects in it. */
enum { HVC_REPORT_SCHEMA = 1 };
void hvc_json_driver(hvc_json *json, const char *key, const hvc_driver *driver,
                     const hvc_report_options *options);
void hvc_json_input_error(hvc_json *json, const char *key, const hvc_input_error *error);
void hvc_json_summary(hvc_json *json, const char *key, const hvc_summary *summary);
void hvc_json_tool(hvc_json *json);

#endif
