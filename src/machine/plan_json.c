/* A plan as JSON: data/schema/plan-1.json. */
#include <hvcheck/version.h>

#include "base/json.h"
#include "base/span.h"
#include "machine/plan.h"

enum { TYPE_DWORD = 4, INDENT = 2 };

static const char *action_name(hvc_plan_action action)
{
    static const char *const names[] = {"enable", "disable", "clear", "reset-verifier", "undo"};
    return names[action];
}

static void put_value(hvc_json *json, const char *key, const hvc_registry_value *value)
{
    hvc_json_open_object(json, key);
    hvc_json_string(json, "type", hvc_registry_type_name(value->type));
    if (value->type == TYPE_DWORD && value->size == 4) {
        hvc_json_uint(json, "number", hvc_le32(value->data));
    } else {
        hvc_buffer hex = HVC_BUFFER_INIT;
        for (size_t i = 0; i < value->size; i++)
            hvc_buffer_printf(&hex, "%02x", value->data[i]);
        hvc_json_text(json, "data", (hvc_text){hex.size > 0 ? hex.data : "", hex.size});
        json->out->failed = json->out->failed || hex.failed;
        hvc_buffer_free(&hex);
    }
    hvc_json_close_object(json);
}

static void put_change(hvc_json *json, const hvc_plan *plan, const hvc_change *change)
{
    static const char *const states[] = {"unknown", "absent", "present"};
    bool has_value =
        change->kind == HVC_CHANGE_SET_VALUE || change->kind == HVC_CHANGE_DELETE_VALUE;
    hvc_json_open_object(json, NULL);
    hvc_json_string(json, "kind", hvc_change_kind_name(change->kind));
    hvc_json_string(json, "key", change->key);
    hvc_json_string(json, "name", change->name);
    bool has_old = hvc_change_is_registry(change) || change->kind == HVC_CHANGE_COPY_FILE ||
                   change->kind == HVC_CHANGE_DELETE_FILE;
    hvc_json_string(json, "old_state", has_old ? states[change->old_state] : NULL);
    if (has_value && change->old_state == HVC_OLD_KNOWN)
        put_value(json, "old", &change->old_value);
    else
        hvc_json_null(json, "old");
    if (change->kind == HVC_CHANGE_SET_VALUE)
        put_value(json, "new", &change->new_value);
    else
        hvc_json_null(json, "new");
    hvc_json_string(json, "file", change->file);
    hvc_json_string(json, "why", change->why);
    hvc_json_bool(json, "here", hvc_change_done_here(plan, change));
    hvc_json_open_array(json, "commands");
    for (size_t i = 0; i < change->command_count; i++)
        hvc_json_string(json, NULL, change->commands[i]);
    hvc_json_close_array(json);
    hvc_json_close_object(json);
}

void hvc_plan_write_json(const hvc_plan *plan, hvc_buffer *out)
{
    hvc_json json;
    hvc_json_init(&json, out, INDENT);
    hvc_json_open_object(&json, NULL);
    hvc_json_uint(&json, "schema", HVC_PLAN_SCHEMA);
    hvc_json_open_object(&json, "tool");
    hvc_json_string(&json, "name", "hvcheck");
    hvc_json_string(&json, "version", hvc_version());
    hvc_json_close_object(&json);
    hvc_json_string(&json, "action", action_name(plan->action));
    hvc_json_open_object(&json, "about");
    hvc_json_bool(&json, "hvci", plan->hvci);
    hvc_json_bool(&json, "cg", plan->cg);
    hvc_json_bool(&json, "policy", plan->policy);
    hvc_json_bool(&json, "lock", plan->lock);
    hvc_json_close_object(&json);
    hvc_json_open_object(&json, "machine");
    hvc_json_string(&json, "host", plan->host);
    hvc_json_string(&json, "label", plan->label);
    if (plan->build != 0)
        hvc_json_uint(&json, "build", plan->build);
    else
        hvc_json_null(&json, "build");
    hvc_json_close_object(&json);
    hvc_json_bool(&json, "refused", plan->refused);
    hvc_json_open_array(&json, "changes");
    for (size_t i = 0; i < plan->change_count; i++)
        put_change(&json, plan, &plan->changes[i]);
    hvc_json_close_array(&json);
    hvc_json_open_array(&json, "refusals");
    for (size_t i = 0; i < plan->refusal_count; i++) {
        hvc_json_open_object(&json, NULL);
        hvc_json_string(&json, "name", plan->refusals[i].name);
        hvc_json_string(&json, "text", plan->refusals[i].text);
        hvc_json_bool(&json, "overridden", plan->refusals[i].overridden);
        hvc_json_close_object(&json);
    }
    hvc_json_close_array(&json);
    hvc_json_open_array(&json, "notes");
    for (size_t i = 0; i < plan->note_count; i++)
        hvc_json_string(&json, NULL, plan->notes[i]);
    hvc_json_close_array(&json);
    hvc_json_close_object(&json);
    hvc_buffer_puts(out, "\n");
}
