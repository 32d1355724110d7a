#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for size more bytes behind the contents, or NULL. */
static char *make_room(hvc_buffer *buffer, size_t size)
{
    if (buffer->failed)
        return NULL;
    if (buffer->capacity - buffer->size < size) {
        size_t least = buffer->size + size;
        size_t capacity = buffer->capacity < 2048 ? 4096 : buffer->capacity * 2;
        if (capacity < least)
            capacity = least;
        char *data = least < size ? NULL : realloc(buffer->data, capacity);
        if (data == NULL) {
            buffer->failed = true;
            return NULL;
        }
        buffer->data = data;
        buffer->capacity = capacity;
    }
    return buffer->data + buffer->size;
}

char *hvc_buffer_extend(hvc_buffer *buffer, size_t size)
{
    char *room = make_room(buffer, size);
    if (room != NULL)
        buffer->size += size;
    return room;
}

void hvc_buffer_put(hvc_buffer *buffer, const void *bytes, size_t size)
{
    char *room = size > 0 ? hvc_buffer_extend(buffer, size) : NULL;
    if (room != NULL)
        memcpy(room, bytes, size);
}

void hvc_buffer_puts(hvc_buffer *buffer, const char *text)
{
    hvc_buffer_put(buffer, text, strlen(text));
}

void hvc_buffer_printf(hvc_buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    char *room = length < 0 ? NULL : make_room(buffer, (size_t)length + 1);
    if (room != NULL) {
        vsnprintf(room, (size_t)length + 1, format, again);
        buffer->size += (size_t)length;
    } else {
        buffer->failed = true;
    }
    va_end(again);
    va_end(args);
}

size_t hvc_utf8_encode(char *out, uint32_t code_point)
{
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (char)(0xc0 | code_point >> 6);
        out[1] = (char)(0x80 | (code_point & 0x3f));
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = (char)(0xe0 | code_point >> 12);
        out[1] = (char)(0x80 | (code_point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code_point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code_point >> 18);
    out[1] = (char)(0x80 | (code_point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code_point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code_point & 0x3f));
    return 4;
}

size_t hvc_utf8_decode(const char *text, size_t size, unsigned *ret_code_point)
{
    const unsigned char *p = (const unsigned char *)text;
    if (size == 0)
        return 0;
    if (p[0] < 0x80) {
        *ret_code_point = p[0];
        return 1;
    }
    size_t length;
    unsigned code_point, least;
    if ((p[0] & 0xE0) == 0xC0) {
        length = 2, code_point = p[0] & 0x1F, least = 0x80;
    } else if ((p[0] & 0xF0) == 0xE0) {
        length = 3, code_point = p[0] & 0x0F, least = 0x800;
    } else if ((p[0] & 0xF8) == 0xF0) {
        length = 4, code_point = p[0] & 0x07, least = 0x10000;
    } else {
        return 0;
    }
    if (size < length)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        code_point = code_point << 6 | (p[i] & 0x3F);
    }
    if (code_point < least || code_point > 0x10FFFF ||
        (code_point >= 0xD800 && code_point < 0xE000))
        return 0;
    *ret_code_point = code_point;
    return length;
}

/* Code points that change how a terminal shows what stands around them. */
static bool is_unsafe(unsigned code_point)
{
    return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) || code_point == 0x061C ||
           (code_point >= 0x200B && code_point <= 0x200F) ||
           (code_point >= 0x2028 && code_point <= 0x202E) ||
           (code_point >= 0x2066 && code_point <= 0x2069) || code_point == 0xFEFF;
}

void hvc_buffer_escaped(hvc_buffer *buffer, hvc_text text)
{
    size_t position = 0,
           plain = 0; /* [plain, position) needs no escape and is written in one piece */
    while (position < text.size) {
        unsigned code_point = 0;
        size_t length = hvc_utf8_decode(text.data + position, text.size - position, &code_point);
        if (length > 0 && code_point != '\\' && !is_unsafe(code_point)) {
            position += length;
            continue;
        }
        hvc_buffer_put(buffer, text.data + plain, position - plain);
        if (length == 0 || code_point < 0x80) {
            unsigned char byte = (unsigned char)text.data[position];
            if (byte == '\\')
                hvc_buffer_puts(buffer, "\\\\");
            else
                hvc_buffer_printf(buffer, "\\x%02X", byte);
            length = 1;
        } else {
            hvc_buffer_printf(buffer, "\\u{%X}", code_point);
        }
        position += length;
        plain = position;
    }
    hvc_buffer_put(buffer, text.data + plain, position - plain);
}

void hvc_buffer_clear(hvc_buffer *buffer)
{
    buffer->size = 0;
    buffer->failed = false;
}

void hvc_buffer_free(hvc_buffer *buffer)
{
    free(buffer->data);
    *buffer = (hvc_buffer)HVC_BUFFER_INIT;
}
