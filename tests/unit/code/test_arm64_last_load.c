/* What was written to a register last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "code/arm64_last_load.h"

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

static bool is_load(const uint32_t *words, size_t count)
{
    uint8_t bytes[256];
    return hvc_arm64_last_is_load(span_of(words, count, bytes), (uint32_t)(4 * (count - 1)), 20);
}

static void test_last_is_load(void **state)
{
    (void)state;
    assert_true(is_load(CODE(mov(20, 0), ldr(20, 8, 16), bl(), blr(20))));
    assert_true(is_load(CODE(0xA9402514 /* ldp x20, x9, [x8] */, str(20, 8, 0), blr(20))));
    assert_false(is_load(CODE(ldr(20, 8, 16), mov(20, 0), blr(20))));
    assert_true(is_load(CODE(ldr(20, SP, 16), blr(20))));
    assert_true(is_load(CODE(str(0, SP, 8), str(0, SP, 24), ldr(20, SP, 16), blr(20))));
    assert_true(is_load(CODE(0xA9017C08 /* stp x8, xzr, [x0, 16] */, ldr(20, SP, 16), blr(20))));
    assert_false(is_load(CODE(str(0, SP, 16), ldr(20, SP, 16), blr(20))));
    assert_false(is_load(CODE(0xB90017E0 /* str w0, [sp, 20] */, ldr(20, SP, 16), blr(20))));
    assert_false(is_load(CODE(0xA900FFE0 /* stp x0, xzr, [sp, 8] */, ldr(20, SP, 16), blr(20))));
    assert_false(is_load(CODE(0xF80103E0 /* stur x0, [sp, 16] */, ldr(20, SP, 16), blr(20))));
    assert_false(is_load(CODE(ldr(20, SP, 16), str(0, SP, 16), blr(20)))); /* in a loop */
    assert_false(is_load(CODE(ldr(20, 29, 16), blr(20))));
    assert_false(is_load(CODE(ldp_pop(19, 20), blr(20))));
    assert_false(is_load(CODE(bl(), blr(20))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_last_is_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
