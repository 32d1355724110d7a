/* Values: what each operation on them yields, and, on random ones, that a value admits the number
 * that plain arithmetic gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "code/value.h"

static hvc_values values;

static int set_up(void **state)
{
    (void)state;
    return hvc_values_init(&values, 8) == HVC_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    hvc_values_free(&values);
    return 0;
}

static hvc_value_id number(uint64_t n)
{
    return hvc_value_const(&values, n);
}

static hvc_value_id entry(uint8_t reg)
{
    return hvc_value_entry(&values, reg);
}

static hvc_value_id unknown(hvc_unknown why)
{
    return hvc_value_unknown(&values, why);
}

static hvc_value_id alu(hvc_alu op, hvc_value_id a, hvc_value_id b, uint8_t size)
{
    return hvc_value_alu(&values, op, a, b, size);
}

static hvc_value_id join(hvc_value_id a, hvc_value_id b)
{
    return hvc_value_join(&values, a, b);
}

/* The numbers as one value. */
static hvc_value_id one_of(const uint64_t *list, size_t count)
{
    hvc_value_id all = HVC_VALUE_UNDEFINED;
    for (size_t i = 0; i < count; i++)
        all = join(all, number(list[i]));
    return all;
}
#define ONE_OF(...)                                                                                \
    one_of((const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / 8)

static const hvc_term *term(hvc_value_id value)
{
    return hvc_term_of(&values, value);
}

static void expect_range(hvc_value_id value, uint64_t last, hvc_unknown why)
{
    assert_int_equal(term(value)->kind, HVC_TERM_RANGE);
    assert_int_equal(term(value)->number, last);
    assert_int_equal(hvc_value_why(&values, value), why);
}

/* The concrete semantics that everything else is held against, from the manuals. */
static void test_compute(void **state)
{
    static const struct {
        hvc_alu op;
        uint8_t size;
        uint64_t a, b, result;
    } rows[] = {
        {HVC_ALU_ADD, 4, 0xFFFFFFFF, 2, 1},
        {HVC_ALU_ADD, 8, UINT64_MAX, 1, 0},
        {HVC_ALU_SUB, 1, 0x100, 1, 0xFF},
        {HVC_ALU_AND, 2, 0x12345, 0xFFFFF, 0x2345},
        {HVC_ALU_OR, 4, 0x200, 0x100000001, 0x201},
        {HVC_ALU_XOR, 8, 0xF0F0, 0xFFFF, 0x0F0F},
        {HVC_ALU_SHL, 4, 0x80000001, 1, 2},
        {HVC_ALU_SHL, 8, 1, 63, UINT64_C(1) << 63},
        {HVC_ALU_SHR, 4, UINT64_C(0x180000000), 31, 1},
        {HVC_ALU_SAR, 4, 0x80000000, 4, 0xF8000000},
        {HVC_ALU_SAR, 8, 0x80000000, 4, 0x8000000},
        {HVC_ALU_ROR, 1, 0x81, 1, 0xC0},
        {HVC_ALU_ROR, 8, 1, 1, UINT64_C(1) << 63},
        {HVC_ALU_MUL, 4, 0x10000, 0x10001, 0x10000},
        {HVC_ALU_NOT, 2, 0x00F0, 0, 0xFF0F},
        {HVC_ALU_NEG, 4, 1, 0, 0xFFFFFFFF},
        {HVC_ALU_SIGN_EXTEND, 4, 0x180, 8, 0xFFFFFF80},
        {HVC_ALU_SIGN_EXTEND, 8, 0x7FFFFFFF, 32, 0x7FFFFFFF},
        {HVC_ALU_ZERO_EXTEND, 8, UINT64_MAX, 16, 0xFFFF},
        {HVC_ALU_BYTE_SWAP, 4, 0x11223344, 0, 0x44332211},
        {HVC_ALU_BYTE_SWAP, 2, 0x1122, 0, 0x2211},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        assert_int_equal(hvc_alu_compute(rows[i].op, rows[i].a, rows[i].b, rows[i].size),
                         rows[i].result);
}

static void test_conditions(void **state)
{
    static const struct {
        hvc_condition condition;
        bool test;
        uint8_t size;
        uint64_t a, b;
        bool holds;
    } rows[] = {
        {HVC_COND_EQ, false, 4, UINT64_C(0x100000005), 5, true},
        {HVC_COND_NE, false, 8, UINT64_C(0x100000005), 5, true},
        {HVC_COND_ULT, false, 4, 1, 0xFFFFFFFF, true},
        {HVC_COND_SLT, false, 4, 1, 0xFFFFFFFF, false},
        {HVC_COND_SGT, false, 4, 1, 0xFFFFFFFF, true},
        {HVC_COND_SGE, false, 1, 0x80, 0x7F, false},
        {HVC_COND_SLE, false, 2, 0x8000, 0, true},
        {HVC_COND_UGE, false, 2, 0x8000, 0, true},
        {HVC_COND_UGT, false, 4, 7, 7, false},
        {HVC_COND_ULE, false, 4, 7, 7, true},
        {HVC_COND_EQ, true, 4, 6, 1, true},
        {HVC_COND_NE, true, 4, 6, 2, true},
        {HVC_COND_NEGATIVE, true, 4, 0x80000000, 0xFFFFFFFF, true},
        {HVC_COND_NOT_NEGATIVE, false, 4, 5, 6, false},
    };
    bool known;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        assert_int_equal(hvc_condition_holds(rows[i].condition, rows[i].test, rows[i].a, rows[i].b,
                                             rows[i].size, &known),
                         rows[i].holds);
        assert_true(known);
    }
    hvc_condition_holds(HVC_COND_OTHER, false, 1, 1, 4, &known);
    assert_false(known);
}

static void test_equal_values_meet(void **state)
{
    (void)state;
    assert_int_equal(number(5), number(5));
    assert_int_not_equal(number(5), number(6));
    assert_int_not_equal(entry(1), entry(2));
    assert_int_equal(ONE_OF(1, 2, 3), ONE_OF(3, 1, 2));
    assert_int_equal(alu(HVC_ALU_ADD, number(8), entry(1), 8),
                     alu(HVC_ALU_ADD, entry(1), number(8), 8));
    /* also when the tables have grown */
    hvc_value_id set = ONE_OF(1, 2, 3), sum = alu(HVC_ALU_ADD, entry(1), number(8), 8);
    for (uint64_t i = 0; i < 5000; i++)
        join(number(0x10000 + i), number(0x20000 + i));
    assert_int_equal(set, ONE_OF(2, 3, 1));
    assert_int_equal(sum, alu(HVC_ALU_ADD, entry(1), number(8), 8));
    assert_false(values.failed);
}

static void test_reset(void **state)
{
    (void)state;
    ONE_OF(1, 2, 3);
    hvc_values_reset(&values);
    assert_int_equal(values.count, HVC_UNKNOWN_COUNT);
    assert_int_equal(number(7), HVC_UNKNOWN_COUNT);
    assert_int_equal(hvc_value_why(&values, unknown(HVC_UNKNOWN_CALL)), HVC_UNKNOWN_CALL);
}

static void test_join(void **state)
{
    uint64_t n;
    size_t count;
    (void)state;
    assert_int_equal(join(HVC_VALUE_UNDEFINED, number(1)), number(1));
    assert_int_equal(join(number(1), HVC_VALUE_UNDEFINED), number(1));
    assert_int_equal(join(number(1), number(1)), number(1));
    hvc_value_id set = ONE_OF(1, 2, 3, 4, 5, 6, 7, 8);
    hvc_value_members(&values, &set, &count);
    assert_int_equal(count, 8);
    assert_int_equal(join(set, number(5)), set);
    assert_int_equal(hvc_value_why(&values, join(set, number(9))), HVC_UNKNOWN_MERGE);
    assert_false(hvc_value_is_const(&values, set, &n));
    /* The first reason stays, but that a pointer of a slot is lost is told. */
    assert_int_equal(join(unknown(HVC_UNKNOWN_CALL), number(1)), unknown(HVC_UNKNOWN_CALL));
    hvc_value_id slot = hvc_value_load(&values, number(0x140003000), 0, 8, false);
    assert_int_equal(join(unknown(HVC_UNKNOWN_CALL), slot), unknown(HVC_UNKNOWN_MERGE));
    assert_int_equal(join(slot, unknown(HVC_UNKNOWN_CALL)), unknown(HVC_UNKNOWN_MERGE));
    expect_range(join(hvc_value_range(&values, 7, HVC_UNKNOWN_MEMORY), number(12)), 12,
                 HVC_UNKNOWN_MEMORY);
    assert_true(hvc_value_is_unknown(
        &values, join(hvc_value_range(&values, 7, HVC_UNKNOWN_MEMORY), entry(1))));
}

static void test_alu_on_sets(void **state)
{
    (void)state;
    assert_int_equal(alu(HVC_ALU_OR, ONE_OF(0, 1), ONE_OF(0x200, 0x400), 4),
                     ONE_OF(0x200, 0x201, 0x400, 0x401));
    assert_int_equal(alu(HVC_ALU_AND, ONE_OF(0x201, 0x401), number(0xFF), 4), number(1));
    assert_int_equal(alu(HVC_ALU_ADD, ONE_OF(0xFFFFFFFF, 1), number(1), 4), ONE_OF(0, 2));
    /* nine sums are too many */
    assert_int_equal(
        hvc_value_why(&values, alu(HVC_ALU_ADD, ONE_OF(0, 1, 2), ONE_OF(0, 10, 20), 4)),
        HVC_UNKNOWN_MERGE);
    /* one member of which nothing is known spoils all */
    hvc_value_id open = join(number(1), hvc_value_stack(&values, 0, -8));
    expect_range(alu(HVC_ALU_MUL, open, number(3), 4), 0xFFFFFFFF, HVC_UNKNOWN_INSTRUCTION);
}

static void test_alu_terms(void **state)
{
    (void)state;
    hvc_value_id x = entry(3);
    assert_int_equal(alu(HVC_ALU_ADD, x, number(0), 8), x);
    assert_int_equal(alu(HVC_ALU_AND, x, number(0), 8), number(0));
    assert_int_equal(alu(HVC_ALU_XOR, x, x, 4), number(0));
    assert_int_equal(alu(HVC_ALU_OR, x, number(0xFFFFFFFF), 4), number(0xFFFFFFFF));
    /* two results of one call may differ */
    hvc_value_id result = hvc_value_result(&values, 0x1234);
    assert_int_equal(term(alu(HVC_ALU_SUB, result, result, 8))->kind, HVC_TERM_OP);
    assert_int_equal(alu(HVC_ALU_ADD, alu(HVC_ALU_ADD, x, number(8), 8), number(16), 8),
                     alu(HVC_ALU_ADD, x, number(24), 8));
    /* of different sizes, they do not meet */
    assert_int_not_equal(alu(HVC_ALU_ADD, alu(HVC_ALU_ADD, x, number(8), 4), number(16), 8),
                         alu(HVC_ALU_ADD, x, number(24), 8));
    hvc_value_id deep = x;
    for (int i = 0; i < 40; i++)
        deep = alu(HVC_ALU_MUL, deep, entry(2), 8);
    assert_true(hvc_value_is_unknown(&values, deep));
}

static void test_stack_addresses(void **state)
{
    (void)state;
    hvc_value_id at = hvc_value_stack(&values, 0, -0x28);
    assert_int_equal(alu(HVC_ALU_ADD, at, number(0x20), 8), hvc_value_stack(&values, 0, -8));
    assert_int_equal(alu(HVC_ALU_ADD, number(0x20), at, 8), hvc_value_stack(&values, 0, -8));
    assert_int_equal(alu(HVC_ALU_SUB, at, number(8), 8), hvc_value_stack(&values, 0, -0x30));
    assert_int_equal(alu(HVC_ALU_ADD, at, number(UINT64_MAX), 8),
                     hvc_value_stack(&values, 0, -0x29));
    assert_true(hvc_value_is_unknown(&values, alu(HVC_ALU_SUB, number(8), at, 8)));
    assert_true(hvc_value_is_unknown(&values, alu(HVC_ALU_AND, at, number(~UINT64_C(15)), 8)));
    assert_true(hvc_value_is_unknown(&values, alu(HVC_ALU_ADD, at, number(0x7FFFFFFF), 8)));
    assert_true(hvc_value_is_unknown(&values, alu(HVC_ALU_ADD, at, number(UINT64_C(1) << 63), 8)));
}

static void test_bounds_of_unknowns(void **state)
{
    (void)state;
    hvc_value_id any = unknown(HVC_UNKNOWN_MEMORY);
    expect_range(alu(HVC_ALU_AND, any, number(0xFF), 4), 0xFF, HVC_UNKNOWN_MEMORY);
    expect_range(alu(HVC_ALU_SHR, hvc_value_range(&values, 0xFF, HVC_UNKNOWN_CALL), number(4), 8),
                 0xF, HVC_UNKNOWN_CALL);
    expect_range(alu(HVC_ALU_SHL, hvc_value_range(&values, 3, HVC_UNKNOWN_CALL), number(4), 8),
                 0x30, HVC_UNKNOWN_CALL);
    expect_range(alu(HVC_ALU_ZERO_EXTEND, any, number(16), 8), 0xFFFF, HVC_UNKNOWN_MEMORY);
    expect_range(alu(HVC_ALU_ADD, any, number(1), 4), 0xFFFFFFFF, HVC_UNKNOWN_MEMORY);
    assert_int_equal(alu(HVC_ALU_ADD, any, number(1), 8), any);
    /* one or two bits that are left are numbers */
    assert_int_equal(alu(HVC_ALU_AND, any, number(0x200), 4), ONE_OF(0, 0x200));
    assert_int_equal(alu(HVC_ALU_AND, number(0x201), any, 4), ONE_OF(0, 1, 0x200, 0x201));
    expect_range(alu(HVC_ALU_AND, any, number(7), 4), 7, HVC_UNKNOWN_MEMORY);
    /* bits that are certain are kept */
    const hvc_term *kept = term(alu(HVC_ALU_OR, any, number(0x200), 4));
    assert_int_equal(kept->kind, HVC_TERM_OP);
    assert_int_equal(kept->alu, HVC_ALU_OR);
    assert_int_equal(kept->b, number(0x200));
    assert_int_equal(alu(HVC_ALU_OR, number(0x200), any, 4),
                     alu(HVC_ALU_OR, any, number(0x200), 4));
    kept = term(alu(HVC_ALU_AND, any, number(0xFFFEFFFF), 4));
    assert_int_equal(kept->kind, HVC_TERM_OP);
    assert_int_equal(kept->b, number(0xFFFEFFFF));
}

static void test_insert(void **state)
{
    (void)state;
    assert_int_equal(hvc_value_insert(&values, number(0x11223344), number(0xABCD), 1),
                     number(0x112233CD));
    hvc_value_id part = hvc_value_insert(&values, entry(0), number(0x1FF), 1);
    assert_int_equal(term(part)->kind, HVC_TERM_PART);
    assert_int_equal(term(part)->b, number(0xFF));
    assert_int_equal(hvc_value_truncate(&values, part, 1), number(0xFF));
    assert_int_equal(alu(HVC_ALU_AND, part, number(0xF0), 4), number(0xF0));
    /* a wider one replaces it, a narrower one does not */
    assert_int_equal(hvc_value_insert(&values, part, number(2), 2),
                     hvc_value_insert(&values, entry(0), number(2), 2));
    hvc_value_id wide = hvc_value_insert(&values, entry(0), number(0x1234), 2);
    assert_int_equal(term(hvc_value_insert(&values, wide, number(1), 1))->a, wide);
    /* where two meet, what their low bytes can be at most stays */
    hvc_value_id nothing = hvc_value_unknown(&values, HVC_UNKNOWN_MEMORY);
    hvc_value_id few =
        hvc_value_insert(&values, entry(0), hvc_value_bound(&values, entry(1), 5), 1);
    hvc_value_id more =
        hvc_value_insert(&values, nothing, hvc_value_range(&values, 9, HVC_UNKNOWN_MEMORY), 1);
    hvc_value_id low = hvc_value_truncate(&values, join(few, more), 1);
    assert_int_equal(term(low)->kind, HVC_TERM_RANGE);
    assert_int_equal(term(low)->number, 9);
    assert_int_equal(hvc_value_truncate(&values, join(part, wide), 1),
                     hvc_value_truncate(&values, join(wide, part), 1));
}

static void test_truncate(void **state)
{
    (void)state;
    assert_int_equal(hvc_value_truncate(&values, number(0x1234), 1), number(0x34));
    assert_int_equal(hvc_value_truncate(&values, entry(1), 8), entry(1));
    assert_int_equal(hvc_value_truncate(&values, HVC_VALUE_UNDEFINED, 4), HVC_VALUE_UNDEFINED);
    assert_int_equal(hvc_value_truncate(&values, ONE_OF(0x101, 0x201), 1), number(1));
    expect_range(hvc_value_truncate(&values, unknown(HVC_UNKNOWN_CALL), 2), 0xFFFF,
                 HVC_UNKNOWN_CALL);
    hvc_value_id byte = hvc_value_load(&values, entry(1), 4, 1, false);
    assert_int_equal(hvc_value_truncate(&values, byte, 4), byte);
    hvc_value_id sign = hvc_value_load(&values, entry(1), 4, 1, true);
    assert_int_not_equal(sign, byte);
    assert_int_equal(hvc_value_truncate(&values, sign, 1), byte);
    assert_int_equal(term(hvc_value_truncate(&values, sign, 4))->kind, HVC_TERM_OP);
    assert_int_equal(hvc_value_width(&values, byte), 1);
    assert_int_equal(hvc_value_width(&values, sign), 8);
    assert_int_equal(hvc_value_width(&values, ONE_OF(1, 0x100)), 2);
}

static void test_bound(void **state)
{
    (void)state;
    hvc_value_id x = entry(1), bound = hvc_value_bound(&values, x, 7);
    assert_int_equal(term(bound)->kind, HVC_TERM_BOUND);
    assert_int_equal(term(bound)->a, x);
    /* the narrower one stays */
    assert_int_equal(hvc_value_bound(&values, bound, 9), bound);
    assert_int_equal(term(hvc_value_bound(&values, bound, 3))->number, 3);
    assert_int_equal(term(hvc_value_bound(&values, bound, 3))->a, x);
    expect_range(hvc_value_bound(&values, unknown(HVC_UNKNOWN_CALL), 7), 7, HVC_UNKNOWN_CALL);
    expect_range(hvc_value_bound(&values, hvc_value_range(&values, 100, HVC_UNKNOWN_MEMORY), 7), 7,
                 HVC_UNKNOWN_MEMORY);
    assert_int_equal(hvc_value_bound(&values, number(5), 7), number(5));
    /* what is computed with it has the bound no longer */
    assert_int_equal(alu(HVC_ALU_ADD, bound, number(1), 8), alu(HVC_ALU_ADD, x, number(1), 8));
    /* below the sign bit, both extensions are the same */
    assert_int_equal(alu(HVC_ALU_SIGN_EXTEND, bound, number(32), 8), bound);
}

static void test_loads(void **state)
{
    (void)state;
    assert_int_equal(hvc_value_load(&values, number(0x1000), 0x20, 4, false),
                     hvc_value_load(&values, number(0x1020), 0, 4, false));
    assert_int_not_equal(hvc_value_load(&values, entry(1), 0x20, 4, false),
                         hvc_value_load(&values, entry(1), 0x20, 8, false));
    assert_int_equal(hvc_value_load(&values, hvc_value_stack(&values, 0, 0), 0, 8, false),
                     unknown(HVC_UNKNOWN_MEMORY));
    assert_int_equal(hvc_value_load(&values, entry(1), 0, 16, false), unknown(HVC_UNKNOWN_MEMORY));
    hvc_value_id chain = entry(1);
    for (int i = 0; i < 40; i++)
        chain = hvc_value_load(&values, chain, 8, 8, false);
    assert_true(hvc_value_is_unknown(&values, chain));
}

static void test_tables(void **state)
{
    (void)state;
    hvc_value_id index = hvc_value_range(&values, 3, HVC_UNKNOWN_CALL), base = number(0x140002000);
    const hvc_term *table = term(hvc_value_table(&values, base, 0x10, index, 4, 4, false));
    assert_int_equal(table->kind, HVC_TERM_TABLE);
    assert_int_equal(table->a, number(0x140002010));
    expect_range(table->b, 3, HVC_UNKNOWN_MEMORY);
    assert_int_equal(table->scale, 4);
    /* bounds that the index has by what it is */
    static const struct {
        hvc_alu op;
        uint64_t with, last;
    } rows[] = {{HVC_ALU_AND, 0x0F, 0x0F}, {HVC_ALU_ZERO_EXTEND, 8, 0xFF}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        index = alu(rows[i].op, entry(1), number(rows[i].with), 8);
        expect_range(term(hvc_value_table(&values, base, 0, index, 8, 8, false))->b, rows[i].last,
                     HVC_UNKNOWN_MEMORY);
    }
    index = hvc_value_load(&values, entry(1), 0, 1, false);
    expect_range(term(hvc_value_table(&values, base, 0, index, 8, 8, false))->b, 0xFF,
                 HVC_UNKNOWN_MEMORY);
    expect_range(term(hvc_value_table(&values, base, 0, ONE_OF(2, 9, 4), 8, 8, false))->b, 9,
                 HVC_UNKNOWN_MEMORY);
    index = hvc_value_load(&values, entry(1), 0, 1, true);
    assert_true(hvc_value_is_unknown(
        &values, term(hvc_value_table(&values, base, 0, index, 8, 8, false))->b));
    /* a table of indices, but not one behind two */
    hvc_value_id inner = hvc_value_table(&values, base, 0, ONE_OF(1, 2), 1, 1, false);
    hvc_value_id outer = hvc_value_table(&values, base, 0, inner, 4, 4, false);
    assert_int_equal(term(outer)->b, inner);
    assert_int_equal(term(term(hvc_value_table(&values, base, 0, outer, 4, 4, false))->b)->kind,
                     HVC_TERM_RANGE);
    assert_true(hvc_value_is_unknown(
        &values, hvc_value_table(&values, entry(1), 0, number(1), 8, 8, false)));
}

/* Random terms against numbers. A world gives every unknown thing a number; a value made by the
 * operations under test must admit the number that plain arithmetic makes. */

enum { POOL = 48, ROUNDS = 400, STEPS = 120, MAX_LISTED = 64 };

static uint64_t random_state;

static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t next_random(void)
{
    return mix(random_state += UINT64_C(0x9e3779b97f4a7c15));
}

/* The world. */
static uint64_t world;

static uint64_t register_at_entry(uint8_t reg)
{
    return mix(world + reg) & hvc_size_mask(values.pointer_size);
}

static uint64_t stack_pointer(uint8_t base)
{
    return (mix(world + 1000 + base) & 0x3FFFFFF0) + 0x40000000;
}

static uint64_t result_of(uint64_t call)
{
    return mix(world + 2000 + call) & hvc_size_mask(values.pointer_size);
}

static uint64_t memory(uint64_t address, uint8_t size, bool sign)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < size; i++)
        bytes |= (mix(world ^ mix(address + i)) & 0xFF) << 8 * i;
    return sign ? hvc_alu_compute(HVC_ALU_SIGN_EXTEND, bytes, 8u * size, 8) : bytes;
}

