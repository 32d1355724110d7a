/* Steps about settings: what blocks memory integrity, what forces it, what cannot be undone. */
#include <string.h>

#include "base/buffer.h"
#include "machine/steps.h"

#define GUARD        "SYSTEM\\CurrentControlSet\\Control\\DeviceGuard"
#define HVCI         GUARD "\\Scenarios\\HypervisorEnforcedCodeIntegrity"
#define LSA          "SYSTEM\\CurrentControlSet\\Control\\Lsa"
#define POLICY       "SOFTWARE\\Policies\\Microsoft\\Windows\\DeviceGuard"
#define CI_CONFIG    "SYSTEM\\CurrentControlSet\\Control\\CI\\Config"
#define HVCI_IN_NAME "HypervisorEnforcedCodeIntegrity"

enum { PROPERTY_NX = 5 };
/* Windows 11 22H2 turns the driver blocklist on unless it is told otherwise. */
enum { BUILD_22H2 = 22621 };

static hvc_step_result not_readable(hvc_checking *checking, const char *key, const char *name,
                                    const hvc_fact *value)
{
    return hvc_because(checking, HVC_STEP_UNDETERMINED, "%s\\%s is not known: %s", key, name,
                       hvc_safe(checking, value->why));
}

/* A value that is this number. What is not known is remembered in *unknown, the first time. */
static bool is(hvc_checking *checking, const char *key, const char *name, uint64_t number,
               const char **unknown)
{
    hvc_fact value = hvc_facts_dword(checking->facts, key, name);
    if (value.state == HVC_FACT_UNAVAILABLE && *unknown == NULL)
        *unknown = hvc_arena_printf(checking->arena, "%s\\%s is not known: %s", key, name,
                                    hvc_safe(checking, value.why));
    return value.state == HVC_FACT_KNOWN && value.number == number;
}

static hvc_step_result settle(hvc_checking *checking, const char *unknown, const char *fine)
{
    if (unknown != NULL)
        return hvc_because(checking, HVC_STEP_UNDETERMINED, "%s", unknown);
    return hvc_because(checking, HVC_STEP_PASS, "%s", fine);
}

hvc_step_result hvc_check_mat(hvc_checking *checking)
{
    const char *unknown = NULL;
    bool required = is(checking, HVCI, "HVCIMATRequired", 1, &unknown) ||
                    is(checking, POLICY, "HVCIMATRequired", 1, &unknown);
    if (!required)
        return settle(checking, unknown, "not set: a memory attributes table is not required");
    hvc_answer table = hvc_ask_listed(checking, HVC_FACT_DG_AVAILABLE, PROPERTY_NX);
    if (table == HVC_ANSWER_UNKNOWN)
        table = hvc_ask(checking, HVC_FACT_FIRMWARE_NX);
    if (table == HVC_ANSWER_UNKNOWN)
        return hvc_unknown(checking, HVC_FACT_DG_AVAILABLE);
    return table == HVC_ANSWER_YES
               ? hvc_because(checking, HVC_STEP_PASS, "set, and the firmware has the table")
               : hvc_because(checking, HVC_STEP_FAIL,
                             "set, but the firmware does not protect its memory (NX Protector): "
                             "memory integrity does not start");
}

hvc_step_result hvc_check_policy(hvc_checking *checking)
{
    hvc_scope scope = checking->options->scope;
    const char *unknown = NULL;
    bool off = is(checking, POLICY, "EnableVirtualizationBasedSecurity", 0, &unknown);
    const char *name = "EnableVirtualizationBasedSecurity";
    if (!off && scope != HVC_SCOPE_CG) {
        off = is(checking, POLICY, HVCI_IN_NAME, 0, &unknown);
        name = HVCI_IN_NAME;
    }
    if (!off && (scope == HVC_SCOPE_ALL || scope == HVC_SCOPE_CG)) {
        off = is(checking, POLICY, "LsaCfgFlags", 0, &unknown);
        name = "LsaCfgFlags";
    }
    if (off)
        return hvc_because(checking, HVC_STEP_FAIL,
                           "a policy turns it off (%s is 0), whatever the machine's own settings "
                           "say",
                           name);
    if (is(checking, POLICY, HVCI_IN_NAME, 1, &unknown) ||
        is(checking, POLICY, "LsaCfgFlags", 1, &unknown))
        return hvc_because(checking, HVC_STEP_WARN,
                           "a policy turns it on with a UEFI lock, which the registry cannot undo");
    if (is(checking, POLICY, "EnableVirtualizationBasedSecurity", 1, &unknown))
        return hvc_because(checking, HVC_STEP_PASS,
                           "a policy turns virtualization-based security on");
    return settle(checking, unknown, "none is set");
}

