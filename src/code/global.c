/* What a global variable can hold: its initial contents and everything that the image stores in it,
 * provided that nothing else can write there. */
#include <string.h>

#include "code/analysis.h"

enum { REACH_BELOW = 0x1000, WIDEST_STORE = 64, MAX_REFERENCES = 512 };

typedef struct question {
    hvc_analysis *analysis;
    uint32_t rva;
    uint8_t size;
    hvc_global *global;
} question;

static void open_up(hvc_global *global, hvc_unknown why)
{
    if (global->why == HVC_UNKNOWN_NONE)
        global->why = why;
}

static bool is_formed(const hvc_flow *flow, uint32_t rva)
{
    size_t low = 0, high = flow->addresses.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (flow->addresses.items[middle] < rva)
            low = middle + 1;
        else
            high = middle;
    }
    return low < flow->addresses.count && flow->addresses.items[low] == rva;
}

static bool const_rva(const hvc_analysis *analysis, hvc_value_id value, uint32_t *ret_rva)
{
    uint64_t address;
    return hvc_value_is_const(&analysis->values, value, &address) &&
           hvc_image_rva_of(analysis->image, address, ret_rva);
}

/* Where in an image's part a value may point: the last place in [low, high] among its members. */
static bool may_be_within(const hvc_analysis *analysis, hvc_value_id value, uint32_t low,
                          uint32_t high, uint32_t *ret_last)
{
    size_t count;
    bool found = false;
    const hvc_value_id *members = hvc_value_members(&analysis->values, &value, &count);
    for (size_t i = 0; i < count; i++) {
        uint32_t one;
        if (!const_rva(analysis, members[i], &one) || one < low || one > high)
            continue;
        *ret_last = found && *ret_last > one ? *ret_last : one;
        found = true;
    }
    return found;
}

static bool is_writer(const hvc_global *global, const hvc_flow_store *store)
{
    for (unsigned i = 0; i < global->count; i++)
        if (global->writers[i].store == store)
            return true;
    return false;
}

static void look_at_stores(question *q, const hvc_flow *flow)
{
    hvc_global *global = q->global;
    for (size_t i = 0; i < flow->stores.count; i++) {
        const hvc_flow_store *store = &flow->stores.items[i];
        uint32_t base;
        if (!const_rva(q->analysis, store->address, &base) || is_writer(global, store))
            continue;
        uint64_t to = (uint64_t)base + (uint64_t)(int64_t)store->offset;
        uint64_t end = to + store->size;
        if (store->size == 0) {
            bool above = to <= q->rva + q->size - 1u && q->rva - to < REACH_BELOW;
            if (above || (store->both && to > q->rva && to - q->rva < REACH_BELOW))
                open_up(global, HVC_UNKNOWN_GLOBAL);
            continue;
        }
        if (to >= (uint64_t)q->rva + q->size || end <= q->rva)
            continue;
        if (to != q->rva || store->size < q->size) {
            open_up(global, HVC_UNKNOWN_GLOBAL); /* written in part */
            continue;
        }
        if (global->count == HVC_GLOBAL_WRITERS)
            open_up(global, HVC_UNKNOWN_BUDGET);
        else
            global->writers[global->count++] = (hvc_global_writer){.flow = flow, .store = store};
    }
}

/* The addresses that a question is about: of an object that may reach as far as the variable, or of
 * a place further inside it. */
typedef struct target {
    uint32_t low, high;
    bool hidden; /* was put where terms may not show it any more */
} target;

/* Whether such an address is inside a term. */
static bool mentions_address(const hvc_analysis *analysis, hvc_value_id value, const target *object,
                             unsigned depth)
{
    size_t count;
    uint32_t rva;
    const hvc_value_id *members = hvc_value_members(&analysis->values, &value, &count);
    if (depth > HVC_VALUE_DEPTH || may_be_within(analysis, value, object->low, object->high, &rva))
        return true;
    for (size_t i = 0; i < count; i++) {
        const hvc_term *term = hvc_term_of(&analysis->values, members[i]);
        bool composed = term->kind == HVC_TERM_OP || term->kind == HVC_TERM_PART ||
                        term->kind == HVC_TERM_BOUND;
        if (composed && (mentions_address(analysis, term->a, object, depth + 1) ||
                         mentions_address(analysis, term->b, object, depth + 1)))
            return true;
    }
    return false;
}

/* Whether a value that is not known may be a pointer that was known before: ways met, control was
 * lost, or, for one that was put into the frame (hidden), the frame was. */
