/* Where the impacted DDIs are called: from the references to their import slots over thunks,
 * variables that hold them, KMDF's function table and functions looked up by name to the calls
 * themselves. */
#include "code/sites.h"

#include <stddef.h>
#include <string.h>

#include "code/judge.h"
#include "code/pointers.h"
#include "code/radix.h"
#include "ddi/import_facts.h"

enum { NEAR_CALL = 32 };

static bool decides(const hvc_ddi *ddi)
{
    return ddi->argument >= 0 || ddi->advice;
}

static bool text_is(hvc_text text, const char *name)
{
    return text.size == strlen(name) && memcmp(text.data, name, text.size) == 0;
}

/* -- what matters -- */

static bool find_interests(sites_job *job, bool *ret_any)
{
    const hvc_image *image = job->analysis->image;
    job->interests =
        hvc_arena_array(&job->analysis->arena, image->imports.count + 1, sizeof(*job->interests));
    if (job->interests == NULL)
        return false;
    *ret_any = false;
    for (size_t i = 0; i < image->imports.count; i++) {
        hvc_text name = image->imports.items[i].name;
        sites_interest *interest = &job->interests[i];
        if (name.data == NULL)
            continue;
        interest->ddi = hvc_ddi_of_import(name);
        if (text_is(name, "MmGetSystemRoutineAddress") || text_is(name, "FltGetRoutineAddress") ||
            text_is(name, "NdisGetRoutineAddress")) {
            interest->kind = SITES_LOOKUP;
            if (interest->ddi == NULL)
                interest->ddi = hvc_ddi_find("MmGetSystemRoutineAddress");
        } else if (text_is(name, "StorPortExtendedFunction")) {
            interest->kind = SITES_EXTENDED;
        } else if (interest->ddi != NULL && decides(interest->ddi)) {
            interest->kind = SITES_DDI;
        } else if (sites_has_practice(name)) {
            interest->kind = SITES_PRACTICE;
        }
        *ret_any |= interest->kind != SITES_NONE;
    }
    return true;
}

static bool interesting_at(const sites_job *job, uint32_t rva, uint32_t *ret_import)
{
    return hvc_analysis_import_at(job->analysis, rva, ret_import) &&
           job->interests[*ret_import].kind != SITES_NONE;
}

/* -- which functions to look at -- */

static bool enqueue(sites_job *job, uint32_t rva, bool thorough)
{
    const hvc_code_function *function = hvc_function_at(&job->analysis->map, rva);
    if (function == NULL || !hvc_analysis_visit(job->analysis, function->group, thorough))
        return !job->analysis->failed;
    uint32_t *item = hvc_vector_add(&job->analysis->arena, &job->queue);
    if (item == NULL)
        return false;
    *item = function->group;
    return true;
}

bool sites_enqueue(sites_job *job, uint32_t rva)
{
    return enqueue(job, rva, true);
}

bool sites_enqueue_point(sites_job *job, sites_point_kind kind, const hvc_xref *reference)
{
    sites_point *point = hvc_vector_add(&job->analysis->arena, &job->points);
    if (point == NULL)
        return false;
    *point = (sites_point){reference->from, reference->to, (uint8_t)kind, reference->certain};
    return enqueue(job, reference->from, false);
}

static const sites_alias *alias_at(const sites_alias *items, size_t count, uint32_t rva)
{
    for (size_t i = 0; i < count; i++)
        if (items[i].rva == rva)
            return &items[i];
    return NULL;
}

/* Every function that refers to rva is looked at. For a thunk: *ret_taken whether its address is
 * taken. */
static bool enqueue_referrers(sites_job *job, uint32_t rva, bool *ret_taken);

static bool add_thunk(sites_job *job, uint32_t rva, uint32_t import)
{
    if (alias_at(job->thunks.items, job->thunks.count, rva) != NULL)
        return true;
    sites_alias *thunk = hvc_vector_add(&job->analysis->arena, &job->thunks);
    if (thunk == NULL)
        return false;
    *thunk = (sites_alias){.rva = rva, .import = import};
    bool taken = false;
    if (!enqueue_referrers(job, rva, &taken))
        return false;
    const hvc_code_function *function = hvc_function_at(&job->analysis->map, rva);
    taken |= function != NULL && (function->sources & (HVC_FROM_EXPORT | HVC_FROM_GUARD)) != 0;
    /* Called from who knows where: its own jump is a call with whatever comes in. */
    return !taken || sites_enqueue(job, rva);
}

/* A function that holds a reference: a thunk, or one to look at. point: as what, when a quick look
 * may tell what the reference does; NULL when it cannot. */
static bool enqueue_reference(sites_job *job, const hvc_xref *reference,
                              const sites_point_kind *point)
{
    uint32_t from = reference->from;
    const hvc_code_function *function = hvc_function_at(&job->analysis->map, from);
    uint32_t import;
    if (function == NULL)
        return true;
    if (from - function->begin < 16 &&
        hvc_analysis_thunk(job->analysis, function->begin, &import) &&
        job->interests[import].kind != SITES_NONE)
        return add_thunk(job, function->begin, import);
    return point != NULL ? sites_enqueue_point(job, *point, reference) : sites_enqueue(job, from);
}

