/* What a call leaves behind. */
#include "code/flow_step.h"
#include "code/methods.h"

/* The real target behind the control-flow-guard dispatch functions, which take it in a register. */
bool step_guard_pointer(const step *s, hvc_value_id target, bool *ret_check)
{
    const hvc_load_config *config = &s->env->image->load_config;
    const hvc_term *term = hvc_term_of(s->values, target);
    uint64_t address;
    uint32_t rva;
    if (!config->present || term->kind != HVC_TERM_LOAD ||
        !hvc_value_is_const(s->values, term->a, &address) ||
        !hvc_image_rva_of(s->env->image, address, &rva) || rva == 0)
        return false;
    *ret_check = rva == config->guard_cf_check || rva == config->guard_xfg_check;
    return *ret_check || rva == config->guard_cf_dispatch || rva == config->guard_xfg_dispatch ||
           rva == config->guard_xfg_table_dispatch;
}

static void escape_arguments(step *s, const hvc_callee *callee)
{
    hvc_values *values = s->values;
    const hvc_isa *isa = s->isa;
    unsigned count = flow_argument_count(values, isa, s->state, false);
    for (unsigned i = 0; i < count; i++) {
        int32_t size = callee->standard ? HVC_STATE_UPWARDS : 0;
        if (callee->outs_known) {
            bool out = false;
            for (unsigned k = 0; k < callee->out_count; k++)
                if (callee->outs[k].argument == i) {
                    out = true;
                    size = callee->outs[k].size > 0 ? callee->outs[k].size : HVC_STATE_UPWARDS;
                }
            if (!out)
                continue;
        }
        hvc_state_escape_sized(values, s->state, flow_argument(values, isa, s->state, i, false),
                               size);
    }
}

/* A function with an effect that is modelled writes through its arguments, keeps none of them, and
 * lets nobody else run. */
static void forget_outs(step *s, const hvc_callee *callee)
{
    for (unsigned k = 0; k < callee->out_count; k++) {
        hvc_value_id value =
            flow_argument(s->values, s->isa, s->state, callee->outs[k].argument, false);
        const hvc_term *term = hvc_term_of(s->values, value);
        if (term->kind == HVC_TERM_STACK && callee->outs[k].size > 0)
            hvc_state_forget(s->values, s->state, term->reg, term->offset,
                             term->offset + callee->outs[k].size);
        else if (term->kind != HVC_TERM_CONST)
            hvc_state_escape(s->values, s->state, value);
        if (term->kind != HVC_TERM_STACK && callee->outs[k].size > 0 &&
            step_may_be_stack(s->values, value))
            hvc_state_foreign_write(s->values, s->state);
    }
}

/* The same for one that gives an object: nobody keeps where it does so, but while the object is
 * asked, its own code may run. */
static void forget_object(step *s, const hvc_callee *callee)
{
    unsigned out = callee->outs[0].argument;
    uint8_t pointer = s->isa->pointer_size, reg;
    forget_outs(s, callee);
    for (unsigned i = 0; i < out; i++)
        hvc_state_escape(s->values, s->state, flow_argument(s->values, s->isa, s->state, i, false));
    const hvc_term *sp = hvc_term_of(s->values, s->state->regs[s->isa->stack_pointer]);
    if (!hvc_argument_register(s->isa, out, &reg) && sp->kind == HVC_TERM_STACK)
        hvc_state_store(s->values, s->state, sp->reg, sp->offset + hvc_argument_stack(s->isa, out),
                        pointer, hvc_value_unknown(s->values, HVC_UNKNOWN_CALL));
    hvc_state_foreign_write(s->values, s->state);
}

static void write_version(step *s, hvc_value_id pointer, int32_t offset, uint64_t number)
{
    hvc_value_id value = hvc_value_const(s->values, number); /* the table may move */
    const hvc_term *term = hvc_term_of(s->values, pointer);
    if (term->kind == HVC_TERM_STACK)
        hvc_state_store(s->values, s->state, term->reg, term->offset + offset, 4, value);
    else if (s->job->recording && term->kind == HVC_TERM_CONST)
        flow_record_store(s->job, s->insn, pointer, offset, 4, value);
}

