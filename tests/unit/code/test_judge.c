/* From the numbers that an argument can be to the judgement of the call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "code/judge.h"

static hvc_arena arena;

static int tear_down(void **state)
{
    (void)state;
    hvc_arena_free(&arena);
    return 0;
}

enum { OPEN = HVC_UNKNOWN_CALL, ALL = HVC_UNKNOWN_NONE };

/* The site of a call of a function that has this predicate, judged. */
static hvc_call_site judge(const hvc_ddi *ddi, const hvc_numbers *numbers)
{
    hvc_call_site site = {.ddi = ddi};
    assert_true(hvc_judge_site(numbers, &arena, &site));
    return site;
}

static hvc_ddi counted(hvc_predicate predicate)
{
    return (hvc_ddi){.name = "Function",
                     .kind = HVC_VALUE_POOL_TYPE,
                     .counter = HVC_COUNTER_POOL_TYPE,
                     .predicate = predicate};
}

typedef struct row {
    hvc_predicate predicate;
    uint64_t list[2];
    unsigned count;
    int why;
    uint64_t ones, zeros; /* of what is not listed */
    hvc_judgement judgement;
} row;

static void check(const row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hvc_ddi ddi = counted(rows[i].predicate);
        hvc_numbers numbers = {.count = rows[i].count,
                               .why = (hvc_unknown)rows[i].why,
                               .ones = rows[i].ones,
                               .zeros = rows[i].zeros};
        memcpy(numbers.list, rows[i].list, sizeof(rows[i].list));
        hvc_call_site site = judge(&ddi, &numbers);
        if (site.judgement != rows[i].judgement)
            fail_msg("row %zu: %s, not %s", i, hvc_judgement_name(site.judgement),
                     hvc_judgement_name(rows[i].judgement));
        assert_int_equal(site.open != NULL, rows[i].why != ALL);
    }
}
#define CHECK(rows) check(rows, sizeof(rows) / sizeof(*(rows)))

static void test_all_numbers_known(void **state)
{
    static const row rows[] = {
        {HVC_PREDICATE_POOL_TYPE, {0}, 1, ALL, 0, 0, HVC_JUDGEMENT_VIOLATION},
        {HVC_PREDICATE_POOL_TYPE, {1}, 1, ALL, 0, 0, HVC_JUDGEMENT_OK},
        {HVC_PREDICATE_POOL_TYPE, {0x200}, 1, ALL, 0, 0, HVC_JUDGEMENT_OK},
        {HVC_PREDICATE_POOL_TYPE, {0, 4}, 2, ALL, 0, 0, HVC_JUDGEMENT_VIOLATION},
        {HVC_PREDICATE_POOL_TYPE, {0, 0x200}, 2, ALL, 0, 0, HVC_JUDGEMENT_POSSIBLE},
        {HVC_PREDICATE_POOL_TYPE, {1, 0x200}, 2, ALL, 0, 0, HVC_JUDGEMENT_OK},
        {HVC_PREDICATE_NO_NX_FLAG, {1}, 1, ALL, 0, 0, HVC_JUDGEMENT_VIOLATION},
        {HVC_PREDICATE_POOL_EXECUTE, {0x80}, 1, ALL, 0, 0, HVC_JUDGEMENT_VIOLATION},
        {HVC_PREDICATE_POOL_EXECUTE, {0x40}, 1, ALL, 0, 0, HVC_JUDGEMENT_OK},
        {HVC_PREDICATE_PAGE_EXECUTE, {4, 0x40}, 2, ALL, 0, 0, HVC_JUDGEMENT_POSSIBLE},
        {HVC_PREDICATE_NO_EXECUTE_FLAG, {0x40000010}, 1, ALL, 0, 0, HVC_JUDGEMENT_OK},
        {HVC_PREDICATE_NO_EXECUTE_FLAG, {0x10}, 1, ALL, 0, 0, HVC_JUDGEMENT_VIOLATION},
    };
    (void)state;
    CHECK(rows);
}

