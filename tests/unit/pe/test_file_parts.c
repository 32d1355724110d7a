/* Debug directory, certificate table, Rich header, checksum, overlay. */
#include "pe_test.h"

#include "base/limits.h"

static const char pdb[] = "D:\\build\\driver.pdb";

static const hvc_debug_info *load_debug(sample *it)
{
    sample_load(it);
    return hvc_image_debug_info(it->image);
}

static void test_debug(void **state)
{
    (void)state;
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    builder_debug(&it.builder, 1, pdb, true);
    const hvc_debug_info *debug = load_debug(&it);
    expect_clean(&it);
    uint32_t directory = it.builder.headers.directories[HVC_DIR_DEBUG].rva;
    uint32_t data = bytes_get32(builder_at(&it.builder, directory, 28), 20);
    assert_int_equal(debug->entry_count, 2);
    assert_int_equal(debug->entries[0].type, 2);
    assert_int_equal(debug->entries[0].rva, data);
    assert_int_equal(debug->entries[0].size, 24 + sizeof(pdb));
    assert_int_equal(debug->entries[1].type, 16);
    assert_true(debug->has_codeview);
    assert_true(debug->repro);
    assert_int_equal(debug->age, 7);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(debug->guid[i], 0xa0 + i);
    expect_text(debug->pdb, pdb);

    /* Data that is not mapped, only in the file. */
    builder_put32(&it.builder, directory + 20, 0);
    builder_put32(&it.builder, directory + 24, (uint32_t)builder_file_offset(&it.builder, data));
    builder_put32(&it.builder, directory + 28 + 12, 4);
    debug = load_debug(&it);
    expect_text(debug->pdb, pdb);
    assert_false(debug->repro);

    /* The form without a GUID. */
    builder_put(&it.builder, data, "NB10\0\0\0\0\1\2\3\4\5\0\0\0C:\\old.pdb", 27);
    debug = load_debug(&it);
    assert_false(debug->has_codeview);
    assert_int_equal(debug->age, 5);
    expect_text(debug->pdb, "C:\\old.pdb");
    sample_free(&it);
}

static void test_damaged_debug(void **state)
{
    (void)state;
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    builder_debug(&it.builder, 1, pdb, false);
    uint32_t directory = it.builder.headers.directories[HVC_DIR_DEBUG].rva;
    uint32_t data = bytes_get32(builder_at(&it.builder, directory, 28), 20);
    builder_put32(&it.builder, directory + 16, 24 + 5); /* the path is cut */
    const hvc_debug_info *debug = load_debug(&it);
    expect_anomaly_at(&it, "debug-pdb-path", HVC_ANOMALY_NOTE,
                      builder_file_offset(&it.builder, data));
    expect_text(debug->pdb, "D:\\bu");
    static const uint32_t sizes[] = {23, 3, 0};
    for (unsigned i = 0; i < 3; i++) {
        builder_put32(&it.builder, directory + 16, sizes[i]);
        debug = load_debug(&it);
        expect_anomaly(&it, "debug-codeview", HVC_ANOMALY_NOTE);
        assert_false(debug->has_codeview);
    }
    builder_put32(&it.builder, directory + 16, UINT32_MAX);
    builder_put32(&it.builder, directory + 20, 0x900000);
    builder_put32(&it.builder, directory + 24, UINT32_MAX);
    load_debug(&it);
    expect_anomaly(&it, "debug-codeview", HVC_ANOMALY_NOTE);

    it.builder.headers.directories[HVC_DIR_DEBUG].size = 29;
    assert_int_equal(load_debug(&it)->entry_count, 1);
    expect_anomaly(&it, "debug-directory-size", HVC_ANOMALY_NOTE);
    it.builder.headers.directories[HVC_DIR_DEBUG].size = UINT32_MAX;
    load_debug(&it);
    expect_anomaly(&it, "debug-directory-outside", HVC_ANOMALY_NOTE);
    it.builder.headers.directories[HVC_DIR_DEBUG].rva = 0x900000;
    assert_int_equal(load_debug(&it)->entry_count, 0);
    expect_anomaly(&it, "debug-directory-outside", HVC_ANOMALY_NOTE);
    uint32_t many = builder_reserve(&it.builder, 2, (HVC_MAX_DEBUG_ENTRIES + 1) * 28, 4);
    builder_directory(&it.builder, HVC_DIR_DEBUG, many, (HVC_MAX_DEBUG_ENTRIES + 1) * 28);
    assert_int_equal(load_debug(&it)->entry_count, HVC_MAX_DEBUG_ENTRIES);
    expect_anomaly(&it, "debug-limit", HVC_ANOMALY_NOTE);
    sample_free(&it);
}

