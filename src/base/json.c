#include "base/json.h"

#include <stdio.h>
#include <string.h>

void hvc_json_init(hvc_json *json, hvc_buffer *out, unsigned indent)
{
    *json = (hvc_json){out, indent, 0, false};
}

static void put_string(hvc_buffer *out, hvc_text text)
{
    hvc_buffer_put(out, "\"", 1);
    size_t position = 0, plain = 0;
    while (position < text.size) {
        unsigned char c = (unsigned char)text.data[position];
        unsigned code_point = 0;
        if (c >= 0x20 && c < 0x7F && c != '"' && c != '\\') { /* nearly all */
            position++;
            continue;
        }
        size_t length = hvc_utf8_decode(text.data + position, text.size - position, &code_point);
        if (length > 1) {
            position += length;
            continue;
        }
        hvc_buffer_put(out, text.data + plain, position - plain);
        if (length == 0)
            hvc_buffer_puts(out, "\xEF\xBF\xBD"); /* U+FFFD */
        else if (c == '"' || c == '\\')
            hvc_buffer_put(out, (char[]){'\\', (char)c}, 2);
        else
            hvc_buffer_printf(out, "\\u%04x", c);
        plain = ++position;
    }
    hvc_buffer_put(out, text.data + plain, position - plain);
    hvc_buffer_put(out, "\"", 1);
}

/* Bytes of the line break before what stands at the depth that is reached. */
static size_t line_break_size(const hvc_json *json)
{
    return json->indent == 0 ? 0 : 1 + (size_t)json->indent * json->depth;
}

static char *put_line_break(char *to, size_t size)
{
    if (size == 0)
        return to;
    *to = '\n';
    memset(to + 1, ' ', size - 1);
    return to + size;
}

/* What stands before a member: the comma, the line break, the key. */
static void begin_member(hvc_json *json, const char *key)
{
    size_t line_break = json->depth > 0 ? line_break_size(json) : 0;
    size_t length = key != NULL ? strlen(key) : 0, blank = json->indent > 0;
    size_t size = json->started + line_break + (key != NULL ? length + 3 + blank : 0);
    char *to = size > 0 ? hvc_buffer_extend(json->out, size) : NULL;
    if (to != NULL && json->started)
        *to++ = ',';
    json->started = true;
    if (to == NULL)
        return;
    to = put_line_break(to, line_break);
    if (key == NULL)
        return;
    *to++ = '"';
    memcpy(to, key, length);
    memcpy(to + length, "\": ", 2 + blank);
}

static void open_nested(hvc_json *json, const char *key, const char *bracket)
{
    begin_member(json, key);
    hvc_buffer_put(json->out, bracket, 1);
    json->depth++;
    json->started = false;
}

static void close_nested(hvc_json *json, const char *bracket)
{
    json->depth--;
    size_t line_break = json->started ? line_break_size(json) : 0;
    char *to = hvc_buffer_extend(json->out, line_break + 1);
    if (to != NULL)
        *put_line_break(to, line_break) = *bracket;
    json->started = true;
}

void hvc_json_open_object(hvc_json *json, const char *key)
{
    open_nested(json, key, "{");
}

void hvc_json_close_object(hvc_json *json)
{
    close_nested(json, "}");
}

void hvc_json_open_array(hvc_json *json, const char *key)
{
    open_nested(json, key, "[");
}

void hvc_json_close_array(hvc_json *json)
{
    close_nested(json, "]");
}

void hvc_json_string(hvc_json *json, const char *key, const char *value)
{
    hvc_json_text(json, key, (hvc_text){value, value == NULL ? 0 : strlen(value)});
}

void hvc_json_text(hvc_json *json, const char *key, hvc_text value)
{
    begin_member(json, key);
    if (value.data == NULL)
        hvc_buffer_puts(json->out, "null");
    else
        put_string(json->out, value);
}

void hvc_json_uint(hvc_json *json, const char *key, uint64_t value)
{
    char digits[20];
    size_t start = sizeof(digits);
    do
        digits[--start] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    begin_member(json, key);
    hvc_buffer_put(json->out, digits + start, sizeof(digits) - start);
}

void hvc_json_bool(hvc_json *json, const char *key, bool value)
{
    begin_member(json, key);
    hvc_buffer_puts(json->out, value ? "true" : "false");
}

void hvc_json_null(hvc_json *json, const char *key)
{
    begin_member(json, key);
    hvc_buffer_puts(json->out, "null");
}