/* The object that PcNewPort or QueryInterface gives. A call that fails leaves nothing behind that
 * could be called: NULL, or what nobody looks at who saw that it failed. */
static void write_object(step *s, const hvc_callee *callee, const hvc_value_id arguments[4])
{
    unsigned out = callee->outs[0].argument;
    hvc_term to = *hvc_term_of(s->values, arguments[out]); /* the table may move */
    uint64_t identifier;
    if (!hvc_value_is_const(s->values, arguments[1], &identifier))
        return;
    hvc_object object = hvc_object_named(s->env->image, identifier, out == 0);
    if (object == HVC_OBJECT_UNKNOWN)
        return;
    hvc_value_id value = hvc_value_object(s->values, object);
    if (to.kind == HVC_TERM_STACK)
        hvc_state_store(s->values, s->state, to.reg, to.offset, s->isa->pointer_size, value);
    else if (s->job->recording && to.kind == HVC_TERM_CONST)
        flow_record_store(s->job, s->insn, arguments[out], 0, s->isa->pointer_size, value);
}

/* What a few kernel functions leave in the caller's memory. Memory integrity exists from Windows 10
 * on, which calls itself 10.0: what a driver does on older versions is not judged. */
static hvc_value_id apply_effect(step *s, const hvc_callee *callee, const hvc_value_id arguments[4],
                                 hvc_value_id result)
{
    uint8_t pointer = s->isa->pointer_size;
    const hvc_term *term;
    uint64_t number;
    switch (callee->effect) {
    case HVC_EFFECT_UNICODE_STRING:
        term = hvc_term_of(s->values, arguments[0]);
        if (term->kind == HVC_TERM_STACK)
            hvc_state_store(s->values, s->state, term->reg, term->offset + pointer, pointer,
                            arguments[1]);
        else if (s->job->recording && term->kind == HVC_TERM_CONST)
            flow_record_store(s->job, s->insn, arguments[0], pointer, pointer, arguments[1]);
        break;
    case HVC_EFFECT_GET_VERSION:
        write_version(s, arguments[0], 4, 10);
        write_version(s, arguments[0], 8, 0);
        return hvc_value_const(s->values, 0);
    case HVC_EFFECT_PS_VERSION:
        write_version(s, arguments[0], 0, 10);
        write_version(s, arguments[1], 0, 0);
        break;
    case HVC_EFFECT_NTDDI:
        if (hvc_value_is_const(s->values, arguments[0], &number) && (uint32_t)number <= 0x0A000000)
            return hvc_value_const(s->values, 1);
        break;
    case HVC_EFFECT_OBJECT:
        write_object(s, callee, arguments);
        break;
    default:
        break;
    }
    return result;
}

/* A base of its own for "wherever the stack pointer now is"; what an earlier passage here called so
 * is another place. */
hvc_value_id step_fresh_stack(step *s)
{
    if (s->insn->base == 0)
        s->insn->base = flow_new_base(s->job);
    uint8_t base = s->insn->base;
    if (base == 0)
        return hvc_value_unknown(s->values, HVC_UNKNOWN_FLOW);
    hvc_state_forget(s->values, s->state, base, INT32_MIN / 2, 0);
    for (uint8_t reg = 0; reg < HVC_REG_MACHINE; reg++) {
        const hvc_term *term = hvc_term_of(s->values, s->state->regs[reg]);
        if (reg != s->isa->stack_pointer && step_holds_stack(s->values, s->state->regs[reg]) &&
            (term->kind == HVC_TERM_SET || term->reg == base))
            hvc_state_set(s->state, reg, step_lose(s, s->state->regs[reg], HVC_UNKNOWN_FLOW, 8));
    }
    return hvc_value_stack(s->values, base, 0);
}

