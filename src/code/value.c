#include "code/value.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_BUCKETS = 1024, MAX_VALUES = 1 << 18 };

/* A bucket holds an id + 1, and above it the upper bits of the term's hash. */
#define BUCKET_ID UINT32_C(0x7FFFF)

hvc_status hvc_values_init(hvc_values *values, uint8_t pointer_size)
{
    memset(values, 0, sizeof(*values));
    values->pointer_size = pointer_size;
    values->buckets = calloc(FIRST_BUCKETS, sizeof(*values->buckets));
    values->capacity = FIRST_BUCKETS / 2;
    values->terms = calloc(values->capacity, sizeof(*values->terms));
    values->member_capacity = 256;
    values->members = calloc(values->member_capacity, sizeof(*values->members));
    values->bucket_count = FIRST_BUCKETS;
    if (values->buckets == NULL || values->terms == NULL || values->members == NULL) {
        hvc_values_free(values);
        return HVC_E_MEMORY;
    }
    hvc_values_reset(values);
    return HVC_OK;
}

void hvc_values_reset(hvc_values *values)
{
    memset(values->buckets, 0, values->bucket_count * sizeof(*values->buckets));
    memset(values->narrow, 0, sizeof(values->narrow));
    values->member_count = 0;
    values->failed = false;
    /* Id 0 is "undefined", ids 1..HVC_UNKNOWN_COUNT - 1 the unknowns: none of them is hashed, so
     * they are there even when memory is not. */
    memset(values->terms, 0, HVC_UNKNOWN_COUNT * sizeof(*values->terms));
    for (uint32_t i = 0; i < HVC_UNKNOWN_COUNT; i++)
        values->terms[i].number = i;
    values->count = HVC_UNKNOWN_COUNT;
}

void hvc_values_free(hvc_values *values)
{
    free(values->terms);
    free(values->members);
    free(values->buckets);
    memset(values, 0, sizeof(*values));
}

static uint32_t hash_number(uint64_t number)
{
    uint64_t mixed = (number ^ number >> 32) * UINT64_C(0x9E3779B97F4A7C15);
    return (uint32_t)(mixed >> 32);
}

static uint32_t hash_term(const hvc_term *term, const hvc_value_id *members)
{
    if (term->kind == HVC_TERM_CONST)
        return hash_number(term->number);
    uint64_t head = (uint64_t)term->kind | (uint64_t)term->size << 8 | (uint64_t)term->reg << 16 |
                    (uint64_t)term->alu << 24 | (uint64_t)(uint32_t)term->offset << 32;
    uint64_t tail = (uint64_t)term->scale | (uint64_t)term->sign << 8 | (uint64_t)term->count << 16;
    uint64_t operands =
        term->kind == HVC_TERM_SET ? 0 : (uint64_t)term->a | (uint64_t)term->b << 32;
    /* Products that do not wait for each other. */
    uint64_t mixed = head * UINT64_C(0x9E3779B97F4A7C15) + tail * UINT64_C(0xC2B2AE3D27D4EB4F);
    mixed ^= (term->number + (term->number >> 32)) * UINT64_C(0xD6E8FEB86659FD93);
    mixed += (operands ^ operands >> 29) * UINT64_C(0xA0761D6478BD642F);
    mixed = (mixed ^ mixed >> 32) * UINT64_C(0x9E3779B97F4A7C15);
    if (term->kind == HVC_TERM_SET)
        for (unsigned i = 0; i < term->count; i++)
            mixed = (mixed ^ members[i] ^ mixed >> 32) * UINT64_C(0x9E3779B97F4A7C15);
    return (uint32_t)(mixed >> 32);
}

static bool same_term(const hvc_values *values, const hvc_term *x, const hvc_term *y,
                      const hvc_value_id *y_members)
{
    if (x->kind != y->kind || x->size != y->size || x->reg != y->reg || x->alu != y->alu ||
        x->scale != y->scale || x->sign != y->sign || x->offset != y->offset ||
        x->count != y->count || x->number != y->number)
        return false;
    if (x->kind == HVC_TERM_SET)
        return memcmp(values->members + x->a, y_members, y->count * sizeof(*y_members)) == 0;
    return x->a == y->a && x->b == y->b;
}

