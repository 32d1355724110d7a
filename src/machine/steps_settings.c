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
