/* x86 and x64: what the instructions that compilers write do. See isa_x86.h. */
#include "code/isa_x86.h"

enum {
    T0 = HVC_REG_T0,
    T1 = HVC_REG_T1,
    T2 = HVC_REG_T2,
    T3 = HVC_REG_T3,
};

static const hvc_operand nothing = {.kind = HVC_OPERAND_NONE};

hvc_condition hvc_x86_condition(unsigned opcode)
{
    static const uint8_t conditions[16] = {
        HVC_COND_OTHER,    HVC_COND_OTHER,        HVC_COND_ULT,   HVC_COND_UGE,
        HVC_COND_EQ,       HVC_COND_NE,           HVC_COND_ULE,   HVC_COND_UGT,
        HVC_COND_NEGATIVE, HVC_COND_NOT_NEGATIVE, HVC_COND_OTHER, HVC_COND_OTHER,
        HVC_COND_SLT,      HVC_COND_SGE,          HVC_COND_SLE,   HVC_COND_SGT,
    };
    return (hvc_condition)conditions[opcode & 15];
}

/* Byte registers 4..7 without REX are ah, ch, dh, bh: bits 8..15 of registers 0..3. */
static bool is_high_byte(const hvc_x86 *x, unsigned reg)
{
    return x->size == 1 && !x->rex && reg >= 4 && reg < 8;
}

static void move(hvc_x86 *x, unsigned dst, hvc_operand a)
{
    hvc_emit_move(x->insn, x->size, dst, a);
    x->insn->ops[x->insn->op_count - 1].merge = x->size < 4 && dst < HVC_REG_MACHINE;
}

static void alu(hvc_x86 *x, hvc_alu operation, unsigned dst, hvc_operand a, hvc_operand b)
{
    hvc_emit_alu(x->insn, operation, x->size, dst, a, b)->merge =
        x->size < 4 && dst < HVC_REG_MACHINE;
}

static void select(hvc_x86 *x, hvc_condition condition, unsigned dst, hvc_operand a, hvc_operand b)
{
    hvc_emit_select(x->insn, condition, x->size, dst, a, b)->merge =
        x->size < 4 && dst < HVC_REG_MACHINE;
}

static void clobber(hvc_x86 *x, unsigned size, unsigned dst)
{
    hvc_emit_clobber(x->insn, size, dst)->merge = size < 4;
}

static void flags(hvc_x86 *x, hvc_op_kind kind, hvc_operand a, hvc_operand b)
{
    hvc_emit_flags(x->insn, kind, x->size, a, b);
}

static void result_flags(hvc_x86 *x, unsigned dst)
{
    flags(x, HVC_OP_RESULT, hvc_reg(dst), nothing);
}

static void test_flags(hvc_x86 *x, unsigned dst)
{
    flags(x, HVC_OP_TEST, hvc_reg(dst), hvc_reg(dst));
}

/* A register's value; of a high byte a copy in temporary. */
static hvc_operand get_reg(hvc_x86 *x, unsigned reg, unsigned temporary)
{
    if (!is_high_byte(x, reg))
        return hvc_reg(reg);
    hvc_emit_alu(x->insn, HVC_ALU_SHR, 2, temporary, hvc_reg(reg - 4), hvc_const(8, 2));
    return hvc_reg(temporary);
}

/* The r/m operand's value; of memory a copy in temporary. */
static hvc_operand get_rm(hvc_x86 *x, unsigned temporary)
{
    if (!x->is_memory)
        return get_reg(x, x->rm, temporary);
    hvc_emit_load(x->insn, x->size, x->size, temporary, x->memory);
    return hvc_reg(temporary);
}

/* Where a result for a register, or for r/m, is computed; put_ then brings it there. */
static unsigned reg_target(const hvc_x86 *x, unsigned reg, unsigned temporary)
{
    return is_high_byte(x, reg) ? temporary : reg;
}

