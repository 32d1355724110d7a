#include "code/pointers.h"

bool hvc_image_is_relocated(const hvc_image *image)
{
    hvc_reloc_iterator iterator = hvc_reloc_begin(image);
    hvc_reloc reloc;
    while (hvc_reloc_next(&iterator, &reloc)) {
        if (reloc.type == HVC_REL_HIGHLOW || reloc.type == HVC_REL_DIR64)
            return true;
    }
    return false;
}

static bool each_relocated(const hvc_image *image, hvc_pointer_sink sink, void *context)
{
    hvc_reloc_iterator iterator = hvc_reloc_begin(image);
    hvc_reloc reloc;
    /* Relocations come page by page: most stand in the bytes that the one before stood in. */
    uint32_t base = 0;
    hvc_span bytes = {NULL, 0};
    while (hvc_reloc_next(&iterator, &reloc)) {
        uint32_t size = reloc.type == HVC_REL_DIR64 ? 8 : 4;
        if (reloc.type != HVC_REL_DIR64 && reloc.type != HVC_REL_HIGHLOW)
            continue;
        if (!hvc_span_has(bytes, reloc.rva - base, size) || reloc.rva < base) {
            base = reloc.rva & ~UINT32_C(0xfff);
            bytes = hvc_image_span(image, base, UINT32_MAX);
        }
        uint64_t address;
        uint32_t low, to;
        if (hvc_span_has(bytes, reloc.rva - base, size)) {
            const uint8_t *p = bytes.data + (reloc.rva - base);
            address = size == 8 ? hvc_le64(p) : hvc_le32(p);
        } else if (size == 8) {
            if (!hvc_image_u64(image, reloc.rva, &address))
                continue;
        } else {
            if (!hvc_image_u32(image, reloc.rva, &low))
                continue;
            address = low;
        }
        if (hvc_image_rva_of(image, address, &to) && !sink(context, reloc.rva, to))
            return false;
    }
    return true;
}

static bool each_possible(const hvc_image *image, hvc_pointer_sink sink, void *context)
{
    uint32_t size = hvc_image_pointer_size(image), to;
    for (size_t i = 0; i < image->region_count; i++) {
        const hvc_region *region = &image->regions[i];
        if (region->section == HVC_NO_SECTION)
            continue;
        hvc_span bytes = hvc_image_span(image, region->rva, region->end - region->rva);
        for (size_t at = 0; at + size <= bytes.size; at++) {
            uint64_t address = size == 8 ? hvc_le64(bytes.data + at) : hvc_le32(bytes.data + at);
            if (hvc_image_rva_of(image, address, &to) &&
                !sink(context, region->rva + (uint32_t)at, to))
                return false;
        }
    }
    return true;
}

bool hvc_pointers_each(const hvc_image *image, hvc_pointer_sink sink, void *context)
{
    if (hvc_image_is_relocated(image))
        return each_relocated(image, sink, context);
    return each_possible(image, sink, context);
}
