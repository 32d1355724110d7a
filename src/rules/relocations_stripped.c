/* An image that cannot be moved. */
#include "rules/checks.h"

void hvc_rule_relocations_stripped(const hvc_evidence *evidence, const hvc_rule *rule,
                                   hvc_findings *findings)
{
    const hvc_image *image = evidence->image;

    if ((image->headers.characteristics & HVC_FILE_RELOCS_STRIPPED) == 0)
        return;
    hvc_finding *finding =
        hvc_find(findings, rule, 0, "the base relocations were stripped: Characteristics 0x%04X",
                 image->headers.characteristics);
    if (finding != NULL)
        finding->location = hvc_locate_header(hvc_header_offset(image, HVC_FIELD_CHARACTERISTICS));
}
