/* Undo files: .reg files of our own making, read back into a plan. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/span.h"
#include "machine/plan.h"

#define HEADER   "Windows Registry Editor Version 5.00"
#define ROOT_KEY "HKEY_LOCAL_MACHINE\\"

typedef struct undo_reader {
    hvc_plan_builder *builder;
    hvc_buffer text; /* the file as UTF-8, lines end in \n */
    const char *key; /* of the section; NULL before the first */
    size_t line;     /* number of the line */
    hvc_error *error;
} undo_reader;

static hvc_status fail(const undo_reader *reader, const char *what)
{
    return hvc_fail(reader->error, HVC_E_MALFORMED, "undo file, line %zu: %s", reader->line, what);
}

static void put_utf8(hvc_buffer *out, unsigned c)
{
    if (c < 0x80) {
        hvc_buffer_put(out, (char[]){(char)c}, 1);
    } else if (c < 0x800) {
        hvc_buffer_put(out, (char[]){(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))}, 2);
    } else if (c < 0x10000) {
        hvc_buffer_put(out,
                       (char[]){(char)(0xE0 | c >> 12), (char)(0x80 | (c >> 6 & 0x3F)),
                                (char)(0x80 | (c & 0x3F))},
                       3);
    } else {
        hvc_buffer_put(out,
                       (char[]){(char)(0xF0 | c >> 18), (char)(0x80 | (c >> 12 & 0x3F)),
                                (char)(0x80 | (c >> 6 & 0x3F)), (char)(0x80 | (c & 0x3F))},
                       4);
    }
}

/* The whole file as UTF-8, without carriage returns. */
static hvc_status decode(undo_reader *reader, hvc_span file)
{
    if (file.size > HVC_MAX_UNDO_BYTES)
        return hvc_fail(reader->error, HVC_E_LIMIT, "undo file: more than %d bytes",
                        HVC_MAX_UNDO_BYTES);
    if (file.size < 2 || file.size % 2 != 0 || hvc_le16(file.data) != 0xFEFF)
        return hvc_fail_at(reader->error, HVC_E_MALFORMED, 0,
                           "undo file: not UTF-16LE with a byte order mark");
    for (size_t i = 2; i < file.size; i += 2) {
        unsigned unit = hvc_le16(file.data + i);
        if (unit == 0 || (unit >= 0xDC00 && unit < 0xE000))
            return hvc_fail_at(reader->error, HVC_E_MALFORMED, i, "undo file: no valid UTF-16");
        if (unit >= 0xD800 && unit < 0xDC00) {
            unsigned low = i + 4 <= file.size ? hvc_le16(file.data + i + 2) : 0;
            if (low < 0xDC00 || low >= 0xE000)
                return hvc_fail_at(reader->error, HVC_E_MALFORMED, i, "undo file: no valid UTF-16");
            unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            i += 2;
        }
        if (unit != '\r')
            put_utf8(&reader->text, unit);
    }
    hvc_buffer_put(&reader->text, "\n", 2); /* and a NUL behind the end */
    if (reader->text.failed)
        return hvc_fail_memory(reader->error);
    reader->text.size--;
    return HVC_OK;
}

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool same_key_or_below(const char *key, const char *outer)
{
    size_t length = strlen(outer);
    if (strlen(key) < length || (key[length] != '\0' && key[length] != '\\'))
        return false;
    for (size_t i = 0; i < length; i++)
        if (hvc_registry_compare((char[]){key[i], '\0'}, (char[]){outer[i], '\0'}) != 0)
            return false;
    return true;
}

/* An undo file may touch what plans touch, and nothing else: it is a file that anybody could have
 * edited. name NULL: the key itself. */
static bool allowed(const char *key, const char *name)
{
    if (same_key_or_below(key, HVC_KEY_DEVICE_GUARD))
        return true;
    if (name == NULL)
        return false;
    if (hvc_registry_compare(key, HVC_KEY_LSA) == 0)
        return hvc_registry_compare(name, "LsaCfgFlags") == 0;
    return hvc_registry_compare(key, HVC_KEY_MEMORY) == 0 &&
           (hvc_registry_compare(name, "VerifyDriverLevel") == 0 ||
            hvc_registry_compare(name, "VerifyDrivers") == 0);
}

static hvc_status read_key(undo_reader *reader, char *line)
{
    bool deletes = line[1] == '-';
    char *path = line + (deletes ? 2 : 1);
    size_t length = strlen(path);
    if (!starts(path, ROOT_KEY) || length < 1 || path[length - 1] != ']')
        return fail(reader, "no key below HKEY_LOCAL_MACHINE");
    path[length - 1] = '\0';
    path += strlen(ROOT_KEY);
    reader->key = deletes ? NULL : path;
    if (deletes && !allowed(path, NULL))
        return fail(reader, "a key that hvcheck never changes");
    if (deletes)
        hvc_plan_registry(reader->builder, HVC_CHANGE_DELETE_KEY, path, NULL, NULL,
                          "was not there before");
    else if (allowed(path, NULL))
        hvc_plan_registry(reader->builder, HVC_CHANGE_CREATE_KEY, path, NULL, NULL,
                          "was there before");
    return HVC_OK;
}

