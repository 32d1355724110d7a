/* ARM64: the rarer loads and stores: exclusive, ordered, atomic, of tags, of vector structures, and
 * memory copies. See isa_arm64.h. */
#include "code/isa_arm64.h"

enum {
    T0 = HVC_REG_T0,
};

static const hvc_operand nothing = {.kind = HVC_OPERAND_NONE};

/* The operands by the manual's names. */
typedef struct fields {
    unsigned rt, rn, rt2, rs;
    unsigned bytes; /* by size, bits 31..30 */
    hvc_memory memory;
} fields;

static fields read_fields(uint32_t word)
{
    unsigned rn = hvc_bits(word, 9, 5);
    return (fields){.rt = word & 31,
                    .rn = rn,
                    .rt2 = hvc_bits(word, 14, 10),
                    .rs = hvc_bits(word, 20, 16),
                    .bytes = 1u << hvc_bits(word, 31, 30),
                    .memory = hvc_address(rn, 0)};
}

static void load(hvc_insn *insn, const fields *f, unsigned reg)
{
    if (reg != HVC_ARM64_ZR)
        hvc_emit_load(insn, f->bytes == 8 ? 8 : 4, f->bytes, reg, f->memory);
}

/* What one or two registers hold, and what lies in memory, may be there or in a register now. */
static void escape(hvc_insn *insn, const fields *f, unsigned bytes, unsigned a, unsigned b)
{
    if (bytes >= 8)
        hvc_emit_escape_memory(insn, bytes, f->memory);
    hvc_emit_escape(insn, hvc_source(a, 8), hvc_source(b, 8));
}

static void store_unknown(hvc_insn *insn, const fields *f, unsigned bytes)
{
    hvc_emit_store(insn, bytes, f->memory, nothing);
}

/* stxp, ldxp and casp: two registers of 4 or 8 bytes. */
static bool exclusive_pair(uint32_t word, hvc_insn *insn)
{
    fields f = read_fields(word);
    unsigned bytes = hvc_bit(word, 30) ? 8 : 4;
    if (!hvc_bit(word, 31)) { /* casp */
        if (f.rt2 != 31 || (f.rs & 1) != 0 || (f.rt & 1) != 0)
            return false;
        escape(insn, &f, 2 * bytes, f.rt, f.rt + 1);
        store_unknown(insn, &f, 2 * bytes);
        hvc_arm64_clobber(insn, 8, f.rs);
        hvc_arm64_clobber(insn, 8, f.rs + 1);
    } else if (hvc_bit(word, 22)) {
        escape(insn, &f, 2 * bytes, HVC_ARM64_ZR, HVC_ARM64_ZR);
        hvc_arm64_clobber(insn, 8, f.rt);
        hvc_arm64_clobber(insn, 8, f.rt2);
    } else {
        escape(insn, &f, 2 * bytes, f.rt, f.rt2);
        store_unknown(insn, &f, 2 * bytes);
        hvc_arm64_clobber(insn, 8, f.rs);
    }
    return true;
}

/* stxr, ldxr, stlr, ldar, cas and their pairs. What is stored conditionally is not known
 * afterwards. */
static bool exclusive(uint32_t word, hvc_insn *insn)
{
    fields f = read_fields(word);
    bool ordered = hvc_bit(word, 23), loads = hvc_bit(word, 22);
    if (hvc_bit(word, 21) && !ordered)
        return exclusive_pair(word, insn);
    if (hvc_bit(word, 21)) { /* cas */
        if (f.rt2 != 31)
            return false;
        escape(insn, &f, f.bytes, f.rt, HVC_ARM64_ZR);
        store_unknown(insn, &f, f.bytes);
        hvc_arm64_clobber(insn, 8, f.rs);
        return true;
    }
    if (loads) {
        load(insn, &f, f.rt);
    } else if (ordered) {
        hvc_emit_store(insn, f.bytes, f.memory, hvc_source(f.rt, f.bytes));
    } else {
        escape(insn, &f, f.bytes, f.rt, HVC_ARM64_ZR);
        store_unknown(insn, &f, f.bytes);
        hvc_arm64_clobber(insn, 8, f.rs);
    }
    return true;
}

/* ld64b and st64b: eight registers at once. */
static bool block_of_64(uint32_t word, hvc_insn *insn)
{
    fields f = read_fields(word);
    unsigned opc = hvc_bits(word, 14, 12);
    if (f.bytes != 8 || hvc_bits(word, 23, 22) != 0 || (f.rt & 1) != 0 || f.rt > 22)
        return false;
    switch (opc) {
    case 1: /* st64b */
    case 5: /* ld64b */
        if (f.rs != 31)
            return false;
        for (unsigned i = 0; opc == 1 && i < 8; i += 2)
            hvc_emit_escape(insn, hvc_reg(f.rt + i), hvc_source(f.rt + i + 1, 8));
        if (opc == 1)
            store_unknown(insn, &f, 64);
        for (unsigned i = 0; opc == 5 && i < 8; i++)
            hvc_arm64_clobber(insn, 8, f.rt + i);
        return true;
    case 2: /* st64bv0, st64bv */
    case 3:
        for (unsigned i = 0; i < 8; i += 2)
            hvc_emit_escape(insn, hvc_reg(f.rt + i), hvc_source(f.rt + i + 1, 8));
        store_unknown(insn, &f, 64);
        hvc_arm64_clobber(insn, 8, f.rs);
        return true;
    default:
        return false;
    }
}