static bool grow_terms(hvc_values *values)
{
    uint32_t capacity = values->capacity * 2;
    hvc_term *terms = realloc(values->terms, capacity * sizeof(*terms));
    if (terms == NULL)
        return false;
    values->terms = terms;
    uint32_t bucket_count = values->bucket_count * 2;
    uint32_t *buckets = calloc(bucket_count, sizeof(*buckets));
    if (buckets == NULL)
        return false;
    /* Only now: there must always be more buckets than terms, or a search would have no end. */
    values->capacity = capacity;
    for (uint32_t id = HVC_UNKNOWN_COUNT; id < values->count; id++) {
        const hvc_term *term = &terms[id];
        uint32_t hash = hash_term(term, values->members + term->a), at = hash & (bucket_count - 1);
        while (buckets[at] != 0)
            at = (at + 1) & (bucket_count - 1);
        buckets[at] = (hash & ~BUCKET_ID) | (id + 1);
    }
    free(values->buckets);
    values->buckets = buckets;
    values->bucket_count = bucket_count;
    return true;
}

static bool add_members(hvc_values *values, const hvc_value_id *members, uint32_t count)
{
    if (values->member_capacity - values->member_count < count) {
        uint32_t capacity = values->member_capacity * 2;
        hvc_value_id *larger = realloc(values->members, capacity * sizeof(*larger));
        if (larger == NULL)
            return false;
        values->members = larger;
        values->member_capacity = capacity;
    }
    memcpy(values->members + values->member_count, members, count * sizeof(*members));
    values->member_count += count;
    return true;
}

static hvc_value_id intern(hvc_values *values, const hvc_term *term, const hvc_value_id *members)
{
    uint32_t hash = hash_term(term, members), at = hash & (values->bucket_count - 1);
    while (values->buckets[at] != 0) {
        hvc_value_id id = (values->buckets[at] & BUCKET_ID) - 1;
        if (((values->buckets[at] ^ hash) & ~BUCKET_ID) == 0 &&
            same_term(values, &values->terms[id], term, members))
            return id;
        at = (at + 1) & (values->bucket_count - 1);
    }
    if (values->count >= MAX_VALUES)
        return hvc_value_unknown(values, HVC_UNKNOWN_BUDGET);
    if (values->count == values->capacity) {
        if (!grow_terms(values)) {
            values->failed = true;
            return hvc_value_unknown(values, HVC_UNKNOWN_BUDGET);
        }
        return intern(values, term, members);
    }
    uint32_t first = values->member_count;
    if (term->kind == HVC_TERM_SET && !add_members(values, members, term->count)) {
        values->failed = true;
        return hvc_value_unknown(values, HVC_UNKNOWN_BUDGET);
    }
    hvc_value_id id = values->count++;
    values->terms[id] = *term;
    if (term->kind == HVC_TERM_SET)
        values->terms[id].a = first;
    values->buckets[at] = (hash & ~BUCKET_ID) | (id + 1);
    return id;
}

hvc_value_id hvc_value_const(hvc_values *values, uint64_t number)
{
    /* Most are there already. */
    uint32_t hash = hash_number(number),
             bucket = values->buckets[hash & (values->bucket_count - 1)];
    if (bucket != 0 && ((bucket ^ hash) & ~BUCKET_ID) == 0) {
        const hvc_term *term = &values->terms[(bucket & BUCKET_ID) - 1];
        if (term->kind == HVC_TERM_CONST && term->number == number)
            return (bucket & BUCKET_ID) - 1;
    }
    return intern(values, &(hvc_term){.kind = HVC_TERM_CONST, .number = number}, NULL);
}

hvc_value_id hvc_value_range(hvc_values *values, uint64_t last, hvc_unknown why)
{
    if (last == 0)
        return hvc_value_const(values, 0);
    if (last == UINT64_MAX)
        return hvc_value_unknown(values, why);
    hvc_value_id *known = last == UINT32_MAX   ? &values->narrow[2][why]
                          : last == UINT16_MAX ? &values->narrow[1][why]
                          : last == UINT8_MAX  ? &values->narrow[0][why]
                                               : NULL;
    if (known != NULL && *known != HVC_VALUE_UNDEFINED)
        return *known;
    hvc_value_id range = intern(
        values, &(hvc_term){.kind = HVC_TERM_RANGE, .number = last, .alu = (uint8_t)why}, NULL);
    if (known != NULL)
        *known = range;
    return range;
}

