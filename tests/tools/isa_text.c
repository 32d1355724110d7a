#include "isa_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

typedef struct text {
    char *data;
    size_t size, used;
} text;

__attribute__((format(printf, 2, 3))) static void put(text *to, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(to->data + to->used, to->size - to->used, format, args);
    va_end(args);
    if (n > 0)
        to->used = (size_t)n < to->size - to->used ? to->used + (size_t)n : to->size - 1;
}

static void put_reg(text *to, unsigned reg)
{
    if (reg == HVC_REG_NONE)
        put(to, "none");
    else if (reg >= HVC_REG_MACHINE)
        put(to, "t%u", reg - HVC_REG_MACHINE);
    else
        put(to, "r%u", reg);
}

static void put_operand(text *to, const hvc_operand *operand)
{
    if (operand->kind == HVC_OPERAND_CONST)
        put(to, "0x%" PRIx64, operand->value);
    else if (operand->kind == HVC_OPERAND_REG)
        put_reg(to, operand->reg);
    else
        put(to, "?");
}

static void put_memory(text *to, const hvc_memory *memory)
{
    const char *plus = "";
    put(to, memory->segment ? "segment[" : "[");
    if (memory->base != HVC_REG_NONE) {
        put_reg(to, memory->base);
        plus = "+";
    }
    if (memory->index != HVC_REG_NONE) {
        put(to, "%s", plus);
        put_reg(to, memory->index);
        put(to, "*%u", memory->scale);
        plus = "+";
    }
    if (*plus == '\0')
        put(to, "0x%" PRIx64, (uint64_t)memory->displacement);
    else if (memory->displacement < 0)
        put(to, "-0x%" PRIx64, 0 - (uint64_t)memory->displacement);
    else if (memory->displacement > 0)
        put(to, "+0x%" PRIx64, (uint64_t)memory->displacement);
    put(to, "]");
}

static const char *condition_name(unsigned condition)
{
    static const char *const names[HVC_COND_COUNT] = {
        "eq",  "ne",  "ult",     "ule",   "ugt",  "uge",      "slt",       "sle",    "sgt",
        "sge", "neg", "not-neg", "other", "zero", "not-zero", "bit-clear", "bit-set"};
    return condition < HVC_COND_COUNT ? names[condition] : "bad";
}

static void put_alu(text *to, const hvc_op *op)
{
    static const char *const names[HVC_ALU_COUNT] = {
        "add", "sub", "and", "or",  "xor",         "shl",         "shr",      "sar",
        "ror", "mul", "not", "neg", "sign-extend", "zero-extend", "byte-swap"};
    put(to, "%s ", op->alu < HVC_ALU_COUNT ? names[op->alu] : "bad");
    put_operand(to, &op->a);
    if (op->b.kind != HVC_OPERAND_NONE) {
        put(to, ", ");
        put_operand(to, &op->b);
    }
}

static void put_flags(text *to, const hvc_op *op, const char *name)
{
    put(to, "%s:%u ", name, op->size);
    put_operand(to, &op->a);
    if (op->b.kind != HVC_OPERAND_NONE) {
        put(to, ", ");
        put_operand(to, &op->b);
    }
}

static void put_branch(text *to, const hvc_op *op)
{
    put(to, "%s", condition_name(op->condition));
    if (op->a.kind != HVC_OPERAND_NONE) {
        put(to, ":%u ", op->size);
        put_operand(to, &op->a);
    }
    if (op->b.kind != HVC_OPERAND_NONE) {
        put(to, ", ");
        put_operand(to, &op->b);
    }
    put(to, " -> 0x%" PRIx64, op->target);
}

static void put_value(text *to, const hvc_op *op)
{
    put_reg(to, op->dst);
    put(to, ":%u%s = ", op->size, op->merge ? "m" : "");
    switch (op->kind) {
    case HVC_OP_MOVE:
        put_operand(to, &op->a);
        break;
    case HVC_OP_ALU:
        put_alu(to, op);
        break;
    case HVC_OP_LOAD:
        put(to, "load%u%s ", op->memory_size, op->sign_extend ? "s" : "");
        put_memory(to, &op->memory);
        break;
    case HVC_OP_SELECT:
        put(to, "%s ? ", condition_name(op->condition));
        put_operand(to, &op->a);
        put(to, " : ");
        put_operand(to, &op->b);
        break;
    default:
        put(to, "?");
        break;
    }
}

static void put_op(text *to, const hvc_op *op)
{
    switch (op->kind) {
    case HVC_OP_STORE:
        put(to, "store%u ", op->memory_size);
        put_memory(to, &op->memory);
        put(to, ", ");
        put_operand(to, &op->a);
        return;
    case HVC_OP_COMPARE:
        put_flags(to, op, "compare");
        return;
    case HVC_OP_TEST:
        put_flags(to, op, "test");
        return;
    case HVC_OP_RESULT:
        put_flags(to, op, "result");
        return;
    case HVC_OP_CLOBBER_FLAGS:
        put(to, "flags");
        return;
    case HVC_OP_CLOBBER_MEMORY:
        put(to, "memory ");
        if (op->memory.base == HVC_REG_NONE)
            put(to, "anywhere");
        else
            put_memory(to, &op->memory);
        return;
    case HVC_OP_ESCAPE:
        put_flags(to, op, "escape");
        return;
    case HVC_OP_ESCAPE_MEMORY:
        put(to, "escape%u ", op->memory_size);
        put_memory(to, &op->memory);
        return;
    case HVC_OP_CALL:
    case HVC_OP_JUMP:
        put(to, op->kind == HVC_OP_CALL ? "call " : "jump ");
        put_operand(to, &op->a);
        return;
    case HVC_OP_BRANCH:
        put_branch(to, op);
        return;
    case HVC_OP_RETURN:
        put(to, "return %u", op->immediate);
        return;
    case HVC_OP_TRAP:
        put(to, "trap 0x%x", op->immediate);
        return;
    case HVC_OP_CONTROL_WRITE:
        put(to, "control %u, ", op->immediate);
        put_operand(to, &op->a);
        return;
    default:
        put_value(to, op);
        return;
    }
}

void isa_text(const hvc_insn *insn, char *buffer, size_t size)
{
    text to = {buffer, size, 0};
    if (size == 0)
        return;
    buffer[0] = '\0';
    if (!insn->valid)
        put(&to, "invalid");
    for (unsigned i = 0; i < insn->op_count; i++) {
        if (i > 0)
            put(&to, "; ");
        put_op(&to, &insn->ops[i]);
    }
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t isa_bytes(const char *digits, uint8_t *bytes, size_t size)
{
    size_t count = 0;
    while (count < size && digit_value(digits[0]) >= 0 && digit_value(digits[1]) >= 0) {
        bytes[count++] = (uint8_t)(digit_value(digits[0]) << 4 | digit_value(digits[1]));
        digits += 2;
    }
    return count;
}
