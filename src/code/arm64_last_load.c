#include "code/arm64_last_load.h"

enum { FRAME = 29, STACK = 31 };

/* Whether an instruction may write reg. */
static bool may_write(uint32_t word, unsigned reg)
{
    unsigned d = word & 31, n = word >> 5 & 31, other = word >> 10 & 31;
    bool load = word >> 22 & 3;
    switch (word >> 25 & 15) {
    case 10:
    case 11:
        return (word & 0xFFF00000) == 0xD5300000 && d == reg; /* mrs */
    case 4:
    case 6:
    case 12:
    case 14:
        if ((word & 0x3A000000) == 0x28000000)
            return ((word >> 23 & 1) != 0 && n == reg) ||
                   ((word >> 22 & 1) != 0 && (word >> 26 & 1) == 0 && (d == reg || other == reg));
        if ((word & 0x3B000000) == 0x39000000) /* an offset without a sign */
            return load && (word >> 26 & 1) == 0 && d == reg;
        return d == reg || n == reg || other == reg || (word >> 16 & 31) == reg;
    default:
        return d == reg;
    }
}

/* Whether anything is stored to the 8 bytes at offset of the frame, anywhere. */
static bool is_slot_written(hvc_span code, uint32_t offset)
{
    for (size_t at = 0; at + 4 <= code.size; at += 4) {
        uint32_t word = hvc_le32(code.data + at), size = word >> 30;
        if ((word >> 5 & 31) != STACK)
            continue;
        bool vector = word >> 26 & 1;
        if ((word & 0x3BC00000) == 0x39000000) {
            uint32_t low = (word >> 10 & 0xFFF) << size;
            if (low < offset + 8 && offset < low + (UINT32_C(1) << size))
                return true;
        } else if ((word & 0x3A400000) == 0x28000000) {
            uint32_t scale = vector ? 2 + size : size >= 2 ? 3 : 2;
            uint32_t low = (word >> 15 & 0x3F) << scale;
            if (low < offset + 8 && offset < low + (UINT32_C(2) << scale))
                return true;
        } else if ((word & 0x3B400000) == 0x38000000) {
            return true; /* by another form: who knows */
        }
    }
    return false;
}

bool hvc_arm64_last_is_load(hvc_span code, uint32_t at, unsigned reg)
{
    while (at >= 4) {
        at -= 4;
        uint32_t word = hvc_le32(code.data + at);
        unsigned n = word >> 5 & 31;
        if (!may_write(word, reg))
            continue;
        if (n == STACK && (word & 0xFFC00000) == 0xF9400000)
            return !is_slot_written(code, (word >> 10 & 0xFFF) << 3);
        return ((word & 0x3E400000) == 0x28400000 || (word & 0x3F000000) == 0x39000000) &&
               n != STACK && n != FRAME;
    }
    return false;
}
