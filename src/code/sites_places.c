/* What a quick look at a function has to account for. */
#include "code/quick.h"

enum { LOOK_BACK = 24 }; /* instructions before a reference that may set its arguments */

static bool add_place(sites_quick *quick, quick_place item)
{
    quick_place *added = hvc_vector_add(&quick->stretch.job.arena, &quick->places);
    if (added == NULL)
        quick->memory_failed = true;
    else
        *added = item;
    return added != NULL;
}

/* The first point at or behind rva. */
static size_t first_point(const sites_job *job, uint32_t rva)
{
    size_t low = 0, high = job->points.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (job->points.items[middle].from < rva)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void quick_mark_leader(sites_job *job, const hvc_code_function *part, uint32_t target)
{
    sites_quick *quick = job->quick;
    bool inside = target - part->begin < part->end - part->begin;
    if (!inside && quick->fragmented) {
        const hvc_code_function *other = hvc_function_at(&job->analysis->map, target);
        inside = other != NULL && other->group == part->group;
    }
    const hvc_exec_range *range = inside ? hvc_exec_at(&quick->exec, target) : NULL;
    if (range != NULL)
        hvc_place_add(quick->leaders, range->slot + (target - range->rva));
}

static void mark_labels(sites_job *job, const hvc_code_function *part)
{
    const hvc_function_map *map = &job->analysis->map;
    size_t low = 0, high = map->labels.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (map->labels.items[middle] < part->begin)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < map->labels.count && map->labels.items[low] < part->end; low++) {
        quick_mark_leader(job, part, map->labels.items[low]);
        job->quick->labelled = true;
    }
}

/* What one instruction has to be accounted for. */
static bool add_places(sites_job *job, const hvc_code_function *part, const hvc_step *step,
                       uint32_t rva, uint32_t start, size_t *point)
{
    sites_quick *quick = job->quick;
    quick_place at = {.rva = rva, .start = start};
    for (; *point < job->points.count && job->points.items[*point].from < rva + step->length;
         ++*point) {
        at.to = job->points.items[*point].to;
        at.kind = job->points.items[*point].kind;
        at.certain = job->points.items[*point].certain;
        if (!add_place(quick, at))
            return false;
    }
    if (step->kind == HVC_STEP_CALL || step->kind == HVC_STEP_BRANCH ||
        step->kind == HVC_STEP_JUMP) {
        quick_mark_leader(job, part, step->target);
    } else if (step->kind == HVC_STEP_JUMP_INDIRECT) {
        at.kind = QUICK_JUMP;
        return add_place(quick, at);
    } else if (step->calls_register && quick->allocates &&
               quick_may_be_result(job, rva, step->called, NULL)) {
        at.kind = QUICK_CALL;
        return add_place(quick, at);
    }
    return true;
}

/* The next instruction from rva on that may be a place, or may go elsewhere; on ARM64 alone others
 * can be passed over without a look. */
static uint32_t next_place(const sites_job *job, const hvc_exec_range *range, uint32_t rva,
                           uint32_t end, size_t point)
{
    if (job->analysis->isa != &hvc_isa_arm64)
        return rva;
    if (point < job->points.count && job->points.items[point].from < end)
        end = job->points.items[point].from & ~UINT32_C(3);
    return end <= rva
               ? rva
               : rva +
                     hvc_step_over_arm64((hvc_span){range->bytes + (rva - range->rva), end - rva});
}

/* The instructions that run straight to the one in work. */
typedef struct line {
    uint32_t recent[LOOK_BACK], count; /* where they vary in length */
    uint32_t begin;                    /* the first */
} line;

static uint32_t start_of(const sites_job *job, const line *l, uint32_t rva)
{
    if (job->analysis->isa->min_length == 1)
        return l->count > LOOK_BACK ? l->recent[l->count % LOOK_BACK] : l->recent[0];
    return rva - l->begin > 4 * (LOOK_BACK - 1) ? rva - 4 * (LOOK_BACK - 1) : l->begin;
}

/* Goes over the instructions of a part, one behind the other. False when it cannot be taken apart
 * so. */
