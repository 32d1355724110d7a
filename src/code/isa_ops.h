/* Writing the operations of an instruction: what the decoders of all instruction sets share. */
#ifndef CODE_ISA_OPS_H
#define CODE_ISA_OPS_H

#include "code/isa.h"

/* How many operations beyond HVC_MAX_OPS an instruction asked for is not kept: it then becomes a
 * jump to an unknown place, behind which nothing is known (hvc_insn_finish). No instruction needs
 * that. */
static inline hvc_op *hvc_op_add(hvc_insn *insn, unsigned kind, unsigned size)
{
    hvc_op *op = &insn->ops[insn->op_count < HVC_MAX_OPS ? insn->op_count : HVC_MAX_OPS - 1];
    insn->op_count++;
    *op = (hvc_op){.kind = (uint8_t)kind, .size = (uint8_t)size, .dst = HVC_REG_NONE};
    return op;
}

static inline hvc_operand hvc_reg(unsigned number)
{
    return (hvc_operand){.kind = HVC_OPERAND_REG, .reg = (uint8_t)number};
}

/* The low size bytes of a number: constants are stored as the operation reads them. */
static inline uint64_t hvc_truncate(uint64_t value, unsigned size)
{
    return size >= 8 ? value : value & ((UINT64_C(1) << 8 * size) - 1);
}

static inline hvc_operand hvc_const(uint64_t value, unsigned size)
{
    return (hvc_operand){.kind = HVC_OPERAND_CONST, .value = hvc_truncate(value, size)};
}

static inline bool hvc_is_const(hvc_operand operand, uint64_t value, unsigned size)
{
    return operand.kind == HVC_OPERAND_CONST && operand.value == hvc_truncate(value, size);
}

static inline bool hvc_same_reg(hvc_operand a, hvc_operand b)
{
    return a.kind == HVC_OPERAND_REG && b.kind == HVC_OPERAND_REG && a.reg == b.reg;
}

static inline hvc_memory hvc_address(unsigned base, int64_t displacement)
{
    return (hvc_memory){.base = (uint8_t)base, .index = HVC_REG_NONE, .displacement = displacement};
}

static inline void hvc_emit_move(hvc_insn *insn, unsigned size, unsigned dst, hvc_operand a)
{
    hvc_op *op = hvc_op_add(insn, HVC_OP_MOVE, size);
    op->dst = (uint8_t)dst;
    op->a = a;
}

static inline hvc_op *hvc_emit_alu(hvc_insn *insn, hvc_alu alu, unsigned size, unsigned dst,
                                   hvc_operand a, hvc_operand b)
{
    hvc_op *op = hvc_op_add(insn, HVC_OP_ALU, size);
    op->alu = (uint8_t)alu;
    op->dst = (uint8_t)dst;
    op->a = a;
    op->b = b;
    return op;
}

/* Loads memory_size bytes, zero-extended to size. */
static inline hvc_op *hvc_emit_load(hvc_insn *insn, unsigned size, unsigned memory_size,
                                    unsigned dst, hvc_memory memory)
{
    hvc_op *op = hvc_op_add(insn, HVC_OP_LOAD, size);
    op->memory_size = (uint8_t)memory_size;
    op->dst = (uint8_t)dst;
    op->memory = memory;
    return op;
}

/* Stores a, or an unknown value when a is none. size: 8 at most. */
static inline void hvc_emit_store(hvc_insn *insn, unsigned memory_size, hvc_memory memory,
                                  hvc_operand a)
{
    hvc_op *op = hvc_op_add(insn, HVC_OP_STORE, memory_size < 8 ? memory_size : 8);
    op->memory_size = (uint8_t)memory_size;
    op->memory = memory;
    op->a = a;
}

/* From memory's base and displacement on, or anywhere when it has no base. */
static inline void hvc_emit_clobber_from(hvc_insn *insn, hvc_memory memory)
{
    hvc_op_add(insn, HVC_OP_CLOBBER_MEMORY, 0)->memory = memory;
}

