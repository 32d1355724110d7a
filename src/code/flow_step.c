/* What each operation does to the state. */
#include <string.h>

#include "code/flow_step.h"

#include "code/table.h"

/* A value that is no stack address any more: if it was one, it got out of sight. */
hvc_value_id step_lose(step *s, hvc_value_id value, hvc_unknown why, uint8_t size)
{
    hvc_state_escape(s->values, s->state, value);
    return size < 8 ? hvc_value_range(s->values, hvc_size_mask(size), why)
                    : hvc_value_unknown(s->values, why);
}

/* The lowest place of the frame that an address in it may be when its distance from value, another
 * one, is not known either way. */
static hvc_value_id frame_below(const step *s, const hvc_term *value)
{
    const hvc_term *sp = hvc_term_of(s->values, s->state->regs[s->isa->stack_pointer]);
    int32_t low =
        sp->kind == HVC_TERM_STACK && sp->reg == value->reg ? sp->offset : HVC_STATE_BOTTOM;
    return hvc_value_stack(s->values, value->reg, low < value->offset ? low : value->offset);
}

bool step_holds_stack(const hvc_values *values, hvc_value_id value)
{
    size_t count;
    const hvc_value_id *members = hvc_value_members(values, &value, &count);
    for (size_t i = 0; i < count; i++)
        if (hvc_term_of(values, members[i])->kind == HVC_TERM_STACK)
            return true;
    return false;
}

hvc_value_id step_read_register(step *s, uint8_t reg)
{
    if (reg >= HVC_REG_COUNT)
        return hvc_value_unknown(s->values, HVC_UNKNOWN_INSTRUCTION);
    hvc_value_id value = s->state->regs[reg];
    return value == HVC_VALUE_UNDEFINED ? hvc_value_unknown(s->values, HVC_UNKNOWN_INSTRUCTION)
                                        : value;
}

hvc_value_id step_read_operand(step *s, const hvc_operand *operand, uint8_t size)
{
    if (operand->kind == HVC_OPERAND_CONST)
        return hvc_value_const(s->values, operand->value & hvc_size_mask(size));
    if (operand->kind == HVC_OPERAND_NONE)
        return hvc_value_unknown(s->values, HVC_UNKNOWN_INSTRUCTION);
    hvc_value_id value = step_read_register(s, operand->reg);
    if (size == 8)
        return value;
    if (size < s->isa->pointer_size && step_holds_stack(s->values, value))
        return step_lose(s, value, HVC_UNKNOWN_INSTRUCTION, size);
    return hvc_value_truncate(s->values, value, size);
}

static void write_register(step *s, uint8_t reg, hvc_value_id value, uint8_t size, bool merge)
{
    if (reg == HVC_REG_NONE)
        return;
    uint8_t whole = s->isa->pointer_size;
    if (merge && size < whole) {
        hvc_value_id old = step_read_register(s, reg);
        if (step_holds_stack(s->values, old))
            old = step_lose(s, old, HVC_UNKNOWN_INSTRUCTION, whole);
        value = hvc_value_insert(s->values, old, value, size);
    }
    if (reg == s->isa->stack_pointer)
        hvc_state_set_stack(s->values, s->state, reg, value);
    else
        hvc_state_set(s->state, reg, value);
}

/* An address, taken apart as far as it can be. */
typedef struct reference {
    enum { TO_NOWHERE, TO_VALUE, TO_TABLE, TO_STACK_ARRAY } kind;
    hvc_value_id value; /* VALUE: the whole address; TABLE: the constant base */
    hvc_value_id index; /* TABLE, STACK_ARRAY */
    uint8_t scale;      /* TABLE */
    uint8_t base;       /* STACK_ARRAY */
    int32_t offset;     /* STACK_ARRAY: of the frame it starts at */
} reference;

/* The lowest place of the frame that an index into an array there may lead to. */
static int32_t lowest_of(const step *s, const reference *array)
{
    hvc_term base = {.reg = array->base, .offset = array->offset};
    bool negative = hvc_value_width(s->values, array->index) >= s->isa->pointer_size;
    return negative ? hvc_term_of(s->values, frame_below(s, &base))->offset : array->offset;
}

/* Whether a value is the address of something in the image. */
static bool is_table(const step *s, hvc_value_id value)
{
    uint64_t number;
    uint32_t rva;
    return hvc_value_is_const(s->values, value, &number) &&
           hvc_image_rva_of(s->env->image, number, &rva);
}

