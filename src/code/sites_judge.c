/* One call site: its place, its argument, its judgement. */
#include <string.h>

#include "code/judge.h"
#include "code/sites.h"

enum { EVIDENCE_LINES = 6, WRITTEN_LOOK = 96, MAX_LINE = 160 };

const char *sites_function_name(sites_job *job, uint32_t rva)
{
    const hvc_image *image = job->analysis->image;
    for (size_t i = 0; i < image->exports.count; i++)
        if (image->exports.items[i].rva == rva && image->exports.items[i].name.data != NULL)
            return hvc_arena_text(job->results, image->exports.items[i].name);
    if (rva == image->headers.entry_point)
        return hvc_arena_strdup(job->results, "DriverEntry");
    return hvc_arena_printf(job->results, "sub_%X", (unsigned)rva);
}

static bool locate(sites_job *job, const hvc_flow *flow, uint32_t rva, hvc_call_site *site)
{
    const hvc_image *image = job->analysis->image;
    site->rva = rva;
    hvc_image_file_offset(image, rva, &site->file_offset);
    const hvc_section *section = hvc_image_section_at(image, rva);
    if (section != NULL) {
        site->section = hvc_arena_text(job->results, section->name);
        if (site->section == NULL)
            return false;
    }
    if (flow != NULL) {
        site->function_rva = flow->begin;
        site->function = sites_function_name(job, flow->begin);
        return site->function != NULL;
    }
    return true;
}

/* Where decoding must begin to meet the instruction at rva: the start of the decoded stretch around
 * it. */
static uint32_t stretch_start(const hvc_flow *flow, uint32_t rva)
{
    for (size_t i = 0; i < flow->covered.count; i++)
        if (rva - flow->covered.items[i].rva < flow->covered.items[i].size)
            return flow->covered.items[i].rva;
    return rva;
}

/* The instructions up to the one at rva as text. */
static bool add_evidence(sites_job *job, const hvc_flow *flow, uint32_t rva, hvc_call_site *site)
{
    const hvc_image *image = job->analysis->image;
    const hvc_isa *isa = job->analysis->isa;
    uint32_t last[EVIDENCE_LINES];
    unsigned count = 0;
    for (uint32_t at = stretch_start(flow, rva); at <= rva;) {
        hvc_insn insn;
        if (!isa->decode(hvc_image_span(image, at, isa->max_length), image->headers.image_base + at,
                         &insn))
            break;
        last[count++ % EVIDENCE_LINES] = at;
        at += insn.length;
    }
    unsigned lines = count < EVIDENCE_LINES ? count : EVIDENCE_LINES;
    const char **texts = hvc_arena_array(job->results, lines, sizeof(*texts));
    if (lines == 0)
        return true;
    if (texts == NULL)
        return false;
    for (unsigned i = 0; i < lines; i++) {
        char text[MAX_LINE];
        uint32_t at = last[(count - lines + i) % EVIDENCE_LINES];
        hvc_isa_format(isa, hvc_image_span(image, at, isa->max_length),
                       image->headers.image_base + at, text, sizeof(text));
        texts[i] = hvc_arena_printf(job->results, "0x%X: %s", (unsigned)at, text);
        if (texts[i] == NULL)
            return false;
    }
    site->evidence = texts;
    site->evidence_count = lines;
    return true;
}

/* A constant argument of a call. */
static bool argument_is(sites_job *job, const hvc_flow_call *call, unsigned n, uint64_t wanted)
{
    uint64_t number;
    return hvc_value_is_const(&job->analysis->values, call->arguments[n], &number) &&
           (number & 0xFFFFFFFF) == wanted;
}

/* The 5 of MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL in a test or an and. ARM64, which
 * has no such immediate, loads it into a register. */
static bool is_mdl_flag_test(const hvc_isa *isa, const hvc_op *op)
{
    bool tests = op->kind == HVC_OP_TEST || op->kind == HVC_OP_RESULT ||
                 (op->kind == HVC_OP_ALU && op->alu == HVC_ALU_AND);
    if (tests && op->b.kind == HVC_OPERAND_CONST && op->b.value == 5)
        return true;
    return isa->min_length == 4 && op->kind == HVC_OP_MOVE && op->a.kind == HVC_OPERAND_CONST &&
           op->a.value == 5;
}

/* MmGetSystemAddressForMdlSafe looks at these flags shortly before the call. */
static bool tests_mdl_flags(sites_job *job, const hvc_flow *flow, uint32_t rva)
{
    const hvc_image *image = job->analysis->image;
    const hvc_isa *isa = job->analysis->isa;
    for (uint32_t at = stretch_start(flow, rva); at < rva;) {
        hvc_insn insn;
        if (!isa->decode(hvc_image_span(image, at, isa->max_length), image->headers.image_base + at,
                         &insn))
            return false;
        for (unsigned i = 0; i < insn.op_count && rva - at <= WRITTEN_LOOK; i++)
            if (is_mdl_flag_test(isa, &insn.ops[i]))
                return true;
        at += insn.length;
    }
    return false;
}