static hvc_unknown why_of(const hvc_term *term)
{
    return term->kind == HVC_TERM_UNKNOWN ? (hvc_unknown)term->number
           : term->kind == HVC_TERM_RANGE ? (hvc_unknown)term->alu
                                          : HVC_UNKNOWN_NONE;
}

hvc_unknown hvc_value_why(const hvc_values *values, hvc_value_id value)
{
    return why_of(&values->terms[value]);
}

hvc_value_id hvc_value_entry(hvc_values *values, uint8_t reg)
{
    return intern(values,
                  &(hvc_term){.kind = HVC_TERM_ENTRY, .reg = reg, .size = values->pointer_size},
                  NULL);
}

hvc_value_id hvc_value_entry_stack(hvc_values *values, int32_t offset, uint8_t size)
{
    return intern(values, &(hvc_term){.kind = HVC_TERM_ENTRY_STACK, .offset = offset, .size = size},
                  NULL);
}

hvc_value_id hvc_value_stack(hvc_values *values, uint8_t base, int32_t offset)
{
    return intern(values, &(hvc_term){.kind = HVC_TERM_STACK, .reg = base, .offset = offset}, NULL);
}

hvc_value_id hvc_value_result(hvc_values *values, uint32_t call_rva)
{
    return intern(
        values,
        &(hvc_term){.kind = HVC_TERM_RESULT, .number = call_rva, .size = values->pointer_size},
        NULL);
}

hvc_value_id hvc_value_object(hvc_values *values, unsigned object)
{
    return intern(
        values,
        &(hvc_term){.kind = HVC_TERM_OBJECT, .number = object, .size = values->pointer_size}, NULL);
}

bool hvc_value_is_lost(const hvc_values *values, hvc_value_id value)
{
    hvc_unknown why = hvc_value_why(values, value);
    return (why >= HVC_UNKNOWN_ADDRESS && why <= HVC_UNKNOWN_FLOW) || why == HVC_UNKNOWN_BUDGET;
}

static bool bound_of(const hvc_values *values, hvc_value_id value, unsigned depth,
                     uint64_t *ret_last);

hvc_value_id hvc_value_load(hvc_values *values, hvc_value_id address, int32_t offset, uint8_t size,
                            bool sign)
{
    hvc_term base = values->terms[address];
    if (base.kind == HVC_TERM_CONST) {
        /* One spelling for an absolute address: all of it in the constant. */
        address = hvc_value_const(values, base.number + (uint64_t)(int64_t)offset);
        offset = 0;
        base = values->terms[address];
    }
    bool can_follow = base.kind == HVC_TERM_CONST || base.kind == HVC_TERM_ENTRY ||
                      base.kind == HVC_TERM_LOAD || base.kind == HVC_TERM_RESULT ||
                      base.kind == HVC_TERM_ENTRY_STACK || base.kind == HVC_TERM_OBJECT ||
                      base.kind == HVC_TERM_OP;
    if (!can_follow || base.depth + 1 >= HVC_VALUE_DEPTH || size == 0 || size > 8)
        return hvc_value_unknown(values, HVC_UNKNOWN_MEMORY);
    return intern(values,
                  &(hvc_term){.kind = HVC_TERM_LOAD,
                              .a = address,
                              .offset = offset,
                              .size = size,
                              .sign = sign && size < 8,
                              .depth = (uint8_t)(base.depth + 1)},
                  NULL);
}

