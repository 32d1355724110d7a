/* Arithmetic on values: what an operation makes of terms. */
#include "code/value_private.h"

/* Bytes in which a term's number can differ from zero: what truncating to that size leaves alone.
 */
static uint8_t width_of(const hvc_values *values, const hvc_term *term)
{
    switch (term->kind) {
    case HVC_TERM_CONST:
    case HVC_TERM_RANGE:
    case HVC_TERM_BOUND:
        return term->number <= 0xFF      ? 1
               : term->number <= 0xFFFF  ? 2
               : term->number >> 32 == 0 ? 4
                                         : 8;
    case HVC_TERM_LOAD:
    case HVC_TERM_TABLE:
        return term->sign ? 8 : term->size;
    case HVC_TERM_ENTRY:
    case HVC_TERM_RESULT:
    case HVC_TERM_ENTRY_STACK:
    case HVC_TERM_OBJECT:
    case HVC_TERM_OP:
        return term->size;
    case HVC_TERM_PART:
        return values->pointer_size;
    case HVC_TERM_SET: {
        uint8_t width = 0;
        for (uint32_t i = 0; i < term->count; i++) {
            const hvc_term *member = &values->terms[values->members[term->a + i]];
            uint8_t w = member->kind == HVC_TERM_SET ? 8 : width_of(values, member);
            if (w > width)
                width = w;
        }
        return width;
    }
    default:
        return 8;
    }
}

uint8_t hvc_value_width(const hvc_values *values, hvc_value_id value)
{
    return width_of(values, &values->terms[value]);
}

static hvc_value_id make_op(hvc_values *values, hvc_alu alu, hvc_value_id a, hvc_value_id b,
                            uint8_t size)
{
    uint8_t depth = values->terms[a].depth > values->terms[b].depth ? values->terms[a].depth
                                                                    : values->terms[b].depth;
    if (depth + 1 >= HVC_VALUE_DEPTH)
        return hvc_value_unknown(values, HVC_UNKNOWN_BUDGET);
    return value_intern(values,
                        &(hvc_term){.kind = HVC_TERM_OP,
                                    .alu = (uint8_t)alu,
                                    .size = size,
                                    .a = a,
                                    .b = b,
                                    .depth = (uint8_t)(depth + 1)},
                        NULL);
}

/* The bound of a & b. */
static hvc_value_id and_bound(hvc_values *values, hvc_value_id a, hvc_value_id b, hvc_unknown why)
{
    uint64_t bound_a = UINT64_MAX, bound_b = UINT64_MAX;
    value_upper_bound(&values->terms[a], &bound_a);
    value_upper_bound(&values->terms[b], &bound_b);
    return hvc_value_range(values, bound_a < bound_b ? bound_a : bound_b, why);
}

/* The bound of a number below 2^16 shifted left, and of any shifted right, by a constant. */
static bool shift_bound(const hvc_values *values, hvc_alu alu, hvc_value_id a, hvc_value_id b,
                        uint64_t *ret_bound)
{
    const hvc_term *x = &values->terms[a], *y = &values->terms[b];
    if (x->kind != HVC_TERM_RANGE || y->kind != HVC_TERM_CONST)
        return false;
    if (alu == HVC_ALU_SHR && y->number < 64) {
        *ret_bound = x->number >> y->number;
        return true;
    }
    if (alu == HVC_ALU_SHL && y->number < 16 && x->number <= 0xFFFF) {
        *ret_bound = x->number << y->number;
        return true;
    }
    return false;
}

/* Something unknown of which at most two bits are left: the numbers that these can be. */
static bool few_bits(hvc_values *values, hvc_value_id mask, hvc_value_id *ret)
{
    uint64_t bits;
    if (!hvc_value_is_const(values, mask, &bits) || bits == 0)
        return false;
    uint64_t low = bits & (0 - bits), high = bits ^ low;
    if ((high & (high - 1)) != 0)
        return false;
    hvc_value_id value = hvc_value_const(values, 0);
    value = hvc_value_join(values, value, hvc_value_const(values, low));
    if (high != 0) {
        value = hvc_value_join(values, value, hvc_value_const(values, high));
        value = hvc_value_join(values, value, hvc_value_const(values, bits));
    }
    *ret = value;
    return true;
}

