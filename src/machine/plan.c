/* Which changes a request means for one machine. */
#include "machine/plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/span.h"

enum { TYPE_DWORD = 4 };

#define DISM "dism.exe /Online /"

bool hvc_change_is_registry(const hvc_change *change)
{
    return change->kind <= HVC_CHANGE_DELETE_KEY;
}

bool hvc_change_done_here(const hvc_plan *plan, const hvc_change *change)
{
    switch (change->kind) {
    case HVC_CHANGE_SET_VALUE:
    case HVC_CHANGE_DELETE_VALUE:
    case HVC_CHANGE_CREATE_KEY:
    case HVC_CHANGE_DELETE_KEY:
    case HVC_CHANGE_COPY_FILE:
    case HVC_CHANGE_DELETE_FILE:
        return true;
    case HVC_CHANGE_ENABLE_FEATURE:
    case HVC_CHANGE_DISABLE_FEATURE:
    case HVC_CHANGE_RESET_VERIFIER:
        return strcmp(plan->host, "windows") == 0;
    default:
        return false;
    }
}

hvc_plan_builder *hvc_plan_begin(const hvc_facts *facts, const hvc_plan_request *request)
{
    hvc_plan_builder *builder = calloc(1, sizeof(*builder));
    if (builder == NULL)
        return NULL;
    builder->facts = facts;
    builder->request = request;
    hvc_plan *plan = &builder->plan;
    plan->action = request->action;
    bool all = !request->hvci && !request->dg && !request->cg;
    plan->hvci = all || request->hvci || request->dg;
    plan->policy = all || request->dg;
    plan->cg = all || request->cg;
    plan->lock = request->lock && request->action == HVC_PLAN_ENABLE;
    plan->host = hvc_arena_strdup(&builder->arena, facts->host);
    plan->label = hvc_arena_strdup(&builder->arena, facts->label);
    const hvc_fact *build = hvc_fact_of(facts, HVC_FACT_OS_BUILD);
    plan->build = build->state == HVC_FACT_KNOWN ? build->number : 0;
    return builder;
}

void hvc_plan_note(hvc_plan_builder *builder, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = hvc_arena_vprintf(&builder->arena, format, args);
    va_end(args);
    const char **note = hvc_vector_add(&builder->arena, &builder->notes);
    if (note != NULL)
        *note = text;
}

