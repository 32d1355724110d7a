#include "base/json.h"

#include <stdio.h>
#include <string.h>

void hvc_json_init(hvc_json *json, hvc_buffer *out, unsigned indent)
{
    *json = (hvc_json){out, indent, 0, false};
}

static void new_line(hvc_json *json)
{
    static const char blanks[] = "                                ";
    if (json->indent == 0)
        return;
    hvc_buffer_put(json->out, "\n", 1);
    for (size_t rest = (size_t)json->indent * json->depth; rest > 0;) {
        size_t piece = rest < sizeof(blanks) - 1 ? rest : sizeof(blanks) - 1;
        hvc_buffer_put(json->out, blanks, piece);
        rest -= piece;
    }
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

/* What stands before a member: the comma, the line break, the key. */
static void begin_member(hvc_json *json, const char *key)
{
    if (json->started)
        hvc_buffer_put(json->out, ",", 1);
    if (json->depth > 0)
        new_line(json);
    json->started = true;
    if (key != NULL) {
        put_string(json->out, (hvc_text){key, strlen(key)});
        hvc_buffer_put(json->out, ": ", json->indent > 0 ? 2 : 1);
    }
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
    if (json->started)
        new_line(json);
    hvc_buffer_put(json->out, bracket, 1);
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
