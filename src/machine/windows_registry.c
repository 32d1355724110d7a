/* The registry of the running Windows: the keys that steps and plans look at. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/span.h"
#include "base/support_windows.h"
#include "machine/facts_json.h"
#include "machine/probe_windows.h"

typedef struct key_row {
    const char *path;
    unsigned depth;
} key_row;

static const key_row rows[] = {
#define HVC_KEY(path, depth) {path, depth},
#include "machine/keys.list"
#undef HVC_KEY
};

enum {
    MAX_NAME = 16384, /* characters of a value's name, with its NUL */
    MAX_KEY = 256,
    ATTEMPTS = 8, /* a value may grow between asking for its size and reading it */
};

LSTATUS hvc_zones_open_key(const char *key, HKEY *ret_key)
{
    wchar_t *wide = hvc_wide(key);
    if (wide == NULL)
        return ERROR_OUTOFMEMORY;
    LSTATUS code = RegOpenKeyExW(HKEY_LOCAL_MACHINE, wide, 0, KEY_READ | KEY_WOW64_64KEY, ret_key);
    free(wide);
    return code;
}

static LSTATUS read_data(hvc_arena *arena, HKEY key, const wchar_t *name, uint32_t *ret_type,
                         hvc_span *ret_data)
{
    DWORD type = 0, size = 0;
    LSTATUS code = RegQueryValueExW(key, name, NULL, &type, NULL, &size);
    for (unsigned i = 0; i < ATTEMPTS && code == ERROR_SUCCESS; i++) {
        if (size > HVC_MAX_KEY_DATA)
            return ERROR_FILE_TOO_LARGE;
        uint8_t *data = hvc_arena_alloc(arena, size + 1);
        if (data == NULL)
            return ERROR_OUTOFMEMORY;
        code = RegQueryValueExW(key, name, NULL, &type, data, &size);
        if (code == ERROR_SUCCESS) {
            *ret_type = type;
            *ret_data = (hvc_span){data, size};
            return ERROR_SUCCESS;
        }
        if (code == ERROR_MORE_DATA)
            code = ERROR_SUCCESS;
    }
    return code == ERROR_SUCCESS ? ERROR_MORE_DATA : code;
}

LSTATUS hvc_zones_value(hvc_arena *arena, HKEY key, const char *name, uint32_t *ret_type,
                        hvc_span *ret_data)
{
    wchar_t *wide = hvc_wide(name);
    if (wide == NULL)
        return ERROR_OUTOFMEMORY;
    LSTATUS code = read_data(arena, key, wide, ret_type, ret_data);
    free(wide);
    return code;
}

/* One value by key and name. */
static bool look(hvc_arena *arena, const char *key, const char *name, uint32_t *ret_type,
                 hvc_span *ret_data)
{
    HKEY handle;
    if (hvc_zones_open_key(key, &handle) != ERROR_SUCCESS)
        return false;
    LSTATUS code = hvc_zones_value(arena, handle, name, ret_type, ret_data);
    RegCloseKey(handle);
    return code == ERROR_SUCCESS;
}

const char *hvc_zones_text_value(hvc_arena *arena, const char *key, const char *name)
{
    uint32_t type = 0;
    hvc_span data;
    if (!look(arena, key, name, &type, &data) || (type != REG_SZ && type != REG_EXPAND_SZ))
        return NULL;
    size_t length = 0;
    while (length < data.size / 2 && hvc_le16(data.data + 2 * length) != 0)
        length++;
    return hvc_zones_string(arena, (const wchar_t *)(const void *)data.data, length);
}

bool hvc_zones_number_value(hvc_arena *arena, const char *key, const char *name,
                            uint32_t *ret_number)
{
    uint32_t type = 0;
    hvc_span data;
    if (!look(arena, key, name, &type, &data) || type != REG_DWORD || data.size != 4)
        return false;
    *ret_number = hvc_le32(data.data);
    return true;
}

