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
    /* What sites_wdf_ddi_at told last, and of which function; group 0: nothing yet */
    uint32_t group;
    const hvc_ddi *told;
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

/* 32-bit code: whether a function may be a part of the one in front of it that a pointer leads
 * into. Neither padding nor a usual prologue tells that it is none. */
static bool may_continue(const hvc_analysis *analysis, const hvc_code_function *function)
{
    const unsigned own = HVC_FROM_ENTRY | HVC_FROM_EXPORT | HVC_FROM_GUARD | HVC_FROM_EXCEPTION;
    hvc_span bytes = hvc_image_span(analysis->image, function->begin - 1, 3);
    if (analysis->isa->pointer_size != 4 || (function->sources & own) != 0 || bytes.size < 3)
        return false;
    const uint8_t *at = bytes.data;
    return at[0] != 0xCC && at[0] != 0x90 && !(at[1] == 0x55 && (at[2] == 0x8B || at[2] == 0x89)) &&
           !(at[1] == 0x8B && at[2] == 0xFF);
}

/* How many functions before and behind another one are looked at, as far as they may be parts of
 * it: none, where it most likely goes on, and all. */
typedef struct reach {
    unsigned before, behind;
} reach;
static const reach reaches[] = {{0, 0}, {0, 1}, {16, 16}};
enum { REACHES = sizeof(reaches) / sizeof(reaches[0]) };

/* Every fragment of the function counts, and so does what may be a part of it. */
static bool may_call_within(const hvc_analysis *analysis, const sites_distances *wanted,
                            uint32_t group, const reach *within)
{
    const hvc_function_map *map = &analysis->map;
    const hvc_code_function *first = map->functions.items, *behind = first + map->functions.count;
    const hvc_code_function *part, *whole = hvc_function_at(map, group);
    for (size_t n = 0; (part = hvc_function_part(map, group, n)) != NULL; n++)
        if (mentions(analysis, wanted, part->begin, part->end))
            return true;
    part = whole;
    for (unsigned i = 0; i < within->before && part > first && may_continue(analysis, part); i++) {
        part--;
        if (mentions(analysis, wanted, part->begin, part->end))
            return true;
    }
    part = whole + 1;
    for (unsigned i = 0; i < within->behind && part < behind && may_continue(analysis, part);
         i++, part++)
        if (mentions(analysis, wanted, part->begin, part->end))
            return true;
    return false;
}

static bool may_call(const hvc_analysis *analysis, const sites_distances *wanted, uint32_t group)
{
    return may_call_within(analysis, wanted, group, &reaches[REACHES - 1]);
}

static const hvc_ddi *find_ddi_at(const sites_job *job, uint32_t group, uint32_t rva)
{
    const hvc_analysis *analysis = job->analysis;
    size_t count;
    const hvc_ddi *ddis = hvc_ddis(&count);
    if (analysis->wdf_table == 0 || (analysis->wdf_indirect && rva != analysis->wdf_table))
        return NULL;
    for (unsigned i = 0; i < (analysis->wdf_indirect ? REACHES : 1); i++) {
        for (size_t k = 0; k < count; k++) {
            uint32_t distance = ddis[k].slot * analysis->isa->pointer_size;
            if (ddis[k].via != HVC_VIA_WDF || ddis[k].slot >= analysis->wdf_count)
                continue;
            sites_distances wanted = {0};
            add_distance(&wanted, distance);
            if (analysis->wdf_indirect ? may_call_within(analysis, &wanted, group, &reaches[i])
                                       : rva == analysis->wdf_table + distance)
                return &ddis[k];
        }
    }
    return NULL;
}

