#include "machine/text.h"

#include "base/buffer.h"
#include "base/error.h"

static uint32_t unit(hvc_span text, size_t at, bool big)
{
    const uint8_t *p = text.data + at;
    return big ? (uint32_t)p[0] << 8 | p[1] : hvc_le16(p);
}

static hvc_status from_utf16(hvc_arena *arena, hvc_span bytes, size_t start, bool big,
                             hvc_text *ret_text, hvc_error *error)
{
    size_t used = 0;
    char *out = hvc_arena_alloc(arena, bytes.size / 2 * 3 + 1);
    if (out == NULL)
        return hvc_fail_memory(error);
    size_t at = start;
    while (at + 2 <= bytes.size) {
        uint32_t c = unit(bytes, at, big);
        size_t size = 2;
        if (c >= 0xd800 && c < 0xdc00 && at + 4 <= bytes.size) {
            uint32_t low = unit(bytes, at + 2, big);
            if (low >= 0xdc00 && low < 0xe000) {
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                size = 4;
            }
        }
        if (c >= 0xd800 && c < 0xe000)
            return hvc_fail_at(error, HVC_E_MALFORMED, at, "half a surrogate pair in UTF-16");
        used += hvc_utf8_encode(out + used, c);
        at += size;
    }
    if (at != bytes.size)
        return hvc_fail_at(error, HVC_E_MALFORMED, at, "UTF-16 ends in the middle of a character");
    *ret_text = (hvc_text){out, used};
    return HVC_OK;
}

hvc_status hvc_decode_text(hvc_arena *arena, hvc_span bytes, hvc_text *ret_text, hvc_error *error)
{
    const uint8_t *p = bytes.data;
    if (bytes.size >= 2 && ((p[0] == 0xff && p[1] == 0xfe) || (p[0] != 0 && p[1] == 0)))
        return from_utf16(arena, bytes, p[0] == 0xff ? 2 : 0, false, ret_text, error);
    if (bytes.size >= 2 && ((p[0] == 0xfe && p[1] == 0xff) || (p[0] == 0 && p[1] != 0)))
        return from_utf16(arena, bytes, p[0] == 0xfe ? 2 : 0, true, ret_text, error);

    size_t start = bytes.size >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    for (size_t at = start; at < bytes.size;) {
        unsigned code_point;
        size_t size = hvc_utf8_decode((const char *)p + at, bytes.size - at, &code_point);
        if (size == 0)
            return hvc_fail_at(error, HVC_E_MALFORMED, at, "neither UTF-8 nor UTF-16");
        at += size;
    }
    hvc_text text = {(const char *)p + start, bytes.size - start};
    text.data = hvc_arena_text(arena, text);
    if (text.data == NULL)
        return hvc_fail_memory(error);
    *ret_text = text;
    return HVC_OK;
}