/* A high byte's result goes from temporary into bits 8..15 of its register. */
static void put_reg(hvc_x86 *x, unsigned reg, unsigned temporary)
{
    if (!is_high_byte(x, reg))
        return;
    if (x->insn->op_count + 3 > HVC_MAX_OPS) {
        clobber(x, 2, reg - 4);
        return;
    }
    hvc_emit_alu(x->insn, HVC_ALU_SHL, 2, temporary, hvc_reg(temporary), hvc_const(8, 2));
    hvc_emit_alu(x->insn, HVC_ALU_AND, 2, T3, hvc_reg(reg - 4), hvc_const(0xff, 2));
    hvc_emit_alu(x->insn, HVC_ALU_OR, 2, reg - 4, hvc_reg(temporary), hvc_reg(T3))->merge = true;
}

static unsigned rm_target(const hvc_x86 *x, unsigned temporary)
{
    return x->is_memory ? temporary : reg_target(x, x->rm, temporary);
}

static void put_rm(hvc_x86 *x, unsigned temporary)
{
    if (x->is_memory)
        hvc_emit_store(x->insn, x->size, x->memory, hvc_reg(temporary));
    else
        put_reg(x, x->rm, temporary);
}

/* The r/m operand and the flags become unknown. */
static void clobber_rm(hvc_x86 *x)
{
    if (x->is_memory) {
        hvc_emit_escape_memory(x->insn, x->size, x->memory);
        hvc_emit_store(x->insn, x->size, x->memory, nothing);
    } else if (is_high_byte(x, x->rm)) {
        clobber(x, 2, x->rm - 4u);
    } else {
        if (x->size == x->pointer)
            hvc_emit_escape(x->insn, hvc_reg(x->rm), nothing);
        clobber(x, x->size < 4 ? x->size : x->pointer, x->rm);
    }
    hvc_emit_clobber_flags(x->insn);
}

static hvc_operand immediate(const hvc_x86 *x)
{
    return hvc_const(x->imm, x->size);
}

static uint64_t target(const hvc_x86 *x)
{
    return hvc_truncate(x->next + x->imm, x->pointer);
}

/* dst = a (operation) b and the flags; the operations by the opcode's number for them. */
static void alu_operation(hvc_x86 *x, unsigned operation, unsigned dst, hvc_operand a,
                          hvc_operand b)
{
    bool same = hvc_same_reg(a, b);
    switch (operation) {
    case 0: /* add */
        alu(x, HVC_ALU_ADD, dst, a, b);
        result_flags(x, dst);
        return;
    case 1: /* or */
        if (hvc_is_const(b, UINT64_MAX, x->size))
            move(x, dst, b);
        else
            alu(x, HVC_ALU_OR, dst, a, b);
        test_flags(x, dst);
        return;
    case 2: /* adc */
    case 3: /* sbb */
        if (operation == 3 && same) {
            select(x, HVC_COND_ULT, dst, hvc_const(UINT64_MAX, x->size), hvc_const(0, x->size));
        } else {
            hvc_alu step = operation == 2 ? HVC_ALU_ADD : HVC_ALU_SUB;
            alu(x, step, T2, a, b);
            alu(x, step, T3, hvc_reg(T2), hvc_const(1, x->size));
            select(x, HVC_COND_ULT, dst, hvc_reg(T3), hvc_reg(T2));
        }
        hvc_emit_clobber_flags(x->insn);
        return;
    case 4: /* and */
        if (hvc_is_const(b, 0, x->size))
            move(x, dst, b);
        else
            alu(x, HVC_ALU_AND, dst, a, b);
        test_flags(x, dst);
        return;
    case 5: /* sub */
    case 6: /* xor */
        if (same) {
            move(x, dst, hvc_const(0, x->size));
            test_flags(x, dst);
        } else if (operation == 5) {
            flags(x, HVC_OP_COMPARE, a, b);
            alu(x, HVC_ALU_SUB, dst, a, b);
        } else {
            alu(x, HVC_ALU_XOR, dst, a, b);
            test_flags(x, dst);
        }
        return;
    default: /* cmp */
        flags(x, HVC_OP_COMPARE, a, b);
        return;
    }
}

