/* Pointers in the frame that get out of sight there: where ways meet of which one did not put them
 * there, or where the stack pointer has moved by an unknown distance, a slot is given up. What is
 * read from its place afterwards may be the pointer still. */
#include "code/flow_private.h"

/* Whether a value comes from a variable of the image, or from a call. */
static bool may_be_routine(const hvc_values *values, hvc_value_id value, unsigned depth)
{
    size_t count;
    const hvc_value_id *members = hvc_value_members(values, &value, &count);
    for (size_t i = 0; i < count; i++) {
        const hvc_term *term = hvc_term_of(values, members[i]);
        if (term->kind == HVC_TERM_RESULT)
            return true;
        if (term->kind == HVC_TERM_LOAD &&
            (hvc_term_of(values, term->a)->kind == HVC_TERM_CONST ||
             (depth < HVC_VALUE_DEPTH && may_be_routine(values, term->a, depth + 1))))
            return true;
    }
    return false;
}

typedef struct watch {
    const hvc_isa *isa;
    uint64_t live; /* registers that hold the value */
} watch;

static bool is_watched(const watch *w, const hvc_operand *operand)
{
    return operand->kind == HVC_OPERAND_REG && (w->live >> operand->reg & 1) != 0;
}

/* A call may be of the value itself, and is given what argument registers hold. */
static bool passes_call(watch *w, const hvc_op *op)
{
    const hvc_isa *isa = w->isa;
    if (isa->argument_register_count == 0 && op->a.kind == HVC_OPERAND_CONST &&
        (w->live & isa->volatile_registers) != 0)
        return false; /* functions of the image have conventions of their own */
    for (unsigned n = 0; n < isa->argument_register_count; n++)
        if ((w->live >> isa->argument_registers[n] & 1) != 0)
            return false;
    w->live &= ~(uint64_t)isa->volatile_registers;
    return true;
}

/* Whether an operation does no more with the value than to call, copy or compare it, or to read
 * from there. */
static bool passes(watch *w, const hvc_op *op)
{
    bool a = is_watched(w, &op->a), b = is_watched(w, &op->b), copies = false;
    switch (op->kind) {
    case HVC_OP_CALL:
        return passes_call(w, op);
    case HVC_OP_MOVE:
        copies = a && op->size == w->isa->pointer_size && !op->merge;
        if (a && !copies)
            return false;
        break;
    case HVC_OP_LOAD:
    case HVC_OP_COMPARE:
    case HVC_OP_TEST:
        break;
    case HVC_OP_JUMP:
    case HVC_OP_CLOBBER:
    case HVC_OP_CLOBBER_FLAGS:
    case HVC_OP_CLOBBER_MEMORY:
        break;
    default:
        if (a || b)
            return false;
        break;
    }
    if (op->kind != HVC_OP_COMPARE && op->kind != HVC_OP_TEST && op->dst < HVC_REG_COUNT) {
        uint64_t bit = UINT64_C(1) << op->dst;
        w->live = copies ? w->live | bit : op->merge ? w->live : w->live & ~bit;
    }
    return true;
}

bool flow_frame_is_called(const flow_job *job, const flow_insn *insn, const hvc_op *load)
{
    enum { LOOK = 24 }; /* instructions */
    const hvc_isa *isa = job->env->isa;
    watch w = {.isa = isa};
    if (load->kind != HVC_OP_LOAD || load->dst >= HVC_REG_COUNT || load->merge ||
        load->memory_size != isa->pointer_size)
        return false;
    w.live = UINT64_C(1) << load->dst;
    unsigned at = (unsigned)(load - &job->ops.items[insn->first_op]) + 1;
    for (unsigned n = 0; n < LOOK; n++, at = 0) {
        for (; at < insn->op_count; at++) {
            const hvc_op *op = &job->ops.items[insn->first_op + at];
            if (op->kind == HVC_OP_RETURN)
                return (w.live >> isa->return_register & 1) == 0;
            if (!passes(&w, op))
                return false;
        }
        w.live &= (UINT64_C(1) << HVC_REG_MACHINE) - 1;
        if (w.live == 0)
            return true;
        insn = insn->ends ? NULL : flow_insn_at(job, insn->rva + insn->length, NULL);
        if (insn == NULL || insn->leader)
            return false;
    }
    return false;
}