typedef struct list {
    uint64_t numbers[MAX_LISTED];
    size_t count;
} list;

static bool add(list *to, uint64_t n)
{
    if (to->count == MAX_LISTED)
        return false;
    to->numbers[to->count++] = n;
    return true;
}

static uint64_t combine(const hvc_term *it, uint64_t a, uint64_t b)
{
    uint64_t mask = hvc_size_mask(it->size);
    if (it->kind == HVC_TERM_LOAD)
        return memory(a + (uint64_t)(int64_t)it->offset, it->size, it->sign);
    if (it->kind == HVC_TERM_PART)
        return (a & ~mask) | (b & mask);
    return hvc_alu_compute((hvc_alu)it->alu, a, b, it->size);
}

/* All numbers that a value is in this world; false when that is not told or are too many. */
static bool numbers_of(hvc_value_id value, list *to)
{
    hvc_term it = *term(value);
    list a = {.count = 0}, b = {.count = 0};
    size_t count;
    const hvc_value_id *members = hvc_value_members(&values, &value, &count);
    switch (it.kind) {
    case HVC_TERM_CONST:
        return add(to, it.number);
    case HVC_TERM_ENTRY:
        return add(to, register_at_entry(it.reg));
    case HVC_TERM_ENTRY_STACK:
        return add(to, memory(stack_pointer(0) + (uint64_t)(int64_t)it.offset, it.size, false));
    case HVC_TERM_STACK:
        return add(to, stack_pointer(it.reg) + (uint64_t)(int64_t)it.offset);
    case HVC_TERM_RESULT:
        return add(to, result_of(it.number));
    case HVC_TERM_BOUND:
        return numbers_of(it.a, to);
    case HVC_TERM_SET:
        for (size_t i = 0; i < count; i++)
            if (!numbers_of(members[i], to))
                return false;
        return true;
    case HVC_TERM_LOAD:
    case HVC_TERM_OP:
    case HVC_TERM_PART:
        if (!numbers_of(it.a, &a) ||
            (it.kind == HVC_TERM_LOAD ? !add(&b, 0) : !numbers_of(it.b, &b)))
            return false;
        for (size_t i = 0; i < a.count; i++)
            for (size_t k = 0; k < b.count; k++)
                if (!add(to, combine(&it, a.numbers[i], b.numbers[k])))
                    return false;
        return true;
    default:
        return false;
    }
}