/* The stack pointer behind a call on x86, where the callee takes its arguments off. */
static void pop_arguments(step *s, const hvc_callee *callee)
{
    const hvc_isa *isa = s->isa;
    if (isa->link_register != HVC_REG_NONE || isa->pointer_size != 4)
        return;
    hvc_value_id sp = step_read_register(s, isa->stack_pointer);
    bool known = callee->pops_known && !callee->frame_helper && !callee->frame_undo;
    if (s->job->recording && known)
        flow_record_popped(s->job, hvc_term_of(s->values, sp), callee->pops);
    if (known)
        sp = hvc_value_alu(s->values, HVC_ALU_ADD, sp,
                           hvc_value_const(s->values, (uint32_t)callee->pops), 4);
    else
        sp = step_fresh_stack(s);
    hvc_state_set_stack(s->values, s->state, isa->stack_pointer, sp);
}

/* Whether a callee may look at what a volatile register holds that is no argument by the calling
 * convention: functions of the image have conventions of their own. */
static bool looks_at(const step *s, const hvc_callee *callee, uint8_t reg)
{
    enum { ECX = 1, EDX = 2 };
    if (!callee->standard)
        return true;
    return s->isa->argument_register_count == 0 && callee->by_register &&
           (reg == ECX || reg == EDX);
}

static void escape_registers(step *s, const hvc_callee *callee)
{
    if (callee->standard && s->isa->argument_register_count != 0)
        return; /* it looks at none */
    for (uint8_t reg = 0; reg < HVC_REG_MACHINE; reg++)
        if ((s->isa->volatile_registers >> reg & 1) != 0 && looks_at(s, callee, reg))
            hvc_state_escape(s->values, s->state, s->state->regs[reg]);
}

/* The callee may read and write what it can get at in the frame. */
static void let_read(step *s, const hvc_callee *callee)
{
    hvc_state before;
    bool keeps = s->job->recording && !callee->outs_known;
    if (keeps)
        hvc_state_copy(&before, s->state);
    hvc_state_foreign_write(s->values, s->state);
    if (keeps) {
        flow_record_kept(s->job, &before, s->state);
        flow_record_frame_out(s->job, &before, s->state);
    }
}

/* What the callee may have written in the caller's frame. */
static void write_frame(step *s, const hvc_callee *callee, hvc_value_id sp)
{
    const hvc_isa *isa = s->isa;
    if (callee->pure)
        return;
    if (callee->effect == HVC_EFFECT_OBJECT) {
        forget_object(s, callee);
    } else if (callee->effect != HVC_EFFECT_NONE && callee->outs_known) {
        forget_outs(s, callee);
    } else {
        escape_arguments(s, callee);
        escape_registers(s, callee);
        let_read(s, callee);
    }
    /* The callee owns its home area and, on x86, its arguments. */
    const hvc_term *term = hvc_term_of(s->values, sp);
    if (term->kind != HVC_TERM_STACK)
        return;
    int32_t home = isa->stack_argument_offset;
    if (isa->pointer_size == 4 && callee->pops_known && callee->pops > home)
        home = callee->pops;
    if (home > 0)
        hvc_state_forget(s->values, s->state, term->reg, term->offset, term->offset + home);
}

/* x86: helpers that set up a frame for their caller, or take it down. */
static void apply_frame_helper(step *s, const hvc_callee *callee, hvc_value_id sp)
{
    const hvc_isa *isa = s->isa;
    if (callee->frame_helper) {
        /* _SEH_prolog4, called first thing: the frame pointer is what push ebp; mov ebp, esp gives.
         */
        const hvc_term *term = hvc_term_of(s->values, sp);
        bool first = term->kind == HVC_TERM_STACK && term->reg == 0 && term->offset == -8;
        hvc_state_set(s->state, isa->frame_pointer,
                      first ? hvc_value_stack(s->values, 0, -4)
                            : hvc_value_unknown(s->values, HVC_UNKNOWN_CALL));
    } else if (callee->frame_undo) {
        for (uint8_t reg = 0; reg < HVC_REG_MACHINE; reg++)
            if (reg != isa->stack_pointer && reg != isa->return_register)
                hvc_state_set(s->state, reg,
                              step_lose(s, s->state->regs[reg], HVC_UNKNOWN_CALL, 8));
    }
}

