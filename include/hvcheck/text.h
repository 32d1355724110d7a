/* Text that lies somewhere in a larger piece of memory. */
#ifndef HVCHECK_TEXT_H
#define HVCHECK_TEXT_H

#include <stddef.h>

/* Bytes of text, not necessarily NUL-terminated, not necessarily valid UTF-8: what a file says.
 * data is NULL when there is no text at all. Whoever prints it escapes it. */
typedef struct hvc_text {
    const char *data;
    size_t size;
} hvc_text;

#endif