static bool table_admits(const hvc_term *it, uint64_t n)
{
    const hvc_term *index = term(it->b);
    if (index->kind != HVC_TERM_RANGE || index->number > 0xFF)
        return it->sign || n <= hvc_size_mask(it->size);
    for (uint64_t i = 0; i <= index->number; i++)
        if (memory(term(it->a)->number + i * it->scale, it->size, it->sign) == n)
            return true;
    return false;
}

static bool admits(hvc_value_id value, uint64_t n)
{
    hvc_term it = *term(value);
    size_t count;
    const hvc_value_id *members = hvc_value_members(&values, &value, &count);
    list all = {.count = 0};
    if (it.kind != HVC_TERM_SET && numbers_of(value, &all)) {
        for (size_t i = 0; i < all.count; i++)
            if (all.numbers[i] == n)
                return it.kind != HVC_TERM_BOUND || n <= it.number;
        return false;
    }
    switch (it.kind) {
    case HVC_TERM_RANGE:
        return n <= it.number;
    case HVC_TERM_TABLE:
        return table_admits(&it, n);
    case HVC_TERM_BOUND:
        return n <= it.number && admits(it.a, n);
    case HVC_TERM_SET:
        for (size_t i = 0; i < count; i++)
            if (admits(members[i], n))
                return true;
        return false;
    case HVC_TERM_PART:
        return admits(it.b, n & hvc_size_mask(it.size));
    case HVC_TERM_OP:
        if (n > hvc_size_mask(it.size))
            return false;
        if (it.alu == HVC_ALU_OR && term(it.b)->kind == HVC_TERM_CONST)
            return (n & term(it.b)->number) == (term(it.b)->number & hvc_size_mask(it.size));
        if (it.alu == HVC_ALU_AND && term(it.b)->kind == HVC_TERM_CONST)
            return (n & ~term(it.b)->number) == 0;
        return true;
    default:
        return true;
    }
}

