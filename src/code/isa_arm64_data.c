/* ARM64: data processing with immediates and registers, and what vector instructions do to general
 * registers and flags. See isa_arm64.h. */
#include "code/isa_arm64.h"

enum {
    T0 = HVC_REG_T0,
    T1 = HVC_REG_T1,
};

static const hvc_operand nothing = {.kind = HVC_OPERAND_NONE};

static unsigned operand_size(uint32_t word)
{
    return hvc_bit(word, 31) ? 8 : 4;
}

static uint64_t ones(unsigned count)
{
    return count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}

/* dst = a, or nothing when dst is the zero register. */
static void move(hvc_insn *insn, unsigned size, unsigned dst, hvc_operand a)
{
    if (dst != HVC_ARM64_ZR)
        hvc_emit_move(insn, size, dst, a);
}

static void alu(hvc_insn *insn, hvc_alu operation, unsigned size, unsigned dst, hvc_operand a,
                hvc_operand b)
{
    if (dst != HVC_ARM64_ZR)
        hvc_emit_alu(insn, operation, size, dst, a, b);
}

/* add, sub and their flags. dst_sp: 31 as destination is the stack pointer. */
static void add_sub(hvc_insn *insn, uint32_t word, hvc_operand a, hvc_operand b, bool dst_sp)
{
    unsigned size = operand_size(word), dst = word & 31;
    bool sub = hvc_bit(word, 30), sets_flags = hvc_bit(word, 29);
    bool writes = dst != HVC_ARM64_ZR || dst_sp;
    hvc_alu operation = sub ? HVC_ALU_SUB : HVC_ALU_ADD;
    if (sets_flags && sub) {
        hvc_emit_flags(insn, HVC_OP_COMPARE, size, a, b);
    } else if (sets_flags && b.kind == HVC_OPERAND_CONST && b.value != 0) {
        /* a + b has the flags of a - -b: carry and overflow differ only where -b is b */
        hvc_emit_flags(insn, HVC_OP_COMPARE, size, a, hvc_const(0 - b.value, size));
    } else if (sets_flags) {
        unsigned sum = writes ? dst : T0;
        hvc_emit_alu(insn, operation, size, sum, a, b);
        hvc_emit_flags(insn, HVC_OP_RESULT, size, hvc_reg(sum), nothing);
        return;
    }
    if (!writes)
        return;
    if (hvc_is_const(b, 0, size))
        hvc_emit_move(insn, size, dst, a);
    else if (hvc_is_const(a, 0, size) && sub)
        hvc_emit_alu(insn, HVC_ALU_NEG, size, dst, b, nothing);
    else if (hvc_is_const(a, 0, size))
        hvc_emit_move(insn, size, dst, b);
    else
        hvc_emit_alu(insn, operation, size, dst, a, b);
}

/* and, orr, eor, ands with b that bic, orn, eon have inverted before. */
static void logical(hvc_insn *insn, uint32_t word, hvc_operand b, bool dst_sp)
{
    static const uint8_t operations[4] = {HVC_ALU_AND, HVC_ALU_OR, HVC_ALU_XOR, HVC_ALU_AND};
    unsigned size = operand_size(word), opc = hvc_bits(word, 30, 29);
    unsigned dst = word & 31, rn = hvc_bits(word, 9, 5);
    hvc_operand a = hvc_source(rn, size);
    bool writes = dst != HVC_ARM64_ZR || dst_sp;
    if (opc == 3 && !writes) {
        hvc_emit_flags(insn, HVC_OP_RESULT, size, a, b);
        return;
    }
    if (!writes)
        return;
    if (opc == 1 && rn == HVC_ARM64_ZR)
        hvc_emit_move(insn, size, dst, b);
    else
        hvc_emit_alu(insn, (hvc_alu)operations[opc], size, dst, a, b);
    if (opc == 3)
        hvc_emit_flags(insn, HVC_OP_RESULT, size, hvc_reg(dst), nothing);
}

/* The number that N, immr and imms of a logical instruction stand for: ones, rotated, in an element
 * that is repeated. */
