/* What is kept of a function's flow once it is known. */
#include "code/flow_private.h"

bool hvc_argument_register(const hvc_isa *isa, unsigned n, uint8_t *ret_reg)
{
    if (n >= isa->argument_register_count)
        return false;
    *ret_reg = isa->argument_registers[n];
    return true;
}

int32_t hvc_argument_stack(const hvc_isa *isa, unsigned n)
{
    return (int32_t)(isa->stack_argument_offset +
                     (n - isa->argument_register_count) * isa->pointer_size);
}

int hvc_argument_of_entry_stack(const hvc_isa *isa, int32_t offset)
{
    if (isa->link_register == HVC_REG_NONE)
        offset -= isa->pointer_size; /* the return address */
    if (offset < 0 || offset % isa->pointer_size != 0)
        return -1;
    int n = offset / isa->pointer_size;
    /* x64: the home area of the register arguments comes first, but what it holds at entry is
     * nothing. */
    if (isa->stack_argument_offset > 0)
        return n >= isa->argument_register_count ? n : -1;
    return n + isa->argument_register_count;
}

hvc_value_id flow_argument(hvc_values *values, const hvc_isa *isa, const hvc_state *state,
                           unsigned n, bool tail)
{
    uint8_t reg;
    if (hvc_argument_register(isa, n, &reg)) {
        hvc_value_id value = state->regs[reg];
        return value == HVC_VALUE_UNDEFINED ? hvc_value_unknown(values, HVC_UNKNOWN_INSTRUCTION)
                                            : value;
    }
    const hvc_term *sp = hvc_term_of(values, state->regs[isa->stack_pointer]);
    if (sp->kind != HVC_TERM_STACK)
        return hvc_value_unknown(values, HVC_UNKNOWN_FLOW);
    int32_t offset = sp->offset + hvc_argument_stack(isa, n);
    if (tail && isa->link_register == HVC_REG_NONE)
        offset += isa->pointer_size;
    hvc_value_id value = hvc_state_load(values, state, sp->reg, offset, isa->pointer_size);
    if (isa->pointer_size == 8 && hvc_value_is_unknown(values, value)) {
        /* A 4-byte argument may have been stored as such: the rest of the slot is nothing. */
        hvc_value_id low = hvc_state_load(values, state, sp->reg, offset, 4);
        if (!hvc_value_is_unknown(values, low))
            return low;
    }
    return value;
}

unsigned flow_argument_count(const hvc_values *values, const hvc_isa *isa, const hvc_state *state,
                             bool tail)
{
    const hvc_term *sp = hvc_term_of(values, state->regs[isa->stack_pointer]);
    unsigned count = isa->argument_register_count;
    if (sp->kind != HVC_TERM_STACK)
        return count;
    int32_t low = sp->offset + hvc_argument_stack(isa, count);
    int32_t high = sp->offset + hvc_argument_stack(isa, HVC_FLOW_ARGUMENTS);
    if (tail && isa->link_register == HVC_REG_NONE)
        high += isa->pointer_size;
    return hvc_state_holds(state, sp->reg, low, high) ? HVC_FLOW_ARGUMENTS : count;
}

static bool add_address(flow_job *job, uint32_t rva)
{
    uint32_t *address = hvc_vector_add(job->results, &job->flow->addresses);
    if (address != NULL)
        *address = rva;
    return address != NULL;
}

void flow_record_address(flow_job *job, uint64_t address)
{
    uint32_t rva;
    if (job->addresses && hvc_image_rva_of(job->env->image, address, &rva) &&
        !add_address(job, rva))
        job->memory_failed = true;
}

static void record_addresses_of(flow_job *job, hvc_value_id value)
{
    size_t count;
    const hvc_value_id *members = hvc_value_members(job->env->values, &value, &count);
    for (size_t i = 0; i < count; i++) {
        uint64_t number;
        if (hvc_value_is_const(job->env->values, members[i], &number))
            flow_record_address(job, number);
    }
}

/* Whether a value can be, or lead to, an address in the image or one that was given. */
static bool may_lead(const flow_job *job, hvc_value_id value)
{
    const hvc_term *term = hvc_term_of(job->env->values, value);
    uint32_t rva;
    if (term->kind == HVC_TERM_CONST)
        return hvc_image_rva_of(job->env->image, term->number, &rva);
    return term->kind != HVC_TERM_UNKNOWN && term->kind != HVC_TERM_RANGE &&
           term->kind != HVC_TERM_STACK;
}

