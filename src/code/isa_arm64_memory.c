/* ARM64: loads and stores. See isa_arm64.h. */
#include "code/isa_arm64.h"

enum {
    T0 = HVC_REG_T0,
    T1 = HVC_REG_T1,
};

static const hvc_operand nothing = {.kind = HVC_OPERAND_NONE};

/* What a load or store moves. */
typedef struct access {
    unsigned memory_size; /* 0: a prefetch, which moves nothing */
    unsigned size;        /* of the register after a load */
    bool load, sign, vector;
} access;

static void emit_access(hvc_insn *insn, const access *what, unsigned reg, hvc_memory memory)
{
    if (what->memory_size == 0)
        return;
    if (!what->load) {
        hvc_operand value = nothing;
        if (!what->vector)
            value = hvc_source(reg, what->memory_size);
        hvc_emit_store(insn, what->memory_size, memory, value);
    } else if (what->vector) {
        hvc_emit_escape_memory(insn, what->memory_size, memory);
    } else if (reg != HVC_ARM64_ZR) {
        hvc_emit_load(insn, what->size, what->memory_size, reg, memory)->sign_extend = what->sign;
    }
}

static void add_base(hvc_insn *insn, unsigned base, int64_t offset)
{
    hvc_emit_alu(insn, HVC_ALU_ADD, 8, base, hvc_reg(base), hvc_const((uint64_t)offset, 8));
}

/* By size (31..30), V (26) and opc (23..22), as most single loads and stores have them. */
static bool read_access(uint32_t word, access *ret)
{
    unsigned size = hvc_bits(word, 31, 30), opc = hvc_bits(word, 23, 22);
    if (hvc_bit(word, 26)) {
        if (opc >= 2 && size != 0)
            return false;
        *ret = (access){
            .memory_size = opc >= 2 ? 16 : 1u << size, .load = (opc & 1) != 0, .vector = true};
        return true;
    }
    *ret = (access){.memory_size = 1u << size, .size = size == 3 ? 8 : 4, .load = opc != 0};
    if (opc < 2)
        return true;
    ret->sign = true;
    ret->size = opc == 2 ? 8 : 4;
    if (size == 3) {
        ret->memory_size = 0;
        return opc == 2;
    }
    return opc == 2 || size < 2;
}

static bool load_literal(uint32_t word, hvc_insn *insn)
{
    unsigned opc = hvc_bits(word, 31, 30), reg = word & 31;
    int64_t address =
        (int64_t)(insn->address + (uint64_t)(hvc_sign_extend(hvc_bits(word, 23, 5), 19) * 4));
    if (hvc_bit(word, 26)) {
        if (opc != 3)
            hvc_emit_escape_memory(insn, 4u << opc, hvc_address(HVC_REG_NONE, address));
        return opc != 3;
    }
    if (opc == 3 || reg == HVC_ARM64_ZR)
        return true;
    hvc_emit_load(insn, opc == 0 ? 4 : 8, opc == 1 ? 8 : 4, reg, hvc_address(HVC_REG_NONE, address))
        ->sign_extend = opc == 2;
    return true;
}

static bool unsigned_offset(uint32_t word, hvc_insn *insn)
{
    access what;
    if (!read_access(word, &what))
        return false;
    unsigned scale = what.memory_size == 0 ? 8 : what.memory_size;
    emit_access(insn, &what, word & 31,
                hvc_address(hvc_bits(word, 9, 5), (int64_t)hvc_bits(word, 21, 10) * scale));
    return true;
}

/* Unscaled, post-indexed, unprivileged, pre-indexed: bits 11..10 are 0 to 3. */
static bool short_offset(uint32_t word, hvc_insn *insn)
{
    access what;
    unsigned mode = hvc_bits(word, 11, 10), base = hvc_bits(word, 9, 5), reg = word & 31;
    int64_t offset = hvc_sign_extend(hvc_bits(word, 20, 12), 9);
    bool indexed = (mode & 1) != 0;
    if (!read_access(word, &what) || (what.memory_size == 0 && mode != 0) ||
        (mode == 2 && what.vector))
        return false;
    if (indexed && !what.vector && reg == base && base != HVC_ARM64_SP) {
        /* both are written, and which one wins is not defined; nor is what a store stores */
        if (!what.load) {
            hvc_emit_escape(insn, hvc_reg(reg), nothing);
            hvc_emit_store(insn, what.memory_size, hvc_address(base, mode == 1 ? 0 : offset),
                           nothing);
        }
        hvc_emit_clobber(insn, 8, base);
        return true;
    }
    emit_access(insn, &what, reg, hvc_address(base, mode == 1 ? 0 : offset));
    if (indexed)
        add_base(insn, base, offset);
    return true;
}

