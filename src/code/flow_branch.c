/* Where a block's end leads, and what a branch proves. */
#include "code/flow_step.h"

/* Whether the flags settle a condition for every number that the operands can be. */
static step_truth judge_pair(hvc_condition condition, const hvc_flags *flags, uint64_t a,
                             uint64_t b)
{
    bool known;
    bool equality = condition == HVC_COND_EQ || condition == HVC_COND_NE ||
                    condition == HVC_COND_NEGATIVE || condition == HVC_COND_NOT_NEGATIVE;
    if (flags->kind == HVC_FLAGS_UNKNOWN || (flags->kind == HVC_FLAGS_RESULT && !equality))
        return STEP_MAYBE;
    bool holds =
        hvc_condition_holds(condition, flags->kind != HVC_FLAGS_COMPARE, a, b, flags->size, &known);
    return !known ? STEP_MAYBE : holds ? STEP_ALWAYS : STEP_NEVER;
}

step_truth step_decide(const hvc_values *values, hvc_condition condition, const hvc_flags *flags)
{
    if (flags->kind == HVC_FLAGS_UNKNOWN)
        return STEP_MAYBE;
    size_t count_a, count_b;
    const hvc_value_id *a = hvc_value_members(values, &flags->a, &count_a);
    const hvc_value_id *b = hvc_value_members(values, &flags->b, &count_b);
    step_truth all = STEP_MAYBE;
    for (size_t i = 0; i < count_a; i++)
        for (size_t k = 0; k < count_b; k++) {
            uint64_t x, y;
            if (!hvc_value_is_const(values, a[i], &x) || !hvc_value_is_const(values, b[k], &y))
                return STEP_MAYBE;
            step_truth one = judge_pair(condition, flags, x, y);
            if (one == STEP_MAYBE || (all != STEP_MAYBE && one != all))
                return STEP_MAYBE;
            all = one;
        }
    return all;
}

static const hvc_condition inverse[HVC_COND_COUNT] = {
    [HVC_COND_EQ] = HVC_COND_NE,
    [HVC_COND_NE] = HVC_COND_EQ,
    [HVC_COND_ULT] = HVC_COND_UGE,
    [HVC_COND_ULE] = HVC_COND_UGT,
    [HVC_COND_UGT] = HVC_COND_ULE,
    [HVC_COND_UGE] = HVC_COND_ULT,
    [HVC_COND_SLT] = HVC_COND_SGE,
    [HVC_COND_SLE] = HVC_COND_SGT,
    [HVC_COND_SGT] = HVC_COND_SLE,
    [HVC_COND_SGE] = HVC_COND_SLT,
    [HVC_COND_NEGATIVE] = HVC_COND_NOT_NEGATIVE,
    [HVC_COND_NOT_NEGATIVE] = HVC_COND_NEGATIVE,
    [HVC_COND_OTHER] = HVC_COND_OTHER,
    [HVC_COND_ZERO] = HVC_COND_NOT_ZERO,
    [HVC_COND_NOT_ZERO] = HVC_COND_ZERO,
    [HVC_COND_BIT_CLEAR] = HVC_COND_BIT_SET,
    [HVC_COND_BIT_SET] = HVC_COND_BIT_CLEAR,
};

/* What a value is when condition holds for it: UNDEFINED when it cannot hold, the value itself when
 * nothing is learnt. */
static hvc_value_id refine(hvc_values *values, hvc_condition condition, const hvc_flags *flags)
{
    uint64_t b;
    bool self_test = flags->kind != HVC_FLAGS_COMPARE && flags->a == flags->b;
    if (!self_test && !hvc_value_is_const(values, flags->b, &b))
        return flags->a;
    if (self_test)
        b = hvc_size_mask(flags->size);
    hvc_value_id result = HVC_VALUE_UNDEFINED;
    size_t count;
    hvc_value_members(values, &flags->a, &count);
    for (size_t i = 0; i < count; i++) {
        size_t n;
        hvc_value_id member = hvc_value_members(values, &flags->a, &n)[i];
        uint64_t a;
        if (hvc_value_is_const(values, member, &a)) {
            if (judge_pair(condition, flags, a, b) == STEP_NEVER)
                continue;
        } else {
            bool zero_test = self_test || (flags->kind == HVC_FLAGS_COMPARE && b == 0);
            uint64_t last = hvc_value_why(values, member) != HVC_UNKNOWN_NONE &&
                                    hvc_term_of(values, member)->kind == HVC_TERM_RANGE
                                ? hvc_term_of(values, member)->number
                                : hvc_size_mask(flags->size);
            if (condition == HVC_COND_EQ && flags->kind == HVC_FLAGS_COMPARE)
                member = hvc_value_const(values, b);
            else if (condition == HVC_COND_EQ && zero_test)
                member = hvc_value_const(values, 0);
            else if (flags->kind == HVC_FLAGS_COMPARE && condition == HVC_COND_ULE && b < last)
                member = hvc_value_bound(values, member, b);
            else if (flags->kind == HVC_FLAGS_COMPARE && condition == HVC_COND_ULT && b > 0 &&
                     b - 1 < last)
                member = hvc_value_bound(values, member, b - 1);
        }
        result = hvc_value_join(values, result, member);
    }
    return result;
}

