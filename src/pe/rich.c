/* The Rich header: which tools made the objects. It lies between the DOS stub and the PE header,
 * XORed with a key that stands behind its end mark. */
#include "base/error.h"
#include "base/limits.h"
#include "pe/image.h"

enum {
    STUB = 0x40, /* behind the DOS header */
    PREFIX = 16, /* DanS and three padding words */
    RECORD = 8,
    LFANEW = 0x3c,
};
#define RICH UINT32_C(0x68636952)
#define DANS UINT32_C(0x536e6144)

static uint32_t rotate(uint32_t value, unsigned bits)
{
    bits &= 31;
    return bits == 0 ? value : value << bits | value >> (32 - bits);
}

/* The key is a checksum of the DOS header and stub and of the records. */
static uint32_t key_of(const hvc_image *image, uint32_t begin)
{
    uint32_t sum = begin;
    for (uint32_t i = 0; i < begin; i++) {
        if (i < LFANEW || i >= LFANEW + 4) /* filled in later */
            sum += rotate(image->file.data[i], i);
    }
    for (size_t i = 0; i < image->rich.count; i++) {
        const hvc_rich_entry *entry = &image->rich.items[i];
        sum += rotate((uint32_t)entry->product << 16 | entry->build, entry->count);
    }
    return sum;
}

hvc_status hvc_read_rich(hvc_image *image, hvc_error *error)
{
    const uint8_t *file = image->file.data;
    uint32_t limit = image->headers.nt_offset, end = 0, begin = 0;
    /* The records are bounded, so only the part of an oversized stub that can hold them is
     * searched. */
    uint32_t reach = PREFIX + (HVC_MAX_RICH_ENTRIES + 1) * RECORD;
    for (uint32_t at = STUB; at + 8 <= limit && end == 0; at += 4) {
        if (hvc_le32(file + at) == RICH)
            end = at;
    }
    if (end == 0)
        return HVC_OK;
    uint32_t key = hvc_le32(file + end + 4);
    for (uint32_t at = end; at >= STUB + 4 && end - at < reach && begin == 0;) {
        at -= 4;
        if ((hvc_le32(file + at) ^ key) == DANS)
            begin = at;
    }
    if (begin == 0 || end - begin < PREFIX || (end - begin - PREFIX) % RECORD != 0) {
        hvc_image_note(image, "rich-header", HVC_ANOMALY_NOTE, end,
                       "the Rich header that ends at offset 0x%x has no valid beginning", end);
        return HVC_OK;
    }
    for (uint32_t at = begin + PREFIX; at < end; at += RECORD) {
        if (image->rich.count >= HVC_MAX_RICH_ENTRIES) {
            hvc_image_note(image, "rich-limit", HVC_ANOMALY_NOTE, at,
                           "only %u entries of the Rich header are read",
                           (unsigned)HVC_MAX_RICH_ENTRIES);
            return HVC_OK;
        }
        hvc_rich_entry *entry = hvc_vector_add(&image->arena, &image->rich);
        if (entry == NULL)
            return hvc_fail_memory(error);
        uint32_t tool = hvc_le32(file + at) ^ key;
        *entry =
            (hvc_rich_entry){(uint16_t)(tool >> 16), (uint16_t)tool, hvc_le32(file + at + 4) ^ key};
    }
    if (key_of(image, begin) != key)
        hvc_image_note(image, "rich-checksum", HVC_ANOMALY_NOTE, end,
                       "the Rich header's key 0x%x is not its checksum 0x%x", key,
                       key_of(image, begin));
    return HVC_OK;
}
