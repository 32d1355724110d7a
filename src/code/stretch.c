#include "code/stretch.h"

#include <string.h>

#include "code/flow_step.h"

bool hvc_stretch_init(hvc_stretch *stretch, const hvc_flow_env *env, hvc_arena *arena,
                      hvc_flow *flow)
{
    *stretch = (hvc_stretch){
        .job = {.env = env, .results = arena, .flow = flow, .recording = true},
        .state = hvc_arena_alloc(arena, sizeof(hvc_state)),
    };
    return stretch->state != NULL;
}

void hvc_stretch_free(hvc_stretch *stretch)
{
    hvc_arena_free(&stretch->job.arena);
}

void hvc_stretch_begin(hvc_stretch *stretch, uint32_t rva)
{
    const hvc_flow_env *env = stretch->job.env;
    flow_lost_state(&stretch->job, stretch->state);
    stretch->job.next_base = 0;
    stretch->state->regs[env->isa->stack_pointer] =
        hvc_value_stack(env->values, flow_new_base(&stretch->job), 0);
    stretch->rva = rva;
}

bool hvc_stretch_decode(hvc_stretch *stretch)
{
    const hvc_flow_env *env = stretch->job.env;
    if (*env->budget == 0)
        return false;
    --*env->budget;
    return env->isa->decode(hvc_image_span(env->image, stretch->rva, env->isa->max_length),
                            env->image->headers.image_base + stretch->rva, &stretch->insn);
}

const hvc_op *hvc_stretch_transfer(const hvc_stretch *stretch)
{
    const hvc_insn *insn = &stretch->insn;
    for (unsigned i = 0; i < insn->op_count; i++) {
        uint8_t kind = insn->ops[i].kind;
        if (kind == HVC_OP_CALL || kind == HVC_OP_JUMP || kind == HVC_OP_BRANCH ||
            kind == HVC_OP_RETURN || kind == HVC_OP_TRAP)
            return &insn->ops[i];
    }
    return NULL;
}

static step step_of(hvc_stretch *stretch, flow_insn *insn)
{
    const hvc_flow_env *env = stretch->job.env;
    *insn = (flow_insn){.rva = stretch->rva, .length = stretch->insn.length};
    return (step){.job = &stretch->job,
                  .env = env,
                  .isa = env->isa,
                  .values = env->values,
                  .state = stretch->state,
                  .insn = insn};
}

bool hvc_stretch_run(hvc_stretch *stretch)
{
    flow_insn insn;
    step s = step_of(stretch, &insn);
    const hvc_op *end = hvc_stretch_transfer(stretch);
    if (end == NULL)
        end = stretch->insn.ops + stretch->insn.op_count;
    for (const hvc_op *op = stretch->insn.ops; op < end; op++)
        step_op(&s, op);
    if (end < stretch->insn.ops + stretch->insn.op_count && end->kind == HVC_OP_BRANCH)
        step_pass_branch(&s, end);
    return !stretch->job.memory_failed;
}

hvc_stretch_target hvc_stretch_target_of(hvc_stretch *stretch, const hvc_op *transfer)
{
    flow_insn insn;
    step s = step_of(stretch, &insn);
    hvc_stretch_target target = {.value = step_read_operand(&s, &transfer->a, s.isa->pointer_size)};
    for (const hvc_op *op = stretch->insn.ops; op < transfer; op++)
        if (op->kind == HVC_OP_LOAD && op->memory.base == HVC_REG_NONE &&
            op->memory.index == HVC_REG_NONE && !op->memory.segment)
            hvc_image_rva_of(s.env->image, (uint64_t)op->memory.displacement, &target.memory);
    bool check = false;
    if (step_guard_pointer(&s, target.value, &check)) {
        target.checks = check;
        target.guarded = !check;
        if (!check)
            target.value = step_read_register(&s, s.isa->return_register);
    }
    return target;
}

bool hvc_stretch_follow(hvc_stretch *stretch, const hvc_op *transfer,
                        const hvc_stretch_target *target)
{
    flow_insn insn;
    flow_successors successors = {.count = 0};
    step s = step_of(stretch, &insn);
    if (transfer->kind == HVC_OP_CALL)
        step_call(&s, step_read_operand(&s, &transfer->a, s.isa->pointer_size), target->memory);
    else
        step_jump(&s, transfer, target->memory, &successors);
    return !stretch->job.memory_failed;
}

bool hvc_stretch_table(hvc_stretch *stretch, uint32_t group, hvc_value_id value,
                       flow_targets *ret_targets)
{
    flow_job *job = &stretch->job;
    const hvc_code_function *part;
    /* Only for this question: what else asks for ranges wants their instructions, too. */
    for (size_t n = 0; (part = hvc_function_part(job->env->map, group, n)) != NULL; n++) {
        if (n == FLOW_MAX_RANGES)
            return false;
        job->ranges[n] = (flow_range){.begin = part->begin, .end = part->end};
        job->range_count = (unsigned)n + 1;
    }
    bool all = flow_list_table(job, value, ret_targets);
    job->range_count = 0;
    return all;
}

void hvc_stretch_skip_call(hvc_stretch *stretch)
{
    const hvc_flow_env *env = stretch->job.env;
    hvc_state *state = stretch->state;
    for (uint8_t reg = 0; reg < HVC_REG_MACHINE; reg++) {
        if ((env->isa->volatile_registers >> reg & 1) != 0)
            state->regs[reg] = hvc_value_unknown(env->values, HVC_UNKNOWN_CALL);
    }
    state->loaded = 0;
    state->slot_count = 0;
    state->flags = (hvc_flags){.kind = HVC_FLAGS_UNKNOWN};
}