/* ldadd and its like, swp, ldapr. */
static bool atomic(uint32_t word, hvc_insn *insn)
{
    fields f = read_fields(word);
    unsigned opc = hvc_bits(word, 14, 12);
    if (hvc_bit(word, 26))
        return false;
    if (!hvc_bit(word, 15)) {
        escape(insn, &f, f.bytes, f.rs, HVC_ARM64_ZR);
        store_unknown(insn, &f, f.bytes);
        hvc_arm64_clobber(insn, 8, f.rt);
        return true;
    }
    if (opc == 0) { /* swp */
        hvc_emit_load(insn, f.bytes == 8 ? 8 : 4, f.bytes, T0, f.memory);
        hvc_emit_store(insn, f.bytes, f.memory, hvc_source(f.rs, f.bytes));
        if (f.rt != HVC_ARM64_ZR)
            hvc_emit_move(insn, 8, f.rt, hvc_reg(T0));
        return true;
    }
    if (opc == 4 && hvc_bits(word, 23, 22) == 2 && f.rs == 31) { /* ldapr */
        load(insn, &f, f.rt);
        return true;
    }
    return block_of_64(word, insn);
}

/* Memory copies and sets: the registers run along, in whichever direction. */
static bool copy(uint32_t word, hvc_insn *insn)
{
    fields f = read_fields(word);
    if (hvc_bits(word, 31, 30) != 0)
        return false;
    hvc_emit_escape_memory(insn, 0, hvc_address(HVC_REG_NONE, 0));
    hvc_emit_clobber_memory(insn, HVC_REG_NONE);
    hvc_arm64_clobber(insn, 8, f.rt);
    hvc_arm64_clobber(insn, 8, f.rs);
    hvc_arm64_clobber(insn, 8, f.rn);
    hvc_emit_clobber_flags(insn);
    return true;
}

/* Memory tags; stzg and its like zero the bytes too. */
static bool tags(uint32_t word, hvc_insn *insn)
{
    fields f = read_fields(word);
    unsigned opc = hvc_bits(word, 23, 22), mode = hvc_bits(word, 11, 10);
    int64_t offset = hvc_sign_extend(hvc_bits(word, 20, 12), 9) * 16;
    if (mode == 0) {
        if (opc != 1 && offset != 0)
            return false;
        if (opc == 0) /* stzgm */
            hvc_emit_clobber_memory(insn, HVC_REG_NONE);
        else if (opc != 2) /* ldg, ldgm */
            hvc_arm64_clobber(insn, 8, f.rt);
        return true;
    }
    if (opc == 1 || opc == 3) {
        f.memory.displacement = mode == 1 ? 0 : offset;
        store_unknown(insn, &f, opc == 1 ? 16 : 32);
    }
    if (mode != 2)
        hvc_emit_alu(insn, HVC_ALU_ADD, 8, f.rn, hvc_reg(f.rn), hvc_const((uint64_t)offset, 8));
    return true;
}

/* ldapur and stlur, and the pairs and forms with write-back that came later. */
static bool ordered_offset(uint32_t word, hvc_insn *insn)
{
    fields f = read_fields(word);
    unsigned opc = hvc_bits(word, 23, 22);
    f.memory.displacement = hvc_sign_extend(hvc_bits(word, 20, 12), 9);
    if (opc > 1 && (f.bytes == 8 || (opc == 3 && f.bytes == 4)))
        return false;
    if (opc == 0) {
        hvc_emit_store(insn, f.bytes, f.memory, hvc_source(f.rt, f.bytes));
    } else if (f.rt != HVC_ARM64_ZR) {
        unsigned size = opc == 2 || (opc == 1 && f.bytes == 8) ? 8 : 4;
        hvc_emit_load(insn, size, f.bytes, f.rt, f.memory)->sign_extend = opc > 1;
    }
    return true;
}

static bool ordered_pair(uint32_t word, hvc_insn *insn)
{
    fields f = read_fields(word);
    if (f.bytes < 4)
        return false;
    if (hvc_bit(word, 22)) {
        hvc_emit_escape_memory(insn, 0, hvc_address(HVC_REG_NONE, 0));
        hvc_arm64_clobber(insn, 8, f.rt);
        hvc_arm64_clobber(insn, 8, f.rs);
    } else {
        hvc_emit_escape(insn, hvc_source(f.rt, 8), hvc_source(f.rs, 8));
        hvc_emit_clobber_memory(insn, HVC_REG_NONE);
    }
    hvc_arm64_clobber_sp(insn, f.rn);
    return true;
}