static bool enqueue_referrers(sites_job *job, uint32_t rva, bool *ret_taken)
{
    const sites_point_kind thunk = SITES_POINT_THUNK;
    const hvc_xrefs *xrefs = hvc_analysis_xrefs(job->analysis);
    if (xrefs == NULL)
        return !job->analysis->failed;
    size_t count;
    /* x64 operands with an immediate behind them are reckoned from up to 4 bytes lower. */
    const hvc_xref *xref = hvc_xrefs_find(xrefs, rva < 4 ? 0 : rva - 4, rva + 1, &count);
    for (size_t i = 0; i < count; i++) {
        if (xref[i].to != rva && xref[i].kind != HVC_XREF_ADDRESS)
            continue;
        if (xref[i].kind == HVC_XREF_POINTER)
            *ret_taken = true;
        else if (!enqueue_reference(job, &xref[i],
                                    xref[i].kind == HVC_XREF_ADDRESS ? NULL : &thunk))
            return false;
    }
    return true;
}

static bool add_holder(sites_job *job, uint32_t rva, uint32_t import, const hvc_ddi *ddi)
{
    if (alias_at(job->holders.items, job->holders.count, rva) != NULL)
        return true;
    sites_alias *holder = hvc_vector_add(&job->analysis->arena, &job->holders);
    if (holder == NULL)
        return false;
    *holder = (sites_alias){.rva = rva, .import = import, .ddi = ddi};
    bool taken = false;
    return enqueue_referrers(job, rva, &taken);
}

/* Pointers to slots that lie in data (MinGW's .refptr): whoever reads such a pointer is looked at.
 */
static bool take_slot_pointer(void *context, uint32_t from, uint32_t to)
{
    sites_job *job = context;
    uint32_t import;
    bool taken = false;
    if (!interesting_at(job, to, &import))
        return true;
    job->interests[import].referred = true;
    return enqueue_referrers(job, from, &taken);
}

/* -- what a function does with what matters -- */

static bool const_rva(const hvc_analysis *analysis, hvc_value_id value, uint32_t *ret_rva)
{
    uint64_t address;
    return hvc_value_is_const(&analysis->values, value, &address) &&
           hvc_image_rva_of(analysis->image, address, ret_rva);
}

bool sites_import_of_call(const sites_job *job, const hvc_flow_call *call, uint32_t *ret_import)
{
    uint32_t rva;
    if (hvc_analysis_import_of(job->analysis, call->target, ret_import))
        return true;
    if (!const_rva(job->analysis, call->target, &rva))
        return false;
    const sites_alias *thunk = alias_at(job->thunks.items, job->thunks.count, rva);
    if (thunk == NULL)
        return false;
    *ret_import = thunk->import;
    return true;
}

/* How a call reaches the import whose pointer it takes from a register. */
static const char *form_of(const sites_job *job, const hvc_flow_call *call, uint32_t import)
{
    const hvc_analysis *analysis = job->analysis;
    uint32_t slot = analysis->image->imports.items[import].slot;
    bool near = call->memory == slot;
    for (size_t i = 0; i < analysis->near.items.count && !near; i++)
        near = analysis->near.items.items[i].to == slot &&
               call->rva + call->length - analysis->near.items.items[i].from <= NEAR_CALL;
    if (call->guarded)
        return "guard";
    if (call->tail)
        return "tail";
    if (!near)
        return "hoisted";
    uint32_t module = analysis->image->imports.items[import].module;
    bool delay = module < analysis->image->modules.count &&
                 analysis->image->modules.items[module].kind == HVC_IMPORT_DELAY;
    return delay ? "delay-import" : "import";
}

static bool was_handled(const sites_job *job, uint32_t call_rva)
{
    for (size_t i = 0; i < job->lookups.count; i++)
        if (job->lookups.items[i] == call_rva)
            return true;
    return false;
}

static bool add_extended(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call)
{
    hvc_frame frame = {.flow = flow};
    hvc_numbers codes;
    size_t count;
    const hvc_ddi *ddis = hvc_ddis(&count);
    hvc_resolve(job->analysis, &frame, call->arguments[0], 4, &codes);
    for (unsigned i = 0; i < codes.count; i++)
        for (size_t k = 0; k < count; k++)
            if (ddis[k].via == HVC_VIA_EXTENDED && ddis[k].slot == codes.list[i] &&
                !sites_add(job, flow, call, &ddis[k], "extended"))
                return false;
    return true;
}

static bool follow_lookup(sites_job *job, const hvc_flow *flow, const hvc_flow_call *lookup,
                          const hvc_ddi *ddi, bool *ret_used);

void sites_names_of(const sites_job *job, const hvc_flow *flow, const hvc_flow_call *call,
                    uint32_t import, hvc_looked_up *ret_names)
{
    bool ansi = text_is(job->analysis->image->imports.items[import].name, "FltGetRoutineAddress");
    hvc_resolve_names(job->analysis, flow, call, ansi, ret_names);
}