/* Whether a value may be a pointer that got lost where ways met. */
static bool may_be_lost(const flow_job *job, hvc_value_id value)
{
    return hvc_value_why(job->env->values, value) == HVC_UNKNOWN_MERGE;
}

void flow_record_hidden(flow_job *job, hvc_value_id value)
{
    enum { RECENT = 8 }; /* of them none is noted twice */
    size_t count = job->flow->hidden.count;
    job->flow->hides_lost |= may_be_lost(job, value);
    if (!may_lead(job, value))
        return;
    record_addresses_of(job, value);
    for (size_t i = count; i-- > 0 && count - i <= RECENT;)
        if (job->flow->hidden.items[i] == value)
            return;
    hvc_value_id *hidden = hvc_vector_add(job->results, &job->flow->hidden);
    if (hidden == NULL)
        job->memory_failed = true;
    else
        *hidden = value;
}

void flow_record_argument(flow_job *job, const hvc_term *place, hvc_value_id value)
{
    if (!may_lead(job, value) && !may_be_lost(job, value))
        return;
    record_addresses_of(job, value);
    if (job->given_count == FLOW_MAX_GIVEN)
        flow_record_unpopped(job);
    job->given[job->given_count++] =
        (hvc_slot){.base = place->reg, .offset = place->offset, .value = value};
}

void flow_record_popped(flow_job *job, const hvc_term *sp, int32_t size)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < job->given_count; i++) {
        const hvc_slot *given = &job->given[i];
        if (sp->kind != HVC_TERM_STACK || given->base != sp->reg || given->offset < sp->offset ||
            given->offset >= sp->offset + size)
            job->given[kept++] = *given;
    }
    job->given_count = kept;
}

void flow_record_unpopped(flow_job *job)
{
    for (unsigned i = 0; i < job->given_count; i++)
        flow_record_hidden(job, job->given[i].value);
    job->given_count = 0;
}

static void add_kept(flow_job *job, hvc_value_id value)
{
    hvc_value_id *kept = hvc_vector_add(job->results, &job->flow->kept);
    if (kept == NULL)
        job->memory_failed = true;
    else
        *kept = value;
}

void flow_record_kept_value(flow_job *job, hvc_value_id value)
{
    if (!may_lead(job, value))
        return;
    record_addresses_of(job, value);
    add_kept(job, value);
}

void flow_record_kept(flow_job *job, const hvc_state *before, const hvc_state *after)
{
    size_t k = 0;
    for (size_t i = 0; i < before->slot_count; i++) {
        const hvc_slot *slot = &before->slots[i];
        while (k < after->slot_count &&
               (after->slots[k].base < slot->base ||
                (after->slots[k].base == slot->base && after->slots[k].offset < slot->offset)))
            k++;
        bool remains = k < after->slot_count && after->slots[k].base == slot->base &&
                       after->slots[k].offset == slot->offset;
        if (!remains)
            flow_record_kept_value(job, slot->value);
    }
    /* What no slot shows any more may still lie there. */
    hvc_value_id unseen = hvc_value_unknown(job->env->values, HVC_UNKNOWN_FRAME);
    size_t count = job->flow->kept.count;
    if ((after->escape_count > 0 || after->escaped_other) &&
        (count == 0 || job->flow->kept.items[count - 1] != unseen))
        add_kept(job, unseen);
}

void flow_record_left(flow_job *job, const hvc_state *state)
{
    hvc_values *values = job->env->values;
    for (uint8_t reg = 0; reg < HVC_REG_MACHINE; reg++)
        if (state->regs[reg] != HVC_VALUE_UNDEFINED &&
            hvc_term_of(values, state->regs[reg])->kind != HVC_TERM_ENTRY)
            flow_record_kept_value(job, state->regs[reg]);
    for (size_t i = 0; i < state->slot_count; i++)
        if (hvc_term_of(values, state->slots[i].value)->kind != HVC_TERM_ENTRY)
            flow_record_kept_value(job, state->slots[i].value);
}