static bool may_be_lost_pointer(const hvc_analysis *analysis, hvc_value_id value, bool hidden)
{
    hvc_unknown why = hvc_value_why(&analysis->values, value);
    if (hvc_value_width(&analysis->values, value) < analysis->isa->pointer_size)
        return false;
    return hvc_value_is_lost(&analysis->values, value) ||
           (hidden &&
            (hvc_value_is_read(&analysis->values, value) || why == HVC_UNKNOWN_INSTRUCTION));
}

typedef enum relation { APART, SAME, DERIVED } relation;

/* What a value has to do with an object: SAME: *ret_last is the last place in it that the value may
 * be. */
static relation relation_to(const hvc_analysis *analysis, hvc_value_id value, const target *object,
                            uint32_t *ret_last)
{
    if (value == HVC_VALUE_UNDEFINED)
        return APART;
    if (may_be_within(analysis, value, object->low, object->high, ret_last))
        return SAME;
    return mentions_address(analysis, value, object, 0) ||
                   may_be_lost_pointer(analysis, value, object->hidden)
               ? DERIVED
               : APART;
}

static bool is_hidden(const hvc_analysis *analysis, const hvc_flow *flow, const target *object)
{
    for (size_t i = 0; i < flow->hidden.count; i++)
        if (mentions_address(analysis, flow->hidden.items[i], object, 0))
            return true;
    return false;
}

/* How many bytes from a pointer parameter on a function may write; UINT32_MAX when that is not
 * known. */
static uint32_t reach_of_parameter(hvc_analysis *analysis, const hvc_flow *flow, unsigned argument,
                                   unsigned depth);

/* The same for the callee of a call. */
static uint32_t reach_of_argument(hvc_analysis *analysis, const hvc_flow *flow,
                                  const hvc_flow_call *call, unsigned argument, unsigned depth)
{
    if (depth > 4)
        return UINT32_MAX;
    hvc_callee callee = {0};
    hvc_analysis_callee(analysis, call->target, &callee);
    if (callee.pure)
        return 0;
    if (callee.outs_known) {
        uint32_t reach = 0;
        for (unsigned i = 0; i < callee.out_count; i++)
            if (callee.outs[i].argument == argument)
                reach = callee.outs[i].size == 0 ? UINT32_MAX : callee.outs[i].size;
        return reach;
    }
    (void)flow;
    uint32_t rva;
    if (argument >= HVC_FLOW_ARGUMENTS && callee.standard) /* eax: no convention has it */
        return callee.by_register && argument > HVC_FLOW_ARGUMENTS ? UINT32_MAX : 0;
    if (!const_rva(analysis, call->target, &rva))
        return UINT32_MAX;
    const hvc_flow *inner = hvc_analysis_flow(analysis, rva);
    if (inner == NULL || inner->begin != rva || inner->incomplete)
        return UINT32_MAX;
    return reach_of_parameter(analysis, inner, argument, depth + 1);
}

/* Whether value is argument n as it came in: *ret_offset what was added to it. */
static bool is_parameter(const hvc_analysis *analysis, hvc_value_id value, unsigned n,
                         int64_t *ret_offset)
{
    const hvc_term *term = hvc_term_of(&analysis->values, value);
    uint8_t reg;
    *ret_offset = 0;
    if (term->kind == HVC_TERM_OP && term->alu == HVC_ALU_ADD) {
        uint64_t number;
        if (!hvc_value_is_const(&analysis->values, term->b, &number))
            return false;
        *ret_offset = term->size == 4 ? (int32_t)number : (int64_t)number;
        term = hvc_term_of(&analysis->values, term->a);
    }
    if (n >= HVC_FLOW_ARGUMENTS)
        return term->kind == HVC_TERM_ENTRY && term->reg == n - HVC_FLOW_ARGUMENTS;
    if (term->kind == HVC_TERM_ENTRY)
        return hvc_argument_register(analysis->isa, n, &reg) && term->reg == reg;
    return term->kind == HVC_TERM_ENTRY_STACK &&
           hvc_argument_of_entry_stack(analysis->isa, term->offset) == (int)n;
}

