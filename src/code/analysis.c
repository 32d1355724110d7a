#include "code/analysis.h"

#include <stdlib.h>
#include <string.h>

static int compare_slots(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Imports by slot: key in the upper half, index in the lower. */
static bool index_slots(hvc_analysis *analysis)
{
    size_t count = analysis->image->imports.count;
    uint64_t *keys = hvc_arena_array(&analysis->arena, count, sizeof(*keys));
    analysis->slots = hvc_arena_array(&analysis->arena, count, sizeof(*analysis->slots));
    if (keys == NULL || analysis->slots == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        keys[i] = (uint64_t)analysis->image->imports.items[i].slot << 32 | i;
    if (count > 1)
        qsort(keys, count, sizeof(*keys), compare_slots);
    for (size_t i = 0; i < count; i++)
        analysis->slots[i] = (uint32_t)keys[i];
    analysis->slot_count = count;
    return true;
}

bool hvc_analysis_import_at(const hvc_analysis *analysis, uint32_t rva, uint32_t *ret_import)
{
    const hvc_import *imports = analysis->image->imports.items;
    size_t low = 0, high = analysis->slot_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (imports[analysis->slots[middle]].slot < rva)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == analysis->slot_count || imports[analysis->slots[low]].slot != rva)
        return false;
    *ret_import = analysis->slots[low];
    return true;
}

/* The address that a value is: a number, or a pointer that lies in read-only data (MinGW's
 * .refptr). */
static bool fixed_address(const hvc_analysis *analysis, hvc_value_id value, uint64_t *ret_address)
{
    const hvc_image *image = analysis->image;
    const hvc_term *term = hvc_term_of(&analysis->values, value);
    uint32_t rva, import;
    uint64_t address;
    if (term->kind == HVC_TERM_CONST) {
        *ret_address = term->number;
        return true;
    }
    if (term->kind != HVC_TERM_LOAD || term->size != analysis->isa->pointer_size ||
        !hvc_value_is_const(&analysis->values, term->a, &address) ||
        !hvc_image_rva_of(image, address + (uint64_t)(int64_t)term->offset, &rva))
        return false;
    const hvc_section *section = hvc_image_section_at(image, rva);
    return section != NULL && (section->characteristics & HVC_SCN_MEM_WRITE) == 0 &&
           !hvc_analysis_import_at(analysis, rva, &import) &&
           hvc_image_pointer(image, rva, ret_address);
}

bool hvc_analysis_import_of(const hvc_analysis *analysis, hvc_value_id value, uint32_t *ret_import)
{
    const hvc_term *term = hvc_term_of(&analysis->values, value);
    uint64_t address;
    uint32_t rva;
    return term->kind == HVC_TERM_LOAD && term->size == analysis->isa->pointer_size &&
           fixed_address(analysis, term->a, &address) &&
           hvc_image_rva_of(analysis->image, address + (uint64_t)(int64_t)term->offset, &rva) &&
           hvc_analysis_import_at(analysis, rva, ret_import);
}

/* Code that no known path of its function reaches is looked at when it holds a reference that
 * matters, or calls a function. */
static bool wanted(void *context, uint32_t low, uint32_t high)
{
    hvc_analysis *analysis = context;
    for (size_t i = 0; i < analysis->near.items.count; i++)
        if (analysis->near.items.items[i].from >= low && analysis->near.items.items[i].from < high)
            return true;
    hvc_span bytes = hvc_image_span(analysis->image, low, high - low);
    bool arm = analysis->isa->min_length == 4;
    for (size_t i = 0; i + 5 <= bytes.size; i += arm ? 4 : 1) {
        uint32_t target;
        if (arm) {
            uint32_t word = hvc_le32(bytes.data + i);
            if (word >> 26 != 0x25)
                continue;
            target = low + (uint32_t)i + (uint32_t)((int32_t)(word << 6) >> 4);
        } else {
            if (bytes.data[i] != 0xE8)
                continue;
            target = low + (uint32_t)i + 5 + hvc_le32(bytes.data + i + 1);
        }
        const hvc_code_function *function = hvc_function_at(&analysis->map, target);
        if (function != NULL && function->begin == target)
            return true;
    }
    return false;
}

hvc_status hvc_analysis_init(hvc_analysis *analysis, const hvc_image *image, const hvc_isa *isa)
{
    memset(analysis, 0, sizeof(*analysis));
    analysis->image = image;
    analysis->isa = isa;
    analysis->budget = ANALYSIS_INSNS;
    if (hvc_values_init(&analysis->values, isa->pointer_size) != HVC_OK)
        return HVC_E_MEMORY;
    analysis->values.image_begin = image->headers.image_base;
    analysis->values.image_end = image->headers.image_base + image->headers.size_of_image;
    analysis->env = (hvc_flow_env){.image = image,
                                   .isa = isa,
                                   .map = &analysis->map,
                                   .values = &analysis->values,
                                   .context = analysis,
                                   .callee = hvc_analysis_callee,
                                   .wanted = wanted,
                                   .entered = hvc_analysis_is_entered,
                                   .budget = &analysis->budget};
    hvc_status status = hvc_function_map_build(image, isa, &analysis->arena, &analysis->map, NULL);
    if (status == HVC_OK && !index_slots(analysis))
        status = HVC_E_MEMORY;
    if (status != HVC_OK)
        hvc_analysis_free(analysis);
    return status;
}

void hvc_analysis_free(hvc_analysis *analysis)
{
    hvc_values_free(&analysis->values);
    hvc_arena_free(&analysis->arena);
    memset(analysis, 0, sizeof(*analysis));
}

static hvc_flow_entry *entry_of(hvc_analysis *analysis, uint32_t group)
{
    size_t mask = analysis->flows.capacity - 1;
    size_t at = (group * 2654435761u) & mask;
    while (analysis->flows.items[at].group != 0 && analysis->flows.items[at].group != group + 1)
        at = (at + 1) & mask;
    return &analysis->flows.items[at];
}

static bool grow_flows(hvc_analysis *analysis)
{
    size_t capacity = analysis->flows.capacity == 0 ? 64 : analysis->flows.capacity * 2;
    hvc_flow_entry *old = analysis->flows.items;
    size_t old_capacity = analysis->flows.capacity;
    hvc_flow_entry *items = hvc_arena_array(&analysis->arena, capacity, sizeof(*items));
    if (items == NULL)
        return false;
    analysis->flows.items = items;
    analysis->flows.capacity = capacity;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].group != 0)
            *entry_of(analysis, old[i].group - 1) = old[i];
    return true;
}