static bool bitmask(uint32_t word, uint64_t *ret_mask)
{
    unsigned n = hvc_bits(word, 22, 22), immr = hvc_bits(word, 21, 16);
    unsigned imms = hvc_bits(word, 15, 10);
    unsigned pattern = n << 6 | (~imms & 0x3f), length = 0;
    while (pattern >> (length + 1) != 0)
        length++;
    unsigned width = 1u << length, levels = width - 1;
    unsigned count = (imms & levels) + 1, rotate = immr & levels;
    if (length == 0 || count == width)
        return false;
    uint64_t element = ones(count);
    if (rotate != 0)
        element = (element >> rotate | element << (width - rotate)) & ones(width);
    for (unsigned filled = width; filled < 64; filled *= 2)
        element |= element << filled;
    *ret_mask = element;
    return true;
}

static bool logical_immediate(uint32_t word, hvc_insn *insn)
{
    uint64_t mask;
    if ((!hvc_bit(word, 31) && hvc_bit(word, 22)) || !bitmask(word, &mask))
        return false;
    logical(insn, word, hvc_const(mask, operand_size(word)), hvc_bits(word, 30, 29) != 3);
    return true;
}

/* Bits of rn rd is left with: extract_bitfield for imms >= immr, insert for the others. */
static void insert_bitfield(hvc_insn *insn, unsigned size, unsigned dst, hvc_operand a,
                            unsigned lsb, unsigned width, unsigned shift)
{
    uint64_t mask = ones(width);
    hvc_operand field = a;
    if (shift != 0) {
        hvc_emit_alu(insn, HVC_ALU_SHR, size, T0, field, hvc_const(shift, size));
        field = hvc_reg(T0);
    }
    hvc_emit_alu(insn, HVC_ALU_AND, size, T0, field, hvc_const(mask, size));
    if (lsb != 0)
        hvc_emit_alu(insn, HVC_ALU_SHL, size, T0, hvc_reg(T0), hvc_const(lsb, size));
    hvc_emit_alu(insn, HVC_ALU_AND, size, dst, hvc_reg(dst), hvc_const(~(mask << lsb), size));
    hvc_emit_alu(insn, HVC_ALU_OR, size, dst, hvc_reg(dst), hvc_reg(T0));
}

static void unsigned_bitfield(hvc_insn *insn, unsigned size, unsigned dst, hvc_operand a,
                              unsigned immr, unsigned imms)
{
    unsigned bits = 8 * size;
    if (imms >= immr) { /* ubfx, lsr, uxtb, uxth */
        unsigned width = imms - immr + 1;
        if (immr == 0 && width == bits) {
            move(insn, size, dst, a);
        } else if (immr == 0) {
            alu(insn, HVC_ALU_AND, size, dst, a, hvc_const(ones(width), size));
        } else if (imms == bits - 1) {
            alu(insn, HVC_ALU_SHR, size, dst, a, hvc_const(immr, size));
        } else {
            hvc_emit_alu(insn, HVC_ALU_SHR, size, T0, a, hvc_const(immr, size));
            alu(insn, HVC_ALU_AND, size, dst, hvc_reg(T0), hvc_const(ones(width), size));
        }
        return;
    }
    unsigned lsb = bits - immr, width = imms + 1; /* ubfiz, lsl */
    if (lsb + width < bits) {
        hvc_emit_alu(insn, HVC_ALU_AND, size, T0, a, hvc_const(ones(width), size));
        a = hvc_reg(T0);
    }
    alu(insn, HVC_ALU_SHL, size, dst, a, hvc_const(lsb, size));
}

static void signed_bitfield(hvc_insn *insn, unsigned size, unsigned dst, hvc_operand a,
                            unsigned immr, unsigned imms)
{
    unsigned bits = 8 * size, up = bits - 1 - imms;
    unsigned down = imms >= immr ? up + immr : up - (bits - immr);
    if (immr == 0 && imms == bits - 1) {
        move(insn, size, dst, a);
    } else if (immr == 0) { /* sxtb, sxth, sxtw */
        alu(insn, HVC_ALU_SIGN_EXTEND, size, dst, a, hvc_const(imms + 1, size));
    } else if (up == 0) { /* asr */
        alu(insn, HVC_ALU_SAR, size, dst, a, hvc_const(immr, size));
    } else {
        hvc_emit_alu(insn, HVC_ALU_SHL, size, T0, a, hvc_const(up, size));
        if (down != 0)
            alu(insn, HVC_ALU_SAR, size, dst, hvc_reg(T0), hvc_const(down, size));
        else
            move(insn, size, dst, hvc_reg(T0));
    }
}

