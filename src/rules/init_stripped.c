/* Discardable sections that are writable and executable: they load, and only INIT is not counted.
 */
#include "rules/checks.h"

void hvc_rule_init_stripped(const hvc_evidence *evidence, const hvc_rule *rule,
                            hvc_findings *findings)
{
    const hvc_image *image = evidence->image;

    for (size_t i = 0; i < image->sections.count; i++) {
        const hvc_section *section = &image->sections.items[i];

        if (!hvc_section_is_wx(section) || !hvc_section_has(section, HVC_SCN_MEM_DISCARDABLE))
            continue;
        const char *what = hvc_section_is_init(section)
                               ? "Windows takes write permission away from INIT"
                               : "Verifier counts it because it is not named INIT, yet it loads";
        hvc_finding *finding = hvc_find(
            findings, rule, 0,
            "section %s is writable, executable and discardable (characteristics 0x%08X): %s",
            hvc_section_label(findings, section), section->characteristics, what);
        if (finding != NULL)
            finding->location = hvc_locate_section(findings, section);
    }
}