typedef struct pair {
    hvc_value_id value;
    uint64_t number;
} pair;

/* Addresses of the stack are whole: what is left of one in fewer bytes is not followed by number.
 */
static bool is_address(hvc_value_id value)
{
    size_t count;
    const hvc_value_id *members = hvc_value_members(&values, &value, &count);
    for (size_t i = 0; i < count; i++)
        if (term(members[i])->kind == HVC_TERM_STACK)
            return true;
    return false;
}

static uint64_t random_number(void)
{
    static const uint64_t telling[] = {0,
                                       1,
                                       2,
                                       3,
                                       7,
                                       8,
                                       0x10,
                                       0x1F,
                                       0x40,
                                       0x80,
                                       0xFF,
                                       0x200,
                                       0x201,
                                       0xFFFF,
                                       0x40000000,
                                       0xFFF,
                                       0x7FFFFFFF,
                                       0x80000000,
                                       0xFFFFFFFF,
                                       ~UINT64_C(0),
                                       ~UINT64_C(0x10),
                                       ~UINT64_C(15),
                                       UINT64_C(0xFFFFFFF0)};
    uint64_t r = next_random();
    uint64_t n = r % 4 == 0 ? next_random() >> (r >> 8) % 64
                            : telling[(r >> 8) % (sizeof(telling) / sizeof(*telling))];
    return n & hvc_size_mask(values.pointer_size);
}

