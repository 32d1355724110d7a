/* The registry of the running Windows, for reading. */
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/support_windows.h"
#include "machine/registry.h"
#include "machine/registry_windows.h"

enum { NAME_UNITS = 16384, MAX_ENTRIES = 65536 };

typedef struct open_key {
    HKEY key;
    hvc_arena *arena;
    wchar_t *name; /* room for one name */
    hvc_error *error;
} open_key;

static const char *copy_name(open_key *open, DWORD length)
{
    char *text = hvc_utf8(open->name, length);
    const char *own = text != NULL ? hvc_arena_strdup(open->arena, text) : NULL;
    free(text);
    return own;
}

/* One value; *ret_more false behind the last. */
static hvc_status value_at(open_key *open, DWORD index, const char *key, bool *ret_more,
                           hvc_registry_value *ret_value)
{
    DWORD length = NAME_UNITS, type = 0, size = 0;
    LSTATUS code = RegEnumValueW(open->key, index, open->name, &length, NULL, &type, NULL, &size);
    *ret_more = code != ERROR_NO_MORE_ITEMS;
    if (!*ret_more)
        return HVC_OK;
    if (code != ERROR_SUCCESS && code != ERROR_MORE_DATA)
        return hvc_fail_windows(open->error, (unsigned long)code);
    if (size > HVC_MAX_HIVE_VALUE)
        return hvc_fail(open->error, HVC_E_LIMIT, "%s has a value of %lu bytes", key, size);
    uint8_t *data = hvc_arena_alloc(open->arena, size > 0 ? size : 1);
    if (data == NULL)
        return hvc_fail_memory(open->error);
    length = NAME_UNITS;
    code = RegEnumValueW(open->key, index, open->name, &length, NULL, &type, data, &size);
    if (code != ERROR_SUCCESS)
        return hvc_fail_windows(open->error, (unsigned long)code);
    const char *name = copy_name(open, length);
    *ret_value = (hvc_registry_value){key, name, type, data, size};
    return name != NULL ? HVC_OK : hvc_fail_memory(open->error);
}

static hvc_status list_values(open_key *open, const char *key, hvc_registry_listing *listing)
{
    HVC_VECTOR(hvc_registry_value) values = {NULL, 0, 0};
    for (DWORD i = 0; i < MAX_ENTRIES; i++) {
        bool more = false;
        hvc_registry_value value;
        hvc_status status = value_at(open, i, key, &more, &value);
        if (status != HVC_OK)
            return status;
        if (!more)
            break;
        hvc_registry_value *own = hvc_vector_add(open->arena, &values);
        if (own == NULL)
            return hvc_fail_memory(open->error);
        *own = value;
    }
    listing->values = values.items;
    listing->value_count = values.count;
    return HVC_OK;
}

static hvc_status list_subkeys(open_key *open, hvc_registry_listing *listing)
{
    HVC_VECTOR(const char *) names = {NULL, 0, 0};
    for (DWORD i = 0; i < MAX_ENTRIES; i++) {
        DWORD length = NAME_UNITS;
        LSTATUS code = RegEnumKeyExW(open->key, i, open->name, &length, NULL, NULL, NULL, NULL);
        if (code == ERROR_NO_MORE_ITEMS)
            break;
        if (code != ERROR_SUCCESS)
            return hvc_fail_windows(open->error, (unsigned long)code);
        const char *name = copy_name(open, length);
        const char **own = hvc_vector_add(open->arena, &names);
        if (name == NULL || own == NULL)
            return hvc_fail_memory(open->error);
        *own = name;
    }
    listing->subkeys = names.items;
    listing->subkey_count = names.count;
    return HVC_OK;
}

static hvc_status list(void *context, const char *key, hvc_arena *arena,
                       hvc_registry_listing *ret_listing, hvc_error *error)
{
    (void)context;
    hvc_registry_listing listing = {.found = false};
    open_key open = {.arena = arena, .error = error};
    wchar_t *wide = hvc_wide(key);
    if (wide == NULL)
        return hvc_fail_memory(error);
    LSTATUS code =
        RegOpenKeyExW(HKEY_LOCAL_MACHINE, wide, 0, KEY_READ | KEY_WOW64_64KEY, &open.key);
    free(wide);
    if (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND) {
        *ret_listing = listing;
        return HVC_OK;
    }
    if (code != ERROR_SUCCESS)
        return hvc_fail_windows(error, (unsigned long)code);
    listing.found = true;
    open.name = calloc(NAME_UNITS, sizeof(*open.name));
    hvc_status status = open.name == NULL ? hvc_fail_memory(error) : HVC_OK;
    const char *own = hvc_arena_strdup(arena, key);
    if (status == HVC_OK)
        status = own == NULL ? hvc_fail_memory(error) : list_values(&open, own, &listing);
    if (status == HVC_OK)
        status = list_subkeys(&open, &listing);
    free(open.name);
    RegCloseKey(open.key);
    if (status == HVC_OK)
        *ret_listing = listing;
    return status;
}

hvc_registry hvc_zones_registry(void)
{
    return (hvc_registry){NULL, list};
}
