/* From terms to numbers: parameters are settled at the callers, results in the callee, globals by
 * what the image stores in them. */
#include <string.h>

#include "code/analysis.h"
#include "code/table.h"

void hvc_numbers_add(hvc_numbers *numbers, uint64_t number)
{
    for (unsigned i = 0; i < numbers->count; i++)
        if (numbers->list[i] == number)
            return;
    if (numbers->count == ANALYSIS_NUMBERS)
        hvc_numbers_unknown(numbers, HVC_UNKNOWN_MERGE);
    else
        numbers->list[numbers->count++] = number;
}

void hvc_numbers_unknown_bits(hvc_numbers *numbers, hvc_unknown why, uint64_t ones, uint64_t zeros)
{
    if (numbers->why == HVC_UNKNOWN_NONE) {
        numbers->why = why;
        numbers->ones = ones;
        numbers->zeros = zeros;
    } else {
        numbers->ones &= ones;
        numbers->zeros &= zeros;
    }
}

void hvc_numbers_unknown(hvc_numbers *numbers, hvc_unknown why)
{
    hvc_numbers_unknown_bits(numbers, why, 0, 0);
}

bool hvc_flow_covers(const hvc_flow *flow, uint32_t rva)
{
    for (size_t i = 0; i < flow->covered.count; i++)
        if (rva >= flow->covered.items[i].rva &&
            rva - flow->covered.items[i].rva < flow->covered.items[i].size)
            return true;
    return false;
}

const hvc_flow_call *hvc_flow_call_at(const hvc_flow *flow, uint32_t rva)
{
    size_t low = 0, high = flow->calls.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (flow->calls.items[middle].rva < rva)
            low = middle + 1;
        else
            high = middle;
    }
    return low < flow->calls.count && flow->calls.items[low].rva == rva ? &flow->calls.items[low]
                                                                        : NULL;
}

/* All bits up to the highest one of number. */
static uint64_t smear(uint64_t number)
{
    for (unsigned shift = 1; shift < 64; shift *= 2)
        number |= number >> shift;
    return number;
}

static int argument_of_register(const hvc_isa *isa, uint8_t reg)
{
    for (unsigned n = 0; n < isa->argument_register_count; n++)
        if (isa->argument_registers[n] == reg)
            return (int)n;
    return -1;
}