static pair leaf(void)
{
    uint64_t r = next_random(), n = random_number();
    uint8_t reg = (uint8_t)(r >> 8 & 3), size = (uint8_t)(1u << (r >> 16) % 3);
    int32_t offset = (int32_t)(r >> 24 & 0x38);
    switch (r % 8) {
    case 0:
        return (pair){entry(reg), register_at_entry(reg)};
    case 1:
        return (pair){hvc_value_stack(&values, reg & 1, -offset),
                      stack_pointer(reg & 1) - (uint64_t)offset};
    case 2:
        return (pair){hvc_value_entry_stack(&values, offset, size),
                      memory(stack_pointer(0) + (uint64_t)offset, size, false)};
    case 3:
        return (pair){hvc_value_result(&values, reg), result_of(reg)};
    case 4:
        return (pair){unknown(HVC_UNKNOWN_CALL), n};
    case 5: {
        uint64_t last = n | random_number();
        return (pair){hvc_value_range(&values, last, HVC_UNKNOWN_MEMORY), n};
    }
    default:
        return (pair){number(n), n};
    }
}

static pair random_alu(pair a, pair b)
{
    uint64_t r = next_random();
    hvc_alu op = (hvc_alu)(r % HVC_ALU_COUNT);
    uint8_t size = (uint8_t)(1u << (r >> 8) % (values.pointer_size == 8 ? 4 : 3));
    if (is_address(a.value) || is_address(b.value))
        size = values.pointer_size;
    bool extends = op == HVC_ALU_SIGN_EXTEND || op == HVC_ALU_ZERO_EXTEND;
    bool shifts = op >= HVC_ALU_SHL && op <= HVC_ALU_ROR;
    if (extends || (shifts && r >> 16 & 3)) {
        b.number = extends ? 8u << (r >> 24) % 3 : (r >> 24) % (8u * size);
        if (extends && b.number > 8u * size)
            b.number = 8u * size;
        b.value = number(b.number);
    }
    return (pair){alu(op, a.value, b.value, size), hvc_alu_compute(op, a.number, b.number, size)};
}

