/* A quick look at a function that calls what matters: only the straight stretches of code around
 * the calls are run, with nothing known where they begin. It settles a function where each
 * reference to what matters is used up by a call right behind it, whose argument is a plain
 * constant that nothing is wrong with: then the way to it does not matter. All else is left to the
 * whole analysis, which costs a hundred times more. */
#include "code/quick.h"

#include <string.h>

static bool is_tracked_address(const sites_job *job, uint64_t address)
{
    const hvc_analysis *analysis = job->analysis;
    uint32_t rva, import;
    if (!hvc_image_rva_of(analysis->image, address, &rva))
        return false;
    if (hvc_analysis_import_at(analysis, rva, &import) && job->interests[import].kind != SITES_NONE)
        return true;
    uint32_t size = analysis->wdf_indirect ? 1 : analysis->wdf_count * analysis->isa->pointer_size;
    return analysis->wdf_table != 0 && rva - analysis->wdf_table < size;
}

/* Whether a value is, or was computed from, a pointer that matters. Of KMDF's table only some
 * entries matter. The address of one is no matter: all that reads it is among the points. */
static bool carries(const sites_job *job, hvc_value_id value, unsigned depth)
{
    const hvc_values *values = &job->analysis->values;
    uint32_t index;
    uint64_t address;
    size_t count;
    const hvc_value_id *members = hvc_value_members(values, &value, &count);
    for (size_t i = 0; i < count; i++) {
        const hvc_term *term = hvc_term_of(values, members[i]);
        switch (term->kind) {
        case HVC_TERM_OP:
        case HVC_TERM_PART:
            if (depth == HVC_VALUE_DEPTH || carries(job, term->b, depth + 1))
                return true;
            if (carries(job, term->a, depth + 1))
                return true;
            break;
        case HVC_TERM_LOAD:
            if (hvc_wdf_index(job->analysis, members[i], &index)) {
                if (sites_wdf_ddi(job, members[i]) != NULL)
                    return true;
                break;
            }
            if (depth == HVC_VALUE_DEPTH || carries(job, term->a, depth + 1))
                return true;
            if (hvc_value_is_const(values, term->a, &address) &&
                is_tracked_address(job, address + (uint64_t)(int64_t)term->offset))
                return true;
            break;
        case HVC_TERM_TABLE:
        case HVC_TERM_BOUND:
            if (depth == HVC_VALUE_DEPTH || carries(job, term->a, depth + 1))
                return true;
            break;
        default:
            break;
        }
    }
    return false;
}

static bool register_carries(const sites_job *job, const hvc_state *state, uint8_t reg)
{
    if (reg >= HVC_REG_COUNT || state->regs[reg] < HVC_UNKNOWN_COUNT)
        return false;
    uint8_t kind = hvc_term_of(&job->analysis->values, state->regs[reg])->kind;
    return kind != HVC_TERM_CONST && kind != HVC_TERM_STACK && carries(job, state->regs[reg], 0);
}

/* Which of the registers carry a pointer that matters. */
static uint32_t carriers(const sites_job *job, const hvc_state *state, uint32_t registers)
{
    uint32_t found = 0;
    for (uint8_t reg = 0; reg < HVC_REG_MACHINE; reg++)
        if ((registers >> reg & 1) != 0 && register_carries(job, state, reg))
            found |= UINT32_C(1) << reg;
    return found;
}

static void begin(sites_quick *quick, uint32_t rva)
{
    hvc_stretch_begin(&quick->stretch, rva);
    quick->begun = rva;
    quick->loaded = false;
    quick->pending = 0;
    quick->from_frame = 0;
}

/* Notes which registers come from the frame. */
static void follow_frame(sites_job *job, const hvc_insn *insn)
{
    const hvc_isa *isa = job->analysis->isa;
    for (unsigned i = 0; i < insn->op_count; i++) {
        const hvc_op *op = &insn->ops[i];
        if (op->dst >= HVC_REG_MACHINE)
            continue;
        uint32_t bit = UINT32_C(1) << op->dst;
        job->quick->from_frame &= ~bit;
        if (op->kind == HVC_OP_LOAD &&
            (op->memory.base == isa->stack_pointer || op->memory.base == isa->frame_pointer))
            job->quick->from_frame |= bit;
    }
}

