/* POOL_NX_OPTIN: ExInitializeDriverRuntime, which the compiler puts inline, stores 0x200 in
 * ExDefaultNonPagedPoolType and 0x40000000 in ExDefaultMdlProtection, two variables that start as
 * 0. On Windows 10 and later, the only versions that have memory integrity, it always does so: the
 * stores count where the analysis of the driver's initialization, made for these versions, reaches
 * them. */
#include <string.h>

#include "code/analysis.h"
#include "code/step.h"

enum {
    NX_POOL = 0x200,
    MDL_NO_EXECUTE = 0x40000000,
    STORES_APART = 64, /* bytes between the two stores */
    INIT_FUNCTIONS = 96,
    INIT_DEPTH = 3, /* calls and jumps from the entry point */
};

typedef struct init_queue {
    uint32_t rva[INIT_FUNCTIONS];
    uint8_t depth[INIT_FUNCTIONS];
    unsigned count;
} init_queue;

static void add_function(hvc_analysis *analysis, init_queue *queue, uint32_t rva, unsigned depth)
{
    const hvc_code_function *function = hvc_function_at(&analysis->map, rva);
    if (function == NULL || queue->count == INIT_FUNCTIONS)
        return;
    for (unsigned i = 0; i < queue->count; i++)
        if (queue->rva[i] == function->group)
            return;
    queue->rva[queue->count] = function->group;
    queue->depth[queue->count++] = (uint8_t)depth;
}

/* The variable of 4 bytes, 0 at first, that a store sets to number. */
static bool sets(const hvc_analysis *analysis, const hvc_flow_store *store, uint64_t number,
                 uint32_t *ret_rva)
{
    uint64_t value, address;
    uint32_t initial, rva;
    const hvc_section *section;
    if (store->size != 4 || !hvc_value_is_const(&analysis->values, store->value, &value) ||
        value != number || !hvc_value_is_const(&analysis->values, store->address, &address) ||
        !hvc_image_rva_of(analysis->image, address + (uint64_t)(int64_t)store->offset, &rva))
        return false;
    section = hvc_image_section_at(analysis->image, rva);
    if (section == NULL || (section->characteristics & HVC_SCN_MEM_WRITE) == 0 ||
        !hvc_image_u32(analysis->image, rva, &initial) || initial != 0)
        return false;
    *ret_rva = rva;
    return true;
}

static bool asks_version(const hvc_analysis *analysis, const hvc_flow *flow)
{
    for (size_t i = 0; i < flow->calls.count; i++) {
        hvc_callee callee = {0};
        hvc_analysis_callee((void *)(uintptr_t)analysis, flow->calls.items[i].target, &callee);
        if (callee.effect == HVC_EFFECT_GET_VERSION || callee.effect == HVC_EFFECT_PS_VERSION ||
            callee.effect == HVC_EFFECT_NTDDI)
            return true;
    }
    return false;
}

/* Whether a store writes something else than number to the variable at rva. */
static bool is_other(const hvc_analysis *analysis, const hvc_flow_store *store, uint32_t rva,
                     uint64_t number)
{
    uint64_t address, value;
    uint32_t to;
    return hvc_value_is_const(&analysis->values, store->address, &address) &&
           hvc_image_rva_of(analysis->image, address + (uint64_t)(int64_t)store->offset, &to) &&
           to == rva &&
           !(hvc_value_is_const(&analysis->values, store->value, &value) && value == number);
}

/* Whether all stores to the variable that are plain to see are the opt-in's: one that is used for
 * other things, too, only looks like its. */
static bool holds_only(hvc_analysis *analysis, uint32_t rva, uint64_t number)
{
    const hvc_xrefs *xrefs = hvc_analysis_xrefs(analysis);
    size_t count = 0;
    const hvc_xref *xref =
        xrefs == NULL ? NULL : hvc_xrefs_find(xrefs, rva < 4 ? 0 : rva - 4, rva + 1, &count);
    for (size_t i = 0; i < count; i++) {
        const hvc_flow *flow =
            xref[i].kind == HVC_XREF_ADDRESS ? hvc_analysis_flow(analysis, xref[i].from) : NULL;
        for (size_t k = 0; flow != NULL && k < flow->stores.count; k++)
            if (is_other(analysis, &flow->stores.items[k], rva, number))
                return false;
    }
    return xrefs != NULL;
}

