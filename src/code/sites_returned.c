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

sites_hiding sites_hiding_of(const sites_job *job, const hvc_flow *flow, bool hidden, uint32_t rva)
{
    hvc_analysis *analysis = job->analysis;
    if (hidden || !flow->hides_lost)
        return hidden ? SITES_HIDDEN : SITES_SHOWN;
    hvc_value_id address =
        hvc_value_const(&analysis->values, analysis->image->headers.image_base + rva);
    hvc_value_id pointer =
        hvc_value_load(&analysis->values, address, 0, analysis->isa->pointer_size, false);
    bool lost = flow->all_lost;
    for (size_t i = 0; i < flow->lost.count && !lost; i++)
        lost = flow->lost.items[i] == pointer;
    return lost ? SITES_SPILLED_LOST : SITES_SHOWN;
}

/* Whether a function does something with what one of its calls returns. */
static bool uses_result(const sites_job *job, const hvc_flow *caller, hvc_value_id result)
{
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
    return sites_may_hide_calls(job, caller, hidden ? SITES_HIDDEN : SITES_SHOWN);
}

/* The same of its calls of the function at address. */
static bool uses_result_of(const sites_job *job, const hvc_flow *caller, uint64_t address)
{
    hvc_values *values = &job->analysis->values;
    for (size_t i = 0; i < caller->calls.count; i++) {
        uint64_t target;
        if (hvc_value_is_const(values, caller->calls.items[i].target, &target) &&
            target == address &&
            uses_result(job, caller, hvc_value_result(values, caller->calls.items[i].rva)))
            return true;
    }
    return caller->incomplete;
}

/* Whether a value may be what a call returned of which is not known what it calls. */
static bool is_callback_result(const sites_job *job, const hvc_flow *flow, hvc_value_id value)
{
    const hvc_values *values = &job->analysis->values;
    size_t count;
    const hvc_value_id *members = hvc_value_members(values, &value, &count);
    for (size_t i = 0; i < count; i++) {
        const hvc_term *term = hvc_term_of(values, members[i]);
        uint32_t import;
        if (term->kind != HVC_TERM_RESULT)
            continue;
        const hvc_flow_call *giver = hvc_flow_call_at(flow, (uint32_t)term->number);
        if (giver == NULL || (hvc_term_of(values, giver->target)->kind != HVC_TERM_CONST &&
                              !sites_import_of_call(job, giver, &import)))
            return true;
    }
    return false;
}

/* Whether a function calls such a value. */
static bool calls_callback_results(const sites_job *job, const hvc_flow *flow)
{
    for (size_t i = 0; i < flow->calls.count; i++)
        if (is_callback_result(job, flow, flow->calls.items[i].target))
            return true;
    for (size_t i = 0; i < flow->guesses.count; i++)
        if (is_callback_result(job, flow, flow->guesses.items[i].target))
            return true;
    for (size_t i = 0; i < flow->hidden.count; i++)
        if (is_callback_result(job, flow, flow->hidden.items[i]))
            return sites_may_hide_calls(job, flow, SITES_HIDDEN);
    return false;
}

/* The same of all functions of the image. They are looked at for this alone, and few images ask. */
static bool is_any_result_called(sites_job *job)
{
    enum { INSNS = 1 << 20 };
    hvc_analysis *analysis = job->analysis;
    const hvc_function_map *map = &analysis->map;
    uint64_t budget = INSNS;
    hvc_flow_env env = analysis->env;
    env.budget = &budget;
    for (size_t i = 0; i < map->functions.count; i++) {
        const hvc_code_function *function = &map->functions.items[i];
        hvc_arena arena = {0};
        hvc_flow *flow;
        if (function->group != function->begin)
            continue;
        if (hvc_flow_analyse(&env, function->begin, &arena, &flow) != HVC_OK)
            analysis->failed = true;
        bool found = analysis->failed || budget == 0 || calls_callback_results(job, flow);
        hvc_arena_free(&arena);
        if (found)
            return true;
    }
    return false;
}

bool sites_is_result_used(sites_job *job, const hvc_flow *flow)
{
    hvc_analysis *analysis = job->analysis;
    const hvc_xrefs *xrefs = hvc_analysis_callers(analysis);
    const hvc_code_function *function = hvc_function_at(&analysis->map, flow->begin);
    size_t count;
    if (xrefs == NULL || function == NULL)
        return true;
    const hvc_xref *xref = hvc_xrefs_find(xrefs, flow->begin, flow->begin + 1, &count);
    if (count > MAX_CALLERS)
        return true;
    uint64_t address = analysis->image->headers.image_base + flow->begin;
    bool taken = (function->sources & HVC_FROM_POINTER) != 0;
    for (size_t i = 0; i < count; i++) {
        bool calls = xref[i].kind == HVC_XREF_CALL || xref[i].kind == HVC_XREF_JUMP;
        taken |= xref[i].kind == HVC_XREF_POINTER || xref[i].kind == HVC_XREF_ADDRESS;
        if (!calls || hvc_function_at(&analysis->map, xref[i].from) == NULL)
            continue;
        const hvc_flow *caller = hvc_analysis_flow(analysis, xref[i].from);
        if (caller == NULL || uses_result_of(job, caller, address))
            return true;
    }
    if (taken && job->results_called == 0)
        job->results_called = is_any_result_called(job) ? 2 : 1;
    return taken && job->results_called == 2;
}
