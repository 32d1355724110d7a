/* Memory that was allocated or mapped at run time is executed. */
#include "rules/checks.h"

void hvc_rule_dynamic_code(const hvc_evidence *evidence, const hvc_rule *rule,
                           hvc_findings *findings)
{
    hvc_check_code_notes(evidence, HVC_PRACTICE_DYNAMIC_CODE, rule, findings);
}
