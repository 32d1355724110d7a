/* What Windows on ARM demands of every image, also without memory integrity. */
#include "rules/checks.h"

static bool is_arm(hvc_arch arch)
{
    return arch == HVC_ARCH_ARM || arch == HVC_ARCH_ARM64 || arch == HVC_ARCH_ARM64EC ||
           arch == HVC_ARCH_ARM64X;
}

static void locate(hvc_finding *finding, uint64_t file_offset)
{
    if (finding != NULL)
        finding->location = hvc_locate_header(file_offset);
}

void hvc_rule_arm_requirements(const hvc_evidence *evidence, const hvc_rule *rule,
                               hvc_findings *findings)
{
    const hvc_image *image = evidence->image;
    const hvc_headers *headers = &image->headers;
    const uint16_t bits = HVC_DLL_DYNAMIC_BASE | HVC_DLL_NX_COMPAT;
    hvc_finding *finding;

    if (!is_arm(image->arch))
        return;
    if (headers->section_alignment < HVC_PAGE_SIZE) {
        finding = hvc_find(findings, rule, 0,
                           "an ARM image with SectionAlignment 0x%X, below a page (0x1000)",
                           headers->section_alignment);
        locate(finding, hvc_header_offset(image, HVC_FIELD_SECTION_ALIGNMENT));
    }
    if ((headers->dll_characteristics & bits) != bits) {
        finding =
            hvc_find(findings, rule, 0,
                     "an ARM image whose DllCharacteristics 0x%04X lack DYNAMIC_BASE (0x0040) "
                     "or NX_COMPAT (0x0100)",
                     headers->dll_characteristics);
        locate(finding, hvc_header_offset(image, HVC_FIELD_DLL_CHARACTERISTICS));
    }
    if ((headers->characteristics & HVC_FILE_RELOCS_STRIPPED) != 0) {
        finding = hvc_find(findings, rule, 0,
                           "an ARM image whose relocations were stripped: Characteristics 0x%04X",
                           headers->characteristics);
        locate(finding, hvc_header_offset(image, HVC_FIELD_CHARACTERISTICS));
    } else if (!hvc_directory_present(image, HVC_DIR_BASERELOC)) {
        finding = hvc_find(findings, rule, 0, "an ARM image without a base relocation directory");
        locate(finding, hvc_image_directory_entry(image, HVC_DIR_BASERELOC));
    }
}