static bool look_for_stores(hvc_analysis *analysis, const hvc_flow *flow)
{
    for (size_t i = 0; i < flow->stores.count; i++) {
        const hvc_flow_store *one = &flow->stores.items[i];
        uint32_t pool, mdl;
        if (!sets(analysis, one, NX_POOL, &pool))
            continue;
        for (size_t k = 0; k < flow->stores.count; k++) {
            const hvc_flow_store *other = &flow->stores.items[k];
            uint32_t apart = one->rva < other->rva ? other->rva - one->rva : one->rva - other->rva;
            if (apart > STORES_APART || !sets(analysis, other, MDL_NO_EXECUTE, &mdl) ||
                !holds_only(analysis, pool, NX_POOL) || !holds_only(analysis, mdl, MDL_NO_EXECUTE))
                continue;
            analysis->opt_in.pool_type = pool;
            analysis->opt_in.mdl_protection = mdl;
            analysis->opt_in.form = asks_version(analysis, flow) ? "runtime" : "unconditional";
            return true;
        }
    }
    return false;
}

/* Whether an instruction of code may hold MDL_NO_EXECUTE, whose upper half is a number that little
 * else has. (A compiler that computes the number makes the opt-in look absent, which is the careful
 * way to be wrong.) */
static bool holds_number(const hvc_analysis *analysis, hvc_span code)
{
    if (analysis->isa->min_length == 4) {
        for (size_t k = 0; k + 4 <= code.size; k += 4) {
            uint32_t word = hvc_le32(code.data + k) & 0x7FFFFFE0;
            /* movz w, 0x4000, lsl 16; orr w, wzr, 0x40000000 */
            if (word == 0x52A80000 || word == 0x320203E0)
                return true;
        }
        return false;
    }
    const uint8_t *at = code.data;
    for (size_t left = code.size; left >= 4;) {
        const uint8_t *found = memchr(at + 3, MDL_NO_EXECUTE >> 24, left - 3);
        if (found == NULL)
            break;
        if (hvc_le32(found - 3) == MDL_NO_EXECUTE)
            return true;
        left -= (size_t)(found - 2 - at);
        at = found - 2;
    }
    return false;
}

static bool image_holds_number(const hvc_analysis *analysis)
{
    const hvc_image *image = analysis->image;
    for (size_t i = 0; i < image->sections.count; i++) {
        const hvc_section *section = &image->sections.items[i];
        if ((section->characteristics & HVC_SCN_MEM_EXECUTE) != 0 &&
            holds_number(analysis, hvc_image_span(image, section->rva, section->data_size)))
            return true;
    }
    return false;
}

/* Adds what part may call or go on in, by its direct calls and jumps. */
static void add_callees(hvc_analysis *analysis, init_queue *queue, const hvc_code_function *part,
                        unsigned depth)
{
    hvc_step_decode decode = hvc_step_decoder(analysis->isa);
    for (uint32_t rva = part->begin; rva < part->end;) {
        hvc_span bytes = hvc_image_span(analysis->image, rva, part->end - rva);
        hvc_step step;
        if (bytes.size == 0)
            break;
        decode(bytes, rva, &step);
        rva += step.length;
        bool goes = step.kind == HVC_STEP_CALL || step.kind == HVC_STEP_JUMP ||
                    step.kind == HVC_STEP_BRANCH;
        if (goes && step.target - part->begin >= part->end - part->begin)
            add_function(analysis, queue, step.target, depth);
    }
}

/* Whether the function that begins at group makes the opt-in, as far as its own code tells. */
static bool opts_in(hvc_analysis *analysis, init_queue *queue, uint32_t group, unsigned depth)
{
    const hvc_code_function *part;
    bool holds = false;
    for (size_t n = 0; (part = hvc_function_part(&analysis->map, group, n)) != NULL; n++) {
        uint32_t size = part->end - part->begin;
        holds |= holds_number(analysis, hvc_image_span(analysis->image, part->begin, size));
        if (depth < INIT_DEPTH)
            add_callees(analysis, queue, part, depth + 1);
    }
    const hvc_flow *flow = holds ? hvc_analysis_flow(analysis, group) : NULL;
    return flow != NULL && look_for_stores(analysis, flow);
}

void hvc_find_opt_in(hvc_analysis *analysis)
{
    if (analysis->opt_in.looked)
        return;
    analysis->opt_in.looked = true;
    if (!image_holds_number(analysis))
        return;
    init_queue queue = {.count = 0};
    add_function(analysis, &queue, analysis->image->headers.entry_point, 0);
    for (unsigned i = 0; i < queue.count && !analysis->failed; i++)
        if (opts_in(analysis, &queue, queue.rva[i], queue.depth[i]))
            return;
}

bool hvc_opt_in_number(hvc_analysis *analysis, uint32_t rva, uint8_t size, uint64_t *ret_number)
{
    if (size != 4)
        return false;
    hvc_find_opt_in(analysis);
    if (analysis->opt_in.form == NULL ||
        (rva != analysis->opt_in.pool_type && rva != analysis->opt_in.mdl_protection))
        return false;
    *ret_number = rva == analysis->opt_in.pool_type ? NX_POOL : MDL_NO_EXECUTE;
    return true;
}
