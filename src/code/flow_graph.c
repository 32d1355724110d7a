#include <string.h>

#include "code/flow_private.h"

bool flow_inside(const flow_job *job, uint32_t rva)
{
    for (unsigned i = 0; i < job->range_count; i++)
        if (rva >= job->ranges[i].begin && rva < job->ranges[i].end)
            return true;
    return false;
}

static uint32_t *slot_of(const flow_job *job, uint32_t rva)
{
    for (unsigned i = 0; i < job->range_count; i++)
        if (rva >= job->ranges[i].begin && rva < job->ranges[i].end)
            return &job->ranges[i].at[rva - job->ranges[i].begin];
    return NULL;
}

flow_insn *flow_insn_at(const flow_job *job, uint32_t rva, uint32_t *ret_index)
{
    const uint32_t *slot = slot_of(job, rva);
    if (slot == NULL || *slot == 0)
        return NULL;
    if (ret_index != NULL)
        *ret_index = *slot - 1;
    return &job->insns.items[*slot - 1];
}

static bool push(flow_job *job, uint32_t rva)
{
    uint32_t *slot = hvc_vector_add(&job->arena, &job->pending);
    if (slot == NULL)
        return false;
    *slot = rva;
    return true;
}

static bool address_to_rva(const flow_job *job, uint64_t address, uint32_t *ret_rva)
{
    return hvc_image_rva_of(job->env->image, address, ret_rva);
}

/* Whether the call behind ops returns, as far as its target is plain in the instruction itself. */
static bool call_returns(const flow_job *job, const hvc_op *ops, unsigned index)
{
    const hvc_flow_env *env = job->env;
    const hvc_op *call = &ops[index];
    hvc_value_id target;
    if (call->a.kind == HVC_OPERAND_CONST) {
        target = hvc_value_const(env->values, call->a.value);
    } else if (index > 0 && ops[index - 1].kind == HVC_OP_LOAD &&
               ops[index - 1].dst == call->a.reg && ops[index - 1].memory.base == HVC_REG_NONE &&
               ops[index - 1].memory.index == HVC_REG_NONE && !ops[index - 1].memory.segment) {
        target = hvc_value_load(
            env->values, hvc_value_const(env->values, (uint64_t)ops[index - 1].memory.displacement),
            0, env->isa->pointer_size, false);
    } else {
        return true;
    }
    hvc_callee callee = {0};
    env->callee(env->context, target, &callee);
    return !callee.no_return;
}

/* Whether a trap is a breakpoint of the source, behind which control goes on when a debugger says
 * so: not one that fills the rest of a function. */
static bool is_breakpoint(const flow_job *job, const hvc_op *op, const flow_insn *insn)
{
    bool arm64 = job->env->isa->min_length == 4;
    uint32_t next = insn->rva + insn->length;
    hvc_span byte = hvc_image_span(job->env->image, next, 1);
    return op->immediate == (arm64 ? 0xF000u : 3u) && flow_inside(job, next) && byte.size == 1 &&
           (arm64 || byte.data[0] != 0xCC);
}

/* Looks at the operations that decide where control goes. */
static bool follow(flow_job *job, flow_insn *insn, const hvc_op *ops)
{
    for (unsigned i = 0; i < insn->op_count; i++) {
        uint32_t target;
        switch (ops[i].kind) {
        case HVC_OP_JUMP:
            insn->ends = true;
            if (ops[i].a.kind == HVC_OPERAND_CONST &&
                address_to_rva(job, ops[i].a.value, &target) && flow_inside(job, target) &&
                !push(job, target))
                return false;
            break;
        case HVC_OP_BRANCH:
            insn->ends = true;
            if (address_to_rva(job, ops[i].target, &target) && flow_inside(job, target) &&
                !push(job, target))
                return false;
            if (flow_inside(job, insn->rva + insn->length) && !push(job, insn->rva + insn->length))
                return false;
            break;
        case HVC_OP_TRAP:
            insn->ends = !is_breakpoint(job, &ops[i], insn);
            break;
        case HVC_OP_RETURN:
            insn->ends = true;
            break;
        case HVC_OP_CALL:
            if (!call_returns(job, ops, i))
                insn->ends = true;
            break;
        default:
            break;
        }
    }
    return true;
}

