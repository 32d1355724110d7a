/* Base relocations: every type, block arithmetic, and what is damaged. */
#include "pe_test.h"

enum { PAGE_1 = 0x1000, PAGE_2 = 0x2000 };

static uint16_t entry(unsigned type, unsigned offset)
{
    return (uint16_t)(type << 12 | offset);
}

/* An image whose .data holds the directory; its RVA. */
static uint32_t make(sample *it, uint16_t machine, const builder_block *blocks, unsigned count)
{
    sample_empty(it, machine);
    builder_relocs(&it->builder, 2, blocks, count);
    return it->builder.headers.directories[HVC_DIR_BASERELOC].rva;
}

static void expect_entries(const sample *it, const hvc_reloc *expected, unsigned count)
{
    hvc_reloc_iterator iterator = hvc_reloc_begin(it->image);
    hvc_reloc reloc;
    for (unsigned i = 0; i < count; i++) {
        assert_true(hvc_reloc_next(&iterator, &reloc));
        assert_int_equal(reloc.rva, expected[i].rva);
        assert_int_equal(reloc.type, expected[i].type);
        assert_int_equal(reloc.page_offset, expected[i].rva & 0xfff);
        uint16_t raw =
            (uint16_t)(it->bytes[reloc.file_offset] | it->bytes[reloc.file_offset + 1] << 8);
        assert_int_equal(raw, entry(expected[i].type, expected[i].rva & 0xfff));
    }
    assert_false(hvc_reloc_next(&iterator, &reloc));
    assert_false(hvc_reloc_next(&iterator, &reloc));
}

static unsigned count_entries(const sample *it)
{
    hvc_reloc_iterator iterator = hvc_reloc_begin(it->image);
    hvc_reloc reloc;
    unsigned count = 0;
    while (hvc_reloc_next(&iterator, &reloc))
        count++;
    return count;
}

static void test_types(void **state)
{
    (void)state;
    uint16_t types[16];
    hvc_reloc expected[16] = {0};
    unsigned count = 0;
    for (unsigned i = 0; i < 16; i++) {
        if (i == HVC_REL_HIGHADJ)
            continue;
        types[count] = entry(i, 0xff0 + i);
        expected[count].rva = PAGE_1 + 0xff0 + i;
        expected[count++].type = (uint8_t)i;
    }
    types[count] = 0; /* the builder pads an odd number of entries */
    expected[count].rva = PAGE_1;
    const builder_block block = {PAGE_1, types, count};
    sample it;
    make(&it, HVC_MACHINE_AMD64, &block, 1);
    sample_load(&it);
    expect_clean(&it);
    expect_entries(&it, expected, 16);
    sample_free(&it);
}

/* HIGHADJ takes the next slot for its parameter, whatever that looks like. */
static void test_highadj(void **state)
{
    (void)state;
    const uint16_t first[] = {entry(4, 0x10), entry(3, 0x20), entry(3, 0x30),
                              entry(4, 0x40), entry(4, 0x50), entry(10, 0x60)};
    const uint16_t cut[] = {entry(10, 0x70), entry(4, 0x80)};
    const uint16_t parameter[] = {entry(4, 0x90), entry(4, 0x123)};
    const builder_block blocks[] = {{PAGE_1, first, 6}, {PAGE_2, cut, 2}, {PAGE_2, parameter, 2}};
    static const hvc_reloc expected[] = {
        {PAGE_1 + 0x10, 0, 0, 4},  {PAGE_1 + 0x30, 0, 0, 3},  {PAGE_1 + 0x40, 0, 0, 4},
        {PAGE_1 + 0x60, 0, 0, 10}, {PAGE_2 + 0x70, 0, 0, 10}, {PAGE_2 + 0x80, 0, 0, 4},
        {PAGE_2 + 0x90, 0, 0, 4},
    };
    sample it;
    uint32_t directory = make(&it, HVC_MACHINE_I386, blocks, 3);
    sample_load(&it);
    expect_entries(&it, expected, 7);
    /* Only the second block ends in one without a parameter. */
    size_t count, total;
    const hvc_anomaly *anomalies = hvc_image_anomalies(it.image, &count, &total);
    assert_int_equal(count, 1);
    assert_string_equal(anomalies[0].id, "reloc-highadj-cut");
    assert_int_equal(anomalies[0].effect, HVC_ANOMALY_DOUBT);
    assert_int_equal(anomalies[0].file_offset, builder_file_offset(&it.builder, directory + 20));
    sample_free(&it);
}

static const uint16_t two[] = {0xa010, 0xa018}, one[] = {0xa020};
static const builder_block pair[] = {{PAGE_1, two, 2}, {PAGE_2, one, 1}};

