/* The section table, and what is mapped where. */
#include "pe_test.h"

#include "base/limits.h"
#include "pe/image.h"

static uint8_t *file_at(sample *it, uint32_t rva)
{
    return it->bytes + builder_file_offset(&it->builder, rva);
}

/* Builds sections of known contents: byte i of section n is n * 16 + i % 13. */
static void fill(sample *it, unsigned section, uint32_t size)
{
    uint32_t rva = builder_reserve(&it->builder, section, size, 1);
    for (uint32_t i = 0; i < size; i++)
        *builder_at(&it->builder, rva + i, 1) = (uint8_t)(section * 16 + i % 13);
}

static void test_table(void **state)
{
    (void)state;
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    fill(&it, 1, 0x300);
    sample_load(&it);
    expect_clean(&it);
    size_t count;
    const hvc_section *sections = hvc_image_sections(it.image, &count);
    assert_int_equal(count, 3);
    for (unsigned i = 0; i < 3; i++) {
        const builder_section *built = &it.builder.sections[i];
        expect_text(sections[i].name, built->name);
        assert_memory_equal(sections[i].raw_name, built->name, 8);
        assert_int_equal(sections[i].rva, built->rva);
        assert_int_equal(sections[i].virtual_size, built->virtual_size);
        assert_int_equal(sections[i].file_offset, built->file_offset);
        assert_int_equal(sections[i].raw_size, built->raw_size);
        assert_int_equal(sections[i].characteristics, built->characteristics);
        assert_int_equal(sections[i].header_offset, builder_section_offset(&it.builder, i));
        assert_int_equal(sections[i].data_offset, built->file_offset);
        assert_int_equal(sections[i].data_size, built->raw_size);
        assert_int_equal(sections[i].mapped_size, built->virtual_size);
    }
    sample_free(&it);
}

static void test_reading(void **state)
{
    (void)state;
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    fill(&it, 1, 0x210); /* 0x400 bytes of raw data, 0x4000 mapped */
    sample_load(&it);
    uint32_t rva = it.builder.sections[1].rva, offset;
    uint8_t bytes[64];
    assert_true(hvc_image_read(it.image, rva, bytes, 32));
    assert_memory_equal(bytes, file_at(&it, rva), 32);
    /* Zeros behind the data. */
    assert_true(hvc_image_read(it.image, rva + 0x3f0, bytes, 32));
    for (unsigned i = 0; i < 32; i++)
        assert_int_equal(bytes[i], i < 16 ? *file_at(&it, rva + 0x3f0 + i) : 0);
    assert_true(hvc_image_file_offset(it.image, rva + 0x3ff, &offset));
    assert_int_equal(offset, it.builder.sections[1].file_offset + 0x3ff);
    assert_false(hvc_image_file_offset(it.image, rva + 0x400, &offset));
    /* Across the border of two sections, and out of the last one. */
    assert_true(hvc_image_read(it.image, rva - 8, bytes, 16));
    assert_memory_equal(bytes + 8, file_at(&it, rva), 8);
    uint32_t end = it.builder.headers.size_of_image;
    assert_true(hvc_image_read(it.image, end - 8, bytes, 8));
    bytes[0] = 0x5a;
    assert_false(hvc_image_read(it.image, end - 8, bytes, 9));
    assert_false(hvc_image_read(it.image, end, bytes, 1));
    assert_false(hvc_image_read(it.image, UINT32_MAX, bytes, 2));
    assert_false(hvc_image_read(it.image, 0, bytes, SIZE_MAX));
    assert_int_equal(bytes[0], 0x5a);
    /* The headers. */
    assert_true(hvc_image_read(it.image, 0, bytes, 2));
    assert_memory_equal(bytes, "MZ", 2);
    assert_null(hvc_image_section_at(it.image, 0));
    assert_non_null(hvc_image_section_at(it.image, rva));
    assert_ptr_equal(hvc_image_section_at(it.image, rva + 0x3fff),
                     hvc_image_section_at(it.image, rva));
    assert_null(hvc_image_section_at(it.image, end));
    sample_free(&it);
}