/* Makes room for the operations of one instruction. */
static bool make_room(flow_job *job, unsigned count)
{
    while (job->ops.capacity - job->ops.count < count)
        if (!hvc_arena_grow(&job->arena, &job->ops.items, &job->ops.capacity, job->ops.capacity,
                            sizeof(*job->ops.items)))
            return false;
    return true;
}

/* Decodes straight on from rva until control leaves or known code begins. */
static bool decode_run(flow_job *job, uint32_t rva)
{
    const hvc_flow_env *env = job->env;
    hvc_span rest = {NULL, 0}; /* of the bytes that lie there together */
    for (bool first = true;; first = false) {
        uint32_t *slot = slot_of(job, rva);
        if (slot == NULL) {
            job->incomplete =
                true; /* ran out of the function: not code, or a function of another shape */
            return true;
        }
        if (*slot != 0) {
            job->insns.items[*slot - 1].leader = true;
            return true;
        }
        if (job->insns.count >= FLOW_MAX_INSNS || *env->budget == 0) {
            job->incomplete = true;
            return true;
        }
        --*env->budget;
        hvc_insn decoded;
        if (rest.size == 0)
            rest = hvc_image_span(env->image, rva, UINT32_MAX);
        hvc_span bytes = rest;
        if (bytes.size > env->isa->max_length)
            bytes.size = env->isa->max_length;
        if (!env->isa->decode(bytes, env->image->headers.image_base + rva, &decoded)) {
            job->incomplete = true;
            return true;
        }
        flow_insn *insn = hvc_vector_add(&job->arena, &job->insns);
        if (insn == NULL || !make_room(job, decoded.op_count))
            return false;
        *slot = (uint32_t)job->insns.count;
        *insn = (flow_insn){.rva = rva,
                            .first_op = (uint32_t)job->ops.count,
                            .length = decoded.length,
                            .op_count = decoded.op_count,
                            .leader = first};
        memcpy(&job->ops.items[job->ops.count], decoded.ops,
               decoded.op_count * sizeof(*decoded.ops));
        job->ops.count += decoded.op_count;
        if (!follow(job, insn, decoded.ops))
            return false;
        if (insn->ends)
            return true;
        rva += decoded.length;
        rest.data += decoded.length;
        rest.size -= decoded.length;
    }
}

static bool decode_pending(flow_job *job)
{
    while (job->pending.count > 0) {
        uint32_t rva = job->pending.items[--job->pending.count];
        flow_insn *known = flow_insn_at(job, rva, NULL);
        if (known != NULL)
            known->leader = true;
        else if (!decode_run(job, rva))
            return false;
    }
    return true;
}

bool flow_decode(flow_job *job)
{
    if (!push(job, job->entry))
        return false;
    for (size_t i = 0; i < job->roots.count; i++)
        if (!push(job, job->roots.items[i]))
            return false;
    return decode_pending(job);
}

static bool is_padding(const flow_job *job, uint32_t rva)
{
    hvc_span byte = hvc_image_span(job->env->image, rva, 1);
    return byte.size == 0 || byte.data[0] == 0xCC || byte.data[0] == 0x00 || byte.data[0] == 0x90;
}

/* Whether rva lies inside an instruction that was decoded, and does not begin one. */
static bool inside_instruction(const flow_job *job, uint32_t rva)
{
    for (uint32_t back = 1; back < job->env->isa->max_length && back <= rva; back++) {
        const flow_insn *insn = flow_insn_at(job, rva - back, NULL);
        if (insn != NULL && insn->length > back)
            return true;
    }
    return false;
}