static bool bitfield(uint32_t word, hvc_insn *insn)
{
    unsigned size = operand_size(word), dst = word & 31, opc = hvc_bits(word, 30, 29);
    unsigned immr = hvc_bits(word, 21, 16), imms = hvc_bits(word, 15, 10), bits = 8 * size;
    if (hvc_bit(word, 22) != hvc_bit(word, 31) || immr >= bits || imms >= bits || opc == 3)
        return false;
    hvc_operand a = hvc_source(hvc_bits(word, 9, 5), size);
    if (dst == HVC_ARM64_ZR)
        return true;
    if (opc == 0)
        signed_bitfield(insn, size, dst, a, immr, imms);
    else if (opc == 2)
        unsigned_bitfield(insn, size, dst, a, immr, imms);
    else if (imms >= immr) /* bfxil */
        insert_bitfield(insn, size, dst, a, 0, imms - immr + 1, immr);
    else /* bfi, bfc */
        insert_bitfield(insn, size, dst, a, bits - immr, imms + 1, 0);
    return true;
}

static bool extract(uint32_t word, hvc_insn *insn)
{
    unsigned size = operand_size(word), dst = word & 31, bits = 8 * size;
    unsigned rn = hvc_bits(word, 9, 5), rm = hvc_bits(word, 20, 16), lsb = hvc_bits(word, 15, 10);
    if (hvc_bits(word, 30, 29) != 0 || hvc_bit(word, 21) ||
        hvc_bit(word, 22) != hvc_bit(word, 31) || lsb >= bits)
        return false;
    hvc_operand high = hvc_source(rn, size), low = hvc_source(rm, size);
    if (dst == HVC_ARM64_ZR)
        return true;
    if (lsb == 0) {
        hvc_emit_move(insn, size, dst, low);
    } else if (rn == rm) { /* ror */
        hvc_emit_alu(insn, HVC_ALU_ROR, size, dst, low, hvc_const(lsb, size));
    } else {
        hvc_emit_alu(insn, HVC_ALU_SHR, size, T0, low, hvc_const(lsb, size));
        hvc_emit_alu(insn, HVC_ALU_SHL, size, T1, high, hvc_const(bits - lsb, size));
        hvc_emit_alu(insn, HVC_ALU_OR, size, dst, hvc_reg(T0), hvc_reg(T1));
    }
    return true;
}

static bool move_wide(uint32_t word, hvc_insn *insn)
{
    unsigned size = operand_size(word), dst = word & 31, opc = hvc_bits(word, 30, 29);
    unsigned shift = 16 * hvc_bits(word, 22, 21);
    uint64_t value = (uint64_t)hvc_bits(word, 20, 5) << shift;
    if (opc == 1 || shift >= 8 * size)
        return false;
    if (opc == 3 && dst != HVC_ARM64_ZR) { /* movk */
        hvc_emit_alu(insn, HVC_ALU_AND, size, dst, hvc_reg(dst),
                     hvc_const(~(UINT64_C(0xffff) << shift), size));
        hvc_emit_alu(insn, HVC_ALU_OR, size, dst, hvc_reg(dst), hvc_const(value, size));
    } else {
        move(insn, size, dst, hvc_const(opc == 0 ? ~value : value, size));
    }
    return true;
}

/* addg and subg (sp), and the minimum and maximum with an immediate. */
static bool immediate_other(uint32_t word, hvc_insn *insn)
{
    if (hvc_bit(word, 22)) {
        if (hvc_bits(word, 30, 29) != 0 || hvc_bits(word, 21, 20) != 0)
            return false;
        hvc_arm64_clobber(insn, operand_size(word), word & 31);
        return true;
    }
    if (!hvc_bit(word, 31) || hvc_bit(word, 29) || hvc_bits(word, 15, 14) != 0)
        return false;
    hvc_emit_escape(insn, hvc_reg(hvc_bits(word, 9, 5)), nothing);
    hvc_arm64_clobber_sp(insn, word & 31);
    return true;
}

