#include "base_test.h"

#include <string.h>

#include "base/arena.h"

static void test_alignment_and_zeros(void **state)
{
    (void)state;
    hvc_arena arena = HVC_ARENA_INIT;
    for (size_t size = 0; size < 3000; size += 7) {
        unsigned char *memory = hvc_arena_alloc(&arena, size);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xAA, size);
    }
    hvc_arena_reset(&arena);
    const unsigned char *again = hvc_arena_alloc(&arena, 2000);
    for (size_t i = 0; i < 2000; i++)
        assert_int_equal(again[i], 0);
    hvc_arena_free(&arena);
}

static void test_overflow(void **state)
{
    (void)state;
    hvc_arena arena = HVC_ARENA_INIT;
    assert_null(hvc_arena_array(&arena, SIZE_MAX / 2, 3));
    assert_true(arena.failed);
    hvc_arena_reset(&arena);
    assert_false(arena.failed);
    assert_null(hvc_arena_alloc(&arena, SIZE_MAX - 8));
    assert_true(arena.failed);
    hvc_arena_free(&arena);
}

static void test_texts(void **state)
{
    (void)state;
    hvc_arena arena = HVC_ARENA_INIT;
    assert_string_equal(hvc_arena_text(&arena, (hvc_text){"abcdef", 3}), "abc");
    assert_string_equal(hvc_arena_text(&arena, (hvc_text){NULL, 0}), "");
    assert_string_equal(hvc_arena_printf(&arena, "%s-%d", "x", 42), "x-42");
    char *large = hvc_arena_printf(&arena, "%*d", 100000, 7);
    assert_int_equal(strlen(large), 100000);
    hvc_arena_free(&arena);
}

static void test_vector(void **state)
{
    (void)state;
    hvc_arena arena = HVC_ARENA_INIT;
    HVC_VECTOR(uint32_t) numbers = {NULL, 0, 0};
    /* What it gets was in use before. */
    memset(hvc_arena_alloc(&arena, 60000), 0xff, 60000);
    hvc_arena_reset(&arena);
    for (uint32_t i = 0; i < 5000; i++) {
        uint32_t *number = hvc_vector_add(&arena, &numbers);
        assert_non_null(number);
        assert_int_equal(*number, 0);
        *number = i * 3;
    }
    assert_int_equal(numbers.count, 5000);
    for (uint32_t i = 0; i < 5000; i++)
        assert_int_equal(numbers.items[i], i * 3);
    hvc_arena_free(&arena);
}

/* Large vectors of one arena grow, and are given back, in any order; small memory is not touched.
 */
static void test_large(void **state)
{
    (void)state;
    enum { VECTORS = 3, COUNT = 100000 };
    hvc_arena arena = HVC_ARENA_INIT;
    HVC_VECTOR(uint64_t) numbers[VECTORS] = {{NULL, 0, 0}};
    char *small = hvc_arena_strdup(&arena, "small");
    for (uint64_t i = 0; i < COUNT; i++)
        for (uint64_t v = 0; v < VECTORS; v++) {
            uint64_t *number = hvc_vector_add(&arena, &numbers[v]);
            assert_non_null(number);
            assert_int_equal(*number, 0);
            *number = i * VECTORS + v;
        }
    for (uint64_t v = 0; v < VECTORS; v++)
        for (uint64_t i = 0; i < COUNT; i++)
            assert_int_equal(numbers[v].items[i], i * VECTORS + v);
    /* What growing leaves behind is little. */
    assert_true(arena.used < VECTORS * (COUNT + COUNT / 2) * sizeof(uint64_t) + (1 << 20));
    size_t used = arena.used, bytes = numbers[1].capacity * sizeof(uint64_t);
    hvc_vector_free(&arena, &numbers[1]);
    assert_null(numbers[1].items);
    assert_int_equal(numbers[1].count, 0);
    assert_true(arena.used <= used - bytes && arena.used + bytes + 16 >= used);
    assert_non_null(hvc_vector_add(&arena, &numbers[1]));
    hvc_vector_free(&arena, &numbers[2]);
    hvc_vector_free(&arena, &numbers[0]);
    hvc_arena_give_back(&arena, NULL, 1 << 20);
    hvc_arena_give_back(&arena, small, 6);
    assert_string_equal(small, "small");
    hvc_arena_free(&arena);
}

static void test_large_zeros(void **state)
{
    (void)state;
    enum { SIZE = 100000 };
    hvc_arena arena = HVC_ARENA_INIT;
    for (unsigned round = 0; round < 3; round++) {
        /* What it gets was in use before. */
        unsigned char *memory = hvc_arena_alloc(&arena, SIZE);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < SIZE; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xAA, SIZE);
        if (round == 0)
            hvc_arena_give_back(&arena, memory, SIZE);
        else
            hvc_arena_reset(&arena);
        assert_int_equal(arena.used, 0);
    }
    hvc_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alignment_and_zeros),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_vector),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_large_zeros),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
