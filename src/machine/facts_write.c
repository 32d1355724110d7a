/* The facts of a machine as JSON: data/schema/facts-1.json. */
#include <string.h>

#include <hvcheck/version.h>

#include "base/json.h"
#include "base/limits.h"
#include "machine/facts_json.h"

static void put_fact(hvc_json *json, const hvc_fact_info *info, const hvc_fact *fact)
{
    hvc_json_open_object(json, info->name);
    if (fact->state == HVC_FACT_UNAVAILABLE) {
        hvc_json_string(json, "unavailable", fact->why);
        hvc_json_close_object(json);
        return;
    }
    switch (info->type) {
    case HVC_FACT_TYPE_BOOL:
        hvc_json_bool(json, "value", fact->flag);
        break;
    case HVC_FACT_TYPE_NUMBER:
        hvc_json_uint(json, "value", fact->number);
        break;
    case HVC_FACT_TYPE_TEXT:
        hvc_json_string(json, "value", fact->text);
        break;
    case HVC_FACT_TYPE_NUMBERS:
        hvc_json_open_array(json, "value");
        for (size_t i = 0; i < fact->number_count; i++)
            hvc_json_uint(json, NULL, fact->numbers[i]);
        hvc_json_close_array(json);
        break;
    }
    hvc_json_string(json, "source", fact->source);
    hvc_json_close_object(json);
}

static void put_value(hvc_json *json, const hvc_registry_value *value)
{
    hvc_arena arena = HVC_ARENA_INIT;
    hvc_json_open_object(json, NULL);
    hvc_json_string(json, "key", value->key);
    hvc_json_string(json, "name", value->name);
    hvc_json_uint(json, "type", value->type);
    const char *text = NULL;
    if (value->type == HVC_REG_SZ || value->type == HVC_REG_EXPAND_SZ)
        text = hvc_registry_text(&arena, value->data, value->size);
    if (text != NULL && strlen(text) <= HVC_MAX_FACT_TEXT) {
        hvc_json_string(json, "data", text);
    } else if (value->type == HVC_REG_DWORD && value->size == 4) {
        hvc_json_uint(json, "data", hvc_le32(value->data));
    } else {
        static const char digits[] = "0123456789abcdef";
        char *hex = hvc_arena_array(&arena, value->size, 2);
        for (size_t i = 0; hex != NULL && i < value->size; i++) {
            hex[2 * i] = digits[value->data[i] >> 4];
            hex[2 * i + 1] = digits[value->data[i] & 15];
        }
        hvc_json_open_object(json, "data");
        hvc_json_text(json, "hex", (hvc_text){hex, hex != NULL ? value->size * 2 : 0});
        hvc_json_close_object(json);
    }
    hvc_json_close_object(json);
    if (arena.failed)
        json->out->failed = true;
    hvc_arena_free(&arena);
}

static void put_registry(hvc_json *json, const hvc_facts *facts)
{
    hvc_json_open_object(json, "registry");
    hvc_json_open_array(json, "keys");
    for (size_t i = 0; i < facts->key_count; i++) {
        hvc_json_open_object(json, NULL);
        hvc_json_string(json, "key", facts->keys[i].key);
        hvc_json_string(json, "state", hvc_key_state_name(facts->keys[i].state));
        hvc_json_string(json, "why", facts->keys[i].why);
        hvc_json_close_object(json);
    }
    hvc_json_close_array(json);
    hvc_json_open_array(json, "values");
    for (size_t i = 0; i < facts->value_count; i++)
        put_value(json, &facts->values[i]);
    hvc_json_close_array(json);
    hvc_json_close_object(json);
}

