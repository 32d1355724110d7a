/* Calls that feed the counter for pool types. */
#include "rules/checks.h"

void hvc_rule_execute_pool_type(const hvc_evidence *evidence, const hvc_rule *rule,
                                hvc_findings *findings)
{
    hvc_check_call_sites(evidence, rule, findings);
}