/* Whether an argument is plain in the instructions before the call, or what a variable holds. */
static bool is_plain(const sites_job *job, hvc_value_id value)
{
    const hvc_values *values = &job->analysis->values;
    const hvc_term *term = hvc_term_of(values, value);
    size_t count;
    const hvc_value_id *members = hvc_value_members(values, &value, &count);
    if (term->kind == HVC_TERM_LOAD)
        return hvc_term_of(values, term->a)->kind == HVC_TERM_CONST;
    for (size_t i = 0; i < count; i++)
        if (hvc_term_of(values, members[i])->kind != HVC_TERM_CONST)
            return false;
    return true;
}

/* Adds a call when nothing is wrong with it. */
static bool add_call(sites_job *job, const hvc_flow_call *call, const hvc_ddi *ddi)
{
    sites_quick *quick = job->quick;
    unsigned index;
    size_t before = job->sites.count;
    if (ddi == NULL)
        return true;
    if (ddi->argument >= 0) {
        if (!sites_argument_index(job, ddi, &index) || index + 1 >= HVC_FLOW_ARGUMENTS)
            return false;
        /* What is written as one function in the source shows in all arguments of a mapping. */
        unsigned first = ddi->counter == HVC_COUNTER_PAGE_MAPPING ? 1 : index;
        for (unsigned i = first; i <= index + ddi->wide; i++)
            if (!is_plain(job, call->arguments[i]))
                return false;
    }
    if (!sites_add_member(job, &quick->flow, call, call->target)) {
        quick->memory_failed = true;
        return false;
    }
    /* Advice that is given whatever the arguments are. */
    bool advised = ddi->argument < 0;
    for (size_t i = before; i < job->sites.count; i++)
        if (job->sites.items[i].judgement != HVC_JUDGEMENT_OK &&
            !(advised && job->sites.items[i].judgement == HVC_JUDGEMENT_ADVICE))
            return false;
    return true;
}

/* Whether a function is looked up by a name that is plain, and is none that matters. */
static bool looks_up_other(sites_job *job, const hvc_flow_call *call, uint32_t import)
{
    const hvc_values *values = &job->analysis->values;
    hvc_looked_up names;
    bool on_stack = hvc_term_of(values, call->arguments[0])->kind == HVC_TERM_STACK;
    if (!is_plain(job, on_stack ? call->name : call->arguments[0]))
        return false;
    sites_names_of(job, &job->quick->flow, call, import, &names);
    for (unsigned i = 0; i < names.count; i++)
        if (sites_looked_up(names.list[i]) != NULL)
            return false;
    return names.complete;
}

/* Whether the first argument is read from the frame, where something that is not seen put it. */
static bool may_come_from_frame(const sites_job *job, const hvc_flow_call *call)
{
    const hvc_analysis *analysis = job->analysis;
    uint8_t reg;
    if (!hvc_value_is_read(&analysis->values, call->arguments[0]))
        return false;
    return !hvc_argument_register(analysis->isa, 0, &reg) ||
           (job->quick->from_frame >> reg & 1) != 0;
}

/* A call of a pointer that matters, by way of a register or memory. */
static bool take_tracked(sites_job *job, const hvc_flow_call *call)
{
    sites_quick *quick = job->quick;
    const hvc_values *values = &job->analysis->values;
    uint32_t import;
    if (hvc_term_of(values, call->target)->kind != HVC_TERM_LOAD)
        return false;
    if (!hvc_analysis_import_of(job->analysis, call->target, &import))
        return add_call(job, call, sites_wdf_ddi(job, call->target));
    if (quick->pending == 0)
        return false;
    quick->pending--;
    switch (job->interests[import].kind) {
    case SITES_DDI:
        return add_call(job, call, job->interests[import].ddi);
    case SITES_LOOKUP:
        return looks_up_other(job, call, import);
    case SITES_PRACTICE:
        return !may_come_from_frame(job, call) && sites_describes_no_code(job, call, import);
    default:
        return false;
    }
}

/* Whether a call is given a pointer that matters. call: NULL when it was not recorded; then only
 * the registers are looked at: what matters is never stored. */
