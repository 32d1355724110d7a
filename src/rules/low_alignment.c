/* Sections smaller than pages: refused with memory integrity on. */
#include "rules/checks.h"

void hvc_rule_low_alignment(const hvc_evidence *evidence, const hvc_rule *rule,
                            hvc_findings *findings)
{
    const hvc_image *image = evidence->image;

    if (image->headers.section_alignment >= HVC_PAGE_SIZE)
        return;
    hvc_finding *finding =
        hvc_find(findings, rule, 0, "SectionAlignment 0x%X is below a page (0x1000)",
                 image->headers.section_alignment);
    if (finding != NULL)
        finding->location =
            hvc_locate_header(hvc_header_offset(image, HVC_FIELD_SECTION_ALIGNMENT));
}