const hvc_ddi *sites_wdf_ddi_at(const sites_job *job, uint32_t group, uint32_t rva)
{
    sites_distances *known = job->distances;
    const hvc_analysis *analysis = job->analysis;
    /* All reads of the pointer in a function are for the same. */
    if (known == NULL || !analysis->wdf_indirect || rva != analysis->wdf_table)
        return find_ddi_at(job, group, rva);
    if (known->group == 0 || known->group != group) {
        known->group = group;
        known->told = find_ddi_at(job, group, rva);
    }
    return known->told;
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

/* -- what becomes of what is read -- */

/* Whether a value may be an entry of KMDF's table that matters. */
static bool holds_entry(const sites_job *job, hvc_value_id value)
{
    size_t count;
    const hvc_value_id *members = hvc_value_members(&job->analysis->values, &value, &count);
    for (size_t i = 0; i < count; i++)
        if (sites_wdf_ddi(job, members[i]) != NULL)
            return true;
    return false;
}

/* The same, or the pointer to the table. */
static bool leads_to_entry(const sites_job *job, hvc_value_id value)
{
    const hvc_analysis *analysis = job->analysis;
    uint64_t table = analysis->image->headers.image_base + analysis->wdf_table, address;
    size_t count;
    const hvc_value_id *members = hvc_value_members(&analysis->values, &value, &count);
    for (size_t i = 0; i < count; i++) {
        const hvc_term *term = hvc_term_of(&analysis->values, members[i]);
        if (analysis->wdf_indirect && term->kind == HVC_TERM_LOAD &&
            hvc_value_is_const(&analysis->values, term->a, &address) &&
            address + (uint64_t)(int64_t)term->offset == table)
            return true;
    }
    return holds_entry(job, value);
}

static bool any_leads(const sites_job *job, const hvc_value_id *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (leads_to_entry(job, values[i]))
            return true;
    return false;
}

/* Whether a call gives its callee what leads to an entry that matters. By the calling convention a
 * framework function sees nothing of the table that its own pointer was read from. */
static bool gives_entry(const sites_job *job, const hvc_flow_call *call)
{
    uint32_t index;
    if (hvc_wdf_index(job->analysis, call->target, &index))
        return false;
    unsigned taken = sites_argument_registers(job, call);
    for (unsigned n = HVC_FLOW_ARGUMENTS; n < HVC_FLOW_GIVEN; n++)
        if ((taken >> n & 1) != 0 && leads_to_entry(job, call->arguments[n]))
            return true;
    return any_leads(job, call->arguments, sites_argument_limit(job, call));
}

/* Whether what leads to an entry that matters goes where its calls are not followed. */
static bool is_handed_on(const sites_job *job, const hvc_flow *flow)
{
    bool used = false;
    uint32_t index;
    for (size_t i = 0; i < flow->calls.count; i++) {
        if (gives_entry(job, &flow->calls.items[i]))
            return true;
        used |= hvc_wdf_index(job->analysis, flow->calls.items[i].target, &index);
    }
    for (size_t i = 0; i < flow->stores.count; i++)
        if (leads_to_entry(job, flow->stores.items[i].value))
            return true;
    /* The table's pointer that is left in the return register of a function that calls by it is no
     * result. */
    if (flow->returned != HVC_VALUE_UNDEFINED &&
        (used ? holds_entry(job, flow->returned) : leads_to_entry(job, flow->returned)))
        return true;
    return any_leads(job, flow->kept.items, flow->kept.count);
}

static uint64_t bit_of(const hvc_operand *operand)
{
    return operand->kind == HVC_OPERAND_REG ? UINT64_C(1) << operand->reg : 0;
}

bool sites_is_used_at_once(const hvc_analysis *analysis, uint32_t rva)
{
    enum { LOOK = 24 }; /* instructions */
    const hvc_isa *isa = analysis->isa;
    uint64_t holders = 0;
    for (unsigned i = 0; i < LOOK; i++) {
        hvc_insn insn;
        if (!isa->decode(hvc_image_span(analysis->image, rva, isa->max_length),
                         analysis->image->headers.image_base + rva, &insn))
            return false;
        for (unsigned k = 0; k < insn.op_count; k++) {
            const hvc_op *op = &insn.ops[k];
            uint64_t used = (bit_of(&op->a) | bit_of(&op->b)) & holders;
            bool reads = op->kind == HVC_OP_LOAD && op->memory.base < HVC_REG_COUNT &&
                         (holders >> op->memory.base & 1) != 0;
            if (op->kind == HVC_OP_CALL)
                return used != 0 && (holders & ~(uint64_t)isa->volatile_registers &
                                     ((UINT64_C(1) << HVC_REG_MACHINE) - 1)) == 0;
            bool passes = op->kind == HVC_OP_MOVE || op->kind == HVC_OP_ALU ||
                          op->kind == HVC_OP_LOAD || op->kind == HVC_OP_COMPARE;
            if (!passes && (used != 0 || op->kind == HVC_OP_BRANCH || op->kind == HVC_OP_JUMP ||
                            op->kind == HVC_OP_RETURN || op->kind == HVC_OP_TRAP))
                return false;
            if (op->dst >= HVC_REG_COUNT || !passes)
                continue;
            if (used != 0 || reads || (i == 0 && op->kind == HVC_OP_LOAD))
                holders |= UINT64_C(1) << op->dst;
            else if (!op->merge)
                holders &= ~(UINT64_C(1) << op->dst);
        }
        rva += insn.length;
    }
    return false;
}

bool sites_account_wdf(sites_job *job, const hvc_flow *flow)
{
    const hvc_analysis *analysis = job->analysis;
    bool known = false, handed = false, hidden = false;
    for (size_t i = 0; i < flow->reads.count; i++) {
        const hvc_flow_read *read = &flow->reads.items[i];
        const hvc_ddi *ddi = sites_wdf_ddi_at(job, flow->begin, read->from);
        const hvc_flow_call *call = ddi != NULL ? hvc_flow_call_at(flow, read->rva) : NULL;
        if (ddi == NULL || (call != NULL && call->memory == read->from))
            continue;
        if (!known) {
            known = true;
            handed = is_handed_on(job, flow);
            hidden = any_leads(job, flow->hidden.items, flow->hidden.count);
        }
        sites_hiding hiding = sites_hiding_of(job, flow, hidden, read->from);
        if (!handed && (!sites_may_hide_calls(job, flow, hiding) ||
                        sites_is_used_at_once(analysis, read->rva)))
            continue;
        if (analysis->wdf_indirect && sites_reads_no_entry(job, read->rva, true))
            continue;
        if (!sites_add_open(job, flow, read->rva, ddi, "reference",
                            handed ? "its pointer is handed on, and its calls are not followed"
                                   : "its pointer is loaded, and its calls are not followed"))
            return false;
    }
    return true;
}