hvc_step_result hvc_check_uefi_lock(hvc_checking *checking)
{
    const char *unknown = NULL;
    const char *where = NULL;
    if (is(checking, GUARD, "Locked", 1, &unknown))
        where = "DeviceGuard\\Locked is 1";
    else if (is(checking, HVCI, "Locked", 1, &unknown))
        where = "HypervisorEnforcedCodeIntegrity\\Locked is 1";
    else if (is(checking, LSA, "LsaCfgFlags", 1, &unknown))
        where = "LsaCfgFlags is 1";
    if (where != NULL)
        return hvc_because(checking, HVC_STEP_WARN,
                           "%s: once it was on, the registry alone does not turn it off", where);
    return settle(checking, unknown, "not asked for in the registry");
}

hvc_step_result hvc_check_mandatory(hvc_checking *checking)
{
    const char *unknown = NULL;
    if (is(checking, GUARD, "Mandatory", 1, &unknown))
        return hvc_because(checking, HVC_STEP_WARN,
                           "on: Windows does not start when a module of VBS cannot be loaded");
    return settle(checking, unknown, "off");
}

hvc_step_result hvc_check_blocklist(hvc_checking *checking)
{
    static const char name[] = "VulnerableDriverBlocklistEnable";
    hvc_fact value = hvc_facts_dword(checking->facts, CI_CONFIG, name);
    uint64_t build = 0;
    if (value.state == HVC_FACT_UNAVAILABLE)
        return not_readable(checking, CI_CONFIG, name, &value);
    if (value.state == HVC_FACT_KNOWN)
        return value.number != 0
                   ? hvc_because(checking, HVC_STEP_PASS, "on")
                   : hvc_because(checking, HVC_STEP_WARN, "turned off (%s is 0)", name);
    if (!hvc_ask_number(checking, HVC_FACT_OS_BUILD, &build))
        return hvc_unknown(checking, HVC_FACT_OS_BUILD);
    return build >= BUILD_22H2
               ? hvc_because(checking, HVC_STEP_PASS, "on by default")
               : hvc_because(checking, HVC_STEP_WARN, "not turned on; %s is not set", name);
}

hvc_step_result hvc_check_ci_policy(hvc_checking *checking)
{
    enum { ENABLED = 1, STRICT = 2 };
    uint64_t options = 0;
    if (!hvc_ask_number(checking, HVC_FACT_CI_HVCI_OPTIONS, &options))
        return hvc_unknown(checking, HVC_FACT_CI_HVCI_OPTIONS);
    if ((options & ENABLED) == 0)
        return hvc_because(checking, HVC_STEP_PASS, "none that turns memory integrity on");
    return hvc_because(checking, HVC_STEP_WARN,
                       "a policy turns memory integrity on%s, whatever the registry says",
                       (options & STRICT) != 0 ? " in strict mode" : "");
}

/* The properties that Windows was told to require and does not have: VBS does not start then. */
static const char *missing_properties(hvc_checking *checking)
{
    static const char *const names[] = {NULL,
                                        "hypervisor support",
                                        "Secure Boot",
                                        "DMA protection",
                                        "Secure MOR",
                                        "NX protection",
                                        "SMM mitigation",
                                        "MBEC",
                                        "APIC virtualization"};
    const hvc_fact *required = hvc_fact_of(checking->facts, HVC_FACT_DG_REQUIRED);
    hvc_buffer list = HVC_BUFFER_INIT;
    for (size_t i = 0; required->state == HVC_FACT_KNOWN && i < required->number_count; i++) {
        uint64_t number = required->numbers[i];
        if (number == 0 || number >= sizeof(names) / sizeof(*names) ||
            hvc_ask_listed(checking, HVC_FACT_DG_AVAILABLE, number) != HVC_ANSWER_NO)
            continue;
        hvc_buffer_printf(&list, "%s%s", list.size > 0 ? ", " : "", names[number]);
    }
    if (list.failed)
        checking->arena->failed = true;
    const char *text =
        list.size > 0 ? hvc_arena_text(checking->arena, (hvc_text){list.data, list.size}) : NULL;
    hvc_buffer_free(&list);
    return text;
}

hvc_step_result hvc_check_vbs(hvc_checking *checking)
{
    static const char *const states[] = {"off", "turned on, but not running", "running"};
    uint64_t status = 0;
    if (!hvc_ask_number(checking, HVC_FACT_DG_VBS_STATUS, &status))
        return hvc_unknown(checking, HVC_FACT_DG_VBS_STATUS);
    if (status >= sizeof(states) / sizeof(*states))
        return hvc_because(checking, HVC_STEP_UNDETERMINED, "its status %llu is not known",
                           (unsigned long long)status);
    const char *missing = missing_properties(checking);
    if (missing != NULL)
        return hvc_because(checking, HVC_STEP_WARN,
                           "%s; it is told to require what this machine does not have: %s",
                           states[status], missing);
    return hvc_because(checking, status == 1 ? HVC_STEP_WARN : HVC_STEP_PASS, "%s", states[status]);
}