static bool is_handed_on(const sites_job *job, const hvc_flow_call *call)
{
    const hvc_isa *isa = job->analysis->isa;
    const hvc_state *state = job->quick->stretch.state;
    for (unsigned n = 0; call == NULL && n < isa->argument_register_count; n++)
        if (register_carries(job, state, isa->argument_registers[n]))
            return true;
    for (unsigned n = 0, limit = call != NULL ? sites_argument_limit(job, call) : 0; n < limit; n++)
        if (carries(job, call->arguments[n], 0))
            return true;
    return false;
}

/* Whether the call at this offset of a part, which was run if it matters, allocates memory. */
static bool is_allocation(void *context, uint32_t at)
{
    const sites_job *job = context;
    const sites_quick *quick = job->quick;
    const hvc_code_function *part = hvc_function_at(&job->analysis->map, quick->stretch.rva);
    for (size_t i = 0; i < quick->flow.calls.count; i++)
        if (quick->flow.calls.items[i].rva == part->begin + at)
            return sites_allocator(job, &quick->flow.calls.items[i]) != NULL;
    return false;
}

/* Whether what a register holds is no memory that was allocated in this function, as far as a rule
 * that has to be precise or silent wants to know. */
static bool is_no_memory(sites_job *job, hvc_value_id target, const hvc_op *op)
{
    const hvc_values *values = &job->analysis->values;
    const hvc_term *term = hvc_term_of(values, target);
    bool framed = op->a.kind == HVC_OPERAND_REG && op->a.reg < HVC_REG_MACHINE &&
                  (job->quick->from_frame >> op->a.reg & 1) != 0;
    return term->kind == HVC_TERM_LOAD || term->kind == HVC_TERM_CONST ||
           (hvc_value_is_read(values, target) && !framed) ||
           (op->a.kind == HVC_OPERAND_REG && op->a.reg < HVC_REG_MACHINE &&
            !quick_may_be_result(job, job->quick->stretch.rva, op->a.reg, is_allocation));
}

/* Whether a call that was run is what its place asks for. */
static bool suits(sites_job *job, const hvc_flow_call *call, const hvc_op *op, uint8_t kind)
{
    uint32_t import;
    switch (kind) {
    case QUICK_CALL:
        return is_no_memory(job, call->target, op);
    case QUICK_JUMP: /* what is no import may be a table of the function's own places */
        return call->guarded || hvc_analysis_import_of(job->analysis, call->target, &import);
    case SITES_POINT_THUNK:
        return sites_import_of_call(job, call, &import) &&
               job->interests[import].kind == SITES_DDI &&
               add_call(job, call, job->interests[import].ddi);
    default:
        return true;
    }
}

/* Whether a call is one of those that have to be accounted for. */
static bool is_place(const sites_quick *quick, uint32_t rva)
{
    for (size_t i = quick->place; i < quick->places.count && quick->places.items[i].rva == rva; i++)
        if (quick->places.items[i].kind != SITES_POINT_READ &&
            quick->places.items[i].kind != SITES_POINT_STORE)
            return true;
    return false;
}

/* Accounts for a call or jump that was run, where it has to be. call: NULL of one that only checks
 * a pointer. */
static bool settle_call(sites_job *job, const hvc_flow_call *call, const hvc_op *op)
{
    sites_quick *quick = job->quick;
    for (size_t i = quick->place;
         i < quick->places.count && quick->places.items[i].rva == quick->stretch.rva; i++) {
        quick_place *at = &quick->places.items[i];
        if (at->kind == SITES_POINT_READ || at->kind == SITES_POINT_STORE)
            continue;
        if (call != NULL && !suits(job, call, op, at->kind))
            return false;
        at->settled = true;
    }
    return true;
}

/* A call or jump that is recorded. */
static bool follow_call(sites_job *job, const hvc_op *op, const hvc_stretch_target *target,
                        bool tracked)
{
    sites_quick *quick = job->quick;
    hvc_flow *flow = &quick->flow;
    size_t before = flow->calls.count;
    if (!hvc_stretch_follow(&quick->stretch, op, target)) {
        quick->memory_failed = true;
        return false;
    }
    if (target->checks)
        return settle_call(job, NULL, op);
    if (flow->calls.count == before)
        return false;
    const hvc_flow_call *call = &flow->calls.items[before];
    return !(quick->loaded && is_handed_on(job, call)) && settle_call(job, call, op) &&
           (!tracked || take_tracked(job, call));
}

