/* Filling in an hvc_error. Both return the status they were given, so that a failing function ends
 * in one line: return hvc_fail_at(error, HVC_E_TRUNCATED, offset, "...", ...). error may be NULL.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <hvcheck/status.h>

hvc_status hvc_fail(hvc_error *error, hvc_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
hvc_status hvc_fail_at(hvc_error *error, hvc_status status, uint64_t offset, const char *format,
                       ...) __attribute__((format(printf, 4, 5)));
hvc_status hvc_fail_memory(hvc_error *error);

#endif