bool hvc_arm64_immediate(uint32_t word, hvc_insn *insn)
{
    unsigned dst = word & 31;
    switch (hvc_bits(word, 25, 23)) {
    case 0:
    case 1: { /* adr, adrp */
        uint64_t offset =
            (uint64_t)hvc_sign_extend(hvc_bits(word, 23, 5) << 2 | hvc_bits(word, 30, 29), 21);
        uint64_t target = insn->address + offset;
        if (hvc_bit(word, 31))
            target = (insn->address & ~UINT64_C(0xfff)) + (offset << 12);
        move(insn, 8, dst, hvc_const(target, 8));
        return true;
    }
    case 2: {
        unsigned shift = hvc_bit(word, 22) ? 12 : 0;
        add_sub(insn, word, hvc_reg(hvc_bits(word, 9, 5)),
                hvc_const((uint64_t)hvc_bits(word, 21, 10) << shift, operand_size(word)),
                !hvc_bit(word, 29));
        return true;
    }
    case 3:
        return immediate_other(word, insn);
    case 4:
        return logical_immediate(word, insn);
    case 5:
        return move_wide(word, insn);
    case 6:
        return bitfield(word, insn);
    default:
        return extract(word, insn);
    }
}

/* rm, shifted by an immediate as bits 23..22 say; computed in temporary when it is. */
static hvc_operand shifted(hvc_insn *insn, uint32_t word, unsigned size, unsigned temporary)
{
    static const uint8_t operations[4] = {HVC_ALU_SHL, HVC_ALU_SHR, HVC_ALU_SAR, HVC_ALU_ROR};
    unsigned amount = hvc_bits(word, 15, 10);
    hvc_operand source = hvc_source(hvc_bits(word, 20, 16), size);
    if (amount == 0 || source.kind == HVC_OPERAND_CONST)
        return source;
    hvc_emit_alu(insn, (hvc_alu)operations[hvc_bits(word, 23, 22)], size, temporary, source,
                 hvc_const(amount, size));
    return hvc_reg(temporary);
}

static bool logical_shifted(uint32_t word, hvc_insn *insn)
{
    unsigned size = operand_size(word);
    if (hvc_bits(word, 15, 10) >= 8 * size)
        return false;
    if ((word & 31) == HVC_ARM64_ZR && hvc_bits(word, 30, 29) != 3)
        return true;
    hvc_operand b = shifted(insn, word, size, T0);
    unsigned rn = hvc_bits(word, 9, 5);
    if (hvc_bit(word, 21) && b.kind == HVC_OPERAND_CONST) {
        b = hvc_const(~b.value, size);
    } else if (hvc_bit(word, 21) && hvc_bits(word, 30, 29) == 1 && rn == HVC_ARM64_ZR) { /* mvn */
        hvc_emit_alu(insn, HVC_ALU_NOT, size, word & 31, b, nothing);
        return true;
    } else if (hvc_bit(word, 21)) {
        hvc_emit_alu(insn, HVC_ALU_NOT, size, T0, b, nothing);
        b = hvc_reg(T0);
    }
    logical(insn, word, b, false);
    return true;
}

static bool add_sub_shifted(uint32_t word, hvc_insn *insn)
{
    unsigned size = operand_size(word);
    if (hvc_bits(word, 23, 22) == 3 || hvc_bits(word, 15, 10) >= 8 * size)
        return false;
    hvc_operand b = shifted(insn, word, size, T1);
    add_sub(insn, word, hvc_source(hvc_bits(word, 9, 5), size), b, false);
    return true;
}