/* Whether the parameter is inside a term in a way that is_parameter does not see through. */
static bool mentions_parameter(const hvc_analysis *analysis, hvc_value_id value, unsigned n,
                               unsigned depth)
{
    int64_t offset;
    if (is_parameter(analysis, value, n, &offset))
        return true;
    size_t count;
    const hvc_value_id *members = hvc_value_members(&analysis->values, &value, &count);
    if (depth > HVC_VALUE_DEPTH)
        return true;
    for (size_t i = 0; i < count; i++) {
        const hvc_term *term = hvc_term_of(&analysis->values, members[i]);
        bool composed = term->kind == HVC_TERM_OP || term->kind == HVC_TERM_PART ||
                        term->kind == HVC_TERM_BOUND;
        if (count > 1 && mentions_parameter(analysis, members[i], n, depth + 1))
            return true;
        if (composed && (mentions_parameter(analysis, term->a, n, depth + 1) ||
                         mentions_parameter(analysis, term->b, n, depth + 1)))
            return true;
    }
    return false;
}

static uint32_t farther(uint32_t reach, int64_t offset, uint32_t more)
{
    if (more == UINT32_MAX || offset < 0 || offset > 1 << 20)
        return UINT32_MAX;
    uint64_t end = (uint64_t)offset + more;
    return end > reach ? (uint32_t)end : reach;
}

/* Whether one of a list of values has to do with the parameter. */
static bool holds_parameter(const hvc_analysis *analysis, const hvc_value_id *values, size_t count,
                            unsigned argument)
{
    for (size_t i = 0; i < count; i++)
        if (mentions_parameter(analysis, values[i], argument, 0))
            return true;
    return false;
}

static uint32_t reach_of_parameter(hvc_analysis *analysis, const hvc_flow *flow, unsigned argument,
                                   unsigned depth)
{
    uint32_t reach = 0;
    bool hidden = holds_parameter(analysis, flow->hidden.items, flow->hidden.count, argument);
    if (holds_parameter(analysis, flow->kept.items, flow->kept.count, argument))
        return UINT32_MAX;
    for (size_t i = 0; i < flow->stores.count && reach != UINT32_MAX; i++) {
        const hvc_flow_store *store = &flow->stores.items[i];
        int64_t offset;
        if (mentions_parameter(analysis, store->value, argument, 0))
            return UINT32_MAX; /* kept somewhere */
        if (is_parameter(analysis, store->address, argument, &offset))
            reach =
                store->size == 0 ? UINT32_MAX : farther(reach, offset + store->offset, store->size);
        else if (mentions_parameter(analysis, store->address, argument, 0) ||
                 hvc_value_why(&analysis->values, store->address) != HVC_UNKNOWN_NONE)
            return UINT32_MAX;
    }
    for (size_t i = 0; i < flow->calls.count && reach != UINT32_MAX; i++) {
        const hvc_flow_call *call = &flow->calls.items[i];
        for (unsigned n = 0; n < HVC_FLOW_GIVEN && reach != UINT32_MAX; n++) {
            int64_t offset;
            if (is_parameter(analysis, call->arguments[n], argument, &offset))
                reach = farther(reach, offset, reach_of_argument(analysis, flow, call, n, depth));
            else if (mentions_parameter(analysis, call->arguments[n], argument, 0) ||
                     (call->arguments[n] != HVC_VALUE_UNDEFINED && (call->absent >> n & 1) == 0 &&
                      may_be_lost_pointer(analysis, call->arguments[n], hidden) &&
                      reach_of_argument(analysis, flow, call, n, depth) > 0))
                return UINT32_MAX;
        }
    }
    if (flow->returned != HVC_VALUE_UNDEFINED &&
        (mentions_parameter(analysis, flow->returned, argument, 0) ||
         may_be_lost_pointer(analysis, flow->returned, hidden)))
        return UINT32_MAX;
    return reach;
}

/* Whether all that a call writes through an argument was noted as a store: the object that
 * PcNewPort or QueryInterface gives. */
static bool was_noted(const hvc_analysis *analysis, const hvc_flow *flow, const hvc_flow_call *call,
                      unsigned n)
{
    for (size_t i = 0; i < flow->stores.count; i++) {
        const hvc_flow_store *store = &flow->stores.items[i];
        if (store->rva == call->rva && store->address == call->arguments[n] &&
            hvc_term_of(&analysis->values, store->value)->kind == HVC_TERM_OBJECT)
            return true;
    }
    return false;
}

/* Whether a store of flow goes to an address that was lost on the way: any that the function forms
 * may be it. at: only what the instruction there stores; 0: any. */
static bool has_lost_store(const hvc_analysis *analysis, const hvc_flow *flow, uint32_t at)
{
    for (size_t i = 0; i < flow->stores.count; i++)
        if ((at == 0 || flow->stores.items[i].rva == at) &&
            hvc_value_is_lost(&analysis->values, flow->stores.items[i].address))
            return true;
    return false;
}

