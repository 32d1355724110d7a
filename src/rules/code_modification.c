/* Code is changed in memory. */
#include "rules/checks.h"

void hvc_rule_code_modification(const hvc_evidence *evidence, const hvc_rule *rule,
                                hvc_findings *findings)
{
    hvc_check_code_notes(evidence, HVC_PRACTICE_CODE_MODIFICATION, rule, findings);
}
