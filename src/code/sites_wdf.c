/* Calls of KMDF's functions, which go through a table. */
#include <string.h>

#include "code/sites.h"

const hvc_ddi *sites_wdf_ddi(const sites_job *job, hvc_value_id target)
{
    uint32_t index;
    size_t count;
    if (!hvc_wdf_index(job->analysis, target, &index))
        return NULL;
    const hvc_ddi *ddis = hvc_ddis(&count);
    for (size_t i = 0; i < count; i++)
        if (ddis[i].via == HVC_VIA_WDF && ddis[i].slot == index)
            return &ddis[i];
    return NULL;
}

/* How far the entries that matter stand from the table's start: bits. hvc_find_wdf takes no table
 * of more than 2,048 pointers. */
enum { FURTHEST = 2048 * 8 };

typedef struct sites_distances {
    uint64_t numbers[FURTHEST / 64];
    uint64_t fields[4096 / 64]; /* ARM64: as the 12-bit offset of an instruction tells them */
} sites_distances;

static void add_bit(uint64_t *bits, uint32_t number)
{
    bits[number / 64] |= UINT64_C(1) << number % 64;
}

static bool has_bit(const uint64_t *bits, uint32_t number)
{
    return (bits[number / 64] >> number % 64 & 1) != 0;
}

static void add_distance(sites_distances *wanted, uint32_t distance)
{
    add_bit(wanted->numbers, distance);
    add_bit(wanted->fields, distance / 8);
    if (distance < 4096)
        add_bit(wanted->fields, distance);
}

static bool list_distances(sites_job *job)
{
    hvc_analysis *analysis = job->analysis;
    size_t count;
    const hvc_ddi *ddis = hvc_ddis(&count);
    sites_distances *ret = hvc_arena_alloc(&analysis->arena, sizeof(*ret));
    if (ret == NULL)
        return false;
    job->distances = ret;
    for (size_t k = 0; k < count; k++) {
        uint32_t distance = ddis[k].slot * analysis->isa->pointer_size;
        if (ddis[k].via == HVC_VIA_WDF && ddis[k].slot < analysis->wdf_count && distance < FURTHEST)
            add_distance(ret, distance);
    }
    return true;
}

/* Whether an instruction in [low, high) can hold the distance of an entry from the table's start:
 * as a displacement or an immediate. Without it no entry can be reached, so the function need not
 * be looked at. */
static bool mentions(const hvc_analysis *analysis, const sites_distances *wanted, uint32_t low,
                     uint32_t high)
{
    hvc_span bytes = hvc_image_span(analysis->image, low, high - low);
    if (analysis->isa->min_length == 1) {
        for (size_t i = 0; i + 4 <= bytes.size; i++) {
            uint32_t number = hvc_le32(bytes.data + i);
            if (number < FURTHEST && has_bit(wanted->numbers, number))
                return true;
        }
        return false;
    }
    for (size_t i = 0; i + 4 <= bytes.size; i += 4) {
        uint32_t word = hvc_le32(bytes.data + i), number = word >> 5 & 0xFFFF;
        if (has_bit(wanted->fields, word >> 10 & 0xFFF) ||
            (number < FURTHEST && has_bit(wanted->numbers, number)))
            return true;
    }
    return false;
}

/* Every fragment of the function counts. */
static bool may_call(const hvc_analysis *analysis, const sites_distances *wanted, uint32_t group)
{
    const hvc_code_function *part;
    for (size_t n = 0; (part = hvc_function_part(&analysis->map, group, n)) != NULL; n++)
        if (mentions(analysis, wanted, part->begin, part->end))
            return true;
    return false;
}

