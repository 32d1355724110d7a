#include "machine/offline_target.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"

#define CONFIG      "Windows\\System32\\config\\"
#define POLICY_HOME "Windows\\System32\\CodeIntegrity"
#define CURRENT     "SYSTEM\\CurrentControlSet\\"

enum { TYPE_DWORD = 4, MAX_SET = 999 };

const char *hvc_hive_file_name(int index)
{
    static const char *const names[HVC_HIVE_FILES] = {"SYSTEM", "SYSTEM.LOG1", "SYSTEM.LOG2"};
    return names[index];
}

hvc_status hvc_sha256_text(hvc_span bytes, char ret_text[65], hvc_error *error)
{
    hvc_hasher *hasher = NULL;
    uint8_t digest[HVC_SHA256_SIZE];
    hvc_status status = hvc_hasher_new(&hasher, error);
    if (status == HVC_OK)
        status = hvc_sha256(hasher, bytes.data, bytes.size, digest, error);
    hvc_hasher_free(hasher);
    for (size_t i = 0; status == HVC_OK && i < sizeof(digest); i++)
        snprintf(ret_text + 2 * i, 3, "%02x", digest[i]);
    return status;
}

/* Reads a file of the tree, when it is there. */
static hvc_status read_entry(hvc_offline_target *target, const char *name, const char **ret_path,
                             hvc_bytes *bytes, hvc_error *error)
{
    hvc_tree_entry entry;
    hvc_status status = hvc_tree_find(target->tree, name, &entry, error);
    if (status != HVC_OK)
        return status;
    if (entry.state == HVC_TREE_UNREADABLE)
        return hvc_fail(error, HVC_E_IO, "%s: %s", name, entry.why);
    *ret_path = NULL;
    if (entry.state == HVC_TREE_ABSENT)
        return HVC_OK;
    if (entry.kind != HVC_FILE_REGULAR)
        return hvc_fail(error, HVC_E_IO, "%s is no regular file", name);
    *ret_path = entry.path;
    return hvc_file_read(entry.path, bytes, error);
}

static hvc_status read_hive(hvc_offline_target *target, hvc_error *error)
{
    hvc_status status = HVC_OK;
    for (int i = 0; i < HVC_HIVE_FILES && status == HVC_OK; i++) {
        char name[64];
        snprintf(name, sizeof(name), CONFIG "%s", hvc_hive_file_name(i));
        status = read_entry(target, name, &target->paths[i], &target->files[i], error);
        if (i == 0 && status == HVC_OK && target->paths[0] == NULL)
            return hvc_fail(error, HVC_E_IO, "there is no " CONFIG "SYSTEM");
    }
    if (status == HVC_OK)
        status = hvc_hive_open(hvc_bytes_span(&target->files[0]), hvc_bytes_span(&target->files[1]),
                               hvc_bytes_span(&target->files[2]), &target->hive, error);
    if (status == HVC_OK && hvc_hive_state_of(target->hive) == HVC_HIVE_STALE)
        target->stale = hvc_hive_state_why(target->hive);
    return status;
}

static hvc_status selected(hvc_offline_target *target, const hvc_hive_key *key, const char *name,
                           uint32_t *ret_number, hvc_error *error)
{
    bool found = false;
    hvc_hive_value value;
    hvc_span data;
    hvc_status status = hvc_hive_find_value(target->hive, key, name, &found, &value, error);
    if (status != HVC_OK || !found)
        return status;
    if (value.type != TYPE_DWORD || value.size != 4)
        return hvc_fail(error, HVC_E_MALFORMED, "Select\\%s is no number", name);
    status = hvc_hive_value_data(target->hive, &value, &target->arena, &data, error);
    if (status == HVC_OK)
        *ret_number = hvc_le32(data.data);
    return status;
}

/* The control set is the one that Windows used last. Where the next start would use another, or
 * that one failed, it is not clear which to change. */
static hvc_status find_control_set(hvc_offline_target *target, hvc_error *error)
{
    hvc_hive_key key;
    bool found = false;
    uint32_t current = 0, next = UINT32_MAX, failed = 0;
    hvc_status status = hvc_hive_find_key(target->hive, "Select", &found, &key, error);
    if (status == HVC_OK && !found)
        return hvc_fail(error, HVC_E_MALFORMED, "the hive has no key Select");
    if (status == HVC_OK)
        status = selected(target, &key, "Current", &current, error);
    if (status == HVC_OK)
        status = selected(target, &key, "Default", &next, error);
    if (status == HVC_OK)
        status = selected(target, &key, "Failed", &failed, error);
    if (status != HVC_OK)
        return status;
    if (current == 0 || current > MAX_SET)
        return hvc_fail(error, HVC_E_MALFORMED, "Select\\Current is %" PRIu32, current);
    char name[32];
    snprintf(name, sizeof(name), "ControlSet%03" PRIu32, current);
    status = hvc_hive_find_key(target->hive, name, &found, &key, error);
    if (status == HVC_OK && !found)
        return hvc_fail(error, HVC_E_MALFORMED, "Select\\Current names %s, which is missing", name);
    if (status != HVC_OK)
        return status;
    target->control_set = current;
    if (next != UINT32_MAX && next != current)
        target->unclear = hvc_arena_printf(&target->arena,
                                           "Select\\Current is %" PRIu32
                                           ", but the next start uses Select\\Default, %" PRIu32,
                                           current, next);
    else if (failed == current)
        target->unclear = hvc_arena_printf(
            &target->arena, "control set %" PRIu32 " is current, and Select\\Failed names it too",
            current);
    return target->arena.failed ? hvc_fail_memory(error) : HVC_OK;
}

