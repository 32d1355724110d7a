/* ARM64: the top of the encoding table, branches and system instructions. See isa_arm64.h. */
#include "code/isa_arm64.h"

enum {
    T0 = HVC_REG_T0,
};

hvc_condition hvc_arm64_condition(unsigned number)
{
    static const uint8_t conditions[16] = {
        HVC_COND_EQ,       HVC_COND_NE,           HVC_COND_UGE,   HVC_COND_ULT,
        HVC_COND_NEGATIVE, HVC_COND_NOT_NEGATIVE, HVC_COND_OTHER, HVC_COND_OTHER,
        HVC_COND_UGT,      HVC_COND_ULE,          HVC_COND_SGE,   HVC_COND_SLT,
        HVC_COND_SGT,      HVC_COND_SLE,          HVC_COND_OTHER, HVC_COND_OTHER,
    };
    return (hvc_condition)conditions[number & 15];
}

static uint64_t branch_target(const hvc_insn *insn, uint32_t offset, unsigned bits)
{
    return insn->address + (uint64_t)(hvc_sign_extend(offset, bits) * 4);
}

static bool conditional_branch(uint32_t word, hvc_insn *insn)
{
    unsigned condition = word & 15;
    uint64_t target = branch_target(insn, hvc_bits(word, 23, 5), 19);
    if (hvc_arm64_always(condition))
        hvc_emit_transfer(insn, HVC_OP_JUMP, 8, hvc_const(target, 8));
    else
        hvc_emit_branch(insn, hvc_arm64_condition(condition), target);
    return true;
}

/* cbz, cbnz, tbz, tbnz. */
static bool compare_branch(uint32_t word, hvc_insn *insn)
{
    bool tests_bit = hvc_bit(word, 25), inverted = hvc_bit(word, 24);
    unsigned reg = word & 31;
    uint64_t target;
    hvc_condition condition;
    if (tests_bit) {
        target = branch_target(insn, hvc_bits(word, 18, 5), 14);
        condition = inverted ? HVC_COND_BIT_SET : HVC_COND_BIT_CLEAR;
    } else {
        target = branch_target(insn, hvc_bits(word, 23, 5), 19);
        condition = inverted ? HVC_COND_NOT_ZERO : HVC_COND_ZERO;
    }
    /* the zero register decides at once */
    if (reg == HVC_ARM64_ZR) {
        if (!inverted)
            hvc_emit_transfer(insn, HVC_OP_JUMP, 8, hvc_const(target, 8));
        return true;
    }
    hvc_op *op = hvc_emit_branch(insn, condition, target);
    op->size = tests_bit || hvc_bit(word, 31) ? 8 : 4;
    op->a = hvc_reg(reg);
    if (tests_bit)
        op->b = hvc_const((word >> 31) << 5 | hvc_bits(word, 23, 19), 8);
    return true;
}

static bool exception(uint32_t word, hvc_insn *insn)
{
    unsigned number = hvc_bits(word, 20, 5);
    switch (hvc_bits(word, 23, 21) << 5 | (word & 31)) {
    case 0x01: /* svc */
    case 0x02: /* hvc */
    case 0x03: /* smc */
        hvc_emit_transfer_unknown(insn, HVC_OP_CALL, 8);
        return true;
    case 0x20:                /* brk */
        if (number == 0xf001) /* an assertion: comes back */
            return true;
        if (number == 0xf002) { /* a debugger service: comes back with a result */
            hvc_emit_clobber(insn, 8, 0);
            return true;
        }
        hvc_emit_trap(insn, number);
        return true;
    case 0x40: /* hlt */
    case 0xa1: /* dcps1, dcps2, dcps3 */
    case 0xa2:
    case 0xa3:
        hvc_emit_trap(insn, number);
        return true;
    case 0x60: /* tcancel */
        return true;
    default:
        return false;
    }
}