static void test_numbers_and_texts(void **state)
{
    (void)state;
    sample it;
    sample_empty(&it, HVC_MACHINE_I386);
    uint32_t rva = builder_reserve(&it.builder, 1, 0x200, 1);
    for (uint32_t i = 0; i < 0x200; i++)
        *builder_at(&it.builder, rva + i, 1) = (uint8_t)(1 + i % 100);
    sample_load(&it);
    uint16_t u16 = 0;
    uint32_t u32 = 0, back = 0;
    uint64_t u64 = 0;
    assert_true(hvc_image_u16(it.image, rva, &u16));
    assert_int_equal(u16, 0x0201);
    assert_true(hvc_image_u32(it.image, rva, &u32));
    assert_int_equal(u32, 0x04030201);
    assert_true(hvc_image_u64(it.image, rva, &u64));
    assert_int_equal(u64, UINT64_C(0x0807060504030201));
    assert_true(hvc_image_pointer(it.image, rva, &u64));
    assert_int_equal(u64, 0x04030201);
    /* Half in the data, half in the zeros. */
    assert_true(hvc_image_u32(it.image, rva + 0x1fe, &u32));
    assert_int_equal(u32, 1 + 0x1fe % 100 + ((1 + 0x1ff % 100) << 8));
    assert_false(hvc_image_u32(it.image, it.builder.headers.size_of_image - 2, &u32));
    assert_true(hvc_image_u64(it.image, rva + 0x1f8, &u64));
    assert_int_equal(u64 & 0xff, 1 + 0x1f8 % 100);
    assert_int_equal(u64 >> 56, 1 + 0x1ff % 100);
    assert_true(hvc_image_u64(it.image, rva + 0x1fc, &u64));
    assert_int_equal(u64 >> 32, 0);
    assert_int_equal(u64 & 0xff, 1 + 0x1fc % 100);
    assert_false(hvc_image_u64(it.image, it.builder.headers.size_of_image - 7, &u64));
    assert_true(hvc_image_rva_of(it.image, 0x400000, &back));
    assert_int_equal(back, 0);
    assert_true(hvc_image_rva_of(it.image, 0x401234, &back));
    assert_int_equal(back, 0x1234);
    assert_false(hvc_image_rva_of(it.image, 0x3fffff, &back));
    assert_false(
        hvc_image_rva_of(it.image, UINT64_C(0x400000) + it.builder.headers.size_of_image, &back));
    /* A text that runs to the end of the data ends in the zeros behind it. */
    hvc_text text;
    assert_true(hvc_image_cstr(it.image, rva + 0x1f0, &text));
    assert_int_equal(text.size, 16);
    assert_true(hvc_image_cstr(it.image, rva + 0x200, &text));
    assert_int_equal(text.size, 0);
    assert_false(hvc_image_cstr(it.image, it.builder.headers.size_of_image, &text));
    sample_free(&it);

    /* Where the data fills its section, or the name would be too long, it has no end. */
    sample_empty(&it, HVC_MACHINE_I386);
    rva = builder_reserve(&it.builder, 2, 0x2000, 1);
    memset(builder_at(&it.builder, rva, 0x2000), 'x', 0x2000);
    sample_load(&it);
    assert_false(hvc_image_cstr(it.image, rva + 0x1ff0, &text));
    assert_false(hvc_image_cstr(it.image, rva + 0x10, &text));
    sample_free(&it);
}

/* PointerToRawData counts rounded down to 512, and SizeOfRawData from there. */
static void test_unaligned_data(void **state)
{
    (void)state;
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    fill(&it, 1, 0x200);
    sample_finish(&it);
    size_t header = builder_section_offset(&it.builder, 1);
    uint32_t aligned = it.builder.sections[1].file_offset, rva = it.builder.sections[1].rva;
    bytes_put32(it.bytes, header + 20, aligned + 0x1ff);
    sample_open(&it);
    expect_anomaly_at(&it, "section-data-unaligned", HVC_ANOMALY_DOUBT, header);
    size_t count;
    const hvc_section *section = &hvc_image_sections(it.image, &count)[1];
    assert_int_equal(section->file_offset, aligned + 0x1ff);
    assert_int_equal(section->data_offset, aligned);
    uint8_t byte;
    assert_true(hvc_image_read(it.image, rva, &byte, 1));
    assert_int_equal(byte, it.bytes[aligned]);
    sample_free(&it);
}