static bool add_orphan(flow_job *job, uint32_t rva)
{
    uint32_t *orphan = hvc_vector_add(&job->arena, &job->orphans);
    if (orphan == NULL)
        return false;
    *orphan = rva;
    bool before = job->incomplete;
    if (!push(job, rva) || !decode_pending(job))
        return false;
    uint32_t index;
    if (flow_insn_at(job, rva, &index) != NULL)
        job->insns.items[index].orphan = true;
    /* What follows may be a table: that it does not decode says nothing of the rest. */
    job->incomplete = before;
    return true;
}

/* Places inside the function where control may arrive from outside: handlers, continuations. */
static bool decode_labels(flow_job *job)
{
    const hvc_function_map *map = job->env->map;
    for (unsigned i = 0; i < job->range_count; i++) {
        size_t low = 0, high = map->labels.count;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (map->labels.items[middle] < job->ranges[i].begin)
                low = middle + 1;
            else
                high = middle;
        }
        for (; low < map->labels.count && map->labels.items[low] < job->ranges[i].end; low++) {
            uint32_t label = map->labels.items[low];
            if (label % job->env->isa->min_length == 0 && !inside_instruction(job, label) &&
                !add_orphan(job, label))
                return false;
        }
    }
    return true;
}

bool flow_decode_orphans(flow_job *job)
{
    const hvc_isa *isa = job->env->isa;
    uint32_t step = isa->min_length;
    if (!decode_labels(job))
        return false;
    for (unsigned i = 0; i < job->range_count; i++) {
        uint32_t rva = job->ranges[i].begin;
        while (rva < job->ranges[i].end) {
            uint32_t index;
            const flow_insn *insn = flow_insn_at(job, rva, &index);
            if (insn != NULL) {
                rva += insn->length;
                continue;
            }
            uint32_t end = rva;
            while (end < job->ranges[i].end && job->ranges[i].at[end - job->ranges[i].begin] == 0)
                end++;
            while (rva < end && is_padding(job, rva))
                rva += step;
            if (rva < end && (job->lost || job->env->wanted(job->env->context, rva, end))) {
                if (!add_orphan(job, rva))
                    return false;
                insn = flow_insn_at(job, rva, NULL);
                rva = insn == NULL ? rva + step : rva;
            } else {
                rva = end;
            }
        }
    }
    return true;
}

bool flow_add_root(flow_job *job, uint32_t rva)
{
    uint32_t index;
    const flow_insn *insn = flow_insn_at(job, rva, &index);
    if (insn != NULL && insn->leader && !insn->orphan)
        return true;
    for (size_t i = 0; i < job->roots.count; i++)
        if (job->roots.items[i] == rva)
            return true;
    if (job->round > 2 * FLOW_MAX_ROUNDS) {
        job->incomplete = true;
        return true;
    }
    uint32_t *root = hvc_vector_add(&job->arena, &job->roots);
    if (root == NULL)
        return false;
    *root = rva;
    job->new_roots = true;
    return true;
}

/* In the order of the addresses. */
bool flow_make_blocks(flow_job *job)
{
    job->block_of = hvc_arena_array(&job->round_arena, job->insns.count + 1, sizeof(uint32_t));
    if (job->block_of == NULL)
        return false;
    for (unsigned i = 0; i < job->range_count; i++) {
        const flow_range *range = &job->ranges[i];
        for (uint32_t k = 0; k < range->end - range->begin; k++) {
            flow_insn *insn = range->at[k] == 0 ? NULL : &job->insns.items[range->at[k] - 1];
            if (insn != NULL)
                insn->leader |= job->lost && job->anywhere;
            if (insn == NULL || !insn->leader)
                continue;
            if (job->blocks.count >= FLOW_MAX_BLOCKS) {
                job->incomplete = true;
                return true;
            }
            flow_block *block = hvc_vector_add(&job->arena, &job->blocks);
            if (block == NULL)
                return false;
            *block = (flow_block){.first = range->at[k] - 1}; /* earlier rounds left their own */
            job->block_of[block->first] = (uint32_t)job->blocks.count;
        }
    }
    return true;
}
