/* The header's checksum. */
#include "rules/checks.h"

void hvc_rule_checksum(const hvc_evidence *evidence, const hvc_rule *rule, hvc_findings *findings)
{
    const hvc_headers *headers = &evidence->image->headers;

    if (headers->checksum == evidence->checksum)
        return;
    hvc_finding *finding =
        headers->checksum == 0
            ? hvc_find(findings, rule, 0, "CheckSum is not set; it should be 0x%08X",
                       evidence->checksum)
            : hvc_find(findings, rule, 0, "CheckSum is 0x%08X; it should be 0x%08X",
                       headers->checksum, evidence->checksum);
    if (finding != NULL)
        finding->location = hvc_locate_header(headers->checksum_offset);
}