static hvc_status find_policy(hvc_offline_target *target, hvc_error *error)
{
    hvc_tree_entry folder;
    hvc_status status = hvc_tree_find(target->tree, POLICY_HOME, &folder, error);
    if (status == HVC_OK && folder.state == HVC_TREE_FOUND && folder.kind == HVC_FILE_FOLDER)
        target->policy_folder = folder.path;
    if (status == HVC_OK)
        status = read_entry(target, POLICY_HOME "\\SIPolicy.p7b", &target->policy_path,
                            &target->policy, error);
    if (status != HVC_OK)
        return status;
    target->policy_state = target->policy_path != NULL ? HVC_POLICY_PRESENT : HVC_POLICY_ABSENT;
    return target->policy_path != NULL
               ? hvc_sha256_text(hvc_bytes_span(&target->policy), target->policy_sha256, error)
               : HVC_OK;
}

hvc_status hvc_offline_target_open(const char *root, hvc_offline_target *ret_target,
                                   hvc_error *error)
{
    hvc_offline_target target = {.arena = HVC_ARENA_INIT, .policy = HVC_BYTES_INIT};
    hvc_status status = hvc_tree_open(root, &target.tree, error);
    if (status == HVC_OK)
        status = read_hive(&target, error);
    if (status == HVC_OK)
        status = find_control_set(&target, error);
    if (status == HVC_OK)
        status = find_policy(&target, error);
    if (status == HVC_OK)
        *ret_target = target;
    else
        hvc_offline_target_close(&target);
    return status;
}

void hvc_offline_target_close(hvc_offline_target *target)
{
    if (target == NULL)
        return;
    hvc_hive_free(target->hive);
    for (int i = 0; i < HVC_HIVE_FILES; i++)
        hvc_bytes_free(&target->files[i]);
    hvc_bytes_free(&target->policy);
    hvc_tree_free(target->tree);
    hvc_arena_free(&target->arena);
    *target = (hvc_offline_target){.arena = HVC_ARENA_INIT, .policy = HVC_BYTES_INIT};
}

char *hvc_hive_path(hvc_arena *arena, const char *key, uint32_t control_set)
{
    size_t length = strlen(CURRENT);
    if (strncmp(key, CURRENT, length) == 0)
        return hvc_arena_printf(arena, "ControlSet%03" PRIu32 "\\%s", control_set, key + length);
    size_t current = length - 1;
    if (strlen(key) == current && strncmp(key, CURRENT, current) == 0)
        return hvc_arena_printf(arena, "ControlSet%03" PRIu32, control_set);
    return NULL;
}

static hvc_status list_values(const hvc_hive *hive, const hvc_hive_key *key, const char *path,
                              hvc_arena *arena, hvc_registry_listing *listing, hvc_error *error)
{
    hvc_registry_value *values = hvc_arena_array(arena, key->value_count, sizeof(*values));
    if (values == NULL && key->value_count > 0)
        return hvc_fail_memory(error);
    for (uint32_t i = 0; i < key->value_count; i++) {
        hvc_hive_value value;
        hvc_span data;
        hvc_status status = hvc_hive_value_at(hive, key, i, &value, error);
        if (status == HVC_OK)
            status = hvc_hive_value_name(hive, &value, arena, &values[i].name, error);
        if (status == HVC_OK)
            status = hvc_hive_value_data(hive, &value, arena, &data, error);
        if (status != HVC_OK)
            return status;
        values[i].key = path;
        values[i].type = value.type;
        values[i].data = data.data;
        values[i].size = data.size;
    }
    listing->values = values;
    listing->value_count = key->value_count;
    return HVC_OK;
}

static hvc_status list_subkeys(const hvc_hive *hive, const hvc_hive_key *key, hvc_arena *arena,
                               hvc_registry_listing *listing, hvc_error *error)
{
    HVC_VECTOR(const char *) names = {NULL, 0, 0};
    hvc_hive_subkeys iterator;
    hvc_status status = hvc_hive_subkeys_begin(hive, key, &iterator, error);
    for (bool more = true; status == HVC_OK;) {
        hvc_hive_key subkey;
        const char *name = NULL;
        status = hvc_hive_subkeys_next(&iterator, &more, &subkey, error);
        if (status != HVC_OK || !more)
            break;
        status = hvc_hive_key_name(hive, &subkey, arena, &name, error);
        const char **own = hvc_vector_add(arena, &names);
        if (own == NULL)
            return hvc_fail_memory(error);
        *own = name;
    }
    listing->subkeys = names.items;
    listing->subkey_count = names.count;
    return status;
}

static hvc_status list(void *context, const char *key, hvc_arena *arena,
                       hvc_registry_listing *ret_listing, hvc_error *error)
{
    hvc_offline_target *target = context;
    const char *path = hvc_hive_path(arena, key, target->control_set);
    if (path == NULL)
        return arena->failed ? hvc_fail_memory(error)
                             : hvc_fail(error, HVC_E_ARGUMENT, "%s is in another hive", key);
    hvc_registry_listing listing = {.found = false};
    hvc_hive_key found;
    hvc_status status = hvc_hive_find_key(target->hive, path, &listing.found, &found, error);
    if (status == HVC_OK && listing.found)
        status =
            list_values(target->hive, &found, hvc_arena_strdup(arena, key), arena, &listing, error);
    if (status == HVC_OK && listing.found)
        status = list_subkeys(target->hive, &found, arena, &listing, error);
    if (status == HVC_OK)
        *ret_listing = listing;
    return status;
}

hvc_registry hvc_offline_registry(hvc_offline_target *target)
{
    return (hvc_registry){target, list};
}