/* Whether what matters in registers is still followed behind a call or jump. */
static bool keeps_in_sight(sites_job *job, const hvc_op *op)
{
    sites_quick *quick = job->quick;
    const hvc_isa *isa = job->analysis->isa;
    const hvc_stretch *stretch = &quick->stretch;
    uint32_t registers = carriers(job, stretch->state, UINT32_MAX);
    uint32_t volatiles = registers & isa->volatile_registers;
    if (op->kind != HVC_OP_CALL) /* where a direct one leads is looked at behind it */
        return registers == 0 || op->a.kind == HVC_OPERAND_CONST;
    /* The saved ones are as before, but where an exception leads nobody sees. */
    if (registers != volatiles && (quick->labelled || isa->pointer_size != 8))
        return false;
    /* By the calling convention nobody looks at what a call finds in a volatile register that is
     * no argument; and nobody finds it there again, unless the compiler saw that the callee leaves
     * it alone. */
    return op->a.kind != HVC_OPERAND_CONST || volatiles == 0 ||
           (isa->pointer_size == 8 &&
            quick_dies_at(job, stretch->state, stretch->rva + stretch->insn.length, volatiles));
}

/* A call or jump is next. False when the function has to be looked at as a whole. */
static bool take_call(sites_job *job, const hvc_op *op)
{
    sites_quick *quick = job->quick;
    hvc_stretch *stretch = &quick->stretch;
    hvc_stretch_target target = hvc_stretch_target_of(stretch, op);
    bool tracked = carries(job, target.value, 0), call = op->kind == HVC_OP_CALL;
    bool place = is_place(quick, stretch->rva);
    if (quick->loaded && !tracked && !target.checks && !keeps_in_sight(job, op))
        return false;
    if (!call &&
        (place ? quick->places.items[quick->place].begun != 0 : op->a.kind == HVC_OPERAND_CONST))
        return true; /* within the function: by a table that was followed, or directly */
    if (!call || tracked || place || target.checks || quick->looks_up ||
        job->analysis->isa->pointer_size != 8)
        return follow_call(job, op, &target, tracked);
    bool handed = quick->loaded && is_handed_on(job, NULL);
    hvc_stretch_skip_call(stretch);
    return !handed;
}

/* Takes note of what the instruction read. */
static void take_reads(sites_job *job, size_t first)
{
    sites_quick *quick = job->quick;
    uint32_t rva = quick->stretch.rva;
    for (size_t k = first; k < quick->flow.reads.count; k++) {
        uint32_t from = quick->flow.reads.items[k].from, import;
        bool is_import = hvc_analysis_import_at(job->analysis, from, &import) &&
                         job->interests[import].kind != SITES_NONE;
        if (!is_import && !is_tracked_address(job, job->analysis->image->headers.image_base + from))
            continue;
        quick->loaded = true;
        quick->pending += is_import;
        for (size_t i = quick->place; i < quick->places.count; i++) {
            quick_place *at = &quick->places.items[i];
            if (at->rva != rva)
                break;
            at->settled |= at->kind == SITES_POINT_READ && at->to == from;
        }
    }
}

/* An instruction that only forms an address, which goes nowhere but to what is among the points. */
static void take_address(sites_job *job)
{
    sites_quick *quick = job->quick;
    const hvc_op *op = &quick->stretch.insn.ops[0];
    if (job->analysis->isa != &hvc_isa_arm64 || quick->stretch.insn.op_count != 1 ||
        (op->kind != HVC_OP_ALU && op->kind != HVC_OP_MOVE))
        return;
    for (size_t i = quick->place;
         i < quick->places.count && quick->places.items[i].rva == quick->stretch.rva; i++) {
        quick_place *at = &quick->places.items[i];
        at->settled |= at->kind == SITES_POINT_READ && at->certain;
    }
}

/* Whether the stores that the instruction made are none to code, or not at issue. */
static bool take_stores(sites_job *job, size_t first)
{
    sites_quick *quick = job->quick;
    uint32_t rva = quick->stretch.rva;
    for (size_t i = quick->place; i < quick->places.count && quick->places.items[i].rva == rva;
         i++) {
        if (quick->places.items[i].kind != SITES_POINT_STORE)
            continue;
        for (size_t k = first; k < quick->flow.stores.count; k++) {
            const hvc_flow_store *store = &quick->flow.stores.items[k];
            uint32_t to;
            if (hvc_value_why(&job->analysis->values, store->address) == HVC_UNKNOWN_FLOW ||
                sites_writes_code(job, store, &to))
                return false;
        }
        quick->places.items[i].settled = true;
    }
    return true;
}

