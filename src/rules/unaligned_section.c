/* Sections that do not start at a page, in an image that says they do. */
#include "rules/checks.h"

void hvc_rule_unaligned_section(const hvc_evidence *evidence, const hvc_rule *rule,
                                hvc_findings *findings)
{
    const hvc_image *image = evidence->image;

    if (image->headers.section_alignment < HVC_PAGE_SIZE)
        return;
    for (size_t i = 0; i < image->sections.count; i++) {
        const hvc_section *section = &image->sections.items[i];

        if ((section->rva & (HVC_PAGE_SIZE - 1)) == 0)
            continue;
        hvc_finding *finding = hvc_find(
            findings, rule, 0, "section %s starts at RVA 0x%X, which is not the start of a page",
            hvc_section_label(findings, section), section->rva);
        if (finding != NULL)
            finding->location = hvc_locate_section(findings, section);
    }
}