static void add_commands(hvc_plan_builder *builder, hvc_change *change, const char *const *lines,
                         size_t count)
{
    const char **own = hvc_arena_array(&builder->arena, count, sizeof(*own));
    if (own == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        own[i] = hvc_arena_strdup(&builder->arena, lines[i]);
    change->commands = own;
    change->command_count = count;
}

static hvc_registry_value copy_value(hvc_plan_builder *builder, const hvc_registry_value *value)
{
    hvc_registry_value own = *value;
    own.key = hvc_arena_strdup(&builder->arena, value->key);
    own.name = hvc_arena_strdup(&builder->arena, value->name);
    uint8_t *data = hvc_arena_alloc(&builder->arena, value->size > 0 ? value->size : 1);
    if (data != NULL && value->size > 0)
        memcpy(data, value->data, value->size);
    own.data = data;
    return own;
}

/* The reg.exe line of a change. Only DWORDs are set by plans; data of other types comes from undo
 * files, and those are imported as they are. */
static void add_reg_line(hvc_plan_builder *builder, hvc_change *change)
{
    hvc_arena *arena = &builder->arena;
    const char *line = NULL;
    const char *name = change->name;
    if (change->kind == HVC_CHANGE_CREATE_KEY)
        line = hvc_arena_printf(arena, "reg.exe add \"HKLM\\%s\" /f", change->key);
    else if (change->kind == HVC_CHANGE_DELETE_KEY)
        line = hvc_arena_printf(arena, "reg.exe delete \"HKLM\\%s\" /f", change->key);
    else if (change->kind == HVC_CHANGE_DELETE_VALUE)
        line =
            hvc_arena_printf(arena, "reg.exe delete \"HKLM\\%s\" /v \"%s\" /f", change->key, name);
    else if (change->new_value.type == TYPE_DWORD && change->new_value.size == 4)
        line = hvc_arena_printf(arena,
                                "reg.exe add \"HKLM\\%s\" /v \"%s\" /t REG_DWORD /d %" PRIu32 " /f",
                                change->key, name, hvc_le32(change->new_value.data));
    if (line != NULL)
        add_commands(builder, change, &line, 1);
}

/* What is at key\name now. */
static hvc_old_state old_value(hvc_plan_builder *builder, const char *key, const char *name,
                               hvc_registry_value *ret_old)
{
    const hvc_registry_value *value = hvc_facts_value(builder->facts, key, name);
    if (value != NULL) {
        *ret_old = copy_value(builder, value);
        return HVC_OLD_KNOWN;
    }
    /* Absent is only what the lookup is sure of. */
    hvc_fact number = hvc_facts_dword(builder->facts, key, name);
    return number.state == HVC_FACT_UNASKED ? HVC_OLD_ABSENT : HVC_OLD_UNKNOWN;
}

static hvc_old_state old_key(hvc_plan_builder *builder, const char *key)
{
    const hvc_registry_key *known = hvc_facts_key(builder->facts, key);
    if (known != NULL && known->state == HVC_KEY_READ)
        return HVC_OLD_KNOWN;
    return hvc_facts_dword(builder->facts, key, "").state == HVC_FACT_UNASKED ? HVC_OLD_ABSENT
                                                                              : HVC_OLD_UNKNOWN;
}

void hvc_plan_registry(hvc_plan_builder *builder, hvc_change_kind kind, const char *key,
                       const hvc_registry_value *value, const char *name, const char *why)
{
    hvc_change change = {.kind = kind, .why = why};
    bool whole_key = kind == HVC_CHANGE_DELETE_KEY || kind == HVC_CHANGE_CREATE_KEY;
    change.old_state =
        whole_key ? old_key(builder, key) : old_value(builder, key, name, &change.old_value);
    bool deletes = kind == HVC_CHANGE_DELETE_VALUE || kind == HVC_CHANGE_DELETE_KEY;
    if (deletes && change.old_state == HVC_OLD_ABSENT)
        return;
    if (kind == HVC_CHANGE_CREATE_KEY && change.old_state == HVC_OLD_KNOWN)
        return;
    if (kind == HVC_CHANGE_SET_VALUE && change.old_state == HVC_OLD_KNOWN &&
        change.old_value.type == value->type && change.old_value.size == value->size &&
        (value->size == 0 || memcmp(change.old_value.data, value->data, value->size) == 0))
        return;
    change.key = hvc_arena_strdup(&builder->arena, key);
    change.name = name != NULL ? hvc_arena_strdup(&builder->arena, name) : NULL;
    if (kind == HVC_CHANGE_SET_VALUE)
        change.new_value = copy_value(builder, value);
    add_reg_line(builder, &change);
    hvc_change *own = hvc_vector_add(&builder->arena, &builder->changes);
    if (own != NULL)
        *own = change;
}

static void add_setting(hvc_plan_builder *builder, const hvc_setting *setting)
{
    if (setting->kind != HVC_CHANGE_SET_VALUE) {
        hvc_plan_registry(builder, setting->kind, setting->key, NULL, setting->name, setting->why);
        return;
    }
    uint32_t number = builder->plan.lock ? setting->locked : setting->value;
    bool also = !builder->plan.lock || setting->locked == setting->value;
    hvc_fact old = hvc_facts_dword(builder->facts, setting->key, setting->name);
    if (old.state == HVC_FACT_KNOWN && also && old.number == setting->also)
        return;
    const uint8_t data[4] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16),
                             (uint8_t)(number >> 24)};
    const hvc_registry_value value = {setting->key, setting->name, TYPE_DWORD, data, sizeof(data)};
    hvc_plan_registry(builder, setting->kind, setting->key, &value, setting->name, setting->why);
}

static hvc_change *add_change(hvc_plan_builder *builder, hvc_change_kind kind, const char *why)
{
    hvc_change *change = hvc_vector_add(&builder->arena, &builder->changes);
    if (change == NULL)
        return NULL;
    *change = (hvc_change){.kind = kind, .why = why};
    return change;
}

static void add_feature(hvc_plan_builder *builder, hvc_change_kind kind, const char *name,
                        const char *instead)
{
    hvc_change *change = add_change(builder, kind, "the hypervisor that protects both");
    if (change == NULL)
        return;
    change->name = name;
    const char *verb = kind == HVC_CHANGE_ENABLE_FEATURE ? "Enable" : "Disable";
    const char *all = kind == HVC_CHANGE_ENABLE_FEATURE ? " /All" : "";
    hvc_arena *arena = &builder->arena;
    const char *line =
        hvc_arena_printf(arena, DISM "%s-Feature /FeatureName:%s%s /NoRestart", verb, name, all);
    if (instead != NULL && line != NULL)
        line = hvc_arena_printf(arena, "%s || " DISM "%s-Feature /FeatureName:%s%s /NoRestart",
                                line, verb, instead, all);
    if (line != NULL)
        add_commands(builder, change, &line, 1);
}

