/* Writes JSON into a buffer, correctly nested and escaped: the caller names keys and values in
 * order. Keys are names of the program's own, which need no escapes; inside arrays they are NULL.
 * Text may be any bytes: invalid UTF-8 becomes U+FFFD. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

typedef struct hvc_json {
    hvc_buffer *out;
    unsigned indent; /* blanks a level; 0 writes everything on one line */
    unsigned depth;
    bool started; /* the current object or array has a member already */
} hvc_json;

void hvc_json_init(hvc_json *json, hvc_buffer *out, unsigned indent);
void hvc_json_open_object(hvc_json *json, const char *key);
void hvc_json_close_object(hvc_json *json);
void hvc_json_open_array(hvc_json *json, const char *key);
void hvc_json_close_array(hvc_json *json);
void hvc_json_string(hvc_json *json, const char *key, const char *value); /* NULL writes null */
void hvc_json_text(hvc_json *json, const char *key, hvc_text value); /* data NULL writes null */
void hvc_json_uint(hvc_json *json, const char *key, uint64_t value);
void hvc_json_bool(hvc_json *json, const char *key, bool value);
void hvc_json_null(hvc_json *json, const char *key);

#endif
