/* A plan for people, with the lines of the readiness tool in its order, and as lines for cmd.exe.
 */
#include <string.h>

#include "machine/plan.h"

static void put_escaped(hvc_buffer *out, const char *text)
{
    hvc_buffer_escaped(out, (hvc_text){text, strlen(text)});
}

static void put_old(hvc_buffer *out, const hvc_change *change)
{
    if (change->old_state == HVC_OLD_ABSENT)
        hvc_buffer_puts(out, "absent");
    else if (change->old_state == HVC_OLD_UNKNOWN)
        hvc_buffer_puts(out, "not known");
    else if (change->kind == HVC_CHANGE_DELETE_KEY)
        hvc_buffer_puts(out, "present");
    else
        hvc_registry_value_text(&change->old_value, out);
}

/* Backslashes of a key stay as they are; anything else that a terminal minds is escaped. */
static void put_key(hvc_buffer *out, const char *key)
{
    for (const char *part = key; *part != '\0';) {
        size_t length = strcspn(part, "\\");
        hvc_buffer_escaped(out, (hvc_text){part, length});
        part += length;
        if (*part == '\\') {
            hvc_buffer_puts(out, "\\");
            part++;
        }
    }
}

static void put_registry(hvc_buffer *out, const hvc_change *change, const char **last_key)
{
    if (*last_key == NULL || strcmp(*last_key, change->key) != 0) {
        hvc_buffer_puts(out, "  HKLM\\");
        put_key(out, change->key);
        hvc_buffer_puts(out, "\n");
    }
    *last_key = change->key;
    const char *name = change->name != NULL ? change->name : "";
    hvc_buffer_puts(out, "    ");
    if (change->kind == HVC_CHANGE_DELETE_KEY || change->kind == HVC_CHANGE_CREATE_KEY) {
        hvc_buffer_puts(out, change->kind == HVC_CHANGE_DELETE_KEY ? "the key and what is in it: "
                                                                   : "the key: ");
        put_old(out, change);
        hvc_buffer_puts(out, change->kind == HVC_CHANGE_DELETE_KEY ? " -> absent" : " -> present");
        *last_key = NULL;
    } else {
        put_escaped(out, *name != '\0' ? name : "(default)");
        uint32_t type =
            change->kind == HVC_CHANGE_SET_VALUE ? change->new_value.type : change->old_value.type;
        bool typed = change->kind == HVC_CHANGE_SET_VALUE || change->old_state == HVC_OLD_KNOWN;
        hvc_buffer_printf(out, "  %s: ", typed ? hvc_registry_type_name(type) : "any type");
        put_old(out, change);
        hvc_buffer_puts(out, " -> ");
        if (change->kind == HVC_CHANGE_SET_VALUE)
            hvc_registry_value_text(&change->new_value, out);
        else
            hvc_buffer_puts(out, "absent");
    }
    if (change->why != NULL)
        hvc_buffer_printf(out, "  (%s)", change->why);
    hvc_buffer_puts(out, "\n");
}

static void put_commands(hvc_buffer *out, const hvc_change *change)
{
    hvc_buffer_puts(out, "  run as an administrator of that Windows:\n");
    for (size_t i = 0; i < change->command_count; i++)
        hvc_buffer_printf(out, "    %s\n", change->commands[i]);
}

/* The readiness tool's line above a kind of changes; NULL: none. */
static const char *heading(const hvc_plan *plan, hvc_change_kind kind)
{
    switch (kind) {
    case HVC_CHANGE_COPY_FILE:
        return "Copying user provided SIpolicy.p7b";
    case HVC_CHANGE_ENABLE_FEATURE:
        return "Enabling Hyper-V and IOMMU";
    case HVC_CHANGE_DISABLE_FEATURE:
        return "Disabling Hyper-V and IOMMU";
    case HVC_CHANGE_REBOOT:
        return "Please reboot the machine, for settings to be applied.";
    case HVC_CHANGE_DELETE_FILE:
        return "Deleting SIPolicy.p7b";
    case HVC_CHANGE_OPT_OUT:
        return "UEFI opt-out at the next start";
    case HVC_CHANGE_RESET_VERIFIER:
        return "Resetting Driver Verifier";
    default:
        return plan->action == HVC_PLAN_ENABLE    ? "Setting RegKeys to enable DG/CG"
               : plan->action == HVC_PLAN_DISABLE ? "Deleting RegKeys to disable DG/CG"
                                                  : NULL;
    }
}