/* A mask that clears one or two bits above the lowest (of a control register, of flags), not one
 * that aligns. */
static bool clears_few_bits(const hvc_term *mask, uint8_t size)
{
    if (mask->kind != HVC_TERM_CONST)
        return false;
    uint64_t cleared = ~mask->number & hvc_size_mask(size);
    uint64_t rest = cleared & (cleared - 1);
    return cleared > 1 && (rest & (rest - 1)) == 0 && cleared != 3;
}

/* What an operation on something unknown still tells: bounds. */
static hvc_value_id alu_bounds(hvc_values *values, hvc_alu alu, hvc_value_id a, hvc_value_id b,
                               uint8_t size)
{
    const hvc_term *x = &values->terms[a], *y = &values->terms[b];
    uint64_t bound = 0;
    hvc_unknown why = value_why_of(x) != HVC_UNKNOWN_NONE ? value_why_of(x) : value_why_of(y);
    if (why == HVC_UNKNOWN_NONE)
        why = HVC_UNKNOWN_INSTRUCTION;
    hvc_value_id few;
    if (alu == HVC_ALU_AND && (few_bits(values, b, &few) || few_bits(values, a, &few)))
        return few;
    if (alu == HVC_ALU_AND && clears_few_bits(y, size))
        return make_op(values, alu, a, b, size);
    if (alu == HVC_ALU_AND && (value_upper_bound(x, &bound) || value_upper_bound(y, &bound)))
        return and_bound(values, a, b, why);
    /* The bits that are set for certain may be all that matters. */
    if (alu == HVC_ALU_OR && y->kind == HVC_TERM_CONST)
        return make_op(values, alu, a, b, size);
    if (alu == HVC_ALU_OR && x->kind == HVC_TERM_CONST)
        return make_op(values, alu, b, a, size);
    if (alu == HVC_ALU_ZERO_EXTEND && value_upper_bound(y, &bound) && bound <= 32)
        return hvc_value_range(values, (UINT64_C(1) << bound) - 1, why);
    if (shift_bound(values, alu, a, b, &bound))
        return hvc_value_range(values, bound, why);
    return size < 8 ? hvc_value_range(values, hvc_size_mask(size), why)
                    : hvc_value_unknown(values, why);
}

/* Addresses on the stack stay addresses under addition of constants. */
static bool alu_stack(hvc_values *values, hvc_alu alu, hvc_value_id a, hvc_value_id b, uint8_t size,
                      hvc_value_id *ret)
{
    hvc_term x = values->terms[a], y = values->terms[b];
    if (alu == HVC_ALU_ADD && y.kind == HVC_TERM_STACK) {
        hvc_term swap = x;
        x = y;
        y = swap;
    }
    if (x.kind != HVC_TERM_STACK || y.kind != HVC_TERM_CONST ||
        (alu != HVC_ALU_ADD && alu != HVC_ALU_SUB) || size < 4)
        return false;
    int64_t delta = (int64_t)hvc_alu_compute(HVC_ALU_SIGN_EXTEND, y.number, size * 8u, 8);
    if (delta < INT32_MIN || delta > INT32_MAX)
        return false;
    int64_t offset = x.offset + (alu == HVC_ALU_ADD ? delta : -delta);
    if (offset < INT32_MIN / 2 || offset > INT32_MAX / 2)
        return false;
    *ret = hvc_value_stack(values, x.reg, (int32_t)offset);
    return true;
}

static hvc_value_id alu_one(hvc_values *values, hvc_alu alu, hvc_value_id a, hvc_value_id b,
                            uint8_t size);

static bool leaves_alone(const hvc_values *values, hvc_alu alu, const hvc_term *x, uint64_t number,
                         uint64_t shift, uint8_t size)
{
    switch (alu) {
    case HVC_ALU_ADD:
    case HVC_ALU_SUB:
    case HVC_ALU_OR:
    case HVC_ALU_XOR:
    case HVC_ALU_SHL:
    case HVC_ALU_SHR:
    case HVC_ALU_SAR:
    case HVC_ALU_ROR:
        return number == 0;
    case HVC_ALU_AND:
        return number == hvc_size_mask(size);
    case HVC_ALU_ZERO_EXTEND:
        return shift >= 8u * width_of(values, x);
    default:
        return false;
    }
}

