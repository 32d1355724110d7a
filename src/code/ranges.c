/* From decoded instructions to functions: blocks of code are given to the start that leads to them,
 * and neighbouring blocks of one owner become one range. */
#include "code/map_builder.h"
#include "code/radix.h"

typedef struct block {
    uint32_t begin, end; /* slots */
    uint32_t owner;      /* index in points + 1; 0 when none */
    bool falls;          /* goes on with the block behind it */
} block;

typedef struct blocks {
    block *items;
    size_t count;
    uint32_t *edges, *first_edge; /* targets (blocks) of block i: edges[first_edge[i]...] */
    uint32_t *stack;
    uint32_t *ranks; /* blocks that begin before slot 64 * i */
} blocks;

bool hvc_builder_sort_points(hvc_map_builder *builder)
{
    hvc_point *items = builder->points.items;
    size_t count = builder->points.count, kept = 0;
    if (!hvc_radix_sort(items, count, sizeof(*items), offsetof(hvc_point, rva), &builder->scratch))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && items[kept - 1].rva == items[i].rva)
            items[kept - 1].sources |= items[i].sources;
        else
            items[kept++] = items[i];
    }
    builder->points.count = kept;
    return true;
}

static uint32_t slot_of(const hvc_map_builder *builder, uint32_t rva)
{
    const hvc_exec_range *range = hvc_exec_at(&builder->exec, rva);
    return range == NULL ? UINT32_MAX : range->slot + (rva - range->rva);
}

static const hvc_exec_range *range_of_slot(const hvc_map_builder *builder, uint32_t slot)
{
    size_t low = 0, high = builder->exec.count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (builder->exec.items[middle].slot <= slot)
            low = middle;
        else
            high = middle;
    }
    return &builder->exec.items[low];
}

/* Leaders cut the covered bytes into blocks. */
static bool make_blocks(hvc_map_builder *builder, blocks *all)
{
    uint32_t count = 0, words = builder->exec.slots / 64 + 1;
    all->ranks = hvc_arena_array(&builder->scratch, words, sizeof(uint32_t));
    if (all->ranks == NULL)
        return false;
    for (uint32_t i = 0; i < words; i++) {
        builder->leaders[i] &= builder->starts[i];
        all->ranks[i] = count;
        count += (uint32_t)__builtin_popcountll(builder->leaders[i]);
    }
    all->items = hvc_arena_array(&builder->scratch, (size_t)count + 1, sizeof(block));
    all->stack = hvc_arena_array(&builder->scratch, (size_t)count + 1, sizeof(uint32_t));
    all->first_edge = hvc_arena_array(&builder->scratch, (size_t)count + 2, sizeof(uint32_t));
    if (all->items == NULL || all->stack == NULL || all->first_edge == NULL)
        return false;
    for (size_t i = 0; i < builder->exec.count; i++) {
        const hvc_exec_range *range = &builder->exec.items[i];
        uint32_t end = range->slot + range->size;
        uint32_t slot = hvc_places_next(builder->leaders, range->slot, end, true);
        while (slot < end) {
            uint32_t next = hvc_places_next(builder->leaders, slot + 1, end, true);
            uint32_t stop = hvc_places_next(builder->covered, slot, next, false);
            uint32_t told = hvc_places_next(builder->opaque, slot, stop, true);
            block *it = &all->items[all->count++];
            it->begin = slot;
            it->end = told;
            it->falls = told == next && next < end && !hvc_place_in(builder->ends, next);
            slot = next;
        }
    }
    /* All that is left of what was decoded are the blocks and the edges between them. */
    hvc_places places[] = {builder->starts, builder->covered, builder->ends};
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
        hvc_places_free(&builder->scratch, &builder->exec, places[i]);
    builder->starts = builder->covered = builder->ends = NULL;
    return true;
}

/* The block that begins at slot or, with inside, that slot lies in; count when there is none. */
static size_t block_at(const hvc_map_builder *builder, const blocks *all, uint32_t slot,
                       bool inside)
{
    uint64_t up_to = builder->leaders[slot / 64] & (UINT64_MAX >> (63 - slot % 64));
    size_t rank = all->ranks[slot / 64] + (size_t)__builtin_popcountll(up_to);
    if (rank == 0)
        return all->count;
    const block *it = &all->items[rank - 1];
    return it->begin == slot || (inside && slot < it->end) ? rank - 1 : all->count;
}

