/* Decodes the input as code of each instruction set and looks at what isa.h promises of every
 * operation: lengths, counts, registers and sizes in their bounds, no temporary read before it is
 * written, the same answer however many bytes follow, and text that keeps to its buffer. The first
 * byte is the low byte of the address. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "code/isa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

enum { TEXT = 48 };

static bool is_size(unsigned size)
{
    return size == 1 || size == 2 || size == 4 || size == 8;
}

static void check_source(unsigned reg, uint32_t written)
{
    PROMISE(reg < HVC_REG_COUNT);
    PROMISE(reg < HVC_REG_MACHINE || (written >> (reg - HVC_REG_MACHINE) & 1) != 0);
}

static void check_operand(const hvc_operand *operand, unsigned size, uint32_t written)
{
    PROMISE(operand->kind <= HVC_OPERAND_CONST);
    if (operand->kind == HVC_OPERAND_REG)
        check_source(operand->reg, written);
    if (operand->kind == HVC_OPERAND_CONST && is_size(size) && size < 8)
        PROMISE(operand->value >> (8 * size) == 0);
}

static void check_memory(const hvc_memory *memory, uint32_t written)
{
    if (memory->base != HVC_REG_NONE)
        check_source(memory->base, written);
    if (memory->index != HVC_REG_NONE) {
        check_source(memory->index, written);
        PROMISE(memory->scale != 0 && memory->scale <= 16 &&
                (memory->scale & (memory->scale - 1)) == 0);
    }
}

static void check_alu(const hvc_op *op)
{
    bool shifts = op->alu == HVC_ALU_SHL || op->alu == HVC_ALU_SHR || op->alu == HVC_ALU_SAR ||
                  op->alu == HVC_ALU_ROR;
    bool one = op->alu == HVC_ALU_NOT || op->alu == HVC_ALU_NEG || op->alu == HVC_ALU_BYTE_SWAP;
    PROMISE(op->alu < HVC_ALU_COUNT);
    PROMISE(op->a.kind != HVC_OPERAND_NONE && one == (op->b.kind == HVC_OPERAND_NONE));
    if (shifts && op->b.kind == HVC_OPERAND_CONST)
        PROMISE(op->b.value < 8u * op->size);
    if (op->alu == HVC_ALU_SIGN_EXTEND || op->alu == HVC_ALU_ZERO_EXTEND)
        PROMISE(op->b.kind == HVC_OPERAND_CONST && op->b.value > 0 && op->b.value <= 8u * op->size);
}

static void check_destination(const hvc_isa *isa, const hvc_op *op)
{
    bool is_value = op->kind == HVC_OP_MOVE || op->kind == HVC_OP_ALU || op->kind == HVC_OP_LOAD ||
                    op->kind == HVC_OP_SELECT || op->kind == HVC_OP_CLOBBER;
    PROMISE(is_value ? op->dst < HVC_REG_COUNT : op->dst == HVC_REG_NONE);
    if (op->dst < HVC_REG_MACHINE && isa->pointer_size == 8 && isa->max_length > 4)
        PROMISE(op->dst < 16);
    if (op->dst < HVC_REG_MACHINE && isa->pointer_size == 4)
        PROMISE(op->dst < 8 && op->size <= 4);
    if (is_value)
        PROMISE(is_size(op->size));
}

/* What ends the flow is the last operation, and goes somewhere. */
static void check_flow(const hvc_isa *isa, const hvc_op *op, bool last)
{
    if (op->kind == HVC_OP_CALL || op->kind == HVC_OP_JUMP)
        PROMISE(op->a.kind != HVC_OPERAND_NONE);
    if (op->kind == HVC_OP_JUMP || op->kind == HVC_OP_BRANCH || op->kind == HVC_OP_RETURN ||
        op->kind == HVC_OP_TRAP)
        PROMISE(last);
    if (op->kind != HVC_OP_BRANCH)
        return;
    PROMISE(op->condition < HVC_COND_COUNT);
    PROMISE(op->condition <= HVC_COND_OTHER || op->a.kind == HVC_OPERAND_REG);
    PROMISE(isa->pointer_size == 8 || op->target >> 32 == 0);
}

