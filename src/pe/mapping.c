/* From RVA to bytes, by the regions that sections.c built. */
#include "base/limits.h"
#include "pe/image.h"

static const hvc_region *region_at(const hvc_image *image, uint32_t rva)
{
    size_t low = 0, high = image->region_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (image->regions[middle].end <= rva)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == image->region_count || rva < image->regions[low].rva)
        return NULL;
    return &image->regions[low];
}

const hvc_section *hvc_image_section_at(const hvc_image *image, uint32_t rva)
{
    const hvc_region *region = region_at(image, rva);
    if (region == NULL || region->section == HVC_NO_SECTION)
        return NULL;
    return &image->sections.items[region->section];
}

bool hvc_image_file_offset(const hvc_image *image, uint32_t rva, uint32_t *ret_offset)
{
    const hvc_region *region = region_at(image, rva);
    if (region == NULL || rva - region->rva >= region->size)
        return false;
    *ret_offset = region->offset + (rva - region->rva);
    return true;
}

hvc_span hvc_image_span(const hvc_image *image, uint32_t rva, uint64_t max)
{
    const hvc_region *region = region_at(image, rva);
    if (region == NULL || rva - region->rva >= region->size)
        return (hvc_span){image->file.data, 0};
    uint32_t skip = rva - region->rva;
    uint64_t size = region->size - skip;
    return (hvc_span){image->file.data + region->offset + skip, (size_t)(size < max ? size : max)};
}

bool hvc_image_cstr(const hvc_image *image, uint32_t rva, hvc_text *ret)
{
    const hvc_region *region = region_at(image, rva);
    if (region == NULL)
        return false;
    uint32_t skip = rva - region->rva;
    hvc_span rest = {image->file.data, 0};
    if (skip < region->size)
        rest = (hvc_span){image->file.data + region->offset + skip, region->size - skip};
    if (hvc_span_cstr(rest, 0, HVC_MAX_NAME, ret))
        return true;
    /* Zeros follow the data, unless the data fills its region. */
    if (rest.size >= HVC_MAX_NAME || skip + rest.size >= region->end - region->rva)
        return false;
    *ret = (hvc_text){(const char *)rest.data, rest.size};
    return true;
}

bool hvc_image_read(const hvc_image *image, uint32_t rva, void *ret_bytes, size_t size)
{
    if (size > UINT32_MAX || size > UINT32_MAX - rva)
        return false;
    /* Checked as a whole first: nothing is copied on failure. */
    uint32_t end = rva + (uint32_t)size;
    for (uint32_t at = rva; at < end;) {
        const hvc_region *region = region_at(image, at);
        if (region == NULL)
            return false;
        at = region->end;
    }
    uint8_t *out = ret_bytes;
    for (uint32_t at = rva; at < end;) {
        const hvc_region *region = region_at(image, at);
        uint32_t stop = region->end < end ? region->end : end;
        uint32_t skip = at - region->rva;
        uint32_t data = skip < region->size ? region->size - skip : 0;
        if (data > stop - at)
            data = stop - at;
        if (data > 0)
            memcpy(out, image->file.data + region->offset + skip, data);
        memset(out + data, 0, stop - at - data);
        out += stop - at;
        at = stop;
    }
    return true;
}

bool hvc_image_u16(const hvc_image *image, uint32_t rva, uint16_t *ret)
{
    uint8_t bytes[2];
    if (!hvc_image_read(image, rva, bytes, sizeof(bytes)))
        return false;
    *ret = hvc_le16(bytes);
    return true;
}

bool hvc_image_u32(const hvc_image *image, uint32_t rva, uint32_t *ret)
{
    const hvc_region *region = region_at(image, rva);
    if (region != NULL && (uint64_t)(rva - region->rva) + 4 <= region->size) {
        *ret = hvc_le32(image->file.data + region->offset + (rva - region->rva));
        return true;
    }
    uint8_t bytes[4];
    if (!hvc_image_read(image, rva, bytes, sizeof(bytes)))
        return false;
    *ret = hvc_le32(bytes);
    return true;
}

bool hvc_image_u64(const hvc_image *image, uint32_t rva, uint64_t *ret)
{
    const hvc_region *region = region_at(image, rva);
    if (region != NULL && (uint64_t)(rva - region->rva) + 8 <= region->size) {
        *ret = hvc_le64(image->file.data + region->offset + (rva - region->rva));
        return true;
    }
    uint8_t bytes[8];
    if (!hvc_image_read(image, rva, bytes, sizeof(bytes)))
        return false;
    *ret = hvc_le64(bytes);
    return true;
}

bool hvc_image_pointer(const hvc_image *image, uint32_t rva, uint64_t *ret)
{
    if (image->headers.pe32_plus)
        return hvc_image_u64(image, rva, ret);
    uint32_t value;
    if (!hvc_image_u32(image, rva, &value))
        return false;
    *ret = value;
    return true;
}

bool hvc_image_rva_of(const hvc_image *image, uint64_t address, uint32_t *ret_rva)
{
    uint64_t base = image->headers.image_base;
    if (address < base || address - base >= image->headers.size_of_image)
        return false;
    *ret_rva = (uint32_t)(address - base);
    return true;
}