static void put_feature(const hvc_plan *plan, const hvc_apply_result *result, hvc_buffer *out)
{
    const char *verb = plan->action == HVC_PLAN_ENABLE ? "Enabling" : "Disabling";
    if (result->feature_done)
        hvc_buffer_printf(out, "%s Hyper-V and IOMMU successful\n", verb);
    else
        hvc_buffer_printf(out, "%s Hyper-V failed please check the log file\n", verb);
}

static bool is_feature(const hvc_change *change)
{
    return change->kind == HVC_CHANGE_ENABLE_FEATURE || change->kind == HVC_CHANGE_DISABLE_FEATURE;
}

static void put_changes(const hvc_plan *plan, const hvc_apply_result *result, hvc_buffer *out)
{
    const char *last_key = NULL, *last_heading = NULL;
    for (size_t i = 0; i < plan->change_count; i++) {
        const hvc_change *change = &plan->changes[i];
        const char *line = heading(plan, change->kind);
        if (change->kind == HVC_CHANGE_ENABLE_FEATURE && change->name != NULL &&
            strcmp(change->name, "IsolatedUserMode") == 0)
            line = "OS Not Redstone, enabling IsolatedUserMode separately";
        if (line != NULL && line != last_heading)
            hvc_buffer_printf(out, "%s\n", line);
        last_heading = line;
        if (hvc_change_is_registry(change))
            put_registry(out, change, &last_key);
        else if (!hvc_change_done_here(plan, change) && change->kind != HVC_CHANGE_REBOOT)
            put_commands(out, change);
        else if (change->key != NULL)
            hvc_buffer_printf(out, "  %s\n", change->key);
        bool last = i + 1 == plan->change_count || !is_feature(&plan->changes[i + 1]);
        if (is_feature(change) && last && result != NULL && result->feature_tried)
            put_feature(plan, result, out);
    }
}

void hvc_plan_write_text(const hvc_plan *plan, const hvc_apply_result *result, hvc_buffer *out)
{
    if (plan->action == HVC_PLAN_ENABLE)
        hvc_buffer_puts(out, "Enabling Device Guard and Credential Guard\n");
    else if (plan->action == HVC_PLAN_DISABLE)
        hvc_buffer_puts(out, "Disabling Device Guard and Credential Guard\n");
    put_changes(plan, result, out);
    for (size_t i = 0; i < plan->refusal_count; i++) {
        const hvc_refusal *refusal = &plan->refusals[i];
        hvc_buffer_printf(out, "%s (%s): ", refusal->overridden ? "Overridden" : "Refused",
                          refusal->name);
        put_key(out, refusal->text);
        hvc_buffer_puts(out, "\n");
    }
    for (size_t i = 0; i < plan->note_count; i++) {
        hvc_buffer_puts(out, "Note: ");
        put_key(out, plan->notes[i]);
        hvc_buffer_puts(out, "\n");
    }
    if (plan->change_count == 0)
        hvc_buffer_puts(out, "Nothing to change: everything is as asked.\n");
    else if (plan->refused)
        hvc_buffer_puts(out, "Nothing was changed: --override NAME passes over a refusal.\n");
    else if (result == NULL)
        hvc_buffer_puts(out, "Nothing was changed: --apply carries this out.\n");
}

void hvc_plan_write_commands(const hvc_plan *plan, hvc_buffer *out)
{
    for (size_t i = 0; i < plan->change_count; i++)
        for (size_t j = 0; j < plan->changes[i].command_count; j++)
            hvc_buffer_printf(out, "%s\r\n", plan->changes[i].commands[j]);
}