static reference address_of(step *s, const hvc_memory *memory)
{
    hvc_values *values = s->values;
    uint8_t size = s->isa->pointer_size;
    if (memory->segment)
        return (reference){.kind = TO_NOWHERE};
    if (memory->index == HVC_REG_NONE && memory->base != HVC_REG_NONE) {
        /* Most are in the frame, or wherever a pointer points. */
        hvc_value_id base = step_read_register(s, memory->base);
        const hvc_term *term = hvc_term_of(values, base);
        if (size == 8 && (memory->displacement == 0 || term->kind == HVC_TERM_UNKNOWN))
            return (reference){.kind = TO_VALUE, .value = base};
        if (term->kind == HVC_TERM_STACK && memory->displacement > INT32_MIN / 4 &&
            memory->displacement < INT32_MAX / 4 && term->offset > INT32_MIN / 4 &&
            term->offset < INT32_MAX / 4)
            return (reference){.kind = TO_VALUE,
                               .value =
                                   hvc_value_stack(values, term->reg,
                                                   term->offset + (int32_t)memory->displacement)};
    }
    hvc_value_id value =
        hvc_value_const(values, (uint64_t)memory->displacement & hvc_size_mask(size));
    if (memory->base != HVC_REG_NONE)
        value =
            hvc_value_alu(values, HVC_ALU_ADD, step_read_register(s, memory->base), value, size);
    if (memory->index == HVC_REG_NONE)
        return (reference){.kind = TO_VALUE, .value = value};
    hvc_value_id index = step_read_register(s, memory->index);
    uint64_t number;
    if (memory->scale == 1 && !hvc_value_is_const(values, value, &number) && is_table(s, index)) {
        hvc_value_id swap = value; /* [index + table]: which one is the table shows in the values */
        value = index;
        index = swap;
    }
    if (hvc_value_is_const(values, index, &number))
        return (reference){.kind = TO_VALUE,
                           .value = hvc_value_alu(values, HVC_ALU_ADD, value,
                                                  hvc_value_const(values, number * memory->scale),
                                                  size)};
    const hvc_term *term = hvc_term_of(values, value);
    if (is_table(s, value))
        return (reference){
            .kind = TO_TABLE, .value = value, .index = index, .scale = memory->scale};
    if (term->kind == HVC_TERM_STACK)
        return (reference){
            .kind = TO_STACK_ARRAY, .base = term->reg, .offset = term->offset, .index = index};
    if (memory->scale == 1 && hvc_term_of(values, index)->kind == HVC_TERM_STACK) {
        term = hvc_term_of(values, index);
        return (reference){
            .kind = TO_STACK_ARRAY, .base = term->reg, .offset = term->offset, .index = value};
    }
    if (memory->scale == 1 && term->kind == HVC_TERM_CONST) /* a pointer for an index */
        return (reference){.kind = TO_VALUE,
                           .value = hvc_value_alu(values, HVC_ALU_ADD, index, value, size)};
    if (step_holds_stack(values, value))
        hvc_state_escape(s->values, s->state, value);
    return (reference){.kind = TO_VALUE, .value = hvc_value_unknown(values, HVC_UNKNOWN_MEMORY)};
}

/* Splits an address term into what a load term keeps: a pointer and an offset. */
static hvc_value_id split(const hvc_values *values, hvc_value_id address, int32_t *ret_offset)
{
    const hvc_term *term = hvc_term_of(values, address);
    uint64_t number;
    *ret_offset = 0;
    if (term->kind == HVC_TERM_OP && term->alu == HVC_ALU_ADD &&
        hvc_value_is_const(values, term->b, &number)) {
        int64_t offset = term->size == 4 ? (int64_t)(int32_t)number : (int64_t)number;
        if (offset >= INT32_MIN && offset <= INT32_MAX) {
            *ret_offset = (int32_t)offset;
            return term->a;
        }
    }
    return address;
}

bool step_may_be_stack(const hvc_values *values, hvc_value_id address)
{
    int32_t offset;
    uint8_t kind = hvc_term_of(values, split(values, address, &offset))->kind;
    return kind != HVC_TERM_CONST && kind != HVC_TERM_ENTRY && kind != HVC_TERM_ENTRY_STACK;
}

/* A value goes where it is not followed. */
static void escape_value(step *s, hvc_value_id value)
{
    hvc_state_escape(s->values, s->state, value);
    if (s->job->recording)
        flow_record_kept_value(s->job, value);
}

