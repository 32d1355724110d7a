/* The header's mark for no-execute. */
#include "rules/checks.h"

void hvc_rule_nx_compat(const hvc_evidence *evidence, const hvc_rule *rule, hvc_findings *findings)
{
    hvc_check_dll_bit(evidence, rule, findings, HVC_DLL_NX_COMPAT, "NX_COMPAT");
}