static void alu_on_rm(hvc_x86 *x, unsigned operation, hvc_operand b)
{
    hvc_operand a = get_rm(x, T0);
    alu_operation(x, operation, rm_target(x, T0), a, b);
    if (operation != 7)
        put_rm(x, T0);
}

static void alu_on_reg(hvc_x86 *x, unsigned operation, unsigned reg, hvc_operand b)
{
    hvc_operand a = get_reg(x, reg, T0);
    alu_operation(x, operation, reg_target(x, reg, T0), a, b);
    if (operation != 7)
        put_reg(x, reg, T0);
}

static void lower_alu(hvc_x86 *x)
{
    unsigned operation = x->opcode >> 3;
    switch (x->opcode & 7) {
    case 0:
    case 1:
        alu_on_rm(x, operation, get_reg(x, x->reg, T1));
        return;
    case 2:
    case 3:
        alu_on_reg(x, operation, x->reg, get_rm(x, T1));
        return;
    default:
        alu_on_reg(x, operation, HVC_X86_RAX, immediate(x));
        return;
    }
}

static void inc_dec(hvc_x86 *x, bool dec)
{
    hvc_operand a = get_rm(x, T0);
    unsigned dst = rm_target(x, T0);
    alu(x, dec ? HVC_ALU_SUB : HVC_ALU_ADD, dst, a, hvc_const(1, x->size));
    result_flags(x, dst);
    put_rm(x, T0);
}

static void adjust_sp(hvc_x86 *x, int64_t by)
{
    hvc_emit_alu(x->insn, HVC_ALU_ADD, x->pointer, HVC_X86_RSP, hvc_reg(HVC_X86_RSP),
                 hvc_const((uint64_t)by, x->pointer));
}

/* Writes below the stack pointer first: push rsp stores what rsp was. */
static void push(hvc_x86 *x, hvc_operand value)
{
    hvc_emit_store(x->insn, x->pointer, hvc_address(HVC_X86_RSP, -(int64_t)x->pointer), value);
    adjust_sp(x, -(int64_t)x->pointer);
}

static void pop(hvc_x86 *x, unsigned dst)
{
    hvc_emit_load(x->insn, x->pointer, x->pointer, dst, hvc_address(HVC_X86_RSP, 0));
    if (dst != HVC_X86_RSP)
        adjust_sp(x, x->pointer);
}

static void lower_imul(hvc_x86 *x, hvc_operand a, hvc_operand b)
{
    alu(x, HVC_ALU_MUL, x->reg, a, b);
    hvc_emit_clobber_flags(x->insn);
}

static void lower_xchg(hvc_x86 *x, unsigned reg)
{
    hvc_operand other = get_rm(x, T0);
    if (!x->is_memory)
        move(x, T0, other);
    if (x->is_memory)
        hvc_emit_store(x->insn, x->size, x->memory, hvc_reg(reg));
    else
        move(x, x->rm, hvc_reg(reg));
    move(x, reg, hvc_reg(T0));
}

static bool lower_xchg_rm(hvc_x86 *x)
{
    if (is_high_byte(x, x->reg) || (!x->is_memory && is_high_byte(x, x->rm)))
        return false;
    lower_xchg(x, x->reg);
    return true;
}

static void lower_mov_store(hvc_x86 *x)
{
    hvc_operand value = get_reg(x, x->reg, T0);
    if (x->is_memory) {
        hvc_emit_store(x->insn, x->size, x->memory, value);
        return;
    }
    move(x, reg_target(x, x->rm, T0), value);
    put_reg(x, x->rm, T0);
}

static void lower_mov_load(hvc_x86 *x)
{
    if (is_high_byte(x, x->reg)) {
        move(x, T0, get_rm(x, T0));
        put_reg(x, x->reg, T0);
    } else if (x->is_memory) {
        hvc_emit_load(x->insn, x->size, x->size, x->reg, x->memory)->merge = x->size < 4;
    } else {
        move(x, x->reg, get_rm(x, T0));
    }
}

