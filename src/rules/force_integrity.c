/* The header's mark for a signature check. */
#include "rules/checks.h"

void hvc_rule_force_integrity(const hvc_evidence *evidence, const hvc_rule *rule,
                              hvc_findings *findings)
{
    hvc_check_dll_bit(evidence, rule, findings, HVC_DLL_FORCE_INTEGRITY, "FORCE_INTEGRITY");
}
