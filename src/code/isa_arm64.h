/* The inside of the ARM64 decoder: one file per part of the encoding table, by the names that Arm's
 * manual gives them ("A64 instruction set encoding"). Each returns false for an unallocated
 * encoding. */
#ifndef CODE_ISA_ARM64_H
#define CODE_ISA_ARM64_H

#include "code/isa_ops.h"

enum {
    HVC_ARM64_IP0 = 16, /* x16 and x17 */
    HVC_ARM64_IP1 = 17,
    HVC_ARM64_LR = 30,
    HVC_ARM64_SP = 31,
    HVC_ARM64_ZR = 31, /* which of the two register 31 is depends on the instruction */
};

bool hvc_arm64_immediate(uint32_t word, hvc_insn *insn);    /* data processing, immediate */
bool hvc_arm64_register(uint32_t word, hvc_insn *insn);     /* data processing, register */
bool hvc_arm64_branch(uint32_t word, hvc_insn *insn);       /* branches, exceptions, system */
bool hvc_arm64_memory(uint32_t word, hvc_insn *insn);       /* loads and stores */
bool hvc_arm64_memory_other(uint32_t word, hvc_insn *insn); /* exclusive, atomic, tags, vectors */
bool hvc_arm64_vector(uint32_t word, hvc_insn *insn);       /* scalar floating point and SIMD */

/* The bits high..low of an instruction. */
static inline uint32_t hvc_bits(uint32_t word, unsigned high, unsigned low)
{
    return word >> low & ((UINT32_C(2) << (high - low)) - 1);
}

static inline bool hvc_bit(uint32_t word, unsigned number)
{
    return (word >> number & 1) != 0;
}

static inline int64_t hvc_sign_extend(uint64_t value, unsigned bits)
{
    uint64_t sign = UINT64_C(1) << (bits - 1);
    return (int64_t)((value ^ sign) - sign);
}

/* A source register where 31 is the zero register. */
static inline hvc_operand hvc_source(unsigned number, unsigned size)
{
    return number == HVC_ARM64_ZR ? hvc_const(0, size) : hvc_reg(number);
}

/* The condition with number in b.cond and the conditional instructions; "always" is not among them.
 */
hvc_condition hvc_arm64_condition(unsigned number);
static inline bool hvc_arm64_always(unsigned number)
{
    return number >= 14;
}

/* Unknown from now on; nothing when reg is the zero register. */
static inline void hvc_arm64_clobber(hvc_insn *insn, unsigned size, unsigned reg)
{
    if (reg != HVC_ARM64_ZR)
        hvc_emit_clobber(insn, size, reg);
}

/* The same for a register number whose 31 is the stack pointer. */
static inline void hvc_arm64_clobber_sp(hvc_insn *insn, unsigned reg)
{
    hvc_emit_clobber(insn, 8, reg);
}

#endif