/* Values whose presence is the fact, and whose contents are a secret. */
static bool is_secret(const char *name)
{
    return hvc_registry_compare(name, "IsolatedCredentialsRootSecret") == 0;
}

/* Lists the values of a key; nothing is added unless all can be read. */
static LSTATUS read_values(hvc_facts_builder *builder, HKEY key, const char *path)
{
    HVC_VECTOR(hvc_registry_value) values = {NULL, 0, 0};
    wchar_t *name = calloc(MAX_NAME, sizeof(*name));
    LSTATUS code = name == NULL ? ERROR_OUTOFMEMORY : ERROR_SUCCESS;
    for (DWORD i = 0; code == ERROR_SUCCESS; i++) {
        DWORD length = MAX_NAME;
        code = RegEnumValueW(key, i, name, &length, NULL, NULL, NULL, NULL);
        if (code != ERROR_SUCCESS)
            break;
        if (i >= HVC_MAX_KEY_VALUES) {
            code = ERROR_FILE_TOO_LARGE;
            break;
        }
        uint32_t type = 0;
        hvc_span data = {NULL, 0};
        code = read_data(&builder->arena, key, name, &type, &data);
        hvc_registry_value *value = hvc_vector_add(&builder->arena, &values);
        if (value == NULL || code != ERROR_SUCCESS)
            break;
        value->key = path;
        value->name = hvc_zones_string(&builder->arena, name, length);
        value->type = type;
        if (!is_secret(value->name)) {
            value->data = data.data;
            value->size = data.size;
        }
    }
    free(name);
    if (code != ERROR_NO_MORE_ITEMS)
        return code;
    hvc_facts_add_key(builder, path, HVC_KEY_READ, NULL);
    for (size_t i = 0; i < values.count; i++)
        hvc_facts_add_value(builder, &values.items[i]);
    return ERROR_SUCCESS;
}

static void unreadable(hvc_facts_builder *builder, const char *path, LSTATUS code)
{
    char text[256];
    hvc_facts_add_key(builder, path, HVC_KEY_UNREADABLE,
                      hvc_zones_text((unsigned long)code, text, sizeof(text)));
}

static void read_key(hvc_facts_builder *builder, const char *path, unsigned depth);

/* The depth is that of keys.list: a few levels. */
static void read_subkeys(hvc_facts_builder *builder, HKEY key, const char *path, unsigned depth)
{
    wchar_t name[MAX_KEY];
    for (DWORD i = 0;; i++) {
        DWORD length = MAX_KEY;
        LSTATUS code = RegEnumKeyExW(key, i, name, &length, NULL, NULL, NULL, NULL);
        if (code == ERROR_NO_MORE_ITEMS)
            return;
        if (code == ERROR_SUCCESS && i >= HVC_MAX_KEY_VALUES)
            code = ERROR_FILE_TOO_LARGE;
        if (code != ERROR_SUCCESS) {
            unreadable(builder, path, code);
            return;
        }
        const char *child = hvc_arena_printf(&builder->arena, "%s\\%s", path,
                                             hvc_zones_string(&builder->arena, name, length));
        if (child == NULL)
            return;
        read_key(builder, child, depth - 1);
    }
}

static void read_key(hvc_facts_builder *builder, const char *path, unsigned depth)
{
    HKEY key;
    LSTATUS code = hvc_zones_open_key(path, &key);
    if (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND) {
        hvc_facts_add_key(builder, path, HVC_KEY_ABSENT, NULL);
        return;
    }
    if (code != ERROR_SUCCESS) {
        unreadable(builder, path, code);
        return;
    }
    code = read_values(builder, key, path);
    if (code != ERROR_SUCCESS)
        unreadable(builder, path, code);
    else if (depth > 0)
        read_subkeys(builder, key, path, depth);
    RegCloseKey(key);
}

void hvc_zones_keys(hvc_facts_builder *builder)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        read_key(builder, rows[i].path, rows[i].depth);
}
