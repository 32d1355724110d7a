/* The header's mark for control flow guard. */
#include "rules/checks.h"

void hvc_rule_control_flow_guard(const hvc_evidence *evidence, const hvc_rule *rule,
                                 hvc_findings *findings)
{
    hvc_check_dll_bit(evidence, rule, findings, HVC_DLL_GUARD_CF, "GUARD_CF");
}
