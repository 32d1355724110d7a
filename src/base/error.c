#include "base/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"

static const struct {
    const char *id, *text;
} statuses[HVC_STATUS_COUNT] = {
    [HVC_OK] = {"ok", "no error"},
    [HVC_E_MEMORY] = {"memory", "out of memory"},
    [HVC_E_IO] = {"io", "input/output error"},
    [HVC_E_ARGUMENT] = {"argument", "invalid argument"},
    [HVC_E_NOT_PE] = {"not_pe", "not a PE image"},
    [HVC_E_TRUNCATED] = {"truncated", "truncated PE image"},
    [HVC_E_MALFORMED] = {"malformed", "malformed PE image"},
    [HVC_E_UNSUPPORTED] = {"unsupported", "unsupported PE image"},
    [HVC_E_LIMIT] = {"limit", "larger than a limit"},
    [HVC_E_CHANGED] = {"changed", "the file changed while it was read"},
    [HVC_E_CANCELLED] = {"cancelled", "stopped on request"},
    [HVC_E_INTERNAL] = {"internal", "internal error"},
};

const char *hvc_status_text(hvc_status status)
{
    return (unsigned)status < HVC_STATUS_COUNT ? statuses[status].text : "unknown error";
}

const char *hvc_status_id(hvc_status status)
{
    return (unsigned)status < HVC_STATUS_COUNT ? statuses[status].id : "unknown";
}

/* vsnprintf cuts anywhere: a UTF-8 sequence that lost its end goes. */
static void drop_partial_character(char *text)
{
    size_t length = strlen(text);
    size_t start = length;
    while (start > 0 && length - start < 3 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    unsigned code_point;
    if (start > 0 && (unsigned char)text[start - 1] >= 0xC0 &&
        hvc_utf8_decode(text + start - 1, length - start + 1, &code_point) == 0)
        text[start - 1] = 0;
}

static hvc_status fill(hvc_error *error, hvc_status status, bool has_offset, uint64_t offset,
                       const char *format, va_list args) __attribute__((format(printf, 5, 0)));

static hvc_status fill(hvc_error *error, hvc_status status, bool has_offset, uint64_t offset,
                       const char *format, va_list args)
{
    if (error == NULL)
        return status;
    error->status = status;
    error->has_offset = has_offset;
    error->offset = offset;
    int length = vsnprintf(error->message, sizeof(error->message), format, args);
    if (length >= (int)sizeof(error->message))
        drop_partial_character(error->message);
    return status;
}

hvc_status hvc_fail(hvc_error *error, hvc_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(error, status, false, 0, format, args);
    va_end(args);
    return status;
}

hvc_status hvc_fail_at(hvc_error *error, hvc_status status, uint64_t offset, const char *format,
                       ...)
{
    va_list args;
    va_start(args, format);
    fill(error, status, true, offset, format, args);
    va_end(args);
    return status;
}

hvc_status hvc_fail_memory(hvc_error *error)
{
    return hvc_fail(error, HVC_E_MEMORY, "%s", hvc_status_text(HVC_E_MEMORY));
}