static void test_virtual_sizes(void **state)
{
    (void)state;
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    fill(&it, 2, 0x1100); /* the last section: 0x1200 bytes raw */
    sample_finish(&it);
    size_t header = builder_section_offset(&it.builder, 2), count;
    uint32_t rva = it.builder.sections[2].rva;
    /* VirtualSize 0 means SizeOfRawData. */
    bytes_put32(it.bytes, header + 8, 0);
    sample_open(&it);
    expect_clean(&it);
    const hvc_section *section = &hvc_image_sections(it.image, &count)[2];
    assert_int_equal(section->mapped_size, 0x2000);
    assert_int_equal(section->data_size, 0x1200);
    /* Raw data behind the last page of the virtual size is not mapped; in the page it is. */
    bytes_put32(it.bytes, header + 8, 0x10);
    sample_open(&it);
    expect_anomaly_at(&it, "section-data-unmapped", HVC_ANOMALY_NOTE, header);
    section = &hvc_image_sections(it.image, &count)[2];
    assert_int_equal(section->mapped_size, 0x1000);
    assert_int_equal(section->data_size, 0x1000);
    uint32_t offset;
    assert_true(hvc_image_file_offset(it.image, rva + 0xfff, &offset));
    assert_false(hvc_image_file_offset(it.image, rva + 0x1000, &offset));
    assert_null(hvc_image_section_at(it.image, rva + 0x1000));
    sample_free(&it);
}

static void test_missing_data(void **state)
{
    (void)state;
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    fill(&it, 2, 0x400);
    sample_finish(&it);
    size_t header = builder_section_offset(&it.builder, 2), count;
    /* Cut in the middle of the last section. */
    it.size -= 0x100;
    sample_open(&it);
    expect_anomaly_at(&it, "section-data-beyond-file", HVC_ANOMALY_DOUBT, header);
    assert_int_equal(hvc_image_sections(it.image, &count)[2].data_size, 0x300);
    it.size += 0x100;
    /* A sum that wraps 32 bits. */
    bytes_put32(it.bytes, header + 16, 0xffffff00);
    sample_open(&it);
    expect_anomaly_at(&it, "section-data-beyond-file", HVC_ANOMALY_DOUBT, header);
    assert_int_equal(hvc_image_sections(it.image, &count)[2].data_size, 0x400);
    bytes_put32(it.bytes, header + 20, 0xfffffe00);
    sample_open(&it);
    assert_int_equal(hvc_image_sections(it.image, &count)[2].data_size, 0);
    /* A size without a place is no data. */
    bytes_put32(it.bytes, header + 20, 0);
    sample_open(&it);
    expect_anomaly_at(&it, "section-data-nowhere", HVC_ANOMALY_NOTE, header);
    assert_int_equal(hvc_image_sections(it.image, &count)[2].data_size, 0);
    uint8_t byte = 1;
    assert_true(hvc_image_read(it.image, it.builder.sections[2].rva, &byte, 1));
    assert_int_equal(byte, 0);
    /* Neither. */
    bytes_put32(it.bytes, header + 8, 0);
    bytes_put32(it.bytes, header + 16, 0);
    sample_open(&it);
    expect_anomaly_at(&it, "section-empty", HVC_ANOMALY_DOUBT, header);
    sample_free(&it);
}

static void move_section(sample *it, unsigned section, uint32_t rva)
{
    bytes_put32(it->bytes, builder_section_offset(&it->builder, section) + 12, rva);
}

