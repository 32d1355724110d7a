/* The section table, and what Windows maps where: RVA to bytes.
 *
 * The memory manager maps whole sectors, so PointerToRawData counts rounded down to 512; a section
 * whose VirtualSize is 0 is as large as its raw data; raw data behind the last page of the virtual
 * size is not mapped. With SectionAlignment below a page the file is mapped as it lies. */
#include <stdlib.h>

#include "base/error.h"
#include "base/limits.h"
#include "pe/image.h"

enum {
    SECTION_HEADER = 40,
    SYMBOL = 18,
    SECTOR = 512,
    PAGE = 4096,
    SECTIONS_OF_OLD_WINDOWS = 96,
};

/* The last page is never mapped, so that the end of every region fits 32 bits. */
#define HIGHEST_END UINT32_C(0xfffff000)

/* Long names stand in the string table behind the symbols: "/123" is a decimal offset, "//AAAAAA"
 * one in base 64. */
static bool long_name_offset(hvc_text name, uint32_t *ret_offset)
{
    uint64_t value = 0;
    if (name.size >= 3 && name.data[1] == '/') {
        for (size_t i = 2; i < name.size; i++) {
            char c = name.data[i];
            unsigned digit;
            if (c >= 'A' && c <= 'Z')
                digit = (unsigned)(c - 'A');
            else if (c >= 'a' && c <= 'z')
                digit = (unsigned)(c - 'a') + 26;
            else if (c >= '0' && c <= '9')
                digit = (unsigned)(c - '0') + 52;
            else if (c == '+' || c == '/')
                digit = c == '+' ? 62 : 63;
            else
                return false;
            value = value * 64 + digit;
        }
    } else {
        for (size_t i = 1; i < name.size; i++) {
            if (name.data[i] < '0' || name.data[i] > '9')
                return false;
            value = value * 10 + (unsigned)(name.data[i] - '0');
        }
    }
    if (name.size < 2 || value > UINT32_MAX)
        return false;
    *ret_offset = (uint32_t)value;
    return true;
}

static hvc_text section_name(const hvc_image *image, const uint8_t *raw)
{
    size_t size = 8;
    while (size > 0 && raw[size - 1] == 0)
        size--;
    hvc_text name = {(const char *)raw, size};
    uint32_t offset;
    if (size < 2 || name.data[0] != '/' || image->headers.symbol_table == 0 ||
        !long_name_offset(name, &offset))
        return name;
    uint64_t strings =
        (uint64_t)image->headers.symbol_table + (uint64_t)image->headers.symbol_count * SYMBOL;
    hvc_text longer;
    /* The table begins with its own size: an offset below 4 is no name. */
    if (offset >= 4 && hvc_span_cstr(image->file, strings + offset, HVC_MAX_NAME, &longer))
        return longer;
    return name;
}

/* Fills in what Windows maps for the section. */
static void map_section(const hvc_image *image, hvc_section *section)
{
    uint64_t extent = section->virtual_size != 0 ? section->virtual_size : section->raw_size;
    if (!image->flat)
        extent = hvc_align_up(extent, PAGE);
    uint64_t room = section->rva < HIGHEST_END ? HIGHEST_END - section->rva : 0;
    if (extent > room)
        extent = room;
    section->mapped_size = (uint32_t)extent;

    uint64_t size = section->raw_size;
    if (image->flat) {
        section->data_offset = section->rva;
        size = extent;
    } else if (section->file_offset == 0) {
        section->data_offset = 0; /* no file data, whatever SizeOfRawData says */
        size = 0;
    } else {
        section->data_offset = section->file_offset / SECTOR * SECTOR;
    }
    if (size > extent)
        size = extent;
    if (section->data_offset >= image->file.size)
        size = 0;
    else if (size > image->file.size - section->data_offset)
        size = image->file.size - section->data_offset;
    section->data_size = (uint32_t)size;
}

static void note_section_data(hvc_image *image, const hvc_section *section, size_t index)
{
    uint32_t number = (uint32_t)index;
    uint64_t end = (uint64_t)section->file_offset + section->raw_size;
    if (section->virtual_size == 0 && section->raw_size == 0)
        hvc_image_note(image, "section-empty", HVC_ANOMALY_DOUBT, section->header_offset,
                       "section %u has neither virtual size nor raw data", number);
    if (section->raw_size != 0 && section->file_offset == 0)
        hvc_image_note(image, "section-data-nowhere", HVC_ANOMALY_NOTE, section->header_offset,
                       "section %u has SizeOfRawData 0x%x but PointerToRawData 0", number,
                       section->raw_size);
    else if (section->raw_size != 0 && end > image->file.size)
        hvc_image_note(image, "section-data-beyond-file", HVC_ANOMALY_DOUBT, section->header_offset,
                       "section %u has 0x%x bytes at offset 0x%x, the file has 0x%x", number,
                       section->raw_size, section->file_offset, (uint32_t)image->file.size);
    if (image->flat) {
        if (section->raw_size != 0 && section->file_offset != section->rva)
            hvc_image_note(
                image, "flat-section-displaced", HVC_ANOMALY_DOUBT, section->header_offset,
                "section %u has RVA 0x%x and file offset 0x%x, which differ in an image of "
                "low alignment",
                number, section->rva, section->file_offset);
        return;
    }
    if (section->raw_size != 0 && section->file_offset % SECTOR != 0)
        hvc_image_note(image, "section-data-unaligned", HVC_ANOMALY_DOUBT, section->header_offset,
                       "section %u has its data at offset 0x%x: Windows maps from 0x%x", number,
                       section->file_offset, section->data_offset);
    if (section->raw_size > section->mapped_size && section->file_offset != 0)
        hvc_image_note(image, "section-data-unmapped", HVC_ANOMALY_NOTE, section->header_offset,
                       "section %u has 0x%x bytes of raw data, of which 0x%x are mapped", number,
                       section->raw_size, section->mapped_size);
}