static void put_services(hvc_json *json, const hvc_facts *facts)
{
    if (!facts->has_services) {
        hvc_json_null(json, "services");
        return;
    }
    hvc_json_open_array(json, "services");
    for (size_t i = 0; i < facts->service_count; i++) {
        const hvc_service *service = &facts->services[i];
        hvc_json_open_object(json, NULL);
        hvc_json_string(json, "name", service->name);
        hvc_json_string(json, "image_path", service->image_path);
        hvc_json_string(json, "file", service->file);
        hvc_json_string(json, "group", service->group);
        hvc_json_uint(json, "type", service->type);
        hvc_json_uint(json, "start", service->start);
        hvc_json_close_object(json);
    }
    hvc_json_close_array(json);
}

static void put_counters(hvc_json *json, const char *key, const uint64_t *counters)
{
    hvc_json_open_object(json, key);
    for (int i = 0; i < HVC_COUNTER_COUNT; i++)
        hvc_json_uint(json, hvc_counter_id((hvc_counter)i), counters[i]);
    hvc_json_close_object(json);
}

static void put_drivers(hvc_json *json, const hvc_facts *facts)
{
    if (!facts->has_drivers) {
        hvc_json_null(json, "drivers");
        return;
    }
    hvc_json_open_array(json, "drivers");
    for (size_t i = 0; i < facts->driver_count; i++) {
        const hvc_machine_driver *driver = &facts->drivers[i];
        hvc_json_open_object(json, NULL);
        hvc_json_string(json, "module", driver->module);
        hvc_json_string(json, "path", driver->path);
        hvc_json_string(json, "sha256", driver->sha256);
        hvc_json_string(json, "signer", driver->signer);
        hvc_json_bool(json, "boot_start", driver->boot_start);
        hvc_json_bool(json, "windows_signed", driver->windows_signed);
        hvc_json_bool(json, "examined", driver->examined);
        hvc_json_string(json, "error", driver->error);
        put_counters(json, "counters", driver->counters);
        if (driver->has_verifier_counters)
            put_counters(json, "verifier_counters", driver->verifier_counters);
        else
            hvc_json_null(json, "verifier_counters");
        hvc_json_string(json, "verifier", hvc_verdict_name(driver->verifier));
        hvc_json_string(json, "load", hvc_verdict_name(driver->load));
        hvc_json_string(json, "reason", driver->reason);
        hvc_json_close_object(json);
    }
    hvc_json_close_array(json);
}

static void put_events(hvc_json *json, const hvc_facts *facts)
{
    if (!facts->has_events) {
        hvc_json_null(json, "events");
        return;
    }
    hvc_json_open_array(json, "events");
    for (size_t i = 0; i < facts->event_count; i++) {
        hvc_json_open_object(json, NULL);
        hvc_json_uint(json, "id", facts->events[i].id);
        hvc_json_uint(json, "time", facts->events[i].time);
        hvc_json_string(json, "file", facts->events[i].file);
        hvc_json_uint(json, "status", facts->events[i].status);
        hvc_json_close_object(json);
    }
    hvc_json_close_array(json);
}

void hvc_facts_write(const hvc_facts *facts, hvc_buffer *out)
{
    hvc_json json;
    hvc_json_init(&json, out, 2);
    hvc_json_open_object(&json, NULL);
    hvc_json_string(&json, "document", "facts");
    hvc_json_uint(&json, "schema", HVC_FACTS_SCHEMA);
    hvc_json_open_object(&json, "tool");
    hvc_json_string(&json, "name", "hvcheck");
    hvc_json_string(&json, "version", hvc_version());
    hvc_json_close_object(&json);
    hvc_json_string(&json, "host", facts->host);
    hvc_json_string(&json, "label", facts->label);
    hvc_json_open_object(&json, "facts");
    for (int i = 0; i < HVC_FACT_COUNT; i++)
        if (facts->items[i].state != HVC_FACT_UNASKED)
            put_fact(&json, hvc_fact_info_of((hvc_fact_id)i), &facts->items[i]);
    hvc_json_close_object(&json);
    put_registry(&json, facts);
    put_services(&json, facts);
    put_drivers(&json, facts);
    put_events(&json, facts);
    hvc_json_close_object(&json);
    hvc_buffer_puts(out, "\n");
}