/* What lies in the stack's bytes from base + low up to base + high goes where it is not followed.
 * Slots of other bases may lie there, too: what they lead to in the frame gets out. */
static void escape_slots(step *s, uint8_t base, int32_t low, int64_t high)
{
    hvc_state *state = s->state;
    uint8_t pointer = s->isa->pointer_size;
    if (s->job->frame != NULL &&
        (s->loading == NULL || !flow_frame_is_called(s->job, s->insn, s->loading)))
        flow_record_frame_read(s->job, base, low, high < INT32_MAX ? (int32_t)high : INT32_MAX);
    for (size_t i = 0; i < state->slot_count; i++) {
        const hvc_slot *slot = &state->slots[i];
        if (slot->base != base)
            hvc_state_escape(s->values, state, slot->value);
        else if (slot->offset < high && slot->offset + slot->size > low)
            escape_value(s, slot->value);
    }
    if (base != 0 || high <= 0 || state->entry_lost || !s->job->recording)
        return;
    int32_t last = hvc_argument_stack(s->isa, HVC_FLOW_ARGUMENTS) + pointer;
    for (int32_t at = low > 0 ? low : 0; at < high && at < last; at += pointer)
        flow_record_kept_value(s->job, hvc_state_load(s->values, state, 0, at, pointer));
}

static hvc_value_id load_one(step *s, hvc_value_id address, uint8_t size, bool sign)
{
    const hvc_term *term = hvc_term_of(s->values, address);
    if (term->kind == HVC_TERM_STACK) {
        uint8_t base = term->reg;
        int32_t at = term->offset;
        if (!hvc_state_has(s->state, base, at, size)) /* in part, or of several slots */
            escape_slots(s, base, at, (int64_t)at + size);
        return hvc_state_load(s->values, s->state, base, at, size);
    }
    int32_t offset;
    hvc_value_id base = split(s->values, address, &offset);
    uint64_t absolute;
    if (s->job->recording && size == s->isa->pointer_size &&
        hvc_value_is_const(s->values, base, &absolute))
        flow_record_read(s->job, s->insn, absolute + (uint64_t)(int64_t)offset);
    return hvc_value_load(s->values, base, offset, size, sign);
}

/* x86: [index + table], where the table is a displacement: what tells that it is one is that the
 * register has a bound and read-only data lies there. */
static void find_small_table(step *s, const hvc_memory *memory, reference *from)
{
    hvc_values *values = s->values;
    uint32_t rva;
    if (s->isa->pointer_size != 4 || from->kind != TO_VALUE || memory->base == HVC_REG_NONE ||
        memory->index != HVC_REG_NONE ||
        !hvc_image_rva_of(s->env->image, (uint32_t)memory->displacement, &rva))
        return;
    hvc_value_id base = hvc_value_const(values, (uint32_t)memory->displacement);
    hvc_value_id index = step_read_register(s, memory->base);
    const hvc_term *table =
        hvc_term_of(values, hvc_value_table(values, base, 0, index, 1, 1, false));
    if (table->kind != HVC_TERM_TABLE || !hvc_table_begin(s->env->image, values, table, &rva))
        return;
    const hvc_term *range = hvc_term_of(values, table->b);
    if (range->kind == HVC_TERM_RANGE && range->number < HVC_TABLE_INDICES)
        *from = (reference){.kind = TO_TABLE, .value = base, .index = index, .scale = 1};
}

