/* Sections that are writable and executable, as Verifier counts them: INIT is let pass by its name.
 */
#include "rules/checks.h"

void hvc_rule_execute_write_section(const hvc_evidence *evidence, const hvc_rule *rule,
                                    hvc_findings *findings)
{
    const hvc_image *image = evidence->image;

    for (size_t i = 0; i < image->sections.count; i++) {
        const hvc_section *section = &image->sections.items[i];

        if (!hvc_section_is_wx(section) || hvc_section_is_init(section))
            continue;
        hvc_finding *finding = hvc_find(findings, rule, 1,
                                        "section %s is writable and executable: characteristics "
                                        "0x%08X, header at file offset 0x%X",
                                        hvc_section_label(findings, section),
                                        section->characteristics, section->header_offset);
        if (finding != NULL)
            finding->location = hvc_locate_section(findings, section);
    }
}