/* Windows takes only images whose sections follow one another without gaps. Returns whether the
 * sections are at least in order and disjoint. */
static bool note_section_order(hvc_image *image)
{
    const hvc_headers *headers = &image->headers;
    uint64_t alignment = headers->section_alignment;
    if (alignment < PAGE || (alignment & (alignment - 1)) != 0)
        alignment = PAGE;
    uint64_t expected = hvc_align_up(headers->size_of_headers, alignment);
    uint64_t mapped_end = hvc_align_up(headers->size_of_headers, PAGE);
    uint64_t image_end = hvc_align_up(headers->size_of_image, alignment);
    bool ordered = true;
    for (size_t i = 0; i < image->sections.count; i++) {
        const hvc_section *section = &image->sections.items[i];
        if (section->rva < expected) {
            bool backwards = i > 0 && section->rva < section[-1].rva;
            hvc_image_note(image, backwards ? "section-order" : "section-overlap",
                           HVC_ANOMALY_DOUBT, section->header_offset,
                           "section %u begins at RVA 0x%x, what lies before it ends at 0x%x",
                           (uint32_t)i, section->rva, (uint32_t)expected);
        } else if (section->rva > expected) {
            hvc_image_note(image, "section-gap", HVC_ANOMALY_DOUBT, section->header_offset,
                           "section %u begins at RVA 0x%x, what lies before it ends at 0x%x",
                           (uint32_t)i, section->rva, (uint32_t)expected);
        }
        if (section->rva < mapped_end)
            ordered = false;
        mapped_end = (uint64_t)section->rva + section->mapped_size;
        uint64_t size = section->virtual_size != 0 ? section->virtual_size : section->raw_size;
        expected = hvc_align_up(section->rva + size, alignment);
        if (expected > image_end)
            hvc_image_note(image, "section-beyond-image", HVC_ANOMALY_DOUBT, section->header_offset,
                           "section %u at RVA 0x%x with 0x%x bytes ends behind SizeOfImage 0x%x",
                           (uint32_t)i, section->rva, (uint32_t)size, headers->size_of_image);
        /* The next message's numbers have 32 bits. */
        if (expected > UINT32_MAX)
            expected = UINT32_MAX;
    }
    return ordered;
}