void flow_record_frame_store(flow_job *job, const hvc_term *place, uint8_t size, hvc_value_id value)
{
    if (job->frame == NULL || size != job->env->isa->pointer_size ||
        !may_be_routine(job->env->values, value, 0))
        return;
    flow_frame_place *store = hvc_vector_add(&job->arena, &job->frame->stores);
    if (store == NULL)
        job->memory_failed = true;
    else
        *store = (flow_frame_place){place->reg, place->offset, place->offset + size, value};
}

void flow_record_frame_read(flow_job *job, uint8_t base, int32_t low, int32_t high)
{
    enum { RECENT = 8 }; /* of them none is noted twice */
    flow_frame *frame = job->frame;
    if (frame == NULL)
        return;
    for (size_t i = frame->reads.count, n = 0; i-- > 0 && n < RECENT; n++) {
        const flow_frame_place *read = &frame->reads.items[i];
        if (read->base == base && read->low == low && read->high == high)
            return;
    }
    flow_frame_place *read = hvc_vector_add(&job->arena, &frame->reads);
    if (read == NULL)
        job->memory_failed = true;
    else
        *read = (flow_frame_place){base, low, high, HVC_VALUE_UNDEFINED};
}

/* What is given to a callee of the frame, where it is not known what got out before. */
static void record_given(flow_job *job, const hvc_state *state)
{
    hvc_values *values = job->env->values;
    const hvc_isa *isa = job->env->isa;
    unsigned limit = isa->argument_register_count != 0 ? isa->argument_register_count : 4;
    for (unsigned n = 0; n < limit; n++) {
        hvc_value_id value = flow_argument(values, isa, state, n, false);
        size_t count;
        const hvc_value_id *members = hvc_value_members(values, &value, &count);
        for (size_t i = 0; i < count; i++) {
            const hvc_term *term = hvc_term_of(values, members[i]);
            if (term->kind == HVC_TERM_STACK)
                flow_record_frame_read(job, term->reg, term->offset,
                                       term->offset < 0 ? 0 : INT32_MAX);
        }
    }
}

void flow_record_frame_out(flow_job *job, const hvc_state *before, const hvc_state *after)
{
    if (job->frame == NULL)
        return;
    for (unsigned i = 0; i < after->escape_count; i++)
        if (after->escaped[i].low == HVC_STATE_BOTTOM && after->escaped[i].high == INT32_MAX) {
            record_given(job, before);
            return;
        }
    job->frame->all_read |= after->escaped_other;
    for (unsigned i = 0; i < after->escape_count; i++)
        flow_record_frame_read(job, 0, after->escaped[i].low, after->escaped[i].high);
}

/* Whether one of the reads may be of a place; with another base it is at an unknown distance. */
static bool is_read(const flow_frame *frame, const flow_frame_place *store)
{
    for (size_t i = 0; i < frame->reads.count; i++) {
        const flow_frame_place *read = &frame->reads.items[i];
        if (read->base != store->base || (read->low < store->high && store->low < read->high))
            return true;
    }
    return false;
}

void flow_record_frame_end(flow_job *job)
{
    enum { MAX_PAIRS = 1 << 22 };
    flow_frame *frame = job->frame;
    bool all = frame->all_read || frame->stores.count * frame->reads.count > MAX_PAIRS;
    for (size_t i = 0; i < frame->stores.count; i++)
        if (all || is_read(frame, &frame->stores.items[i]))
            flow_record_kept_value(job, frame->stores.items[i].value);
}
