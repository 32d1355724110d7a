/* The fixed point over a function's blocks. */
#include "code/flow.h"

#include <stdlib.h>
#include <string.h>

#include "code/flow_private.h"

static void entry_state(const flow_job *job, hvc_state *state)
{
    hvc_values *values = job->env->values;
    memset(state, 0, offsetof(hvc_state, slots));
    state->live = true;
    for (uint8_t reg = 0; reg < HVC_REG_MACHINE; reg++)
        state->regs[reg] = hvc_value_entry(values, reg);
    state->regs[job->env->isa->stack_pointer] = hvc_value_stack(values, 0, 0);
}

void flow_lost_state(const flow_job *job, hvc_state *state)
{
    memset(state, 0, offsetof(hvc_state, slots));
    state->live = true;
    for (uint8_t reg = 0; reg < HVC_REG_MACHINE; reg++)
        state->regs[reg] = hvc_value_unknown(job->env->values, HVC_UNKNOWN_FLOW);
    state->entry_lost = true;
    state->escaped_other = true;
    state->escaped[0].low = HVC_STATE_BOTTOM;
    state->escaped[0].high = INT32_MAX;
    state->escape_count = 1;
}

static bool set_ranges(flow_job *job, uint32_t rva)
{
    const hvc_function_map *map = job->env->map;
    const hvc_code_function *function = hvc_function_at(map, rva);
    if (function == NULL)
        return false;
    job->entry = function->group;
    uint64_t bytes = 0;
    const hvc_code_function *part;
    for (size_t n = 0; (part = hvc_function_part(map, function->group, n)) != NULL; n++) {
        uint32_t size = part->end - part->begin;
        bytes += size;
        if (job->range_count == FLOW_MAX_RANGES || bytes > FLOW_MAX_BYTES) {
            job->incomplete = true;
            break;
        }
        job->ranges[job->range_count++] = (flow_range){.begin = part->begin, .end = part->end};
    }
    return true;
}

/* Room for what the graph will hold, as far as that can be told. */
static bool reserve(flow_job *job)
{
    size_t count = 1;
    for (unsigned i = 0; i < job->range_count; i++)
        count += (job->ranges[i].end - job->ranges[i].begin) / 4;
    if (count > FLOW_MAX_INSNS)
        count = FLOW_MAX_INSNS;
    job->insns.items = hvc_arena_take(&job->arena, count * sizeof(*job->insns.items));
    job->insns.capacity = count;
    job->ops.capacity = count + count / 2;
    job->ops.items = hvc_arena_take(&job->arena, job->ops.capacity * sizeof(*job->ops.items));
    return job->insns.items != NULL && job->ops.items != NULL;
}

/* Empties the graph; roots stay. */
static bool clear_graph(flow_job *job)
{
    hvc_arena_reset(&job->round_arena);
    for (unsigned i = 0; i < job->range_count; i++) {
        flow_range *range = &job->ranges[i];
        size_t size = range->end - range->begin;
        if (range->at == NULL)
            range->at = hvc_arena_array(&job->arena, size, sizeof(*range->at));
        else
            memset(range->at, 0, size * sizeof(*range->at));
        if (range->at == NULL)
            return false;
    }
    job->insns.count = job->ops.count = job->blocks.count = job->orphans.count = 0;
    job->new_roots = false;
    job->next_base = 0;
    return true;
}

uint8_t flow_new_base(flow_job *job)
{
    return job->next_base < FLOW_MAX_BASES ? ++job->next_base : 0;
}

/* Blocks have but few of the slots that a state can: theirs are not kept with room for all. */
static bool make_room(flow_job *job, flow_block *to, const hvc_state *from)
{
    unsigned room = to->in != NULL ? hvc_state_room(to->in, from) : from->slot_count;
    if (to->in != NULL && room <= to->room)
        return true;
    hvc_state *in = hvc_arena_take(&job->round_arena, hvc_state_bytes(room));
    if (in == NULL)
        return false;
    if (to->in != NULL)
        hvc_state_copy(in, to->in);
    else
        in->live = false;
    to->in = in;
    to->room = (uint8_t)room;
    return true;
}

