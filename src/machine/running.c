/* What runs now: Credential Guard, memory integrity, a Code Integrity policy. */
#include "machine/steps.h"

enum { SERVICE_CREDENTIAL_GUARD = 1, SERVICE_HVCI = 2 };
enum { POLICY_OFF, POLICY_AUDIT, POLICY_ENFORCED };
/* CodeIntegrityOptions of class 103 */
#define CI_OPTION_HVCI 0x400

const char *hvc_running_state_name(hvc_running_state state)
{
    static const char *const names[] = {"no", "yes", "unknown"};
    return names[state];
}

static const char *why_unknown(const hvc_fact *fact)
{
    return fact->state == HVC_FACT_UNAVAILABLE ? fact->why : "nothing told what runs";
}

static hvc_running_state service(const hvc_facts *facts, uint64_t number)
{
    const hvc_fact *fact = hvc_fact_of(facts, HVC_FACT_DG_RUNNING);
    if (fact->state != HVC_FACT_KNOWN)
        return HVC_RUNNING_UNKNOWN;
    for (size_t i = 0; i < fact->number_count; i++)
        if (fact->numbers[i] == number)
            return HVC_RUNNING_YES;
    return HVC_RUNNING_NO;
}

/* Without Win32_DeviceGuard the kernel's own options tell of HVCI. */
static hvc_running_state hvci(const hvc_facts *facts)
{
    const hvc_fact *options = hvc_fact_of(facts, HVC_FACT_CI_OPTIONS);
    hvc_running_state state = service(facts, SERVICE_HVCI);
    if (state != HVC_RUNNING_UNKNOWN || options->state != HVC_FACT_KNOWN)
        return state;
    return (options->number & CI_OPTION_HVCI) != 0 ? HVC_RUNNING_YES : HVC_RUNNING_NO;
}

static hvc_running_state config_ci(const hvc_facts *facts, bool *ret_enforced)
{
    const hvc_fact *fact = hvc_fact_of(facts, HVC_FACT_DG_CI_POLICY);
    if (fact->state != HVC_FACT_KNOWN || fact->number > POLICY_ENFORCED)
        return HVC_RUNNING_UNKNOWN;
    *ret_enforced = fact->number == POLICY_ENFORCED;
    return fact->number != POLICY_OFF ? HVC_RUNNING_YES : HVC_RUNNING_NO;
}

static hvc_running_state all_of(const hvc_running_state *states, size_t count)
{
    hvc_running_state all = HVC_RUNNING_YES;
    for (size_t i = 0; i < count; i++) {
        if (states[i] == HVC_RUNNING_NO)
            return HVC_RUNNING_NO;
        if (states[i] == HVC_RUNNING_UNKNOWN)
            all = HVC_RUNNING_UNKNOWN;
    }
    return all;
}

void hvc_running_judge(const hvc_facts *facts, hvc_scope scope, hvc_running *ret_running)
{
    static const int exit_codes[] = {
        [HVC_RUNNING_NO] = 1, [HVC_RUNNING_YES] = 0, [HVC_RUNNING_UNKNOWN] = 5};
    hvc_running running = {.label = facts->label,
                           .host = facts->host,
                           .scope = scope,
                           .on_virtual_machine = hvc_facts_virtual(facts),
                           .credential_guard = service(facts, SERVICE_CREDENTIAL_GUARD),
                           .hvci = hvci(facts)};
    running.config_ci = config_ci(facts, &running.config_ci_enforced);
    const hvc_running_state states[] = {running.credential_guard, running.hvci, running.config_ci};
    static const struct {
        size_t first, count;
    } asked[] = {[HVC_SCOPE_ALL] = {0, 3},
                 [HVC_SCOPE_HVCI] = {1, 1},
                 [HVC_SCOPE_DG] = {1, 2},
                 [HVC_SCOPE_CG] = {0, 1}};
    running.all = all_of(states + asked[scope].first, asked[scope].count);
    running.exit_code = exit_codes[running.all];
    bool dg_unknown = (scope != HVC_SCOPE_HVCI && scope != HVC_SCOPE_DG &&
                       running.credential_guard == HVC_RUNNING_UNKNOWN) ||
                      (scope != HVC_SCOPE_CG && running.hvci == HVC_RUNNING_UNKNOWN);
    if (dg_unknown)
        running.why = why_unknown(hvc_fact_of(facts, HVC_FACT_DG_RUNNING));
    else if ((scope == HVC_SCOPE_ALL || scope == HVC_SCOPE_DG) &&
             running.config_ci == HVC_RUNNING_UNKNOWN)
        running.why = why_unknown(hvc_fact_of(facts, HVC_FACT_DG_CI_POLICY));
    if (running.all != HVC_RUNNING_UNKNOWN && (scope == HVC_SCOPE_CG || scope == HVC_SCOPE_DG))
        running.capability = (hvc_capability){scope == HVC_SCOPE_CG ? "CG_Running" : "DG_Running",
                                              running.all == HVC_RUNNING_YES};
    *ret_running = running;
}