static void test_block_sizes(void **state)
{
    (void)state;
    static const struct {
        uint32_t size; /* of the first block, which has 12 bytes of 24 */
        const char *id;
        hvc_anomaly_effect effect;
        unsigned entries;
    } cases[] = {
        {0, "reloc-block-size", HVC_ANOMALY_DOUBT, 0},
        {7, "reloc-block-size", HVC_ANOMALY_DOUBT, 0},
        {25, "reloc-block-cut", HVC_ANOMALY_DOUBT, 8},
        {UINT32_MAX, "reloc-block-cut", HVC_ANOMALY_DOUBT, 8},
        {UINT32_C(0x80000000), "reloc-block-cut", HVC_ANOMALY_DOUBT, 8},
        {23, "reloc-block-odd", HVC_ANOMALY_DOUBT, 7},
        {22, "reloc-block-unaligned", HVC_ANOMALY_NOTE, 7},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        sample it;
        uint32_t directory = make(&it, HVC_MACHINE_AMD64, pair, 2);
        builder_put32(&it.builder, directory + 4, cases[i].size);
        sample_load(&it);
        expect_anomaly_at(&it, cases[i].id, cases[i].effect,
                          builder_file_offset(&it.builder, directory));
        assert_int_equal(count_entries(&it), cases[i].entries);
        sample_free(&it);
    }
    /* Blocks without entries are fine, and cost no time each. */
    sample it;
    uint32_t directory = make(&it, HVC_MACHINE_AMD64, pair, 2);
    builder_put32(&it.builder, directory + 4, 8);
    builder_put32(&it.builder, directory + 8, PAGE_2);
    builder_put32(&it.builder, directory + 12, 16);
    sample_load(&it);
    assert_int_equal(count_entries(&it), 4);
    expect_clean(&it);
    sample_free(&it);
}

static void test_pages(void **state)
{
    (void)state;
    sample it;
    uint32_t directory = make(&it, HVC_MACHINE_AMD64, pair, 2);
    builder_put32(&it.builder, directory + 12, 0x8000); /* SizeOfImage */
    sample_load(&it);
    expect_anomaly_at(&it, "reloc-page-outside", HVC_ANOMALY_DOUBT,
                      builder_file_offset(&it.builder, directory + 12));
    assert_int_equal(count_entries(&it), 4);
    builder_put32(&it.builder, directory + 12, 0x1234);
    sample_load(&it);
    expect_anomaly_at(&it, "reloc-page-unaligned", HVC_ANOMALY_DOUBT,
                      builder_file_offset(&it.builder, directory + 12));
    static const hvc_reloc expected[] = {{PAGE_1 + 0x10, 0, 0, 10}, {PAGE_1 + 0x18, 0, 0, 10}};
    hvc_reloc_iterator iterator = hvc_reloc_begin(it.image);
    hvc_reloc reloc;
    for (unsigned i = 0; i < 2; i++) {
        assert_true(hvc_reloc_next(&iterator, &reloc));
        assert_int_equal(reloc.rva, expected[i].rva);
    }
    assert_true(hvc_reloc_next(&iterator, &reloc));
    assert_int_equal(reloc.rva, 0x1234 + 0x20); /* page_offset keeps the entry's own bits */
    assert_int_equal(reloc.page_offset, 0x20);
    sample_free(&it);
}

static void test_directory(void **state)
{
    (void)state;
    sample it;
    uint32_t directory = make(&it, HVC_MACHINE_AMD64, pair, 2);
    size_t field = builder_directory_offset(&it.builder, HVC_DIR_BASERELOC);
    /* Zeros behind the last block, within the directory. */
    it.builder.headers.directories[HVC_DIR_BASERELOC].size = 24 + 12;
    sample_load(&it);
    expect_anomaly_at(&it, "reloc-zero-tail", HVC_ANOMALY_NOTE,
                      builder_file_offset(&it.builder, directory + 24));
    assert_int_equal(count_entries(&it), 4);
    /* A piece of a header. */
    builder_put32(&it.builder, builder_reserve(&it.builder, 2, 4, 4), 0x3000);
    it.builder.headers.directories[HVC_DIR_BASERELOC].size = 24 + 4;
    sample_load(&it);
    expect_anomaly(&it, "reloc-block-size", HVC_ANOMALY_DOUBT);
    assert_int_equal(count_entries(&it), 4);
    /* More than the section has in the file. */
    it.builder.headers.directories[HVC_DIR_BASERELOC].size = 0x1000;
    sample_load(&it);
    expect_anomaly_at(&it, "reloc-directory-cut", HVC_ANOMALY_DOUBT, field);
    assert_int_equal(count_entries(&it), 4);
    it.builder.headers.directories[HVC_DIR_BASERELOC].rva = 0x900000;
    sample_load(&it);
    expect_anomaly_at(&it, "reloc-directory-outside", HVC_ANOMALY_DOUBT, field);
    assert_int_equal(count_entries(&it), 0);
    it.builder.headers.directories[HVC_DIR_BASERELOC].size = 0;
    sample_load(&it);
    expect_clean(&it);
    assert_int_equal(count_entries(&it), 0);
    sample_free(&it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),       cmocka_unit_test(test_highadj),
        cmocka_unit_test(test_block_sizes), cmocka_unit_test(test_pages),
        cmocka_unit_test(test_directory),
    };
    return cmocka_run_group_tests_name("relocations", tests, NULL, NULL);
}