/* Nothing, or only some bits, is known of what is not listed. */
static void test_open_numbers(void **state)
{
    static const row rows[] = {
        {HVC_PREDICATE_POOL_TYPE, {0}, 0, OPEN, 0, 0, HVC_JUDGEMENT_UNDETERMINED},
        {HVC_PREDICATE_POOL_TYPE, {1}, 1, OPEN, 0, 0, HVC_JUDGEMENT_UNDETERMINED},
        {HVC_PREDICATE_POOL_TYPE, {0}, 1, OPEN, 0, 0, HVC_JUDGEMENT_POSSIBLE},
        {HVC_PREDICATE_POOL_TYPE, {0}, 0, OPEN, 0x200, 0, HVC_JUDGEMENT_OK},
        {HVC_PREDICATE_POOL_TYPE, {0}, 0, OPEN, 1, 0x200, HVC_JUDGEMENT_OK},
        {HVC_PREDICATE_POOL_TYPE, {0}, 0, OPEN, 0x400, 0, HVC_JUDGEMENT_UNDETERMINED},
        {HVC_PREDICATE_POOL_TYPE, {0}, 0, OPEN, 0, 1, HVC_JUDGEMENT_UNDETERMINED},
        {HVC_PREDICATE_POOL_TYPE, {0}, 0, OPEN, 0, 0x201, HVC_JUDGEMENT_VIOLATION},
        {HVC_PREDICATE_POOL_TYPE, {0}, 1, OPEN, 0, 0x201, HVC_JUDGEMENT_VIOLATION},
        {HVC_PREDICATE_POOL_TYPE, {1}, 1, OPEN, 0, 0x201, HVC_JUDGEMENT_POSSIBLE},
        {HVC_PREDICATE_POOL_TYPE, {0}, 1, OPEN, 0x200, 0, HVC_JUDGEMENT_POSSIBLE},
        {HVC_PREDICATE_NO_NX_FLAG, {0}, 0, OPEN, 1, 0, HVC_JUDGEMENT_UNDETERMINED},
        {HVC_PREDICATE_NO_NX_FLAG, {0}, 0, OPEN, 0, 0x200, HVC_JUDGEMENT_VIOLATION},
        {HVC_PREDICATE_NO_NX_FLAG, {0}, 0, OPEN, 0x200, 0, HVC_JUDGEMENT_OK},
        {HVC_PREDICATE_POOL_EXECUTE, {0}, 0, OPEN, 0x80, 0, HVC_JUDGEMENT_VIOLATION},
        {HVC_PREDICATE_POOL_EXECUTE, {0}, 0, OPEN, 0x40, 0, HVC_JUDGEMENT_UNDETERMINED},
        {HVC_PREDICATE_POOL_EXECUTE, {0}, 0, OPEN, 0, 0x80, HVC_JUDGEMENT_OK},
        {HVC_PREDICATE_PAGE_EXECUTE, {0}, 0, OPEN, 0x10, 0xE0, HVC_JUDGEMENT_VIOLATION},
        {HVC_PREDICATE_PAGE_EXECUTE, {0}, 0, OPEN, 0, 0xE0, HVC_JUDGEMENT_UNDETERMINED},
        {HVC_PREDICATE_PAGE_EXECUTE, {0}, 0, OPEN, 4, 0xF0, HVC_JUDGEMENT_OK},
        {HVC_PREDICATE_NO_EXECUTE_FLAG, {0}, 0, OPEN, 0x40000000, 0, HVC_JUDGEMENT_OK},
        {HVC_PREDICATE_NO_EXECUTE_FLAG, {0}, 0, OPEN, 0, 0x40000000, HVC_JUDGEMENT_VIOLATION},
    };
    (void)state;
    CHECK(rows);
}

/* What is said of bits agrees with the predicate, number by number; and where the predicate looks
 * at bits alone, nothing more could be said. */
static void test_bits_agree_with_numbers(void **state)
{
    static const uint64_t bits[] = {1, 2, 0x10, 0x40, 0x80, 0x200, 0x400, 0x40000000};
    (void)state;
    for (int predicate = HVC_PREDICATE_NONE + 1; predicate < HVC_PREDICATE_COUNT; predicate++) {
        hvc_ddi ddi = counted((hvc_predicate)predicate);
        /* every bit is known to be 1, known to be 0, or open */
        for (unsigned known = 0; known < 6561; known++) {
            hvc_numbers numbers = {.why = (hvc_unknown)OPEN, .zeros = ~UINT64_C(0)};
            uint64_t open = 0;
            unsigned rest = known;
            for (size_t i = 0; i < 8; i++, rest /= 3) {
                numbers.ones |= rest % 3 == 1 ? bits[i] : 0;
                open |= rest % 3 == 2 ? bits[i] : 0;
            }
            numbers.zeros = ~(numbers.ones | open);
            bool guilty = false, innocent = false;
            for (uint64_t some = open;; some = (some - 1) & open) {
                if (hvc_ddi_violates(&ddi, numbers.ones | some))
                    guilty = true;
                else
                    innocent = true;
                if (some == 0)
                    break;
            }
            hvc_judgement judgement = judge(&ddi, &numbers).judgement;
            if (predicate == HVC_PREDICATE_CACHED && judgement == HVC_JUDGEMENT_UNDETERMINED)
                assert_true(guilty);
            else if (guilty && innocent)
                assert_int_equal(judgement, HVC_JUDGEMENT_UNDETERMINED);
            else
                assert_int_equal(judgement, guilty ? HVC_JUDGEMENT_VIOLATION : HVC_JUDGEMENT_OK);
            hvc_arena_reset(&arena);
        }
    }
}