/* A table ends where the next one begins, and its entries are jumps. */
static bool add_table_edges(hvc_map_builder *builder)
{
    hvc_jump_table *tables = builder->tables.items;
    size_t count = builder->tables.count;
    if (!hvc_radix_sort(tables, count, sizeof(*tables), offsetof(hvc_jump_table, rva),
                        &builder->scratch))
        return false;
    uint32_t next = UINT32_MAX;
    for (size_t i = count; i-- > 0;) {
        if (tables[i].end > next)
            tables[i].end = next;
        if (i > 0 && tables[i - 1].rva != tables[i].rva)
            next = tables[i].rva;
    }
    for (size_t i = 0; i < count; i++) {
        for (uint32_t at = tables[i].rva; at < tables[i].end; at += 4) {
            uint64_t address;
            uint32_t target, slot;
            if (!hvc_image_pointer(builder->image, at, &address) ||
                !hvc_image_rva_of(builder->image, address, &target))
                break;
            slot = slot_of(builder, target);
            if (slot == UINT32_MAX)
                break;
            hvc_edge *edge = hvc_vector_add(&builder->scratch, &builder->edges);
            if (edge == NULL)
                return false;
            *edge = (hvc_edge){tables[i].jump, slot};
        }
    }
    hvc_vector_free(&builder->scratch, &builder->tables);
    return true;
}

/* Groups the edges by the block that they leave. */
static bool link_blocks(hvc_map_builder *builder, blocks *all)
{
    size_t count = builder->edges.count;
    uint32_t *from = hvc_arena_array(&builder->scratch, count + 1, sizeof(uint32_t));
    all->edges = hvc_arena_array(&builder->scratch, count + 1, sizeof(uint32_t));
    if (from == NULL || all->edges == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        from[i] = (uint32_t)block_at(builder, all, builder->edges.items[i].from, true);
        all->first_edge[from[i] + 1]++;
    }
    for (size_t i = 0; i <= all->count; i++)
        all->first_edge[i + 1] += all->first_edge[i];
    /* Filling from the back of each group leaves first_edge[i + 1] at the beginning of group i. */
    for (size_t i = 0; i < count; i++)
        all->edges[--all->first_edge[from[i] + 1]] =
            (uint32_t)block_at(builder, all, builder->edges.items[i].to, false);
    for (size_t i = 0; i <= all->count; i++)
        all->first_edge[i] = all->first_edge[i + 1];
    all->first_edge[all->count + 1] = (uint32_t)count;
    hvc_arena_give_back(&builder->scratch, from, (count + 1) * sizeof(uint32_t));
    return true;
}

/* Gives owner the block and all that it leads to, unless another start or owner has it. */
static void claim(blocks *all, const uint64_t *is_point, size_t first, uint32_t owner)
{
    size_t depth = 0;
    all->items[first].owner = owner;
    all->stack[depth++] = (uint32_t)first;
    while (depth > 0) {
        size_t i = all->stack[--depth];
        for (uint32_t e = all->first_edge[i]; e <= all->first_edge[i + 1]; e++) {
            size_t to = e < all->first_edge[i + 1] ? all->edges[e]
                        : all->items[i].falls      ? i + 1
                                                   : all->count;
            if (to >= all->count || all->items[to].owner != 0 ||
                hvc_place_in(is_point, all->items[to].begin))
                continue;
            all->items[to].owner = owner;
            all->stack[depth++] = (uint32_t)to;
        }
    }
}

static bool claim_all(hvc_map_builder *builder, blocks *all)
{
    hvc_places is_point = hvc_places_new(&builder->scratch, &builder->exec);
    if (is_point == NULL)
        return false;
    size_t kept = 0;
    for (size_t i = 0; i < builder->points.count; i++) {
        uint32_t slot = slot_of(builder, builder->points.items[i].rva);
        if (slot == UINT32_MAX || block_at(builder, all, slot, false) == all->count)
            continue; /* no instruction there */
        builder->points.items[kept++] = builder->points.items[i];
        hvc_place_add(is_point, slot);
    }
    builder->points.count = kept;
    /* What was only swept may be no code: it takes what nothing else leads to. */
    for (unsigned swept = 0; swept < 2; swept++) {
        for (size_t i = 0; i < kept; i++) {
            const hvc_point *point = &builder->points.items[i];
            if ((point->sources == HVC_FROM_SWEEP) == (swept == 1))
                claim(all, is_point, block_at(builder, all, slot_of(builder, point->rva), false),
                      (uint32_t)i + 1);
        }
    }
    hvc_places_free(&builder->scratch, &builder->exec, is_point);
    return true;
}