const hvc_ddi *sites_looked_up(const char *name)
{
    const hvc_ddi *ddi = hvc_ddi_of_import((hvc_text){name, strlen(name)});
    return ddi != NULL && decides(ddi) ? ddi : NULL;
}

/* A call of MmGetSystemRoutineAddress and the like: which functions it may give. */
static bool add_lookup(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call,
                       uint32_t import)
{
    const hvc_ddi *own = job->interests[import].ddi;
    hvc_looked_up names;
    sites_names_of(job, flow, call, import, &names);
    uint32_t *known = hvc_vector_add(&job->analysis->arena, &job->lookups);
    if (known == NULL)
        return false;
    *known = call->rva;
    if (!names.complete)
        return sites_add_open(job, flow, call->rva, own, "lookup",
                              "the name of the function that is looked up is not known");
    for (unsigned i = 0; i < names.count; i++) {
        const hvc_ddi *ddi = sites_looked_up(names.list[i]);
        if (ddi == NULL)
            continue;
        bool used = false;
        if (names.count == 1 && !follow_lookup(job, flow, call, ddi, &used))
            return false;
        if (!used && !sites_add_open(job, flow, call->rva, ddi, "lookup",
                                     "what is done with the pointer is not followed"))
            return false;
    }
    return true;
}

static bool add_import_call(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call,
                            uint32_t import, const char *form)
{
    const sites_interest *interest = &job->interests[import];
    switch (interest->kind) {
    case SITES_DDI:
        return sites_add(job, flow, call, interest->ddi, form);
    case SITES_EXTENDED:
        return add_extended(job, flow, call);
    case SITES_LOOKUP:
        return was_handled(job, call->rva) || add_lookup(job, flow, call, import);
    default:
        return true;
    }
}

/* The variable that a call goes through, when it holds a pointer; NULL when it is none. */
static const sites_alias *holder_of(const sites_job *job, hvc_value_id target)
{
    const hvc_analysis *analysis = job->analysis;
    const hvc_term *term = hvc_term_of(&analysis->values, target);
    uint32_t rva;
    if (term->kind != HVC_TERM_LOAD || !const_rva(analysis, term->a, &rva))
        return NULL;
    return alias_at(job->holders.items, job->holders.count, rva + (uint32_t)term->offset);
}

/* A call through a variable that holds a pointer. */
static bool add_held(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call,
                     hvc_value_id member)
{
    const sites_alias *holder = holder_of(job, member);
    if (holder == NULL)
        return true;
    return holder->ddi != NULL ? sites_add(job, flow, call, holder->ddi, "lookup")
                               : add_import_call(job, flow, call, holder->import, "global");
}

bool sites_add_member(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call,
                      hvc_value_id member)
{
    hvc_analysis *analysis = job->analysis;
    uint32_t import, rva;
    if (hvc_analysis_import_of(analysis, member, &import))
        return add_import_call(job, flow, call, import, form_of(job, call, import));
    if (const_rva(analysis, member, &rva)) {
        const sites_alias *thunk = alias_at(job->thunks.items, job->thunks.count, rva);
        return thunk == NULL || add_import_call(job, flow, call, thunk->import, "thunk");
    }
    const hvc_ddi *ddi = sites_wdf_ddi(job, member);
    if (ddi != NULL)
        return sites_add(job, flow, call, ddi, "wdf");
    ddi = sites_method_ddi(job, member);
    return ddi == NULL || sites_add_method(job, flow, call, ddi);
}

typedef bool (*take_member)(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call,
                            hvc_value_id member);

/* Takes each value that the target of one of the calls can be. */
static bool take_calls(sites_job *job, const hvc_flow *flow, const hvc_flow_call *calls,
                       size_t call_count, take_member take)
{
    for (size_t i = 0; i < call_count; i++) {
        const hvc_flow_call *call = &calls[i];
        size_t count;
        hvc_value_members(&job->analysis->values, &call->target, &count);
        for (size_t k = 0; k < count; k++) {
            size_t n;
            hvc_value_id member = hvc_value_members(&job->analysis->values, &call->target, &n)[k];
            if (!take(job, flow, call, member))
                return false;
        }
    }
    return true;
}

static bool add_calls(sites_job *job, const hvc_flow *flow, take_member take)
{
    return take_calls(job, flow, flow->calls.items, flow->calls.count, take);
}

static bool add_guesses(sites_job *job, const hvc_flow *flow, take_member take)
{
    return take_calls(job, flow, flow->guesses.items, flow->guesses.count, take);
}

/* Whether one of the members of value is the pointer of import. */
static bool holds_import(const hvc_analysis *analysis, hvc_value_id value, uint32_t import)
{
    size_t count;
    const hvc_value_id *members = hvc_value_members(&analysis->values, &value, &count);
    for (size_t i = 0; i < count; i++) {
        uint32_t one;
        if (hvc_analysis_import_of(analysis, members[i], &one) && one == import)
            return true;
    }
    return false;
}