static hvc_value_id load(step *s, const hvc_op *op, const reference *from)
{
    hvc_values *values = s->values;
    uint8_t size = op->memory_size;
    hvc_value_id value = hvc_value_unknown(values, HVC_UNKNOWN_MEMORY);
    bool stack = false;
    if (from->kind == TO_STACK_ARRAY) {
        escape_slots(s, from->base, lowest_of(s, from), from->offset < 0 ? 0 : INT32_MAX);
        value = hvc_value_unknown(values, HVC_UNKNOWN_FRAME);
    } else if (from->kind == TO_TABLE) {
        value = hvc_value_table(values, from->value, 0, from->index, from->scale, size,
                                op->sign_extend);
    } else if (from->kind == TO_VALUE) {
        size_t count;
        hvc_value_members(values, &from->value, &count);
        value = HVC_VALUE_UNDEFINED;
        for (size_t i = 0; i < count; i++) {
            size_t n;
            hvc_value_id member = hvc_value_members(values, &from->value, &n)[i];
            stack |= hvc_term_of(values, member)->kind == HVC_TERM_STACK;
            hvc_value_id one = load_one(s, member, size, op->sign_extend);
            hvc_value_id joined = hvc_value_join(values, value, one);
            if (count > 1 && hvc_value_why(values, joined) != HVC_UNKNOWN_NONE) {
                hvc_state_escape(values, s->state, value);
                hvc_state_escape(values, s->state, one);
            }
            value = joined;
        }
    }
    hvc_unknown why = hvc_value_why(values, value);
    if (why != HVC_UNKNOWN_NONE && size < 8 && !op->sign_extend)
        value = hvc_value_truncate(values, value, size);
    /* Load terms know themselves that they are sign-extended; what came from the stack does not. */
    if (op->sign_extend && (stack || why != HVC_UNKNOWN_NONE) && size < 8)
        value = hvc_value_alu(values, HVC_ALU_SIGN_EXTEND, value,
                              hvc_value_const(values, 8u * size), op->size);
    return hvc_value_truncate(values, value, op->size);
}

/* Whether a value lies in a part of the frame whose address got out. */
static bool is_out(const hvc_state *state, hvc_value_id value)
{
    for (size_t i = 0; i < state->slot_count; i++) {
        const hvc_slot *slot = &state->slots[i];
        bool out = slot->base != 0 && state->escaped_other;
        for (unsigned k = 0; slot->base == 0 && k < state->escape_count; k++)
            out |= slot->offset < state->escaped[k].high &&
                   slot->offset + slot->size > state->escaped[k].low;
        if (out && slot->value == value)
            return true;
    }
    return false;
}

/* A pointer is read from the address in a register, or from one near it. It may have been read from
 * the frame, whose address may be known elsewhere. */
static void record_hidden_blind(step *s, uint8_t reg, const hvc_memory *memory)
{
    const hvc_flow *flow = s->job->flow;
    uint64_t number;
    uint32_t rva;
    if (reg == HVC_REG_NONE)
        return;
    hvc_unknown why = hvc_value_why(s->values, step_read_register(s, reg));
    if (why != HVC_UNKNOWN_FRAME && why != HVC_UNKNOWN_MEMORY)
        return;
    flow_record_unpopped(s->job);
    for (size_t i = 0; i < flow->hidden.count; i++)
        if ((why == HVC_UNKNOWN_FRAME || is_out(s->state, flow->hidden.items[i])) &&
            hvc_value_is_const(s->values, flow->hidden.items[i], &number) &&
            hvc_image_rva_of(s->env->image, number + (uint64_t)memory->displacement, &rva))
            flow_record_blind(s->job, s->insn, rva);
}

/* A pointer is read from an address that is not known. */
static void record_blind(step *s, hvc_value_id address, const hvc_memory *memory)
{
    if (hvc_value_is_lost(s->values, address))
        flow_record_blind(s->job, s->insn, 0);
    record_hidden_blind(s, memory->base, memory);
    record_hidden_blind(s, memory->index, memory);
}

static void step_load(step *s, const hvc_op *op)
{
    reference from = address_of(s, &op->memory);
    if (s->job->recording && from.kind == TO_VALUE && op->memory_size == s->isa->pointer_size)
        record_blind(s, from.value, &op->memory);
    find_small_table(s, &op->memory, &from);
    s->loading = op;
    hvc_value_id value = load(s, op, &from);
    s->loading = NULL;
    write_register(s, op->dst, value, op->size, op->merge);
    if (from.kind == TO_VALUE && op->dst < HVC_REG_COUNT && !op->merge && !op->sign_extend) {
        const hvc_term *term = hvc_term_of(s->values, from.value);
        if (term->kind == HVC_TERM_STACK)
            hvc_state_set_origin(s->state, op->dst,
                                 (hvc_place_of){.kind = 2,
                                                .reg_or_base = term->reg,
                                                .size = op->memory_size,
                                                .offset = term->offset});
    }
}