static bool told_between(const hvc_map_builder *builder, uint32_t low, uint32_t high)
{
    return hvc_places_next(builder->opaque, low, high, true) < high;
}

/* A piece that only the sweep found, in the middle of a function and without the alignment of a
 * function's beginning, is code or data of that function that its flow does not show. */
static bool is_inset(const hvc_code_function *before, const hvc_code_function *it, uint32_t group,
                     uint32_t rva)
{
    return it->sources == HVC_FROM_SWEEP && before->group == group && it->begin % 16 != 0 &&
           it->begin - before->end < 16 && rva - it->end < 16;
}

/* The walk over all blocks, in order. */
typedef struct assignment {
    hvc_map_builder *builder;
    uint32_t current;  /* owner of the block before */
    uint32_t end_slot; /* where that ended */
    bool falls;        /* it goes on behind that */
} assignment;

static hvc_code_function *last_found(const hvc_map_builder *builder)
{
    return builder->found.count > 0 ? &builder->found.items[builder->found.count - 1] : NULL;
}

/* Takes a piece back that stands between two of one function. */
static void take_back_inset(assignment *it, const hvc_exec_range *range, const block *now,
                            uint32_t owner, uint32_t group, uint32_t begin)
{
    hvc_map_builder *builder = it->builder;
    hvc_code_function *last = last_found(builder);
    if (builder->found.count > 1 && owner != it->current && group != begin &&
        is_inset(last - 1, last, group, begin) && (last - 1)->begin >= range->rva &&
        !told_between(builder, now->begin - (begin - (last - 1)->end), now->begin)) {
        builder->found.count--;
        it->current = owner;
    }
}

static bool assign_block(assignment *it, const block *now)
{
    hvc_map_builder *builder = it->builder;
    const hvc_exec_range *range = range_of_slot(builder, now->begin);
    uint32_t begin = range->rva + (now->begin - range->slot);
    uint32_t end = begin + (now->end - now->begin);
    const hvc_code_function *last = last_found(builder);
    uint32_t owner = now->owner;
    if (owner == 0 && last != NULL && now->begin == it->end_slot)
        owner = it->current; /* nothing leads there: most likely a part of what stands before it */
    bool same_range = last != NULL && last->end <= begin && last->begin >= range->rva;
    const hvc_point *point = owner == 0 ? NULL : &builder->points.items[owner - 1];
    uint32_t group = point == NULL ? begin : point->rva;
    if (same_range)
        take_back_inset(it, range, now, owner, group, begin);
    bool begins = point != NULL && point->rva == begin;
    /* More pieces than real code can have are not told apart. */
    bool crowded = point == NULL && builder->found.count > builder->exec.slots / 8 + 256;
    bool goes_on = same_range && ((owner != 0 && owner == it->current && !begins) || crowded) &&
                   !told_between(builder, it->end_slot, now->begin);
    bool fallen = it->falls && it->end_slot == now->begin;
    it->current = owner;
    it->end_slot = now->end;
    it->falls = now->falls;
    if (goes_on) {
        last_found(builder)->end = end;
        return true;
    }
    hvc_code_function *function = hvc_vector_add(&builder->scratch, &builder->found);
    if (function == NULL)
        return false;
    *function = (hvc_code_function){begin, end, group, 0};
    if (point == NULL)
        function->sources = HVC_FROM_SWEEP;
    else if (begins)
        function->sources = (uint8_t)(point->sources | (fallen ? HVC_FROM_POINTER : 0));
    /* Control comes here from what is another function now. */
    return !fallen || begins || hvc_builder_add_label(builder, begin);
}

/* Descending is done: what that alone took. */
static void give_back(hvc_map_builder *builder)
{
    hvc_arena *scratch = &builder->scratch;
    hvc_places places[] = {builder->sure, builder->called, builder->pointed, builder->scopes,
                           builder->data};
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
        hvc_places_free(scratch, &builder->exec, places[i]);
    builder->sure = builder->called = builder->pointed = builder->scopes = builder->data = NULL;
    hvc_vector_free(scratch, &builder->pointers);
    hvc_vector_free(scratch, &builder->work);
}

bool hvc_builder_assign(hvc_map_builder *builder)
{
    blocks all = {0};
    give_back(builder);
    if (!hvc_builder_sort_points(builder) || !make_blocks(builder, &all) ||
        !add_table_edges(builder) || !link_blocks(builder, &all) || !claim_all(builder, &all))
        return false;
    assignment it = {.builder = builder};
    for (size_t i = 0; i < all.count; i++)
        if (!assign_block(&it, &all.items[i]))
            return false;
    return true;
}
