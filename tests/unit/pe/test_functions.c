/* Exception data: x64, ARM64 and ARM, packed and not. */
#include "pe_test.h"

typedef struct table {
    sample it;
    uint32_t rva, unwind, entry;
} table;

/* Room for count entries and for unwind data, and code to describe. */
static void make(table *t, uint16_t machine, uint32_t count)
{
    sample_empty(&t->it, machine);
    builder_reserve(&t->it.builder, 0, 0xf00, 1);
    t->entry = machine == HVC_MACHINE_AMD64 ? 12 : 8;
    t->rva = builder_reserve(&t->it.builder, 1, count * t->entry, 4);
    t->unwind = builder_reserve(&t->it.builder, 1, 0x100, 4);
    builder_directory(&t->it.builder, HVC_DIR_EXCEPTION, t->rva, count * t->entry);
}

static void put(table *t, unsigned index, uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t at = t->rva + index * t->entry;
    builder_put32(&t->it.builder, at, a);
    builder_put32(&t->it.builder, at + 4, b);
    if (t->entry == 12)
        builder_put32(&t->it.builder, at + 8, c);
}

static void expect_functions(const table *t, const hvc_function *expected, unsigned count)
{
    hvc_function_iterator iterator = hvc_function_begin(t->it.image);
    hvc_function function;
    for (unsigned i = 0; i < count; i++) {
        assert_true(hvc_function_next(&iterator, &function));
        assert_int_equal(function.begin, expected[i].begin);
        assert_int_equal(function.end, expected[i].end);
        assert_int_equal(function.unwind, expected[i].unwind);
        assert_int_equal(function.chained, expected[i].chained);
    }
    assert_false(hvc_function_next(&iterator, &function));
}

static void test_x64(void **state)
{
    (void)state;
    table t;
    make(&t, HVC_MACHINE_AMD64, 4);
    uint32_t chained = t.unwind + 0x10;
    *builder_at(&t.it.builder, t.unwind, 1) = 1 | 3 << 3; /* has handlers, is not chained */
    *builder_at(&t.it.builder, chained, 1) = 1 | 4 << 3;
    put(&t, 0, 0x1000, 0x1010, t.unwind);
    put(&t, 1, 0x1010, 0x1020, chained);
    put(&t, 2, 0x1020, 0x1030, (t.rva + 12) | 1); /* the unwind data is entry 1's */
    put(&t, 3, 0x1030, 0x8000, t.unwind);         /* to the end of the image */
    sample_load(&t.it);
    expect_clean(&t.it);
    const hvc_function expected[] = {{0x1000, 0x1010, t.unwind, false},
                                     {0x1010, 0x1020, chained, true},
                                     {0x1020, 0x1030, chained, true},
                                     {0x1030, 0x8000, t.unwind, false}};
    expect_functions(&t, expected, 4);
    /* Unwind data outside tells nothing of chaining; an indirection to nowhere leaves none. */
    put(&t, 1, 0x1010, 0x1020, 0x900000);
    put(&t, 2, 0x1020, 0x1030, 0x900001);
    sample_load(&t.it);
    const hvc_function outside[] = {{0x1000, 0x1010, t.unwind, false},
                                    {0x1010, 0x1020, 0x900000, false},
                                    {0x1020, 0x1030, 0, true},
                                    {0x1030, 0x8000, t.unwind, false}};
    expect_functions(&t, outside, 4);
    sample_free(&t.it);
}

static void test_arm64(void **state)
{
    (void)state;
    table t;
    make(&t, HVC_MACHINE_ARM64, 7);
    uint32_t u = t.unwind;
    builder_put32(&t.it.builder, u, 0x20 | 1 << 27); /* 32 instructions, one code word */
    builder_put32(&t.it.builder, u + 4, 0xe4);
    /* A fragment, behind two epilog scopes. */
    builder_put32(&t.it.builder, u + 0x10, 0x10 | 2 << 22 | 1 << 27);
    builder_put32(&t.it.builder, u + 0x1c, 0xe4e5);
    /* E: the epilog count is an index, there are no scopes. */
    builder_put32(&t.it.builder, u + 0x20, 0x8 | 1 << 21 | 3 << 22 | 1 << 27);
    builder_put32(&t.it.builder, u + 0x24, 0xe5);
    /* Extended: one epilog scope, two code words. */
    builder_put32(&t.it.builder, u + 0x30, 0x4);
    builder_put32(&t.it.builder, u + 0x34, 1 | 2 << 16);
    builder_put32(&t.it.builder, u + 0x3c, 0xe5);
    put(&t, 0, 0x1000, u, 0);
    put(&t, 1, 0x1080, u + 0x10, 0);
    put(&t, 2, 0x10c0, u + 0x20, 0);
    put(&t, 3, 0x10e0, u + 0x30, 0);
    put(&t, 4, 0x1100, 0x7ff << 2 | 1, 0);                       /* packed, the longest */
    put(&t, 5, 0x3100, 0x10 << 2 | 2, 0);                        /* packed fragment */
    put(&t, 6, 0x3140, UINT32_C(0xff800000) | 0x11 << 2 | 1, 0); /* other fields are no length */
    sample_load(&t.it);
    expect_clean(&t.it);
    const hvc_function expected[] = {
        {0x1000, 0x1080, u, false},
        {0x1080, 0x10c0, u + 0x10, true},
        {0x10c0, 0x10e0, u + 0x20, true},
        {0x10e0, 0x10f0, u + 0x30, true},
        {0x1100, 0x1100 + 0x7ff * 4, 0, false},
        {0x3100, 0x3140, 0, true},
        {0x3140, 0x3184, 0, false},
    };
    expect_functions(&t, expected, 7);
    sample_free(&t.it);
}