static void test_order(void **state)
{
    (void)state;
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    fill(&it, 1, 0x200);
    fill(&it, 2, 0x200);
    sample_finish(&it);
    /* .text 1000, .rdata 2000 to 6000, .data 6000 to 8000. */
    move_section(&it, 2, 0x7000);
    sample_open(&it);
    expect_anomaly_at(&it, "section-gap", HVC_ANOMALY_DOUBT,
                      builder_section_offset(&it.builder, 2));
    expect_anomaly(&it, "section-beyond-image", HVC_ANOMALY_DOUBT);
    uint8_t byte;
    assert_false(hvc_image_read(it.image, 0x6000, &byte, 1));

    move_section(&it, 2, 0x5000);
    sample_open(&it);
    expect_anomaly_at(&it, "section-overlap", HVC_ANOMALY_DOUBT,
                      builder_section_offset(&it.builder, 2));
    /* The first section of the table wins, up to its own end; the second has the rest. */
    size_t count;
    const hvc_section *sections = hvc_image_sections(it.image, &count);
    assert_ptr_equal(hvc_image_section_at(it.image, 0x5fff), &sections[1]);
    assert_ptr_equal(hvc_image_section_at(it.image, 0x6000), &sections[2]);
    assert_null(hvc_image_section_at(it.image, 0x7000));

    /* Out of order but disjoint: everything stays readable. */
    move_section(&it, 1, 0x8000);
    move_section(&it, 2, 0x2000);
    sample_open(&it);
    expect_anomaly_at(&it, "section-order", HVC_ANOMALY_DOUBT,
                      builder_section_offset(&it.builder, 2));
    sections = hvc_image_sections(it.image, &count);
    assert_ptr_equal(hvc_image_section_at(it.image, 0x8000), &sections[1]);
    assert_ptr_equal(hvc_image_section_at(it.image, 0x2000), &sections[2]);
    assert_true(hvc_image_read(it.image, 0x2001, &byte, 1));
    assert_int_equal(byte, 2 * 16 + 1);
    assert_true(hvc_image_read(it.image, 0x8001, &byte, 1));
    assert_int_equal(byte, 16 + 1);

    /* Over the headers. */
    sample_finish(&it);
    move_section(&it, 0, 0);
    sample_open(&it);
    expect_anomaly(&it, "section-overlap", HVC_ANOMALY_DOUBT);
    assert_ptr_equal(hvc_image_section_at(it.image, 0x10), hvc_image_sections(it.image, &count));
    sample_free(&it);
}

/* A section inside another one: the outer one's data goes on behind it. */
static void test_nested(void **state)
{
    (void)state;
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    fill(&it, 0, 0x200);
    uint32_t rva = builder_reserve(&it.builder, 1, 0x4000, 1);
    memset(builder_at(&it.builder, rva, 0x4000), 'o', 0x4000);
    *builder_at(&it.builder, rva + 0x3000, 1) = 'p';
    sample_finish(&it);
    move_section(&it, 0, 0x4000); /* first in the table: wins */
    sample_open(&it);
    size_t count;
    const hvc_section *sections = hvc_image_sections(it.image, &count);
    assert_ptr_equal(hvc_image_section_at(it.image, 0x3fff), &sections[1]);
    assert_ptr_equal(hvc_image_section_at(it.image, 0x4000), &sections[0]);
    assert_ptr_equal(hvc_image_section_at(it.image, 0x4fff), &sections[0]);
    assert_ptr_equal(hvc_image_section_at(it.image, 0x5000), &sections[1]);
    uint8_t bytes[2];
    assert_true(hvc_image_read(it.image, 0x4fff, bytes, 2));
    assert_int_equal(bytes[1], 'p');
    hvc_span span = hvc_image_span(it.image, 0x2000, UINT64_MAX);
    assert_int_equal(span.size, 0x2000); /* to where the inner section begins */
    sample_free(&it);
}

static void test_shared_data(void **state)
{
    (void)state;
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    fill(&it, 1, 0x200);
    fill(&it, 2, 0x200);
    sample_finish(&it);
    size_t header = builder_section_offset(&it.builder, 2);
    bytes_put32(it.bytes, header + 20, it.builder.sections[1].file_offset);
    sample_open(&it);
    expect_anomaly_at(&it, "section-data-shared", HVC_ANOMALY_NOTE, header);
    uint8_t first, second;
    assert_true(hvc_image_read(it.image, it.builder.sections[1].rva + 5, &first, 1));
    assert_true(hvc_image_read(it.image, it.builder.sections[2].rva + 5, &second, 1));
    assert_int_equal(first, second);
    sample_free(&it);

    /* Disjoint data in another order is not shared. */
    sample_empty(&it, HVC_MACHINE_AMD64);
    fill(&it, 1, 0x200);
    fill(&it, 2, 0x200);
    sample_finish(&it);
    uint32_t one = it.builder.sections[1].file_offset, two = it.builder.sections[2].file_offset;
    bytes_put32(it.bytes, builder_section_offset(&it.builder, 1) + 20, two);
    bytes_put32(it.bytes, builder_section_offset(&it.builder, 2) + 20, one);
    sample_open(&it);
    expect_clean(&it);
    sample_free(&it);
}