hvc_value_id hvc_value_table(hvc_values *values, hvc_value_id base, int32_t offset,
                             hvc_value_id index, uint8_t scale, uint8_t size, bool sign)
{
    hvc_term term = values->terms[base];
    if (term.kind != HVC_TERM_CONST || size == 0 || size > 8)
        return hvc_value_unknown(values, HVC_UNKNOWN_MEMORY);
    base = hvc_value_const(values, term.number + (uint64_t)(int64_t)offset);
    /* An index that comes from a table itself stays as it is: what that holds tells more than its
     * width. */
    if (values->terms[index].kind != HVC_TERM_TABLE || values->terms[index].depth > 1) {
        uint64_t last;
        bool bounded = bound_of(values, index, 0, &last);
        index = bounded ? hvc_value_range(values, last, HVC_UNKNOWN_MEMORY)
                        : hvc_value_unknown(values, HVC_UNKNOWN_MEMORY);
    }
    return intern(values,
                  &(hvc_term){.kind = HVC_TERM_TABLE,
                              .a = base,
                              .b = index,
                              .scale = scale,
                              .size = size,
                              .sign = sign && size < 8,
                              .depth = (uint8_t)(values->terms[index].depth + 1)},
                  NULL);
}

/* A value of the distinct ids in list (sorted here). */
static hvc_value_id make_set(hvc_values *values, hvc_value_id *list, size_t count)
{
    if (count == 1)
        return list[0];
    if (count > HVC_VALUE_MEMBERS)
        return hvc_value_unknown(values, HVC_UNKNOWN_MERGE);
    uint8_t depth = 0;
    for (size_t i = 1; i < count; i++)
        for (size_t k = i; k > 0 && list[k - 1] > list[k]; k--) {
            hvc_value_id swap = list[k];
            list[k] = list[k - 1];
            list[k - 1] = swap;
        }
    for (size_t i = 0; i < count; i++)
        if (values->terms[list[i]].depth > depth)
            depth = values->terms[list[i]].depth;
    return intern(values,
                  &(hvc_term){.kind = HVC_TERM_SET, .count = (uint8_t)count, .depth = depth}, list);
}

static bool add_distinct(hvc_value_id *list, size_t *count, size_t room, hvc_value_id id)
{
    for (size_t i = 0; i < *count; i++)
        if (list[i] == id)
            return true;
    if (*count == room)
        return false;
    list[(*count)++] = id;
    return true;
}

/* The widest number that a term can be, where it tells that itself. */
static bool upper_bound(const hvc_term *term, uint64_t *ret_last)
{
    if (term->kind != HVC_TERM_CONST && term->kind != HVC_TERM_RANGE &&
        term->kind != HVC_TERM_BOUND)
        return false;
    *ret_last = term->number;
    return true;
}

/* The widest number that the result of an operation can be. */
static bool bound_of_op(const hvc_values *values, const hvc_term *term, unsigned depth,
                        uint64_t *ret_last)
{
    uint64_t a = UINT64_MAX, b = UINT64_MAX, number;
    bool has_a, has_b;
    switch (term->alu) {
    case HVC_ALU_AND:
        has_a = bound_of(values, term->a, depth + 1, &a);
        has_b = bound_of(values, term->b, depth + 1, &b);
        *ret_last = a < b ? a : b;
        if (has_a || has_b)
            return true;
        break;
    case HVC_ALU_ZERO_EXTEND:
        if (hvc_value_is_const(values, term->b, &number) && number < 64) {
            *ret_last = (UINT64_C(1) << number) - 1;
            return true;
        }
        break;
    case HVC_ALU_SHR:
        if (hvc_value_is_const(values, term->b, &number) && number < 64 &&
            bound_of(values, term->a, depth + 1, &a)) {
            *ret_last = a >> number;
            return true;
        }
        break;
    default:
        break;
    }
    *ret_last = hvc_size_mask(term->size);
    return term->size < 8;
}

/* The widest number that a value can be, as a whole register; false when it may be any. */
static bool bound_of(const hvc_values *values, hvc_value_id value, unsigned depth,
                     uint64_t *ret_last)
{
    const hvc_term *term = &values->terms[value];
    size_t count;
    if (depth > HVC_VALUE_DEPTH)
        return false;
    switch (term->kind) {
    case HVC_TERM_OP:
        return bound_of_op(values, term, depth, ret_last);
    case HVC_TERM_LOAD:
    case HVC_TERM_TABLE:
    case HVC_TERM_ENTRY_STACK:
        *ret_last = hvc_size_mask(term->size);
        return term->size < 8 && !term->sign;
    case HVC_TERM_SET: {
        const hvc_value_id *members = hvc_value_members(values, &value, &count);
        uint64_t last = 0;
        for (size_t i = 0; i < count; i++) {
            uint64_t one;
            if (!bound_of(values, members[i], depth + 1, &one))
                return false;
            last = one > last ? one : last;
        }
        *ret_last = last;
        return true;
    }
    default:
        return upper_bound(term, ret_last);
    }
}