/* Calls of function from anywhere in the image, each settled in its own function. */
static void resolve_at_callers(hvc_analysis *analysis, uint32_t function, unsigned argument,
                               unsigned depth, hvc_numbers *numbers)
{
    const hvc_xrefs *xrefs = hvc_analysis_callers(analysis);
    const hvc_code_function *entry = hvc_function_at(&analysis->map, function);
    if (xrefs == NULL || entry == NULL) {
        hvc_numbers_unknown(numbers, HVC_UNKNOWN_BUDGET);
        return;
    }
    if (entry->sources & (HVC_FROM_ENTRY | HVC_FROM_EXPORT | HVC_FROM_GUARD | HVC_FROM_POINTER)) {
        hvc_numbers_unknown(numbers, HVC_UNKNOWN_PARAMETER);
        return;
    }
    size_t count, callers = 0;
    const hvc_xref *xref = hvc_xrefs_find(xrefs, function, function + 1, &count);
    for (size_t i = 0; i < count; i++) {
        if (xref[i].kind == HVC_XREF_POINTER) {
            hvc_numbers_unknown(numbers, HVC_UNKNOWN_PARAMETER);
            return;
        }
        const hvc_code_function *from = hvc_function_at(&analysis->map, xref[i].from);
        if (from == NULL)
            continue;
        if (++callers > ANALYSIS_CALLERS) {
            hvc_numbers_unknown(numbers, HVC_UNKNOWN_BUDGET);
            return;
        }
        const hvc_flow *flow = hvc_analysis_flow(analysis, xref[i].from);
        if (flow == NULL) {
            hvc_numbers_unknown(numbers, HVC_UNKNOWN_BUDGET);
            return;
        }
        if (xref[i].kind == HVC_XREF_ADDRESS && !hvc_flow_covers(flow, xref[i].from)) {
            hvc_numbers_unknown(numbers, HVC_UNKNOWN_PARAMETER);
            return;
        }
        /* Each flow once: its calls of the function are all looked at together. */
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++) {
            const hvc_code_function *before = hvc_function_at(&analysis->map, xref[k].from);
            seen = before != NULL && before->group == from->group;
        }
        if (seen)
            continue;
        hvc_frame frame = {.flow = flow};
        uint64_t address = analysis->image->headers.image_base + function;
        bool is_taken = false;
        for (size_t k = 0; k < flow->addresses.count; k++)
            is_taken |= flow->addresses.items[k] == function;
        if (is_taken) {
            hvc_numbers_unknown(numbers, HVC_UNKNOWN_PARAMETER);
            return;
        }
        for (size_t k = 0; k < flow->calls.count; k++) {
            uint64_t target;
            if (hvc_value_is_const(&analysis->values, flow->calls.items[k].target, &target) &&
                target == address)
                hvc_resolve_step(analysis, &frame, flow->calls.items[k].arguments[argument],
                                 depth + 1, numbers);
        }
        if (flow->incomplete)
            hvc_numbers_unknown(numbers, HVC_UNKNOWN_FLOW);
    }
    /* x64 operands with an immediate behind them are reckoned from a lower address; none of them
     * forms a function's address (lea has no immediate). */
    if (callers == 0)
        hvc_numbers_unknown(numbers, HVC_UNKNOWN_PARAMETER);
}

/* A parameter that is passed on to the function itself, perhaps over others, adds nothing on that
 * way: as it is; what an operation makes of it is another value each time round. */
static void resolve_at_all_callers(hvc_analysis *analysis, uint32_t function, unsigned argument,
                                   unsigned depth, hvc_numbers *numbers)
{
    for (unsigned i = 0; i < analysis->asked_count; i++)
        if (analysis->asked[i].function == function && analysis->asked[i].argument == argument) {
            if (analysis->asked[i].changes != analysis->changes)
                hvc_numbers_unknown(numbers, HVC_UNKNOWN_MERGE);
            analysis->cuts++;
            return;
        }
    if (analysis->asked_count == ANALYSIS_DEPTH) {
        hvc_numbers_unknown(numbers, HVC_UNKNOWN_BUDGET);
        return;
    }
    analysis->asked[analysis->asked_count++] =
        (hvc_asked){.changes = analysis->changes, .function = function, .argument = argument};
    unsigned cuts = analysis->cuts;
    resolve_at_callers(analysis, function, argument, depth, numbers);
    analysis->asked_count--;
    /* longer numbers are changed by the zero-extension that resolve_op lets pass */
    for (unsigned i = 0; cuts != analysis->cuts && i < numbers->count; i++)
        if (numbers->list[i] > UINT32_MAX)
            hvc_numbers_unknown(numbers, HVC_UNKNOWN_MERGE);
}

static void resolve_argument(hvc_analysis *analysis, const hvc_frame *frame, int argument,
                             unsigned depth, hvc_numbers *numbers)
{
    numbers->origins |= HVC_ORIGIN_PARAMETER;
    if (argument < 0 || argument >= HVC_FLOW_ARGUMENTS)
        hvc_numbers_unknown(numbers, HVC_UNKNOWN_PARAMETER);
    else if (frame->call != NULL && frame->up != NULL)
        hvc_resolve_step(analysis, frame->up, frame->call->arguments[argument], depth + 1, numbers);
    else
        resolve_at_all_callers(analysis, frame->flow->begin, (unsigned)argument, depth, numbers);
}

