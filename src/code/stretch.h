/* Straight stretches of code, run with nothing known where they begin: what they show of registers
 * holds whatever came before. Inside src/code only. */
#ifndef CODE_STRETCH_H
#define CODE_STRETCH_H

#include "code/flow_private.h"

typedef struct hvc_stretch {
    flow_job job;
    hvc_state *state; /* what holds before the next operation */
    hvc_insn insn;    /* the instruction that was decoded last */
    uint32_t rva;     /* its place */
} hvc_stretch;

/* Where an instruction goes by a call or jump. */
typedef struct hvc_stretch_target {
    hvc_value_id value; /* behind the control-flow-guard functions: what they go to */
    uint32_t memory;    /* RVA of the pointer that the instruction itself loads; 0 when none */
    bool guarded;       /* by way of the control-flow-guard dispatch function */
    bool checks;        /* calls the function that only checks a pointer: it changes nothing */
} hvc_stretch_target;

/* Prepares *stretch; all that it needs lives in arena. What instructions do is added to *flow,
 * which has to outlive it. False when memory is exhausted. */
bool hvc_stretch_init(hvc_stretch *stretch, const hvc_flow_env *env, hvc_arena *arena,
                      hvc_flow *flow);
/* Frees what a stretch holds of its own. */
void hvc_stretch_free(hvc_stretch *stretch);
/* Goes to rva, where nothing is known but that there is a stack. */
void hvc_stretch_begin(hvc_stretch *stretch, uint32_t rva);
/* Decodes the instruction at rva; false when it is none, or the budget is used up. */
bool hvc_stretch_decode(hvc_stretch *stretch);
/* The operation by which it goes elsewhere; NULL when it only goes on. */
const hvc_op *hvc_stretch_transfer(const hvc_stretch *stretch);
/* Runs its operations, but for that one; of a branch, learns what holds behind it. False when
 * memory is exhausted. */
bool hvc_stretch_run(hvc_stretch *stretch);
/* Behind hvc_stretch_run, when transfer is a call or jump. */
hvc_stretch_target hvc_stretch_target_of(hvc_stretch *stretch, const hvc_op *transfer);
/* Runs a call or jump, which is recorded in the flow: at most one call is added. False when memory
 * is exhausted. */
bool hvc_stretch_follow(hvc_stretch *stretch, const hvc_op *transfer,
                        const hvc_stretch_target *target);
/* Lists where a jump to value goes by way of a table, all inside the function that begins at group:
 * *ret_targets lives in job.arena. False when not all is known. */
bool hvc_stretch_table(hvc_stretch *stretch, uint32_t group, hvc_value_id value,
                       flow_targets *ret_targets);
/* Passes over a call of which nothing is asked: whatever it may change is unknown then. */
void hvc_stretch_skip_call(hvc_stretch *stretch);

#endif
