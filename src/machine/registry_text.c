/* Texts of the registry: UTF-16LE there, UTF-8 here. */
#include <string.h>

#include "base/buffer.h"
#include "machine/facts_json.h"

static size_t put_utf8(char *at, uint32_t code_point)
{
    if (code_point < 0x80) {
        at[0] = (char)code_point;
        return 1;
    }
    size_t length = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length; i-- > 1; code_point >>= 6)
        at[i] = (char)(0x80 | (code_point & 0x3F));
    at[0] = (char)(leads[length] | code_point);
    return length;
}

const char *hvc_registry_text(hvc_arena *arena, const uint8_t *data, size_t size)
{
    if (size < 2 || size % 2 != 0 || hvc_le16(data + size - 2) != 0)
        return NULL;
    /* A unit becomes three bytes at most; a pair of surrogates four. */
    char *text = hvc_arena_alloc(arena, size / 2 * 3 + 1);
    size_t length = 0;
    for (size_t i = 0; text != NULL && i + 2 < size; i += 2) {
        uint32_t unit = hvc_le16(data + i);
        if (unit == 0 || (unit >= 0xDC00 && unit < 0xE000))
            return NULL;
        if (unit >= 0xD800 && unit < 0xDC00) {
            uint32_t low = hvc_le16(data + i + 2);
            if (low < 0xDC00 || low >= 0xE000)
                return NULL;
            unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            i += 2;
        }
        length += put_utf8(text + length, unit);
    }
    return text;
}

const uint8_t *hvc_registry_data(hvc_arena *arena, const char *text, size_t *ret_size)
{
    size_t size = strlen(text), count = 0;
    uint8_t *data = hvc_arena_array(arena, size + 1, 2);
    for (size_t i = 0; data != NULL && i < size;) {
        unsigned code_point = 0xFFFD;
        size_t length = hvc_utf8_decode(text + i, size - i, &code_point);
        i += length > 0 ? length : 1;
        uint32_t units[2] = {code_point, 0};
        if (code_point >= 0x10000) {
            units[0] = 0xD800 + ((code_point - 0x10000) >> 10);
            units[1] = 0xDC00 + ((code_point - 0x10000) & 0x3FF);
        }
        for (size_t k = 0; k < 2 && (k == 0 || units[k] != 0); k++) {
            data[count++] = (uint8_t)units[k];
            data[count++] = (uint8_t)(units[k] >> 8);
        }
    }
    *ret_size = count + 2; /* with the NUL, which the arena's zeroes are */
    return data;
}