/* The inline function of the headers that this call most plainly is. */
static const char *written_form(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call,
                                const hvc_call_site *site)
{
    static const struct {
        const char *ddi, *zero;
    } pool[] = {
        {"ExAllocatePoolWithTag", "ExAllocatePoolZero"},
        {"ExAllocatePoolWithQuotaTag", "ExAllocatePoolQuotaZero"},
        {"ExAllocatePoolWithTagPriority", "ExAllocatePoolPriorityZero"},
    };
    const char *name = site->ddi->name;
    for (size_t i = 0; i < sizeof(pool) / sizeof(*pool); i++) {
        if (strcmp(name, pool[i].ddi) != 0 || site->value_count == 0 || site->open != NULL)
            continue;
        bool zeroed = true;
        for (size_t k = 0; k < site->value_count; k++)
            zeroed &= (site->values[k].number & 0x400) != 0; /* POOL_ZERO_ALLOCATION */
        return zeroed ? pool[i].zero : NULL;
    }
    if (strcmp(name, "MmMapLockedPagesSpecifyCache") == 0 && argument_is(job, call, 1, 0) &&
        argument_is(job, call, 2, 1) && argument_is(job, call, 3, 0) &&
        argument_is(job, call, 4, 0) && tests_mdl_flags(job, flow, call->rva))
        return "MmGetSystemAddressForMdlSafe";
    return NULL;
}

/* A mapping for user mode is never executable, whatever the priority says. */
static bool is_user_mapping(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call,
                            const hvc_ddi *ddi)
{
    if (ddi->counter != HVC_COUNTER_PAGE_MAPPING)
        return false;
    hvc_frame frame = {.flow = flow};
    hvc_numbers mode;
    hvc_resolve(job->analysis, &frame, call->arguments[1], 1, &mode);
    return mode.why == HVC_UNKNOWN_NONE && mode.count == 1 && mode.list[0] == 1;
}

/* An argument of 64 bits takes two slots on x86. */
static void resolve_argument(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call,
                             unsigned index, const hvc_ddi *ddi, hvc_numbers *ret_numbers)
{
    hvc_frame frame = {.flow = flow};
    bool x86 = job->analysis->isa->pointer_size == 4;
    hvc_numbers high = {.count = 0};
    hvc_resolve(job->analysis, &frame, call->arguments[index], ddi->wide && !x86 ? 8 : 4,
                ret_numbers);
    if (!ddi->wide || !x86)
        return;
    if (index + 1 >= HVC_FLOW_ARGUMENTS)
        hvc_numbers_unknown(&high, HVC_UNKNOWN_BUDGET);
    else
        hvc_resolve(job->analysis, &frame, call->arguments[index + 1], 4, &high);
    hvc_numbers low = *ret_numbers;
    *ret_numbers = (hvc_numbers){.origins = low.origins | high.origins};
    for (unsigned i = 0; i < low.count; i++)
        for (unsigned k = 0; k < high.count; k++)
            hvc_numbers_add(ret_numbers, low.list[i] | high.list[k] << 32);
    if (low.why != HVC_UNKNOWN_NONE)
        hvc_numbers_unknown_bits(ret_numbers, low.why, low.ones, low.zeros & 0xFFFFFFFF);
    /* The bits that decide are in the low half. */
    for (unsigned i = 0; high.why != HVC_UNKNOWN_NONE && i < low.count; i++)
        hvc_numbers_unknown_bits(ret_numbers, high.why, low.list[i],
                                 ~low.list[i] & UINT64_C(0xFFFFFFFF));
}

bool sites_argument_index(const sites_job *job, const hvc_ddi *ddi, unsigned *ret_index)
{
    *ret_index = job->analysis->isa->argument_register_count == 0 && ddi->x86_stack >= 0
                     ? (unsigned)ddi->x86_stack / 4
                     : (unsigned)ddi->argument;
    return *ret_index < HVC_FLOW_ARGUMENTS;
}

static bool judge_argument(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call,
                           hvc_call_site *site)
{
    const hvc_ddi *ddi = site->ddi;
    unsigned index;
    if (ddi->argument < 0) {
        site->judgement = ddi->advice ? HVC_JUDGEMENT_ADVICE : HVC_JUDGEMENT_OK;
        return true;
    }
    if (!sites_argument_index(job, ddi, &index)) {
        hvc_judge_unknown(site, hvc_unknown_text(HVC_UNKNOWN_BUDGET));
        return true;
    }
    hvc_numbers numbers;
    resolve_argument(job, flow, call, index, ddi, &numbers);
    if (!hvc_judge_site(&numbers, job->results, site))
        return false;
    bool counts =
        site->judgement == HVC_JUDGEMENT_VIOLATION || site->judgement == HVC_JUDGEMENT_POSSIBLE;
    site->harmless = counts && is_user_mapping(job, flow, call, ddi);
    site->written = written_form(job, flow, call, site);
    return true;
}

bool sites_add(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call, const hvc_ddi *ddi,
               const char *form)
{
    hvc_call_site *site = hvc_vector_add(job->results, &job->sites);
    if (site == NULL)
        return false;
    *site = (hvc_call_site){.ddi = ddi, .form = form};
    return locate(job, flow, call->rva, site) && judge_argument(job, flow, call, site) &&
           (!job->evidence || add_evidence(job, flow, call->rva, site));
}

bool sites_add_open(sites_job *job, const hvc_flow *flow, uint32_t rva, const hvc_ddi *ddi,
                    const char *form, const char *why)
{
    hvc_call_site *site = hvc_vector_add(job->results, &job->sites);
    if (site == NULL)
        return false;
    *site = (hvc_call_site){.ddi = ddi, .form = form};
    hvc_judge_unknown(site, why);
    return locate(job, flow, rva, site) &&
           (!job->evidence || flow == NULL || add_evidence(job, flow, rva, site));
}