/* Installs the request's policy file, or deletes the one that is there. */
static void add_policy_file(hvc_plan_builder *builder, bool enable)
{
    const hvc_plan_request *request = builder->request;
    bool same = enable && request->policy_sha256 != NULL && request->installed_sha256 != NULL &&
                strcmp(request->policy_sha256, request->installed_sha256) == 0;
    if (same || (!enable && request->installed_policy == HVC_POLICY_ABSENT))
        return;
    hvc_change *change = add_change(builder, enable ? HVC_CHANGE_COPY_FILE : HVC_CHANGE_DELETE_FILE,
                                    "code integrity policy");
    if (change == NULL)
        return;
    change->key = HVC_FILE_POLICY;
    change->old_state = request->installed_policy == HVC_POLICY_PRESENT  ? HVC_OLD_KNOWN
                        : request->installed_policy == HVC_POLICY_ABSENT ? HVC_OLD_ABSENT
                                                                         : HVC_OLD_UNKNOWN;
    const char *line = "del /f \"%SystemRoot%\\System32\\CodeIntegrity\\SIPolicy.p7b\"";
    if (enable) {
        change->file = hvc_arena_strdup(&builder->arena, request->policy);
        line = hvc_arena_printf(&builder->arena,
                                "copy /y \"%s\" "
                                "\"%%SystemRoot%%\\System32\\CodeIntegrity\\SIPolicy.p7b\"",
                                request->policy);
    }
    if (line != NULL)
        add_commands(builder, change, &line, 1);
}

static void add_policy(hvc_plan_builder *builder)
{
    bool enable = builder->request->action == HVC_PLAN_ENABLE;
    if (enable && builder->request->policy == NULL)
        hvc_plan_note(builder, "No code integrity policy is installed: name one with --sipolicy. "
                               "hvcheck brings none of its own.");
    else
        add_policy_file(builder, enable);
}

bool hvc_plan_undo_file(hvc_plan_builder *builder, const char *comment)
{
    if (strcmp(comment, HVC_UNDO_POLICY_ABSENT) == 0)
        add_policy_file(builder, false);
    else if (strcmp(comment, HVC_UNDO_POLICY_KEPT) == 0 && builder->request->policy != NULL)
        add_policy_file(builder, true);
    return !builder->arena.failed;
}

/* One start with the firmware's own tool, which asks whoever sits there. */
static void add_opt_out(hvc_plan_builder *builder)
{
    static const char *const lines[] = {
        "mountvol S: /s",
        "copy /y \"%SystemRoot%\\System32\\SecConfig.efi\" S:\\EFI\\Microsoft\\Boot\\SecConfig.efi",
        "bcdedit /create {0cb3b571-2f2e-4343-a879-d86a476d7215} /d DGOptOut /application osloader",
        "bcdedit /set {0cb3b571-2f2e-4343-a879-d86a476d7215} path "
        "\\EFI\\Microsoft\\Boot\\SecConfig.efi",
        "bcdedit /set {bootmgr} bootsequence {0cb3b571-2f2e-4343-a879-d86a476d7215}",
        "bcdedit /set {0cb3b571-2f2e-4343-a879-d86a476d7215} loadoptions "
        "DISABLE-LSA-ISO,DISABLE-VBS",
        "bcdedit /set {0cb3b571-2f2e-4343-a879-d86a476d7215} device partition=S:",
        "mountvol S: /d",
    };
    const hvc_fact *uefi = hvc_fact_of(builder->facts, HVC_FACT_FIRMWARE_UEFI);
    if (uefi->state == HVC_FACT_KNOWN && !uefi->flag)
        return;
    hvc_change *change =
        add_change(builder, HVC_CHANGE_OPT_OUT,
                   "takes a UEFI lock away at the next start, when confirmed there");
    if (change != NULL)
        add_commands(builder, change, lines, sizeof(lines) / sizeof(*lines));
    hvc_plan_note(builder, "A changed boot entry can make BitLocker ask for its recovery key. "
                           "S: must be a free drive letter.");
}