/* Whether a call's callee only keeps the pointer to allocate with it later, as its own flags say.
 */
static bool takes_allocator(const sites_job *job, const hvc_flow_call *call)
{
    uint32_t import;
    if (!hvc_analysis_import_of(job->analysis, call->target, &import))
        return false;
    const hvc_ddi *ddi = job->interests[import].ddi;
    return ddi != NULL && (strcmp(ddi->name, "ExInitializeNPagedLookasideList") == 0 ||
                           strcmp(ddi->name, "ExInitializeLookasideListEx") == 0);
}

unsigned sites_argument_limit(const sites_job *job, const hvc_flow_call *call)
{
    uint32_t import;
    if (!sites_import_of_call(job, call, &import))
        return HVC_FLOW_ARGUMENTS;
    const hvc_import_facts *facts =
        hvc_import_facts_of(job->analysis->image->imports.items[import].name);
    if (facts == NULL || facts->x86_stack <= 0 || facts->x86_stack / 4 >= HVC_FLOW_ARGUMENTS)
        return HVC_FLOW_ARGUMENTS;
    return (unsigned)facts->x86_stack / 4;
}

unsigned sites_argument_registers(const sites_job *job, const hvc_flow_call *call)
{
    hvc_callee callee = {0};
    unsigned taken = 0;
    if (job->analysis->isa->argument_register_count != 0)
        return 0;
    hvc_analysis_callee(job->analysis, call->target, &callee);
    for (unsigned n = HVC_FLOW_ARGUMENTS; n < HVC_FLOW_GIVEN; n++)
        if ((!callee.standard || (callee.by_register && n > HVC_FLOW_ARGUMENTS)) &&
            call->arguments[n] != call->target)
            taken |= 1u << n;
    return taken;
}

/* Whether a call hands the pointer of import on in a register of those. */
static bool hands_on_in_register(const sites_job *job, const hvc_flow_call *call, uint32_t import)
{
    unsigned taken = sites_argument_registers(job, call);
    for (unsigned n = HVC_FLOW_ARGUMENTS; n < HVC_FLOW_GIVEN; n++)
        if ((taken >> n & 1) != 0 && holds_import(job->analysis, call->arguments[n], import))
            return true;
    return false;
}

/* Whether a value may have been known before ways met, or before control was lost; or before the
 * stack got out of sight, for a pointer that was put there. */
static bool is_lost(const hvc_values *values, hvc_value_id value, sites_hiding hiding)
{
    return hvc_value_is_lost(values, value) ||
           (hiding == SITES_HIDDEN && hvc_value_is_read(values, value)) ||
           (hiding == SITES_SPILLED_LOST && hvc_value_why(values, value) == HVC_UNKNOWN_FRAME);
}

/* Whether a call whose target got lost is one that the guesses tell of. */
static bool is_guessed(const sites_job *job, const hvc_flow *flow, uint32_t rva,
                       sites_hiding hiding)
{
    bool found = false;
    for (size_t i = 0; i < flow->guesses.count; i++) {
        const hvc_flow_call *guess = &flow->guesses.items[i];
        if (guess->rva == rva && is_lost(&job->analysis->values, guess->target, hiding))
            return false;
        found |= guess->rva == rva;
    }
    return found;
}

bool sites_may_hide_calls(const sites_job *job, const hvc_flow *flow, sites_hiding hiding)
{
    for (size_t i = 0; i < flow->calls.count; i++) {
        const hvc_flow_call *call = &flow->calls.items[i];
        if (is_lost(&job->analysis->values, call->target, hiding) &&
            !is_guessed(job, flow, call->rva, hiding))
            return true;
    }
    return flow->incomplete && flow->guesses.count == 0;
}

/* How long the register lives that the instruction at rva loads: whether calls destroy it, and
 * whether it is copied, to the stack or another register, in the code right behind. */
static void follow_register(const hvc_analysis *analysis, uint32_t rva, bool *ret_dies,
                            bool *ret_kept)
{
    enum { LOOK = 16 }; /* instructions */
    const hvc_isa *isa = analysis->isa;
    uint8_t reg = HVC_REG_NONE;
    bool over = false;
    *ret_dies = *ret_kept = false;
    for (unsigned i = 0; i < LOOK && !over; i++) {
        hvc_insn insn;
        if (!isa->decode(hvc_image_span(analysis->image, rva, isa->max_length),
                         analysis->image->headers.image_base + rva, &insn))
            return;
        for (unsigned k = 0; k < insn.op_count; k++) {
            const hvc_op *op = &insn.ops[k];
            bool copies = op->kind == HVC_OP_STORE || op->kind == HVC_OP_MOVE;
            bool loads = op->kind == HVC_OP_LOAD || op->kind == HVC_OP_MOVE;
            if (i == 0 && op->kind == HVC_OP_LOAD) {
                reg = op->dst;
                *ret_dies = reg < HVC_REG_MACHINE && (isa->volatile_registers >> reg & 1) != 0;
                continue;
            }
            *ret_kept |= copies && op->a.kind == HVC_OPERAND_REG && op->a.reg == reg;
            over |= (loads && op->dst == reg) || (op->kind == HVC_OP_CALL && *ret_dies);
        }
        rva += insn.length;
    }
}

