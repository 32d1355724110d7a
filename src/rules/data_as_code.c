/* Files of data are mapped as code, or images are loaded past the service manager. */
#include "rules/checks.h"

void hvc_rule_data_as_code(const hvc_evidence *evidence, const hvc_rule *rule,
                           hvc_findings *findings)
{
    hvc_check_code_notes(evidence, HVC_PRACTICE_DATA_AS_CODE, rule, findings);
}