/* Whether an instruction puts a pointer that matters into memory, or where it is not followed. */
static bool stores_tracked(const sites_job *job, const hvc_insn *insn, const hvc_state *state)
{
    for (unsigned i = 0; i < insn->op_count; i++) {
        const hvc_op *op = &insn->ops[i];
        if (op->kind != HVC_OP_STORE && op->kind != HVC_OP_ESCAPE)
            continue;
        if ((op->a.kind == HVC_OPERAND_REG && register_carries(job, state, op->a.reg)) ||
            (op->b.kind == HVC_OPERAND_REG && register_carries(job, state, op->b.reg)))
            return true;
    }
    return false;
}

/* Where control goes from the straight line, nothing that matters may be of use. */
static bool is_used_up(sites_job *job, uint64_t address)
{
    const hvc_state *state = job->quick->stretch.state;
    uint32_t registers = job->quick->loaded ? carriers(job, state, UINT32_MAX) : 0, rva;
    return registers == 0 || (hvc_image_rva_of(job->analysis->image, address, &rva) &&
                              quick_dies_at(job, state, rva, registers));
}

/* The same where all that is known ends. */
static bool ends_used_up(sites_job *job, uint64_t address)
{
    if (job->quick->pending > 0 || !is_used_up(job, address))
        return false;
    job->quick->loaded = false;
    return true;
}

/* Gives the base of a reference the address that it got before the stretch. */
static void find_base(sites_job *job)
{
    sites_quick *quick = job->quick;
    const hvc_stretch *stretch = &quick->stretch;
    const hvc_op *op = &stretch->insn.ops[0];
    if (quick->place == quick->places.count || stretch->insn.op_count == 0)
        return;
    const quick_place *at = &quick->places.items[quick->place];
    hvc_value_id *regs = stretch->state->regs;
    if (at->rva == stretch->rva && at->certain && op->memory.base < HVC_REG_MACHINE &&
        (op->kind == HVC_OP_LOAD || op->kind == HVC_OP_STORE) && op->memory.index == HVC_REG_NONE &&
        hvc_value_why(&job->analysis->values, regs[op->memory.base]) == HVC_UNKNOWN_FLOW)
        regs[op->memory.base] =
            hvc_value_const(&job->analysis->values, job->analysis->image->headers.image_base +
                                                        at->to - (uint64_t)op->memory.displacement);
}

/* Goes to the next instruction of part and decodes it. */
static bool fetch(sites_job *job, const hvc_code_function *part)
{
    sites_quick *quick = job->quick;
    uint32_t rva = quick->stretch.rva;
    if (rva >= part->end)
        return false;
    if (rva != quick->begun && quick_is_leader(quick, rva)) {
        if (!ends_used_up(job, job->analysis->image->headers.image_base + rva))
            return false;
        begin(quick, rva);
    }
    if (!hvc_stretch_decode(&quick->stretch))
        return false;
    find_base(job);
    return !quick->loaded || !stores_tracked(job, &quick->stretch.insn, quick->stretch.state);
}

/* Behind an instruction that may go elsewhere. */
static bool pass(sites_job *job, const hvc_op *transfer)
{
    sites_quick *quick = job->quick;
    const hvc_stretch *stretch = &quick->stretch;
    if (transfer->kind == HVC_OP_CALL) {
        quick->loaded &= quick->pending > 0 || carriers(job, stretch->state, UINT32_MAX) != 0;
        return true;
    }
    if (transfer->kind == HVC_OP_BRANCH)
        return is_used_up(job, transfer->target);
    bool direct = transfer->kind == HVC_OP_JUMP && transfer->a.kind == HVC_OPERAND_CONST;
    if (!ends_used_up(job, direct ? transfer->a.value : 0))
        return false;
    begin(quick, stretch->rva);
    return true;
}

