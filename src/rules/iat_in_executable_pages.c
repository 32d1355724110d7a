/* Import addresses in pages that are executable: the loader could not write them there. */
#include <inttypes.h>

#include "rules/checks.h"

/* Bytes of the image that the loader writes import addresses to. */
typedef struct range {
    uint64_t begin, end;
} range;

/* The first executable section with a page that the range touches, or NULL. */
static const hvc_section *executable_at(const hvc_image *image, range addresses)
{
    uint64_t begin = addresses.begin / HVC_PAGE_SIZE * HVC_PAGE_SIZE;
    uint64_t end = hvc_align_up(addresses.end, HVC_PAGE_SIZE);

    for (size_t i = 0; i < image->sections.count; i++) {
        const hvc_section *section = &image->sections.items[i];
        uint32_t size = section->virtual_size != 0 ? section->virtual_size : section->raw_size;
        uint64_t from = section->rva / HVC_PAGE_SIZE * HVC_PAGE_SIZE;
        uint64_t to = hvc_align_up((uint64_t)section->rva + size, HVC_PAGE_SIZE);

        if (hvc_section_has(section, HVC_SCN_MEM_EXECUTE) && size > 0 && from < end && begin < to)
            return section;
    }
    return NULL;
}

static void judge(const hvc_image *image, const hvc_rule *rule, hvc_findings *findings,
                  range addresses, const char *module)
{
    const hvc_section *section = executable_at(image, addresses);

    if (section == NULL)
        return;
    hvc_finding *finding = hvc_find(
        findings, rule, 0,
        "the import address%s%s (RVA 0x%" PRIX64 ", 0x%" PRIX64 " bytes) %s in executable pages of "
        "section %s: characteristics 0x%08X",
        module != NULL ? "es of " : " table", module != NULL ? module : "", addresses.begin,
        addresses.end - addresses.begin, module != NULL ? "lie" : "lies",
        hvc_section_label(findings, section), section->characteristics);
    if (finding != NULL)
        finding->location = hvc_locate(findings, (uint32_t)addresses.begin);
}

/* From the first thunk of a module to the end of its last one; false when it has none. */
static bool thunks_of(const hvc_image *image, const hvc_import_module *module, range *ret_range)
{
    range thunks = {UINT64_MAX, 0};

    for (uint64_t i = module->first; i < (uint64_t)module->first + module->count; i++) {
        if (i >= image->imports.count)
            break;
        uint32_t slot = image->imports.items[i].slot;
        if (slot < thunks.begin)
            thunks.begin = slot;
        if (slot >= thunks.end)
            thunks.end = (uint64_t)slot + hvc_image_pointer_size(image);
    }
    *ret_range = thunks;
    return thunks.end != 0;
}

static const char *escaped(hvc_findings *findings, hvc_text name)
{
    hvc_section section = {.name = name};
    return hvc_section_label(findings, &section);
}

void hvc_rule_iat_in_executable_pages(const hvc_evidence *evidence, const hvc_rule *rule,
                                      hvc_findings *findings)
{
    const hvc_image *image = evidence->image;

    if (hvc_directory_present(image, HVC_DIR_IAT)) {
        const hvc_directory *iat = &image->headers.directories[HVC_DIR_IAT];
        judge(image, rule, findings, (range){iat->rva, (uint64_t)iat->rva + iat->size}, NULL);
        return;
    }
    for (size_t i = 0; i < image->modules.count; i++) {
        const hvc_import_module *module = &image->modules.items[i];
        range thunks;

        if (module->kind == HVC_IMPORT_NORMAL && thunks_of(image, module, &thunks))
            judge(image, rule, findings, thunks, escaped(findings, module->name));
    }
}
