/* Which of a SYSTEM hive's control sets is the current one. */
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "machine/hive.h"

enum { TYPE_DWORD = 4, MAX_SET = 999 };

/* A number of the key Select; *ret_found is false when it is not there. */
static hvc_status selected(const hvc_hive *hive, const hvc_hive_key *key, const char *name,
                           bool *ret_found, uint32_t *ret_number, hvc_error *error)
{
    hvc_hive_value value;
    hvc_span data;
    hvc_arena arena = HVC_ARENA_INIT;
    hvc_status status = hvc_hive_find_value(hive, key, name, ret_found, &value, error);
    if (status != HVC_OK || !*ret_found)
        return status;
    if (value.type != TYPE_DWORD || value.size != 4)
        return hvc_fail(error, HVC_E_MALFORMED, "Select\\%s is no number", name);
    status = hvc_hive_value_data(hive, &value, &arena, &data, error);
    if (status == HVC_OK)
        *ret_number = hvc_le32(data.data);
    hvc_arena_free(&arena);
    return status;
}

hvc_status hvc_hive_control_set(const hvc_hive *hive, uint32_t *ret_number, hvc_error *error)
{
    hvc_hive_key key;
    uint32_t current = 0, next = 0;
    bool found = false, has_next = false;
    hvc_status status = hvc_hive_find_key(hive, "Select", &found, &key, error);
    if (status == HVC_OK && found)
        status = selected(hive, &key, "Current", &found, &current, error);
    if (status == HVC_OK && !found)
        return hvc_fail(error, HVC_E_MALFORMED, "no Select\\Current, which names the control set");
    if (status == HVC_OK)
        status = selected(hive, &key, "Default", &has_next, &next, error);
    if (status != HVC_OK)
        return status;
    if (has_next && next != current)
        return hvc_fail(error, HVC_E_MALFORMED,
                        "the control set is ambiguous: Select\\Current is %" PRIu32
                        ", but Select\\Default %" PRIu32,
                        current, next);
    if (current == 0 || current > MAX_SET)
        return hvc_fail(error, HVC_E_MALFORMED, "Select\\Current is %" PRIu32, current);
    char name[32];
    snprintf(name, sizeof(name), "ControlSet%03" PRIu32, current);
    status = hvc_hive_find_key(hive, name, &found, &key, error);
    if (status == HVC_OK && !found)
        return hvc_fail(error, HVC_E_MALFORMED, "Select\\Current names %s, which is missing", name);
    if (status == HVC_OK)
        *ret_number = current;
    return status;
}