/* The low bytes of a parameter that lies on the stack. */
static void resolve_stack_argument(hvc_analysis *analysis, const hvc_frame *frame,
                                   const hvc_term *term, unsigned depth, hvc_numbers *numbers)
{
    uint64_t mask = hvc_size_mask(term->size);
    hvc_numbers whole = {.count = 0};
    bool changes = term->size < 4; /* 64-bit code reads 4 of 8 bytes all the time */
    analysis->changes += changes;
    resolve_argument(analysis, frame, hvc_argument_of_entry_stack(analysis->isa, term->offset),
                     depth, &whole);
    analysis->changes -= changes;
    numbers->origins |= whole.origins;
    for (unsigned i = 0; i < whole.count; i++)
        hvc_numbers_add(numbers, whole.list[i] & mask);
    if (whole.why != HVC_UNKNOWN_NONE)
        hvc_numbers_unknown_bits(numbers, whole.why, whole.ones & mask, whole.zeros | ~mask);
}

static void resolve_result(hvc_analysis *analysis, const hvc_frame *frame, uint32_t call_rva,
                           unsigned depth, hvc_numbers *numbers)
{
    numbers->origins |= HVC_ORIGIN_RESULT;
    const hvc_flow_call *call = hvc_flow_call_at(frame->flow, call_rva);
    hvc_target target = {.kind = HVC_TARGET_UNKNOWN};
    if (call != NULL)
        target = hvc_resolve_target(analysis, frame->flow, call->target);
    const hvc_flow *callee =
        target.kind == HVC_TARGET_FUNCTION ? hvc_analysis_flow(analysis, target.rva) : NULL;
    if (callee == NULL || callee->begin != target.rva || callee->returned == HVC_VALUE_UNDEFINED) {
        hvc_numbers_unknown(numbers, HVC_UNKNOWN_RESULT);
        return;
    }
    if (callee->incomplete)
        hvc_numbers_unknown(numbers, HVC_UNKNOWN_RESULT);
    /* A function that may end by jumping to another returns what that returns. */
    for (size_t i = 0; i < callee->calls.count; i++)
        if (callee->calls.items[i].tail) {
            hvc_numbers_unknown(numbers, HVC_UNKNOWN_RESULT);
            return;
        }
    hvc_frame inner = {.flow = callee, .call = call, .up = frame};
    hvc_resolve_step(analysis, &inner, callee->returned, depth + 1, numbers);
}

static void resolve_load(hvc_analysis *analysis, const hvc_term *term, unsigned depth,
                         hvc_numbers *numbers)
{
    uint64_t address;
    uint32_t rva;
    if (!hvc_value_is_const(&analysis->values, term->a, &address) ||
        !hvc_image_rva_of(analysis->image, address, &rva)) {
        hvc_numbers_unknown(numbers, HVC_UNKNOWN_MEMORY);
        return;
    }
    hvc_numbers found = {.count = 0};
    /* a part of what was stored, or its sign, is another value too */
    bool changes = term->sign || term->size < 4;
    analysis->changes += changes;
    hvc_resolve_global(analysis, rva, term->size, depth + 1, &found);
    analysis->changes -= changes;
    for (unsigned i = 0; i < found.count; i++) {
        uint64_t number = found.list[i] & hvc_size_mask(term->size);
        if (term->sign)
            number = hvc_alu_compute(HVC_ALU_SIGN_EXTEND, number, 8u * term->size, 8);
        hvc_numbers_add(numbers, number);
    }
    numbers->origins |= found.origins;
    if (found.why != HVC_UNKNOWN_NONE)
        hvc_numbers_unknown(numbers, found.why);
}