/* Three records of 9, 16 and 8 bytes, each padded to 8. */
static const uint8_t records[] = {9, 0, 0, 0, 0, 2, 2, 0, 0xaa, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0,
                                  0, 1, 1, 0, 1, 2, 3, 4, 5,    6, 7, 8, 8, 0, 0, 0, 0,  2, 2, 0};

static size_t certificate_count(sample *it)
{
    size_t count;
    sample_open(it);
    hvc_image_certificates(it->image, &count);
    return count;
}

static void test_certificates(void **state)
{
    (void)state;
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    builder_tail(&it.builder, records, sizeof(records), true);
    sample_load(&it);
    expect_clean(&it);
    size_t count;
    uint32_t table = it.builder.headers.directories[HVC_DIR_CERTIFICATE].rva;
    const hvc_certificate *read = hvc_image_certificates(it.image, &count);
    static const hvc_certificate expected[] = {
        {0, 9, 0x200, 2}, {16, 16, 0x100, 1}, {32, 8, 0x200, 2}};
    assert_int_equal(count, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(read[i].file_offset, table + expected[i].file_offset);
        assert_int_equal(read[i].length, expected[i].length);
        assert_int_equal(read[i].revision, expected[i].revision);
        assert_int_equal(read[i].type, expected[i].type);
    }
    /* A length below its header, 0 (a loop at that place), and beyond the file. */
    static const uint32_t lengths[] = {0, 7, 25, UINT32_MAX, UINT32_C(0x80000000), UINT32_MAX - 6};
    for (unsigned i = 0; i < 6; i++) {
        bytes_put32(it.bytes, table + 16, lengths[i]);
        assert_int_equal(certificate_count(&it), 1);
        expect_anomaly_at(&it, "certificate-length", HVC_ANOMALY_NOTE, table + 16);
    }
    sample_free(&it);
}

static void test_certificate_table(void **state)
{
    (void)state;
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    builder_tail(&it.builder, records, sizeof(records), true);
    sample_finish(&it);
    size_t field = builder_directory_offset(&it.builder, HVC_DIR_CERTIFICATE);
    uint32_t table = it.builder.headers.directories[HVC_DIR_CERTIFICATE].rva;
    bytes_put32(it.bytes, field + 4, sizeof(records) + 8);
    assert_int_equal(certificate_count(&it), 3);
    expect_anomaly_at(&it, "certificate-table-cut", HVC_ANOMALY_NOTE, field);
    bytes_put32(it.bytes, field + 4, 20);
    assert_int_equal(certificate_count(&it), 1);
    expect_anomaly_at(&it, "certificate-cut", HVC_ANOMALY_NOTE, table + 16);
    /* It is a file offset: an RVA of the image that is no offset of the file is outside. */
    static const uint32_t outside[] = {0x6000, UINT32_MAX, 0};
    for (unsigned i = 0; i < 3; i++) {
        bytes_put32(it.bytes, field, outside[i]);
        assert_int_equal(certificate_count(&it), 0);
        expect_anomaly_at(&it, "certificate-table-outside", HVC_ANOMALY_NOTE, field);
    }
    bytes_put32(it.bytes, field, table + 1);
    certificate_count(&it);
    expect_anomaly_at(&it, "certificate-table-unaligned", HVC_ANOMALY_NOTE, field);
    sample_free(&it);

    uint8_t many[(HVC_MAX_CERTIFICATES + 1) * 8] = {0};
    for (unsigned i = 0; i <= HVC_MAX_CERTIFICATES; i++)
        many[(size_t)i * 8] = 8;
    sample_empty(&it, HVC_MACHINE_AMD64);
    builder_tail(&it.builder, many, sizeof(many), true);
    sample_finish(&it);
    assert_int_equal(certificate_count(&it), HVC_MAX_CERTIFICATES);
    expect_anomaly(&it, "certificate-limit", HVC_ANOMALY_NOTE);
    sample_free(&it);
}