/* Runs the next instruction. False when the function has to be looked at as a whole. */
static bool advance(sites_job *job, const hvc_code_function *part)
{
    sites_quick *quick = job->quick;
    hvc_stretch *stretch = &quick->stretch;
    hvc_flow *flow = &quick->flow;
    if (!fetch(job, part))
        return false;
    size_t reads = flow->reads.count, stores = flow->stores.count;
    if (!hvc_stretch_run(stretch)) {
        quick->memory_failed = true;
        return false;
    }
    take_reads(job, reads);
    take_address(job);
    if (!take_stores(job, stores) ||
        (quick->loaded && stores_tracked(job, &stretch->insn, stretch->state)))
        return false;
    const hvc_op *transfer = hvc_stretch_transfer(stretch);
    bool calls =
        transfer != NULL && (transfer->kind == HVC_OP_CALL || transfer->kind == HVC_OP_JUMP);
    if (calls && !take_call(job, transfer))
        return false;
    follow_frame(job, &stretch->insn);
    while (quick->place < quick->places.count &&
           quick->places.items[quick->place].rva <= stretch->rva)
        quick->place++;
    stretch->rva += stretch->insn.length;
    return transfer == NULL || pass(job, transfer);
}

bool sites_reads_no_entry(sites_job *job, uint32_t rva, bool certain)
{
    sites_quick *quick = job->quick;
    hvc_analysis *analysis = job->analysis;
    const hvc_isa *isa = analysis->isa;
    hvc_insn insn;
    const hvc_op *op = &insn.ops[0];
    if (!isa->decode(hvc_image_span(analysis->image, rva, isa->max_length),
                     analysis->image->headers.image_base + rva, &insn) ||
        insn.op_count != 1 || op->kind != HVC_OP_LOAD || op->dst >= HVC_REG_MACHINE ||
        op->memory_size != isa->pointer_size || op->memory.index != HVC_REG_NONE ||
        op->memory.segment || (op->memory.base != HVC_REG_NONE && !certain))
        return false;
    hvc_value_id address = hvc_value_const(&analysis->values, analysis->image->headers.image_base +
                                                                  analysis->wdf_table);
    quick->table->regs[op->dst] =
        hvc_value_load(&analysis->values, address, 0, isa->pointer_size, false);
    return quick_dies_at(job, quick->table, rva + insn.length, UINT32_C(1) << op->dst);
}

/* Whether a place only reads the pointer to KMDF's table, and then none of its entries that matter.
 */
static bool reads_no_entry(sites_job *job, const quick_place *at)
{
    const hvc_analysis *analysis = job->analysis;
    return at->kind == SITES_POINT_READ && analysis->wdf_indirect &&
           at->to == analysis->wdf_table && sites_reads_no_entry(job, at->rva, at->certain);
}

/* Runs the stretches to the places from first on, all in part. */
static bool run_stretches(sites_job *job, const hvc_code_function *part, size_t first)
{
    sites_quick *quick = job->quick;
    bool running = false;
    quick->place = first;
    while (quick->place < quick->places.count) {
        quick_place *next = &quick->places.items[quick->place];
        next->settled = next->settled || reads_no_entry(job, next);
        if (next->settled) {
            quick->place++;
            continue;
        }
        if (!running || quick->stretch.rva < next->start)
            begin(quick, next->start);
        running = true;
        uint32_t rva = next->rva;
        while (quick->stretch.rva <= rva || quick->loaded)
            if (!advance(job, part))
                return false;
    }
    for (size_t i = first; i < quick->places.count; i++)
        if (!quick->places.items[i].settled)
            return false;
    return true;
}

/* Runs the stretch to a jump, up to the jump itself. */
static bool run_to(sites_job *job, quick_place *jump)
{
    sites_quick *quick = job->quick;
    hvc_stretch *stretch = &quick->stretch;
    for (begin(quick, jump->start); stretch->rva <= jump->rva;) {
        if (stretch->rva != quick->begun && quick_is_leader(quick, stretch->rva))
            begin(quick, stretch->rva);
        if (!hvc_stretch_decode(stretch))
            return false;
        if (!hvc_stretch_run(stretch)) {
            quick->memory_failed = true;
            return false;
        }
        const hvc_op *transfer = hvc_stretch_transfer(stretch);
        if (stretch->rva == jump->rva)
            return transfer != NULL && transfer->kind == HVC_OP_JUMP;
        if (transfer != NULL && transfer->kind == HVC_OP_CALL) {
            if (job->analysis->isa->pointer_size != 8)
                return false;
            hvc_stretch_skip_call(stretch);
        }
        stretch->rva += stretch->insn.length;
    }
    return false;
}

