/* The driver services of a Windows tree, and the files that they mean. */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "machine/image_path.h"
#include "machine/offline.h"

#define SERVICES "SYSTEM\\CurrentControlSet\\Services"

enum { KERNEL_DRIVER = 1, FILE_SYSTEM_DRIVER = 2, RECOGNIZER_DRIVER = 8, START_DEMAND = 3 };

typedef HVC_VECTOR(hvc_service) service_list;

/* The file on this host. NULL when it is not there or lies outside the tree. */
static hvc_status find_file(hvc_offline *o, hvc_service *service, hvc_error *error)
{
    const char *why;
    const char *path =
        hvc_image_path(&o->arena, service->image_path, service->name, o->system_root, &why);
    if (path == NULL)
        return o->arena.failed ? hvc_fail_memory(error) : HVC_OK;
    hvc_tree_entry entry;
    hvc_status status = hvc_tree_find(o->tree, path, &entry, error);
    if (status == HVC_OK && entry.state == HVC_TREE_FOUND && entry.kind == HVC_FILE_REGULAR)
        service->file = entry.path;
    return status;
}

/* Adds the service of a key when it is a driver's. *ret_why when a value that decides is
 * unreadable. */
static hvc_status read_service(hvc_offline *o, const hvc_hive_key *key, service_list *list,
                               const char **ret_why, hvc_error *error)
{
    static const char *const names[] = {"Type", "Start", "ImagePath", "Group"};
    hvc_offline_value values[4];
    hvc_service service = {.start = START_DEMAND};
    for (size_t i = 0; i < 4; i++) {
        hvc_status status = hvc_offline_value_of(o, &o->system, key, names[i], &values[i], error);
        if (status != HVC_OK)
            return status;
        if (values[i].state == HVC_OFFLINE_UNREADABLE) {
            *ret_why = values[i].why;
            return HVC_OK;
        }
    }
    service.type = (uint32_t)values[0].number;
    if (values[0].type != HVC_REG_DWORD ||
        (service.type != KERNEL_DRIVER && service.type != FILE_SYSTEM_DRIVER &&
         service.type != RECOGNIZER_DRIVER))
        return HVC_OK;
    if (values[1].state == HVC_OFFLINE_KNOWN && values[1].type == HVC_REG_DWORD)
        service.start = (uint32_t)values[1].number;
    service.image_path = values[2].text;
    service.group = values[3].text;
    hvc_status status = hvc_hive_key_name(o->system.hive, key, &o->arena, &service.name, error);
    if (status == HVC_OK)
        status = find_file(o, &service, error);
    if (status != HVC_OK)
        return status;
    hvc_service *added = hvc_vector_add(&o->arena, list);
    if (added == NULL)
        return hvc_fail_memory(error);
    *added = service;
    return HVC_OK;
}

static hvc_status read_services(hvc_offline *o, const hvc_hive_key *parent, service_list *list,
                                const char **ret_why, hvc_error *error)
{
    hvc_hive_subkeys iterator;
    hvc_error cause = {0};
    hvc_status status = hvc_hive_subkeys_begin(o->system.hive, parent, &iterator, &cause);
    for (uint32_t i = 0; status == HVC_OK; i++) {
        hvc_hive_key key;
        bool more = false;
        status = hvc_hive_subkeys_next(&iterator, &more, &key, &cause);
        if (status == HVC_OK && !more)
            return HVC_OK;
        if (status == HVC_OK && i == HVC_MAX_SERVICES)
            status = hvc_fail(&cause, HVC_E_LIMIT, "more than %d services", HVC_MAX_SERVICES);
        if (status != HVC_OK)
            break;
        hvc_status read = read_service(o, &key, list, ret_why, error);
        if (read != HVC_OK || *ret_why != NULL)
            return read;
    }
    *ret_why = hvc_arena_printf(&o->arena, "SYSTEM at offset 0x%" PRIX64 ": %s", cause.offset,
                                cause.message);
    return *ret_why == NULL ? hvc_fail_memory(error) : HVC_OK;
}

hvc_status hvc_offline_services(hvc_offline *o, hvc_error *error)
{
    service_list list = {NULL, 0, 0};
    hvc_hive_key key;
    hvc_error cause = {0};
    bool found = false;
    const char *path, *why;
    hvc_status status = hvc_offline_path(o, SERVICES, &path, &why, error);
    if (status == HVC_OK && path != NULL) {
        status = hvc_hive_find_key(o->system.hive, path, &found, &key, &cause);
        if (status != HVC_OK) {
            why = hvc_arena_printf(&o->arena, "SYSTEM at offset 0x%" PRIX64 ": %s", cause.offset,
                                   cause.message);
            status = why == NULL ? hvc_fail_memory(error) : HVC_OK;
        } else if (!found) {
            why = "the control set has no Services";
        } else {
            status = read_services(o, &key, &list, &why, error);
        }
    }
    if (status != HVC_OK)
        return status;
    /* A part of the list is no list: a driver that is missing from it would not be judged. */
    hvc_facts_add_key(o->builder, SERVICES, why == NULL ? HVC_KEY_READ : HVC_KEY_UNREADABLE, why);
    if (why == NULL) {
        o->builder->facts.has_services = true;
        for (size_t i = 0; i < list.count; i++)
            hvc_facts_add_service(o->builder, &list.items[i]);
    }
    return HVC_OK;
}