static void test_arm(void **state)
{
    (void)state;
    table t;
    make(&t, HVC_MACHINE_ARMNT, 4);
    builder_put32(&t.it.builder, t.unwind, 0x20);
    builder_put32(&t.it.builder, t.unwind + 8, 0x10 | 1 << 22); /* a fragment */
    put(&t, 0, 0x1001, t.unwind, 0);                            /* Thumb */
    put(&t, 1, 0x1041, t.unwind + 8, 0);
    put(&t, 2, 0x1061, 0x20 << 2 | 1, 0);
    put(&t, 3, 0x10a1, 0x20 << 2 | 2, 0);
    sample_load(&t.it);
    expect_clean(&t.it);
    const hvc_function expected[] = {{0x1000, 0x1040, t.unwind, false},
                                     {0x1040, 0x1060, t.unwind + 8, true},
                                     {0x1060, 0x10a0, 0, false},
                                     {0x10a0, 0x10e0, 0, true}};
    expect_functions(&t, expected, 4);
    sample_free(&t.it);
}

/* What describes no code is passed over and told; entries of zeros are padding. */
static void test_damaged_entries(void **state)
{
    (void)state;
    static const uint32_t x64[][2] = {{0x1010, 0x1010},
                                      {0x1020, 0x1010},
                                      {0x1000, 0x8001},
                                      {UINT32_MAX, 0},
                                      {0x1000, UINT32_MAX}};
    for (unsigned i = 0; i < 5; i++) {
        table t;
        make(&t, HVC_MACHINE_AMD64, 3);
        put(&t, 0, x64[i][0], x64[i][1], t.unwind);
        put(&t, 1, 0x1000, 0x1010, t.unwind);
        sample_load(&t.it);
        expect_anomaly_at(&t.it, "function-entry", HVC_ANOMALY_DOUBT,
                          builder_file_offset(&t.it.builder, t.rva));
        size_t count, total;
        hvc_image_anomalies(t.it.image, &count, &total);
        assert_int_equal(total, 1);
        const hvc_function expected = {0x1000, 0x1010, t.unwind, false};
        expect_functions(&t, &expected, 1);
        sample_free(&t.it);
    }
    static const uint32_t arm[][2] = {{0x1000, 3},
                                      {0x1000, 1},
                                      {0x7ff0, 8 << 2 | 1},
                                      {0x1000, 0x900000},
                                      {UINT32_MAX, 8 << 2 | 1}};
    for (unsigned i = 0; i < 10; i++) {
        table t;
        make(&t, i < 5 ? HVC_MACHINE_ARM64 : HVC_MACHINE_ARMNT, 2);
        uint32_t begin = arm[i % 5][0] == 0x7ff0 && i >= 5 ? 0x7ff8 : arm[i % 5][0];
        put(&t, 0, begin, arm[i % 5][1], 0);
        sample_load(&t.it);
        expect_anomaly(&t.it, "function-entry", HVC_ANOMALY_DOUBT);
        expect_functions(&t, NULL, 0);
        sample_free(&t.it);
    }
}

static void test_directory(void **state)
{
    (void)state;
    table t;
    make(&t, HVC_MACHINE_AMD64, 2);
    size_t field = builder_directory_offset(&t.it.builder, HVC_DIR_EXCEPTION);
    put(&t, 0, 0x1010, 0x1020, t.unwind);
    put(&t, 1, 0x1000, 0x1010, t.unwind);
    sample_load(&t.it);
    expect_anomaly(&t.it, "function-table-unsorted", HVC_ANOMALY_NOTE);
    const hvc_function expected[] = {{0x1010, 0x1020, t.unwind, false},
                                     {0x1000, 0x1010, t.unwind, false}};
    expect_functions(&t, expected, 2);
    t.it.builder.headers.directories[HVC_DIR_EXCEPTION].size = 23;
    sample_load(&t.it);
    expect_anomaly_at(&t.it, "function-table-size", HVC_ANOMALY_NOTE, field);
    expect_functions(&t, expected, 1);
    t.it.builder.headers.directories[HVC_DIR_EXCEPTION].size = 0x1200;
    sample_load(&t.it);
    expect_anomaly_at(&t.it, "function-table-cut", HVC_ANOMALY_DOUBT, field);
    t.it.builder.headers.directories[HVC_DIR_EXCEPTION].rva = 0x900000;
    sample_load(&t.it);
    expect_anomaly_at(&t.it, "function-table-cut", HVC_ANOMALY_DOUBT, field);
    expect_functions(&t, NULL, 0);
    sample_free(&t.it);

    /* x86 has no such table: what stands there is not read. */
    sample_empty(&t.it, HVC_MACHINE_I386);
    builder_directory(&t.it.builder, HVC_DIR_EXCEPTION, 0x900000, 0x1201);
    sample_load(&t.it);
    expect_clean(&t.it);
    expect_functions(&t, NULL, 0);
    sample_free(&t.it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_x64),       cmocka_unit_test(test_arm64),
        cmocka_unit_test(test_arm),       cmocka_unit_test(test_damaged_entries),
        cmocka_unit_test(test_directory),
    };
    return cmocka_run_group_tests_name("functions", tests, NULL, NULL);
}