/* A jump that is none to an import: through a table, whose entries are places where control may
 * come to. */
static bool follow_table(sites_job *job, const hvc_code_function *part, quick_place *jump)
{
    sites_quick *quick = job->quick;
    flow_targets targets = {0};
    uint32_t import;
    if (!run_to(job, jump))
        return false;
    hvc_stretch_target target =
        hvc_stretch_target_of(&quick->stretch, hvc_stretch_transfer(&quick->stretch));
    if (target.guarded || hvc_analysis_import_of(job->analysis, target.value, &import))
        return true;
    if (!hvc_stretch_table(&quick->stretch, part->group, target.value, &targets))
        return false;
    for (size_t i = 0; i < targets.count; i++)
        quick_mark_leader(job, part, targets.items[i]);
    jump->begun = quick->begun;
    jump->settled = true;
    return true;
}

/* Follows all tables of the function. The way to each of them must still be straight when all are
 * known. */
static bool follow_tables(sites_job *job)
{
    sites_quick *quick = job->quick;
    const hvc_function_map *map = &job->analysis->map;
    for (size_t i = 0; i < quick->places.count; i++)
        if (quick->places.items[i].kind == QUICK_JUMP &&
            !follow_table(job, hvc_function_at(map, quick->places.items[i].rva),
                          &quick->places.items[i]))
            return false;
    for (size_t i = 0; i < quick->places.count; i++) {
        const quick_place *jump = &quick->places.items[i];
        for (uint32_t rva = jump->begun + 1; jump->begun != 0 && rva <= jump->rva; rva++)
            if (quick_is_leader(quick, rva))
                return false;
    }
    return true;
}

static bool look(sites_job *job, uint32_t group)
{
    sites_quick *quick = job->quick;
    const hvc_function_map *map = &job->analysis->map;
    const hvc_code_function *part;
    if (!quick_find_places(job, group) || !follow_tables(job))
        return false;
    size_t first = 0, count = quick->places.count;
    for (size_t n = 0; (part = hvc_function_part(map, group, n)) != NULL; n++) {
        size_t end = first;
        while (end < count && quick->places.items[end].rva - part->begin < part->end - part->begin)
            end++;
        quick->places.count = end;
        if (!run_stretches(job, part, first))
            return false;
        first = end;
    }
    return true;
}

bool sites_prepare_quick(sites_job *job)
{
    hvc_analysis *analysis = job->analysis;
    sites_quick *quick = hvc_arena_alloc(&analysis->arena, sizeof(*quick));
    if (quick == NULL || !hvc_exec_build(analysis->image, &analysis->arena, &quick->exec))
        return false;
    quick->table = hvc_arena_alloc(&analysis->arena, sizeof(*quick->table));
    quick->leaders = hvc_places_new(&analysis->arena, &quick->exec);
    quick->step = hvc_step_decoder(analysis->isa);
    job->quick = quick;
    return hvc_stretch_init(&quick->stretch, &analysis->env, &analysis->arena, &quick->flow) &&
           quick->leaders != NULL && quick->table != NULL;
}

void sites_free_quick(sites_job *job)
{
    if (job->quick != NULL)
        hvc_stretch_free(&job->quick->stretch);
    job->quick = NULL;
}

bool sites_look_quickly(sites_job *job, uint32_t group, bool *ret_settled)
{
    sites_quick *quick = job->quick;
    size_t sites = job->sites.count;
    hvc_flow *flow = &quick->flow;
    flow->begin = group;
    flow->calls.count = flow->stores.count = flow->reads.count = flow->controls.count = 0;
    flow->addresses.count = flow->blind.count = flow->hidden.count = flow->kept.count = 0;
    flow->returned = HVC_VALUE_UNDEFINED;
    *ret_settled = !hvc_analysis_is_entered(job->analysis, group) && look(job, group);
    quick_forget_leaders(job, group);
    if (!*ret_settled)
        job->sites.count = sites;
    for (size_t i = 0; *ret_settled && i < flow->reads.count; i++) {
        uint32_t import;
        if (hvc_analysis_import_at(job->analysis, flow->reads.items[i].from, &import))
            job->interests[import].referred = true;
    }
    return !quick->memory_failed;
}