/* A constant table read with an index that has a bound: all its entries. */
static void resolve_table(hvc_analysis *analysis, const hvc_term *term, hvc_numbers *numbers)
{
    uint16_t indices[HVC_TABLE_INDICES];
    size_t count;
    uint32_t rva;
    if (!hvc_table_begin(analysis->image, &analysis->values, term, &rva)) {
        hvc_numbers_unknown(numbers, HVC_UNKNOWN_GLOBAL);
        return;
    }
    /* An index in steps other than the entries' size is a pointer that moves through them. */
    if (term->scale < term->size ||
        !hvc_table_indices(analysis->image, &analysis->values, term->b, indices, &count)) {
        hvc_numbers_unknown(numbers, HVC_UNKNOWN_MEMORY);
        return;
    }
    numbers->origins |= HVC_ORIGIN_READ_ONLY;
    for (size_t i = 0; i < count; i++) {
        uint64_t number;
        if (!hvc_table_read(analysis->image, term, rva, indices[i], &number)) {
            hvc_numbers_unknown(numbers, HVC_UNKNOWN_MEMORY);
            return;
        }
        hvc_numbers_add(numbers, number);
    }
}

/* a with its low size bytes replaced by those of b. */
static void resolve_part(hvc_analysis *analysis, const hvc_frame *frame, const hvc_term *term,
                         unsigned depth, hvc_numbers *numbers)
{
    hvc_numbers a = {.count = 0}, b = {.count = 0};
    uint64_t mask = hvc_size_mask(term->size);
    hvc_resolve_step(analysis, frame, term->a, depth + 1, &a);
    hvc_resolve_step(analysis, frame, term->b, depth + 1, &b);
    numbers->origins |= a.origins | b.origins;
    for (unsigned i = 0; i <= a.count; i++) {
        bool open_a = i == a.count;
        if (open_a && a.why == HVC_UNKNOWN_NONE)
            break;
        for (unsigned k = 0; k <= b.count; k++) {
            bool open_b = k == b.count;
            if (open_b && b.why == HVC_UNKNOWN_NONE)
                break;
            uint64_t high_ones = open_a ? a.ones : a.list[i],
                     high_zeros = open_a ? a.zeros : ~a.list[i];
            uint64_t low_ones = open_b ? b.ones : b.list[k],
                     low_zeros = open_b ? b.zeros : ~b.list[k];
            uint64_t ones = (high_ones & ~mask) | (low_ones & mask);
            uint64_t zeros = (high_zeros & ~mask) | (low_zeros & mask);
            if (open_a || open_b)
                hvc_numbers_unknown_bits(numbers, open_b ? b.why : a.why, ones, zeros);
            else
                hvc_numbers_add(numbers, ones);
        }
    }
}

/* What is proven to be at most term->number. */
static void resolve_bound(hvc_analysis *analysis, const hvc_frame *frame, const hvc_term *term,
                          unsigned depth, hvc_numbers *numbers)
{
    hvc_numbers a = {.count = 0};
    hvc_resolve_step(analysis, frame, term->a, depth + 1, &a);
    numbers->origins |= a.origins;
    for (unsigned i = 0; i < a.count; i++)
        if (a.list[i] <= term->number)
            hvc_numbers_add(numbers, a.list[i]);
    if (a.why != HVC_UNKNOWN_NONE)
        hvc_numbers_unknown_bits(numbers, a.why, a.ones, a.zeros | ~smear(term->number));
}

/* The numbers that unknown bits under a mask with few bits can be. False when there are too many.
 */
static bool add_few_bits(uint64_t mask, hvc_numbers *numbers)
{
    unsigned bits = 0;
    for (uint64_t rest = mask; rest != 0; rest &= rest - 1)
        bits++;
    if (bits > 3)
        return false;
    uint64_t number = 0;
    do {
        hvc_numbers_add(numbers, number);
        number = (number - mask) & mask; /* the next subset */
    } while (number != 0);
    return true;
}

typedef struct known_bits {
    uint64_t ones, zeros;
} known_bits;