static void test_rich(void **state)
{
    (void)state;
    static const uint32_t tools[][2] = {{0x01041234, 5}, {0x00ff8168, 40}, {0x00010000, 64}};
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    builder_rich(&it.builder, tools, 3);
    sample_load(&it);
    expect_clean(&it);
    size_t count;
    const hvc_rich_entry *rich = hvc_image_rich(it.image, &count);
    assert_int_equal(count, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(rich[i].product, tools[i][0] >> 16);
        assert_int_equal(rich[i].build, tools[i][0] & 0xffff);
        assert_int_equal(rich[i].count, tools[i][1]);
    }
    /* Where it ends: DanS, padding, three records, then the mark. */
    const size_t mark = 0x40 + 16 + 24;
    it.bytes[0x50] ^= 1;
    sample_open(&it);
    expect_anomaly_at(&it, "rich-checksum", HVC_ANOMALY_NOTE, mark);
    hvc_image_rich(it.image, &count);
    assert_int_equal(count, 3);
    it.bytes[0x40] ^= 1; /* no DanS */
    sample_open(&it);
    expect_anomaly_at(&it, "rich-header", HVC_ANOMALY_NOTE, mark);
    hvc_image_rich(it.image, &count);
    assert_int_equal(count, 0);
    sample_free(&it);
    /* Undersized: the mark follows DanS at once; odd: half a record. */
    for (uint32_t size = 4; size <= 20; size += 16) {
        sample_empty(&it, HVC_MACHINE_AMD64);
        bytes_put32(it.builder.rich, 0, 0x536e6144 ^ 0x1111);
        bytes_put32(it.builder.rich, size, 0x68636952);
        bytes_put32(it.builder.rich, size + 4, 0x1111);
        it.builder.rich_size = size + 8;
        sample_load(&it);
        expect_anomaly_at(&it, "rich-header", HVC_ANOMALY_NOTE, 0x40 + size);
        sample_free(&it);
    }
}

/* A stub large enough for more records than are kept: the image is moved behind it. */
static void test_rich_limit(void **state)
{
    (void)state;
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    sample_finish(&it);
    const size_t shift = 0x1000, records_size = (HVC_MAX_RICH_ENTRIES + 1) * 8;
    uint8_t *bytes = calloc(1, it.size + shift);
    assert_non_null(bytes);
    memcpy(bytes, it.bytes, 0x40);
    memcpy(bytes + BUILDER_NT + shift, it.bytes + BUILDER_NT, it.size - BUILDER_NT);
    bytes_put32(bytes, 0x3c, (uint32_t)(BUILDER_NT + shift));
    bytes_put32(bytes, 0x40, 0x536e6144);
    bytes_put32(bytes, 0x50 + records_size, 0x68636952);
    free(it.bytes);
    it.bytes = bytes;
    it.size += shift;
    sample_open(&it);
    size_t count;
    hvc_image_rich(it.image, &count);
    assert_int_equal(count, HVC_MAX_RICH_ENTRIES);
    expect_anomaly(&it, "rich-limit", HVC_ANOMALY_NOTE);
    /* Further away than that no beginning is looked for. */
    bytes_put32(bytes, 0x40, 0);
    bytes_put32(bytes, 0x50 + records_size, 0);
    bytes_put32(bytes, 0x50, 0x536e6144);
    bytes_put32(bytes, 0x50 + 0xff8, 0x68636952);
    sample_open(&it);
    expect_anomaly(&it, "rich-header", HVC_ANOMALY_NOTE);
    sample_free(&it);
}