static void set_registers(step *s, const hvc_callee *callee)
{
    uint32_t changed = s->isa->volatile_registers & ~callee->preserved;
    for (uint8_t reg = 0; reg < HVC_REG_MACHINE; reg++) {
        if ((changed >> reg & 1) == 0)
            continue;
        if (looks_at(s, callee, reg))
            hvc_state_escape(s->values, s->state, s->state->regs[reg]);
        hvc_state_set(s->state, reg, hvc_value_unknown(s->values, HVC_UNKNOWN_CALL));
    }
}

/* The control-flow-guard check function returns, and leaves all arguments and the target alone. */
static hvc_callee guard_check(const hvc_isa *isa)
{
    uint32_t keep = isa->volatile_registers & ~(UINT32_C(1) << isa->return_register);
    if (isa->link_register != HVC_REG_NONE)
        keep =
            isa->volatile_registers & ~(UINT32_C(3) << 16) & ~(UINT32_C(1) << isa->link_register);
    return (hvc_callee){.pops_known = true, .outs_known = true, .pure = true, .preserved = keep};
}

/* object->QueryInterface(identifier, out): the first method in the table of any object, asked for
 * an interface that is known by its identifier. */
static bool asks_object(const step *s, hvc_value_id target, const hvc_value_id arguments[4],
                        hvc_callee *ret_callee)
{
    uint8_t pointer = s->isa->pointer_size;
    const hvc_term *method = hvc_term_of(s->values, target);
    if (method->kind != HVC_TERM_LOAD || method->size != pointer || method->offset != 0)
        return false;
    const hvc_term *table = hvc_term_of(s->values, method->a);
    uint64_t identifier;
    if (table->kind != HVC_TERM_LOAD || table->size != pointer || table->offset != 0 ||
        table->a != arguments[0] || !hvc_value_is_const(s->values, arguments[1], &identifier) ||
        hvc_object_named(s->env->image, identifier, false) == HVC_OBJECT_UNKNOWN)
        return false;
    *ret_callee = (hvc_callee){.pops_known = true,
                               .pops = 3 * pointer,
                               .standard = true,
                               .out_count = 1,
                               .outs_known = true,
                               .outs = {{.argument = 2, .size = pointer}},
                               .effect = HVC_EFFECT_OBJECT};
    return true;
}

void step_call(step *s, hvc_value_id target, uint32_t memory)
{
    const hvc_isa *isa = s->isa;
    bool check = false;
    bool guarded = step_guard_pointer(s, target, &check);
    hvc_callee callee = {0};
    hvc_value_id arguments[4];
    for (unsigned i = 0; i < 4; i++)
        arguments[i] = flow_argument(s->values, isa, s->state, i, false);
    if (guarded && check) {
        callee = guard_check(isa);
    } else {
        if (guarded)
            target = step_read_register(s, isa->return_register);
        if (s->job->recording)
            flow_record_call(s->job, s->insn, s->state, target, memory, guarded, false);
        if (!asks_object(s, target, arguments, &callee))
            s->env->callee(s->env->context, target, &callee);
    }
    hvc_value_id sp = step_read_register(s, isa->stack_pointer);
    write_frame(s, &callee, sp);
    set_registers(s, &callee);
    if (!(callee.preserved >> isa->return_register & 1))
        hvc_state_set(
            s->state, isa->return_register,
            apply_effect(s, &callee, arguments, hvc_value_result(s->values, s->insn->rva)));
    s->state->flags = (hvc_flags){.kind = HVC_FLAGS_UNKNOWN};
    pop_arguments(s, &callee);
    apply_frame_helper(s, &callee, sp);
}