static void add_verifier(hvc_plan_builder *builder)
{
    static const char *const line = "verifier.exe /reset";
    const hvc_fact *running = hvc_fact_of(builder->facts, HVC_FACT_VERIFIER_RUNNING);
    if (strcmp(builder->facts->host, "windows") != 0) {
        const char *why = "Driver Verifier's settings";
        hvc_plan_registry(builder, HVC_CHANGE_DELETE_VALUE, HVC_KEY_MEMORY, NULL,
                          "VerifyDriverLevel", why);
        hvc_plan_registry(builder, HVC_CHANGE_DELETE_VALUE, HVC_KEY_MEMORY, NULL, "VerifyDrivers",
                          why);
        return;
    }
    bool set = hvc_facts_value(builder->facts, HVC_KEY_MEMORY, "VerifyDriverLevel") != NULL ||
               hvc_facts_value(builder->facts, HVC_KEY_MEMORY, "VerifyDrivers") != NULL;
    if (running->state == HVC_FACT_KNOWN && !running->flag && !set)
        return;
    hvc_change *change =
        add_change(builder, HVC_CHANGE_RESET_VERIFIER, "Driver Verifier's settings");
    if (change != NULL)
        add_commands(builder, change, &line, 1);
}

static bool has_number(const hvc_fact *fact, uint64_t number)
{
    for (size_t i = 0; fact->state == HVC_FACT_KNOWN && i < fact->number_count; i++)
        if (fact->numbers[i] == number)
            return true;
    return false;
}

/* Whether what is not asked to go stays on and needs virtualization-based security. Not knowing
 * counts as needing it. */
static const char *base_needed_by(const hvc_plan_builder *builder)
{
    const hvc_facts *facts = builder->facts;
    if (!builder->plan.cg) {
        hvc_fact flags = hvc_facts_dword(facts, HVC_KEY_LSA, "LsaCfgFlags");
        hvc_fact preset = hvc_facts_dword(facts, HVC_KEY_LSA, "LsaCfgFlagsDefault");
        bool absent = flags.state == HVC_FACT_UNASKED;
        if (flags.state == HVC_FACT_UNAVAILABLE || (!absent && flags.number != 0) ||
            (absent && preset.state == HVC_FACT_KNOWN && preset.number != 0) ||
            has_number(hvc_fact_of(facts, HVC_FACT_DG_CONFIGURED), 1))
            return "Credential Guard";
    }
    if (!builder->plan.hvci) {
        bool old = builder->plan.build != 0 && builder->plan.build < HVC_BUILD_1607;
        hvc_fact enabled =
            old ? hvc_facts_dword(facts, HVC_KEY_DEVICE_GUARD, "HypervisorEnforcedCodeIntegrity")
                : hvc_facts_dword(facts, HVC_KEY_HVCI, "Enabled");
        if (enabled.state == HVC_FACT_UNAVAILABLE ||
            (enabled.state == HVC_FACT_KNOWN && enabled.number != 0))
            return "memory integrity";
    }
    return NULL;
}

static unsigned wanted_parts(hvc_plan_builder *builder)
{
    const hvc_plan *plan = &builder->plan;
    unsigned parts = HVC_PART_BASE | HVC_PART_RESULTS;
    parts |= plan->hvci ? HVC_PART_HVCI : 0;
    parts |= plan->cg ? HVC_PART_CG : 0;
    const char *needed = plan->action == HVC_PLAN_DISABLE ? base_needed_by(builder) : NULL;
    if (needed == NULL)
        return parts;
    hvc_plan_note(builder, "Virtualization-based security itself stays on: %s needs it.", needed);
    return parts & ~(unsigned)HVC_PART_BASE;
}

static void add_settings(hvc_plan_builder *builder)
{
    unsigned parts = wanted_parts(builder);
    uint64_t build = builder->plan.build != 0 ? builder->plan.build : UINT32_MAX;
    for (size_t i = 0; i < hvc_setting_count; i++) {
        const hvc_setting *setting = &hvc_settings[i];
        if (setting->action == builder->plan.action && (setting->part & parts) != 0 &&
            build >= setting->first_build &&
            (setting->last_build == 0 || build <= setting->last_build))
            add_setting(builder, setting);
    }
}

static void add_enable(hvc_plan_builder *builder)
{
    if (builder->plan.policy)
        add_policy(builder);
    const hvc_fact *status = hvc_fact_of(builder->facts, HVC_FACT_DG_VBS_STATUS);
    bool idle = status->state == HVC_FACT_KNOWN && status->number == 1;
    /* The feature is no matter of the registry: it is asked for with the other changes, and where
     * Windows says that virtualization-based security is enabled and does not run. */
    if (builder->changes.count == 0 && !idle)
        return;
    add_feature(builder, HVC_CHANGE_ENABLE_FEATURE, "Microsoft-Hyper-V-Hypervisor",
                "Microsoft-Hyper-V-Online");
    if (builder->plan.build != 0 && builder->plan.build < HVC_BUILD_1607)
        add_feature(builder, HVC_CHANGE_ENABLE_FEATURE, "IsolatedUserMode", NULL);
}

