/* Sections that are writable, executable and stay in memory: refused with memory integrity on,
 * whatever their name. */
#include "rules/checks.h"

void hvc_rule_writable_executable_section(const hvc_evidence *evidence, const hvc_rule *rule,
                                          hvc_findings *findings)
{
    const hvc_image *image = evidence->image;

    for (size_t i = 0; i < image->sections.count; i++) {
        const hvc_section *section = &image->sections.items[i];

        if (!hvc_section_is_wx(section) || hvc_section_has(section, HVC_SCN_MEM_DISCARDABLE))
            continue;
        hvc_finding *finding = hvc_find(
            findings, rule, 0,
            "section %s is writable, executable and not discardable: characteristics 0x%08X",
            hvc_section_label(findings, section), section->characteristics);
        if (finding != NULL)
            finding->location = hvc_locate_section(findings, section);
    }
}