static inline void hvc_emit_clobber_memory(hvc_insn *insn, unsigned base)
{
    hvc_emit_clobber_from(insn, hvc_address(base, 0));
}

/* Numbers do not escape. */
static inline void hvc_emit_escape(hvc_insn *insn, hvc_operand a, hvc_operand b)
{
    bool first = a.kind == HVC_OPERAND_REG, second = b.kind == HVC_OPERAND_REG;
    if (!first && !second)
        return;
    hvc_op *op = hvc_op_add(insn, HVC_OP_ESCAPE, 8);
    op->a = first ? a : b;
    if (first && second)
        op->b = b;
}

static inline void hvc_emit_escape_memory(hvc_insn *insn, unsigned memory_size, hvc_memory memory)
{
    hvc_op *op = hvc_op_add(insn, HVC_OP_ESCAPE_MEMORY, 8);
    op->memory_size = (uint8_t)memory_size;
    op->memory = memory;
}

/* COMPARE, TEST or RESULT. */
static inline void hvc_emit_flags(hvc_insn *insn, hvc_op_kind kind, unsigned size, hvc_operand a,
                                  hvc_operand b)
{
    hvc_op *op = hvc_op_add(insn, kind, size);
    op->a = a;
    op->b = b;
}

static inline hvc_op *hvc_emit_select(hvc_insn *insn, hvc_condition condition, unsigned size,
                                      unsigned dst, hvc_operand a, hvc_operand b)
{
    hvc_op *op = hvc_op_add(insn, HVC_OP_SELECT, size);
    op->condition = (uint8_t)condition;
    op->dst = (uint8_t)dst;
    op->a = a;
    op->b = b;
    return op;
}

static inline hvc_op *hvc_emit_clobber(hvc_insn *insn, unsigned size, unsigned dst)
{
    hvc_op *op = hvc_op_add(insn, HVC_OP_CLOBBER, size);
    op->dst = (uint8_t)dst;
    return op;
}

static inline void hvc_emit_clobber_flags(hvc_insn *insn)
{
    hvc_op_add(insn, HVC_OP_CLOBBER_FLAGS, 0);
}

static inline hvc_op *hvc_emit_branch(hvc_insn *insn, hvc_condition condition, uint64_t target)
{
    hvc_op *op = hvc_op_add(insn, HVC_OP_BRANCH, 0);
    op->condition = (uint8_t)condition;
    op->target = target;
    return op;
}

/* CALL or JUMP of an address or pointer. */
static inline void hvc_emit_transfer(hvc_insn *insn, hvc_op_kind kind, unsigned size, hvc_operand a)
{
    hvc_op_add(insn, kind, size)->a = a;
}

/* CALL or JUMP of a pointer that is not known. */
static inline void hvc_emit_transfer_unknown(hvc_insn *insn, hvc_op_kind kind, unsigned size)
{
    hvc_emit_clobber(insn, size, HVC_REG_T0);
    hvc_emit_transfer(insn, kind, size, hvc_reg(HVC_REG_T0));
}

static inline void hvc_emit_return(hvc_insn *insn, uint32_t popped)
{
    hvc_op_add(insn, HVC_OP_RETURN, 0)->immediate = popped;
}

static inline void hvc_emit_trap(hvc_insn *insn, uint32_t number)
{
    hvc_op_add(insn, HVC_OP_TRAP, 0)->immediate = number;
}

/* Ends an instruction: true for the convenience of decoders. */
static inline bool hvc_insn_finish(hvc_insn *insn, unsigned length, unsigned pointer_size)
{
    insn->length = (uint8_t)length;
    insn->valid = true;
    if (insn->op_count > HVC_MAX_OPS) {
        insn->op_count = 0;
        hvc_emit_transfer_unknown(insn, HVC_OP_JUMP, pointer_size);
    }
    return true;
}

static inline bool hvc_insn_invalid(hvc_insn *insn, unsigned length)
{
    insn->length = (uint8_t)length;
    insn->valid = false;
    insn->op_count = 0;
    return false;
}

#endif
