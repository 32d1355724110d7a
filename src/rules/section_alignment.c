/* A section alignment that is no multiple of a page: then every section counts. */
#include "rules/checks.h"

void hvc_rule_section_alignment(const hvc_evidence *evidence, const hvc_rule *rule,
                                hvc_findings *findings)
{
    const hvc_image *image = evidence->image;
    uint32_t alignment = image->headers.section_alignment;
    size_t count = image->sections.count;

    if (alignment != 0 && (alignment & (HVC_PAGE_SIZE - 1)) == 0)
        return;
    if (count == 0)
        return;
    hvc_finding *finding =
        hvc_find(findings, rule, count,
                 "SectionAlignment 0x%X is not a multiple of 0x1000: each of %zu sections counts",
                 alignment, count);
    if (finding != NULL)
        finding->location =
            hvc_locate_header(hvc_header_offset(image, HVC_FIELD_SECTION_ALIGNMENT));
}
