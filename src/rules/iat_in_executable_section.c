/* The import address table starts in an executable section, as Verifier counts it. */
#include "rules/checks.h"

void hvc_rule_iat_in_executable_section(const hvc_evidence *evidence, const hvc_rule *rule,
                                        hvc_findings *findings)
{
    const hvc_image *image = evidence->image;
    const hvc_directory *iat = &image->headers.directories[HVC_DIR_IAT];

    if (!hvc_directory_present(image, HVC_DIR_IAT))
        return;
    for (size_t i = 0; i < image->sections.count; i++) {
        const hvc_section *section = &image->sections.items[i];
        uint64_t end = (uint64_t)section->rva + section->virtual_size;

        if (!hvc_section_has(section, HVC_SCN_MEM_EXECUTE) || iat->rva < section->rva ||
            iat->rva >= end)
            continue;
        hvc_finding *finding = hvc_find(findings, rule, 1,
                                        "the import address table (RVA 0x%X, 0x%X bytes) lies in "
                                        "executable section %s: characteristics 0x%08X",
                                        iat->rva, iat->size, hvc_section_label(findings, section),
                                        section->characteristics);
        if (finding != NULL)
            finding->location = hvc_locate(findings, iat->rva);
    }
}
