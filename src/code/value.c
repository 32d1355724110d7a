/* Values and where they meet: the table of a function's terms. */
#include "code/value.h"

#include <stdlib.h>
#include <string.h>

#include "code/value_private.h"

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

hvc_value_id value_intern(hvc_values *values, const hvc_term *term, const hvc_value_id *members)
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
        return value_intern(values, term, members);
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
    return value_intern(values, &(hvc_term){.kind = HVC_TERM_CONST, .number = number}, NULL);
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
    hvc_value_id range = value_intern(
        values, &(hvc_term){.kind = HVC_TERM_RANGE, .number = last, .alu = (uint8_t)why}, NULL);
    if (known != NULL)
        *known = range;
    return range;
}

hvc_unknown hvc_value_why(const hvc_values *values, hvc_value_id value)
{
    return value_why_of(&values->terms[value]);
}

hvc_value_id hvc_value_entry(hvc_values *values, uint8_t reg)
{
    return value_intern(
        values, &(hvc_term){.kind = HVC_TERM_ENTRY, .reg = reg, .size = values->pointer_size},
        NULL);
}

hvc_value_id hvc_value_entry_stack(hvc_values *values, int32_t offset, uint8_t size)
{
    return value_intern(
        values, &(hvc_term){.kind = HVC_TERM_ENTRY_STACK, .offset = offset, .size = size}, NULL);
}

hvc_value_id hvc_value_stack(hvc_values *values, uint8_t base, int32_t offset)
{
    return value_intern(values, &(hvc_term){.kind = HVC_TERM_STACK, .reg = base, .offset = offset},
                        NULL);
}

hvc_value_id hvc_value_result(hvc_values *values, uint32_t call_rva)
{
    return value_intern(
        values,
        &(hvc_term){.kind = HVC_TERM_RESULT, .number = call_rva, .size = values->pointer_size},
        NULL);
}

hvc_value_id hvc_value_object(hvc_values *values, unsigned object)
{
    return value_intern(
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
    return value_intern(values,
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
    return value_intern(values,
                        &(hvc_term){.kind = HVC_TERM_TABLE,
                                    .a = base,
                                    .b = index,
                                    .scale = scale,
                                    .size = size,
                                    .sign = sign && size < 8,
                                    .depth = (uint8_t)(values->terms[index].depth + 1)},
                        NULL);
}

hvc_value_id value_make_set(hvc_values *values, hvc_value_id *list, size_t count)
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
    return value_intern(
        values, &(hvc_term){.kind = HVC_TERM_SET, .count = (uint8_t)count, .depth = depth}, list);
}

bool value_add_distinct(hvc_value_id *list, size_t *count, size_t room, hvc_value_id id)
{
    for (size_t i = 0; i < *count; i++)
        if (list[i] == id)
            return true;
    if (*count == room)
        return false;
    list[(*count)++] = id;
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
        return value_upper_bound(term, ret_last);
    }
}

hvc_value_id hvc_value_bound(hvc_values *values, hvc_value_id value, uint64_t last)
{
    hvc_term term = values->terms[value];
    uint64_t known;
    if (value_upper_bound(&term, &known) && known <= last)
        return value;
    if (value_why_of(&term) != HVC_UNKNOWN_NONE)
        return hvc_value_range(values, last, value_why_of(&term));
    if (term.kind == HVC_TERM_BOUND)
        value = term.a;
    if (term.kind == HVC_TERM_SET || term.kind == HVC_TERM_CONST || term.kind == HVC_TERM_STACK ||
        term.depth + 1 >= HVC_VALUE_DEPTH)
        return value;
    return value_intern(values,
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
    return value_intern(
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
    hvc_unknown why = value_why_of(&values->terms[value]), loss = HVC_UNKNOWN_NONE;
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
            if (!value_upper_bound(member, &bound)) {
                hvc_unknown x = value_why_of(&values->terms[a]),
                            y = value_why_of(&values->terms[b]);
                hvc_unknown first = x != HVC_UNKNOWN_NONE ? x : y;
                return hvc_value_unknown(values, lost != HVC_UNKNOWN_NONE ? lost : first);
            }
            if (member->kind == HVC_TERM_RANGE && value_why_of(member) < why)
                why = value_why_of(member);
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

void hvc_value_note_lost(hvc_values *values, hvc_value_id value)
{
    size_t count;
    const hvc_value_id *members = hvc_value_members(values, &value, &count);
    for (size_t i = 0; i < count && values->lost_count <= HVC_VALUES_LOST; i++) {
        const hvc_term *term = &values->terms[members[i]];
        if (term->kind != HVC_TERM_LOAD || term->size != values->pointer_size ||
            values->terms[term->a].kind != HVC_TERM_CONST)
            continue;
        size_t known = values->lost_count;
        if (!value_add_distinct(values->lost, &known, HVC_VALUES_LOST, members[i]))
            known = HVC_VALUES_LOST + 1;
        values->lost_count = (uint8_t)known;
    }
}

static hvc_value_id join_different(hvc_values *values, hvc_value_id a, hvc_value_id b)
{
    const hvc_term *x = &values->terms[a], *y = &values->terms[b];
    if (x->kind == HVC_TERM_UNKNOWN)
        return join_unknown(values, a, b);
    if (y->kind == HVC_TERM_UNKNOWN)
        return join_unknown(values, b, a);
    if (x->kind == HVC_TERM_RANGE || y->kind == HVC_TERM_RANGE)
        return join_into_range(values, a, b);
    if (x->kind == HVC_TERM_PART && y->kind == HVC_TERM_PART && x->size == y->size) {
        uint8_t size = x->size; /* a bound of the low bytes stays, whatever lies above them */
        hvc_value_id low = hvc_value_join(values, x->b, y->b);
        x = &values->terms[a];
        y = &values->terms[b];
        return hvc_value_insert(values, hvc_value_join(values, x->a, y->a), low, size);
    }
    hvc_value_id list[HVC_VALUE_MEMBERS];
    size_t count = 0, count_a, count_b;
    const hvc_value_id *members = hvc_value_members(values, &a, &count_a);
    for (size_t i = 0; i < count_a; i++)
        list[count++] = members[i];
    members = hvc_value_members(values, &b, &count_b);
    for (size_t i = 0; i < count_b; i++)
        if (!value_add_distinct(list, &count, HVC_VALUE_MEMBERS, members[i]))
            return hvc_value_unknown(values, HVC_UNKNOWN_MERGE);
    return count == count_a ? a : count == count_b ? b : value_make_set(values, list, count);
}

hvc_value_id hvc_value_join(hvc_values *values, hvc_value_id a, hvc_value_id b)
{
    if (a == b || b == HVC_VALUE_UNDEFINED)
        return a;
    if (a == HVC_VALUE_UNDEFINED)
        return b;
    hvc_value_id joined = join_different(values, a, b);
    if (value_why_of(&values->terms[joined]) != HVC_UNKNOWN_NONE) {
        hvc_value_note_lost(values, a);
        hvc_value_note_lost(values, b);
    }
    return joined;
}