/* Whether a store goes to an address that is computed from the object's. */
static bool stores_beside(const hvc_analysis *analysis, const hvc_flow_store *store,
                          const target *object)
{
    uint32_t rva;
    if (relation_to(analysis, store->address, object, &rva) == DERIVED)
        return true;
    /* of a sum the number may stand in the offset */
    return analysis->isa->pointer_size == 4 && !const_rva(analysis, store->address, &rva) &&
           hvc_image_rva_of(analysis->image, (uint32_t)store->offset, &rva) && rva >= object->low &&
           rva <= object->high;
}

/* Whether a pointer to the object gets where flow does not show what becomes of it. */
static bool is_kept(const hvc_analysis *analysis, const hvc_flow *flow, const target *object)
{
    uint8_t pointer = analysis->isa->pointer_size;
    uint32_t last;
    for (size_t i = 0; i < flow->stores.count; i++) {
        const hvc_flow_store *store = &flow->stores.items[i];
        relation stored = relation_to(analysis, store->value, object, &last);
        if (stored == SAME || (stored == DERIVED && (store->size == 0 || store->size >= pointer)) ||
            stores_beside(analysis, store, object))
            return true;
    }
    for (size_t i = 0; i < flow->kept.count; i++)
        if (relation_to(analysis, flow->kept.items[i], object, &last) != APART)
            return true;
    return relation_to(analysis, flow->returned, object, &last) != APART;
}

/* The address `address` (at or below the variable) is formed in flow: can what is done with it
 * write to the variable? */
static void look_at_taken(question *q, const hvc_flow *flow, uint32_t address)
{
    hvc_analysis *analysis = q->analysis;
    target object = {.low = address, .high = q->rva + q->size - 1u};
    if (has_lost_store(analysis, flow, 0)) {
        open_up(q->global, HVC_UNKNOWN_FLOW);
        return;
    }
    object.hidden = is_hidden(analysis, flow, &object);
    if (is_kept(analysis, flow, &object)) {
        open_up(q->global, HVC_UNKNOWN_GLOBAL);
        return;
    }
    for (size_t i = 0; i < flow->calls.count; i++) {
        const hvc_flow_call *call = &flow->calls.items[i];
        for (unsigned n = 0; n < HVC_FLOW_GIVEN; n++) {
            uint32_t last = q->rva;
            relation given = relation_to(analysis, call->arguments[n], &object, &last);
            if (given == APART || (call->absent >> n & 1) != 0 ||
                was_noted(analysis, flow, call, n))
                continue;
            uint32_t reach = reach_of_argument(analysis, flow, call, n, 0);
            if (reach > (given == SAME && last < q->rva ? q->rva - last : 0)) {
                open_up(q->global, HVC_UNKNOWN_GLOBAL);
                return;
            }
        }
    }
}

static bool seen_before(const hvc_analysis *analysis, const hvc_xref *first, size_t i,
                        bool same_target)
{
    const hvc_code_function *function = hvc_function_at(&analysis->map, first[i].from);
    for (size_t k = i; k-- > 0;) {
        if (same_target && first[k].to != first[i].to)
            break;
        const hvc_code_function *before = hvc_function_at(&analysis->map, first[k].from);
        if (before != NULL && function != NULL && before->group == function->group)
            return true;
    }
    return false;
}

/* Everything that refers to the variable itself. */
static void look_at_references(question *q, const hvc_xrefs *xrefs)
{
    hvc_analysis *analysis = q->analysis;
    uint32_t low = q->rva > WIDEST_STORE ? q->rva - WIDEST_STORE : 0;
    size_t count;
    const hvc_xref *xref = hvc_xrefs_find(xrefs, low, q->rva + q->size, &count);
    if (count > MAX_REFERENCES) {
        open_up(q->global, HVC_UNKNOWN_BUDGET);
        return;
    }
    for (size_t i = 0; i < count && q->global->why == HVC_UNKNOWN_NONE; i++) {
        bool at = xref[i].to >= q->rva;
        if (xref[i].kind == HVC_XREF_POINTER && at) {
            open_up(q->global, HVC_UNKNOWN_GLOBAL);
            return;
        }
        if (xref[i].kind != HVC_XREF_ADDRESS || seen_before(analysis, xref, i, false))
            continue;
        if (hvc_function_at(&analysis->map, xref[i].from) == NULL)
            continue;
        const hvc_flow *flow = hvc_analysis_flow(analysis, xref[i].from);
        if (flow == NULL) {
            open_up(q->global, HVC_UNKNOWN_BUDGET);
            return;
        }
        look_at_stores(q, flow);
    }
    /* A reference from code that was not reached may be a store. */
    for (size_t i = 0; i < count && q->global->why == HVC_UNKNOWN_NONE; i++) {
        bool at = xref[i].to + 4 >= q->rva;
        if (!at || xref[i].kind != HVC_XREF_ADDRESS ||
            hvc_function_at(&analysis->map, xref[i].from) == NULL)
            continue;
        const hvc_flow *flow = hvc_analysis_flow(analysis, xref[i].from);
        if (flow != NULL && ((flow->incomplete && !hvc_flow_covers(flow, xref[i].from)) ||
                             has_lost_store(analysis, flow, xref[i].from)))
            open_up(q->global, HVC_UNKNOWN_FLOW);
        for (uint32_t k = 0; flow != NULL && k < q->size; k++)
            if (is_formed(flow, q->rva + k))
                look_at_taken(q, flow, q->rva);
    }
}

