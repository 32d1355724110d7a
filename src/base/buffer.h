/* Text being written. A buffer that ran out of memory stays failed and swallows what follows, so
 * that writers check once at the end. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvcheck/text.h>

typedef struct hvc_buffer {
    char *data;
    size_t size, capacity;
    bool failed;
} hvc_buffer;

#define HVC_BUFFER_INIT                                                                            \
    {                                                                                              \
        NULL, 0, 0, false                                                                          \
    }

/* size more bytes of contents, which the caller writes at once; NULL when there is no memory. */
char *hvc_buffer_extend(hvc_buffer *buffer, size_t size);
void hvc_buffer_put(hvc_buffer *buffer, const void *bytes, size_t size);
void hvc_buffer_puts(hvc_buffer *buffer, const char *text);
void hvc_buffer_printf(hvc_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Text from a file, made safe for a terminal and a log: control characters, DEL, C1 and
 * bidirectional controls, and bytes that are not valid UTF-8 are written as \xNN or \u{N}; a
 * backslash as \\. */
void hvc_buffer_escaped(hvc_buffer *buffer, hvc_text text);
void hvc_buffer_clear(hvc_buffer *buffer); /* keeps the memory */
void hvc_buffer_free(hvc_buffer *buffer);

/* One valid UTF-8 sequence at the start of text: its length (1..4) and code point, or 0 when the
 * bytes are not valid UTF-8 (overlong forms and surrogates included). */
size_t hvc_utf8_decode(const char *text, size_t size, unsigned *ret_code_point);

/* Writes code_point (below 0x110000) as UTF-8 to out, without NUL; returns its bytes, 1 to 4. */
size_t hvc_utf8_encode(char *out, uint32_t code_point);

#endif