/* What becomes of the pointer of import in flow, which refers to its slot at from. */
static bool follow_pointer(sites_job *job, const hvc_flow *flow, uint32_t from, uint32_t import)
{
    hvc_analysis *analysis = job->analysis;
    const sites_interest *interest = &job->interests[import];
    const hvc_ddi *ddi = interest->kind == SITES_PRACTICE ? NULL : interest->ddi;
    /* A call that is followed tells nothing of others: of those in code that is not followed, and
     * of those whose target got lost where ways meet, which may be this pointer; unless it is
     * loaded for one call, which destroys it. */
    bool dies, kept;
    follow_register(analysis, from, &dies, &kept);
    for (size_t i = 0; i < flow->hidden.count; i++)
        kept |= holds_import(analysis, flow->hidden.items[i], import);
    bool used = false, escapes = false, others = flow->incomplete, at_once = false;
    sites_hiding hiding =
        sites_hiding_of(job, flow, kept, analysis->image->imports.items[import].slot);
    uint32_t rva;
    for (size_t i = 0; i < flow->calls.count; i++) {
        const hvc_flow_call *call = &flow->calls.items[i];
        bool calls = holds_import(analysis, call->target, import);
        others |= is_lost(&analysis->values, call->target, hiding);
        used |= calls;
        at_once |= calls && dies && !kept && call->rva - from <= NEAR_CALL;
        for (unsigned n = 0, limit = sites_argument_limit(job, call); n < limit; n++)
            if (holds_import(analysis, call->arguments[n], import) && !takes_allocator(job, call))
                escapes = true;
        escapes |= hands_on_in_register(job, call, import);
    }
    for (size_t i = 0; i < flow->kept.count; i++)
        escapes |= holds_import(analysis, flow->kept.items[i], import);
    for (size_t i = 0; i < flow->stores.count; i++) {
        const hvc_flow_store *store = &flow->stores.items[i];
        if (!holds_import(analysis, store->value, import))
            continue;
        if (!const_rva(analysis, store->address, &rva))
            escapes = true;
        else if (!add_holder(job, rva + (uint32_t)store->offset, import, NULL))
            return false;
        used = true;
    }
    /* What is left in the return register of a function that uses the pointer in another way may be
     * no result. */
    escapes |= holds_import(analysis, flow->returned, import) &&
               (!used || sites_is_result_used(job, flow));
    if ((used && !escapes && (!others || at_once)) || ddi == NULL)
        return true;
    return sites_add_open(job, flow, from, ddi, "reference",
                          escapes ? "its pointer is handed on, and its calls are not followed"
                                  : "its pointer is loaded, and its calls are not followed");
}

/* ARM64: ldr xt or dt, [xn, ...] where xn holds the page for certain, or where the flow lost what
 * it holds. */
static bool is_arm64_reference(const hvc_image *image, const hvc_flow *flow,
                               const hvc_xref *reference)
{
    hvc_span load = hvc_image_span(image, reference->from, 4);
    if (load.size < 4 || (hvc_le32(load.data) & 0xFBC00000) != 0xF9400000)
        return false;
    for (size_t i = 0; i < flow->blind.count; i++)
        if (flow->blind.items[i].rva == reference->from &&
            (flow->blind.items[i].from == 0 || flow->blind.items[i].from == reference->to))
            return true;
    return reference->certain;
}

/* x86 and x64: a load, call, jump or push whose operand is memory at the referred address, or a
 * load of a vector register. An instruction that only takes the slot's address, as a delay-load
 * thunk does, reads nothing. */
static bool is_x86_reference(const hvc_image *image, uint32_t from, bool is_32bit)
{
    hvc_span bytes = hvc_image_span(image, from - 3, 3);
    if (bytes.size < 3)
        return false;
    uint8_t opcode = bytes.data[1], modrm = bytes.data[2];
    return ((modrm & 0xC7) == 0x05 &&
            (opcode == 0x8B || opcode == 0xFF || bytes.data[0] == 0x0F)) ||
           (is_32bit && modrm == 0xA1); /* mov eax, moffs32 */
}

/* Whether a candidate for a reference reads what it refers to, by the bytes around it. */
static bool is_reference(const hvc_analysis *analysis, const hvc_flow *flow,
                         const hvc_xref *reference)
{
    if (analysis->isa->min_length == 4)
        return is_arm64_reference(analysis->image, flow, reference);
    return is_x86_reference(analysis->image, reference->from, analysis->isa->pointer_size == 4);
}

static bool in_ranges(const hvc_code_range *ranges, size_t count, uint32_t rva)
{
    for (size_t i = 0; i < count; i++)
        if (rva - ranges[i].rva < ranges[i].size)
            return true;
    return false;
}

/* Whether the read that a reference makes was recorded. */
static bool was_read(const hvc_flow *flow, const hvc_xref *reference)
{
    for (size_t i = 0; i < flow->reads.count; i++)
        if (flow->reads.items[i].from == reference->to &&
            reference->from - flow->reads.items[i].rva < 16)
            return true;
    return false;
}