/* The stores of the code that xref[i] stands in, which refers to something near the variable. NULL
 * when they were looked at before, and when they cannot be. */
static const hvc_flow *look_near(question *q, const hvc_xref *xref, size_t i)
{
    hvc_analysis *analysis = q->analysis;
    if (xref[i].kind != HVC_XREF_ADDRESS || seen_before(analysis, xref, i, true) ||
        hvc_function_at(&analysis->map, xref[i].from) == NULL)
        return NULL;
    const hvc_flow *flow = hvc_analysis_flow(analysis, xref[i].from);
    if (flow == NULL)
        open_up(q->global, HVC_UNKNOWN_BUDGET);
    else
        look_at_stores(q, flow);
    return flow;
}

/* Objects that start below and whose address gets out: they might reach as far as the variable. */
static void look_below(question *q, const hvc_xrefs *xrefs, const hvc_section *section)
{
    uint32_t low = q->rva > REACH_BELOW ? q->rva - REACH_BELOW : 0;
    if (low < section->rva)
        low = section->rva;
    size_t count;
    const hvc_xref *xref = hvc_xrefs_find(xrefs, low, q->rva, &count);
    for (size_t i = 0; i < count && q->global->why == HVC_UNKNOWN_NONE; i++) {
        if (xref[i].kind == HVC_XREF_POINTER) {
            open_up(q->global, HVC_UNKNOWN_GLOBAL); /* a pointer to it is kept */
            continue;
        }
        const hvc_flow *flow = look_near(q, xref, i);
        if (flow != NULL && is_formed(flow, xref[i].to))
            look_at_taken(q, flow, xref[i].to);
    }
}

/* Arrays that end above: an index or a pointer may come down from there as far as the variable. */
static void look_above(question *q, const hvc_xrefs *xrefs)
{
    size_t count;
    const hvc_xref *xref = hvc_xrefs_find(xrefs, q->rva + q->size, q->rva + REACH_BELOW, &count);
    for (size_t i = 0; i < count && q->global->why == HVC_UNKNOWN_NONE; i++) {
        const hvc_flow *flow = look_near(q, xref, i);
        if (flow != NULL && is_formed(flow, xref[i].to) && has_lost_store(q->analysis, flow, 0))
            open_up(q->global, HVC_UNKNOWN_FLOW);
    }
}

/* Whether other images can get at a variable: it is exported, or lies in what may be an exported
 * object. */
static bool is_exported(const hvc_image *image, const hvc_section *section, uint32_t rva,
                        uint8_t size)
{
    for (size_t i = 0; i < image->exports.count; i++) {
        uint32_t object = image->exports.items[i].rva;
        if (object != 0 && object >= section->rva && object < rva + size &&
            rva - object < REACH_BELOW)
            return true;
        if (object >= rva && object < rva + size)
            return true;
    }
    return false;
}

void hvc_global_look(hvc_analysis *analysis, uint32_t rva, uint8_t size, hvc_global *ret_global)
{
    memset(ret_global, 0, sizeof(*ret_global));
    question q = {.analysis = analysis, .rva = rva, .size = size, .global = ret_global};
    const hvc_section *section = hvc_image_section_at(analysis->image, rva);
    const hvc_xrefs *xrefs = hvc_analysis_xrefs(analysis);
    if (section == NULL || xrefs == NULL) {
        open_up(ret_global, HVC_UNKNOWN_MEMORY);
        return;
    }
    if (is_exported(analysis->image, section, rva, size)) {
        open_up(ret_global, HVC_UNKNOWN_GLOBAL);
        return;
    }
    look_at_references(&q, xrefs);
    if (ret_global->why == HVC_UNKNOWN_NONE)
        look_below(&q, xrefs, section);
    if (ret_global->why == HVC_UNKNOWN_NONE)
        look_above(&q, xrefs);
}

