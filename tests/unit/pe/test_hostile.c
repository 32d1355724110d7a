/* Whole images damaged in bulk, each walked through every public function with its promises: cut at
 * every byte, changed at every byte, mutated at random, and the inputs that cost most. */
#include "pe_test.h"

#include <time.h>

#include "base/limits.h"

static const uint16_t machines[] = {HVC_MACHINE_AMD64, HVC_MACHINE_I386, HVC_MACHINE_ARM64,
                                    HVC_MACHINE_ARMNT};

/* Each run gets its own block, so that a sanitizer sees the first byte beyond. */
static void walk(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size + (size == 0));
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void test_cut_everywhere(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        sample it;
        sample_full(&it, machines[i]);
        sample_finish(&it);
        for (size_t size = 0; size <= it.size; size++)
            walk(it.bytes, size);
        /* An image that lacks bytes of a section says so. */
        for (size_t size = builder_section_offset(&it.builder, 3); size < it.size - 16; size++) {
            hvc_image *image = NULL;
            assert_int_equal(hvc_image_open(it.bytes, size, &image, NULL), HVC_OK);
            assert_non_null(find_anomaly(image, "section-data-beyond-file"));
            hvc_image_free(image);
        }
        sample_free(&it);
    }
}

static void test_change_everywhere(void **state)
{
    (void)state;
    static const uint8_t values[] = {0x00, 0xff, 0x80, 0x7f};
    for (unsigned i = 0; i < 4; i++) {
        sample it;
        sample_full(&it, machines[i]);
        sample_finish(&it);
        for (size_t at = 0; at < it.size; at++) {
            uint8_t before = it.bytes[at];
            it.bytes[at] = values[at % 4];
            walk(it.bytes, it.size);
            it.bytes[at] = before;
        }
        /* Fields of four bytes, all bits set. */
        for (size_t at = 0; at + 4 <= it.size; at += 4) {
            uint32_t before = bytes_get32(it.bytes, at);
            bytes_put32(it.bytes, at, UINT32_MAX);
            walk(it.bytes, it.size);
            bytes_put32(it.bytes, at, before);
        }
        sample_free(&it);
    }
}

/* xorshift: the same mutations in every run. */
static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void test_random_mutations(void **state)
{
    (void)state;
    static const uint32_t interesting[] = {0,      1,          7,          8,          0xfff,
                                           0x1000, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffff000};
    uint32_t random = 0x2545f491;
    for (unsigned i = 0; i < 4; i++) {
        sample it;
        sample_full(&it, machines[i]);
        sample_finish(&it);
        uint8_t *work = malloc(it.size);
        assert_non_null(work);
        for (unsigned round = 0; round < 2500; round++) {
            memcpy(work, it.bytes, it.size);
            for (unsigned changes = next_random(&random) % 6 + 1; changes > 0; changes--) {
                /* Half of them in the headers. */
                size_t room = next_random(&random) % 2 == 0 ? 0x280 : it.size - 4;
                size_t at = next_random(&random) % room;
                if (next_random(&random) % 2 == 0)
                    work[at] = (uint8_t)next_random(&random);
                else
                    bytes_put32(work, at, interesting[next_random(&random) % 10]);
            }
            size_t size = next_random(&random) % 8 == 0 ? next_random(&random) % it.size : it.size;
            walk(work, size);
        }
        free(work);
        sample_free(&it);
    }
}

/* Many sections, out of order, and as many imports as are read: lookups must not multiply. */
static void test_cost(void **state)
{
    (void)state;
    enum { SECTIONS = HVC_MAX_SECTIONS, THUNKS = 0x40000 };
    sample it;
    memset(&it, 0, sizeof(it));
    builder_init(&it.builder, HVC_MACHINE_I386);
    unsigned big = builder_add_section(&it.builder, ".idata", BUILDER_DATA, THUNKS + 0x2000);
    uint32_t name = builder_text(&it.builder, big, "m.sys");
    uint32_t directory = builder_reserve(&it.builder, big, 40, 4);
    uint32_t table = builder_reserve(&it.builder, big, THUNKS, 4);
    builder_put32(&it.builder, directory, table);
    builder_put32(&it.builder, directory + 12, name);
    builder_put32(&it.builder, directory + 16, table);
    for (uint32_t i = 0; i < THUNKS; i += 4)
        builder_put32(&it.builder, table + i, name);
    builder_directory(&it.builder, HVC_DIR_IMPORT, directory, 40);
    sample_finish(&it);

    /* The section table grows; everything behind the headers moves. */
    size_t headers = builder_section_offset(&it.builder, 0);
    size_t shift = (size_t)SECTIONS * 40 / 512 * 512 + 512, size = it.size + shift;
    uint8_t *bytes = calloc(1, size);
    assert_non_null(bytes);
    memcpy(bytes, it.bytes, headers + 40);
    uint32_t old = it.builder.sections[0].file_offset;
    memcpy(bytes + old + shift, it.bytes + old, it.size - old);
    bytes_put32(bytes, headers + 20, old + (uint32_t)shift);
    bytes_put16(bytes, BUILDER_FILE_HEADER + 2, SECTIONS);
    for (uint32_t i = 1; i < SECTIONS; i++) {
        uint32_t place = 0x10000000 + (SECTIONS - i) * 0x2000 + (i % 3) * 0x1000;
        bytes_put32(bytes, headers + (size_t)i * 40 + 8, 0x3000);
        bytes_put32(bytes, headers + (size_t)i * 40 + 12, place);
    }
    clock_t before = clock();
    walk(bytes, size);
    double seconds = (double)(clock() - before) / CLOCKS_PER_SEC;
    assert_true(seconds < 5); /* milliseconds, but for sanitizers and loaded machines */
    hvc_image *image = NULL;
    assert_int_equal(hvc_image_open(bytes, size, &image, NULL), HVC_OK);
    size_t count;
    hvc_image_imports(image, &count);
    assert_int_equal(count, HVC_MAX_IMPORTS);
    assert_non_null(find_anomaly(image, "section-order"));
    hvc_image_free(image);
    free(bytes);
    sample_free(&it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_everywhere),
        cmocka_unit_test(test_change_everywhere),
        cmocka_unit_test(test_random_mutations),
        cmocka_unit_test(test_cost),
    };
    return cmocka_run_group_tests_name("hostile images", tests, NULL, NULL);
}