static bool join_into(flow_job *job, uint32_t block, const hvc_state *state)
{
    flow_block *to = &job->blocks.items[block];
    if (!make_room(job, to, state))
        return false;
    const hvc_values *values = job->env->values;
    uint8_t sp = job->env->isa->stack_pointer;
    if (to->base == 0 && to->in->live && to->in->regs[sp] != state->regs[sp] &&
        hvc_term_of(values, state->regs[sp])->kind == HVC_TERM_STACK)
        to->base = flow_new_base(job);
    if (!hvc_state_join(job->env->values, job->env->isa, to->in, state, to->base,
                        to->visits >= FLOW_WIDEN_VISITS))
        return true;
    if (to->dirty)
        return true;
    to->dirty = true;
    if (to->rank < job->first_dirty)
        job->first_dirty = to->rank;
    if (++to->visits == FLOW_MAX_VISITS) {
        /* It does not settle: give up all that is known here. */
        flow_lost_state(job, to->in);
    }
    return true;
}

static bool join_at(flow_job *job, uint32_t rva, const hvc_state *state)
{
    uint32_t index;
    const flow_insn *insn = flow_insn_at(job, rva, &index);
    if (insn == NULL || job->block_of[index] == 0) {
        /* New code: found when the graph is built again, or beyond a bound. */
        if (!job->new_roots)
            job->incomplete = job->lost_now = true;
        return true;
    }
    return join_into(job, job->block_of[index] - 1, state);
}

static bool spread(flow_job *job, const flow_successors *successors)
{
    for (unsigned i = 0; i < successors->count; i++)
        if (!join_at(job, successors->targets[i], successors->states[i]))
            return false;
    for (size_t i = 0; i < successors->table.count; i++)
        if (!join_at(job, successors->table.items[i], successors->states[0]))
            return false;
    return true;
}

/* The stack pointer in the body of a function: where it is the lowest. On x64 and ARM64 the body
 * leaves it alone, and exception handling relies on that; x86 code pushes and pops, there it may be
 * anywhere. */
static hvc_value_id body_stack_pointer(flow_job *job)
{
    const hvc_isa *isa = job->env->isa;
    hvc_value_id lowest = HVC_VALUE_UNDEFINED;
    int32_t offset = 0;
    for (size_t i = 0; isa->pointer_size == 8 && i < job->blocks.count; i++) {
        const hvc_state *in = job->blocks.items[i].in;
        if (in == NULL || !in->live)
            continue;
        const hvc_term *term = hvc_term_of(job->env->values, in->regs[isa->stack_pointer]);
        if (term->kind == HVC_TERM_STACK && term->reg == 0 && term->offset < offset) {
            lowest = in->regs[isa->stack_pointer];
            offset = term->offset;
        }
    }
    return lowest;
}

/* The state where nothing is known but that there is a stack. */
static bool join_unknown(flow_job *job, uint32_t rva, hvc_state *state)
{
    hvc_value_id stack = job->body_stack;
    uint32_t index;
    if (flow_insn_at(job, rva, &index) == NULL || job->block_of[index] == 0)
        return true;
    flow_lost_state(job, state);
    uint8_t base = stack != HVC_VALUE_UNDEFINED ? 0 : flow_new_base(job);
    if (base != 0)
        stack = hvc_value_stack(job->env->values, base, 0);
    if (stack != HVC_VALUE_UNDEFINED)
        state->regs[job->env->isa->stack_pointer] = stack;
    return join_at(job, rva, state);
}

/* Orphans, and every block when control was lost. */
static bool seed_unknown(flow_job *job, hvc_state *state)
{
    for (size_t i = 0; i < job->orphans.count; i++) {
        uint32_t index;
        if (flow_insn_at(job, job->orphans.items[i], &index) != NULL && job->block_of[index] != 0)
            job->blocks.items[job->block_of[index] - 1].unsure = true;
        if (!join_unknown(job, job->orphans.items[i], state))
            return false;
    }
    for (size_t i = 0; job->lost && i < job->blocks.count; i++)
        if (!join_unknown(job, job->insns.items[job->blocks.items[i].first].rva, state))
            return false;
    return true;
}