/* The impacted function that an import is; NULL when it is none, or of interest for a rule alone.
 */
static const hvc_ddi *ddi_of_import(const sites_job *job, uint32_t import)
{
    const sites_interest *interest = &job->interests[import];
    return interest->kind == SITES_NONE || interest->kind == SITES_PRACTICE ? NULL : interest->ddi;
}

/* Whether it is seen elsewhere which entries of KMDF's table are called at a read of the pointer to
 * it: by the guesses, or by the code right behind. */
static bool is_table_read(sites_job *job, const hvc_flow *flow, const hvc_xref *reference,
                          bool covered)
{
    const hvc_analysis *analysis = job->analysis;
    if (covered && flow->guesses.count > 0)
        return true;
    return analysis->wdf_indirect && analysis->isa->min_length == 4 &&
           sites_reads_no_entry(job, reference->from, true);
}

/* References that no known path leads to, and those whose address got lost on the way. */
static bool account_lost(sites_job *job, const hvc_flow *flow)
{
    hvc_analysis *analysis = job->analysis;
    for (size_t i = 0; i < job->references.items.count; i++) {
        const hvc_xref *reference = &job->references.items.items[i];
        const hvc_code_function *function = hvc_function_at(&analysis->map, reference->from);
        if (function == NULL || function->group != flow->begin ||
            !is_reference(analysis, flow, reference))
            continue;
        bool covered = hvc_flow_covers(flow, reference->from);
        bool live = in_ranges(flow->live.items, flow->live.count, reference->from);
        if ((covered && !live) || was_read(flow, reference))
            continue; /* in code that never runs, or followed */
        uint32_t import;
        const hvc_ddi *ddi = hvc_analysis_import_at(analysis, reference->to, &import)
                                 ? ddi_of_import(job, import)
                                 : sites_wdf_ddi_at(job, flow->begin, reference->to);
        if (ddi == NULL ||
            (ddi->via == HVC_VIA_WDF && is_table_read(job, flow, reference, covered)))
            continue;
        if (!sites_add_open(job, flow, reference->from, ddi, "reference",
                            live ? "its pointer is loaded, and its calls are not followed"
                                 : "no known path leads to this reference"))
            return false;
    }
    return true;
}

/* Whether a read by an address that was lost may be one of slot, whose address the flow forms. What
 * ARM64 code may read by a register is a reference of its own. */
static bool may_read(const hvc_analysis *analysis, const hvc_flow_read *read, uint32_t slot)
{
    return read->from == slot || (read->from == 0 && analysis->isa->min_length == 1);
}

/* Reads by an address that was lost, where the address of a slot is formed. */
static bool account_blind(sites_job *job, const hvc_flow *flow)
{
    hvc_analysis *analysis = job->analysis;
    for (size_t i = 0; i < analysis->near.items.count; i++) {
        const hvc_xref *reference = &analysis->near.items.items[i];
        const hvc_code_function *function = hvc_function_at(&analysis->map, reference->from);
        uint32_t import;
        if (function == NULL || function->group != flow->begin ||
            !interesting_at(job, reference->to, &import) || job->interests[import].ddi == NULL ||
            job->interests[import].kind == SITES_PRACTICE ||
            is_reference(analysis, flow, reference))
            continue;
        size_t k = 0;
        while (k < flow->blind.count && !may_read(analysis, &flow->blind.items[k], reference->to))
            k++;
        if (k < flow->blind.count &&
            !sites_add_open(job, flow, flow->blind.items[k].rva, job->interests[import].ddi,
                            "reference", "its pointer is loaded, and its calls are not followed"))
            return false;
    }
    return true;
}

/* Every read of a slot has to show up in one way or another. */
static bool account(sites_job *job, const hvc_flow *flow)
{
    for (size_t i = 0; i < flow->reads.count; i++) {
        const hvc_flow_read *read = &flow->reads.items[i];
        uint32_t import;
        if (!interesting_at(job, read->from, &import))
            continue;
        job->interests[import].referred = true;
        const hvc_flow_call *call = hvc_flow_call_at(flow, read->rva);
        if ((call == NULL || call->memory != read->from) &&
            !follow_pointer(job, flow, read->rva, import))
            return false;
    }
    return sites_account_wdf(job, flow) && account_lost(job, flow) &&
           (flow->blind.count == 0 || account_blind(job, flow));
}