/* What an operation leaves known of bits. Shifts and extensions need a number on the right. */
static known_bits bits_after(hvc_alu alu, uint8_t size, known_bits a, known_bits b,
                             bool b_is_number)
{
    uint64_t number = b.ones, mask = hvc_size_mask(size);
    known_bits none = {0, 0};
    if (alu == HVC_ALU_OR)
        return (known_bits){a.ones | b.ones, a.zeros & b.zeros};
    if (alu == HVC_ALU_AND)
        return (known_bits){a.ones & b.ones, a.zeros | b.zeros};
    if (!b_is_number || number >= 64)
        return none;
    if (alu == HVC_ALU_ZERO_EXTEND) {
        mask = (UINT64_C(1) << number) - 1;
        return (known_bits){a.ones & mask, a.zeros | ~mask};
    }
    if (alu == HVC_ALU_SHL)
        return (known_bits){a.ones << number, ~(~a.zeros << number)};
    if (alu == HVC_ALU_SHR)
        return (known_bits){(a.ones & mask) >> number, ~((~a.zeros & mask) >> number)};
    return none;
}

/* All numbers that an unknown left operand can lead to with one number on the right: a few bits
 * that are left of it, or its sign in all bits. */
static bool all_after(hvc_alu alu, uint8_t size, const hvc_numbers *a, uint64_t number,
                      hvc_numbers *numbers)
{
    if (alu == HVC_ALU_AND && a->ones == 0)
        return add_few_bits(number & ~a->zeros, numbers);
    if (alu != HVC_ALU_SAR || number != 8u * size - 1)
        return false;
    hvc_numbers_add(numbers, 0);
    hvc_numbers_add(numbers, hvc_size_mask(size));
    return true;
}

/* What is still known when a has an unknown part: with each number of b, and b's unknown part. */
static void op_on_unknown(hvc_alu alu, uint8_t size, const hvc_numbers *a, const hvc_numbers *b,
                          hvc_numbers *numbers)
{
    if (a->why == HVC_UNKNOWN_NONE)
        return;
    bool one = b->count == 1 && b->why == HVC_UNKNOWN_NONE;
    if (one && all_after(alu, size, a, b->list[0], numbers))
        return;
    known_bits left = {a->ones, a->zeros};
    for (unsigned k = 0; k < b->count + (b->why != HVC_UNKNOWN_NONE); k++) {
        bool is_number = k < b->count;
        known_bits right = {b->ones, b->zeros};
        if (is_number)
            right = (known_bits){b->list[k], ~b->list[k]};
        known_bits bits = bits_after(alu, size, left, right, is_number);
        hvc_numbers_unknown_bits(numbers, a->why, bits.ones & hvc_size_mask(size),
                                 bits.zeros | ~hvc_size_mask(size));
    }
    if (b->count == 0 && b->why == HVC_UNKNOWN_NONE)
        hvc_numbers_unknown(numbers, a->why);
}

static void resolve_op(hvc_analysis *analysis, const hvc_frame *frame, const hvc_term *term,
                       unsigned depth, hvc_numbers *numbers)
{
    hvc_numbers a = {.count = 0}, b = {.count = 0};
    /* x64 and ARM64 zero-extend numbers of 32 bits all the time, which changes none of them */
    uint64_t bits;
    bool widens = term->alu == HVC_ALU_ZERO_EXTEND &&
                  hvc_value_is_const(&analysis->values, term->b, &bits) && bits >= 32;
    analysis->changes += !widens;
    hvc_resolve_step(analysis, frame, term->a, depth + 1, &a);
    hvc_resolve_step(analysis, frame, term->b, depth + 1, &b);
    analysis->changes -= !widens;
    numbers->origins |= a.origins | b.origins;
    op_on_unknown((hvc_alu)term->alu, term->size, &a, &b, numbers);
    if (b.why != HVC_UNKNOWN_NONE && (term->alu == HVC_ALU_AND || term->alu == HVC_ALU_OR))
        op_on_unknown((hvc_alu)term->alu, term->size, &b, &a, numbers);
    else if (b.why != HVC_UNKNOWN_NONE)
        hvc_numbers_unknown(numbers, b.why);
    for (unsigned i = 0; i < a.count; i++)
        for (unsigned k = 0; k < b.count; k++)
            hvc_numbers_add(numbers,
                            hvc_alu_compute((hvc_alu)term->alu, a.list[i], b.list[k], term->size));
}