static void test_flat(void **state)
{
    (void)state;
    sample it;
    memset(&it, 0, sizeof(it));
    builder_init(&it.builder, HVC_MACHINE_AMD64);
    it.builder.headers.section_alignment = it.builder.headers.file_alignment = 0x200;
    unsigned text = builder_add_section(&it.builder, ".text", BUILDER_TEXT, 0x200);
    unsigned data = builder_add_section(&it.builder, ".data", BUILDER_DATA, 0x200);
    for (unsigned i = 0; i < 2; i++) {
        builder_section *section = &it.builder.sections[i];
        section->rva = section->file_offset = 0x400 + i * 0x200;
        section->raw_size = 0x200;
        section->fixed_layout = true;
    }
    fill(&it, text, 0x200);
    fill(&it, data, 0x200);
    it.builder.headers.entry_point = 0x400;
    sample_load(&it);
    expect_clean(&it);
    size_t count;
    const hvc_section *sections = hvc_image_sections(it.image, &count);
    assert_ptr_equal(hvc_image_section_at(it.image, 0x5ff), &sections[0]);
    assert_ptr_equal(hvc_image_section_at(it.image, 0x600), &sections[1]);
    assert_null(hvc_image_section_at(it.image, 0x300));
    /* RVA is file offset everywhere. */
    for (uint32_t rva = 0; rva < 0x800; rva += 0x55) {
        uint32_t offset;
        assert_true(hvc_image_file_offset(it.image, rva, &offset));
        assert_int_equal(offset, rva);
    }
    uint8_t bytes[16];
    assert_true(hvc_image_read(it.image, 0x5f8, bytes, 16));
    assert_memory_equal(bytes, it.bytes + 0x5f8, 16);

    bytes_put32(it.bytes, builder_section_offset(&it.builder, 1) + 20, 0x400);
    sample_open(&it);
    expect_anomaly(&it, "flat-section-displaced", HVC_ANOMALY_DOUBT);
    sample_free(&it);
}

static void test_names(void **state)
{
    (void)state;
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    /* A symbol table without symbols, then the string table with its size. */
    static const char strings[] = "\x20\0\0\0.debug_information\0odd";
    builder_tail(&it.builder, strings, sizeof(strings), false);
    sample_finish(&it);
    uint32_t table = (uint32_t)(it.size - sizeof(strings));
    bytes_put32(it.bytes, BUILDER_FILE_HEADER + 8, table);
    static const struct {
        const char raw[9];
        const char *name;
    } cases[] = {
        {"/4\0\0\0\0\0\0", ".debug_information"},
        {"//AAAAAE", ".debug_information"},
        {"//AAAAAX", "odd"},
        {"/0000023", "odd"},
        {"/23\0\0\0\0\0", "odd"},
        {"/3\0\0\0\0\0\0", "/3"}, /* inside the table's size */
        {"/9999999", "/9999999"}, /* outside the file */
        {"/x\0\0\0\0\0\0", "/x"}, /* no number */
        {"//a0+/9z", "//a0+/9z"}, /* far outside the file */
        {"//A*AAAA", "//A*AAAA"}, /* no base 64 */
        {"/\0\0\0\0\0\0\0", "/"}, /* nothing behind it */
        {"eightchr", "eightchr"}, /* no NUL */
        {"\0\0\0\0\0\0\0\0", ""},
    };
    size_t header = builder_section_offset(&it.builder, 1), count;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        memcpy(it.bytes + header, cases[i].raw, 8);
        sample_open(&it);
        const hvc_section *section = &hvc_image_sections(it.image, &count)[1];
        expect_text(section->name, cases[i].name);
        assert_memory_equal(section->raw_name, cases[i].raw, 8);
    }
    memcpy(it.bytes + header, "/4\0\0\0\0\0\0", 8);
    bytes_put32(it.bytes, BUILDER_FILE_HEADER + 8, 0); /* no symbol table */
    sample_open(&it);
    expect_text(hvc_image_sections(it.image, &count)[1].name, "/4");
    bytes_put32(it.bytes, BUILDER_FILE_HEADER + 8, UINT32_MAX);
    bytes_put32(it.bytes, BUILDER_FILE_HEADER + 12, UINT32_MAX);
    sample_open(&it);
    expect_text(hvc_image_sections(it.image, &count)[1].name, "/4");
    sample_free(&it);
}