static int by_value(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

/* Raw data that two sections share is mapped twice: harmless, but tools that go from file offset to
 * RVA then disagree. Linkers lay raw data out in order, which is looked at first. */
static void note_shared_data(hvc_image *image)
{
    uint64_t end = 0;
    bool ordered = true;
    for (size_t i = 0; i < image->sections.count && ordered; i++) {
        const hvc_section *section = &image->sections.items[i];
        if (section->data_size == 0)
            continue;
        ordered = section->data_offset >= end;
        end = (uint64_t)section->data_offset + section->data_size;
    }
    if (ordered)
        return;
    for (size_t i = 1; i < image->sections.count; i++) {
        const hvc_section *a = &image->sections.items[i];
        for (size_t k = 0; k < i && a->data_size != 0; k++) {
            const hvc_section *b = &image->sections.items[k];
            if (b->data_size == 0 || a->data_offset >= (uint64_t)b->data_offset + b->data_size ||
                b->data_offset >= (uint64_t)a->data_offset + a->data_size)
                continue;
            hvc_image_note(image, "section-data-shared", HVC_ANOMALY_NOTE, a->header_offset,
                           "section %u shares file bytes with section %u", (uint32_t)i,
                           (uint32_t)k);
            return;
        }
    }
}

/* What lies at RVA 0: the headers, or all of a flat image. */
static hvc_region base_region(const hvc_image *image)
{
    uint64_t size = image->flat ? image->headers.size_of_image : image->headers.size_of_headers;
    uint64_t end = hvc_align_up(size, PAGE);
    if (end > HIGHEST_END)
        end = HIGHEST_END;
    uint64_t data = image->flat ? end : size;
    if (data > image->file.size)
        data = image->file.size;
    if (data > end)
        data = end;
    return (hvc_region){0, (uint32_t)end, 0, (uint32_t)data, HVC_NO_SECTION};
}

static hvc_region section_region(const hvc_section *section, uint32_t index)
{
    return (hvc_region){section->rva, section->rva + section->mapped_size, section->data_offset,
                        section->data_size, index};
}

/* The part [begin, end) of a region. */
static hvc_region clip_region(hvc_region whole, uint32_t begin, uint32_t end)
{
    uint32_t skip = begin - whole.rva, size = whole.size > skip ? whole.size - skip : 0;
    if (size > end - begin)
        size = end - begin;
    return (hvc_region){begin, end, whole.offset + skip, size, whole.section};
}

/* Regions of overlapping or unordered sections: the address space is cut at every beginning and
 * end, and each piece goes to the first section that covers it. Quadratic, over HVC_MAX_SECTIONS at
 * most. */
static bool cut_regions(hvc_image *image, hvc_region base)
{
    size_t count = image->sections.count;
    uint32_t *cuts = hvc_arena_array(&image->arena, (count + 1) * 2, sizeof(*cuts));
    hvc_region *regions = hvc_arena_array(&image->arena, (count + 1) * 2, sizeof(*regions));
    if (cuts == NULL || regions == NULL)
        return false;
    size_t cut_count = 0, region_count = 0;
    cuts[cut_count++] = base.rva;
    cuts[cut_count++] = base.end;
    for (size_t i = 0; i < count; i++) {
        cuts[cut_count++] = image->sections.items[i].rva;
        cuts[cut_count++] = image->sections.items[i].rva + image->sections.items[i].mapped_size;
    }
    qsort(cuts, cut_count, sizeof(*cuts), by_value);
    for (size_t i = 0; i + 1 < cut_count; i++) {
        uint32_t begin = cuts[i], end = cuts[i + 1];
        if (begin == end)
            continue;
        hvc_region owner = base;
        bool found = false;
        for (size_t k = 0; k < count && !found; k++) {
            owner = section_region(&image->sections.items[k], (uint32_t)k);
            found = owner.rva <= begin && owner.end >= end;
        }
        if (!found) {
            owner = base;
            if (begin < base.rva || end > base.end)
                continue;
        }
        hvc_region *last = region_count > 0 ? &regions[region_count - 1] : NULL;
        if (last != NULL && last->section == owner.section && last->end == begin)
            *last = clip_region(owner, last->rva, end);
        else
            regions[region_count++] = clip_region(owner, begin, end);
    }
    image->regions = regions;
    image->region_count = region_count;
    return true;
}

static bool build_regions(hvc_image *image, bool ordered)
{
    hvc_region base = base_region(image);
    if (!ordered || image->flat)
        return cut_regions(image, base);
    size_t count = image->sections.count, region_count = 0;
    hvc_region *regions = hvc_arena_array(&image->arena, count + 1, sizeof(*regions));
    if (regions == NULL)
        return false;
    if (base.end != 0)
        regions[region_count++] = base;
    for (size_t i = 0; i < count; i++) {
        const hvc_section *section = &image->sections.items[i];
        if (section->mapped_size != 0)
            regions[region_count++] = section_region(section, (uint32_t)i);
    }
    image->regions = regions;
    image->region_count = region_count;
    return true;
}

hvc_status hvc_read_sections(hvc_image *image, hvc_error *error)
{
    const hvc_headers *headers = &image->headers;
    size_t count = headers->section_count;
    if (count == 0)
        hvc_image_note(image, "section-none", HVC_ANOMALY_DOUBT, headers->nt_offset + 6,
                       "the image has no sections");
    else if (count > HVC_MAX_SECTIONS)
        hvc_image_note(image, "section-limit", HVC_ANOMALY_DOUBT, headers->nt_offset + 6,
                       "of %u sections the first %u are read", headers->section_count,
                       (unsigned)HVC_MAX_SECTIONS);
    else if (count > SECTIONS_OF_OLD_WINDOWS)
        hvc_image_note(image, "section-count", HVC_ANOMALY_NOTE, headers->nt_offset + 6,
                       "%u sections; Windows before Vista takes no more than 96",
                       headers->section_count);
    if (count > HVC_MAX_SECTIONS)
        count = HVC_MAX_SECTIONS;

    image->sections.items = hvc_arena_array(&image->arena, count, sizeof(*image->sections.items));
    if (image->sections.items == NULL)
        return hvc_fail_memory(error);
    image->sections.count = image->sections.capacity = count;
    for (size_t i = 0; i < count; i++) {
        hvc_section *section = &image->sections.items[i];
        section->header_offset = headers->section_table + (uint32_t)i * SECTION_HEADER;
        const uint8_t *p = image->file.data + section->header_offset;
        memcpy(section->raw_name, p, sizeof(section->raw_name));
        section->name = section_name(image, p);
        section->virtual_size = hvc_le32(p + 8);
        section->rva = hvc_le32(p + 12);
        section->raw_size = hvc_le32(p + 16);
        section->file_offset = hvc_le32(p + 20);
        section->characteristics = hvc_le32(p + 36);
        map_section(image, section);
        note_section_data(image, section, i);
    }
    bool ordered = image->flat || note_section_order(image);
    note_shared_data(image);
    return build_regions(image, ordered) ? HVC_OK : hvc_fail_memory(error);
}