/* Whether an extension takes only the bits that stand in a part of a term: what replaced its low
 * ones, or what was zero-extended before from as many bits. The latter is movzx of a byte register
 * whose 32 bits were, on x64. */
static bool extends_inside(const hvc_values *values, hvc_alu alu, const hvc_term *x, uint64_t bits)
{
    uint64_t inner;
    if (alu != HVC_ALU_ZERO_EXTEND && alu != HVC_ALU_SIGN_EXTEND)
        return false;
    if (x->kind == HVC_TERM_PART)
        return bits <= 8u * x->size;
    return x->kind == HVC_TERM_OP && x->alu == HVC_ALU_ZERO_EXTEND &&
           hvc_value_is_const(values, x->b, &inner) && bits <= inner && bits <= 8u * x->size;
}

/* A term and a number: what needs no new term. False when there is nothing to simplify. */
static bool alu_with_number(hvc_values *values, hvc_alu alu, hvc_value_id a, const hvc_term *y,
                            uint8_t size, hvc_value_id *ret)
{
    hvc_term x = values->terms[a];
    uint64_t number = y->number & hvc_size_mask(size), inner;
    if (leaves_alone(values, alu, &x, number, y->number, size)) {
        *ret = hvc_value_truncate(values, a, size);
        return true;
    }
    if (x.kind == HVC_TERM_BOUND && alu == HVC_ALU_SIGN_EXTEND && y->number > 0 &&
        y->number <= 64 && x.number >> (y->number - 1) == 0) {
        *ret = hvc_value_truncate(values, a, size);
        return true;
    }
    if (extends_inside(values, alu, &x, y->number)) {
        *ret = hvc_value_alu(values, alu, x.kind == HVC_TERM_PART ? x.b : x.a,
                             hvc_value_const(values, y->number), size);
        return true;
    }
    if (x.kind == HVC_TERM_PART && alu == HVC_ALU_AND && (number & ~hvc_size_mask(x.size)) == 0) {
        *ret = hvc_value_alu(values, alu, x.b, hvc_value_const(values, number), size);
        return true;
    }
    if (number == 0 && (alu == HVC_ALU_AND || alu == HVC_ALU_MUL)) {
        *ret = hvc_value_const(values, 0);
        return true;
    }
    if (alu == HVC_ALU_OR && number == hvc_size_mask(size)) {
        *ret = hvc_value_const(values, number);
        return true;
    }
    if (alu == HVC_ALU_ADD && x.kind == HVC_TERM_OP && x.alu == HVC_ALU_ADD && x.size == size &&
        hvc_value_is_const(values, x.b, &inner)) {
        hvc_value_id sum = hvc_value_const(values, (inner + number) & hvc_size_mask(size));
        *ret = alu_one(values, alu, x.a, sum, size);
        return true;
    }
    return false;
}

static bool commutes(hvc_alu alu)
{
    return alu == HVC_ALU_ADD || alu == HVC_ALU_AND || alu == HVC_ALU_OR || alu == HVC_ALU_XOR ||
           alu == HVC_ALU_MUL;
}

static bool is_unclear(const hvc_term *term)
{
    return term->kind == HVC_TERM_UNKNOWN || term->kind == HVC_TERM_RANGE;
}

/* What is computed with a number has no longer the bound that was proven of the number. */
static hvc_value_id without_bound(const hvc_values *values, hvc_value_id value)
{
    const hvc_term *term = &values->terms[value];
    return term->kind == HVC_TERM_BOUND ? term->a : value;
}