static void test_checksum(void **state)
{
    (void)state;
    /* Every length of the last block, and bytes that carry. */
    for (size_t extra = 0; extra < 40; extra++) {
        uint8_t tail[40];
        memset(tail, 0xff, sizeof(tail));
        sample it;
        sample_full(&it, HVC_MACHINE_AMD64);
        builder_tail(&it.builder, tail, extra, false);
        sample_load(&it);
        assert_int_equal(hvc_image_checksum(it.image), hvc_image_headers(it.image)->checksum);
        it.bytes[it.size - 1] ^= 1;
        sample_open(&it);
        assert_int_not_equal(hvc_image_checksum(it.image), hvc_image_headers(it.image)->checksum);
        sample_free(&it);
    }
}

/* Where all words but the stored checksum sum to a multiple of 0xffff, the order of carrying shows.
 */
static void test_checksum_of_zero(void **state)
{
    (void)state;
    sample it;
    sample_full(&it, HVC_MACHINE_AMD64);
    static const uint8_t zero[4] = {0};
    builder_tail(&it.builder, zero, 4, false);
    sample_finish(&it);
    uint32_t rest = bytes_get32(it.bytes, BUILDER_OPTIONAL + 64) - (uint32_t)it.size;
    bytes_put16(it.bytes, it.size - 4, (uint16_t)(0xffff - rest));
    bytes_put32(it.bytes, BUILDER_OPTIONAL + 64, 0x1234);
    sample_open(&it);
    assert_int_equal(hvc_image_checksum(it.image), it.size);
    /* Words of 0 take nothing from the sum of 0xffff. */
    bytes_put32(it.bytes, BUILDER_OPTIONAL + 64, 0);
    sample_open(&it);
    assert_int_equal(hvc_image_checksum(it.image), it.size + 0xffff);
    sample_free(&it);
}

static void expect_overlay(sample *it, uint64_t offset, uint64_t size)
{
    uint64_t found, found_size;
    sample_open(it);
    hvc_image_overlay(it->image, &found, &found_size);
    assert_int_equal(found_size, size);
    if (size != 0)
        assert_int_equal(found, offset);
}

static void test_overlay(void **state)
{
    (void)state;
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    sample_finish(&it);
    size_t end = it.size;
    expect_overlay(&it, 0, 0);
    uint8_t tail[64] = {0};
    memcpy(tail + 24, records, sizeof(records));
    builder_tail(&it.builder, tail, sizeof(tail), false);
    sample_finish(&it);
    expect_overlay(&it, end, 64);
    size_t field = builder_directory_offset(&it.builder, HVC_DIR_CERTIFICATE);
    /* Before a table at the end, behind one at the beginning, and none but its padding. */
    bytes_put32(it.bytes, field, (uint32_t)end + 24);
    bytes_put32(it.bytes, field + 4, sizeof(records));
    expect_overlay(&it, end, 24);
    bytes_put32(it.bytes, field, (uint32_t)end);
    expect_overlay(&it, end + 40, 24);
    bytes_put32(it.bytes, field + 4, 64);
    expect_overlay(&it, 0, 0);
    bytes_put32(it.bytes, field + 4, UINT32_MAX);
    expect_overlay(&it, 0, 0);
    /* A table inside the image covers nothing. */
    bytes_put32(it.bytes, field, 0x40);
    bytes_put32(it.bytes, field + 4, 16);
    expect_overlay(&it, end, 64);
    /* Sections that claim more than the file. */
    bytes_put32(it.bytes, builder_section_offset(&it.builder, 0) + 16, UINT32_MAX);
    expect_overlay(&it, 0, 0);
    sample_free(&it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_debug),        cmocka_unit_test(test_damaged_debug),
        cmocka_unit_test(test_certificates), cmocka_unit_test(test_certificate_table),
        cmocka_unit_test(test_rich),         cmocka_unit_test(test_rich_limit),
        cmocka_unit_test(test_checksum),     cmocka_unit_test(test_checksum_of_zero),
        cmocka_unit_test(test_overlay),
    };
    return cmocka_run_group_tests_name("file parts", tests, NULL, NULL);
}