static void store_one(step *s, hvc_value_id to, uint8_t size, hvc_value_id value, bool certain)
{
    hvc_values *values = s->values;
    hvc_term term = *hvc_term_of(values, to);
    if (term.kind == HVC_TERM_STACK) {
        const hvc_term *sp = hvc_term_of(values, s->state->regs[s->isa->stack_pointer]);
        bool argument = s->isa->argument_register_count == 0 && sp->kind == HVC_TERM_STACK &&
                        sp->reg == term.reg &&
                        term.offset < sp->offset + hvc_argument_stack(s->isa, HVC_FLOW_ARGUMENTS);
        if (s->job->recording && argument)
            flow_record_argument(s->job, &term, value);
        else if (s->job->recording)
            flow_record_hidden(s->job, value);
        if (s->job->recording)
            flow_record_frame_store(s->job, &term, size, value);
        if (certain)
            hvc_state_store(values, s->state, term.reg, term.offset, size, value);
        else
            hvc_state_forget(values, s->state, term.reg, term.offset, term.offset + size);
        return;
    }
    hvc_state_escape(values, s->state, value);
    int32_t offset;
    hvc_value_id base = split(values, to, &offset);
    if (step_may_be_stack(values, to))
        hvc_state_foreign_write(values, s->state);
    if (s->job->recording)
        flow_record_store(s->job, s->insn, base, offset, size, value);
}

/* A register that was stored whole is what the slot holds, too. */
static void note_origin(step *s, const hvc_op *op, hvc_value_id address)
{
    const hvc_term *term = hvc_term_of(s->values, address);
    if (term->kind != HVC_TERM_STACK || op->a.kind != HVC_OPERAND_REG ||
        op->a.reg >= HVC_REG_MACHINE || op->memory_size < 4 ||
        op->memory_size > s->isa->pointer_size || hvc_state_origin(s->state, op->a.reg).kind != 0)
        return;
    hvc_state_set_origin(
        s->state, op->a.reg,
        (hvc_place_of){
            .kind = 2, .reg_or_base = term->reg, .size = op->memory_size, .offset = term->offset});
}

static void step_store(step *s, const hvc_op *op)
{
    reference to = address_of(s, &op->memory);
    hvc_value_id value = op->a.kind == HVC_OPERAND_NONE || op->memory_size > 8
                             ? hvc_value_unknown(s->values, HVC_UNKNOWN_INSTRUCTION)
                             : step_read_operand(s, &op->a, op->memory_size);
    if (to.kind == TO_NOWHERE) {
        hvc_state_escape(s->values, s->state, value);
    } else if (to.kind == TO_STACK_ARRAY) {
        hvc_state_escape(s->values, s->state, value);
        if (s->job->recording)
            flow_record_hidden(s->job, value);
        hvc_state_forget(s->values, s->state, to.base, lowest_of(s, &to),
                         to.offset < 0 ? 0 : INT32_MAX);
    } else if (to.kind == TO_TABLE) {
        hvc_state_escape(s->values, s->state, value);
        if (s->job->recording) {
            flow_record_store(s->job, s->insn, to.value, 0, 0, value);
            if (hvc_value_width(s->values, to.index) >= s->isa->pointer_size)
                flow_record_downwards(s->job);
        }
    } else {
        size_t count;
        hvc_value_members(s->values, &to.value, &count);
        for (size_t i = 0; i < count; i++) {
            size_t n;
            hvc_value_id member = hvc_value_members(s->values, &to.value, &n)[i];
            store_one(s, member, op->memory_size, value, count == 1);
        }
        note_origin(s, op, to.value);
    }
}

/* and esp, -8: aligns the stack pointer. */
static bool step_align_stack(step *s, const hvc_op *op)
{
    uint8_t sp = s->isa->stack_pointer;
    if (op->alu != HVC_ALU_AND || op->dst != sp || op->a.kind != HVC_OPERAND_REG ||
        op->a.reg != sp || op->b.kind != HVC_OPERAND_CONST ||
        hvc_term_of(s->values, s->state->regs[sp])->kind != HVC_TERM_STACK)
        return false;
    hvc_state_set(s->state, sp, step_fresh_stack(s));
    return true;
}

static bool same_operand(const hvc_operand *x, const hvc_operand *y)
{
    return x->kind == y->kind &&
           (x->kind == HVC_OPERAND_REG ? x->reg == y->reg : x->value == y->value);
}

/* Whether an operation gives the difference of what was compared right before: a subtraction that
 * sets the flags is a comparison first. */