void hvc_resolve_step(hvc_analysis *analysis, const hvc_frame *frame, hvc_value_id value,
                      unsigned depth, hvc_numbers *numbers)
{
    uint64_t number;
    if (hvc_value_is_const(&analysis->values, value, &number)) {
        numbers->origins |= HVC_ORIGIN_CONSTANT;
        hvc_numbers_add(numbers, number);
        return;
    }
    if (depth > ANALYSIS_DEPTH || analysis->steps == 0) {
        hvc_numbers_unknown(numbers, HVC_UNKNOWN_BUDGET);
        return;
    }
    analysis->steps--;
    hvc_term term = *hvc_term_of(&analysis->values, value); /* the table may move */
    size_t count;
    switch (term.kind) {
    case HVC_TERM_SET:
        hvc_value_members(&analysis->values, &value, &count);
        for (size_t i = 0; i < count; i++)
            hvc_resolve_step(analysis, frame,
                             hvc_value_members(&analysis->values, &value, &count)[i], depth,
                             numbers);
        break;
    case HVC_TERM_ENTRY:
        resolve_argument(analysis, frame, argument_of_register(analysis->isa, term.reg), depth,
                         numbers);
        break;
    case HVC_TERM_ENTRY_STACK:
        resolve_stack_argument(analysis, frame, &term, depth, numbers);
        break;
    case HVC_TERM_RESULT:
        resolve_result(analysis, frame, (uint32_t)term.number, depth, numbers);
        break;
    case HVC_TERM_LOAD:
        resolve_load(analysis, &term, depth, numbers);
        break;
    case HVC_TERM_TABLE:
        resolve_table(analysis, &term, numbers);
        break;
    case HVC_TERM_OP:
        resolve_op(analysis, frame, &term, depth, numbers);
        break;
    case HVC_TERM_PART:
        analysis->changes++;
        resolve_part(analysis, frame, &term, depth, numbers);
        analysis->changes--;
        break;
    case HVC_TERM_BOUND:
        resolve_bound(analysis, frame, &term, depth, numbers);
        break;
    case HVC_TERM_RANGE:
        hvc_numbers_unknown_bits(numbers, (hvc_unknown)term.alu, 0, ~smear(term.number));
        break;
    default:
        hvc_numbers_unknown(numbers, hvc_value_why(&analysis->values, value) != HVC_UNKNOWN_NONE
                                         ? hvc_value_why(&analysis->values, value)
                                         : HVC_UNKNOWN_MEMORY);
        break;
    }
}

void hvc_resolve(hvc_analysis *analysis, const hvc_frame *frame, hvc_value_id value, uint8_t size,
                 hvc_numbers *ret_numbers)
{
    hvc_numbers found = {.count = 0};
    analysis->steps = ANALYSIS_STEPS;
    analysis->asked_count = 0;
    analysis->changes = 0;
    /* What lies above the argument's size in a register or slot does not matter. */
    hvc_resolve_step(analysis, frame, hvc_value_truncate(&analysis->values, value, size), 0,
                     &found);
    memset(ret_numbers, 0, sizeof(*ret_numbers));
    ret_numbers->why = found.why;
    ret_numbers->ones = found.ones;
    ret_numbers->zeros = found.zeros;
    ret_numbers->origins = found.origins;
    for (unsigned i = 0; i < found.count; i++)
        hvc_numbers_add(ret_numbers, found.list[i] & hvc_size_mask(size));
    if (found.count == 0 && found.why == HVC_UNKNOWN_NONE)
        hvc_numbers_unknown(ret_numbers, HVC_UNKNOWN_FLOW);
}