const hvc_ddi *sites_wdf_ddi_at(const sites_job *job, uint32_t group, uint32_t rva)
{
    const hvc_analysis *analysis = job->analysis;
    size_t count;
    const hvc_ddi *ddis = hvc_ddis(&count);
    for (size_t k = 0; analysis->wdf_table != 0 && k < count; k++) {
        uint32_t distance = ddis[k].slot * analysis->isa->pointer_size;
        if (ddis[k].via != HVC_VIA_WDF || ddis[k].slot >= analysis->wdf_count ||
            rva != analysis->wdf_table + (analysis->wdf_indirect ? 0 : distance))
            continue;
        sites_distances wanted = {0};
        add_distance(&wanted, distance);
        if (!analysis->wdf_indirect || may_call(analysis, &wanted, group))
            return &ddis[k];
    }
    return NULL;
}

bool sites_may_call_wdf(void *context, uint32_t begin, uint32_t end)
{
    const sites_job *job = context;
    const hvc_function_map *map = &job->analysis->map;
    const hvc_code_function *function = hvc_function_at(map, begin);
    const hvc_code_function *behind = map->functions.items + map->functions.count;
    /* What lies in front of the first function has none. */
    for (uint32_t rva = begin; function == NULL && (rva += 4) < end;)
        function = hvc_function_at(map, rva);
    for (; function != NULL && function < behind && function->begin < end; function++)
        if (may_call(job->analysis, job->distances, function->group))
            return true;
    return false;
}

/* Takes what is in [low, high). filter: whoever refers to it may still want another entry. */
typedef bool range_action(sites_job *job, uint32_t low, uint32_t high, bool filter);

/* The ranges whose references lead to impacted functions. */
static bool each_range(sites_job *job, range_action *act)
{
    const hvc_analysis *analysis = job->analysis;
    uint32_t pointer = analysis->isa->pointer_size, table = analysis->wdf_table;
    if (analysis->wdf_indirect)
        return act(job, table, table + pointer, true);
    /* The table lies in the driver: each entry has an address of its own, or its start is formed.
     */
    if (!act(job, table, table + 1, true))
        return false;
    size_t count;
    const hvc_ddi *ddis = hvc_ddis(&count);
    for (size_t k = 0; k < count; k++) {
        uint32_t entry = table + ddis[k].slot * pointer;
        if (ddis[k].via == HVC_VIA_WDF && ddis[k].slot < analysis->wdf_count &&
            !act(job, entry, entry + pointer, false))
            return false;
    }
    return true;
}

static bool wish_range(sites_job *job, uint32_t low, uint32_t high, bool filter)
{
    return filter ? sites_wish_filtered(job, low, high) : sites_wish(job, low, high);
}

bool sites_wish_wdf(sites_job *job)
{
    const hvc_analysis *analysis = job->analysis;
    return !analysis->wdf_binds || analysis->wdf_table == 0 ||
           (list_distances(job) && each_range(job, wish_range));
}

static bool seed_range(sites_job *job, uint32_t low, uint32_t high, bool filter)
{
    hvc_analysis *analysis = job->analysis;
    uint32_t last = 0;
    bool wanted = false;
    size_t count;
    const hvc_xref *references = hvc_xrefs_find(&job->references, low, high, &count);
    for (size_t i = 0; i < count; i++) {
        const hvc_xref *reference = &references[i];
        const hvc_code_function *function = hvc_function_at(&analysis->map, reference->from);
        if (function == NULL)
            continue;
        if (function->group + 1 != last)
            wanted = !filter || may_call(analysis, job->distances, function->group);
        last = function->group + 1;
        if (wanted && !sites_enqueue_point(job, SITES_POINT_READ, reference))
            return false;
    }
    return true;
}

bool sites_seed_wdf(sites_job *job)
{
    const hvc_analysis *analysis = job->analysis;
    const hvc_ddi *create = hvc_ddi_find("WdfMemoryCreate");
    if (!analysis->wdf_binds)
        return true;
    if (analysis->wdf_table == 0)
        return create == NULL ||
               sites_add_open(job, NULL, analysis->image->headers.entry_point, create, "wdf",
                              "KMDF's function table was not found");
    return each_range(job, seed_range);
}