/* Atomics on pairs of registers: Rt and Rt2 (bits 20..16) are loaded. */
static bool atomic_pair(uint32_t word, hvc_insn *insn)
{
    fields f = read_fields(word);
    if (hvc_bits(word, 31, 30) != 0)
        return false;
    escape(insn, &f, 16, f.rt, f.rs);
    store_unknown(insn, &f, 16);
    hvc_arm64_clobber(insn, 8, f.rt);
    hvc_arm64_clobber(insn, 8, f.rs);
    return true;
}

/* Bytes that a load or store of multiple structures moves; 0 when unallocated. */
static unsigned multiple_bytes(uint32_t word)
{
    unsigned vector = hvc_bit(word, 30) ? 16 : 8;
    bool interleaves_1d = vector == 8 && hvc_bits(word, 11, 10) == 3;
    switch (hvc_bits(word, 15, 12)) {
    case 0x0:
        return interleaves_1d ? 0 : 4 * vector;
    case 0x2:
        return 4 * vector;
    case 0x4:
        return interleaves_1d ? 0 : 3 * vector;
    case 0x6:
        return 3 * vector;
    case 0x7:
        return vector;
    case 0x8:
        return interleaves_1d ? 0 : 2 * vector;
    case 0xa:
        return 2 * vector;
    default:
        return 0;
    }
}

/* The same for single structures. */
static unsigned single_bytes(uint32_t word)
{
    unsigned opcode = hvc_bits(word, 15, 13), size = hvc_bits(word, 11, 10);
    bool s = hvc_bit(word, 12);
    unsigned count = ((opcode & 1) << 1 | hvc_bits(word, 21, 21)) + 1;
    switch (opcode >> 1) {
    case 0:
        return count;
    case 1:
        return size & 1 ? 0 : 2 * count;
    case 2:
        if (size == 0)
            return 4 * count;
        return size == 1 && !s ? 8 * count : 0;
    default: /* loads to all lanes */
        return s || !hvc_bit(word, 22) ? 0 : count << size;
    }
}

static bool vector_structure(uint32_t word, hvc_insn *insn)
{
    fields f = read_fields(word);
    bool single = hvc_bit(word, 24), indexed = hvc_bit(word, 23);
    unsigned bytes = single ? single_bytes(word) : multiple_bytes(word);
    if (hvc_bit(word, 31) || bytes == 0 || (!single && hvc_bit(word, 21)))
        return false;
    bool ordered = single && f.rs == 1 && hvc_bits(word, 21, 21) == 0 && /* ldap1, stl1 */
                   hvc_bits(word, 15, 10) == 0x21;
    if (!indexed && f.rs != 0 && !ordered)
        return false;
    if (!hvc_bit(word, 22))
        store_unknown(insn, &f, bytes);
    else
        hvc_emit_escape_memory(insn, bytes, f.memory);
    if (indexed)
        hvc_emit_alu(insn, HVC_ALU_ADD, 8, f.rn, hvc_reg(f.rn),
                     f.rs == 31 ? hvc_const(bytes, 8) : hvc_reg(f.rs));
    return true;
}

bool hvc_arm64_memory_other(uint32_t word, hvc_insn *insn)
{
    bool vector = hvc_bit(word, 26);
    if (hvc_bits(word, 29, 27) == 7)
        return atomic(word, insn);
    if (hvc_bits(word, 29, 27) == 1) {
        if (vector)
            return vector_structure(word, insn);
        return !hvc_bit(word, 24) && exclusive(word, insn);
    }
    unsigned mode = hvc_bits(word, 11, 10);
    if (hvc_bit(word, 21)) {
        if (!vector && hvc_bits(word, 31, 30) == 3)
            return tags(word, insn);
        return !vector && mode == 0 && atomic_pair(word, insn);
    }
    if (mode == 1)
        return copy(word, insn);
    if (!vector && mode == 0)
        return ordered_offset(word, insn);
    if (!vector && mode == 2)
        return ordered_pair(word, insn);
    if (vector && mode == 2) { /* ldapur and stlur of vector registers */
        fields f = read_fields(word);
        unsigned opc = hvc_bits(word, 23, 22);
        f.memory.displacement = hvc_sign_extend(hvc_bits(word, 20, 12), 9);
        if (opc > 1 && f.bytes != 1)
            return false;
        unsigned bytes = opc >= 2 ? 16 : f.bytes;
        if (opc & 1)
            hvc_emit_escape_memory(insn, bytes, f.memory);
        else
            store_unknown(insn, &f, bytes);
        return true;
    }
    return false;
}