static bool add_sub_extended(uint32_t word, hvc_insn *insn)
{
    unsigned size = operand_size(word), option = hvc_bits(word, 15, 13);
    unsigned shift = hvc_bits(word, 12, 10), width = 8u << (option & 3);
    if (hvc_bits(word, 23, 22) != 0 || shift > 4)
        return false;
    hvc_operand b = hvc_source(hvc_bits(word, 20, 16), size);
    if (b.kind == HVC_OPERAND_REG && width < 8 * size) {
        hvc_emit_alu(insn, option & 4 ? HVC_ALU_SIGN_EXTEND : HVC_ALU_ZERO_EXTEND, size, T1, b,
                     hvc_const(width, size));
        b = hvc_reg(T1);
    }
    if (b.kind == HVC_OPERAND_REG && shift != 0) {
        hvc_emit_alu(insn, HVC_ALU_SHL, size, T1, b, hvc_const(shift, size));
        b = hvc_reg(T1);
    }
    add_sub(insn, word, hvc_reg(hvc_bits(word, 9, 5)), b, !hvc_bit(word, 29));
    return true;
}

/* What the sources hold may be in the result, which is not known. */
static void clobber_by(uint32_t word, hvc_insn *insn, unsigned size, hvc_operand b)
{
    if (size == 8)
        hvc_emit_escape(insn, hvc_source(hvc_bits(word, 9, 5), 8), b);
    hvc_arm64_clobber(insn, size, word & 31);
}

static void clobber_by_two(uint32_t word, hvc_insn *insn, unsigned size)
{
    clobber_by(word, insn, size, hvc_source(hvc_bits(word, 20, 16), size));
}

/* adc, sbc, and instructions on flags and checked pointers that share their place. */
static bool with_carry(uint32_t word, hvc_insn *insn)
{
    unsigned size = operand_size(word), op2 = hvc_bits(word, 15, 10);
    unsigned top = hvc_bits(word, 31, 29);
    if (op2 == 0) {
        clobber_by_two(word, insn, size);
        if (hvc_bit(word, 29))
            hvc_emit_clobber_flags(insn);
        return true;
    }
    bool rotates = (op2 & 0x1f) == 1 && top == 5 && !hvc_bit(word, 4); /* rmif */
    bool sets = (op2 & 0xf) == 2 && top == 1 && (word & 31) == 13 &&   /* setf8, setf16 */
                hvc_bits(word, 20, 15) == 0;
    if (rotates || sets) {
        hvc_emit_clobber_flags(insn);
        return true;
    }
    if (op2 >> 3 == 1 && (top & 5) == 4) { /* addpt, subpt */
        hvc_emit_escape(insn, hvc_reg(hvc_bits(word, 9, 5)), hvc_source(hvc_bits(word, 20, 16), 8));
        hvc_arm64_clobber_sp(insn, word & 31);
        return true;
    }
    return false;
}

static bool conditional_select(uint32_t word, hvc_insn *insn)
{
    unsigned size = operand_size(word), dst = word & 31, condition = hvc_bits(word, 15, 12);
    hvc_operand a = hvc_source(hvc_bits(word, 9, 5), size);
    hvc_operand b = hvc_source(hvc_bits(word, 20, 16), size);
    bool inverts = hvc_bit(word, 30), second = hvc_bit(word, 10);
    if (hvc_bit(word, 29) || hvc_bit(word, 11))
        return false;
    if (dst == HVC_ARM64_ZR)
        return true;
    if (hvc_arm64_always(condition)) {
        hvc_emit_move(insn, size, dst, a);
        return true;
    }
    if (b.kind == HVC_OPERAND_CONST) { /* cset, csetm */
        if (inverts != second)
            b = hvc_const(inverts ? UINT64_MAX : 1, size);
    } else if (!inverts && second) { /* csinc */
        hvc_emit_alu(insn, HVC_ALU_ADD, size, T0, b, hvc_const(1, size));
        b = hvc_reg(T0);
    } else if (inverts) { /* csinv, csneg */
        hvc_emit_alu(insn, second ? HVC_ALU_NEG : HVC_ALU_NOT, size, T0, b, nothing);
        b = hvc_reg(T0);
    }
    hvc_emit_select(insn, hvc_arm64_condition(condition), size, dst, a, b);
    return true;
}

static bool conditional_compare(uint32_t word, hvc_insn *insn)
{
    if (!hvc_bit(word, 29) || hvc_bit(word, 10) || hvc_bit(word, 4))
        return false;
    hvc_emit_clobber_flags(insn);
    return true;
}