static void check_op(const hvc_isa *isa, const hvc_op *op, bool last, uint32_t written)
{
    bool is_memory = op->kind == HVC_OP_LOAD || op->kind == HVC_OP_STORE;
    PROMISE(op->kind < HVC_OP_COUNT);
    check_destination(isa, op);
    check_operand(&op->a, op->kind == HVC_OP_STORE ? op->memory_size : op->size, written);
    check_operand(&op->b, op->kind == HVC_OP_BRANCH ? 8 : op->size, written);
    if (is_memory)
        PROMISE(op->memory_size >= 1 && op->memory_size <= 64);
    if (op->kind == HVC_OP_LOAD)
        PROMISE(op->memory_size <= op->size);
    if (is_memory || op->kind == HVC_OP_CLOBBER_MEMORY)
        check_memory(&op->memory, written);
    if (op->kind == HVC_OP_ALU)
        check_alu(op);
    if (op->kind == HVC_OP_SELECT)
        PROMISE(op->condition <= HVC_COND_OTHER && op->a.kind != HVC_OPERAND_NONE &&
                op->b.kind != HVC_OPERAND_NONE);
    check_flow(isa, op, last);
}

static void check_insn(const hvc_isa *isa, const hvc_insn *insn)
{
    uint32_t written = 0;
    if (!insn->valid) {
        PROMISE(insn->op_count == 0 && insn->length == isa->min_length);
        return;
    }
    PROMISE(insn->length >= isa->min_length && insn->length <= isa->max_length);
    PROMISE(insn->op_count <= HVC_MAX_OPS);
    for (unsigned i = 0; i < insn->op_count; i++) {
        const hvc_op *op = &insn->ops[i];
        check_op(isa, op, i + 1u == insn->op_count, written);
        if (op->dst >= HVC_REG_MACHINE && op->dst < HVC_REG_COUNT)
            written |= UINT32_C(1) << (op->dst - HVC_REG_MACHINE);
    }
}

/* The same instruction in a block of exactly its size. */
static void check_alone(const hvc_isa *isa, hvc_span bytes, const hvc_insn *insn)
{
    hvc_insn again;
    uint8_t *copy = malloc(insn->length);
    if (copy == NULL)
        return;
    memcpy(copy, bytes.data, insn->length);
    PROMISE(isa->decode((hvc_span){copy, insn->length}, insn->address, &again));
    PROMISE(again.length == insn->length && again.op_count == insn->op_count);
    for (unsigned i = 0; i < insn->op_count; i++)
        PROMISE(again.ops[i].kind == insn->ops[i].kind && again.ops[i].dst == insn->ops[i].dst &&
                again.ops[i].memory.displacement == insn->ops[i].memory.displacement &&
                again.ops[i].a.value == insn->ops[i].a.value);
    free(copy);
}

static void check_text(const hvc_isa *isa, hvc_span bytes, uint64_t address)
{
    char text[TEXT + 1];
    for (size_t size = 0; size <= TEXT; size += 12) {
        memset(text, 0x7f, sizeof(text));
        hvc_isa_format(isa, bytes, address, text, size);
        PROMISE(text[size] == 0x7f);
        PROMISE(size == 0 || memchr(text, '\0', size) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const hvc_isa *const isas[] = {&hvc_isa_x86, &hvc_isa_x64, &hvc_isa_arm64};
    if (size == 0)
        return 0;
    for (size_t i = 0; i < sizeof(isas) / sizeof(isas[0]); i++) {
        const hvc_isa *isa = isas[i];
        uint64_t base =
            (isa->pointer_size == 8 ? UINT64_C(0xfffff80012340000) : 0x80400000) + data[0];
        for (size_t at = 1; at < size;) {
            hvc_insn insn;
            hvc_span bytes = {data + at, size - at};
            bool valid = isa->decode(bytes, base + at, &insn);
            PROMISE(valid == insn.valid && insn.address == base + at);
            check_insn(isa, &insn);
            if (valid)
                check_alone(isa, bytes, &insn);
            if (at < 64)
                check_text(isa, bytes, base + at);
            at += insn.length;
        }
    }
    return 0;
}