static bool register_offset(uint32_t word, hvc_insn *insn)
{
    access what;
    unsigned option = hvc_bits(word, 15, 13), index = hvc_bits(word, 20, 16);
    if (!(option & 2) || !read_access(word, &what))
        return false;
    if (what.memory_size == 0)
        return true;
    hvc_memory memory = hvc_address(hvc_bits(word, 9, 5), 0);
    if (index != HVC_ARM64_ZR) {
        memory.index = (uint8_t)index;
        memory.scale = hvc_bit(word, 12) ? (uint8_t)what.memory_size : 1;
        if (!(option & 1)) { /* uxtw, sxtw */
            hvc_emit_alu(insn, option & 4 ? HVC_ALU_SIGN_EXTEND : HVC_ALU_ZERO_EXTEND, 8, T1,
                         hvc_reg(index), hvc_const(32, 8));
            memory.index = T1;
        }
    }
    emit_access(insn, &what, word & 31, memory);
    return true;
}

/* ldraa, ldrab: the pointer is authenticated first, which changes its upper bits. */
static bool load_authenticated(uint32_t word, hvc_insn *insn)
{
    if (hvc_bits(word, 31, 30) != 3 || hvc_bit(word, 26))
        return false;
    hvc_emit_escape_memory(insn, 0, hvc_address(HVC_REG_NONE, 0));
    hvc_arm64_clobber(insn, 8, word & 31);
    if (hvc_bit(word, 11))
        hvc_arm64_clobber_sp(insn, hvc_bits(word, 9, 5));
    return true;
}

/* What a pair moves, and by which number its offset is scaled; false when unallocated. */
static bool read_pair(uint32_t word, access *ret_what, int64_t *ret_scale)
{
    unsigned opc = hvc_bits(word, 31, 30), mode = hvc_bits(word, 24, 23);
    access what = {.load = hvc_bit(word, 22), .vector = hvc_bit(word, 26)};
    if (opc == 3)
        return false;
    if (what.vector) {
        what.memory_size = 4u << opc;
    } else {
        what.memory_size = opc == 2 ? 8 : 4;
        what.size = opc == 0 ? 4 : 8;
        what.sign = opc == 1;
    }
    *ret_scale = what.memory_size;
    if (opc == 1 && !what.vector) {
        if (mode == 0)
            return false;
        if (!what.load) { /* stgp: tags the 16 bytes that it stores */
            what.memory_size = 8;
            *ret_scale = 16;
        }
    }
    *ret_what = what;
    return true;
}

/* A pair whose outcome is not defined: the base is one of the registers, or a register is loaded
 * twice. */
static void undefined_pair(hvc_insn *insn, const access *what, uint32_t word, hvc_memory low)
{
    hvc_memory high = low;
    high.displacement += what->memory_size;
    if (what->load) {
        hvc_emit_escape_memory(insn, 2 * what->memory_size, low);
        hvc_arm64_clobber(insn, 8, word & 31);
        hvc_arm64_clobber(insn, 8, hvc_bits(word, 14, 10));
    } else {
        hvc_emit_escape(insn, hvc_source(word & 31, 8), hvc_source(hvc_bits(word, 14, 10), 8));
        hvc_emit_store(insn, what->memory_size, low, nothing);
        hvc_emit_store(insn, what->memory_size, high, nothing);
    }
    if (hvc_bit(word, 23))
        hvc_arm64_clobber_sp(insn, low.base);
}

static bool pair(uint32_t word, hvc_insn *insn)
{
    unsigned mode = hvc_bits(word, 24, 23), base = hvc_bits(word, 9, 5);
    unsigned first = word & 31, second = hvc_bits(word, 14, 10);
    access what;
    int64_t scale;
    if (!read_pair(word, &what, &scale))
        return false;
    int64_t offset = hvc_sign_extend(hvc_bits(word, 21, 15), 7) * scale;
    bool indexed = (mode & 1) != 0;
    hvc_memory low = hvc_address(base, mode == 1 ? 0 : offset), high = low;
    high.displacement += what.memory_size;
    bool overlaps = indexed && base != HVC_ARM64_SP && (first == base || second == base);
    if (!what.vector && (overlaps || (what.load && first == second))) {
        undefined_pair(insn, &what, word, low);
        return true;
    }
    /* a register that is loaded and is the base comes last */
    bool swap = what.load && first == base;
    emit_access(insn, &what, swap ? second : first, swap ? high : low);
    emit_access(insn, &what, swap ? first : second, swap ? low : high);
    if (indexed)
        add_base(insn, base, offset);
    return true;
}

bool hvc_arm64_memory(uint32_t word, hvc_insn *insn)
{
    switch (hvc_bits(word, 29, 27)) {
    case 1: /* bit 26 is V */
        return hvc_arm64_memory_other(word, insn);
    case 3:
        if (!hvc_bit(word, 24))
            return load_literal(word, insn);
        return hvc_arm64_memory_other(word, insn);
    case 5:
        return pair(word, insn);
    case 7:
        if (hvc_bit(word, 24))
            return unsigned_offset(word, insn);
        if (!hvc_bit(word, 21))
            return short_offset(word, insn);
        if (hvc_bits(word, 11, 10) == 2)
            return register_offset(word, insn);
        if (hvc_bits(word, 11, 10) == 0)
            return hvc_arm64_memory_other(word, insn);
        return load_authenticated(word, insn);
    default:
        return false;
    }
}