static bool one_source(uint32_t word, hvc_insn *insn)
{
    unsigned size = operand_size(word), dst = word & 31, rn = hvc_bits(word, 9, 5);
    unsigned opcode = hvc_bits(word, 15, 10), opcode2 = hvc_bits(word, 20, 16);
    if (hvc_bit(word, 29))
        return false;
    if (opcode2 == 1 && size == 8) { /* pointer authentication */
        bool one_register = opcode >= 8;
        if (opcode > 17 || (one_register && rn != 31))
            return false;
        hvc_emit_escape(insn, hvc_source(dst, 8), nothing);
        hvc_arm64_clobber(insn, 8, dst);
        return true;
    }
    if (opcode2 != 0 || opcode > 8 || (size == 4 && opcode == 3))
        return false;
    if ((opcode == 2 && size == 4) || opcode == 3)
        alu(insn, HVC_ALU_BYTE_SWAP, size, dst, hvc_source(rn, size), nothing);
    else
        clobber_by(word, insn, size, nothing);
    return true;
}

/* A shift by a register: by its low five or six bits. */
static void variable_shift(hvc_insn *insn, unsigned size, uint32_t word, hvc_alu operation)
{
    if ((word & 31) == HVC_ARM64_ZR)
        return;
    hvc_operand a = hvc_source(hvc_bits(word, 9, 5), size);
    hvc_operand b = hvc_source(hvc_bits(word, 20, 16), size);
    if (b.kind == HVC_OPERAND_REG) {
        hvc_emit_alu(insn, HVC_ALU_AND, size, T0, b, hvc_const(8 * size - 1, size));
        b = hvc_reg(T0);
    }
    hvc_emit_alu(insn, operation, size, word & 31, a, b);
}

static bool two_source(uint32_t word, hvc_insn *insn)
{
    unsigned size = operand_size(word), dst = word & 31, opcode = hvc_bits(word, 15, 10);
    if (hvc_bit(word, 29)) { /* subps */
        if (opcode != 0 || size != 8)
            return false;
        clobber_by_two(word, insn, 8);
        hvc_emit_clobber_flags(insn);
        return true;
    }
    switch (opcode) {
    case 8:
        variable_shift(insn, size, word, HVC_ALU_SHL);
        return true;
    case 9:
        variable_shift(insn, size, word, HVC_ALU_SHR);
        return true;
    case 10:
        variable_shift(insn, size, word, HVC_ALU_SAR);
        return true;
    case 4: /* irg: sp */
        if (size != 8)
            return false;
        hvc_emit_escape(insn, hvc_reg(hvc_bits(word, 9, 5)), nothing);
        hvc_arm64_clobber_sp(insn, dst);
        return true;
    case 0:  /* subp */
    case 5:  /* gmi */
    case 12: /* pacga */
        if (size != 8)
            return false;
        clobber_by_two(word, insn, 8);
        return true;
    case 2: /* udiv, sdiv, rorv */
    case 3:
    case 11:
    case 24: /* smax, umax, smin, umin */
    case 25:
    case 26:
    case 27:
        clobber_by_two(word, insn, size);
        return true;
    default: /* crc32: x with 64-bit registers alone */
        if (opcode < 16 || opcode > 23 || ((opcode & 3) == 3) != (size == 8))
            return false;
        hvc_arm64_clobber(insn, 4, dst);
        return true;
    }
}

