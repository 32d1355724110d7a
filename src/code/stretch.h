/* Straight stretches of code, run with nothing known where they begin: what they show of registers
 * holds whatever came before. Inside src/code only. */
#ifndef CODE_STRETCH_H
#define CODE_STRETCH_H

#include "code/flow_private.h"

typedef struct hvc_stretch {
    flow_job job;
    hvc_state *state; /* what holds before the next instruction */
    hvc_state *scratch;
    hvc_insn insn; /* the one that was decoded last */
    uint32_t rva;  /* of the next instruction */
} hvc_stretch;

/* Prepares *stretch; all that it needs lives in arena. What instructions do is added to *flow,
 * which has to outlive it. False when memory is exhausted. */
bool hvc_stretch_init(hvc_stretch *stretch, const hvc_flow_env *env, hvc_arena *arena,
                      hvc_flow *flow);
/* Frees what a stretch holds of its own. */
void hvc_stretch_free(hvc_stretch *stretch);
/* Goes to rva, where nothing is known but that there is a stack. */
void hvc_stretch_begin(hvc_stretch *stretch, uint32_t rva);
/* Decodes the next instruction into insn; false when it is none, or the budget is used up. */
bool hvc_stretch_decode(hvc_stretch *stretch);
/* Runs it, and goes on behind it, also where it is a branch that may lead elsewhere. False when
 * memory is exhausted. */
bool hvc_stretch_run(hvc_stretch *stretch);

#endif
