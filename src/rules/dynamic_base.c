/* The header's mark for relocation. */
#include "rules/checks.h"

void hvc_rule_dynamic_base(const hvc_evidence *evidence, const hvc_rule *rule,
                           hvc_findings *findings)
{
    hvc_check_dll_bit(evidence, rule, findings, HVC_DLL_DYNAMIC_BASE, "DYNAMIC_BASE");
}