/* Files with many sections, all the same: headers of 40 bytes copied behind one another. */
static uint8_t *many_sections(sample *it, unsigned count, size_t *ret_size)
{
    sample_finish(it);
    size_t table = builder_section_offset(&it->builder, 0);
    *ret_size = table + (size_t)count * 40 + 0x1000;
    uint8_t *bytes = calloc(1, *ret_size);
    assert_non_null(bytes);
    memcpy(bytes, it->bytes, table);
    for (unsigned i = 0; i < count; i++)
        memcpy(bytes + table + (size_t)i * 40, it->bytes + table, 40);
    bytes_put16(bytes, BUILDER_FILE_HEADER + 2, (uint16_t)count);
    return bytes;
}

static void test_counts(void **state)
{
    (void)state;
    static const struct {
        unsigned sections;
        const char *id;
        hvc_anomaly_effect effect;
    } cases[] = {
        {0, "section-none", HVC_ANOMALY_DOUBT},
        {97, "section-count", HVC_ANOMALY_NOTE},
        {HVC_MAX_SECTIONS, "section-count", HVC_ANOMALY_NOTE},
        {HVC_MAX_SECTIONS + 1, "section-limit", HVC_ANOMALY_DOUBT},
        {65535, "section-limit", HVC_ANOMALY_DOUBT},
    };
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint8_t *bytes = many_sections(&it, cases[i].sections, &it.size);
        free(it.bytes);
        it.bytes = bytes;
        sample_open(&it);
        expect_anomaly_at(&it, cases[i].id, cases[i].effect, BUILDER_FILE_HEADER + 2);
        size_t count;
        hvc_image_sections(it.image, &count);
        assert_int_equal(count, cases[i].sections < HVC_MAX_SECTIONS ? cases[i].sections
                                                                     : HVC_MAX_SECTIONS);
        assert_int_equal(hvc_image_headers(it.image)->section_count, cases[i].sections);
    }
    /* 65535 sections that the file does not have. */
    sample_finish(&it);
    bytes_put16(it.bytes, BUILDER_FILE_HEADER + 2, 65535);
    sample_fails(&it, HVC_E_TRUNCATED);
    sample_free(&it);
}

/* Addresses at the top of the 32-bit space. */
static void test_high_addresses(void **state)
{
    (void)state;
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    sample_finish(&it);
    size_t header = builder_section_offset(&it.builder, 2), count;
    static const uint32_t places[] = {0xffffe000, 0xfffff000, 0xffffffff, 0x80000000};
    static const uint32_t sizes[] = {0x1000, 0xffffffff, 0x80000000, 1};
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned k = 0; k < 4; k++) {
            bytes_put32(it.bytes, header + 8, sizes[k]);
            bytes_put32(it.bytes, header + 12, places[i]);
            sample_open(&it);
            expect_anomaly(&it, "section-beyond-image", HVC_ANOMALY_DOUBT);
            const hvc_section *section = &hvc_image_sections(it.image, &count)[2];
            assert_true((uint64_t)section->rva + section->mapped_size <= UINT32_MAX);
        }
    }
    sample_free(&it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_numbers_and_texts),
        cmocka_unit_test(test_unaligned_data),
        cmocka_unit_test(test_virtual_sizes),
        cmocka_unit_test(test_missing_data),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_shared_data),
        cmocka_unit_test(test_flat),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_high_addresses),
    };
    return cmocka_run_group_tests_name("sections", tests, NULL, NULL);
}
