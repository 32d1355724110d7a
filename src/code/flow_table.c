/* Jump tables: constant arrays of addresses or of offsets, read from the image. */
#include <string.h>

#include "code/flow_private.h"

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

static bool read_entry(const hvc_image *image, uint32_t rva, uint8_t size, bool sign, uint64_t *ret)
{
    uint8_t bytes[8] = {0};
    if (!hvc_image_read(image, rva, bytes, size))
        return false;
    uint64_t number = hvc_le64(bytes);
    if (sign)
        number = hvc_alu_compute(HVC_ALU_SIGN_EXTEND, number, 8u * size, 8);
    *ret = number;
    return true;
}

bool flow_table_targets(flow_job *job, hvc_value_id value, uint32_t **ret_targets,
                        size_t *ret_count)
{
    const hvc_values *values = job->env->values;
    const hvc_image *image = job->env->image;
    hvc_value_id table = find_table(values, value, 0);
    if (table == HVC_VALUE_UNDEFINED)
        return false;
    hvc_term term = *hvc_term_of(values, table);
    uint64_t base;
    uint32_t rva;
    if (!hvc_value_is_const(values, term.a, &base) || !hvc_image_rva_of(image, base, &rva))
        return false;
    const hvc_section *section = hvc_image_section_at(image, rva);
    if (section == NULL || (section->characteristics & HVC_SCN_MEM_WRITE) != 0 || term.scale == 0)
        return false;
    /* The index's bound ends the table; without one, the first entry that leads out of the function
     * does. */
    const hvc_term *index = hvc_term_of(values, term.b);
    /* What only says that the index is a byte (from a table of its own) is no bound of this table.
     */
    bool bounded = index->kind == HVC_TERM_RANGE && index->number < FLOW_MAX_TABLE &&
                   index->number != UINT8_MAX;
    uint64_t last = bounded ? index->number : FLOW_MAX_TABLE - 1;
    uint32_t *targets = NULL;
    size_t count = 0;
    for (uint64_t i = 0; i <= last; i++) {
        uint64_t entry, address;
        uint32_t target;
        if (rva + i * term.scale > UINT32_MAX ||
            !read_entry(image, (uint32_t)(rva + i * term.scale), term.size, term.sign, &entry) ||
            !substitute(values, value, table, entry, 0, &address) ||
            !hvc_image_rva_of(image, address, &target) || !flow_inside(job, target)) {
            if (!bounded)
                break;
            /* A bounded table with an entry outside is not what it seems. */
            job->incomplete = true;
            return false;
        }
        size_t known = 0;
        while (known < count && targets[known] != target)
            known++;
        if (known < count)
            continue;
        if (targets == NULL)
            targets = hvc_arena_array(&job->arena, (size_t)last + 1, sizeof(*targets));
        if (targets == NULL) {
            job->memory_failed = true;
            return false;
        }
        targets[count++] = target;
        if (!flow_add_root(job, target))
            job->memory_failed = true;
    }
    if (count == 0)
        return false;
    *ret_targets = targets;
    *ret_count = count;
    return true;
}