hvc_value_id hvc_value_bound(hvc_values *values, hvc_value_id value, uint64_t last)
{
    hvc_term term = values->terms[value];
    uint64_t known;
    if (upper_bound(&term, &known) && known <= last)
        return value;
    if (why_of(&term) != HVC_UNKNOWN_NONE)
        return hvc_value_range(values, last, why_of(&term));
    if (term.kind == HVC_TERM_BOUND)
        value = term.a;
    if (term.kind == HVC_TERM_SET || term.kind == HVC_TERM_CONST || term.kind == HVC_TERM_STACK ||
        term.depth + 1 >= HVC_VALUE_DEPTH)
        return value;
    return intern(values,
                  &(hvc_term){.kind = HVC_TERM_BOUND,
                              .a = value,
                              .b = value,
                              .number = last,
                              .depth = (uint8_t)(values->terms[value].depth + 1)},
                  NULL);
}

hvc_value_id hvc_value_insert(hvc_values *values, hvc_value_id old, hvc_value_id low, uint8_t size)
{
    uint64_t high_number, low_number;
    hvc_term term = values->terms[old];
    if (term.kind == HVC_TERM_PART && term.size <= size)
        old = term.a; /* what it replaced is replaced again */
    low = hvc_value_truncate(values, low, size);
    if (hvc_value_is_const(values, old, &high_number) &&
        hvc_value_is_const(values, low, &low_number))
        return hvc_value_const(values, (high_number & ~hvc_size_mask(size)) | low_number);
    uint8_t depth = values->terms[old].depth > values->terms[low].depth ? values->terms[old].depth
                                                                        : values->terms[low].depth;
    if (depth + 1 >= HVC_VALUE_DEPTH)
        return hvc_value_unknown(values, HVC_UNKNOWN_BUDGET);
    return intern(
        values,
        &(hvc_term){
            .kind = HVC_TERM_PART, .a = old, .b = low, .size = size, .depth = (uint8_t)(depth + 1)},
        NULL);
}

/* What remembers that a value got lost where nothing is known of another one: MERGE for what a slot
 * of the import table may hold, the pointer of a function; ADDRESS for one in the image; else NONE.
 */
static hvc_unknown loss_of(const hvc_values *values, hvc_value_id value)
{
    size_t count;
    hvc_unknown why = why_of(&values->terms[value]), loss = HVC_UNKNOWN_NONE;
    if (why != HVC_UNKNOWN_NONE)
        return why == HVC_UNKNOWN_MERGE || why == HVC_UNKNOWN_ADDRESS ? why : HVC_UNKNOWN_NONE;
    const hvc_value_id *members = hvc_value_members(values, &value, &count);
    for (size_t i = 0; i < count; i++) {
        const hvc_term *term = &values->terms[members[i]];
        if (term->kind == HVC_TERM_LOAD && term->size == values->pointer_size &&
            values->terms[term->a].kind == HVC_TERM_CONST)
            return HVC_UNKNOWN_MERGE;
        if (term->kind == HVC_TERM_CONST && term->number >= values->image_begin &&
            term->number < values->image_end)
            loss = HVC_UNKNOWN_ADDRESS;
    }
    return loss;
}

static hvc_unknown loss_of_both(const hvc_values *values, hvc_value_id a, hvc_value_id b)
{
    hvc_unknown x = loss_of(values, a), y = loss_of(values, b);
    return x > y ? x : y;
}

