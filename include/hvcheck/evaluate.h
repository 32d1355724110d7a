/* Evaluating drivers: one from memory or a file, or everything below some paths. */
#ifndef HVCHECK_EVALUATE_H
#define HVCHECK_EVALUATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvcheck/driver.h>
#include <hvcheck/export.h>
#include <hvcheck/status.h>

HVC_BEGIN_DECLS

typedef struct hvc_options {
    unsigned jobs; /* worker threads; 0: one per processor */
    bool evidence; /* keep disassembly with call sites and findings */
} hvc_options;

/* Evaluates the image in size bytes at bytes; path is only how reports name it. options may be
 * NULL. The driver owns everything it shows: the bytes may go afterwards. Free with
 * hvc_driver_free. Errors: those of hvc_image_open, HVC_E_MEMORY. */
HVC_API hvc_status hvc_evaluate(const void *bytes, size_t size, const char *path,
                                const hvc_options *options, hvc_driver **ret_driver,
                                hvc_error *error);
/* As hvc_evaluate, on a file. */
HVC_API hvc_status hvc_evaluate_file(const char *path, const hvc_options *options,
                                     hvc_driver **ret_driver, hvc_error *error);
HVC_API void hvc_driver_free(hvc_driver *driver);

/* An input that could not be evaluated. */
typedef struct hvc_input_error {
    const char *path;
    hvc_error error;
} hvc_input_error;

/* Numbers over a whole scan. */
typedef struct hvc_summary {
    uint64_t drivers; /* evaluated: the next four add up to it */
    uint64_t compatible, incompatible, undetermined, not_applicable;
    uint64_t errors;
    uint64_t skipped; /* files in folders that are no driver images, links that were not followed */
    uint64_t bytes;   /* of the evaluated images */
} hvc_summary;

/* Called on the thread that called hvc_scan, in the order of the inputs (a folder's files sorted by
 * name), whatever the number of jobs. What they get is valid during the call. Returning another
 * status than HVC_OK stops the scan with it. Any of them may be NULL. */
typedef struct hvc_scan_events {
    hvc_status (*driver)(void *context, const hvc_driver *driver);
    hvc_status (*error)(void *context, const hvc_input_error *error);
    void (*progress)(void *context, const char *path, uint64_t files_done);
} hvc_scan_events;

/* Evaluates every driver at or below the paths: files, folders (recursively, by content; links
 * inside a folder are not followed), "-" for standard input. A file that was named itself and is no
 * driver is an error; in a folder it is skipped. Memory does not grow with the number of files. */
HVC_API hvc_status hvc_scan(const char *const *paths, size_t path_count, const hvc_options *options,
                            const hvc_scan_events *events, void *context, hvc_summary *ret_summary,
                            hvc_error *error);

HVC_END_DECLS

#endif
