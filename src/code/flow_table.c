/* Jump tables: constant arrays of addresses or of offsets, read from the image. */
#include <string.h>

#include "code/flow_private.h"
#include "code/table.h"

/* The table term inside value; what is computed with it around. UNDEFINED when there is none, or
 * two. */
static hvc_value_id find_table(const hvc_values *values, hvc_value_id value, unsigned depth)
{
    const hvc_term *term = hvc_term_of(values, value);
    if (term->kind == HVC_TERM_TABLE)
        return value;
    if (term->kind != HVC_TERM_OP || depth >= HVC_VALUE_DEPTH)
        return HVC_VALUE_UNDEFINED;
    hvc_value_id a = find_table(values, term->a, depth + 1);
    hvc_value_id b = term->b == term->a ? a : find_table(values, term->b, depth + 1);
    if (a != HVC_VALUE_UNDEFINED && b != HVC_VALUE_UNDEFINED && a != b)
        return HVC_VALUE_UNDEFINED;
    return a != HVC_VALUE_UNDEFINED ? a : b;
}

/* value with its table term replaced by entry, when all else in it is constant. */
static bool substitute(const hvc_values *values, hvc_value_id value, hvc_value_id table,
                       uint64_t entry, unsigned depth, uint64_t *ret)
{
    const hvc_term *term = hvc_term_of(values, value);
    if (value == table) {
        *ret = entry;
        return true;
    }
    if (term->kind == HVC_TERM_CONST) {
        *ret = term->number;
        return true;
    }
    uint64_t a, b;
    if (term->kind != HVC_TERM_OP || depth >= HVC_VALUE_DEPTH ||
        !substitute(values, term->a, table, entry, depth + 1, &a) ||
        !substitute(values, term->b, table, entry, depth + 1, &b))
        return false;
    *ret = hvc_alu_compute((hvc_alu)term->alu, a, b, term->size);
    return true;
}

/* The place that one entry of the table leads to. */
static bool target_of(const flow_job *job, hvc_value_id value, hvc_value_id table, uint32_t rva,
                      uint64_t index, uint32_t *ret_target)
{
    const hvc_values *values = job->env->values;
    uint64_t entry, address;
    return hvc_table_read(job->env->image, hvc_term_of(values, table), rva, index, &entry) &&
           substitute(values, value, table, entry, 0, &address) &&
           hvc_image_rva_of(job->env->image, address, ret_target) && flow_inside(job, *ret_target);
}

static bool add_target(flow_job *job, flow_targets *targets, uint32_t target)
{
    for (size_t i = 0; i < targets->count; i++)
        if (targets->items[i] == target)
            return true;
    uint32_t *item = hvc_vector_add(&job->arena, targets);
    if (item == NULL) {
        job->memory_failed = true;
        return false;
    }
    *item = target;
    return true;
}

/* Lists where one of the values leads that the jump's target can be. *ret_found: not all, but at
 * least the table was found that it leads through. */
static bool list_one(flow_job *job, hvc_value_id value, flow_targets *ret_targets, bool *ret_found)
{
    const hvc_values *values = job->env->values;
    const hvc_image *image = job->env->image;
    hvc_value_id table = find_table(values, value, 0);
    uint16_t indices[HVC_TABLE_INDICES];
    uint32_t rva, target;
    size_t count;
    uint64_t address;
    if (hvc_value_is_const(values, value, &address))
        return hvc_image_rva_of(image, address, &target) && flow_inside(job, target) &&
               add_target(job, ret_targets, target);
    if (table == HVC_VALUE_UNDEFINED)
        return false;
    hvc_term term = *hvc_term_of(values, table);
    if (term.scale == 0 || !hvc_table_begin(image, values, &term, &rva))
        return false;
    if (hvc_table_indices(image, values, term.b, indices, &count)) {
        for (size_t i = 0; i < count; i++)
            /* A table with an entry outside is not what it seems. */
            if (!target_of(job, value, table, rva, indices[i], &target) ||
                !add_target(job, ret_targets, target))
                return false;
        return true;
    }
    /* Without a bound the first entry that leads out of the function ends the table, most likely:
     * its targets are followed, and nothing is taken for granted. */
    uint64_t entries = 0;
    for (; entries < FLOW_MAX_TABLE && target_of(job, value, table, rva, entries, &target);
         entries++)
        if (!add_target(job, ret_targets, target))
            return false;
    *ret_found = entries > 0;
    return false;
}

/* *ret_found: of each value at least the table was found. */
static bool list_all(flow_job *job, hvc_value_id value, flow_targets *ret_targets, bool *ret_found)
{
    size_t count, n;
    bool all = true;
    *ret_found = true;
    hvc_value_members(job->env->values, &value, &count);
    for (size_t i = 0; i < count; i++) { /* the lists of members move */
        hvc_value_id one = hvc_value_members(job->env->values, &value, &n)[i];
        bool found = false, listed = list_one(job, one, ret_targets, &found);
        all &= listed;
        *ret_found &= listed || found;
    }
    return all;
}

bool flow_list_table(flow_job *job, hvc_value_id value, flow_targets *ret_targets)
{
    bool found;
    return list_all(job, value, ret_targets, &found);
}

bool flow_table_targets(flow_job *job, hvc_value_id value, flow_targets *ret_targets)
{
    bool found, all = list_all(job, value, ret_targets, &found);
    job->anywhere |= ret_targets->count > 0 && !found;
    for (size_t i = 0; i < ret_targets->count; i++)
        if (!flow_add_root(job, ret_targets->items[i]))
            job->memory_failed = true;
    return all;
}
