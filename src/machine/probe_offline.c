/* A Windows tree: mounted, or unpacked from an image. Everything is read, nothing written. */
#include "machine/probe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "machine/offline.h"

#define CONFIG  "Windows/System32/config/"
#define CURRENT "SYSTEM\\CurrentControlSet"

static hvc_status find(hvc_offline *o, const char *path, const char *suffix, hvc_tree_entry *entry,
                       hvc_error *error)
{
    const char *name = hvc_arena_printf(&o->arena, "%s%s", path, suffix);
    return name == NULL ? hvc_fail_memory(error) : hvc_tree_find(o->tree, name, entry, error);
}

/* A log's bytes; none where there is none that can be read. */
static hvc_status read_log(hvc_offline *o, const char *path, const char *suffix, hvc_bytes *bytes,
                           hvc_error *error)
{
    hvc_tree_entry entry;
    hvc_error cause;
    hvc_status status = find(o, path, suffix, &entry, error);
    if (status != HVC_OK || entry.state != HVC_TREE_FOUND || entry.kind != HVC_FILE_REGULAR)
        return status;
    status = hvc_file_read(entry.path, bytes, &cause);
    if (status == HVC_E_MEMORY)
        return hvc_fail_memory(error);
    if (status != HVC_OK)
        bytes->size = 0;
    return HVC_OK;
}

static hvc_status open_with_logs(hvc_offline *o, hvc_offline_hive *hive, const char *path,
                                 hvc_error *error)
{
    hvc_bytes logs[2] = {HVC_BYTES_INIT, HVC_BYTES_INIT};
    hvc_error cause;
    hvc_status status = read_log(o, path, ".LOG1", &logs[0], error);
    if (status == HVC_OK)
        status = read_log(o, path, ".LOG2", &logs[1], error);
    /* Before Windows Vista, and in the BCD, there is one log. */
    if (status == HVC_OK && logs[0].size == 0 && logs[1].size == 0)
        status = read_log(o, path, ".LOG", &logs[0], error);
    if (status == HVC_OK) {
        hvc_status opened = hvc_hive_open(hvc_bytes_span(&hive->bytes), hvc_bytes_span(&logs[0]),
                                          hvc_bytes_span(&logs[1]), &hive->hive, &cause);
        if (opened == HVC_E_MEMORY)
            status = hvc_fail_memory(error);
        else if (opened != HVC_OK)
            hive->why = hvc_arena_printf(&o->arena, "%s: %s", hive->name, cause.message);
        else if (hvc_hive_state_of(hive->hive) == HVC_HIVE_STALE)
            hive->why = hvc_arena_printf(&o->arena, "%s is dirty and cannot be made whole: %s",
                                         hive->name, hvc_hive_state_why(hive->hive));
    }
    /* What a stale hive says is older than what Windows last wrote: nobody is to judge by it. */
    if (hive->why != NULL) {
        hvc_hive_free(hive->hive);
        hive->hive = NULL;
    }
    hvc_bytes_free(&logs[0]);
    hvc_bytes_free(&logs[1]);
    return status;
}

hvc_status hvc_offline_open(hvc_offline *o, hvc_offline_hive *hive, const char *name,
                            const char *path, hvc_error *error)
{
    hvc_tree_entry entry;
    hvc_error cause;
    hive->name = name;
    hvc_status status = find(o, path, "", &entry, error);
    if (status != HVC_OK)
        return status;
    if (entry.state == HVC_TREE_UNREADABLE)
        hive->why = entry.why;
    else if (entry.state == HVC_TREE_ABSENT || entry.kind != HVC_FILE_REGULAR)
        hive->why = hvc_arena_printf(&o->arena, "%s is missing", path);
    else if ((status = hvc_file_read(entry.path, &hive->bytes, &cause)) == HVC_E_MEMORY)
        return hvc_fail_memory(error);
    else if (status != HVC_OK)
        hive->why = hvc_arena_printf(&o->arena, "%s: %s", entry.path, cause.message);
    else
        return open_with_logs(o, hive, path, error);
    return o->arena.failed ? hvc_fail_memory(error) : HVC_OK;
}

hvc_status hvc_offline_path(hvc_offline *o, const char *path, const char **ret_path,
                            const char **ret_why, hvc_error *error)
{
    *ret_path = *ret_why = NULL;
    if (strncmp(path, CURRENT, strlen(CURRENT)) != 0) {
        *ret_path = strchr(path, '\\') + 1;
        return HVC_OK;
    }
    if (o->control_set[0] == 0) {
        *ret_why = o->control_set_why;
        return HVC_OK;
    }
    *ret_path = hvc_arena_printf(&o->arena, "%s%s", o->control_set, path + strlen(CURRENT));
    return *ret_path == NULL ? hvc_fail_memory(error) : HVC_OK;
}