/* The register's new value when its low size bytes are known to be refined. */
static hvc_value_id widen(hvc_values *values, hvc_value_id old, hvc_value_id refined, uint8_t size,
                          uint8_t whole)
{
    if (size >= whole || hvc_value_width(values, old) <= size)
        return refined;
    return hvc_value_insert(values, old, refined, size);
}

/* A register still holds what was compared. */
static void refine_register(step *s, hvc_state *state, uint8_t reg, const hvc_flags *flags,
                            hvc_value_id refined)
{
    hvc_value_id old = state->regs[reg];
    if (hvc_value_truncate(s->values, old, flags->size) == flags->a)
        state->regs[reg] = widen(s->values, old, refined, flags->size, s->isa->pointer_size);
}

/* Puts what a branch proved where the compared value is, and wherever the same entry value is. */
static void apply_refined(step *s, hvc_state *state, const hvc_flags *flags, hvc_value_id refined)
{
    hvc_values *values = s->values;
    hvc_place_of place = flags->place;
    /* Too many values that meet are less than what was known, unless that was no more. */
    bool merged = hvc_value_why(values, refined) == HVC_UNKNOWN_MERGE;
    if (refined == flags->a || (merged && hvc_value_why(values, flags->a) != HVC_UNKNOWN_MERGE))
        return;
    /* An entry value is the same wherever it is; another term may mean different numbers at two
     * places. */
    const hvc_term *term = hvc_term_of(values, flags->a);
    if (term->kind == HVC_TERM_OP && term->alu == HVC_ALU_ZERO_EXTEND)
        term = hvc_term_of(values, term->a);
    if (term->kind == HVC_TERM_ENTRY || term->kind == HVC_TERM_ENTRY_STACK) {
        for (uint8_t reg = 0; reg < HVC_REG_MACHINE; reg++)
            if (state->regs[reg] == flags->a)
                state->regs[reg] = refined;
        for (unsigned i = 0; i < state->slot_count; i++)
            if (state->slots[i].value == flags->a)
                state->slots[i].value = refined;
    }
    if (flags->copy != 0)
        refine_register(s, state, (uint8_t)(flags->copy - 1), flags, refined);
    if (place.kind == 1) {
        refine_register(s, state, place.reg_or_base, flags, refined);
        place = hvc_state_origin(state, place.reg_or_base);
    }
    if (place.kind == 2 && place.size == flags->size)
        hvc_state_store(values, state, place.reg_or_base, place.offset, place.size, refined);
}

/* Restricts state to what holds when the branch goes this way; false when it cannot. */
static bool take_way(step *s, const hvc_op *op, hvc_condition condition, hvc_state *state)
{
    hvc_flags flags = state->flags;
    if (condition >= HVC_COND_ZERO) {
        step at = *s;
        at.state = state;
        flags = (hvc_flags){.kind = HVC_FLAGS_TEST, .size = op->size};
        flags.a = step_read_operand(&at, &op->a, op->size);
        flags.b = flags.a;
        if (condition == HVC_COND_BIT_CLEAR || condition == HVC_COND_BIT_SET)
            flags.b = hvc_value_const(s->values, op->b.value < 64 ? UINT64_C(1) << op->b.value : 0);
        if (op->a.kind == HVC_OPERAND_REG && op->a.reg < HVC_REG_MACHINE)
            flags.place = (hvc_place_of){.kind = 1, .reg_or_base = op->a.reg, .size = op->size};
        flags.copy = step_copy_of(s, op);
        condition = condition == HVC_COND_ZERO || condition == HVC_COND_BIT_CLEAR ? HVC_COND_EQ
                                                                                  : HVC_COND_NE;
    }
    if (flags.kind == HVC_FLAGS_UNKNOWN || condition == HVC_COND_OTHER)
        return true;
    if (step_decide(s->values, condition, &flags) == STEP_NEVER)
        return false;
    hvc_value_id refined = refine(s->values, condition, &flags);
    if (refined == HVC_VALUE_UNDEFINED)
        return false;
    apply_refined(s, state, &flags, refined);
    if (condition == HVC_COND_EQ && flags.difference != 0) {
        hvc_value_id *reg = &state->regs[flags.difference - 1];
        *reg =
            widen(s->values, *reg, hvc_value_const(s->values, 0), flags.size, s->isa->pointer_size);
    }
    return true;
}

void step_add_way(flow_successors *out, uint32_t target, hvc_state *state)
{
    out->targets[out->count] = target;
    out->states[out->count] = state;
    out->count++;
}

/* Control leaves for another function: with a frame of this one it is part of it, which was taken
 * for a function of its own. */
