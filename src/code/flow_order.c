/* In which order blocks are run: each behind those that lead to it, but for ways back, so that most
 * are run once when all that comes into them is known. That is the reverse postorder of a walk
 * which takes the way to the higher address first: ways out of loops, then, come behind the loop,
 * and code that was moved to the end of the function comes before what it goes back to. */
#include "code/flow_private.h"

/* A block on the way of the walk, and where it leads. */
typedef struct way {
    uint32_t block;
    uint32_t to[2]; /* block index + 1, the higher address first; 0: none */
    uint32_t next;  /* of these, and behind them of the roots */
    bool table;     /* it may lead to any root, too */
} way;

typedef struct walk {
    flow_job *job;
    way *ways; /* room for every block once */
    size_t depth;
    uint32_t *order; /* filled from its end */
    size_t left;     /* of order */
} walk;

static uint32_t block_at(const flow_job *job, uint32_t rva)
{
    uint32_t index;
    return flow_insn_at(job, rva, &index) != NULL ? job->block_of[index] : 0;
}

static uint32_t block_at_address(const flow_job *job, uint64_t address)
{
    uint32_t rva;
    return hvc_image_rva_of(job->env->image, address, &rva) ? block_at(job, rva) : 0;
}

/* The last instruction of a block. */
static const flow_insn *last_of(const flow_job *job, const flow_block *block)
{
    const flow_insn *last = &job->insns.items[block->first], *next = last;
    while (!last->ends && (next = flow_insn_at(job, last->rva + last->length, NULL)) != NULL &&
           !next->leader)
        last = next;
    return last;
}

static void find_ways(const flow_job *job, way *from)
{
    const flow_insn *last = last_of(job, &job->blocks.items[from->block]);
    uint32_t behind = last->ends ? 0 : block_at(job, last->rva + last->length), beyond = 0;
    for (unsigned i = 0; i < last->op_count; i++) {
        const hvc_op *op = &job->ops.items[last->first_op + i];
        if (op->kind == HVC_OP_BRANCH) {
            beyond = block_at_address(job, op->target);
            behind = block_at(job, last->rva + last->length);
        } else if (op->kind == HVC_OP_JUMP && op->a.kind == HVC_OPERAND_CONST) {
            beyond = block_at_address(job, op->a.value);
        } else if (op->kind == HVC_OP_JUMP) {
            from->table = true;
        }
    }
    /* Blocks are in the order of their addresses. */
    from->to[0] = behind > beyond ? behind : beyond;
    from->to[1] = behind > beyond ? beyond : behind;
}

/* The next block that one may lead to, + 1; 0 when there is none left. */
static uint32_t next_way(const flow_job *job, way *from)
{
    while (from->next < 2)
        if (from->to[from->next++] != 0)
            return from->to[from->next - 1];
    while (from->table && from->next - 2 < job->roots.count) {
        uint32_t block = block_at(job, job->roots.items[from->next++ - 2]);
        if (block != 0)
            return block;
    }
    return 0;
}

static void enter(walk *w, uint32_t block)
{
    flow_block *to = &w->job->blocks.items[block];
    if (to->ordered)
        return;
    to->ordered = true;
    way *added = &w->ways[w->depth++];
    *added = (way){.block = block};
    find_ways(w->job, added);
}

/* Puts what can be reached from a block, and was not yet, before what is in the order. */
static void walk_from(walk *w, uint32_t block)
{
    enter(w, block);
    while (w->depth > 0) {
        way *top = &w->ways[w->depth - 1];
        uint32_t to = next_way(w->job, top);
        if (to != 0)
            enter(w, to - 1);
        else
            w->order[--w->left] = w->ways[--w->depth].block;
    }
}

bool flow_order_blocks(flow_job *job)
{
    size_t count = job->blocks.count;
    walk w = {.job = job, .left = count};
    w.ways = hvc_arena_array(&job->round_arena, count + 1, sizeof(*w.ways));
    w.order = hvc_arena_array(&job->round_arena, count + 1, sizeof(*w.order));
    if (w.ways == NULL || w.order == NULL)
        return false;
    uint32_t entry = block_at(job, job->entry);
    if (entry != 0)
        walk_from(&w, entry - 1);
    /* What the entry does not lead to comes last, in the order of the addresses. */
    size_t reached = count - w.left;
    for (size_t i = 0; i < reached; i++)
        w.order[i] = w.order[w.left + i];
    w.left = count;
    for (size_t i = count; i-- > 0;)
        if (!job->blocks.items[i].ordered)
            walk_from(&w, (uint32_t)i);
    job->order = w.order;
    for (size_t i = 0; i < count; i++)
        job->blocks.items[job->order[i]].rank = (uint32_t)i;
    return true;
}