/* Hints: pointer authentication signs or strips registers; the others do nothing here. */
static void hint(unsigned number, hvc_insn *insn)
{
    switch (number) {
    case 8: /* pacia1716, pacib1716, autia1716, autib1716 */
    case 10:
    case 12:
    case 14:
        hvc_emit_escape(insn, hvc_reg(HVC_ARM64_IP1), (hvc_operand){.kind = HVC_OPERAND_NONE});
        hvc_emit_clobber(insn, 8, HVC_ARM64_IP1);
        return;
    case 7:  /* xpaclri */
    case 24: /* paciaz, paciasp, pacibz, pacibsp, autiaz, autiasp, autibz, autibsp */
    case 25:
    case 26:
    case 27:
    case 28:
    case 29:
    case 30:
    case 31:
        hvc_emit_clobber(insn, 8, HVC_ARM64_LR);
        return;
    case 40: /* chkfeat */
        hvc_emit_clobber(insn, 8, HVC_ARM64_IP0);
        return;
    default:
        return;
    }
}

/* Instructions with op0 = 0: hints, barriers, fields of the processor state. */
static bool system_instruction(uint32_t word, hvc_insn *insn)
{
    unsigned op1 = hvc_bits(word, 18, 16), crn = hvc_bits(word, 15, 12);
    unsigned crm = hvc_bits(word, 11, 8), op2 = hvc_bits(word, 7, 5), rt = word & 31;
    if (hvc_bit(word, 21)) { /* tstart, ttest */
        if (op1 != 3 || crn != 3 || op2 != 3 || crm > 1)
            return false;
        hvc_arm64_clobber(insn, 8, rt);
        return true;
    }
    if (op1 == 3 && crn == 1 && crm == 0 && op2 < 2) /* wfet, wfit */
        return true;
    if (rt != HVC_ARM64_ZR)
        return false;
    if (op1 == 3 && crn == 2) {
        hint(crm << 3 | op2, insn);
        return true;
    }
    if (op1 == 3 && crn == 3)
        return op2 == 1 || op2 == 2 || (op2 >= 4 && op2 <= 7) || (op2 == 3 && crm == 0);
    if (crn != 4)
        return false;
    if (op1 == 0 && op2 <= 2) /* cfinv, xaflag, axflag */
        hvc_emit_clobber_flags(insn);
    if (op1 == 0 && op2 == 5) /* SPSel: another stack pointer */
        hvc_emit_clobber(insn, 8, HVC_ARM64_SP);
    return true;
}

/* System instructions with registers: sys, sysl, msr, mrs. */
static bool system_register(uint32_t word, hvc_insn *insn)
{
    unsigned rt = word & 31;
    bool reads = hvc_bit(word, 21);
    /* op0, op1, CRn, CRm, op2 as one number */
    unsigned name = hvc_bits(word, 20, 5);
    if (hvc_bits(word, 20, 19) == 0)
        return system_instruction(word, insn);
    if (reads) {
        hvc_arm64_clobber(insn, 8, rt);
        if (name == 0xd920 || name == 0xd921) /* RNDR, RNDRRS tell success in the flags */
            hvc_emit_clobber_flags(insn);
        return true;
    }
    if (hvc_bits(word, 20, 19) == 1) {
        /* dc zva and its like zero the block around the address */
        if (hvc_bits(word, 18, 8) == 0x374)
            hvc_emit_clobber_memory(insn, HVC_REG_NONE);
        return true;
    }
    if (name == 0xda10) /* NZCV */
        hvc_emit_clobber_flags(insn);
    if (name == 0xc210) /* SPSel */
        hvc_emit_clobber(insn, 8, HVC_ARM64_SP);
    return true;
}

/* ret, retaa and retab. A return through another register than the link register is a jump. */
static bool return_register(hvc_insn *insn, bool signs, unsigned rn, unsigned op4)
{
    if (signs && (rn != 31 || op4 != 31))
        return false;
    if (signs || rn == HVC_ARM64_LR)
        hvc_emit_return(insn, 0);
    else
        hvc_emit_transfer(insn, HVC_OP_JUMP, 8, hvc_source(rn, 8));
    return true;
}

