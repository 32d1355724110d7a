/* Registers that hold an address throughout a function, and those that only seem to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "code/arm64_bases.h"

enum { RVA = 0x1000, SP = 31 };

#define RET UINT32_C(0xD65F03C0)

static uint32_t adrp(unsigned d, uint32_t pages)
{
    return 0x90000000 | (pages & 3) << 29 | pages >> 2 << 5 | d;
}

static uint32_t add(unsigned d, unsigned n, uint32_t number)
{
    return 0x91000000 | number << 10 | n << 5 | d;
}

static uint32_t ldr(unsigned t, unsigned n, uint32_t offset)
{
    return 0xF9400000 | offset / 8 << 10 | n << 5 | t;
}

static uint32_t str(unsigned t, unsigned n, uint32_t offset)
{
    return 0xF9000000 | offset / 8 << 10 | n << 5 | t;
}

static uint32_t stp_push(unsigned t, unsigned other) /* stp t, other, [sp, -16]! */
{
    return 0xA9BF03E0 | other << 10 | t;
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

/* The address of x20; 0 when it is no base. */
static uint32_t base_of(const uint32_t *words, size_t count)
{
    uint8_t bytes[256];
    hvc_arm64_bases bases = {0};
    hvc_arm64_bases_add(&bases, span_of(words, count, bytes), RVA);
    return hvc_arm64_is_base(&bases, 20) ? bases.value[20] : 0;
}

static void test_one_address(void **state)
{
    (void)state;
    assert_int_equal(base_of(CODE(adrp(20, 4), ldr(8, 20, 8), bl(), ldr(9, 20, 16), RET)), 0x5000);
    assert_int_equal(base_of(CODE(adrp(8, 5), add(20, 8, 0x18), ldr(8, 20, 0), RET)), 0x6018);
    assert_int_equal(base_of(CODE(adrp(20, 4), add(20, 20, 0x28), ldr(8, 20, 0), RET)), 0x5028);
    assert_int_equal(base_of(CODE(stp_push(19, 20), bl(), adrp(20, 4), ldr(8, 20, 8), blr(8),
                                  adrp(20, 4), ldp_pop(19, 20), RET)),
                     0x5000);
    /* what is formed from it is another address */
    assert_int_equal(base_of(CODE(adrp(20, 4), add(0, 20, 0x28), bl(), ldr(8, 20, 0), RET)),
                     0x5000);
}

static void test_other_uses(void **state)
{
    (void)state;
    assert_int_equal(base_of(CODE(ldr(8, 20, 8), RET)), 0);
    assert_int_equal(base_of(CODE(adrp(20, 4), bl(), adrp(20, 5), ldr(8, 20, 8), RET)), 0);
    assert_int_equal(base_of(CODE(adrp(20, 4), mov(0, 20), bl(), RET)), 0);
    assert_int_equal(base_of(CODE(adrp(20, 4), mov(20, 0), ldr(8, 20, 8), RET)), 0);
    assert_int_equal(base_of(CODE(adrp(20, 4), str(20, 1, 8), RET)), 0);
    assert_int_equal(base_of(CODE(adrp(20, 4), str(20, SP, 8), RET)), 0);
    assert_int_equal(base_of(CODE(adrp(20, 4), ldr(20, SP, 8), bl(), ldr(8, 20, 8), RET)), 0);
    assert_int_equal(base_of(CODE(adrp(20, 4), ldr(20, 1, 8), ldr(8, 20, 8), RET)), 0);
    assert_int_equal(base_of(CODE(adrp(20, 4), blr(20), RET)), 0);
    assert_int_equal(base_of(CODE(adrp(20, 4), 0xF8746828, RET)), 0); /* ldr x8, [x1, x20] */
    assert_int_equal(base_of(CODE(adrp(20, 4), 0xF8408E88, RET)), 0); /* ldr x8, [x20, 8]! */
    assert_int_equal(base_of(CODE(adrp(8, 5), bl(), add(20, 8, 0x18), RET)), 0);
    assert_int_equal(base_of(CODE(adrp(8, 5), mov(8, 1), add(20, 8, 0x18), RET)), 0);
    assert_int_equal(base_of(CODE(adrp(20, 4), 0x9E670280, RET)), 0); /* fmov d0, x20 */
}

/* The address of x20 before the last instruction; 0 when it is not known. */
static uint32_t last_of(const uint32_t *words, size_t count)
{
    uint8_t bytes[256];
    uint32_t address = 0;
    hvc_span code = span_of(words, count, bytes);
    bool known = hvc_arm64_last_address(code, RVA, (uint32_t)(4 * (count - 1)), 20, &address);
    return known ? address : 0;
}

static void test_last_address(void **state)
{
    (void)state;
    assert_int_equal(last_of(CODE(adrp(20, 4), str(20, SP, 8), bl(), ldr(8, 20, 8))), 0x5000);
    assert_int_equal(last_of(CODE(adrp(20, 4), adrp(20, 5), ldr(8, 20, 8))), 0x6000);
    assert_int_equal(last_of(CODE(adrp(9, 4), add(20, 9, 16), bl(), ldr(8, 20, 0))), 0x5010);
    assert_int_equal(last_of(CODE(adrp(20, 4), mov(20, 1), ldr(8, 20, 8))), 0);
    assert_int_equal(last_of(CODE(adrp(20, 4), ldr(20, 20, 8), ldr(8, 20, 8))), 0);
    assert_int_equal(last_of(CODE(adrp(20, 4), ldp_pop(19, 20), ldr(8, 20, 8))), 0);
    assert_int_equal(last_of(CODE(adrp(20, 4), 0xF8408E88, ldr(8, 20, 8))), 0);
    assert_int_equal(last_of(CODE(adrp(9, 4), bl(), ldr(8, 20, 0))), 0);
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
    assert_false(is_load(CODE(ldr(20, SP, 16), blr(20))));
    assert_false(is_load(CODE(ldr(20, 29, 16), blr(20))));
    assert_false(is_load(CODE(ldp_pop(19, 20), blr(20))));
    assert_false(is_load(CODE(bl(), blr(20))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_address),
        cmocka_unit_test(test_other_uses),
        cmocka_unit_test(test_last_address),
        cmocka_unit_test(test_last_is_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
