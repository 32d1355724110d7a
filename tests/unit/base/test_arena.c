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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alignment_and_zeros),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_vector),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