static void lower_mov_imm(hvc_x86 *x)
{
    if (x->is_memory) {
        hvc_emit_store(x->insn, x->size, x->memory, immediate(x));
        return;
    }
    move(x, reg_target(x, x->rm, T0), immediate(x));
    put_reg(x, x->rm, T0);
}

static bool lower_mov_rm_imm(hvc_x86 *x)
{
    if (x->digit != 0)
        return false;
    lower_mov_imm(x);
    return true;
}

/* mov between rax and an absolute address. */
static void lower_mov_offset(hvc_x86 *x)
{
    x->memory.displacement = (int64_t)x->imm;
    if (x->opcode & 2)
        hvc_emit_store(x->insn, x->size, x->memory, hvc_reg(HVC_X86_RAX));
    else
        hvc_emit_load(x->insn, x->size, x->size, HVC_X86_RAX, x->memory)->merge = x->size < 4;
}

/* The sum in steps, the last of which goes to the register. */
static bool lower_lea(hvc_x86 *x)
{
    const hvc_memory *memory = &x->memory;
    if (!x->is_memory || memory->segment)
        return false;
    hvc_operand displacement = hvc_const((uint64_t)memory->displacement, x->size);
    bool has_base = memory->base != HVC_REG_NONE, has_index = memory->index != HVC_REG_NONE;
    bool last = memory->displacement == 0;
    if (!has_base && !has_index) {
        move(x, x->reg, displacement);
        return true;
    }
    hvc_operand sum = hvc_reg(has_base ? memory->base : memory->index);
    if (has_index && memory->scale > 1) {
        unsigned shift = memory->scale == 2 ? 1 : memory->scale == 4 ? 2 : 3;
        unsigned dst = last && !has_base ? x->reg : T0;
        alu(x, HVC_ALU_SHL, dst, hvc_reg(memory->index), hvc_const(shift, x->size));
        if (!has_base && last)
            return true;
        sum = hvc_reg(T0);
        if (has_base) {
            alu(x, HVC_ALU_ADD, last ? x->reg : T0, hvc_reg(memory->base), sum);
        }
    } else if (has_base && has_index) {
        alu(x, HVC_ALU_ADD, last ? x->reg : T0, sum, hvc_reg(memory->index));
        sum = hvc_reg(T0);
    } else if (last) {
        move(x, x->reg, sum);
    }
    if (!last)
        alu(x, HVC_ALU_ADD, x->reg, sum, displacement);
    return true;
}

/* pop computes its address with the stack pointer as it is behind. */
static bool lower_pop_rm(hvc_x86 *x)
{
    if (x->digit != 0)
        return false;
    if (!x->is_memory) {
        pop(x, x->rm);
        return true;
    }
    pop(x, T0);
    hvc_emit_store(x->insn, x->pointer, x->memory, hvc_reg(T0));
    return true;
}

static void lower_cbw(hvc_x86 *x)
{
    alu(x, HVC_ALU_SIGN_EXTEND, HVC_X86_RAX, hvc_reg(HVC_X86_RAX),
        hvc_const(x->size * 4u, x->size));
}

static void lower_cwd(hvc_x86 *x)
{
    alu(x, HVC_ALU_SAR, HVC_X86_RDX, hvc_reg(HVC_X86_RAX), hvc_const(x->size * 8u - 1, x->size));
}

/* A string instruction's pointer moves up or down, as the direction flag says. */
static void advance(hvc_x86 *x, unsigned reg)
{
    hvc_operand step = hvc_const(x->size, x->pointer);
    hvc_emit_alu(x->insn, HVC_ALU_ADD, x->pointer, T2, hvc_reg(reg), step);
    hvc_emit_alu(x->insn, HVC_ALU_SUB, x->pointer, T3, hvc_reg(reg), step);
    hvc_emit_select(x->insn, HVC_COND_OTHER, x->pointer, reg, hvc_reg(T2), hvc_reg(T3));
}