static bool scan_part(sites_job *job, const hvc_code_function *part)
{
    sites_quick *quick = job->quick;
    const hvc_exec_range *range = hvc_exec_at(&quick->exec, part->begin);
    line l = {.begin = part->begin};
    size_t point = first_point(job, part->begin);
    if (range == NULL || part->end - range->rva > range->size)
        return false;
    mark_labels(job, part);
    uint32_t rva = part->begin;
    while ((rva = next_place(job, range, rva, part->end, point)) < part->end) {
        hvc_span bytes = {range->bytes + (rva - range->rva), range->size - (rva - range->rva)};
        hvc_step step;
        quick->step(bytes, rva, &step);
        /* Data between instructions of one length does no harm. */
        if (step.kind == HVC_STEP_INVALID && job->analysis->isa->min_length != 4)
            return false;
        l.recent[l.count++ % LOOK_BACK] = rva;
        if (!add_places(job, part, &step, rva, start_of(job, &l, rva), &point))
            return false;
        rva += step.length;
        if (step.kind == HVC_STEP_INVALID || step.kind >= HVC_STEP_JUMP)
            l = (line){.begin = rva};
    }
    hvc_code_range *covered = hvc_vector_add(&quick->stretch.job.arena, &quick->flow.covered);
    if (covered == NULL) {
        quick->memory_failed = true;
        return false;
    }
    *covered = (hvc_code_range){.rva = part->begin, .size = part->end - part->begin};
    return true;
}

/* Whether the function allocates memory, which it might call, or looks functions up. */
static void find_habits(sites_job *job, const hvc_code_function *part)
{
    sites_quick *quick = job->quick;
    for (size_t i = first_point(job, part->begin);
         i < job->points.count && job->points.items[i].from < part->end; i++) {
        uint32_t import;
        if (!hvc_analysis_import_at(job->analysis, job->points.items[i].to, &import))
            continue;
        const hvc_ddi *ddi = job->interests[import].ddi;
        quick->allocates |= ddi != NULL && sites_returns_memory(ddi);
        quick->looks_up |= job->interests[import].kind == SITES_LOOKUP;
    }
    quick->allocates |= job->thunks.count > 0;
}

bool quick_find_places(sites_job *job, uint32_t group)
{
    sites_quick *quick = job->quick;
    const hvc_function_map *map = &job->analysis->map;
    const hvc_code_function *part;
    quick->fragmented = hvc_function_part(map, group, 1) != NULL;
    quick->allocates = quick->looks_up = quick->labelled = false;
    quick->places.count = quick->flow.covered.count = 0;
    for (size_t n = 0; (part = hvc_function_part(map, group, n)) != NULL; n++)
        find_habits(job, part);
    for (size_t n = 0; (part = hvc_function_part(map, group, n)) != NULL; n++)
        if (!scan_part(job, part))
            return false;
    return true;
}

void quick_forget_leaders(sites_job *job, uint32_t group)
{
    sites_quick *quick = job->quick;
    const hvc_code_function *part;
    for (size_t n = 0; (part = hvc_function_part(&job->analysis->map, group, n)) != NULL; n++) {
        const hvc_exec_range *range = hvc_exec_at(&quick->exec, part->begin);
        if (range == NULL || part->end - range->rva > range->size)
            continue;
        uint32_t slot = range->slot + (part->begin - range->rva);
        uint32_t end = slot + (part->end - part->begin);
        while ((slot = hvc_places_next(quick->leaders, slot, end, true)) < end)
            quick->leaders[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
    }
}

bool quick_is_leader(const sites_quick *quick, uint32_t rva)
{
    const hvc_exec_range *range = hvc_exec_at(&quick->exec, rva);
    return range == NULL || hvc_place_in(quick->leaders, range->slot + (rva - range->rva));
}

bool quick_may_be_result(sites_job *job, uint32_t rva, uint8_t reg, hvc_arm64_is_wanted wanted)
{
    const sites_quick *quick = job->quick;
    const hvc_code_function *part = hvc_function_at(&job->analysis->map, rva);
    const hvc_exec_range *range = part != NULL ? hvc_exec_at(&quick->exec, part->begin) : NULL;
    if (job->analysis->isa != &hvc_isa_arm64 || range == NULL)
        return true;
    hvc_span code = {range->bytes + (part->begin - range->rva), part->end - part->begin};
    return hvc_arm64_may_be_result(code, !quick->fragmented, rva - part->begin, reg, wanted, job);
}
