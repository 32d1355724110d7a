/* Win32_DeviceGuard (root\Microsoft\Windows\DeviceGuard) as ConvertTo-Json of PowerShell writes it:
 * an object, or an array with one. Its properties are numbers and lists of numbers whatever the
 * language of Windows. */
#include <jansson.h>

#include "base/error.h"
#include "base/limits.h"
#include "machine/probe.h"
#include "machine/text.h"

#define SOURCE "Win32_DeviceGuard"

typedef struct property {
    const char *name;
    hvc_fact_id fact;
    bool list;
    uint32_t largest; /* documented value of a single number */
} property;

static const property properties[] = {
    {"VirtualizationBasedSecurityStatus", HVC_FACT_DG_VBS_STATUS, false, 2},
    {"AvailableSecurityProperties", HVC_FACT_DG_AVAILABLE, true, 0},
    {"RequiredSecurityProperties", HVC_FACT_DG_REQUIRED, true, 0},
    {"SecurityServicesConfigured", HVC_FACT_DG_CONFIGURED, true, 0},
    {"SecurityServicesRunning", HVC_FACT_DG_RUNNING, true, 0},
    {"CodeIntegrityPolicyEnforcementStatus", HVC_FACT_DG_CI_POLICY, false, 2},
    {"UsermodeCodeIntegrityPolicyEnforcementStatus", HVC_FACT_DG_UMCI_POLICY, false, 2},
    {"SmmIsolationLevel", HVC_FACT_DG_SMM_LEVEL, false, UINT32_MAX},
};
enum { PROPERTY_COUNT = sizeof(properties) / sizeof(properties[0]) };

static void unavailable(hvc_facts_builder *builder, const property *it, const char *what)
{
    const char *why =
        hvc_arena_printf(&builder->arena, "%s in the JSON: %s %s", SOURCE, it->name, what);
    if (why != NULL)
        hvc_fact_set_unavailable(builder, it->fact, why);
}

static bool read_number(const json_t *value, uint64_t *ret)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > (json_int_t)UINT32_MAX)
        return false;
    *ret = (uint64_t)json_integer_value(value);
    return true;
}

static void set_list(hvc_facts_builder *builder, const property *it, const json_t *value)
{
    /* Windows PowerShell writes an array that carries members of its own as an object. */
    if (json_is_object(value))
        value = json_object_get(value, "value");
    size_t count = json_array_size(value);
    uint64_t numbers[HVC_MAX_FACT_NUMBERS];
    if (!json_is_array(value) || count > HVC_MAX_FACT_NUMBERS) {
        unavailable(builder, it, "is no list of a few numbers");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (!read_number(json_array_get(value, i), &numbers[i])) {
            unavailable(builder, it, "holds what is no number");
            return;
        }
    }
    hvc_fact_set_numbers(builder, it->fact, numbers, count, SOURCE ": from a JSON file");
}

static void set(hvc_facts_builder *builder, const property *it, const json_t *value)
{
    uint64_t number;
    if (value == NULL)
        unavailable(builder, it, "is not there");
    else if (json_is_null(value))
        unavailable(builder, it, "is null");
    else if (it->list)
        set_list(builder, it, value);
    else if (!read_number(value, &number))
        unavailable(builder, it, "is no number");
    else if (number > it->largest)
        unavailable(builder, it, "has a value that is not documented");
    else
        hvc_fact_set_number(builder, it->fact, number, SOURCE ": from a JSON file");
}

/* The machine's name, as remote queries and queries of WMI write it. */
static void set_label(hvc_facts_builder *builder, const json_t *root)
{
    const char *name = json_string_value(json_object_get(root, "PSComputerName"));
    if (name == NULL)
        name = json_string_value(
            json_object_get(json_object_get(root, "CimSystemProperties"), "ServerName"));
    if (name == NULL)
        name = json_string_value(json_object_get(root, "__SERVER"));
    const char *own = name != NULL ? hvc_arena_strdup(&builder->arena, name) : NULL;
    if (own != NULL && own[0] != 0)
        builder->facts.label = own;
}

static hvc_status import(hvc_facts_builder *builder, const json_t *root, hvc_error *error)
{
    if (json_is_array(root)) {
        if (json_array_size(root) != 1)
            return hvc_fail(error, HVC_E_MALFORMED, "an array of %zu instances, not of one",
                            json_array_size(root));
        root = json_array_get(root, 0);
    }
    bool any = false;
    for (size_t i = 0; i < PROPERTY_COUNT; i++)
        any |= json_object_get(root, properties[i].name) != NULL;
    if (!any)
        return hvc_fail(error, HVC_E_MALFORMED, "no property of Win32_DeviceGuard is in it");
    for (size_t i = 0; i < PROPERTY_COUNT; i++)
        set(builder, &properties[i], json_object_get(root, properties[i].name));
    set_label(builder, root);
    hvc_facts_explain_rest(builder, SOURCE " does not tell it");
    return builder->arena.failed ? hvc_fail_memory(error) : HVC_OK;
}

hvc_status hvc_import_device_guard_json(hvc_facts_builder *builder, hvc_span bytes,
                                        hvc_error *error)
{
    if (bytes.size > HVC_MAX_FACTS_BYTES)
        return hvc_fail(error, HVC_E_LIMIT, "%zu bytes of JSON are more than the limit of %llu",
                        bytes.size, (unsigned long long)HVC_MAX_FACTS_BYTES);
    hvc_arena arena = HVC_ARENA_INIT;
    hvc_text text;
    hvc_status status = hvc_decode_text(&arena, bytes, &text, error);
    if (status == HVC_OK) {
        json_error_t reason;
        json_t *root = json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES, &reason);
        if (root != NULL)
            status = import(builder, root, error);
        else if (json_error_code(&reason) == json_error_out_of_memory)
            status = hvc_fail_memory(error);
        else
            status = hvc_fail(error, HVC_E_MALFORMED, "no JSON: line %d, column %d: %s",
                              reason.line, reason.column, reason.text);
        json_decref(root);
    }
    hvc_arena_free(&arena);
    return status;
}
