/* What Windows itself decided about drivers: the Code Integrity log of a Windows tree. */
#include <stdlib.h>

#include "base/error.h"
#include "base/limits.h"
#include "machine/evtx.h"
#include "machine/offline.h"

#define LOG "Windows/System32/winevt/Logs/Microsoft-Windows-CodeIntegrity%4Operational.evtx"

enum { MAX_READ = 64 * HVC_MAX_CI_EVENTS };

typedef struct event_list {
    hvc_arena *arena;
    HVC_VECTOR(hvc_ci_event) events;
} event_list;

static bool is_wanted(uint32_t id)
{
    static const uint16_t wanted[] = {3033, 3072, 3073, 3074, 3076, 3077, 3082, 3083, 3086, 3087};
    for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
        if (wanted[i] == id)
            return true;
    return false;
}

static hvc_status take_event(void *context, const hvc_evtx_event *event)
{
    /* The fields' names changed with the versions of Windows. */
    static const char *const file_names[] = {"FileNameBuffer", "File Name", "FileName"};
    event_list *list = context;
    if (!is_wanted(event->id) || list->events.count == MAX_READ ||
        !hvc_same_name(event->provider, "Microsoft-Windows-CodeIntegrity"))
        return HVC_OK;
    hvc_ci_event *added = hvc_vector_add(list->arena, &list->events);
    if (added == NULL)
        return HVC_E_MEMORY;
    const hvc_evtx_field *status = hvc_evtx_field_of(event, "Status"), *file = NULL;
    for (size_t i = 0; i < sizeof(file_names) / sizeof(*file_names) && file == NULL; i++)
        file = hvc_evtx_field_of(event, file_names[i]);
    added->id = event->id;
    added->time = event->time;
    added->status = status != NULL && status->is_number ? (uint32_t)status->number : 0;
    if (file != NULL && file->text != NULL)
        added->file = hvc_arena_strdup(list->arena, file->text);
    return list->arena->failed ? HVC_E_MEMORY : HVC_OK;
}

static int newest_first(const void *a, const void *b)
{
    const hvc_ci_event *x = a, *y = b;
    return x->time < y->time ? 1 : x->time > y->time ? -1 : 0;
}

hvc_status hvc_offline_events(hvc_offline *o, hvc_error *error)
{
    hvc_tree_entry entry;
    hvc_error cause;
    hvc_bytes bytes = HVC_BYTES_INIT;
    hvc_evtx_summary summary;
    event_list list = {.arena = &o->arena};
    hvc_status status = hvc_tree_find(o->tree, LOG, &entry, error);
    if (status != HVC_OK || entry.state != HVC_TREE_FOUND)
        return status;
    status = hvc_file_read(entry.path, &bytes, &cause);
    if (status == HVC_OK)
        status = hvc_evtx_read(hvc_bytes_span(&bytes), take_event, &list, &summary, &cause);
    hvc_bytes_free(&bytes);
    if (status == HVC_E_MEMORY)
        return hvc_fail_memory(error);
    if (status != HVC_OK)
        return HVC_OK; /* the list was not gathered */
    o->builder->facts.has_events = true;
    if (list.events.count > 1)
        qsort(list.events.items, list.events.count, sizeof(*list.events.items), newest_first);
    for (size_t i = 0; i < list.events.count && i < HVC_MAX_CI_EVENTS; i++)
        hvc_facts_add_event(o->builder, &list.events.items[i]);
    return HVC_OK;
}
