/* What every *_windows.c needs: UTF-16 for the system's calls, and why a call failed. Only for
 * files of that name. */
#ifndef BASE_SUPPORT_WINDOWS_H
#define BASE_SUPPORT_WINDOWS_H

#include <stddef.h>
#include <wchar.h>

#include <hvcheck/status.h>

/* Both are malloc'd and NUL-terminated, NULL when memory is exhausted. A name that is no valid
 * UTF-16 goes there and back unharmed: a surrogate that stands alone is spelled in three bytes,
 * which no writer takes for valid UTF-8. Bytes that are no UTF-8 become U+FFFD. */
wchar_t *hvc_wide(const char *text);
char *hvc_utf8(const wchar_t *text, size_t length);

/* A path for the system's calls: UTF-16, malloc'd; absolute with the prefix that lifts the limit of
 * 260 characters where the path is near it. NULL when memory is exhausted. */
wchar_t *hvc_wide_path(const char *path);

/* As hvc_fail, with the text of a Windows error code. The common ones have the same English text on
 * every system, so that reports do not depend on the language of Windows. */
hvc_status hvc_fail_windows(hvc_error *error, unsigned long code);

/* The text of an error code, into a buffer that holds at least 1 byte. */
const char *hvc_zones_text(unsigned long code, char *ret_text, size_t size);

#endif
