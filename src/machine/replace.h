/* Changing files so that at any moment, a power cut included, a file is the old one or the new one:
 * replace_posix.c. */
#ifndef MACHINE_REPLACE_H
#define MACHINE_REPLACE_H

#include <stdbool.h>

#include <hvcheck/status.h>

#include "base/span.h"

/* Asked before each step that changes something on the disk. False: stop there and leave everything
 * as it is, as a power cut would; the function then fails with HVC_E_CANCELLED. For tests. */
typedef struct hvc_file_hook {
    bool (*before)(void *context, const char *step, const char *path);
    void *context;
} hvc_file_hook;

/* Makes path (a regular file, or nothing) hold bytes: a new file beside it, synchronised, takes its
 * place. Owner, mode and extended attributes stay. A file with several hard links is refused. */
hvc_status hvc_replace_file(const char *path, hvc_span bytes, const hvc_file_hook *hook,
                            hvc_error *error);
hvc_status hvc_remove_file(const char *path, const hvc_file_hook *hook, hvc_error *error);
/* A file in folder that must not exist yet, synchronised. */
hvc_status hvc_save_file(const char *folder, const char *name, hvc_span bytes,
                         const hvc_file_hook *hook, hvc_error *error);
/* A folder that must not exist yet, for its owner alone. */
hvc_status hvc_make_folder(const char *path, const hvc_file_hook *hook, hvc_error *error);
hvc_status hvc_sync_folder(const char *path, const hvc_file_hook *hook, hvc_error *error);

#endif