/* Whether nothing is known to have been put where argument n would be. */
static bool is_absent(const flow_job *job, const hvc_state *state, unsigned n, bool tail)
{
    const hvc_isa *isa = job->env->isa;
    const hvc_term *sp = hvc_term_of(job->env->values, state->regs[isa->stack_pointer]);
    uint8_t reg;
    if (hvc_argument_register(isa, n, &reg) || sp->kind != HVC_TERM_STACK)
        return false;
    int32_t low = sp->offset + hvc_argument_stack(isa, n);
    if (tail && isa->link_register == HVC_REG_NONE)
        low += isa->pointer_size;
    for (size_t i = 0; i < state->slot_count; i++)
        if (state->slots[i].base == sp->reg && state->slots[i].offset < low + isa->pointer_size &&
            state->slots[i].offset + state->slots[i].size > low)
            return false;
    return true;
}

void flow_record_call(flow_job *job, const flow_insn *insn, hvc_state *state, hvc_value_id target,
                      uint32_t memory, bool guarded, bool tail)
{
    hvc_flow_call *call = hvc_vector_add(job->results, &job->flow->calls);
    if (call == NULL) {
        job->memory_failed = true;
        return;
    }
    *call = (hvc_flow_call){.rva = insn->rva,
                            .return_rva = insn->rva + insn->length,
                            .tail = tail,
                            .length = insn->length,
                            .guarded = guarded,
                            .memory = memory,
                            .target = target,
                            .unsure = job->unsure};
    unsigned count = flow_argument_count(job->env->values, job->env->isa, state, tail);
    for (unsigned i = 0; i < count; i++) {
        call->arguments[i] = flow_argument(job->env->values, job->env->isa, state, i, tail);
        record_addresses_of(job, call->arguments[i]);
        if (hvc_value_why(job->env->values, call->arguments[i]) != HVC_UNKNOWN_NONE)
            call->absent |= (uint16_t)(is_absent(job, state, i, tail) << i);
    }
    if (count < HVC_FLOW_ARGUMENTS) {
        hvc_value_id none = flow_argument(job->env->values, job->env->isa, state, count, tail);
        for (unsigned i = count; i < HVC_FLOW_ARGUMENTS; i++)
            call->arguments[i] = none;
    }
    if (job->env->isa->argument_register_count == 0)
        for (unsigned i = 0; i < HVC_FLOW_REGISTERS; i++)
            call->arguments[HVC_FLOW_ARGUMENTS + i] = state->regs[i];
    const hvc_term *first = hvc_term_of(job->env->values, call->arguments[0]);
    uint8_t pointer = job->env->isa->pointer_size;
    if (first->kind == HVC_TERM_STACK)
        call->name =
            hvc_state_load(job->env->values, state, first->reg, first->offset + pointer, pointer);
}

void flow_record_store(flow_job *job, const flow_insn *insn, hvc_value_id address, int32_t offset,
                       uint8_t size, hvc_value_id value)
{
    hvc_flow_store *store = hvc_vector_add(job->results, &job->flow->stores);
    if (store == NULL) {
        job->memory_failed = true;
        return;
    }
    *store = (hvc_flow_store){
        .rva = insn->rva, .size = size, .address = address, .offset = offset, .value = value};
    record_addresses_of(job, value);
}

void flow_record_downwards(flow_job *job)
{
    if (job->flow->stores.count > 0)
        job->flow->stores.items[job->flow->stores.count - 1].both = true;
}

void flow_record_read(flow_job *job, const flow_insn *insn, uint64_t address)
{
    uint32_t rva;
    if (!hvc_image_rva_of(job->env->image, address, &rva))
        return;
    hvc_flow_read *read = hvc_vector_add(job->results, &job->flow->reads);
    if (read == NULL)
        job->memory_failed = true;
    else
        *read = (hvc_flow_read){.rva = insn->rva, .from = rva};
}

void flow_record_blind(flow_job *job, const flow_insn *insn, uint32_t from)
{
    hvc_flow_read *read = hvc_vector_add(job->results, &job->flow->blind);
    if (read == NULL)
        job->memory_failed = true;
    else
        *read = (hvc_flow_read){.rva = insn->rva, .from = from};
}

void flow_record_control(flow_job *job, const flow_insn *insn, uint32_t number, hvc_value_id value)
{
    hvc_flow_control *control = hvc_vector_add(job->results, &job->flow->controls);
    if (control == NULL)
        job->memory_failed = true;
    else
        *control = (hvc_flow_control){.rva = insn->rva, .number = number, .value = value};
}

void flow_record_return(flow_job *job, const hvc_state *state)
{
    hvc_value_id value = state->regs[job->env->isa->return_register];
    job->flow->returned = hvc_value_join(job->env->values, job->flow->returned, value);
    record_addresses_of(job, value);
}
