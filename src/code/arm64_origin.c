#include "code/arm64_origin.h"

#include "code/arm64_words.h"

enum {
    FRAME = 29,
    LINK = 30,
    STACK = 31,
    MAX_FORKS = 8, /* values that are looked for besides the first */
};

typedef struct walk {
    hvc_span code;
    bool whole;
    hvc_arm64_is_wanted wanted;
    void *context;
    unsigned left; /* forks */
} walk;

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

static bool is_call(uint32_t word)
{
    return (word & 0xFC000000) == 0x94000000 || (word & 0xFFFFFC1F) == 0xD63F0000;
}

static bool may_be(walk *w, uint32_t at, unsigned reg);

/* The same for one value of several. */
static bool fork_may_be(walk *w, uint32_t at, unsigned reg)
{
    if (reg == STACK) /* zero */
        return false;
    if (w->left == 0)
        return true;
    w->left--;
    return may_be(w, at, reg);
}

/* Whether what may be looked for is stored to the 8 bytes at offset of the frame, anywhere. */
static bool slot_may_be(walk *w, uint32_t offset)
{
    for (uint32_t at = 0; at + 4 <= w->code.size; at += 4) {
        uint32_t word = hvc_le32(w->code.data + at), size = word >> 30, low, high;
        if ((word >> 5 & 31) != STACK)
            continue;
        bool vector = word >> 26 & 1, pair = (word & 0x3A400000) == 0x28000000;
        if ((word & 0x3BC00000) == 0x39000000) {
            low = (word >> 10 & 0xFFF) << size;
            high = low + (UINT32_C(1) << size);
        } else if (pair) {
            uint32_t scale = vector ? 2 + size : size >= 2 ? 3 : 2;
            low = (word >> 15 & 0x3F) << scale;
            high = low + (UINT32_C(2) << scale);
        } else if ((word & 0x3B400000) == 0x38000000) {
            return true; /* by another form: who knows */
        } else {
            continue;
        }
        if (offset + 8 <= low || high <= offset)
            continue;
        if (vector || size < (pair ? 2u : 3u) || (low != offset && (!pair || low + 8 != offset)))
            return true;
        if (fork_may_be(w, at, low == offset ? word & 31 : word >> 10 & 31))
            return true;
    }
    return false;
}

/* The same for what a load from memory gives. */
static bool load_may_be(walk *w, uint32_t word, unsigned reg)
{
    unsigned d = word & 31, n = word >> 5 & 31;
    bool one = (word & 0x3B000000) == 0x39000000 || (word & 0x3B200C00) == 0x38200800;
    bool pair = (word & 0x3E400000) == 0x28400000;
    if (n == STACK && (word & 0xFFC00000) == 0xF9400000)
        return slot_may_be(w, (word >> 10 & 0xFFF) << 3);
    if ((word & 0x3B000000) == 0x18000000) /* literal */
        return false;
    return n == STACK || n == FRAME ||
           !((one && d == reg) || (pair && (d == reg || (word >> 10 & 31) == reg)));
}

/* The same for what the function did not write before at: a parameter, unless ways lead back. */
static bool untouched_may_be(const walk *w, uint32_t end)
{
    for (uint32_t at = end; at + 4 <= w->code.size; at += 4) {
        uint32_t word = hvc_le32(w->code.data + at), target;
        if (!is_call(word) && hvc_arm64_branch_target(word, at, &target) && target <= end)
            return true;
    }
    return !w->whole;
}

static bool may_be(walk *w, uint32_t at, unsigned reg)
{
    uint32_t end = at;
    while (at >= 4) {
        at -= 4;
        uint32_t word = hvc_le32(w->code.data + at);
        if (is_call(word) && (reg == 0 || reg == LINK))
            return reg == LINK || w->wanted == NULL || w->wanted(w->context, at);
        if (!may_write(word, reg))
            continue;
        if ((word & 0xFFE0FFE0) == 0xAA0003E0) { /* mov */
            reg = word >> 16 & 31;
            end = at;
        } else if ((word & 0xFF800000) == 0x91000000) { /* add of a number, 64 bits */
            reg = word >> 5 & 31;
            end = at;
        } else if ((word & 0xFFE00C00) == 0x9A800000) { /* csel, 64 bits */
            return fork_may_be(w, at, word >> 5 & 31) || fork_may_be(w, at, word >> 16 & 31);
        } else if ((word & 0x1F000000) == 0x10000000) { /* adr, adrp */
            return false;
        } else if ((word >> 25 & 5) == 4) {
            return load_may_be(w, word, reg);
        } else {
            return true;
        }
        if (reg == STACK) /* zero, or in the frame */
            return false;
    }
    return untouched_may_be(w, end);
}

bool hvc_arm64_may_be_result(hvc_span code, bool whole, uint32_t at, unsigned reg,
                             hvc_arm64_is_wanted wanted, void *context)
{
    walk w = {
        .code = code, .whole = whole, .wanted = wanted, .context = context, .left = MAX_FORKS};
    return may_be(&w, at, reg);
}
