/* KMDF's function table: where it is, and which entry a value is read from. */
#include <string.h>

#include "code/analysis.h"

/* Up to KMDF 1.13 (438 functions) the table lies in the driver; from 1.15 on (444) the driver has a
 * pointer to it. */
enum { FIRST_INDIRECT_COUNT = 444 };

static bool const_rva(const hvc_analysis *analysis, hvc_value_id value, uint32_t *ret_rva)
{
    uint64_t address;
    return hvc_value_is_const(&analysis->values, value, &address) &&
           hvc_image_rva_of(analysis->image, address, ret_rva);
}

/* The RVA of the UTF-16 text "KmdfLibrary", with its terminating zero. */
static bool find_library_name(const hvc_image *image, uint32_t *ret_rva)
{
    static const uint8_t name[] = {'K', 0, 'm', 0, 'd', 0, 'f', 0, 'L', 0, 'i', 0,
                                   'b', 0, 'r', 0, 'a', 0, 'r', 0, 'y', 0, 0,   0};
    for (size_t i = 0; i < image->sections.count; i++) {
        const hvc_section *section = &image->sections.items[i];
        hvc_span bytes = hvc_image_span(image, section->rva, section->data_size);
        const uint8_t *at = bytes.data;
        for (size_t left = bytes.size; left >= sizeof(name);) {
            const uint8_t *found = memchr(at, 'K', left - sizeof(name) + 1);
            if (found == NULL)
                break;
            if (memcmp(found, name, sizeof(name)) == 0) {
                *ret_rva = section->rva + (uint32_t)(found - bytes.data);
                return true;
            }
            left -= (size_t)(found + 1 - at);
            at = found + 1;
        }
    }
    return false;
}

void hvc_find_wdf(hvc_analysis *analysis)
{
    const hvc_image *image = analysis->image;
    bool binds = false;
    for (size_t i = 0; i < image->imports.count && !binds; i++) {
        hvc_text name = image->imports.items[i].name;
        binds =
            name.data != NULL && name.size == 14 && memcmp(name.data, "WdfVersionBind", 14) == 0;
    }
    uint32_t name_rva, pointer = hvc_image_pointer_size(image);
    analysis->wdf_binds = binds;
    if (!binds || !find_library_name(image, &name_rva))
        return;
    /* WDF_BIND_INFO: Size, Component (the name), Version (3 words), FuncCount, FuncTable, Module.
     */
    hvc_reloc_iterator iterator = hvc_reloc_begin(image);
    hvc_reloc reloc;
    while (hvc_reloc_next(&iterator, &reloc)) {
        uint64_t address;
        uint32_t rva, size, count;
        if (!hvc_image_pointer(image, reloc.rva, &address) ||
            !hvc_image_rva_of(image, address, &rva) || rva != name_rva || reloc.rva < pointer)
            continue;
        uint32_t info = reloc.rva - pointer;
        if (!hvc_image_u32(image, info, &size) || (size < 4 * pointer + 16) || size > 0x100 ||
            !hvc_image_u32(image, info + 2 * pointer + 12, &count) ||
            !hvc_image_pointer(image, info + 2 * pointer + 16, &address) ||
            !hvc_image_rva_of(image, address, &rva) || count == 0 || count > 2048)
            continue;
        analysis->wdf_table = rva;
        analysis->wdf_count = count;
        analysis->wdf_indirect = count >= FIRST_INDIRECT_COUNT;
        return;
    }
}

bool hvc_wdf_index(const hvc_analysis *analysis, hvc_value_id value, uint32_t *ret_index)
{
    const hvc_term *term = hvc_term_of(&analysis->values, value);
    uint32_t pointer = analysis->isa->pointer_size, rva;
    if (analysis->wdf_table == 0 || term->kind != HVC_TERM_LOAD || term->size != pointer)
        return false;
    int64_t offset;
    if (analysis->wdf_indirect) {
        const hvc_term *table = hvc_term_of(&analysis->values, term->a);
        if (table->kind != HVC_TERM_LOAD || table->size != pointer ||
            !const_rva(analysis, table->a, &rva) || rva != analysis->wdf_table)
            return false;
        offset = term->offset;
    } else {
        if (!const_rva(analysis, term->a, &rva))
            return false;
        offset = (int64_t)rva - analysis->wdf_table;
    }
    if (offset < 0 || offset % pointer != 0 || offset / pointer >= analysis->wdf_count)
        return false;
    *ret_index = (uint32_t)(offset / pointer);
    return true;
}