static void leave(step *s, hvc_state *state, hvc_value_id target, uint32_t memory, bool guarded)
{
    const hvc_term *sp = hvc_term_of(s->values, state->regs[s->isa->stack_pointer]);
    bool whole = sp->kind == HVC_TERM_STACK && sp->reg == 0 && sp->offset == 0;
    flow_record_call(s->job, s->insn, state, target, memory, guarded, true);
    if (!whole && hvc_term_of(s->values, target)->kind == HVC_TERM_CONST)
        flow_record_left(s->job, state);
}

void step_branch(step *s, const hvc_op *op, hvc_state *scratch, flow_successors *out)
{
    uint32_t target;
    bool inside =
        hvc_image_rva_of(s->env->image, op->target, &target) && flow_inside(s->job, target);
    hvc_state_copy(scratch, s->state);
    bool taken = take_way(s, op, (hvc_condition)op->condition, scratch);
    if (taken && inside) {
        step_add_way(out, target, scratch);
    } else if (taken && s->job->recording) {
        leave(s, scratch, hvc_value_const(s->values, op->target), 0, false);
    }
    if (take_way(s, op, inverse[op->condition], s->state))
        step_add_way(out, s->insn->rva + s->insn->length, s->state);
}

void step_pass_branch(step *s, const hvc_op *op)
{
    take_way(s, op, inverse[op->condition], s->state);
}

/* A table that is read at one place only: what lies there, when nothing can write it. */
static hvc_value_id read_constant(const step *s, hvc_value_id value)
{
    const hvc_term *term = hvc_term_of(s->values, value);
    uint64_t address;
    uint32_t rva;
    if (term->kind != HVC_TERM_LOAD || term->size != s->isa->pointer_size ||
        !hvc_value_is_const(s->values, term->a, &address) ||
        !hvc_image_rva_of(s->env->image, address + (uint64_t)(int64_t)term->offset, &rva))
        return value;
    const hvc_section *section = hvc_image_section_at(s->env->image, rva);
    if (section == NULL || (section->characteristics & HVC_SCN_MEM_WRITE) != 0 ||
        !hvc_image_pointer(s->env->image, rva, &address) ||
        !hvc_image_rva_of(s->env->image, address, &rva) || !flow_inside(s->job, rva))
        return value;
    return hvc_value_const(s->values, address);
}

/* Whether a place is computed from an address in the image: then it is one of the function's own
 * places, and no function that somebody's pointer leads to. */
static bool is_computed(const step *s, hvc_value_id value, unsigned depth)
{
    size_t count;
    const hvc_value_id *members = hvc_value_members(s->values, &value, &count);
    for (size_t i = 0; i < count; i++) {
        const hvc_term *term = hvc_term_of(s->values, members[i]);
        uint64_t address;
        uint32_t rva;
        if (term->kind == HVC_TERM_CONST && depth > 0 &&
            hvc_value_is_const(s->values, members[i], &address) &&
            hvc_image_rva_of(s->env->image, address, &rva))
            return true;
        if (term->kind == HVC_TERM_OP && depth < HVC_VALUE_DEPTH &&
            (is_computed(s, term->a, depth + 1) || is_computed(s, term->b, depth + 1)))
            return true;
    }
    return false;
}

/* A jump cannot be followed. */
static void lose(step *s)
{
    s->job->incomplete = s->job->lost_now = s->job->strays = true;
}

void step_lose_control(step *s)
{
    lose(s);
    s->job->anywhere = true;
}

void step_jump(step *s, const hvc_op *op, uint32_t memory, flow_successors *out)
{
    hvc_value_id value = read_constant(s, step_read_operand(s, &op->a, s->isa->pointer_size));
    size_t count;
    hvc_value_members(s->values, &value, &count);
    uint64_t address;
    uint32_t rva;
    if (count == 1 && hvc_value_is_const(s->values, value, &address)) {
        if (hvc_image_rva_of(s->env->image, address, &rva) && flow_inside(s->job, rva)) {
            if (op->a.kind != HVC_OPERAND_CONST && !flow_add_root(s->job, rva))
                s->job->memory_failed = true;
            step_add_way(out, rva, s->state);
            return;
        }
    } else {
        bool all = flow_table_targets(s->job, value, &out->table);
        if (out->table.count > 0) {
            out->states[0] = s->state;
            if (!all)
                lose(s);
            return;
        }
    }
    bool check = false;
    bool guarded = step_guard_pointer(s, value, &check) && !check;
    if (guarded)
        value = step_read_register(s, s->isa->return_register);
    const hvc_term *sp = hvc_term_of(s->values, step_read_register(s, s->isa->stack_pointer));
    bool leaves = sp->kind == HVC_TERM_STACK && sp->reg == 0 && sp->offset == 0;
    const hvc_term *term = hvc_term_of(s->values, value);
    /* Through a pointer in memory; with a frame left on the stack it is no tail call. */
    bool frame = sp->kind == HVC_TERM_STACK && sp->reg == 0 && sp->offset != 0;
    bool plain = term->kind == HVC_TERM_CONST || (term->kind == HVC_TERM_LOAD && !frame);
    if (is_computed(s, value, 0) || (!leaves && !plain))
        step_lose_control(s);
    if (s->job->recording)
        leave(s, s->state, value, memory, guarded);
}
