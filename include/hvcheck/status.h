/* How functions of the library fail.
 *
 * Every function that can fail returns an hvc_status and, where the caller passed an hvc_error,
 * fills in the text, the file offset and the cause. Outputs come last, are named ret_*, and are
 * left untouched on failure. The library never prints, never exits and keeps no mutable global
 * state. */
#ifndef HVCHECK_STATUS_H
#define HVCHECK_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include <hvcheck/export.h>

HVC_BEGIN_DECLS

typedef enum hvc_status {
    HVC_OK = 0,
    HVC_E_MEMORY,      /* an allocation failed */
    HVC_E_IO,          /* the operating system refused; the message has its reason */
    HVC_E_ARGUMENT,    /* the caller's mistake */
    HVC_E_NOT_PE,      /* the bytes are not a PE image at all */
    HVC_E_TRUNCATED,   /* a PE image whose headers or section table end too early */
    HVC_E_MALFORMED,   /* a PE image whose headers contradict themselves */
    HVC_E_UNSUPPORTED, /* a PE image of a machine or a kind that this library does not read */
    HVC_E_LIMIT,       /* larger than a bound in limits.h */
    HVC_E_CHANGED,     /* the file changed while it was read */
    HVC_E_CANCELLED,   /* the caller asked to stop */
    HVC_E_INTERNAL,    /* a defect of this library */
    HVC_STATUS_COUNT
} hvc_status;

/* Room for a message; longer ones are cut at a character boundary. */
#define HVC_ERROR_TEXT 256

typedef struct hvc_error {
    hvc_status status;
    bool has_offset;
    uint64_t offset; /* file offset of the cause, valid when has_offset */
    char message[HVC_ERROR_TEXT];
} hvc_error;

/* The short English name of a status ("not a PE image"). Never NULL, also for unknown values.
 * The text is static. */
HVC_API const char *hvc_status_text(hvc_status status);

/* The stable identifier of a status as reports print it ("not_pe"). Never NULL; static. */
HVC_API const char *hvc_status_id(hvc_status status);

HVC_END_DECLS

#endif