hvc_status hvc_offline_value_of(hvc_offline *o, hvc_offline_hive *hive, const hvc_hive_key *key,
                                const char *name, hvc_offline_value *ret_value, hvc_error *error)
{
    hvc_offline_value out = {.state = HVC_OFFLINE_ABSENT};
    hvc_hive_value value;
    hvc_error cause;
    bool found;
    hvc_status status = hvc_hive_find_value(hive->hive, key, name, &found, &value, &cause);
    if (status == HVC_OK && found) {
        out.state = HVC_OFFLINE_KNOWN;
        out.type = value.type;
        status = hvc_hive_value_data(hive->hive, &value, &o->arena, &out.data, &cause);
    }
    if (status == HVC_E_MEMORY)
        return hvc_fail_memory(error);
    if (status != HVC_OK) {
        out.state = HVC_OFFLINE_UNREADABLE;
        out.why = hvc_arena_printf(&o->arena, "%s at offset 0x%" PRIX64 ": %s", hive->name,
                                   cause.offset, cause.message);
    } else if (out.type == HVC_REG_DWORD && out.data.size == 4) {
        out.number = hvc_le32(out.data.data);
    } else if (out.type == HVC_REG_QWORD && out.data.size == 8) {
        out.number = hvc_le64(out.data.data);
    } else if (out.type == HVC_REG_SZ || out.type == HVC_REG_EXPAND_SZ) {
        out.text = hvc_utf16_text(&o->arena, out.data);
    }
    if (o->arena.failed)
        return hvc_fail_memory(error);
    *ret_value = out;
    return HVC_OK;
}

hvc_status hvc_offline_look(hvc_offline *o, hvc_offline_hive *hive, const char *path,
                            const char *name, hvc_offline_value *ret_value, hvc_error *error)
{
    hvc_offline_value out = {.state = HVC_OFFLINE_UNREADABLE, .why = hive->why};
    hvc_hive_key key;
    hvc_error cause;
    bool found;
    if (hive->hive != NULL) {
        if (hvc_hive_find_key(hive->hive, path, &found, &key, &cause) != HVC_OK)
            out.why = hvc_arena_printf(&o->arena, "%s at offset 0x%" PRIX64 ": %s", hive->name,
                                       cause.offset, cause.message);
        else if (!found)
            out = (hvc_offline_value){.state = HVC_OFFLINE_ABSENT};
        else
            return hvc_offline_value_of(o, hive, &key, name, ret_value, error);
    }
    if (o->arena.failed)
        return hvc_fail_memory(error);
    *ret_value = out;
    return HVC_OK;
}

/* What only a running Windows, or the machine itself, could tell. */
static void set_the_rest(hvc_facts_builder *builder)
{
    for (int id = 0; id < HVC_FACT_COUNT; id++)
        if (builder->facts.items[id].state == HVC_FACT_UNASKED)
            hvc_fact_set_unavailable(
                builder, (hvc_fact_id)id,
                "cannot be told from the files of a Windows that does not run");
}

static hvc_status open_system(hvc_offline *o, hvc_error *error)
{
    hvc_error cause;
    uint32_t number;
    hvc_status status = hvc_offline_open(o, &o->system, "SYSTEM", CONFIG "SYSTEM", error);
    if (status != HVC_OK)
        return status;
    if (o->system.hive == NULL) {
        o->control_set_why = o->system.why;
    } else if (hvc_hive_control_set(o->system.hive, &number, &cause) == HVC_OK) {
        snprintf(o->control_set, sizeof(o->control_set), "ControlSet%03" PRIu32, number);
    } else {
        o->control_set_why = hvc_arena_printf(&o->arena, "SYSTEM: %s", cause.message);
        if (o->control_set_why == NULL)
            return hvc_fail_memory(error);
    }
    return HVC_OK;
}

static hvc_status gather(hvc_offline *o, hvc_error *error)
{
    hvc_tree_entry config;
    hvc_status status = hvc_tree_find(o->tree, CONFIG, &config, error);
    if (status != HVC_OK)
        return status;
    if (config.state == HVC_TREE_UNREADABLE)
        return hvc_fail(error, HVC_E_IO, "%s", config.why);
    if (config.state == HVC_TREE_ABSENT)
        return hvc_fail(error, HVC_E_IO,
                        "no Windows system: the folder has no Windows/System32/config");
    status = open_system(o, error);
    if (status == HVC_OK)
        status = hvc_offline_open(o, &o->software, "SOFTWARE", CONFIG "SOFTWARE", error);
    if (status == HVC_OK)
        status = hvc_offline_system(o, error);
    if (status == HVC_OK)
        status = hvc_offline_boot(o, error);
    if (status == HVC_OK)
        status = hvc_offline_keys(o, error);
    if (status == HVC_OK)
        status = hvc_offline_services(o, error);
    if (status == HVC_OK)
        status = hvc_offline_events(o, error);
    if (status == HVC_OK)
        set_the_rest(o->builder);
    return status;
}

static void close_hive(hvc_offline_hive *hive)
{
    hvc_hive_free(hive->hive);
    hvc_bytes_free(&hive->bytes);
}

hvc_status hvc_probe_offline(hvc_facts_builder *builder, const hvc_probe_options *options,
                             hvc_error *error)
{
    hvc_offline o = {.builder = builder, .arena = HVC_ARENA_INIT};
    hvc_status status = hvc_tree_open(options->root, &o.tree, error);
    if (status == HVC_OK)
        status = gather(&o, error);
    close_hive(&o.system);
    close_hive(&o.software);
    close_hive(&o.bcd);
    hvc_tree_free(o.tree);
    hvc_arena_free(&o.arena);
    return status;
}
