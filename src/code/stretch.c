#include "code/stretch.h"

#include <stddef.h>
#include <string.h>

bool hvc_stretch_init(hvc_stretch *stretch, const hvc_flow_env *env, hvc_arena *arena,
                      hvc_flow *flow)
{
    *stretch = (hvc_stretch){
        .job = {.env = env, .results = arena, .flow = flow, .recording = true},
        .state = hvc_arena_alloc(arena, sizeof(hvc_state)),
        .scratch = hvc_arena_alloc(arena, sizeof(hvc_state)),
    };
    return stretch->state != NULL && stretch->scratch != NULL;
}

void hvc_stretch_free(hvc_stretch *stretch)
{
    hvc_arena_free(&stretch->job.arena);
}

void hvc_stretch_begin(hvc_stretch *stretch, uint32_t rva)
{
    hvc_values *values = stretch->job.env->values;
    const hvc_isa *isa = stretch->job.env->isa;
    hvc_state *state = stretch->state;
    flow_lost_state(&stretch->job, state);
    stretch->job.next_base = 0;
    state->regs[isa->stack_pointer] = hvc_value_stack(values, flow_new_base(&stretch->job), 0);
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

bool hvc_stretch_run(hvc_stretch *stretch)
{
    flow_job *job = &stretch->job;
    const hvc_insn *insn = &stretch->insn;
    flow_successors successors;
    flow_block block = {.first = 0};
    job->insns.count = job->ops.count = 0;
    flow_insn *one = hvc_vector_add(&job->arena, &job->insns);
    if (one == NULL)
        return false;
    *one = (flow_insn){.rva = stretch->rva, .length = insn->length};
    for (unsigned i = 0; i < insn->op_count && insn->ops[i].kind != HVC_OP_BRANCH; i++) {
        hvc_op *op = hvc_vector_add(&job->arena, &job->ops);
        if (op == NULL)
            return false;
        *op = insn->ops[i];
        one->op_count++;
    }
    flow_run_block(job, &block, stretch->state, stretch->scratch, &successors);
    stretch->rva += insn->length;
    return !job->memory_failed;
}
