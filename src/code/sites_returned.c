/* Whether pointers get where their calls are not followed: to callees, into memory, or back to
 * whoever called. */
#include "code/sites.h"

enum { MAX_CALLERS = 64 }; /* of a function; more: one of them will use its result */

bool sites_holds(const hvc_analysis *analysis, hvc_value_id value, hvc_value_id wanted)
{
    size_t count;
    const hvc_value_id *members = hvc_value_members(&analysis->values, &value, &count);
    for (size_t i = 0; i < count; i++)
        if (members[i] == wanted)
            return true;
    return false;
}

bool sites_is_handed_on(const sites_job *job, const hvc_flow *flow, hvc_value_id pointer)
{
    const hvc_analysis *analysis = job->analysis;
    for (size_t i = 0; i < flow->kept.count; i++)
        if (sites_holds(analysis, flow->kept.items[i], pointer))
            return true;
    for (size_t i = 0; i < flow->calls.count; i++) {
        const hvc_flow_call *call = &flow->calls.items[i];
        if (sites_holds(analysis, call->target, pointer))
            continue;
        for (unsigned n = 0, limit = sites_argument_limit(job, call); n < limit; n++)
            if (sites_holds(analysis, call->arguments[n], pointer))
                return true;
        unsigned taken = sites_argument_registers(job, call);
        for (unsigned n = HVC_FLOW_ARGUMENTS; n < HVC_FLOW_GIVEN; n++)
            if ((taken >> n & 1) != 0 && sites_holds(analysis, call->arguments[n], pointer))
                return true;
    }
    return false;
}

/* Whether one of a caller's calls of the function at address gives something that it uses. */
static bool uses_result(const sites_job *job, const hvc_flow *caller, uint64_t address)
{
    hvc_values *values = &job->analysis->values;
    for (size_t i = 0; i < caller->calls.count; i++) {
        uint64_t target;
        if (!hvc_value_is_const(values, caller->calls.items[i].target, &target) ||
            target != address)
            continue;
        hvc_value_id result = hvc_value_result(values, caller->calls.items[i].rva);
        if (sites_is_handed_on(job, caller, result) ||
            sites_holds(job->analysis, caller->returned, result))
            return true;
        for (size_t k = 0; k < caller->calls.count; k++)
            if (sites_holds(job->analysis, caller->calls.items[k].target, result))
                return true;
        for (size_t k = 0; k < caller->guesses.count; k++)
            if (sites_holds(job->analysis, caller->guesses.items[k].target, result))
                return true;
        for (size_t k = 0; k < caller->stores.count; k++)
            if (sites_holds(job->analysis, caller->stores.items[k].value, result))
                return true;
        bool hidden = false;
        for (size_t k = 0; k < caller->hidden.count; k++)
            hidden |= sites_holds(job->analysis, caller->hidden.items[k], result);
        if (sites_may_hide_calls(job, caller, hidden))
            return true;
    }
    return caller->incomplete;
}

bool sites_is_result_used(sites_job *job, const hvc_flow *flow)
{
    hvc_analysis *analysis = job->analysis;
    const hvc_xrefs *xrefs = hvc_analysis_callers(analysis);
    size_t count;
    if (xrefs == NULL)
        return true;
    const hvc_xref *xref = hvc_xrefs_find(xrefs, flow->begin, flow->begin + 1, &count);
    if (count > MAX_CALLERS)
        return true;
    uint64_t address = analysis->image->headers.image_base + flow->begin;
    for (size_t i = 0; i < count; i++) {
        bool calls = xref[i].kind == HVC_XREF_CALL || xref[i].kind == HVC_XREF_JUMP;
        if (!calls || hvc_function_at(&analysis->map, xref[i].from) == NULL)
            continue;
        const hvc_flow *caller = hvc_analysis_flow(analysis, xref[i].from);
        if (caller == NULL || uses_result(job, caller, address))
            return true;
    }
    return false;
}
