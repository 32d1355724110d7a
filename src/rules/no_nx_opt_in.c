/* Non-paged pool is allocated by its old name, and nothing opts the driver in to no-execute pool.
 */
#include <string.h>

#include "rules/checks.h"

static bool asks_for_executable_pool(const hvc_call_site *site)
{
    return site->ddi->counter == HVC_COUNTER_POOL_TYPE &&
           (site->judgement == HVC_JUDGEMENT_VIOLATION ||
            site->judgement == HVC_JUDGEMENT_POSSIBLE);
}

void hvc_rule_no_nx_opt_in(const hvc_evidence *evidence, const hvc_rule *rule,
                           hvc_findings *findings)
{
    const hvc_call_site *first = NULL;
    size_t count = 0;

    if (evidence->nx_opt_in == NULL || strcmp(evidence->nx_opt_in, "none") != 0)
        return;
    for (size_t i = 0; i < evidence->call_site_count; i++) {
        if (!asks_for_executable_pool(&evidence->call_sites[i]))
            continue;
        if (first == NULL)
            first = &evidence->call_sites[i];
        count++;
    }
    if (first == NULL)
        return;
    hvc_finding *finding =
        hvc_find(findings, rule, 0,
                 "%zu call%s for executable pool, and no opt-in to no-execute pool was found",
                 count, count == 1 ? " asks" : "s ask");
    if (finding == NULL)
        return;
    finding->location = hvc_locate(findings, first->rva);
    finding->location.function = first->function;
}
