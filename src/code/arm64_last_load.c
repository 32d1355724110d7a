#include "code/arm64_last_load.h"

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

bool hvc_arm64_last_is_load(hvc_span code, uint32_t at, unsigned reg)
{
    enum { FRAME = 29, STACK = 31 };
    while (at >= 4) {
        at -= 4;
        uint32_t word = hvc_le32(code.data + at);
        unsigned n = word >> 5 & 31;
        if (may_write(word, reg))
            return ((word & 0x3E400000) == 0x28400000 || (word & 0x3F000000) == 0x39000000) &&
                   n != STACK && n != FRAME;
    }
    return false;
}
