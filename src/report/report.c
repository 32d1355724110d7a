/* Picks the writer of a format and hands on what it writes, piece by piece. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "report/writer.h"

#define WRITER(name) &hvc_writer_##name,
static const hvc_report_writer *const writers[] = {
#include "report/writers.list"
};
#undef WRITER

const char *const *hvc_report_formats(void)
{
    static const char *const formats[] = {
#define WRITER(name) #name,
#include "report/writers.list"
#undef WRITER
        NULL,
    };
    return formats;
}

static hvc_status hand_on(hvc_report *report)
{
    if (report->out.failed || report->held.failed)
        return HVC_E_MEMORY;
    hvc_status status = HVC_OK;
    if (report->out.size > 0)
        status = report->sink(report->context, report->out.data, report->out.size);
    hvc_buffer_clear(&report->out);
    return status;
}

hvc_status hvc_report_new(const char *format, const hvc_report_options *options,
                          hvc_report_sink sink, void *context, hvc_report **ret_report,
                          hvc_error *error)
{
    const hvc_report_writer *writer = NULL;
    for (size_t i = 0; i < sizeof(writers) / sizeof(*writers); i++)
        if (strcmp(writers[i]->name, format) == 0)
            writer = writers[i];
    if (writer == NULL)
        return hvc_fail(error, HVC_E_ARGUMENT, "there is no report format \"%s\"", format);
    hvc_report *report = calloc(1, sizeof(*report));
    if (report == NULL)
        return hvc_fail_memory(error);
    report->writer = writer;
    report->sink = sink;
    report->context = context;
    if (options != NULL)
        report->options = *options;
    if (writer->begin != NULL)
        writer->begin(report);
    hvc_status status = hand_on(report);
    if (status != HVC_OK) {
        hvc_report_free(report);
        return hvc_fail(error, status, "%s", hvc_status_text(status));
    }
    *ret_report = report;
    return HVC_OK;
}

hvc_status hvc_report_driver(hvc_report *report, const hvc_driver *driver)
{
    report->writer->driver(report, driver);
    return hand_on(report);
}

hvc_status hvc_report_error(hvc_report *report, const hvc_input_error *error)
{
    report->writer->error(report, error);
    return hand_on(report);
}

hvc_status hvc_report_finish(hvc_report *report, const hvc_summary *summary)
{
    report->writer->finish(report, summary);
    return hand_on(report);
}

void hvc_report_free(hvc_report *report)
{
    if (report == NULL)
        return;
    hvc_buffer_free(&report->out);
    hvc_buffer_free(&report->held);
    free(report);
}