static bool follow_lookup(sites_job *job, const hvc_flow *flow, const hvc_flow_call *lookup,
                          const hvc_ddi *ddi, bool *ret_used)
{
    hvc_analysis *analysis = job->analysis;
    hvc_value_id result = hvc_value_result(&analysis->values, lookup->rva);
    bool escapes = flow->incomplete || sites_is_handed_on(job, flow, result), kept = false;
    for (size_t i = 0; i < flow->hidden.count; i++)
        kept |= sites_holds(analysis, flow->hidden.items[i], result);
    for (size_t i = 0; i < flow->calls.count; i++) {
        const hvc_flow_call *call = &flow->calls.items[i];
        if (!sites_holds(analysis, call->target, result))
            continue;
        *ret_used = true;
        if (!sites_add(job, flow, call, ddi, "lookup"))
            return false;
    }
    for (size_t i = 0; i < flow->guesses.count; i++) {
        const hvc_flow_call *call = &flow->guesses.items[i];
        const hvc_flow_call *sure = hvc_flow_call_at(flow, call->rva);
        if (!sites_holds(analysis, call->target, result) ||
            (sure != NULL && sites_holds(analysis, sure->target, result)))
            continue;
        *ret_used = true;
        if (!sites_add_open(job, flow, call->rva, ddi, "lookup",
                            hvc_unknown_text(HVC_UNKNOWN_FLOW)))
            return false;
    }
    for (size_t i = 0; i < flow->stores.count; i++) {
        const hvc_flow_store *store = &flow->stores.items[i];
        uint32_t rva;
        if (!sites_holds(analysis, store->value, result))
            continue;
        *ret_used = true;
        if (!const_rva(analysis, store->address, &rva))
            escapes = true;
        else if (!add_holder(job, rva + (uint32_t)store->offset, 0, ddi))
            return false;
    }
    escapes |= sites_holds(analysis, flow->returned, result) && sites_is_result_used(job, flow);
    *ret_used &= !escapes && !sites_may_hide_calls(job, flow, kept ? SITES_HIDDEN : SITES_SHOWN);
    return true;
}

/* Whether it is known what a call calls. */
static bool is_followed(const sites_job *job, const hvc_flow_call *call)
{
    uint32_t import, index;
    return sites_import_of_call(job, call, &import) ||
           hvc_wdf_index(job->analysis, call->target, &index);
}

/* Adds a call of member that only a look at the code as if control was not lost shows, when that is
 * of interest. */
static bool add_guess(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call,
                      hvc_value_id member)
{
    hvc_flow_call one = *call;
    one.target = member;
    const hvc_flow_call *sure = hvc_flow_call_at(flow, call->rva);
    if (sure != NULL &&
        (is_followed(job, sure) || sites_holds(job->analysis, sure->target, member)))
        return true;
    uint32_t import;
    bool imported = sites_import_of_call(job, &one, &import);
    const hvc_ddi *ddi = imported ? ddi_of_import(job, import) : sites_wdf_ddi(job, member);
    if (ddi != NULL)
        return sites_add_open(job, flow, call->rva, ddi,
                              imported ? form_of(job, call, import) : "wdf",
                              hvc_unknown_text(HVC_UNKNOWN_FLOW));
    ddi = imported ? NULL : sites_method_ddi(job, member);
    return ddi == NULL || sites_guess_method(job, flow, &one, ddi);
}

/* The same for a call through a variable that holds a pointer. */
static bool add_held_guess(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call,
                           hvc_value_id member)
{
    const hvc_flow_call *sure = hvc_flow_call_at(flow, call->rva);
    const sites_alias *holder = holder_of(job, member);
    if (holder == NULL || (sure != NULL && (holder_of(job, sure->target) != NULL ||
                                            sites_holds(job->analysis, sure->target, member))))
        return true;
    const hvc_ddi *ddi = holder->ddi != NULL ? holder->ddi : ddi_of_import(job, holder->import);
    return ddi == NULL ||
           sites_add_open(job, flow, call->rva, ddi, holder->ddi != NULL ? "lookup" : "global",
                          hvc_unknown_text(HVC_UNKNOWN_FLOW));
}

/* Whether a pointer that was read from a variable gets where its calls are not followed:
 * sites_is_handed_on tells of most ways. */
static bool leaves_sight(sites_job *job, const hvc_flow *flow, hvc_value_id pointer)
{
    const hvc_analysis *analysis = job->analysis;
    bool used = false;
    for (size_t i = 0; i < flow->calls.count && !used; i++)
        used = sites_holds(analysis, flow->calls.items[i].target, pointer);
    for (size_t i = 0; i < flow->stores.count; i++)
        if (sites_holds(analysis, flow->stores.items[i].value, pointer))
            return true;
    return sites_is_handed_on(job, flow, pointer) ||
           (sites_holds(analysis, flow->returned, pointer) &&
            (!used || sites_is_result_used(job, flow)));
}