static void lower_string(hvc_x86 *x)
{
    hvc_insn *insn = x->insn;
    bool repeat = x->repeat != 0;
    unsigned size = x->size;
    hvc_memory source = hvc_address(HVC_X86_RSI, 0), destination = hvc_address(HVC_X86_RDI, 0);
    unsigned operation = x->opcode & 0xfe;
    bool uses_source = operation == 0xa4 || operation == 0xa6 || operation == 0xac;
    bool compares = operation == 0xa6 || operation == 0xae;
    if (repeat) {
        if (uses_source && !compares)
            hvc_emit_escape_memory(insn, 0, source);
        if (operation == 0xaa)
            hvc_emit_escape(insn, hvc_reg(HVC_X86_RAX), nothing);
        if (operation == 0xa4 || operation == 0xaa)
            hvc_emit_clobber_memory(insn, HVC_X86_RDI);
        if (operation == 0xac)
            clobber(x, size < 4 ? size : x->pointer, HVC_X86_RAX);
        if (compares)
            hvc_emit_clobber(insn, x->pointer, HVC_X86_RCX);
        else
            hvc_emit_move(insn, x->pointer, HVC_X86_RCX, hvc_const(0, x->pointer));
    } else if (operation == 0xa4) {
        hvc_emit_load(insn, size, size, T0, source);
        hvc_emit_store(insn, size, destination, hvc_reg(T0));
        advance(x, HVC_X86_RSI);
        advance(x, HVC_X86_RDI);
        return;
    } else if (operation == 0xaa) {
        hvc_emit_store(insn, size, destination, hvc_reg(HVC_X86_RAX));
        advance(x, HVC_X86_RDI);
        return;
    } else if (operation == 0xac) {
        hvc_emit_load(insn, size, size, HVC_X86_RAX, source)->merge = size < 4;
        advance(x, HVC_X86_RSI);
        return;
    }
    if (uses_source)
        hvc_emit_clobber(insn, x->pointer, HVC_X86_RSI);
    if (operation != 0xac)
        hvc_emit_clobber(insn, x->pointer, HVC_X86_RDI);
    if (compares)
        hvc_emit_clobber_flags(insn);
}

static bool lower_shift(hvc_x86 *x)
{
    static const uint8_t operations[8] = {HVC_ALU_ROR, HVC_ALU_ROR, HVC_ALU_COUNT, HVC_ALU_COUNT,
                                          HVC_ALU_SHL, HVC_ALU_SHR, HVC_ALU_COUNT, HVC_ALU_SAR};
    unsigned bits = 8u * x->size;
    bool rotate = x->digit < 4;
    hvc_alu operation = (hvc_alu)operations[x->digit];
    if (x->digit == 6)
        return false;
    bool by_cl = x->opcode == 0xd2 || x->opcode == 0xd3;
    if (operation == HVC_ALU_COUNT || (by_cl && (rotate || x->size < 4))) {
        clobber_rm(x);
        return true;
    }
    hvc_operand count;
    if (by_cl) {
        alu(x, HVC_ALU_AND, T1, hvc_reg(HVC_X86_RCX), hvc_const(bits - 1, x->size));
        count = hvc_reg(T1);
    } else {
        unsigned by = x->opcode >= 0xd0 ? 1 : x->imm & (x->size == 8 ? 63 : 31);
        if (by == 0 || by >= bits) {
            clobber_rm(x);
            return true;
        }
        count = hvc_const(x->digit == 0 ? bits - by : by, x->size);
    }
    hvc_operand a = get_rm(x, T0);
    unsigned dst = rm_target(x, T0);
    alu(x, operation, dst, a, count);
    /* rotates leave zero and sign as they were, so do shifts by 0 */
    if (by_cl || rotate)
        hvc_emit_clobber_flags(x->insn);
    else
        result_flags(x, dst);
    put_rm(x, T0);
    return true;
}