/* Runs the blocks whose state changed until none does, the first of them each time: a loop settles
 * before what lies behind it is looked at. */
static bool iterate(flow_job *job, hvc_state *state, hvc_state *scratch)
{
    job->first_dirty = 0;
    while (job->first_dirty < job->blocks.count && !job->new_roots) {
        flow_block *block = &job->blocks.items[job->order[job->first_dirty++]];
        if (!block->dirty)
            continue;
        block->dirty = false;
        hvc_state_copy(state, block->in);
        flow_successors successors;
        flow_run_block(job, block, state, scratch, &successors);
        if (job->memory_failed || !spread(job, &successors))
            return false;
    }
    return true;
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static int compare_calls(const void *a, const void *b)
{
    const hvc_flow_call *x = a, *y = b;
    return x->rva < y->rva ? -1 : x->rva > y->rva;
}

static bool record_covered(flow_job *job)
{
    hvc_flow *flow = job->flow;
    for (unsigned i = 0; i < job->range_count; i++) {
        uint32_t rva = job->ranges[i].begin;
        while (rva < job->ranges[i].end) {
            const flow_insn *insn = flow_insn_at(job, rva, NULL);
            if (insn == NULL) {
                rva++;
                continue;
            }
            hvc_code_range *last =
                flow->covered.count > 0 ? &flow->covered.items[flow->covered.count - 1] : NULL;
            if (last == NULL || last->rva + last->size != rva) {
                last = hvc_vector_add(job->results, &flow->covered);
                if (last == NULL)
                    return false;
                *last = (hvc_code_range){.rva = rva};
            }
            last->size += insn->length;
            rva += insn->length;
        }
    }
    return true;
}

static bool record_live(flow_job *job, const flow_block *block)
{
    hvc_code_range *range = hvc_vector_add(job->results, &job->flow->live);
    if (range == NULL)
        return false;
    uint32_t begin = job->insns.items[block->first].rva, end = begin;
    for (const flow_insn *insn = &job->insns.items[block->first]; insn != NULL;) {
        end = insn->rva + insn->length;
        insn = insn->ends ? NULL : flow_insn_at(job, end, NULL);
        if (insn != NULL && insn->leader)
            insn = NULL;
    }
    *range = (hvc_code_range){.rva = begin, .size = end - begin};
    return true;
}

/* One more pass over the settled blocks, which notes calls, stores and the like. */
static bool record(flow_job *job, hvc_state *state, hvc_state *scratch)
{
    hvc_flow *flow = job->flow;
    flow_frame frame = {0};
    job->recording = job->addresses = true;
    job->frame = &frame;
    for (size_t i = 0; i < job->blocks.count; i++) {
        const flow_block *block = &job->blocks.items[i];
        if (block->in == NULL || !block->in->live)
            continue;
        if (!record_live(job, block))
            return false;
        hvc_state_copy(state, block->in);
        job->unsure = block->unsure;
        flow_successors successors;
        flow_run_block(job, block, state, scratch, &successors);
        if (job->memory_failed)
            return false;
    }
    flow_record_unpopped(job);
    flow_record_frame_end(job);
    job->frame = NULL;
    flow->instructions = (uint32_t)job->insns.count;
    if (flow->calls.count > 1)
        qsort(flow->calls.items, flow->calls.count, sizeof(*flow->calls.items), compare_calls);
    if (flow->addresses.count > 1) {
        qsort(flow->addresses.items, flow->addresses.count, sizeof(uint32_t), compare_numbers);
        size_t kept = 1;
        for (size_t i = 1; i < flow->addresses.count; i++)
            if (flow->addresses.items[i] != flow->addresses.items[kept - 1])
                flow->addresses.items[kept++] = flow->addresses.items[i];
        flow->addresses.count = kept;
    }
    return record_covered(job);
}

/* Keeps the calls as they are before something is lost. */
static bool record_guesses(flow_job *job, hvc_state *state, hvc_state *scratch)
{
    hvc_flow *flow = job->flow, guess = {.begin = flow->begin};
    guess.calls.items = flow->guesses.items;
    guess.calls.count = flow->guesses.count;
    guess.calls.capacity = flow->guesses.capacity;
    job->flow = &guess;
    bool done = record(job, state, scratch);
    job->flow = flow;
    job->recording = false;
    flow->guesses.items = guess.calls.items;
    flow->guesses.count = guess.calls.count;
    flow->guesses.capacity = guess.calls.capacity;
    return done;
}

/* Whether a known path leads to a place where control may arrive from elsewhere, too. */
static bool passes_orphan(const flow_job *job)
{
    for (size_t i = 0; i < job->orphans.count; i++) {
        uint32_t index;
        if (flow_insn_at(job, job->orphans.items[i], &index) == NULL || job->block_of[index] == 0)
            continue;
        const hvc_state *in = job->blocks.items[job->block_of[index] - 1].in;
        if (in != NULL && in->live)
            return true;
    }
    return false;
}

static bool settle(flow_job *job, hvc_state *state, hvc_state *scratch)
{
    entry_state(job, state);
    if (!join_at(job, job->entry, state))
        return false;
    if (!job->lost) { /* else nothing stays known anyway */
        if (!iterate(job, state, scratch))
            return false;
        job->body_stack = body_stack_pointer(job);
        if (job->new_roots)
            return true;
        if (passes_orphan(job) && !record_guesses(job, state, scratch))
            return false;
    }
    return seed_unknown(job, state) && iterate(job, state, scratch);
}

static bool record_lost(flow_job *job)
{
    const hvc_values *values = job->env->values;
    hvc_flow *flow = job->flow;
    flow->all_lost = values->lost_count > HVC_VALUES_LOST;
    for (unsigned i = 0; i < values->lost_count && i < HVC_VALUES_LOST; i++) {
        hvc_value_id *lost = hvc_vector_add(job->results, &flow->lost);
        if (lost == NULL)
            return false;
        *lost = values->lost[i];
    }
    return true;
}

static bool run(flow_job *job)
{
    hvc_state *state = hvc_arena_alloc(&job->arena, sizeof(*state));
    hvc_state *scratch = hvc_arena_alloc(&job->arena, sizeof(*scratch));
    if (state == NULL || scratch == NULL)
        return false;
    bool entered = job->env->entered(job->env->context, job->entry);
    bool outside = job->incomplete || entered;
    if (!reserve(job))
        return false;
    job->env->values->lost_count = 0;
    job->anywhere = entered;
    for (;; job->round++) {
        job->incomplete = outside;
        if (!clear_graph(job) || !flow_decode(job) || !flow_decode_orphans(job))
            return false;
        if (job->insns.count == 0) {
            job->incomplete = true;
            return true;
        }
        if (!flow_make_blocks(job) || !flow_order_blocks(job))
            return false;
        bool split = job->anywhere;
        job->lost_now = entered;
        if (!settle(job, state, scratch))
            return false;
        if (!job->new_roots && (job->lost ? split == job->anywhere : !job->lost_now))
            break;
        if (!job->lost && !job->new_roots && !record_guesses(job, state, scratch))
            return false;
        /* Once more: with the code that tables led to, or with nothing taken for granted. */
        job->lost |= !job->new_roots || job->round >= FLOW_MAX_ROUNDS;
    }
    return record(job, state, scratch) && record_lost(job);
}

hvc_status hvc_flow_analyse(const hvc_flow_env *env, uint32_t rva, hvc_arena *arena,
                            hvc_flow **ret_flow)
{
    flow_job job = {.env = env, .results = arena};
    job.flow = hvc_arena_alloc(arena, sizeof(*job.flow));
    if (job.flow == NULL)
        return HVC_E_MEMORY;
    job.flow->begin = rva;
    bool enough = true;
    if (set_ranges(&job, rva)) {
        job.flow->begin = job.entry;
        enough = run(&job);
    } else {
        job.incomplete = true;
    }
    job.flow->incomplete = job.incomplete;
    job.flow->strays = job.strays;
    hvc_arena_free(&job.arena);
    hvc_arena_free(&job.round_arena);
    if (!enough || job.memory_failed)
        return HVC_E_MEMORY;
    *ret_flow = job.flow;
    return HVC_OK;
}