/* Every read of a variable that holds a pointer has to show up, as those of slots do. */
static bool account_held(sites_job *job, const hvc_flow *flow)
{
    hvc_analysis *analysis = job->analysis;
    for (size_t i = 0; i < flow->reads.count; i++) {
        const hvc_flow_read *read = &flow->reads.items[i];
        const sites_alias *holder = alias_at(job->holders.items, job->holders.count, read->from);
        if (holder == NULL)
            continue;
        const hvc_flow_call *call = hvc_flow_call_at(flow, read->rva);
        const hvc_ddi *ddi = holder->ddi != NULL ? holder->ddi : ddi_of_import(job, holder->import);
        if (ddi == NULL || (call != NULL && call->memory == read->from))
            continue;
        hvc_value_id address =
            hvc_value_const(&analysis->values, analysis->image->headers.image_base + read->from);
        hvc_value_id pointer =
            hvc_value_load(&analysis->values, address, 0, analysis->isa->pointer_size, false);
        bool leaves = leaves_sight(job, flow, pointer);
        bool hidden = false;
        for (size_t k = 0; k < flow->hidden.count; k++)
            hidden |= sites_holds(analysis, flow->hidden.items[k], pointer);
        sites_hiding hiding = sites_hiding_of(job, flow, hidden, read->from);
        if (!leaves && (!sites_may_hide_calls(job, flow, hiding) ||
                        sites_is_used_at_once(analysis, read->rva)))
            continue;
        if (!sites_add_open(job, flow, read->rva, ddi, "reference",
                            leaves ? "its pointer is handed on, and its calls are not followed"
                                   : "its pointer is loaded, and its calls are not followed"))
            return false;
    }
    return true;
}

static bool process(sites_job *job, uint32_t group)
{
    bool settled = false;
    if (!hvc_analysis_is_thorough(job->analysis, group) &&
        !sites_look_quickly(job, group, &settled))
        return false;
    if (settled)
        return true;
    hvc_analysis_visit(job->analysis, group, true);
    const hvc_flow *flow = hvc_analysis_flow(job->analysis, group);
    if (flow == NULL) {
        job->cut = true; /* a bound: this function was not looked at */
        return !job->analysis->failed;
    }
    return account(job, flow) && add_calls(job, flow, sites_add_member) &&
           add_guesses(job, flow, add_guess) && sites_look_at_practice(job, flow);
}

/* An import that decides and that no code refers to: it is called in a way that is not seen, if at
 * all. */
static bool add_unreferred(sites_job *job)
{
    const hvc_image *image = job->analysis->image;
    for (size_t i = 0; i < image->imports.count; i++) {
        const sites_interest *interest = &job->interests[i];
        bool matters =
            interest->kind == SITES_LOOKUP ||
            (interest->kind == SITES_DDI && interest->ddi->counter < HVC_CALL_COUNTER_COUNT);
        if (!matters || interest->referred)
            continue;
        bool is_thunked = false;
        for (size_t k = 0; k < job->thunks.count && !is_thunked; k++)
            is_thunked = job->thunks.items[k].import == i;
        if (!is_thunked && !sites_add_open(job, NULL, image->imports.items[i].slot, interest->ddi,
                                           "reference", "imported, but no code refers to it"))
            return false;
    }
    return true;
}

/* A reference to an import whose calls the code right around them may settle. */
static bool is_plain_reference(const sites_job *job, const hvc_xref *reference)
{
    uint32_t import;
    return interesting_at(job, reference->to, &import) &&
           job->interests[import].kind != SITES_EXTENDED &&
           sites_may_be_plain(job->analysis->image->imports.items[import].name);
}

/* Where to look. */
static bool seed(sites_job *job, bool any)
{
    hvc_analysis *analysis = job->analysis;
    const sites_point_kind read = SITES_POINT_READ;
    if (!sites_find_references(job))
        return false;
    for (size_t i = 0; i < analysis->near.items.count; i++) {
        const hvc_xref *reference = &analysis->near.items.items[i];
        if (!enqueue_reference(job, reference, is_plain_reference(job, reference) ? &read : NULL))
            return false;
    }
    if (any && analysis->isa->pointer_size == 8 &&
        !hvc_pointers_each(analysis->image, take_slot_pointer, job))
        return false;
    if (!sites_seed_wdf(job) || !sites_seed_methods(job) || !sites_seed_practice(job))
        return false;
    hvc_arena scratch = HVC_ARENA_INIT;
    bool done = hvc_radix_sort(job->points.items, job->points.count, sizeof(sites_point),
                               offsetof(sites_point, from), &scratch);
    hvc_arena_free(&scratch);
    return done;
}

static bool look(sites_job *job)
{
    hvc_analysis *analysis = job->analysis;
    /* What is looked at may show more places to look at. */
    for (size_t i = 0; i < job->queue.count; i++)
        if (!process(job, job->queue.items[i]))
            return false;
    /* Only now are all variables known that hold a pointer. */
    for (size_t i = 0; job->holders.count > 0 && i < job->queue.count; i++) {
        if (!hvc_analysis_is_thorough(analysis, job->queue.items[i]))
            continue; /* what was settled quickly has nothing to do with them */
        const hvc_flow *flow = hvc_analysis_flow(analysis, job->queue.items[i]);
        if (flow != NULL && (!account_held(job, flow) || !add_calls(job, flow, add_held) ||
                             !add_guesses(job, flow, add_held_guess)))
            return false;
    }
    return true;
}

bool sites_find(sites_job *job)
{
    bool any;
    if (!find_interests(job, &any))
        return false;
    hvc_find_wdf(job->analysis);
    bool done = sites_prepare_quick(job) && seed(job, any) && look(job) && add_unreferred(job);
    sites_free_quick(job);
    return done;
}