/* What no counter catches is advice at most. */
static void test_advice(void **state)
{
    hvc_ddi ddi = counted(HVC_PREDICATE_CACHED);
    hvc_numbers numbers = {.list = {1}, .count = 1};
    (void)state;
    ddi.counter = HVC_COUNTER_NONE;
    assert_int_equal(judge(&ddi, &numbers).judgement, HVC_JUDGEMENT_ADVICE);
    numbers.list[0] = 0;
    assert_int_equal(judge(&ddi, &numbers).judgement, HVC_JUDGEMENT_OK);
    numbers = (hvc_numbers){.why = HVC_UNKNOWN_MEMORY};
    assert_int_equal(judge(&ddi, &numbers).judgement, HVC_JUDGEMENT_ADVICE);
    numbers.zeros = 1;
    assert_int_equal(judge(&ddi, &numbers).judgement, HVC_JUDGEMENT_OK);
    numbers = (hvc_numbers){.why = HVC_UNKNOWN_MEMORY, .ones = 2};
    assert_int_equal(judge(&ddi, &numbers).judgement, HVC_JUDGEMENT_OK);
}

static void test_values_and_origin(void **state)
{
    const hvc_ddi *ddi = hvc_ddi_find("ExAllocatePoolWithTag");
    hvc_numbers numbers = {
        .list = {0x200, 0, 1}, .count = 3, .origins = HVC_ORIGIN_CONSTANT | HVC_ORIGIN_PARAMETER};
    (void)state;
    assert_non_null(ddi);
    hvc_call_site site = judge(ddi, &numbers);
    assert_int_equal(site.value_count, 3);
    assert_int_equal(site.values[0].number, 0);
    assert_int_equal(site.values[1].number, 1);
    assert_int_equal(site.values[2].number, 0x200);
    assert_string_equal(site.values[0].name, "NonPagedPool");
    assert_string_equal(site.values[2].name, "NonPagedPoolNx");
    assert_string_equal(site.origin, "parameter");
    assert_null(site.open);
    assert_int_equal(site.judgement, HVC_JUDGEMENT_POSSIBLE);
    numbers.origins = HVC_ORIGIN_CONSTANT | HVC_ORIGIN_OPT_IN;
    assert_string_equal(judge(ddi, &numbers).origin, "nx-opt-in");
    numbers.origins = HVC_ORIGIN_READ_ONLY | HVC_ORIGIN_CONSTANT;
    assert_string_equal(judge(ddi, &numbers).origin, "table");
    numbers.origins = 0;
    assert_string_equal(judge(ddi, &numbers).origin, "unknown");
}

static void test_not_looked_at(void **state)
{
    hvc_ddi ddi = counted(HVC_PREDICATE_POOL_TYPE);
    hvc_call_site site = {.ddi = &ddi};
    (void)state;
    hvc_judge_unknown(&site, "a reason");
    assert_int_equal(site.judgement, HVC_JUDGEMENT_UNDETERMINED);
    assert_string_equal(site.open, "a reason");
    ddi.counter = HVC_COUNTER_NONE;
    hvc_judge_unknown(&site, "a reason");
    assert_int_equal(site.judgement, HVC_JUDGEMENT_ADVICE);
}

/* Every reason has a text of its own, and whatever else is given has one too. */
static void test_reasons(void **state)
{
    (void)state;
    for (int i = 0; i < HVC_UNKNOWN_COUNT; i++) {
        assert_non_null(hvc_unknown_text((hvc_unknown)i));
        for (int k = 0; k < i; k++)
            assert_string_not_equal(hvc_unknown_text((hvc_unknown)i),
                                    hvc_unknown_text((hvc_unknown)k));
    }
    assert_string_equal(hvc_unknown_text(HVC_UNKNOWN_COUNT), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_all_numbers_known, tear_down),
        cmocka_unit_test_teardown(test_open_numbers, tear_down),
        cmocka_unit_test_teardown(test_bits_agree_with_numbers, tear_down),
        cmocka_unit_test_teardown(test_advice, tear_down),
        cmocka_unit_test_teardown(test_values_and_origin, tear_down),
        cmocka_unit_test_teardown(test_not_looked_at, tear_down),
        cmocka_unit_test_teardown(test_reasons, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