static hvc_value_id join_into_range(hvc_values *values, hvc_value_id a, hvc_value_id b)
{
    uint64_t last = 0;
    hvc_unknown why = HVC_UNKNOWN_COUNT;
    hvc_value_id both[2] = {a, b};
    hvc_unknown lost = loss_of_both(values, a, b);
    for (size_t side = 0; side < 2; side++) {
        size_t count;
        const hvc_value_id *members = hvc_value_members(values, &both[side], &count);
        for (size_t i = 0; i < count; i++) {
            const hvc_term *member = &values->terms[members[i]];
            uint64_t bound;
            if (!upper_bound(member, &bound)) {
                hvc_unknown x = why_of(&values->terms[a]), y = why_of(&values->terms[b]);
                hvc_unknown first = x != HVC_UNKNOWN_NONE ? x : y;
                return hvc_value_unknown(values, lost != HVC_UNKNOWN_NONE ? lost : first);
            }
            if (member->kind == HVC_TERM_RANGE && why_of(member) < why)
                why = why_of(member);
            if (bound > last)
                last = bound;
        }
    }
    return hvc_value_range(values, last, lost != HVC_UNKNOWN_NONE ? lost : why);
}

/* What holds when nothing is known of a: that a pointer got lost here is remembered. */
static hvc_value_id join_unknown(hvc_values *values, hvc_value_id a, hvc_value_id b)
{
    hvc_unknown lost = loss_of_both(values, a, b);
    if (lost != HVC_UNKNOWN_NONE)
        return hvc_value_unknown(values, lost);
    return values->terms[b].kind == HVC_TERM_UNKNOWN && b < a ? b : a;
}

hvc_value_id hvc_value_join(hvc_values *values, hvc_value_id a, hvc_value_id b)
{
    if (a == b || b == HVC_VALUE_UNDEFINED)
        return a;
    if (a == HVC_VALUE_UNDEFINED)
        return b;
    const hvc_term *x = &values->terms[a], *y = &values->terms[b];
    if (x->kind == HVC_TERM_UNKNOWN)
        return join_unknown(values, a, b);
    if (y->kind == HVC_TERM_UNKNOWN)
        return join_unknown(values, b, a);
    if (x->kind == HVC_TERM_RANGE || y->kind == HVC_TERM_RANGE)
        return join_into_range(values, a, b);
    hvc_value_id list[HVC_VALUE_MEMBERS];
    size_t count = 0, count_a, count_b;
    const hvc_value_id *members = hvc_value_members(values, &a, &count_a);
    for (size_t i = 0; i < count_a; i++)
        list[count++] = members[i];
    members = hvc_value_members(values, &b, &count_b);
    for (size_t i = 0; i < count_b; i++)
        if (!add_distinct(list, &count, HVC_VALUE_MEMBERS, members[i]))
            return hvc_value_unknown(values, HVC_UNKNOWN_MERGE);
    return count == count_a ? a : count == count_b ? b : make_set(values, list, count);
}

static int64_t sign_extend(uint64_t value, unsigned bits)
{
    if (bits == 0 || bits >= 64)
        return (int64_t)value;
    uint64_t sign = UINT64_C(1) << (bits - 1);
    value &= (sign << 1) - 1;
    return (int64_t)((value ^ sign) - sign);
}

uint64_t hvc_alu_compute(hvc_alu alu, uint64_t a, uint64_t b, uint8_t size)
{
    uint64_t mask = hvc_size_mask(size);
    unsigned bits = 8u * size;
    if (alu != HVC_ALU_SIGN_EXTEND && alu != HVC_ALU_ZERO_EXTEND)
        b &= mask;
    a &= mask;
    switch (alu) {
    case HVC_ALU_ADD:
        return (a + b) & mask;
    case HVC_ALU_SUB:
        return (a - b) & mask;
    case HVC_ALU_AND:
        return a & b;
    case HVC_ALU_OR:
        return a | b;
    case HVC_ALU_XOR:
        return a ^ b;
    case HVC_ALU_SHL:
        return b >= bits ? 0 : (a << b) & mask;
    case HVC_ALU_SHR:
        return b >= bits ? 0 : a >> b;
    case HVC_ALU_SAR:
        return (uint64_t)(sign_extend(a, bits) >> (b >= bits ? bits - 1 : b)) & mask;
    case HVC_ALU_ROR:
        b %= bits;
        return b == 0 ? a : (a >> b | a << (bits - b)) & mask;
    case HVC_ALU_MUL:
        return (a * b) & mask;
    case HVC_ALU_NOT:
        return ~a & mask;
    case HVC_ALU_NEG:
        return (0 - a) & mask;
    case HVC_ALU_SIGN_EXTEND:
        return (uint64_t)sign_extend(a, (unsigned)b) & mask;
    case HVC_ALU_ZERO_EXTEND:
        return b >= 64 ? a : a & ((UINT64_C(1) << b) - 1);
    case HVC_ALU_BYTE_SWAP: {
        uint64_t swapped = 0;
        for (unsigned i = 0; i < size; i++)
            swapped = swapped << 8 | (a >> (8 * i) & 0xFF);
        return swapped;
    }
    case HVC_ALU_COUNT:
        break;
    }
    return 0;
}