static bool is_difference(const step *s, const hvc_op *op)
{
    const hvc_op *before = s->before;
    if (before == NULL || before + 1 != op || before->kind != HVC_OP_COMPARE ||
        before->size != op->size || op->merge || op->dst >= HVC_REG_MACHINE ||
        !same_operand(&before->a, &op->a))
        return false;
    if (op->alu == HVC_ALU_SUB)
        return same_operand(&before->b, &op->b);
    return op->alu == HVC_ALU_ADD && op->b.kind == HVC_OPERAND_CONST &&
           before->b.kind == HVC_OPERAND_CONST &&
           ((op->b.value + before->b.value) & hvc_size_mask(op->size)) == 0;
}

static void step_alu(step *s, const hvc_op *op)
{
    if (step_align_stack(s, op))
        return;
    hvc_value_id a = step_read_operand(s, &op->a, op->size);
    hvc_value_id b = op->b.kind == HVC_OPERAND_NONE ? a : step_read_operand(s, &op->b, op->size);
    hvc_value_id value = hvc_value_alu(s->values, (hvc_alu)op->alu, a, b, op->size);
    if ((step_holds_stack(s->values, a) || step_holds_stack(s->values, b)) &&
        !step_holds_stack(s->values, value)) {
        hvc_state_escape(s->values, s->state, a);
        if (op->b.kind != HVC_OPERAND_NONE)
            hvc_state_escape(s->values, s->state, b);
    }
    if (s->job->recording) {
        uint64_t number;
        /* Address arithmetic: what it forms, or what it starts from when the result is not known.
         */
        if (hvc_value_is_const(s->values, value, &number)) {
            flow_record_address(s->job, number);
        } else {
            if (hvc_value_is_const(s->values, a, &number))
                flow_record_address(s->job, number);
            if (hvc_value_is_const(s->values, b, &number))
                flow_record_address(s->job, number);
            if (hvc_value_why(s->values, value) != HVC_UNKNOWN_NONE) {
                flow_record_hidden(s->job, a);
                flow_record_hidden(s->job, b);
            }
        }
    }
    write_register(s, op->dst, value, op->size, op->merge);
    if (is_difference(s, op))
        s->state->flags.difference = (uint8_t)(op->dst + 1);
}

/* Whether the low size bytes of one register are those of another behind an operation. */
static bool is_copy(const hvc_op *op, uint8_t size)
{
    return op->kind == HVC_OP_MOVE && op->a.kind == HVC_OPERAND_REG && !op->merge &&
           op->size >= size && op->dst < HVC_REG_MACHINE && op->a.reg < HVC_REG_MACHINE &&
           op->dst != op->a.reg;
}

uint8_t step_copy_of(const step *s, const hvc_op *op)
{
    const hvc_op *before = s->before;
    if (before == NULL || before + 1 != op || op->a.kind != HVC_OPERAND_REG ||
        !is_copy(before, op->size))
        return 0;
    return before->dst == op->a.reg     ? (uint8_t)(before->a.reg + 1)
           : before->a.reg == op->a.reg ? (uint8_t)(before->dst + 1)
                                        : 0;
}

static void step_move(step *s, const hvc_op *op)
{
    hvc_value_id value = step_read_operand(s, &op->a, op->size);
    hvc_place_of origin = {0};
    if (op->a.kind == HVC_OPERAND_REG && op->a.reg < HVC_REG_COUNT)
        origin = hvc_state_origin(s->state, op->a.reg);
    uint64_t number;
    /* ARM64's adrp forms pages on the way to an address: those count where they are used, or
     * copied, which is what an add of 0 does. */
    bool arm64 = s->isa->min_length == 4, copies = op->a.kind == HVC_OPERAND_REG;
    if (s->job->recording && hvc_value_is_const(s->values, value, &number) &&
        (copies ? arm64 : !arm64 || (number & 0xFFF) != 0))
        flow_record_address(s->job, number);
    write_register(s, op->dst, value, op->size, op->merge);
    if (op->dst < HVC_REG_COUNT && !op->merge && origin.size <= op->size)
        hvc_state_set_origin(s->state, op->dst, origin);
    hvc_flags *flags = &s->state->flags;
    if (is_copy(op, flags->size) && flags->place.kind == 1 && flags->place.reg_or_base == op->a.reg)
        flags->copy = (uint8_t)(op->dst + 1);
}

static void step_select(step *s, const hvc_op *op)
{
    hvc_value_id a = step_read_operand(s, &op->a, op->size),
                 b = step_read_operand(s, &op->b, op->size);
    step_truth holds = step_decide(s->values, (hvc_condition)op->condition, &s->state->flags);
    hvc_value_id value = holds == STEP_ALWAYS  ? a
                         : holds == STEP_NEVER ? b
                                               : hvc_value_join(s->values, a, b);
    if (hvc_value_why(s->values, value) != HVC_UNKNOWN_NONE) {
        hvc_state_escape(s->values, s->state, a);
        hvc_state_escape(s->values, s->state, b);
    }
    write_register(s, op->dst, value, op->size, op->merge);
}

