/* The ARM64 instructions that refer to something, by their bits. */
#ifndef CODE_ARM64_WORDS_H
#define CODE_ARM64_WORDS_H

#include <stdbool.h>
#include <stdint.h>

static inline int32_t hvc_arm64_sign_extend(uint32_t value, unsigned bits)
{
    return (int32_t)(value << (32 - bits)) >> (32 - bits);
}

static inline bool hvc_arm64_is_adrp(uint32_t word)
{
    return (word & 0x9f000000) == 0x90000000;
}

/* adr and adrp: a signed number of bytes or pages in two parts. */
static inline int32_t hvc_arm64_adr_offset(uint32_t word)
{
    return hvc_arm64_sign_extend((word >> 5 & 0x7ffff) << 2 | (word >> 29 & 3), 21);
}

static inline uint32_t hvc_arm64_adrp_page(uint32_t word, uint32_t rva)
{
    return (rva & ~UINT32_C(0xfff)) + (uint32_t)hvc_arm64_adr_offset(word) * 0x1000;
}

/* A first look at an instruction: most are none of these. Bits, so that one test asks for several.
 */
typedef enum hvc_arm64_mark {
    HVC_ARM64_NO_MARK = 0,
    HVC_ARM64_BRANCH = 1,
    HVC_ARM64_ADR = 2,     /* adr, adrp */
    HVC_ARM64_ADD = 4,     /* add of a number, 64 bits */
    HVC_ARM64_LITERAL = 8, /* ldr of what stands near the code */
    HVC_ARM64_LEAVE = 16,  /* br, blr, ret; brk */
} hvc_arm64_mark;

/* What the top byte of an instruction says. */
static inline hvc_arm64_mark hvc_arm64_mark_of(uint8_t top)
{
    if ((top & 0x7c) == 0x14 || top == 0x54 || (top & 0x7c) == 0x34)
        return HVC_ARM64_BRANCH;
    if ((top & 0x1f) == 0x10)
        return HVC_ARM64_ADR;
    if (top == 0x91)
        return HVC_ARM64_ADD;
    if (top == 0xd4 || top == 0xd6 || top == 0xd7)
        return HVC_ARM64_LEAVE;
    return (top & 0x3b) == 0x18 ? HVC_ARM64_LITERAL : HVC_ARM64_NO_MARK;
}

static inline void hvc_arm64_fill_marks(uint8_t marks[256])
{
    for (unsigned i = 0; i < 256; i++)
        marks[i] = (uint8_t)hvc_arm64_mark_of((uint8_t)i);
}

/* Where a direct branch at rva leads. */
static inline bool hvc_arm64_branch_target(uint32_t word, uint32_t rva, uint32_t *ret_target)
{
    int32_t offset;
    if ((word & 0x7c000000) == 0x14000000) /* b, bl */
        offset = hvc_arm64_sign_extend(word & 0x3ffffff, 26);
    else if ((word & 0xff000000) == 0x54000000 || (word & 0x7e000000) == 0x34000000)
        offset = hvc_arm64_sign_extend(word >> 5 & 0x7ffff, 19); /* b.cond, cbz, cbnz */
    else if ((word & 0x7e000000) == 0x36000000)
        offset = hvc_arm64_sign_extend(word >> 5 & 0x3fff, 14); /* tbz, tbnz */
    else
        return false;
    *ret_target = rva + (uint32_t)offset * 4;
    return true;
}

/* What ldr literal at rva reads. */
static inline uint32_t hvc_arm64_literal(uint32_t word, uint32_t rva)
{
    return rva + (uint32_t)hvc_arm64_sign_extend(word >> 5 & 0x7ffff, 19) * 4;
}

/* bl, blr and its signed forms. */
static inline bool hvc_arm64_is_call(uint32_t word)
{
    return (word & 0xfc000000) == 0x94000000 || (word & 0xfee00000) == 0xd6200000;
}

/* Stores with an offset in the instruction, but for the unscaled and the atomic ones. */
static inline bool hvc_arm64_may_store(uint32_t word)
{
    return (word & 0x3bc00000) == 0x39000000 || (word & 0x3a400000) == 0x28000000;
}

/* add of a number to a 64-bit register: what stands behind adrp. */
static inline bool hvc_arm64_is_add(uint32_t word)
{
    return (word & 0xffc00000) == 0x91000000;
}

#endif
