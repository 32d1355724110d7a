/* Writing reports: one model (hvcheck/driver.h), one writer per format. */
#ifndef HVCHECK_REPORT_H
#define HVCHECK_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <hvcheck/driver.h>
#include <hvcheck/evaluate.h>
#include <hvcheck/export.h>
#include <hvcheck/status.h>

HVC_BEGIN_DECLS

typedef struct hvc_report hvc_report;

typedef struct hvc_report_options {
    bool color;                 /* text: ANSI colours */
    bool verbose;               /* text: also what is fine */
    bool quiet;                 /* text: only drivers that are not compatible, no summary */
    bool evidence;              /* include evidence lines */
    bool list_errors;           /* text: also the inputs that could not be evaluated */
    const char *const *targets; /* the paths as given, for the report's "target" */
    size_t target_count;
} hvc_report_options;

/* Takes a piece of the finished report; pieces come in order. */
typedef hvc_status (*hvc_report_sink)(void *context, const char *bytes, size_t size);

/* The formats there are, NULL-terminated: "text", "json", ... Static. */
HVC_API const char *const *hvc_report_formats(void);

/* Starts a report; nothing is kept in memory but the piece in work (json: and the errors, whose
 * array stands behind the drivers'). HVC_E_ARGUMENT for an unknown format. options may be NULL.
 * Then driver and error calls in the order of the scan, finish once, and free in any case. */
HVC_API hvc_status hvc_report_new(const char *format, const hvc_report_options *options,
                                  hvc_report_sink sink, void *context, hvc_report **ret_report,
                                  hvc_error *error);
HVC_API hvc_status hvc_report_driver(hvc_report *report, const hvc_driver *driver);
HVC_API hvc_status hvc_report_error(hvc_report *report, const hvc_input_error *error);
HVC_API hvc_status hvc_report_finish(hvc_report *report, const hvc_summary *summary);
HVC_API void hvc_report_free(hvc_report *report);

HVC_END_DECLS

#endif
