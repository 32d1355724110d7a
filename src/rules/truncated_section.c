/* Sections whose data ends behind the end of the file. */
#include <inttypes.h>

#include "rules/checks.h"

void hvc_rule_truncated_section(const hvc_evidence *evidence, const hvc_rule *rule,
                                hvc_findings *findings)
{
    const hvc_image *image = evidence->image;

    for (size_t i = 0; i < image->sections.count; i++) {
        const hvc_section *section = &image->sections.items[i];
        uint64_t end = (uint64_t)section->file_offset + section->raw_size;

        /* Without a place in the file, or without a size, a section has no data there. */
        if (section->raw_size == 0 || section->file_offset == 0 || end <= image->file.size)
            continue;
        hvc_finding *finding = hvc_find(
            findings, rule, 0,
            "the data of section %s (file offset 0x%X, 0x%X bytes) ends behind the end of the file "
            "(0x%" PRIX64 " bytes)",
            hvc_section_label(findings, section), section->file_offset, section->raw_size,
            (uint64_t)image->file.size);
        if (finding != NULL)
            finding->location = hvc_locate_section(findings, section);
    }
}