static void step_flags(step *s, const hvc_op *op, hvc_flags_kind kind)
{
    hvc_flags flags = {.kind = (uint8_t)kind, .size = op->size};
    flags.a = step_read_operand(s, &op->a, op->size);
    flags.b = op->b.kind == HVC_OPERAND_NONE ? flags.a : step_read_operand(s, &op->b, op->size);
    if (op->a.kind == HVC_OPERAND_REG) {
        if (op->a.reg < HVC_REG_MACHINE)
            flags.place = (hvc_place_of){.kind = 1, .reg_or_base = op->a.reg, .size = op->size};
        else if (op->a.reg < HVC_REG_COUNT)
            flags.place = hvc_state_origin(s->state, op->a.reg);
    }
    flags.copy = step_copy_of(s, op);
    s->state->flags = flags;
}

static void step_escape(step *s, const hvc_op *op)
{
    uint8_t size = s->isa->pointer_size;
    if (op->a.kind == HVC_OPERAND_REG)
        escape_value(s, step_read_operand(s, &op->a, size));
    if (op->b.kind == HVC_OPERAND_REG)
        escape_value(s, step_read_operand(s, &op->b, size));
}

/* What an operation reads of memory goes where it is not followed. */
static void step_escape_memory(step *s, const hvc_op *op)
{
    uint8_t size = op->memory_size, pointer = s->isa->pointer_size;
    reference from = {.kind = TO_STACK_ARRAY, .offset = INT32_MIN / 2};
    if (op->memory.base != HVC_REG_NONE || size != 0)
        from = address_of(s, &op->memory);
    if (from.kind == TO_STACK_ARRAY)
        escape_slots(s, from.base, lowest_of(s, &from), INT32_MAX);
    size_t count = 0, n;
    if (from.kind == TO_VALUE)
        hvc_value_members(s->values, &from.value, &count);
    for (size_t i = 0; i < count; i++) {
        hvc_value_id member = hvc_value_members(s->values, &from.value, &n)[i];
        hvc_term term = *hvc_term_of(s->values, member);
        if (term.kind == HVC_TERM_STACK)
            escape_slots(s, term.reg, term.offset,
                         size != 0 ? (int64_t)term.offset + size : INT32_MAX);
        for (uint8_t at = 0; term.kind != HVC_TERM_STACK && at < size; at += pointer)
            load_one(s,
                     hvc_value_alu(s->values, HVC_ALU_ADD, member, hvc_value_const(s->values, at),
                                   pointer),
                     pointer, false);
    }
}

static void step_clobber_memory(step *s, const hvc_op *op)
{
    if (op->memory.base != HVC_REG_NONE && !op->memory.segment) {
        reference to = address_of(s, &op->memory);
        const hvc_term *term = hvc_term_of(s->values, to.value);
        if (to.kind == TO_VALUE && term->kind == HVC_TERM_STACK) {
            /* From the pointer upwards (the direction flag is clear by convention), within the
             * frame. */
            hvc_state_forget(s->values, s->state, term->reg, term->offset,
                             term->offset < 0 ? 0 : INT32_MAX);
            return;
        }
        if (s->job->recording && to.kind == TO_VALUE)
            flow_record_store(s->job, s->insn, to.value, 0, 0,
                              hvc_value_unknown(s->values, HVC_UNKNOWN_MEMORY));
        if (to.kind == TO_VALUE && term->kind == HVC_TERM_CONST)
            return;
    }
    hvc_state_foreign_write(s->values, s->state);
    if (op->memory.base == HVC_REG_NONE)
        hvc_state_forget(s->values, s->state, 0, INT32_MIN / 2, INT32_MAX);
}

