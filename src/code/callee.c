/* What a call leaves behind in its caller: from the table of kernel functions, or from a look at
 * the callee's instructions. */
#include "code/analysis.h"
#include <string.h>

#include "ddi/import_facts.h"

enum { LOOK_INSNS = 4096, LOOK_PENDING = 512 };

static bool is_name(hvc_text text, const char *name)
{
    return text.data != NULL && text.size == strlen(name) &&
           memcmp(text.data, name, text.size) == 0;
}

static hvc_call_effect effect_of(hvc_text name)
{
    return is_name(name, "RtlInitUnicodeString")         ? HVC_EFFECT_UNICODE_STRING
           : is_name(name, "NdisInitializeString")       ? HVC_EFFECT_UNICODE_STRING
           : is_name(name, "RtlGetVersion")              ? HVC_EFFECT_GET_VERSION
           : is_name(name, "PsGetVersion")               ? HVC_EFFECT_PS_VERSION
           : is_name(name, "RtlIsNtDdiVersionAvailable") ? HVC_EFFECT_NTDDI
           : is_name(name, "PcNewPort")                  ? HVC_EFFECT_OBJECT
                                                         : HVC_EFFECT_NONE;
}

static void look_up_import(const hvc_analysis *analysis, uint32_t import, hvc_callee *callee)
{
    hvc_text name = analysis->image->imports.items[import].name;
    callee->standard = callee->by_register = true;
    if (name.data == NULL)
        return;
    if (is_name(name, "__chkstk") || is_name(name, "_chkstk")) {
        /* Probes the stack for as many bytes as the return register says, and keeps that register.
         */
        if (analysis->isa->pointer_size == 8)
            *callee = (hvc_callee){.pure = true,
                                   .outs_known = true,
                                   .preserved = UINT32_C(1) << analysis->isa->return_register};
        return;
    }
    callee->effect = (uint8_t)effect_of(name);
    const hvc_import_facts *facts = hvc_import_facts_of(name);
    callee->by_register = facts == NULL || facts->x86_fastcall;
    if (facts == NULL)
        return;
    callee->no_return = facts->no_return;
    callee->pops_known = facts->x86_stack >= 0;
    callee->pops = facts->x86_stack;
    callee->pure = facts->pure && callee->effect == HVC_EFFECT_NONE;
    callee->outs_known = facts->outs_known;
    callee->out_count = facts->out_count;
    for (unsigned i = 0; i < facts->out_count; i++) {
        callee->outs[i].argument = facts->outs[i].argument;
        callee->outs[i].size = facts->outs[i].size;
    }
    if (callee->effect == HVC_EFFECT_OBJECT)
        callee->outs[0].size = analysis->isa->pointer_size;
}

static void import_callee(hvc_analysis *analysis, uint32_t import, hvc_callee *callee)
{
    if (analysis->import_callees == NULL)
        analysis->import_callees = hvc_arena_array(&analysis->arena, analysis->image->imports.count,
                                                   sizeof(*analysis->import_callees));
    if (analysis->import_callees == NULL) {
        analysis->failed = true;
        return;
    }
    hvc_callee **known = &analysis->import_callees[import];
    if (*known == NULL) {
        *known = hvc_arena_alloc(&analysis->arena, sizeof(**known));
        if (*known == NULL) {
            analysis->failed = true;
            return;
        }
        look_up_import(analysis, import, *known);
    }
    *callee = **known;
}

/* One walk over a function's instructions, without values. */
typedef struct look {
    const hvc_analysis *analysis;
    uint32_t pending[LOOK_PENDING];
    unsigned pending_count;
    uint64_t seen[LOOK_INSNS * 2 / 64]; /* bits by offset from the lowest address, when near */
    uint32_t base;
    unsigned left;
    uint32_t written; /* registers */
    bool returns, lost, pops_differ, frame_link, moves_frame;
    int32_t pops; /* -1 before the first return */
} look;

static bool visit(look *l, uint32_t rva)
{
    uint32_t offset = rva - l->base;
    if (offset >= LOOK_INSNS * 2)
        return false;
    uint64_t bit = UINT64_C(1) << (offset % 64);
    if (l->seen[offset / 64] & bit)
        return false;
    l->seen[offset / 64] |= bit;
    return true;
}

static void look_push(look *l, uint32_t rva)
{
    if (l->pending_count == LOOK_PENDING || rva < l->base || rva - l->base >= LOOK_INSNS * 2)
        l->lost = true;
    else
        l->pending[l->pending_count++] = rva;
}