static bool three_source(uint32_t word, hvc_insn *insn)
{
    unsigned size = operand_size(word), dst = word & 31;
    unsigned operation = hvc_bits(word, 23, 21) << 1 | hvc_bits(word, 15, 15);
    unsigned ra = hvc_bits(word, 14, 10);
    hvc_operand a = hvc_source(hvc_bits(word, 9, 5), size);
    hvc_operand b = hvc_source(hvc_bits(word, 20, 16), size);
    if (hvc_bits(word, 30, 29) != 0 || (size == 4 && operation > 1))
        return false;
    switch (operation) {
    case 0: /* madd, msub */
    case 1:
        break;
    case 2: /* smaddl, smsubl */
    case 3:
    case 10: /* umaddl, umsubl */
    case 11:
        break;
    case 4:  /* smulh */
    case 12: /* umulh */
    case 6:  /* maddpt, msubpt */
    case 7:
        hvc_emit_escape(insn, hvc_source(ra, 8), nothing);
        hvc_arm64_clobber(insn, 8, dst);
        return true;
    default:
        return false;
    }
    if (dst == HVC_ARM64_ZR)
        return true;
    if (operation > 1) {
        hvc_alu extend = operation < 4 ? HVC_ALU_SIGN_EXTEND : HVC_ALU_ZERO_EXTEND;
        hvc_emit_alu(insn, extend, 8, T0, a, hvc_const(32, 8));
        hvc_emit_alu(insn, extend, 8, T1, b, hvc_const(32, 8));
        a = hvc_reg(T0);
        b = hvc_reg(T1);
    }
    bool subtracts = hvc_bit(word, 15);
    if (ra == HVC_ARM64_ZR && !subtracts) {
        hvc_emit_alu(insn, HVC_ALU_MUL, size, dst, a, b);
        return true;
    }
    hvc_emit_alu(insn, HVC_ALU_MUL, size, T0, a, b);
    hvc_emit_alu(insn, subtracts ? HVC_ALU_SUB : HVC_ALU_ADD, size, dst, hvc_source(ra, size),
                 hvc_reg(T0));
    return true;
}

bool hvc_arm64_register(uint32_t word, hvc_insn *insn)
{
    if (!hvc_bit(word, 28)) {
        if (!hvc_bit(word, 24))
            return logical_shifted(word, insn);
        return hvc_bit(word, 21) ? add_sub_extended(word, insn) : add_sub_shifted(word, insn);
    }
    switch (hvc_bits(word, 24, 21)) {
    case 0:
        return with_carry(word, insn);
    case 2:
        return conditional_compare(word, insn);
    case 4:
        return conditional_select(word, insn);
    case 6:
        return hvc_bit(word, 30) ? one_source(word, insn) : two_source(word, insn);
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
    case 13:
    case 14:
    case 15:
        return three_source(word, insn);
    default:
        return false;
    }
}

/* Conversions between floating point and general registers, by integer value or fixed point. */
static void vector_convert(uint32_t word, hvc_insn *insn, bool fixed)
{
    unsigned rmode = hvc_bits(word, 20, 19), opcode = hvc_bits(word, 18, 16);
    unsigned size = operand_size(word);
    bool from_general = opcode == 2 || opcode == 3 || (opcode == 7 && !fixed);
    if (opcode == 6 && rmode == 3 && !fixed) /* fjcvtzs sets the zero flag */
        hvc_emit_clobber_flags(insn);
    if (!from_general)
        hvc_arm64_clobber(insn, size, word & 31);
    else if (size == 8)
        hvc_emit_escape(insn, hvc_source(hvc_bits(word, 9, 5), 8), nothing);
}

bool hvc_arm64_vector(uint32_t word, hvc_insn *insn)
{
    unsigned group = hvc_bits(word, 28, 24);
    /* smov, umov */
    if ((word & 0xbfe08400) == 0x0e000400 && (hvc_bits(word, 14, 11) & 13) == 5) {
        hvc_arm64_clobber(insn, 8, word & 31);
        return true;
    }
    if ((word & 0xbfe0fc00) == 0x0e000c00 || (word & 0xffe0fc00) == 0x4e001c00) /* dup, ins */
        hvc_emit_escape(insn, hvc_source(hvc_bits(word, 9, 5), 8), nothing);
    if (group != 0x1e || hvc_bits(word, 30, 29) != 0)
        return true;
    if (!hvc_bit(word, 21)) {
        vector_convert(word, insn, true);
        return true;
    }
    if (hvc_bit(word, 31) || hvc_bits(word, 15, 10) == 0) {
        vector_convert(word, insn, false);
        return true;
    }
    /* fcmp, fccmp */
    if (hvc_bits(word, 13, 10) == 8 || hvc_bits(word, 11, 10) == 1)
        hvc_emit_clobber_flags(insn);
    return true;
}