void step_op(step *s, const hvc_op *op)
{
    switch (op->kind) {
    case HVC_OP_MOVE:
        step_move(s, op);
        break;
    case HVC_OP_ALU:
        step_alu(s, op);
        break;
    case HVC_OP_LOAD:
        step_load(s, op);
        break;
    case HVC_OP_STORE:
        step_store(s, op);
        break;
    case HVC_OP_SELECT:
        step_select(s, op);
        break;
    case HVC_OP_COMPARE:
        step_flags(s, op, HVC_FLAGS_COMPARE);
        break;
    case HVC_OP_TEST:
        step_flags(s, op, HVC_FLAGS_TEST);
        break;
    case HVC_OP_RESULT:
        step_flags(s, op, HVC_FLAGS_RESULT);
        break;
    case HVC_OP_CLOBBER:
        write_register(
            s, op->dst,
            step_lose(s, step_read_register(s, op->dst), HVC_UNKNOWN_INSTRUCTION, op->size),
            op->size, op->merge);
        break;
    case HVC_OP_CLOBBER_FLAGS:
        s->state->flags = (hvc_flags){.kind = HVC_FLAGS_UNKNOWN};
        break;
    case HVC_OP_CLOBBER_MEMORY:
        step_clobber_memory(s, op);
        break;
    case HVC_OP_ESCAPE:
        step_escape(s, op);
        break;
    case HVC_OP_ESCAPE_MEMORY:
        step_escape_memory(s, op);
        break;
    case HVC_OP_CONTROL_WRITE:
        if (s->job->recording)
            flow_record_control(s->job, s->insn, op->immediate,
                                step_read_operand(s, &op->a, s->isa->pointer_size));
        break;
    default:
        break;
    }
    s->before = op;
}

/* x86 and x64: what lies where the stack pointer is may be the address of code, which was pushed:
 * then control goes on there, in the same frame. */
static void step_return(step *s)
{
    const hvc_isa *isa = s->isa;
    hvc_state *state = s->state;
    const hvc_term *sp = hvc_term_of(s->values, state->regs[isa->stack_pointer]);
    if (isa->link_register == HVC_REG_NONE && sp->kind == HVC_TERM_STACK &&
        hvc_state_has(state, sp->reg, sp->offset, isa->pointer_size)) {
        const hvc_term *to = hvc_term_of(
            s->values, hvc_state_load(s->values, state, sp->reg, sp->offset, isa->pointer_size));
        if (to->kind == HVC_TERM_CONST && s->job->recording)
            flow_record_left(s->job, state);
        if (to->kind == HVC_TERM_OP)
            step_lose_control(s);
    }
    if (s->job->recording)
        flow_record_return(s->job, state);
}

void flow_run_block(flow_job *job, const flow_block *block, hvc_state *state, hvc_state *scratch,
                    flow_successors *ret_successors)
{
    const hvc_flow_env *env = job->env;
    step s = {.job = job, .env = env, .isa = env->isa, .values = env->values, .state = state};
    memset(ret_successors, 0, sizeof(*ret_successors));
    flow_record_unpopped(job);
    uint32_t index = block->first;
    for (;;) {
        s.insn = &job->insns.items[index];
        uint32_t memory = 0;
        bool stopped = false;
        for (unsigned i = 0; i < s.insn->op_count && !stopped; i++) {
            const hvc_op *op = &job->ops.items[s.insn->first_op + i];
            switch (op->kind) {
            case HVC_OP_LOAD:
                if (op->memory.base == HVC_REG_NONE && op->memory.index == HVC_REG_NONE &&
                    !op->memory.segment)
                    hvc_image_rva_of(env->image, (uint64_t)op->memory.displacement, &memory);
                step_op(&s, op);
                break;
            case HVC_OP_CALL:
                step_call(&s, step_read_operand(&s, &op->a, env->isa->pointer_size), memory);
                break;
            case HVC_OP_JUMP:
                step_jump(&s, op, memory, ret_successors);
                return;
            case HVC_OP_BRANCH:
                step_branch(&s, op, scratch, ret_successors);
                return;
            case HVC_OP_RETURN:
                step_return(&s);
                return;
            case HVC_OP_TRAP:
                if (s.insn->ends)
                    return;
                break;
            default:
                step_op(&s, op);
                break;
            }
        }
        if (s.insn->ends)
            return; /* a call that does not return */
        uint32_t next = s.insn->rva + s.insn->length;
        const flow_insn *following;
        if (index + 1 < job->insns.count && job->insns.items[index + 1].rva == next)
            following = &job->insns.items[++index];
        else
            following = flow_insn_at(job, next, &index);
        if (following == NULL) {
            if (job->recording)
                flow_record_left(job, state);
            return;
        }
        if (following->leader) {
            step_add_way(ret_successors, next, state);
            return;
        }
    }
}