static void lower_loop(hvc_x86 *x)
{
    hvc_operand count = hvc_reg(HVC_X86_RCX);
    if (x->opcode != 0xe3)
        hvc_emit_alu(x->insn, HVC_ALU_SUB, x->pointer, HVC_X86_RCX, count,
                     hvc_const(1, x->pointer));
    hvc_condition condition = x->opcode == 0xe3   ? HVC_COND_ZERO
                              : x->opcode == 0xe2 ? HVC_COND_NOT_ZERO
                                                  : HVC_COND_OTHER;
    hvc_op *op = hvc_emit_branch(x->insn, condition, target(x));
    op->size = x->pointer;
    if (condition != HVC_COND_OTHER)
        op->a = count;
}

/* A call of the next instruction is how x86 code learns its own address: it only pushes. */
static void lower_call(hvc_x86 *x)
{
    if (target(x) == hvc_truncate(x->next, x->pointer))
        push(x, hvc_const(x->next, x->pointer));
    else
        hvc_emit_transfer(x->insn, HVC_OP_CALL, x->pointer, hvc_const(target(x), x->pointer));
}

/* mul, imul, div and idiv with rax and rdx. */
static void lower_multiply(hvc_x86 *x)
{
    bool divides = x->digit >= 6;
    if (x->size == 1) {
        clobber(x, 2, HVC_X86_RAX);
    } else {
        if (divides)
            clobber(x, x->size, HVC_X86_RAX);
        else
            alu(x, HVC_ALU_MUL, HVC_X86_RAX, hvc_reg(HVC_X86_RAX), get_rm(x, T0));
        clobber(x, x->size, HVC_X86_RDX);
    }
    hvc_emit_clobber_flags(x->insn);
}

static bool lower_group3(hvc_x86 *x)
{
    switch (x->digit) {
    case 0: /* test */
        flags(x, HVC_OP_TEST, get_rm(x, T0), immediate(x));
        return true;
    case 1:
        return false;
    case 2:   /* not */
    case 3: { /* neg */
        hvc_operand a = get_rm(x, T0);
        if (x->digit == 3)
            flags(x, HVC_OP_COMPARE, hvc_const(0, x->size), a);
        alu(x, x->digit == 2 ? HVC_ALU_NOT : HVC_ALU_NEG, rm_target(x, T0), a, nothing);
        put_rm(x, T0);
        return true;
    }
    default:
        lower_multiply(x);
        return true;
    }
}

static bool lower_group4(hvc_x86 *x)
{
    if (x->digit > 1)
        return false;
    inc_dec(x, x->digit == 1);
    return true;
}

static bool lower_group5(hvc_x86 *x)
{
    if (x->digit < 2) {
        inc_dec(x, x->digit == 1);
        return true;
    }
    if (x->operand16 || (x->digit != 2 && x->digit != 4 && x->digit != 6))
        return false;
    x->size = x->pointer;
    hvc_operand value = get_rm(x, T0);
    if (x->digit == 6)
        push(x, value);
    else
        hvc_emit_transfer(x->insn, x->digit == 2 ? HVC_OP_CALL : HVC_OP_JUMP, x->pointer, value);
    return true;
}

static void lower_setcc(hvc_x86 *x)
{
    select(x, hvc_x86_condition(x->opcode), rm_target(x, T0), hvc_const(1, 1), hvc_const(0, 1));
    put_rm(x, T0);
}

/* movzx and movsx: from one byte (B6, BE) or two. */
static void lower_movx(hvc_x86 *x)
{
    unsigned size = x->size, from = x->opcode & 1 ? 2 : 1;
    bool sign = x->opcode >= 0xbe;
    if (x->is_memory) {
        hvc_op *op = hvc_emit_load(x->insn, size, from, x->reg, x->memory);
        op->sign_extend = sign;
        op->merge = size < 4;
        return;
    }
    x->size = (uint8_t)from;
    hvc_operand source = get_reg(x, x->rm, T0);
    x->size = (uint8_t)size;
    alu(x, sign ? HVC_ALU_SIGN_EXTEND : HVC_ALU_ZERO_EXTEND, x->reg, source,
        hvc_const(8 * from, size));
}

