/* Where what a register holds may come from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "code/arm64_origin.h"

enum { SP = 31 };

static uint32_t ldr(unsigned t, unsigned n, uint32_t offset)
{
    return 0xF9400000 | offset / 8 << 10 | n << 5 | t;
}

static uint32_t str(unsigned t, unsigned n, uint32_t offset)
{
    return 0xF9000000 | offset / 8 << 10 | n << 5 | t;
}

static uint32_t ldp_pop(unsigned t, unsigned other) /* ldp t, other, [sp], 16 */
{
    return 0xA8C103E0 | other << 10 | t;
}

static uint32_t mov(unsigned d, unsigned m)
{
    return 0xAA0003E0 | m << 16 | d;
}

static uint32_t blr(unsigned n)
{
    return 0xD63F0000 | n << 5;
}

static uint32_t bl(void)
{
    return 0x94000100;
}

#define CODE(...)                                                                                  \
    (const uint32_t[]){__VA_ARGS__}, sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)

static hvc_span span_of(const uint32_t *words, size_t count, uint8_t *bytes)
{
    for (size_t i = 0; i < 4 * count; i++)
        bytes[i] = (uint8_t)(words[i / 4] >> 8 * (i % 4));
    return (hvc_span){bytes, 4 * count};
}

static bool is_second(void *context, uint32_t at)
{
    (void)context;
    return at == 4;
}

static bool may_be(const uint32_t *words, size_t count, hvc_arm64_is_wanted wanted)
{
    uint8_t bytes[256];
    return hvc_arm64_may_be_result(span_of(words, count, bytes), true, (uint32_t)(4 * (count - 1)),
                                   20, wanted, NULL);
}

static bool may(const uint32_t *words, size_t count)
{
    return may_be(words, count, NULL);
}

static void test_loads(void **state)
{
    (void)state;
    assert_false(may(CODE(mov(20, 0), ldr(20, 8, 16), bl(), blr(20))));
    assert_false(may(CODE(0xA9402514 /* ldp x20, x9, [x8] */, str(20, 8, 0), blr(20))));
    assert_false(may(CODE(0xF8697914 /* ldr x20, [x8, x9, lsl 3] */, blr(20))));
    assert_false(may(CODE(0x58000054 /* ldr x20, 8 */, blr(20))));
    assert_true(may(CODE(0xF8408694 /* ldr x20, [x20], 8 */, blr(20))));
    assert_true(may(CODE(0xF8408682 /* ldr x2, [x20], 8 */, blr(20))));
}

static void test_frame(void **state)
{
    (void)state;
    assert_false(may(CODE(ldr(20, SP, 16), blr(20))));
    assert_false(may(CODE(bl(), str(0, SP, 8), str(0, SP, 24), ldr(20, SP, 16), blr(20))));
    assert_false(may(CODE(0xA9017C08 /* stp x8, xzr, [x0, 16] */, ldr(20, SP, 16), blr(20))));
    assert_true(may(CODE(bl(), str(0, SP, 16), ldr(20, SP, 16), blr(20))));
    assert_false(may(CODE(str(3, SP, 16), bl(), ldr(20, SP, 16), blr(20))));
    assert_false(may(CODE(bl(), 0xA900FFE0 /* stp x0, xzr, [sp, 8] */, ldr(20, SP, 16), blr(20))));
    assert_true(may(CODE(bl(), 0xA90083FF /* stp xzr, x0, [sp, 8] */, ldr(20, SP, 16), blr(20))));
    assert_true(may(CODE(bl(), 0xB90017E0 /* str w0, [sp, 20] */, ldr(20, SP, 16), blr(20))));
    assert_true(may(CODE(bl(), 0xF80103E0 /* stur x0, [sp, 16] */, ldr(20, SP, 16), blr(20))));
    assert_true(may(CODE(bl(), ldr(20, SP, 16), str(0, SP, 16), blr(20)))); /* in a loop */
    assert_true(may(CODE(ldr(20, 29, 16), blr(20))));
    assert_true(may(CODE(ldp_pop(19, 20), blr(20))));
}

static void test_results(void **state)
{
    (void)state;
    assert_true(may(CODE(bl(), mov(20, 0), blr(20))));
    assert_true(may(CODE(ldr(20, 8, 16), bl(), mov(20, 0), blr(20))));
    assert_true(may(CODE(bl(), 0x91004014 /* add x20, x0, 16 */, blr(20))));
    assert_true(may(CODE(bl(), 0x8B090014 /* add x20, x0, x9 */, blr(20))));
    assert_true(may(CODE(bl(), mov(19, 0), mov(20, 19), blr(20))));
    assert_false(may(CODE(mov(19, 0), bl(), mov(20, 19), blr(20))));
    /* csel x20, x8, x0, eq */
    assert_true(may(CODE(bl(), ldr(8, 9, 0), 0x9A800114, blr(20))));
    assert_false(may(CODE(bl(), ldr(8, 9, 0), ldr(0, 9, 8), 0x9A800114, blr(20))));
    assert_true(may_be(CODE(bl(), bl(), mov(20, 0), blr(20)), is_second));
    assert_false(may_be(CODE(bl(), bl(), bl(), mov(20, 0), blr(20)), is_second));
}

static void test_parameters(void **state)
{
    (void)state;
    assert_false(may(CODE(mov(20, 2), bl(), blr(20))));
    assert_false(may(CODE(bl(), blr(20))));
    assert_true(may(CODE(mov(20, 2), mov(2, 0), 0x54FFFFC1 /* b.ne to the first */, blr(20))));
    assert_false(may(CODE(bl(), mov(20, 2), bl(), 0x54FFFFE1 /* b.ne 4 back */, blr(20))));
    uint8_t bytes[256];
    const uint32_t words[] = {mov(20, 2), blr(20)};
    assert_true(hvc_arm64_may_be_result(span_of(words, 2, bytes), false, 4, 20, NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loads),
        cmocka_unit_test(test_frame),
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