static hvc_global_numbers *cached(hvc_analysis *analysis, uint32_t rva, uint8_t size)
{
    for (size_t i = 0; i < analysis->globals.count; i++)
        if (analysis->globals.items[i].rva == rva && analysis->globals.items[i].size == size)
            return &analysis->globals.items[i];
    return NULL;
}

static void merge(hvc_numbers *numbers, const hvc_numbers *more)
{
    for (unsigned i = 0; i < more->count; i++)
        hvc_numbers_add(numbers, more->list[i]);
    if (more->why != HVC_UNKNOWN_NONE)
        hvc_numbers_unknown_bits(numbers, more->why, more->ones, more->zeros);
    numbers->origins |= more->origins;
}

void hvc_resolve_global(hvc_analysis *analysis, uint32_t rva, uint8_t size, unsigned depth,
                        hvc_numbers *numbers)
{
    const hvc_section *section = hvc_image_section_at(analysis->image, rva);
    uint8_t bytes[8] = {0};
    uint32_t import;
    if (section == NULL || size == 0 || size > 8 ||
        hvc_analysis_import_at(analysis, rva, &import) ||
        !hvc_image_read(analysis->image, rva, bytes, size)) {
        hvc_numbers_unknown(numbers, HVC_UNKNOWN_MEMORY);
        return;
    }
    if ((section->characteristics & HVC_SCN_MEM_WRITE) == 0) {
        numbers->origins |= HVC_ORIGIN_READ_ONLY;
        hvc_numbers_add(numbers, hvc_le64(bytes));
        return;
    }
    uint64_t number;
    if (hvc_opt_in_number(analysis, rva, size, &number)) {
        numbers->origins |= HVC_ORIGIN_OPT_IN;
        hvc_numbers_add(numbers, number);
        return;
    }
    hvc_global_numbers *known = cached(analysis, rva, size);
    if (known != NULL) {
        if (known->busy) {
            /* a copy of itself adds nothing, what is computed from itself does each time round */
            if (known->changes != analysis->changes)
                hvc_numbers_unknown(numbers, HVC_UNKNOWN_MERGE);
            analysis->cuts++;
            return;
        }
        if (known->known) {
            merge(numbers, &known->numbers);
            return;
        }
    }
    hvc_global_numbers *entry = known;
    if (entry == NULL)
        entry = hvc_vector_add(&analysis->arena, &analysis->globals);
    if (entry == NULL) {
        analysis->failed = true;
        hvc_numbers_unknown(numbers, HVC_UNKNOWN_BUDGET);
        return;
    }
    size_t index = (size_t)(entry - analysis->globals.items);
    unsigned cuts = analysis->cuts;
    analysis->busy_globals++;
    *entry =
        (hvc_global_numbers){.changes = analysis->changes, .rva = rva, .size = size, .busy = true};
    hvc_numbers found = {.count = 0};
    found.origins |= HVC_ORIGIN_GLOBAL;
    hvc_global global;
    hvc_global_look(analysis, rva, size, &global);
    if (global.why != HVC_UNKNOWN_NONE) {
        hvc_numbers_unknown(&found, global.why);
    } else {
        hvc_numbers_add(&found, hvc_le64(bytes));
        for (unsigned i = 0; i < global.count; i++) {
            hvc_frame frame = {.flow = global.writers[i].flow};
            hvc_resolve_step(analysis, &frame, global.writers[i].store->value, depth + 1, &found);
        }
    }
    for (unsigned i = 0; i < found.count; i++) {
        found.list[i] &= hvc_size_mask(size);
        /* resolve_op lets zero-extensions of 32 bits pass for no change */
        if (cuts != analysis->cuts && found.list[i] > UINT32_MAX)
            hvc_numbers_unknown(&found, HVC_UNKNOWN_MERGE);
    }
    entry = &analysis->globals.items[index];
    analysis->busy_globals--;
    entry->busy = false;
    entry->numbers = found;
    entry->known =
        cuts == analysis->cuts || (analysis->busy_globals == 0 && analysis->asked_count == 0);
    merge(numbers, &found);
}