static bool lower_movsxd(hvc_x86 *x)
{
    if (x->size != 8)
        return false;
    if (x->is_memory)
        hvc_emit_load(x->insn, 8, 4, x->reg, x->memory)->sign_extend = true;
    else
        alu(x, HVC_ALU_SIGN_EXTEND, x->reg, hvc_reg(x->rm), hvc_const(32, 8));
    return true;
}

/* bt, bts, btr, btc with the number of a bit. Only the carry flag is what it was made for. */
static bool lower_bit_imm(hvc_x86 *x)
{
    if (x->digit < 4)
        return false;
    if (x->digit > 4) {
        uint64_t bit = UINT64_C(1) << (x->imm & (8u * x->size - 1));
        hvc_operand a = get_rm(x, T0);
        unsigned dst = rm_target(x, T0);
        if (x->digit == 5)
            alu(x, HVC_ALU_OR, dst, a, hvc_const(bit, x->size));
        else if (x->digit == 6)
            alu(x, HVC_ALU_AND, dst, a, hvc_const(~bit, x->size));
        else
            alu(x, HVC_ALU_XOR, dst, a, hvc_const(bit, x->size));
        put_rm(x, T0);
    }
    hvc_emit_clobber_flags(x->insn);
    return true;
}

static bool lower_xadd(hvc_x86 *x)
{
    if (is_high_byte(x, x->reg) || (!x->is_memory && is_high_byte(x, x->rm)))
        return false;
    hvc_operand old = get_rm(x, T0);
    alu(x, HVC_ALU_ADD, T1, old, hvc_reg(x->reg));
    if (x->is_memory)
        hvc_emit_store(x->insn, x->size, x->memory, hvc_reg(T1));
    move(x, x->reg, old);
    if (!x->is_memory)
        move(x, x->rm, hvc_reg(T1));
    result_flags(x, T1);
    return true;
}

/* The memory operand of a vector instruction; of arithmetic on single numbers at most so much. */
static unsigned vector_size(const hvc_x86 *x)
{
    bool moves = (x->opcode & 0xfe) == 0x10;
    return x->repeat == 0 || !moves ? 16 : x->repeat == 0xf3 ? 4 : 8;
}

static void lower_vector(hvc_x86 *x)
{
    if (x->is_memory)
        hvc_emit_escape_memory(x->insn, vector_size(x), x->memory);
}

static void lower_vector_store(hvc_x86 *x)
{
    if (x->is_memory)
        hvc_emit_store(x->insn, vector_size(x), x->memory, nothing);
}

/* Instructions whose operands are registers in the opcode, immediates, or fixed. */
static bool lower_without_modrm(hvc_x86 *x, hvc_x86_class kind)
{
    switch (kind) {
    case HVC_X86_INC_DEC_REG:
        inc_dec(x, x->opcode >= 0x48);
        return true;
    case HVC_X86_PUSH_REG:
        push(x, hvc_reg(x->rm));
        return true;
    case HVC_X86_POP_REG:
        pop(x, x->rm);
        return true;
    case HVC_X86_PUSH_IMM:
        push(x, immediate(x));
        return true;
    case HVC_X86_JCC:
        hvc_emit_branch(x->insn, hvc_x86_condition(x->opcode), target(x));
        return true;
    case HVC_X86_TEST_IMM:
        flags(x, HVC_OP_TEST, hvc_reg(HVC_X86_RAX), immediate(x));
        return true;
    case HVC_X86_XCHG_RAX:
        if (x->rm != HVC_X86_RAX)
            lower_xchg(x, HVC_X86_RAX);
        return true;
    case HVC_X86_MOV_REG_IMM:
        lower_mov_imm(x);
        return true;
    case HVC_X86_MOV_OFFSET:
        lower_mov_offset(x);
        return true;
    case HVC_X86_CBW:
        lower_cbw(x);
        return true;
    case HVC_X86_CWD:
        lower_cwd(x);
        return true;
    case HVC_X86_STRING:
        lower_string(x);
        return true;
    case HVC_X86_RET:
        hvc_emit_return(x->insn, (uint32_t)x->imm);
        return true;
    case HVC_X86_LEAVE:
        hvc_emit_move(x->insn, x->pointer, HVC_X86_RSP, hvc_reg(HVC_X86_RBP));
        pop(x, HVC_X86_RBP);
        return true;
    case HVC_X86_INT3:
        hvc_emit_trap(x->insn, 3);
        return true;
    case HVC_X86_UD2:
        hvc_emit_trap(x->insn, 6);
        return true;
    case HVC_X86_LOOP:
        lower_loop(x);
        return true;
    case HVC_X86_CALL:
        lower_call(x);
        return true;
    case HVC_X86_JMP:
        hvc_emit_transfer(x->insn, HVC_OP_JUMP, x->pointer, hvc_const(target(x), x->pointer));
        return true;
    case HVC_X86_BSWAP:
        if (x->size == 2)
            return false;
        alu(x, HVC_ALU_BYTE_SWAP, x->rm, hvc_reg(x->rm), nothing);
        return true;
    default:
        return false;
    }
}