/* br, blr, ret, eret and the forms that authenticate the pointer first. */
static bool branch_register(uint32_t word, hvc_insn *insn)
{
    unsigned opc = hvc_bits(word, 24, 21), op3 = hvc_bits(word, 15, 10);
    unsigned rn = hvc_bits(word, 9, 5), op4 = word & 31;
    bool signs = op3 == 2 || op3 == 3;
    if (hvc_bits(word, 20, 16) != 31 || (!signs && (op3 != 0 || op4 != 0)))
        return false;
    switch (opc) {
    case 0: /* br, blr */
    case 1:
        if (signs && op4 != 31)
            return false;
        break;
    case 8: /* braa, blraa and their like: op4 is the modifier */
    case 9:
        if (!signs)
            return false;
        break;
    case 2:
        return return_register(insn, signs, rn, op4);
    case 4: /* eret */
    case 5: /* drps */
        if (rn != 31 || op4 != (signs ? 31u : 0u) || (opc == 5 && signs))
            return false;
        hvc_emit_return(insn, 0);
        return true;
    default:
        return false;
    }
    hvc_emit_transfer(insn, opc & 1 ? HVC_OP_CALL : HVC_OP_JUMP, 8, hvc_source(rn, 8));
    return true;
}

bool hvc_arm64_branch(uint32_t word, hvc_insn *insn)
{
    if (hvc_bits(word, 30, 26) == 0x05) {
        uint64_t target = branch_target(insn, hvc_bits(word, 25, 0), 26);
        hvc_op_kind kind = hvc_bit(word, 31) ? HVC_OP_CALL : HVC_OP_JUMP;
        hvc_emit_transfer(insn, kind, 8, hvc_const(target, 8));
        return true;
    }
    if (hvc_bits(word, 30, 26) == 0x0d)
        return compare_branch(word, insn);
    switch (hvc_bits(word, 31, 24)) {
    case 0x54:
        return conditional_branch(word, insn);
    case 0xd4:
        return exception(word, insn);
    case 0xd5:
        return hvc_bits(word, 23, 22) == 0 && system_register(word, insn);
    case 0xd6:
    case 0xd7:
        return branch_register(word, insn);
    default:
        return false;
    }
}

/* The scalable extensions: what they write of what is modelled is named by the same fields
 * throughout. */
static bool scalable(uint32_t word, hvc_insn *insn)
{
    if (hvc_bits(word, 31, 29) == 7)
        hvc_emit_clobber_memory(insn, HVC_REG_NONE);
    hvc_emit_clobber_flags(insn);
    hvc_arm64_clobber_sp(insn, word & 31); /* addvl and addpl write sp */
    return true;
}

static bool decode_word(uint32_t word, hvc_insn *insn)
{
    switch (hvc_bits(word, 28, 25)) {
    case 0x0:
        if (word >> 16 == 0) { /* udf */
            hvc_emit_trap(insn, word);
            return true;
        }
        return false;
    case 0x2:
        return scalable(word, insn);
    case 0x8:
    case 0x9:
        return hvc_arm64_immediate(word, insn);
    case 0xa:
    case 0xb:
        return hvc_arm64_branch(word, insn);
    case 0x4:
    case 0x6:
    case 0xc:
    case 0xe:
        return hvc_arm64_memory(word, insn);
    case 0x5:
    case 0xd:
        return hvc_arm64_register(word, insn);
    case 0x7:
    case 0xf:
        return hvc_arm64_vector(word, insn);
    default:
        return false;
    }
}

static bool decode(hvc_span bytes, uint64_t address, hvc_insn *ret_insn)
{
    ret_insn->address = address;
    ret_insn->op_count = 0;
    if (bytes.size < 4 || !decode_word(hvc_le32(bytes.data), ret_insn))
        return hvc_insn_invalid(ret_insn, 4);
    return hvc_insn_finish(ret_insn, 4, 8);
}

const hvc_isa hvc_isa_arm64 = {
    .name = "arm64",
    .pointer_size = 8,
    .stack_pointer = HVC_ARM64_SP,
    .frame_pointer = 29,
    .return_register = 0,
    .link_register = HVC_ARM64_LR,
    .argument_register_count = 8,
    .argument_registers = {0, 1, 2, 3, 4, 5, 6, 7},
    .stack_argument_offset = 0,
    .volatile_registers = 0x3ffff | UINT32_C(1) << HVC_ARM64_LR, /* x0..x17; x18 is the system's */
    .min_length = 4,
    .max_length = 4,
    .decode = decode,
};