/* The name in front of '='; *ret_data stands behind it. */
static char *read_name(char *line, char **ret_data)
{
    if (line[0] == '@') {
        *ret_data = line + 1;
        line[0] = '\0';
        return line;
    }
    char *out = line + 1;
    for (char *in = line + 1; *in != '\0'; in++) {
        if (*in == '"') {
            *ret_data = in + 1;
            *out = '\0';
            return line + 1;
        }
        if (*in == '\\' && in[1] != '\0')
            in++;
        *out++ = *in;
    }
    return NULL;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Up to eight hexadecimal digits; NULL when there are none. */
static const char *read_hex(const char *text, uint32_t *ret_number)
{
    uint32_t number = 0;
    int count = 0;
    while (count < 8 && digit(text[count]) >= 0)
        number = number << 4 | (uint32_t)digit(text[count++]);
    *ret_number = number;
    return count > 0 ? text + count : NULL;
}

static hvc_status read_data(undo_reader *reader, const char *text, hvc_registry_value *value)
{
    uint32_t number = 0;
    if (starts(text, "dword:")) {
        text = read_hex(text + strlen("dword:"), &number);
        if (text == NULL || *text != '\0')
            return fail(reader, "no number behind dword:");
        uint8_t *data = hvc_arena_alloc(&reader->builder->arena, 4);
        for (unsigned i = 0; data != NULL && i < 4; i++)
            data[i] = (uint8_t)(number >> 8 * i);
        value->type = 4;
        value->data = data;
        value->size = 4;
        return data != NULL ? HVC_OK : hvc_fail_memory(reader->error);
    }
    value->type = 3;
    if (starts(text, "hex(")) {
        text = read_hex(text + strlen("hex("), &value->type);
        if (text == NULL || !starts(text, "):"))
            return fail(reader, "no type in hex()");
        text += 2;
    } else if (starts(text, "hex:")) {
        text += strlen("hex:");
    } else {
        return fail(reader, "data of no known form");
    }
    uint8_t *data = hvc_arena_alloc(&reader->builder->arena, strlen(text) / 3 + 1);
    if (data == NULL)
        return hvc_fail_memory(reader->error);
    for (; digit(text[0]) >= 0 && digit(text[1]) >= 0; text += 3) {
        data[value->size++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
        if (text[2] == '\0') {
            text += 2;
            break;
        }
        if (text[2] != ',')
            break;
    }
    value->data = data;
    return *text == '\0' ? HVC_OK : fail(reader, "bytes of no known form");
}

static hvc_status read_value(undo_reader *reader, char *line)
{
    char *data = NULL;
    char *name = read_name(line, &data);
    if (name == NULL || *data != '=')
        return fail(reader, "a value without a name");
    data++;
    if (reader->key == NULL || !allowed(reader->key, name))
        return fail(reader, "a value that hvcheck never changes");
    if (strcmp(data, "-") == 0) {
        hvc_plan_registry(reader->builder, HVC_CHANGE_DELETE_VALUE, reader->key, NULL, name,
                          "was not there before");
        return HVC_OK;
    }
    hvc_registry_value value = {.key = reader->key, .name = name};
    hvc_status status = read_data(reader, data, &value);
    if (status == HVC_OK)
        hvc_plan_registry(reader->builder, HVC_CHANGE_SET_VALUE, reader->key, &value, name,
                          "was so before");
    return status;
}

static hvc_status read_line(undo_reader *reader, char *line)
{
    if (++reader->line > HVC_MAX_UNDO_LINES)
        return fail(reader, "too many lines");
    if (line[0] == '\0')
        return HVC_OK;
    if (line[0] == ';')
        return hvc_plan_undo_file(reader->builder, line + 1) ? HVC_OK
                                                             : hvc_fail_memory(reader->error);
    if (line[0] == '[')
        return read_key(reader, line);
    if (line[0] == '"' || line[0] == '@')
        return read_value(reader, line);
    return fail(reader, "a line of no known form");
}

hvc_status hvc_plan_undo(const hvc_facts *facts, const hvc_plan_request *request, const void *bytes,
                         size_t size, hvc_plan **ret_plan, hvc_error *error)
{
    if (!hvc_plan_overrides_known(request, error))
        return HVC_E_ARGUMENT;
    undo_reader reader = {.builder = hvc_plan_begin(facts, request), .line = 1, .error = error};
    if (reader.builder == NULL)
        return hvc_fail_memory(error);
    reader.builder->plan.action = HVC_PLAN_UNDO;
    hvc_status status = decode(&reader, (hvc_span){bytes, size});
    char *line = reader.text.data;
    if (status == HVC_OK && !starts(line, HEADER "\n"))
        status = fail(&reader, "no \"" HEADER "\"");
    if (status == HVC_OK)
        line += strlen(HEADER) + 1;
    while (status == HVC_OK && *line != '\0') {
        char *end = strchr(line, '\n');
        *end = '\0';
        status = read_line(&reader, line);
        line = end + 1;
    }
    hvc_buffer_free(&reader.text);
    if (status == HVC_OK)
        return hvc_plan_finish(reader.builder, ret_plan, error);
    hvc_plan_free(&reader.builder->plan);
    return status;
}
