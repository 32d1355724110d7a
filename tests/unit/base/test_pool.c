#include "base_test.h"

#include "base/pool.h"

enum { JOBS = 500, SLOTS = 7 };

typedef struct run {
    unsigned produced, consumed;
    unsigned job[SLOTS], result[SLOTS];
    unsigned fail_at; /* the consumption that fails */
} run;

static hvc_status produce(void *context, unsigned slot, bool *ret_more)
{
    run *r = context;
    *ret_more = r->produced < JOBS;
    if (*ret_more)
        r->job[slot] = r->produced++;
    return HVC_OK;
}

static void work(void *context, unsigned slot, unsigned worker)
{
    run *r = context;
    (void)worker;
    volatile unsigned spin = 0;
    for (unsigned i = 0; i < r->job[slot] % 13 * 500; i++)
        spin = spin + i;
    r->result[slot] = r->job[slot] * 2 + 1;
}

static hvc_status consume(void *context, unsigned slot)
{
    run *r = context;
    if (r->consumed == r->fail_at)
        return HVC_E_CANCELLED;
    assert_int_equal(r->result[slot], r->consumed * 2 + 1); /* in order, whatever the workers did */
    r->consumed++;
    return HVC_OK;
}

static const hvc_pool_calls calls = {produce, work, consume};

static void test_order(void **state)
{
    (void)state;
    for (unsigned workers = 0; workers <= 8; workers++) {
        run r = {.fail_at = UINT32_MAX};
        assert_int_equal(hvc_pool_run(&calls, &r, workers, SLOTS, NULL), HVC_OK);
        assert_int_equal(r.consumed, JOBS);
    }
}

static void test_stop(void **state)
{
    (void)state;
    for (unsigned workers = 1; workers <= 4; workers++) {
        run r = {.fail_at = 100};
        assert_int_equal(hvc_pool_run(&calls, &r, workers, SLOTS, NULL), HVC_E_CANCELLED);
        assert_int_equal(r.consumed, 100);
        assert_true(r.produced <= 100 + SLOTS);
    }
}

static void test_arguments(void **state)
{
    (void)state;
    run r = {0};
    hvc_error error;
    assert_int_equal(hvc_pool_run(&calls, &r, 2, 0, &error), HVC_E_ARGUMENT);
    assert_true(hvc_processor_count() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_arguments),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
