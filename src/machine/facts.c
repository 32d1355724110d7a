/* The facts of a machine: their table, and gathering them. */
#include "machine/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

static const hvc_fact_info infos[HVC_FACT_COUNT] = {
#define HVC_FACT(id, name, type, meaning) [HVC_FACT_##id] = {name, HVC_FACT_TYPE_##type, meaning},
#include <hvcheck/facts.list>
#undef HVC_FACT
};

const hvc_fact_info *hvc_fact_info_of(hvc_fact_id id)
{
    return &infos[id];
}

int hvc_registry_compare(const char *a, const char *b)
{
    for (;; a++, b++) {
        int x = (unsigned char)*a, y = (unsigned char)*b;
        if (x >= 'a' && x <= 'z')
            x -= 'a' - 'A';
        if (y >= 'a' && y <= 'z')
            y -= 'a' - 'A';
        if (x != y || x == 0)
            return x - y;
    }
}

static const char *copy(hvc_facts_builder *builder, const char *text)
{
    return text != NULL ? hvc_arena_strdup(&builder->arena, text) : NULL;
}

/* For texts that are never NULL, not even when memory ran out. */
static const char *copy_always(hvc_facts_builder *builder, const char *text)
{
    const char *own = copy(builder, text);
    return own != NULL ? own : "";
}

void hvc_facts_init(hvc_facts_builder *builder, const char *host, const char *label)
{
    *builder = (hvc_facts_builder){.arena = HVC_ARENA_INIT};
    builder->facts.host = copy_always(builder, host);
    builder->facts.label = copy_always(builder, label);
}

void hvc_facts_free(hvc_facts_builder *builder)
{
    if (builder == NULL)
        return;
    hvc_arena_free(&builder->arena);
    *builder = (hvc_facts_builder){.arena = HVC_ARENA_INIT};
}

/* The fact to set, or NULL when it stays as it is. */
static hvc_fact *settable(hvc_facts_builder *builder, hvc_fact_id id, hvc_fact_type type)
{
    if (infos[id].type != type) {
        builder->misused = true;
        return NULL;
    }
    hvc_fact *fact = &builder->facts.items[id];
    return fact->state != HVC_FACT_KNOWN ? fact : NULL;
}

void hvc_fact_set_bool(hvc_facts_builder *builder, hvc_fact_id id, bool value, const char *source)
{
    hvc_fact *fact = settable(builder, id, HVC_FACT_TYPE_BOOL);
    if (fact != NULL)
        *fact = (hvc_fact){
            .state = HVC_FACT_KNOWN, .flag = value, .source = copy_always(builder, source)};
}

void hvc_fact_set_number(hvc_facts_builder *builder, hvc_fact_id id, uint64_t value,
                         const char *source)
{
    hvc_fact *fact = settable(builder, id, HVC_FACT_TYPE_NUMBER);
    if (fact != NULL && value > INT64_MAX)
        hvc_fact_set_unavailable(builder, id, "the number is out of range");
    else if (fact != NULL)
        *fact = (hvc_fact){
            .state = HVC_FACT_KNOWN, .number = value, .source = copy_always(builder, source)};
}

void hvc_fact_set_text(hvc_facts_builder *builder, hvc_fact_id id, const char *value,
                       const char *source)
{
    hvc_fact *fact = settable(builder, id, HVC_FACT_TYPE_TEXT);
    if (fact != NULL && value != NULL)
        *fact = (hvc_fact){.state = HVC_FACT_KNOWN,
                           .text = copy_always(builder, value),
                           .source = copy_always(builder, source)};
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

void hvc_fact_set_numbers(hvc_facts_builder *builder, hvc_fact_id id, const uint64_t *values,
                          size_t count, const char *source)
{
    hvc_fact *fact = settable(builder, id, HVC_FACT_TYPE_NUMBERS);
    uint64_t *own = fact != NULL ? hvc_arena_array(&builder->arena, count, sizeof(*own)) : NULL;
    if (own == NULL)
        return;
    for (size_t i = 0; i < count; i++) {
        if (values[i] > INT64_MAX || count > HVC_MAX_FACT_NUMBERS) {
            hvc_fact_set_unavailable(builder, id, "the numbers are out of range");
            return;
        }
    }
    if (count > 0) {
        memcpy(own, values, count * sizeof(*own));
        qsort(own, count, sizeof(*own), compare_numbers);
    }
    *fact = (hvc_fact){.state = HVC_FACT_KNOWN,
                       .numbers = own,
                       .number_count = count,
                       .source = copy_always(builder, source)};
}

void hvc_fact_set_unavailable(hvc_facts_builder *builder, hvc_fact_id id, const char *why)
{
    hvc_fact *fact = &builder->facts.items[id];
    if (fact->state == HVC_FACT_UNASKED)
        *fact = (hvc_fact){.state = HVC_FACT_UNAVAILABLE, .why = copy_always(builder, why)};
}

void hvc_facts_add_key(hvc_facts_builder *builder, const char *key, hvc_key_state state,
                       const char *why)
{
    hvc_registry_key *own = hvc_vector_add(&builder->arena, &builder->keys);
    if (own != NULL)
        *own = (hvc_registry_key){copy_always(builder, key), state, copy(builder, why)};
}

void hvc_facts_add_value(hvc_facts_builder *builder, const hvc_registry_value *value)
{
    hvc_registry_value *own = hvc_vector_add(&builder->arena, &builder->values);
    uint8_t *data = own != NULL ? hvc_arena_alloc(&builder->arena, value->size) : NULL;
    if (data == NULL) {
        if (own != NULL)
            builder->values.count--;
        return;
    }
    if (value->size > 0)
        memcpy(data, value->data, value->size);
    *own = (hvc_registry_value){copy_always(builder, value->key), copy_always(builder, value->name),
                                value->type, data, value->size};
}

void hvc_facts_add_service(hvc_facts_builder *builder, const hvc_service *service)
{
    builder->facts.has_services = true;
    hvc_service *own = hvc_vector_add(&builder->arena, &builder->services);
    if (own != NULL)
        *own = (hvc_service){.name = copy_always(builder, service->name),
                             .image_path = copy(builder, service->image_path),
                             .file = copy(builder, service->file),
                             .group = copy(builder, service->group),
                             .type = service->type,
                             .start = service->start};
}

void hvc_facts_add_driver(hvc_facts_builder *builder, const hvc_machine_driver *driver)
{
    builder->facts.has_drivers = true;
    hvc_machine_driver *own = hvc_vector_add(&builder->arena, &builder->drivers);
    if (own == NULL)
        return;
    *own = *driver;
    own->module = copy_always(builder, driver->module);
    own->path = copy(builder, driver->path);
    own->sha256 = copy(builder, driver->sha256);
    own->signer = copy(builder, driver->signer);
    own->error = copy(builder, driver->error);
    own->reason = copy(builder, driver->reason);
}

void hvc_facts_add_event(hvc_facts_builder *builder, const hvc_ci_event *event)
{
    builder->facts.has_events = true;
    hvc_ci_event *own = hvc_vector_add(&builder->arena, &builder->events);
    if (own != NULL)
        *own = (hvc_ci_event){event->id, event->time <= INT64_MAX ? event->time : 0,
                              copy_always(builder, event->file), event->status};
}

/* The orders of the lists. What compares equal keeps the order in which it was added: the
 * addresses of the items tell it. */
static int by_address(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)a, y = (uintptr_t)b;
    return (x > y) - (x < y);
}