static void add_disable(hvc_plan_builder *builder)
{
    if (builder->plan.policy)
        add_policy(builder);
    bool whole = builder->plan.hvci && builder->plan.cg && builder->plan.policy;
    if (!whole || builder->changes.count == 0)
        return;
    add_feature(builder, HVC_CHANGE_DISABLE_FEATURE, "Microsoft-Hyper-V-Hypervisor",
                "Microsoft-Hyper-V-Online");
    if (builder->plan.build != 0 && builder->plan.build < HVC_BUILD_1607)
        add_feature(builder, HVC_CHANGE_DISABLE_FEATURE, "IsolatedUserMode", NULL);
    add_opt_out(builder);
}

hvc_status hvc_plan_finish(hvc_plan_builder *builder, hvc_plan **ret_plan, hvc_error *error)
{
    hvc_plan_refuse(builder);
    static const char *const restart = "shutdown.exe /r /t 30";
    hvc_change *reboot =
        builder->changes.count > 0
            ? add_change(builder, HVC_CHANGE_REBOOT, "the settings take effect at the next start")
            : NULL;
    if (reboot != NULL)
        add_commands(builder, reboot, &restart, 1);
    if (builder->arena.failed) {
        hvc_plan_free(&builder->plan);
        return hvc_fail_memory(error);
    }
    hvc_plan *plan = &builder->plan;
    plan->changes = builder->changes.items;
    plan->change_count = builder->changes.count;
    plan->refusals = builder->refusals.items;
    plan->refusal_count = builder->refusals.count;
    plan->notes = builder->notes.items;
    plan->note_count = builder->notes.count;
    for (size_t i = 0; i < plan->refusal_count; i++)
        plan->refused = plan->refused || !plan->refusals[i].overridden;
    builder->facts = NULL;
    builder->request = NULL;
    *ret_plan = plan;
    return HVC_OK;
}

hvc_status hvc_plan_make(const hvc_facts *facts, const hvc_plan_request *request,
                         hvc_plan **ret_plan, hvc_error *error)
{
    if (!hvc_plan_overrides_known(request, error))
        return HVC_E_ARGUMENT;
    hvc_plan_builder *builder = hvc_plan_begin(facts, request);
    if (builder == NULL)
        return hvc_fail_memory(error);
    if (builder->plan.lock && builder->plan.build != 0 && builder->plan.build < HVC_BUILD_1607) {
        hvc_plan_free(&builder->plan);
        return hvc_fail(error, HVC_E_UNSUPPORTED,
                        "a UEFI lock is planned for Windows 10 1607 and later only");
    }
    if (request->action != HVC_PLAN_RESET_VERIFIER)
        add_settings(builder);
    if (request->action == HVC_PLAN_ENABLE)
        add_enable(builder);
    else if (request->action == HVC_PLAN_DISABLE)
        add_disable(builder);
    else
        add_verifier(builder);
    return hvc_plan_finish(builder, ret_plan, error);
}

void hvc_plan_free(hvc_plan *plan)
{
    if (plan == NULL)
        return;
    hvc_plan_builder *builder = (hvc_plan_builder *)(void *)plan;
    hvc_arena_free(&builder->arena);
    free(builder);
}

const char *hvc_change_kind_name(hvc_change_kind kind)
{
    static const char *const names[HVC_CHANGE_KIND_COUNT] = {
        [HVC_CHANGE_SET_VALUE] = "set-value",
        [HVC_CHANGE_DELETE_VALUE] = "delete-value",
        [HVC_CHANGE_CREATE_KEY] = "create-key",
        [HVC_CHANGE_DELETE_KEY] = "delete-key",
        [HVC_CHANGE_COPY_FILE] = "copy-file",
        [HVC_CHANGE_DELETE_FILE] = "delete-file",
        [HVC_CHANGE_ENABLE_FEATURE] = "enable-feature",
        [HVC_CHANGE_DISABLE_FEATURE] = "disable-feature",
        [HVC_CHANGE_OPT_OUT] = "opt-out",
        [HVC_CHANGE_RESET_VERIFIER] = "reset-verifier",
        [HVC_CHANGE_REBOOT] = "reboot",
    };
    return (unsigned)kind < HVC_CHANGE_KIND_COUNT ? names[kind] : "unknown";
}
