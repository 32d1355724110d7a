/* One instruction's step: what flow_step.c, flow_call.c and flow_branch.c share. */
#ifndef CODE_FLOW_STEP_H
#define CODE_FLOW_STEP_H

#include "code/flow_private.h"

typedef struct step {
    flow_job *job;
    const hvc_flow_env *env;
    const hvc_isa *isa;
    hvc_values *values;
    hvc_state *state;
    flow_insn *insn;
    const hvc_op *before;  /* the operation that was carried out last */
    const hvc_op *loading; /* NULL: no load is in work */
} step;

/* Whether the flags settle a condition for every number that the operands can be. */
typedef enum step_truth { STEP_NEVER, STEP_ALWAYS, STEP_MAYBE } step_truth;

/* flow_step.c */
/* The register, + 1, that holds what op tests or compares because it was copied right before; 0:
 * none. */
uint8_t step_copy_of(const step *s, const hvc_op *op);
/* The unknown that a value becomes. A stack address that is lost so got out of sight. */
hvc_value_id step_lose(step *s, hvc_value_id value, hvc_unknown why, uint8_t size);
bool step_holds_stack(const hvc_values *values, hvc_value_id value);
/* Whether an address that is no STACK may all the same point to what got out of the frame: a
 * caller's pointer cannot, as the frame did not exist yet, and an absolute address is none of the
 * stack. */
bool step_may_be_stack(const hvc_values *values, hvc_value_id address);
hvc_value_id step_read_register(step *s, uint8_t reg);
/* What an operation does that is no call and goes nowhere. */
void step_op(step *s, const hvc_op *op);
hvc_value_id step_read_operand(step *s, const hvc_operand *operand, uint8_t size);

/* flow_call.c */
hvc_value_id step_fresh_stack(step *s);
void step_call(step *s, hvc_value_id target, uint32_t memory);
/* Whether target is one of the control-flow-guard functions, which take the real target in a
 * register: those that only check it, or those that go there. */
bool step_guard_pointer(const step *s, hvc_value_id target, bool *ret_check);

/* flow_branch.c */
step_truth step_decide(const hvc_values *values, hvc_condition condition, const hvc_flags *flags);
void step_branch(step *s, const hvc_op *op, hvc_state *scratch, flow_successors *out);
void step_jump(step *s, const hvc_op *op, uint32_t memory, flow_successors *out);
/* Control goes on at a place of which nothing is known. */
void step_lose_control(step *s);
/* Learns from a branch that goes on behind it. */
void step_pass_branch(step *s, const hvc_op *op);
void step_add_way(flow_successors *out, uint32_t target, hvc_state *state);

#endif