/* Notes what one operation does; true when control does not go on behind the instruction. */
static bool look_op(look *l, const hvc_op *op, uint32_t next)
{
    const hvc_isa *isa = l->analysis->isa;
    uint32_t target;
    if (op->dst < HVC_REG_MACHINE &&
        (op->kind == HVC_OP_MOVE || op->kind == HVC_OP_ALU || op->kind == HVC_OP_LOAD ||
         op->kind == HVC_OP_SELECT || op->kind == HVC_OP_CLOBBER)) {
        l->written |= UINT32_C(1) << op->dst;
        if (op->dst == isa->frame_pointer && op->kind == HVC_OP_ALU)
            l->moves_frame = true;
    }
    switch (op->kind) {
    case HVC_OP_STORE:
        if (op->memory.segment && op->memory.displacement == 0 && op->memory.base == HVC_REG_NONE)
            l->frame_link = true; /* mov fs:[0], reg: the chain of exception frames */
        return false;
    case HVC_OP_CALL:
        l->written |= isa->volatile_registers;
        return false;
    case HVC_OP_JUMP:
        if (op->a.kind == HVC_OPERAND_CONST &&
            hvc_image_rva_of(l->analysis->image, op->a.value, &target) && target >= l->base &&
            target - l->base < LOOK_INSNS * 2)
            look_push(l, target);
        else
            l->lost = true;
        return true;
    case HVC_OP_BRANCH:
        if (hvc_image_rva_of(l->analysis->image, op->target, &target))
            look_push(l, target);
        else
            l->lost = true;
        look_push(l, next);
        return true;
    case HVC_OP_RETURN:
        l->returns = true;
        if (l->pops >= 0 && l->pops != (int32_t)op->immediate)
            l->pops_differ = true;
        l->pops = (int32_t)op->immediate;
        return true;
    case HVC_OP_TRAP:
        return true;
    default:
        return false;
    }
}

/* Whether nothing more of a function can matter: it returns, and keeps no volatile register. What
 * it pops is of interest on x86 alone. */
static bool is_told(const look *l)
{
    const hvc_isa *isa = l->analysis->isa;
    uint32_t told = l->written;
    if (isa->link_register != HVC_REG_NONE)
        told |= UINT32_C(1) << isa->link_register; /* it is never kept */
    return isa->pointer_size == 8 && l->returns && (isa->volatile_registers & ~told) == 0;
}

static void look_at(look *l, uint32_t rva)
{
    const hvc_image *image = l->analysis->image;
    const hvc_isa *isa = l->analysis->isa;
    l->base = rva > LOOK_INSNS ? rva - LOOK_INSNS : 0;
    l->left = LOOK_INSNS;
    l->pops = -1;
    look_push(l, rva);
    while (l->pending_count > 0 && !l->lost && !is_told(l)) {
        uint32_t at = l->pending[--l->pending_count];
        for (bool ended = false; !ended && !l->lost && visit(l, at);) {
            hvc_insn insn;
            if (l->left-- == 0 || !isa->decode(hvc_image_span(image, at, isa->max_length),
                                               image->headers.image_base + at, &insn)) {
                l->lost = true;
                break;
            }
            for (unsigned i = 0; i < insn.op_count && !ended; i++)
                ended = look_op(l, &insn.ops[i], at + insn.length);
            at += insn.length;
            if (at - l->base >= LOOK_INSNS * 2)
                l->lost = !ended;
        }
    }
}

/* Where the summary of the code at rva is, or will be. */
static hvc_summary_entry *summary_of(const hvc_analysis *analysis, uint32_t rva)
{
    size_t mask = analysis->summaries.capacity - 1;
    size_t at = (rva * 2654435761u) & mask;
    while (analysis->summaries.items[at].rva != 0 && analysis->summaries.items[at].rva != rva + 1)
        at = (at + 1) & mask;
    return &analysis->summaries.items[at];
}

/* Makes room for one more summary. */
static bool grow_summaries(hvc_analysis *analysis)
{
    size_t old_capacity = analysis->summaries.capacity;
    hvc_summary_entry *old = analysis->summaries.items;
    if (analysis->summary_count * 2 < old_capacity)
        return true;
    size_t capacity = old_capacity == 0 ? 32 : old_capacity * 2;
    hvc_summary_entry *items = hvc_arena_array(&analysis->arena, capacity, sizeof(*items));
    if (items == NULL)
        return false;
    analysis->summaries.items = items;
    analysis->summaries.capacity = capacity;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].rva != 0)
            *summary_of(analysis, old[i].rva - 1) = old[i];
    return true;
}

static void look_at_function(const hvc_analysis *analysis, uint32_t rva, hvc_callee *callee)
{
    look l = {.analysis = analysis};
    look_at(&l, rva);
    const hvc_isa *isa = analysis->isa;
    if (!l.lost) {
        callee->no_return = !l.returns;
        callee->preserved = isa->volatile_registers & ~l.written;
        if (isa->link_register != HVC_REG_NONE)
            callee->preserved &= ~(UINT32_C(1) << isa->link_register);
        callee->pops_known = l.returns && !l.pops_differ;
        callee->pops = l.pops;
    }
    if (isa->pointer_size == 4 && l.frame_link && l.moves_frame) {
        callee->frame_helper = true;
        callee->preserved = 0;
    } else if (isa->pointer_size == 4 && l.frame_link && l.written >> isa->frame_pointer & 1) {
        callee->frame_undo = true;
        callee->preserved = 0;
    }
}

