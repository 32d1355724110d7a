/* Base relocations: blocks of two-byte entries, one block a page. */
#include "base/limits.h"
#include "pe/image.h"

enum { BLOCK_HEADER = 8, ENTRY = 2, PAGE = 4096 };

/* Where the entries of the block at offset begin and end, as far as the directory's bytes go. False
 * when there is no further block: the walk of the iterator and the check below agree through this.
 */
static bool read_block(hvc_span relocs, uint32_t offset, uint32_t *ret_page, uint32_t *ret_end)
{
    hvc_span header;
    if (!hvc_span_sub(relocs, offset, BLOCK_HEADER, &header))
        return false;
    uint32_t size = hvc_le32(header.data + 4);
    if (size < BLOCK_HEADER)
        return false;
    *ret_page = hvc_le32(header.data);
    *ret_end = size > relocs.size - offset ? (uint32_t)relocs.size : offset + size;
    return true;
}

hvc_reloc_iterator hvc_reloc_begin(const hvc_image *image)
{
    return (hvc_reloc_iterator){.image = image};
}

bool hvc_reloc_next(hvc_reloc_iterator *iterator, hvc_reloc *ret_reloc)
{
    hvc_span relocs = iterator->image->relocs;
    while ((uint64_t)iterator->next + ENTRY > iterator->block_end) {
        uint32_t block = iterator->block_end;
        if (!read_block(relocs, block, &iterator->page, &iterator->block_end))
            return false;
        iterator->block = block;
        iterator->next = block + BLOCK_HEADER;
    }
    uint32_t at = iterator->next;
    uint16_t entry = hvc_le16(relocs.data + at);
    ret_reloc->type = (uint8_t)(entry >> 12);
    ret_reloc->page_offset = entry & (PAGE - 1);
    ret_reloc->rva = iterator->page + ret_reloc->page_offset;
    ret_reloc->file_offset = iterator->image->relocs_offset + at;
    /* The slot behind a HIGHADJ is its parameter. */
    iterator->next = at + (ret_reloc->type == HVC_REL_HIGHADJ ? 2 * ENTRY : ENTRY);
    return true;
}

static bool all_zero(hvc_span bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        if (bytes.data[i] != 0)
            return false;
    }
    return true;
}

/* Whether the block's last entry is a HIGHADJ whose parameter is missing. Only a block whose last
 * slot looks like one needs the walk. */
static bool ends_in_highadj(hvc_span relocs, uint32_t begin, uint32_t end)
{
    uint32_t at = begin + BLOCK_HEADER;
    uint32_t last = at + ((end - at) / ENTRY - 1) * ENTRY;
    if (end - at < ENTRY || hvc_le16(relocs.data + last) >> 12 != HVC_REL_HIGHADJ)
        return false;
    while (at < last)
        at += hvc_le16(relocs.data + at) >> 12 == HVC_REL_HIGHADJ ? 2 * ENTRY : ENTRY;
    return at == last;
}

static void check_block(hvc_image *image, uint32_t offset, uint32_t page, uint32_t end)
{
    uint32_t file_offset = image->relocs_offset + offset;
    uint32_t size = hvc_le32(image->relocs.data + offset + 4);
    if (end - offset != size)
        hvc_image_note(
            image, "reloc-block-cut", HVC_ANOMALY_DOUBT, file_offset,
            "the relocation block of page 0x%x has SizeOfBlock 0x%x, the directory has 0x%x "
            "bytes left",
            page, size, end - offset);
    else if (size % ENTRY != 0)
        hvc_image_note(image, "reloc-block-odd", HVC_ANOMALY_DOUBT, file_offset,
                       "the relocation block of page 0x%x has an odd SizeOfBlock 0x%x", page, size);
    else if (size % 4 != 0)
        hvc_image_note(image, "reloc-block-unaligned", HVC_ANOMALY_NOTE, file_offset,
                       "the relocation block of page 0x%x has SizeOfBlock 0x%x, no multiple of 4",
                       page, size);
    if (page >= image->headers.size_of_image)
        hvc_image_note(image, "reloc-page-outside", HVC_ANOMALY_DOUBT, file_offset,
                       "a relocation block is for page 0x%x, SizeOfImage is 0x%x", page,
                       image->headers.size_of_image);
    else if (page % PAGE != 0)
        hvc_image_note(image, "reloc-page-unaligned", HVC_ANOMALY_DOUBT, file_offset,
                       "a relocation block is for RVA 0x%x, which begins no page", page);
    if (ends_in_highadj(image->relocs, offset, end))
        hvc_image_note(image, "reloc-highadj-cut", HVC_ANOMALY_DOUBT, file_offset,
                       "the relocation block of page 0x%x ends in a HIGHADJ entry without its "
                       "parameter",
                       page);
}

hvc_status hvc_read_relocs(hvc_image *image, hvc_error *error)
{
    (void)error; /* the entries are walked where they lie, so no memory is needed */
    hvc_directory directory = image->headers.directories[HVC_DIR_BASERELOC];
    if (directory.rva == 0 || directory.size == 0)
        return HVC_OK;
    uint32_t entry = hvc_image_directory_entry(image, HVC_DIR_BASERELOC);
    image->relocs = hvc_image_span(image, directory.rva, directory.size);
    if (!hvc_image_file_offset(image, directory.rva, &image->relocs_offset)) {
        hvc_image_note(image, "reloc-directory-outside", HVC_ANOMALY_DOUBT, entry,
                       "the relocation directory at RVA 0x%x has no bytes in the file",
                       directory.rva);
        return HVC_OK;
    }
    if (image->relocs.size < directory.size)
        hvc_image_note(image, "reloc-directory-cut", HVC_ANOMALY_DOUBT, entry,
                       "of the relocation directory's 0x%x bytes 0x%x are in the file",
                       directory.size, (uint32_t)image->relocs.size);

    uint32_t offset = 0, page, end;
    while (read_block(image->relocs, offset, &page, &end)) {
        check_block(image, offset, page, end);
        offset = end;
    }
    hvc_span rest = hvc_span_clip(image->relocs, offset, UINT64_MAX);
    if (rest.size == 0)
        return HVC_OK;
    if (all_zero(rest))
        hvc_image_note(image, "reloc-zero-tail", HVC_ANOMALY_NOTE, image->relocs_offset + offset,
                       "the relocation directory ends in 0x%x zero bytes", (uint32_t)rest.size);
    else
        hvc_image_note(image, "reloc-block-size", HVC_ANOMALY_DOUBT, image->relocs_offset + offset,
                       "a relocation block has SizeOfBlock 0x%x, below its header's 8 bytes; 0x%x "
                       "bytes are not read",
                       rest.size >= BLOCK_HEADER ? hvc_le32(rest.data + 4) : 0,
                       (uint32_t)rest.size);
    return HVC_OK;
}