/* The entry of a function, made when it is not there; NULL when memory or the bound is exhausted.
 */
static hvc_flow_entry *make_entry(hvc_analysis *analysis, uint32_t group)
{
    if (analysis->flow_count * 2 >= analysis->flows.capacity && !grow_flows(analysis)) {
        analysis->failed = true;
        return NULL;
    }
    hvc_flow_entry *entry = entry_of(analysis, group);
    if (entry->group == 0) {
        if (analysis->flow_count >= ANALYSIS_FLOWS)
            return NULL;
        entry->group = group + 1;
        analysis->flow_count++;
    }
    return entry;
}

bool hvc_analysis_visit(hvc_analysis *analysis, uint32_t group, bool thorough)
{
    hvc_flow_entry *entry = make_entry(analysis, group);
    if (entry == NULL)
        return !analysis->failed; /* past the bound: hvc_analysis_flow tells */
    bool first = !entry->visited;
    entry->visited = true;
    entry->thorough |= thorough;
    return first;
}

bool hvc_analysis_is_thorough(hvc_analysis *analysis, uint32_t group)
{
    const hvc_flow_entry *entry = make_entry(analysis, group);
    return entry == NULL || entry->thorough;
}

uint8_t hvc_analysis_strays(hvc_analysis *analysis, uint32_t group)
{
    const hvc_flow_entry *entry = make_entry(analysis, group);
    return entry == NULL ? 2 : entry->strays;
}

void hvc_analysis_set_strays(hvc_analysis *analysis, uint32_t group, uint8_t strays)
{
    hvc_flow_entry *entry = make_entry(analysis, group);
    if (entry != NULL)
        entry->strays = strays;
}

const hvc_flow *hvc_analysis_flow(hvc_analysis *analysis, uint32_t rva)
{
    const hvc_code_function *function = hvc_function_at(&analysis->map, rva);
    if (function == NULL || analysis->failed)
        return NULL;
    uint32_t group = function->group;
    hvc_flow_entry *entry = make_entry(analysis, group);
    if (entry == NULL)
        return NULL;
    if (entry->busy || entry->done)
        return entry->busy ? NULL : entry->flow;
    if (analysis->budget == 0)
        return NULL;
    entry->busy = true;
    hvc_flow *flow = NULL;
    if (hvc_flow_analyse(&analysis->env, group, &analysis->arena, &flow) != HVC_OK ||
        analysis->values.failed)
        analysis->failed = true;
    entry = entry_of(analysis, group);
    entry->busy = false;
    entry->done = true;
    entry->flow = flow;
    return analysis->failed ? NULL : flow;
}

const hvc_xrefs *hvc_analysis_xrefs(hvc_analysis *analysis)
{
    if (!analysis->has_xrefs && !analysis->failed) {
        if (hvc_xrefs_build(analysis->image, analysis->isa, &analysis->map, &analysis->arena,
                            &analysis->xrefs, NULL) == HVC_OK)
            analysis->has_xrefs = true;
        else
            analysis->failed = true;
    }
    return analysis->has_xrefs ? &analysis->xrefs : NULL;
}

const hvc_xrefs *hvc_analysis_callers(hvc_analysis *analysis)
{
    if (analysis->has_xrefs)
        return &analysis->xrefs;
    if (!analysis->has_callers && !analysis->failed) {
        if (hvc_xrefs_to_functions(analysis->image, analysis->isa, &analysis->map, &analysis->arena,
                                   &analysis->callers, NULL) == HVC_OK)
            analysis->has_callers = true;
        else
            analysis->failed = true;
    }
    return analysis->has_callers ? &analysis->callers : NULL;
}
