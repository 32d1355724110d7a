/* The registry keys that readiness steps and plans look at, copied into the facts. */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "machine/offline.h"

typedef struct key_row {
    const char *path;
    unsigned depth;
} key_row;

static const key_row rows[] = {
#define HVC_KEY(path, depth) {path, depth},
#include "machine/keys.list"
#undef HVC_KEY
};

/* Values whose presence is the fact, and whose contents are a secret. */
static bool is_secret(const char *name)
{
    return hvc_same_name(name, "IsolatedCredentialsRootSecret");
}

static hvc_status unreadable(hvc_offline *o, const char *path, const char *why)
{
    hvc_facts_add_key(o->builder, path, HVC_KEY_UNREADABLE, why);
    return HVC_OK;
}

static hvc_status unreadable_at(hvc_offline *o, const char *path, const hvc_offline_hive *hive,
                                hvc_status status, const hvc_error *cause, hvc_error *error)
{
    const char *why = hvc_arena_printf(&o->arena, "%s at offset 0x%" PRIX64 ": %s", hive->name,
                                       cause->offset, cause->message);
    if (status == HVC_E_MEMORY || why == NULL)
        return hvc_fail_memory(error);
    return unreadable(o, path, why);
}

/* The values of a key, gathered before they are added: a key is known whole or not at all. */
static hvc_status read_values(hvc_offline *o, hvc_offline_hive *hive, const hvc_hive_key *key,
                              const char *path, hvc_registry_value *values, hvc_error *cause)
{
    for (uint32_t i = 0; i < key->value_count; i++) {
        hvc_hive_value value;
        hvc_span data = {NULL, 0};
        hvc_status status = hvc_hive_value_at(hive->hive, key, i, &value, cause);
        if (status == HVC_OK)
            status = hvc_hive_value_name(hive->hive, &value, &o->arena, &values[i].name, cause);
        if (status == HVC_OK && value.size > HVC_MAX_KEY_DATA)
            status =
                hvc_fail(cause, HVC_E_LIMIT, "a value of more than %d bytes", HVC_MAX_KEY_DATA);
        if (status == HVC_OK && !is_secret(values[i].name))
            status = hvc_hive_value_data(hive->hive, &value, &o->arena, &data, cause);
        if (status != HVC_OK)
            return status;
        values[i].key = path;
        values[i].type = value.type;
        values[i].data = data.data;
        values[i].size = data.size;
    }
    return HVC_OK;
}

static hvc_status read_key(hvc_offline *o, hvc_offline_hive *hive, const hvc_hive_key *key,
                           const char *path, unsigned depth, hvc_error *error);

static hvc_status read_subkeys(hvc_offline *o, hvc_offline_hive *hive, const hvc_hive_key *key,
                               const char *path, unsigned depth, hvc_error *error)
{
    hvc_hive_subkeys iterator;
    hvc_error cause = {0};
    hvc_status status = hvc_hive_subkeys_begin(hive->hive, key, &iterator, &cause);
    for (uint32_t i = 0; status == HVC_OK && i < HVC_MAX_KEY_VALUES; i++) {
        hvc_hive_key child;
        const char *name = NULL;
        bool more = false;
        status = hvc_hive_subkeys_next(&iterator, &more, &child, &cause);
        if (status == HVC_OK && !more)
            return HVC_OK;
        if (status == HVC_OK)
            status = hvc_hive_key_name(hive->hive, &child, &o->arena, &name, &cause);
        if (status != HVC_OK)
            break;
        const char *child_path = hvc_arena_printf(&o->arena, "%s\\%s", path, name);
        if (child_path == NULL)
            return hvc_fail_memory(error);
        hvc_status read = read_key(o, hive, &child, child_path, depth - 1, error);
        if (read != HVC_OK)
            return read;
    }
    if (status == HVC_OK)
        status = hvc_fail(&cause, HVC_E_LIMIT, "too many subkeys");
    return unreadable_at(o, path, hive, status, &cause, error);
}

static hvc_status read_key(hvc_offline *o, hvc_offline_hive *hive, const hvc_hive_key *key,
                           const char *path, unsigned depth, hvc_error *error)
{
    hvc_error cause = {0};
    if (key->symlink)
        return unreadable(o, path, "a registry link");
    if (key->value_count > HVC_MAX_KEY_VALUES)
        return unreadable(o, path, "it has too many values");
    hvc_registry_value *values = hvc_arena_array(&o->arena, key->value_count + 1, sizeof(*values));
    if (values == NULL)
        return hvc_fail_memory(error);
    hvc_status status = read_values(o, hive, key, path, values, &cause);
    if (status != HVC_OK)
        return unreadable_at(o, path, hive, status, &cause, error);
    hvc_facts_add_key(o->builder, path, HVC_KEY_READ, NULL);
    for (uint32_t i = 0; i < key->value_count; i++)
        hvc_facts_add_value(o->builder, &values[i]);
    return depth > 0 ? read_subkeys(o, hive, key, path, depth, error) : HVC_OK;
}

hvc_status hvc_offline_keys(hvc_offline *o, hvc_error *error)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const char *path, *why;
        hvc_offline_hive *hive =
            strncmp(rows[i].path, "SYSTEM\\", 7) == 0 ? &o->system : &o->software;
        hvc_hive_key key;
        hvc_error cause = {0};
        bool found = false;
        hvc_status status = hvc_offline_path(o, rows[i].path, &path, &why, error);
        if (status != HVC_OK)
            return status;
        if (hive->hive == NULL || path == NULL) {
            unreadable(o, rows[i].path, hive->hive == NULL ? hive->why : why);
            continue;
        }
        status = hvc_hive_find_key(hive->hive, path, &found, &key, &cause);
        if (status != HVC_OK)
            status = unreadable_at(o, rows[i].path, hive, status, &cause, error);
        else if (!found)
            hvc_facts_add_key(o->builder, rows[i].path, HVC_KEY_ABSENT, NULL);
        else
            status = read_key(o, hive, &key, rows[i].path, rows[i].depth, error);
        if (status != HVC_OK)
            return status;
    }
    return HVC_OK;
}