static hvc_value_id alu_one(hvc_values *values, hvc_alu alu, hvc_value_id a, hvc_value_id b,
                            uint8_t size)
{
    hvc_term x = values->terms[a], y = values->terms[b];
    bool unary = alu == HVC_ALU_NOT || alu == HVC_ALU_NEG || alu == HVC_ALU_BYTE_SWAP;
    if (x.kind == HVC_TERM_CONST && (unary || y.kind == HVC_TERM_CONST))
        return hvc_value_const(values, hvc_alu_compute(alu, x.number, y.number, size));
    hvc_value_id result;
    if (alu_stack(values, alu, a, b, size, &result))
        return result;
    if (!unary && y.kind == HVC_TERM_CONST && alu_with_number(values, alu, a, &y, size, &result))
        return result;
    a = without_bound(values, a);
    b = without_bound(values, b);
    x = values->terms[a];
    y = values->terms[b];
    /* Only terms that mean one number for the whole run of the function: two results of one call
     * site, or two loads of one place, may differ. */
    if (a == b && (alu == HVC_ALU_XOR || alu == HVC_ALU_SUB) &&
        (x.kind == HVC_TERM_ENTRY || x.kind == HVC_TERM_ENTRY_STACK))
        return hvc_value_const(values, 0);
    if (is_unclear(&x) || is_unclear(&y))
        return alu_bounds(values, alu, a, b, size);
    if (x.kind == HVC_TERM_STACK || y.kind == HVC_TERM_STACK)
        return hvc_value_unknown(values, HVC_UNKNOWN_INSTRUCTION);
    /* Constants stand on the right where the order is free, so that equal terms meet. */
    if (commutes(alu) && x.kind == HVC_TERM_CONST)
        return alu_one(values, alu, b, a, size);
    return make_op(values, alu, a, unary ? a : b, size);
}

hvc_value_id hvc_value_alu(hvc_values *values, hvc_alu alu, hvc_value_id a, hvc_value_id b,
                           uint8_t size)
{
    size_t count_a, count_b;
    hvc_value_id list[HVC_VALUE_MEMBERS];
    size_t count = 0;
    hvc_value_members(values, &a, &count_a);
    hvc_value_members(values, &b, &count_b);
    if (count_a == 1 && count_b == 1)
        return alu_one(values, alu, a, b, size);
    for (size_t i = 0; i < count_a; i++) {
        for (size_t k = 0; k < count_b; k++) {
            /* Member lists move when interning adds sets, so they are looked up each time. */
            size_t n;
            hvc_value_id one = hvc_value_members(values, &a, &n)[i];
            hvc_value_id two = hvc_value_members(values, &b, &n)[k];
            hvc_value_id result = alu_one(values, alu, one, two, size);
            if (value_why_of(&values->terms[result]) != HVC_UNKNOWN_NONE)
                return size < 8 ? hvc_value_range(values, hvc_size_mask(size),
                                                  value_why_of(&values->terms[result]))
                                : hvc_value_unknown(values, value_why_of(&values->terms[result]));
            if (values->terms[result].kind == HVC_TERM_SET ||
                !value_add_distinct(list, &count, HVC_VALUE_MEMBERS, result))
                return hvc_value_unknown(values, HVC_UNKNOWN_MERGE);
        }
    }
    return value_make_set(values, list, count);
}

static hvc_value_id truncate_set(hvc_values *values, hvc_value_id value, uint8_t size)
{
    hvc_value_id result = HVC_VALUE_UNDEFINED;
    size_t count, n;
    hvc_value_members(values, &value, &count);
    for (size_t i = 0; i < count; i++) {
        hvc_value_id member = hvc_value_members(values, &value, &n)[i];
        result = hvc_value_join(values, result, hvc_value_truncate(values, member, size));
    }
    return result;
}

hvc_value_id hvc_value_truncate(hvc_values *values, hvc_value_id value, uint8_t size)
{
    hvc_term term = values->terms[value];
    if (size >= 8 || value == HVC_VALUE_UNDEFINED)
        return value;
    if (term.kind == HVC_TERM_CONST)
        return hvc_value_const(values, term.number & hvc_size_mask(size));
    if (term.kind == HVC_TERM_STACK)
        return size == 4 ? value : hvc_value_unknown(values, HVC_UNKNOWN_INSTRUCTION);
    if (term.kind == HVC_TERM_LOAD && term.sign && term.size == size)
        return hvc_value_load(values, term.a, term.offset, term.size, false);
    if (term.kind == HVC_TERM_PART && size <= term.size)
        return hvc_value_truncate(values, term.b, size);
    if (width_of(values, &term) <= size)
        return value;
    if (term.kind == HVC_TERM_SET)
        return truncate_set(values, value, size);
    if (term.kind == HVC_TERM_UNKNOWN || term.kind == HVC_TERM_RANGE)
        return hvc_value_range(values, hvc_size_mask(size), value_why_of(&term));
    return hvc_value_alu(values, HVC_ALU_ZERO_EXTEND, value, hvc_value_const(values, 8u * size), 8);
}
