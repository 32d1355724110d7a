#include "machine/reg_file.h"

#include <inttypes.h>
#include <string.h>

#include "base/span.h"
#include "machine/plan.h"

enum {
    TYPE_BINARY = 3,
    TYPE_DWORD = 4,
    KEYS_ALWAYS_THERE = 4, /* SYSTEM\CurrentControlSet\Control\Lsa, say */
};

static void put_unit(hvc_buffer *out, unsigned unit)
{
    hvc_buffer_put(out, (char[]){(char)(unit & 0xFF), (char)(unit >> 8 & 0xFF)}, 2);
}

static void put_code_point(hvc_buffer *out, unsigned code_point)
{
    if (code_point >= 0x10000) {
        put_unit(out, 0xD800 + ((code_point - 0x10000) >> 10));
        put_unit(out, 0xDC00 + ((code_point - 0x10000) & 0x3FF));
    } else {
        put_unit(out, code_point);
    }
}

/* quoted: inside the quotes of a name. */
static void put_text(hvc_buffer *out, const char *text, bool quoted)
{
    size_t size = strlen(text);
    while (size > 0) {
        unsigned code_point = 0xFFFD;
        size_t length = hvc_utf8_decode(text, size, &code_point);
        if (quoted && (code_point == '"' || code_point == '\\'))
            put_unit(out, '\\');
        put_code_point(out, code_point);
        length = length > 0 ? length : 1;
        text += length;
        size -= length;
    }
}

static void put_line(hvc_buffer *out, const char *text)
{
    put_text(out, text, false);
    put_text(out, "\r\n", false);
}

void hvc_reg_begin(hvc_buffer *out)
{
    put_unit(out, 0xFEFF);
    put_line(out, "Windows Registry Editor Version 5.00");
}

void hvc_reg_comment(hvc_buffer *out, const char *text)
{
    put_text(out, ";", false);
    put_line(out, text);
}

void hvc_reg_key(hvc_buffer *out, const char *key, bool deleted)
{
    put_text(out, deleted ? "\r\n[-HKEY_LOCAL_MACHINE\\" : "\r\n[HKEY_LOCAL_MACHINE\\", false);
    put_text(out, key, false);
    put_line(out, "]");
}

static void put_name(hvc_buffer *out, const char *name)
{
    if (*name == '\0') {
        put_text(out, "@=", false);
        return;
    }
    put_text(out, "\"", false);
    put_text(out, name, true);
    put_text(out, "\"=", false);
}

void hvc_reg_value(hvc_buffer *out, const hvc_registry_value *value)
{
    put_name(out, value->name);
    hvc_buffer text = HVC_BUFFER_INIT;
    if (value->type == TYPE_DWORD && value->size == 4)
        hvc_buffer_printf(&text, "dword:%08" PRIx32, hvc_le32(value->data));
    else if (value->type == TYPE_BINARY)
        hvc_buffer_puts(&text, "hex:");
    else
        hvc_buffer_printf(&text, "hex(%" PRIx32 "):", value->type);
    for (size_t i = 0; i < value->size && !(value->type == TYPE_DWORD && value->size == 4); i++)
        hvc_buffer_printf(&text, "%s%02x", i > 0 ? "," : "", value->data[i]);
    hvc_buffer_put(&text, "", 1);
    out->failed = out->failed || text.failed;
    if (!text.failed)
        put_line(out, text.data);
    hvc_buffer_free(&text);
}

void hvc_reg_value_deleted(hvc_buffer *out, const char *name)
{
    put_name(out, name);
    put_line(out, "-");
}

/* Windows makes the keys above a new one, other readers of such files do not: the ones that need
 * not be there are named. */
static void put_parents(hvc_buffer *out, const hvc_change *change)
{
    int depth = 0;
    for (const char *at = change->key; *at != '\0'; at++) {
        if (*at != '\\' || ++depth <= KEYS_ALWAYS_THERE)
            continue;
        hvc_buffer parent = HVC_BUFFER_INIT;
        hvc_buffer_put(&parent, change->key, (size_t)(at - change->key));
        hvc_buffer_put(&parent, "", 1);
        out->failed = out->failed || parent.failed;
        if (!parent.failed)
            hvc_reg_key(out, parent.data, false);
        hvc_buffer_free(&parent);
    }
}

void hvc_plan_write_reg(const hvc_plan *plan, hvc_buffer *out)
{
    hvc_reg_begin(out);
    const char *last = NULL;
    for (size_t i = 0; i < plan->change_count; i++) {
        const hvc_change *change = &plan->changes[i];
        if (!hvc_change_is_registry(change))
            continue;
        bool whole = change->kind == HVC_CHANGE_DELETE_KEY;
        bool section = whole || last == NULL || strcmp(last, change->key) != 0;
        if (section && change->kind == HVC_CHANGE_SET_VALUE && change->old_state != HVC_OLD_KNOWN)
            put_parents(out, change);
        if (section)
            hvc_reg_key(out, change->key, whole);
        last = whole ? NULL : change->key;
        if (change->kind == HVC_CHANGE_SET_VALUE)
            hvc_reg_value(out, &change->new_value);
        else if (change->kind == HVC_CHANGE_DELETE_VALUE)
            hvc_reg_value_deleted(out, change->name);
    }
    bool begun = false;
    for (size_t i = 0; i < plan->change_count; i++) {
        const hvc_change *change = &plan->changes[i];
        for (size_t j = 0; j < change->command_count && !hvc_change_is_registry(change); j++) {
            if (!begun)
                hvc_reg_comment(out, " To be run besides:");
            begun = true;
            hvc_reg_comment(out, change->commands[j]);
        }
    }
}