static pair random_read(pair a, pair b)
{
    uint64_t r = next_random();
    uint8_t size = (uint8_t)(1u << r % 4), whole = values.pointer_size;
    bool sign = (r >> 8 & 1) != 0;
    int32_t offset = (int32_t)(r >> 16 & 0xFF) - 0x80;
    uint64_t n;
    hvc_value_id value;
    if ((r >> 32 & 1) != 0) {
        uint8_t scale = (uint8_t)(1u << (r >> 40) % 4);
        value = hvc_value_table(&values, number(0x140000000), offset, b.value, scale, size, sign);
        n = memory(0x140000000 + (uint64_t)(int64_t)offset + b.number * scale, size, sign);
    } else {
        value = hvc_value_load(&values, a.value, offset, size, sign);
        n = memory(a.number + (uint64_t)(int64_t)offset, size, sign);
    }
    /* a register takes no more than its size */
    return (pair){hvc_value_truncate(&values, value, whole), n & hvc_size_mask(whole)};
}

static pair step(pair a, pair b)
{
    uint64_t r = next_random();
    uint8_t size = (uint8_t)(1u << (r >> 8) % (values.pointer_size == 8 ? 3 : 2));
    uint64_t mask = hvc_size_mask(size);
    switch (r % 16) {
    case 0:
    case 1:
        return leaf();
    case 2:
    case 3:
        return (pair){join(a.value, b.value), r >> 16 & 1 ? a.number : b.number};
    case 4:
        return is_address(b.value) ? b
                                   : (pair){hvc_value_insert(&values, a.value, b.value, size),
                                            (a.number & ~mask) | (b.number & mask)};
    case 5:
        return is_address(a.value)
                   ? a
                   : (pair){hvc_value_truncate(&values, a.value, size), a.number & mask};
    case 6:
        return (pair){hvc_value_bound(&values, a.value, a.number | (random_number() & mask)),
                      a.number};
    case 7:
        return random_read(a, b);
    default:
        return random_alu(a, b);
    }
}