static bool lower_test(hvc_x86 *x)
{
    hvc_operand a = get_rm(x, T0);
    flags(x, HVC_OP_TEST, a, get_reg(x, x->reg, T1));
    return true;
}

/* Vector instructions that compilers write, and bits. */
static bool lower_rare(hvc_x86 *x, hvc_x86_class kind)
{
    switch (kind) {
    case HVC_X86_NOP:
        return x->digit == 0;
    case HVC_X86_BIT_IMM:
        return lower_bit_imm(x);
    case HVC_X86_XADD:
        return lower_xadd(x);
    case HVC_X86_VECTOR:
        lower_vector(x);
        return true;
    case HVC_X86_BT:
    case HVC_X86_VECTOR_FLAGS:
        hvc_emit_clobber_flags(x->insn);
        return true;
    case HVC_X86_VECTOR_STORE:
        lower_vector_store(x);
        return true;
    default:
        return lower_without_modrm(x, kind);
    }
}

bool hvc_x86_lower(hvc_x86 *x, hvc_x86_class kind)
{
    switch (kind) {
    case HVC_X86_ALU:
        lower_alu(x);
        return true;
    case HVC_X86_ALU_IMM:
        alu_on_rm(x, x->digit, immediate(x));
        return true;
    case HVC_X86_IMUL:
        lower_imul(x, hvc_reg(x->reg), get_rm(x, T0));
        return true;
    case HVC_X86_IMUL_IMM:
        lower_imul(x, get_rm(x, T0), immediate(x));
        return true;
    case HVC_X86_MOVSXD:
        return lower_movsxd(x);
    case HVC_X86_TEST:
        return lower_test(x);
    case HVC_X86_XCHG:
        return lower_xchg_rm(x);
    case HVC_X86_MOV_STORE:
        lower_mov_store(x);
        return true;
    case HVC_X86_MOV_LOAD:
        lower_mov_load(x);
        return true;
    case HVC_X86_MOV_IMM:
        return lower_mov_rm_imm(x);
    case HVC_X86_LEA:
        return lower_lea(x);
    case HVC_X86_POP_RM:
        return lower_pop_rm(x);
    case HVC_X86_SHIFT:
        return lower_shift(x);
    case HVC_X86_GROUP3:
        return lower_group3(x);
    case HVC_X86_GROUP4:
        return lower_group4(x);
    case HVC_X86_GROUP5:
        return lower_group5(x);
    case HVC_X86_SETCC:
        lower_setcc(x);
        return true;
    case HVC_X86_CMOV:
        select(x, hvc_x86_condition(x->opcode), x->reg, get_rm(x, T0), hvc_reg(x->reg));
        return true;
    case HVC_X86_MOVX:
        lower_movx(x);
        return true;
    default:
        return lower_rare(x, kind);
    }
}