static int compare_keys(const void *a, const void *b)
{
    const hvc_registry_key *const *x = a, *const *y = b;
    int order = hvc_registry_compare((*x)->key, (*y)->key);
    if (order == 0) /* what was read comes first */
        order = ((*x)->state != HVC_KEY_READ) - ((*y)->state != HVC_KEY_READ);
    return order != 0 ? order : by_address(*x, *y);
}

static int compare_values(const void *a, const void *b)
{
    const hvc_registry_value *const *x = a, *const *y = b;
    int order = hvc_registry_compare((*x)->key, (*y)->key);
    if (order == 0)
        order = hvc_registry_compare((*x)->name, (*y)->name);
    return order != 0 ? order : by_address(*x, *y);
}

static int compare_services(const void *a, const void *b)
{
    const hvc_service *const *x = a, *const *y = b;
    int order = hvc_registry_compare((*x)->name, (*y)->name);
    return order != 0 ? order : by_address(*x, *y);
}

static int compare_drivers(const void *a, const void *b)
{
    const hvc_machine_driver *const *x = a, *const *y = b;
    int order = hvc_registry_compare((*x)->module, (*y)->module);
    if (order == 0)
        order = strcmp((*x)->path != NULL ? (*x)->path : "", (*y)->path != NULL ? (*y)->path : "");
    return order != 0 ? order : by_address(*x, *y);
}

static int compare_events(const void *a, const void *b)
{
    const hvc_ci_event *const *x = a, *const *y = b;
    int order = ((*x)->time > (*y)->time) - ((*x)->time < (*y)->time);
    return order != 0 ? order : by_address(*x, *y);
}

/* A sorted copy of a list. The list itself keeps the order of adding, for the next time. */
static void *sorted(hvc_arena *arena, const void *items, size_t count, size_t size,
                    int (*compare)(const void *, const void *))
{
    const char **order = hvc_arena_array(arena, count, sizeof(*order));
    char *copies = hvc_arena_array(arena, count, size);
    if (order == NULL || copies == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        order[i] = (const char *)items + i * size;
    if (count > 1)
        qsort(order, count, sizeof(*order), compare);
    for (size_t i = 0; i < count; i++)
        memcpy(copies + i * size, order[i], size);
    return copies;
}

static size_t unique_keys(hvc_registry_key *keys, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || hvc_registry_compare(keys[kept - 1].key, keys[i].key) != 0)
            keys[kept++] = keys[i];
    return kept;
}

static size_t unique_values(hvc_registry_value *values, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || hvc_registry_compare(values[kept - 1].key, values[i].key) != 0 ||
            hvc_registry_compare(values[kept - 1].name, values[i].name) != 0)
            values[kept++] = values[i];
    return kept;
}

hvc_status hvc_facts_finish(hvc_facts_builder *builder)
{
    hvc_arena *arena = &builder->arena;
    hvc_facts *facts = &builder->facts;
#define SORTED(list, compare)                                                                      \
    sorted(arena, builder->list.items, builder->list.count, sizeof(*builder->list.items), compare)
    hvc_registry_key *keys = SORTED(keys, compare_keys);
    hvc_registry_value *values = SORTED(values, compare_values);
    hvc_service *services = SORTED(services, compare_services);
    hvc_machine_driver *drivers = SORTED(drivers, compare_drivers);
    hvc_ci_event *events = SORTED(events, compare_events);
#undef SORTED
    if (arena->failed)
        return HVC_E_MEMORY;
    if (builder->misused)
        return HVC_E_INTERNAL;
    facts->keys = keys;
    facts->key_count = unique_keys(keys, builder->keys.count);
    facts->values = values;
    facts->value_count = unique_values(values, builder->values.count);
    facts->services = services;
    facts->service_count = builder->services.count;
    facts->drivers = drivers;
    facts->driver_count = builder->drivers.count;
    facts->events = events;
    facts->event_count = builder->events.count;
    return HVC_OK;
}