bool hvc_condition_holds(hvc_condition condition, bool test, uint64_t a, uint64_t b, uint8_t size,
                         bool *ret_known)
{
    uint64_t mask = hvc_size_mask(size);
    a &= mask;
    b &= mask;
    if (test) {
        a &= b;
        b = 0;
    }
    int64_t sa = sign_extend(a, 8u * size), sb = sign_extend(b, 8u * size);
    *ret_known = true;
    switch (condition) {
    case HVC_COND_EQ:
        return a == b;
    case HVC_COND_NE:
        return a != b;
    case HVC_COND_ULT:
        return a < b;
    case HVC_COND_ULE:
        return a <= b;
    case HVC_COND_UGT:
        return a > b;
    case HVC_COND_UGE:
        return a >= b;
    case HVC_COND_SLT:
        return sa < sb;
    case HVC_COND_SLE:
        return sa <= sb;
    case HVC_COND_SGT:
        return sa > sb;
    case HVC_COND_SGE:
        return sa >= sb;
    case HVC_COND_NEGATIVE:
        return sign_extend((a - b) & mask, 8u * size) < 0;
    case HVC_COND_NOT_NEGATIVE:
        return sign_extend((a - b) & mask, 8u * size) >= 0;
    default:
        *ret_known = false;
        return false;
    }
}

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
    return intern(values,
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
    upper_bound(&values->terms[a], &bound_a);
    upper_bound(&values->terms[b], &bound_b);
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
    hvc_unknown why = why_of(x) != HVC_UNKNOWN_NONE ? why_of(x) : why_of(y);
    if (why == HVC_UNKNOWN_NONE)
        why = HVC_UNKNOWN_INSTRUCTION;
    hvc_value_id few;
    if (alu == HVC_ALU_AND && (few_bits(values, b, &few) || few_bits(values, a, &few)))
        return few;
    if (alu == HVC_ALU_AND && clears_few_bits(y, size))
        return make_op(values, alu, a, b, size);
    if (alu == HVC_ALU_AND && (upper_bound(x, &bound) || upper_bound(y, &bound)))
        return and_bound(values, a, b, why);
    /* The bits that are set for certain may be all that matters. */
    if (alu == HVC_ALU_OR && y->kind == HVC_TERM_CONST)
        return make_op(values, alu, a, b, size);
    if (alu == HVC_ALU_OR && x->kind == HVC_TERM_CONST)
        return make_op(values, alu, b, a, size);
    if (alu == HVC_ALU_ZERO_EXTEND && upper_bound(y, &bound) && bound <= 32)
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
    int64_t delta = sign_extend(y.number, size * 8u);
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
            if (why_of(&values->terms[result]) != HVC_UNKNOWN_NONE)
                return size < 8 ? hvc_value_range(values, hvc_size_mask(size),
                                                  why_of(&values->terms[result]))
                                : hvc_value_unknown(values, why_of(&values->terms[result]));
            if (values->terms[result].kind == HVC_TERM_SET ||
                !add_distinct(list, &count, HVC_VALUE_MEMBERS, result))
                return hvc_value_unknown(values, HVC_UNKNOWN_MERGE);
        }
    }
    return make_set(values, list, count);
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
        return hvc_value_range(values, hvc_size_mask(size), why_of(&term));
    return hvc_value_alu(values, HVC_ALU_ZERO_EXTEND, value, hvc_value_const(values, 8u * size), 8);
}