static void run_random(uint8_t pointer_size)
{
    size_t definite = 0;
    hvc_values_free(&values);
    assert_int_equal(hvc_values_init(&values, pointer_size), HVC_OK);
    random_state = pointer_size;
    for (unsigned round = 0; round < ROUNDS; round++) {
        pair pool[POOL];
        hvc_values_reset(&values);
        world = next_random();
        for (unsigned i = 0; i < POOL; i++)
            pool[i] = leaf();
        for (unsigned i = 0; i < STEPS; i++) {
            uint64_t r = next_random();
            pair next = step(pool[r % POOL], pool[(r >> 16) % POOL]);
            if (!admits(next.value, next.number)) {
                const hvc_term *it = term(next.value);
                fail_msg("round %u, step %u: not 0x%llx: kind %u, alu %u, size %u, number 0x%llx",
                         round, i, (unsigned long long)next.number, it->kind, it->alu, it->size,
                         (unsigned long long)it->number);
            }
            uint64_t above = ~hvc_size_mask(hvc_value_width(&values, next.value));
            if ((next.number & above) != 0)
                fail_msg("round %u, step %u: 0x%llx is wider than is said", round, i,
                         (unsigned long long)next.number);
            list all = {.count = 0};
            definite += numbers_of(next.value, &all) && all.count == 1;
            pool[(r >> 32) % POOL] = next;
        }
    }
    /* The test would pass if everything were unknown. */
    assert_true(definite > (size_t)ROUNDS * STEPS / 4);
}

static void test_random_terms(void **state)
{
    (void)state;
    run_random(8);
    run_random(4);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_compute),
        TEST(test_conditions),
        TEST(test_equal_values_meet),
        TEST(test_reset),
        TEST(test_join),
        TEST(test_alu_on_sets),
        TEST(test_alu_terms),
        TEST(test_stack_addresses),
        TEST(test_bounds_of_unknowns),
        TEST(test_insert),
        TEST(test_truncate),
        TEST(test_bound),
        TEST(test_loads),
        TEST(test_tables),
        TEST(test_random_terms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