/* Whether a function that sets this register can still hand on all that it was given: ARM64 forms
 * the page of a slot in one that no argument is in. What sets others calls with arguments of its
 * own. */
static bool is_scratch(const hvc_isa *isa, uint8_t reg)
{
    return isa->min_length == 4 && reg >= isa->argument_register_count && reg < HVC_REG_MACHINE;
}

/* ARM64: whether a br through the register stands there: ldr x16, [x16, slot] is before it. */
static bool jumps_through(const hvc_analysis *analysis, uint32_t rva, uint8_t reg)
{
    const hvc_isa *isa = analysis->isa;
    const hvc_image *image = analysis->image;
    hvc_insn insn;
    return isa->decode(hvc_image_span(image, rva, isa->max_length), image->headers.image_base + rva,
                       &insn) &&
           insn.op_count == 1 && insn.ops[0].kind == HVC_OP_JUMP &&
           insn.ops[0].a.kind == HVC_OPERAND_REG && insn.ops[0].a.reg == reg;
}

/* The import that a function of one instruction jumps to. */
bool hvc_analysis_thunk(const hvc_analysis *analysis, uint32_t rva, uint32_t *ret_import)
{
    const hvc_isa *isa = analysis->isa;
    const hvc_image *image = analysis->image;
    uint64_t page = 0;
    uint8_t page_register = HVC_REG_NONE;
    /* At most adrp, ldr, br on ARM64; one jump elsewhere, perhaps behind another. */
    for (unsigned i = 0; i < 6; i++) {
        hvc_insn insn;
        if (!isa->decode(hvc_image_span(image, rva, isa->max_length),
                         image->headers.image_base + rva, &insn))
            return false;
        uint32_t slot = 0;
        for (unsigned k = 0; k < insn.op_count; k++) {
            const hvc_op *op = &insn.ops[k];
            if (op->kind == HVC_OP_MOVE && op->a.kind == HVC_OPERAND_CONST &&
                is_scratch(isa, op->dst)) {
                page = op->a.value;
                page_register = op->dst;
            } else if (op->kind == HVC_OP_LOAD && op->memory.index == HVC_REG_NONE &&
                       !op->memory.segment &&
                       (op->memory.base == HVC_REG_NONE || op->memory.base == page_register)) {
                uint64_t base = op->memory.base == HVC_REG_NONE ? 0 : page;
                if (!hvc_image_rva_of(image, base + (uint64_t)op->memory.displacement, &slot))
                    return false;
                page_register = HVC_REG_NONE;
            } else if (op->kind == HVC_OP_JUMP && op->a.kind == HVC_OPERAND_CONST) {
                if (!hvc_image_rva_of(image, op->a.value, &rva))
                    return false;
                goto next;
            } else if (op->kind == HVC_OP_JUMP) {
                return slot != 0 && hvc_analysis_import_at(analysis, slot, ret_import);
            } else {
                return false;
            }
        }
        if (slot != 0) /* a load that is not the jump's own gives an argument on x86 and x64 */
            return isa->min_length == 4 &&
                   jumps_through(analysis, rva + insn.length, insn.ops[0].dst) &&
                   hvc_analysis_import_at(analysis, slot, ret_import);
        rva += insn.length;
    next:;
    }
    return false;
}

/* The code at rva: a function, or a thunk of an import. */
static void function_callee(hvc_analysis *analysis, uint32_t rva, hvc_callee *callee)
{
    if (!grow_summaries(analysis)) {
        analysis->failed = true;
        return;
    }
    hvc_summary_entry *entry = summary_of(analysis, rva);
    if (entry->rva == 0) {
        uint32_t import;
        entry->rva = rva + 1;
        analysis->summary_count++;
        if (hvc_analysis_thunk(analysis, rva, &import))
            import_callee(analysis, import, &entry->callee);
        else
            look_at_function(analysis, rva, &entry->callee);
    }
    *callee = entry->callee;
}

void hvc_analysis_callee(void *context, hvc_value_id target, hvc_callee *ret_callee)
{
    hvc_analysis *analysis = context;
    uint64_t address;
    uint32_t rva, import;
    if (hvc_analysis_import_of(analysis, target, &import))
        import_callee(analysis, import, ret_callee);
    else if (hvc_value_is_const(&analysis->values, target, &address) &&
             hvc_image_rva_of(analysis->image, address, &rva))
        function_callee(analysis, rva, ret_callee);
}
