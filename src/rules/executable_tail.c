/* Executable sections with pages that no byte of the file stands behind. */
#include <inttypes.h>

#include "rules/checks.h"

void hvc_rule_executable_tail(const hvc_evidence *evidence, const hvc_rule *rule,
                              hvc_findings *findings)
{
    const hvc_image *image = evidence->image;

    for (size_t i = 0; i < image->sections.count; i++) {
        const hvc_section *section = &image->sections.items[i];
        uint64_t raw = hvc_align_up(section->raw_size, HVC_PAGE_SIZE);
        uint64_t virtual = hvc_align_up(section->virtual_size, HVC_PAGE_SIZE);

        if (!hvc_section_has(section, HVC_SCN_MEM_EXECUTE) || raw >= virtual)
            continue;
        if (section->raw_size == 0 && hvc_section_has(section, HVC_SCN_MEM_DISCARDABLE))
            continue;
        hvc_finding *finding = hvc_find(
            findings, rule, 0,
            "executable section %s has 0x%" PRIX64 " bytes of pages without file data: VirtualSize "
            "0x%X, SizeOfRawData 0x%X, characteristics 0x%08X",
            hvc_section_label(findings, section), virtual - raw, section->virtual_size,
            section->raw_size, section->characteristics);
        if (finding != NULL)
            finding->location = hvc_locate_section(findings, section);
    }
}
