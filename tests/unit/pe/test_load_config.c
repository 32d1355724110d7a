/* The load configuration: every field, tables, CHPE metadata, dynamic relocations. */
#include "pe_test.h"

#include "base/limits.h"
#include "pe/image.h"

enum { FULL_32 = 0xc0, FULL_64 = 0x140 };

/* Where the fields stand, by the SDK's structure, and what the test puts there. */
static const struct {
    uint16_t offset32, offset64;
    uint16_t member;
    bool pointer; /* holds an address; its RVA is expected */
} layout[] = {
#define FIELD(o32, o64, name, pointer)                                                             \
    {                                                                                              \
        o32, o64, offsetof(hvc_load_config, name), pointer                                         \
    }
    FIELD(0x3c, 0x58, security_cookie, true),
    FIELD(0x40, 0x60, seh_table, true),
    FIELD(0x44, 0x68, seh_count, false),
    FIELD(0x48, 0x70, guard_cf_check, true),
    FIELD(0x4c, 0x78, guard_cf_dispatch, true),
    FIELD(0x50, 0x80, guard_cf_table, true),
    FIELD(0x54, 0x88, guard_cf_count, false),
    FIELD(0x68, 0xa0, guard_iat_table, true),
    FIELD(0x6c, 0xa8, guard_iat_count, false),
    FIELD(0x70, 0xb0, guard_long_jump_table, true),
    FIELD(0x74, 0xb8, guard_long_jump_count, false),
    FIELD(0xa0, 0x100, volatile_metadata, true),
    FIELD(0xa4, 0x108, guard_eh_table, true),
    FIELD(0xa8, 0x110, guard_eh_count, false),
    FIELD(0xac, 0x118, guard_xfg_check, true),
    FIELD(0xb0, 0x120, guard_xfg_dispatch, true),
    FIELD(0xb4, 0x128, guard_xfg_table_dispatch, true),
#undef FIELD
};
enum { FIELDS = sizeof(layout) / sizeof(*layout) };

typedef struct config {
    sample it;
    uint32_t rva, data; /* of the directory, and of 0x1000 bytes for what it points to */
    uint32_t size;
    bool wide;
} config;

static void make(config *c, uint16_t machine)
{
    sample_empty(&c->it, machine);
    c->wide = c->it.builder.headers.pe32_plus;
    c->size = c->wide ? FULL_64 : FULL_32;
    c->rva = builder_reserve(&c->it.builder, 1, c->size, 8);
    c->data = builder_reserve(&c->it.builder, 2, 0x1000, 8);
    builder_put32(&c->it.builder, c->rva, c->size);
    builder_directory(&c->it.builder, HVC_DIR_LOAD_CONFIG, c->rva, c->size);
}

static uint64_t address(const config *c, uint32_t rva)
{
    return c->it.builder.headers.image_base + rva;
}

static void put(config *c, uint32_t offset32, uint32_t offset64, uint64_t value)
{
    builder_put_pointer(&c->it.builder, c->rva + (c->wide ? offset64 : offset32), value);
}

static uint32_t member(const config *c, uint16_t offset)
{
    uint32_t value;
    memcpy(&value, (const char *)hvc_image_load_config(c->it.image) + offset, sizeof(value));
    return value;
}

/* Each field has its own value; a size that ends before a field leaves it zero. */
static void test_fields(void **state)
{
    (void)state;
    static const uint16_t machines[] = {HVC_MACHINE_I386, HVC_MACHINE_AMD64, HVC_MACHINE_ARM64};
    for (unsigned m = 0; m < 3; m++) {
        config c;
        make(&c, machines[m]);
        for (unsigned i = 0; i < FIELDS; i++)
            put(&c, layout[i].offset32, layout[i].offset64,
                layout[i].pointer ? address(&c, c.data + i * 4) : i + 1);
        builder_put32(&c.it.builder, c.rva + (c.wide ? 0x90 : 0x58), 0x20001234);
        sample_load(&c.it);
        expect_clean(&c.it);
        const hvc_load_config *read = hvc_image_load_config(c.it.image);
        assert_true(read->present);
        assert_int_equal(read->size, c.size);
        assert_int_equal(read->guard_flags, 0x20001234);
        assert_int_equal(read->guard_cf_stride, 6);
        for (unsigned i = 0; i < FIELDS; i++)
            assert_int_equal(member(&c, layout[i].member),
                             layout[i].pointer ? c.data + i * 4 : i + 1);
        for (unsigned i = 0; i < FIELDS; i++) {
            uint32_t offset = c.wide ? layout[i].offset64 : layout[i].offset32;
            builder_put32(&c.it.builder, c.rva, offset + (c.wide ? 7 : 3));
            sample_load(&c.it);
            assert_int_equal(member(&c, layout[i].member), 0);
            builder_put32(&c.it.builder, c.rva, offset + (c.wide ? 8 : 4));
            sample_load(&c.it);
            /* A table is told by its count, and that comes behind it. */
            assert_true(member(&c, layout[i].member) != 0);
        }
        sample_free(&c.it);
    }
}

/* Pointers outside the image are a doubt where code analysis follows them. */
static void test_pointers(void **state)
{
    (void)state;
    static const uint16_t notes[] = {
        offsetof(hvc_load_config, security_cookie),       offsetof(hvc_load_config, seh_table),
        offsetof(hvc_load_config, guard_long_jump_table), offsetof(hvc_load_config, guard_eh_table),
        offsetof(hvc_load_config, volatile_metadata),
    };
    for (unsigned i = 0; i < FIELDS; i++) {
        config c;
        make(&c, HVC_MACHINE_I386);
        if (layout[i].pointer) {
            bool note = false;
            for (unsigned k = 0; k < sizeof(notes) / sizeof(*notes); k++)
                note = note || layout[i].member == notes[k];
            put(&c, layout[i].offset32, 0, 0x7fff0000);
            sample_load(&c.it);
            expect_anomaly_at(&c.it, "load-config-pointer",
                              note ? HVC_ANOMALY_NOTE : HVC_ANOMALY_DOUBT,
                              builder_file_offset(&c.it.builder, c.rva + layout[i].offset32));
            expect_doubt(&c.it, !note);
        }
        sample_free(&c.it);
    }
}

static void test_damaged(void **state)
{
    (void)state;
    config c;
    make(&c, HVC_MACHINE_AMD64);
    size_t field = builder_directory_offset(&c.it.builder, HVC_DIR_LOAD_CONFIG);
    /* Pointers of the code's own are a doubt, others a note. */
    put(&c, 0, 0x78, 0x1234);
    sample_load(&c.it);
    expect_anomaly_at(&c.it, "load-config-pointer", HVC_ANOMALY_DOUBT,
                      builder_file_offset(&c.it.builder, c.rva + 0x78));
    assert_int_equal(hvc_image_load_config(c.it.image)->guard_cf_dispatch, 0);
    put(&c, 0, 0x78, 0);
    put(&c, 0, 0x58, UINT64_C(0xffffffffffffffff));
    sample_load(&c.it);
    expect_anomaly(&c.it, "load-config-pointer", HVC_ANOMALY_NOTE);
    put(&c, 0, 0x58, 0);
    /* Tables larger than what is there are cut to it. */
    put(&c, 0, 0x80, address(&c, c.data));
    put(&c, 0, 0x88, UINT64_C(0x100000000));
    sample_load(&c.it);
    expect_anomaly(&c.it, "load-config-table", HVC_ANOMALY_DOUBT);
    assert_int_equal(hvc_image_load_config(c.it.image)->guard_cf_count, 0x1000 / 4);
    put(&c, 0, 0x80, address(&c, c.data + 0x1800)); /* mapped, but only zeros */
    sample_load(&c.it);
    assert_int_equal(hvc_image_load_config(c.it.image)->guard_cf_count, 0);
    put(&c, 0, 0x80, 0);
    sample_load(&c.it);
    expect_clean(&c.it);
    assert_int_equal(hvc_image_load_config(c.it.image)->guard_cf_count, 0);
    put(&c, 0, 0x88, 0);
    put(&c, 0, 0x60, address(&c, c.data));
    put(&c, 0, 0x68, 100000);
    sample_load(&c.it);
    expect_anomaly(&c.it, "load-config-table", HVC_ANOMALY_NOTE);
    put(&c, 0, 0x68, 0);

    /* The directory itself: longer than its section, and outside. */
    uint32_t end = builder_reserve(&c.it.builder, 1, 0x40, 0x200);
    builder_put32(&c.it.builder, end, 0x1000);
    builder_directory(&c.it.builder, HVC_DIR_LOAD_CONFIG, end, 0x40);
    c.it.builder.sections[1].used = end + 0x40 - c.it.builder.sections[1].rva;
    sample_load(&c.it);
    expect_clean(&c.it); /* 0x140 bytes are there, in the padding of the raw data */
    builder_put32(&c.it.builder, end, 0);
    sample_load(&c.it);
    expect_clean(&c.it);
    assert_true(hvc_image_load_config(c.it.image)->present);
    uint32_t last = builder_reserve(&c.it.builder, 2, 0x1000, 8) + 0x1000 - 8;
    builder_put32(&c.it.builder, last, 0x70);
    builder_directory(&c.it.builder, HVC_DIR_LOAD_CONFIG, last, 0x70);
    sample_load(&c.it);
    expect_anomaly_at(&c.it, "load-config-cut", HVC_ANOMALY_DOUBT, field);
    builder_directory(&c.it.builder, HVC_DIR_LOAD_CONFIG, 0x900000, 0x70);
    sample_load(&c.it);
    expect_anomaly_at(&c.it, "load-config-outside", HVC_ANOMALY_DOUBT, field);
    assert_false(hvc_image_load_config(c.it.image)->present);
    sample_free(&c.it);
}

/* CHPE metadata at the data's beginning: code map behind it, then the other function table. */
static void make_chpe(config *c, uint16_t machine)
{
    make(c, machine);
    put(c, 0x7c, 0xc8, address(c, c->data));
    builder_put32(&c->it.builder, c->data, 1);
    builder_put32(&c->it.builder, c->data + 4, c->data + 0x100);
    builder_put32(&c->it.builder, c->data + 8, 3);
    static const uint32_t map[3][2] = {{0x1000 | 0, 0x10}, {0x1010 | 1, 0x20}, {0x1040 | 2, 0x30}};
    for (unsigned i = 0; i < 3; i++) {
        builder_put32(&c->it.builder, c->data + 0x100 + i * 8, map[i][0]);
        builder_put32(&c->it.builder, c->data + 0x104 + i * 8, map[i][1]);
    }
}

static void expect_range(const config *c, unsigned index, uint32_t rva, uint32_t size,
                         hvc_arch arch)
{
    size_t count;
    const hvc_code_range *ranges = hvc_image_code_ranges(c->it.image, &count);
    assert_true(index < count);
    assert_int_equal(ranges[index].rva, rva);
    assert_int_equal(ranges[index].size, size);
    assert_int_equal(ranges[index].arch, arch);
}

static void test_hybrid(void **state)
{
    (void)state;
    static const struct {
        uint16_t machine;
        hvc_arch arch;
    } cases[] = {{HVC_MACHINE_AMD64, HVC_ARCH_ARM64EC}, {HVC_MACHINE_ARM64, HVC_ARCH_ARM64X}};
    for (unsigned i = 0; i < 2; i++) {
        config c;
        make_chpe(&c, cases[i].machine);
        sample_load(&c.it);
        expect_clean(&c.it);
        assert_int_equal(hvc_image_arch(c.it.image), cases[i].arch);
        assert_int_equal(hvc_image_load_config(c.it.image)->chpe_metadata, c.data);
        size_t count;
        hvc_image_code_ranges(c.it.image, &count);
        assert_int_equal(count, 3);
        expect_range(&c, 0, 0x1000, 0x10, HVC_ARCH_ARM64);
        expect_range(&c, 1, 0x1010, 0x20, HVC_ARCH_ARM64EC);
        expect_range(&c, 2, 0x1040, 0x30, HVC_ARCH_X64);

        /* A kind that does not exist, and a range outside, are passed over. */
        builder_put32(&c.it.builder, c.data + 0x100, 0x1003);
        builder_put32(&c.it.builder, c.data + 0x10c, UINT32_MAX);
        sample_load(&c.it);
        expect_anomaly(&c.it, "chpe-metadata", HVC_ANOMALY_DOUBT);
        hvc_image_code_ranges(c.it.image, &count);
        assert_int_equal(count, 1);
        /* A code map that is not there. */
        builder_put32(&c.it.builder, c.data + 8, UINT32_MAX);
        sample_load(&c.it);
        expect_anomaly(&c.it, "chpe-metadata", HVC_ANOMALY_DOUBT);
        builder_put32(&c.it.builder, c.data + 4, 0x900000);
        sample_load(&c.it);
        expect_anomaly(&c.it, "chpe-metadata", HVC_ANOMALY_DOUBT);
        hvc_image_code_ranges(c.it.image, &count);
        assert_int_equal(count, 0);
        sample_free(&c.it);
    }
}

static void test_chpe_at_the_end(void **state)
{
    (void)state;
    config c;
    make_chpe(&c, HVC_MACHINE_AMD64);
    uint32_t end = c.it.builder.sections[2].rva + 0x2000;
    put(&c, 0, 0xc8, address(&c, end - 4));
    sample_load(&c.it);
    expect_anomaly(&c.it, "chpe-metadata", HVC_ANOMALY_DOUBT);
    assert_int_equal(hvc_image_arch(c.it.image), HVC_ARCH_ARM64EC);
    put(&c, 0, 0xc8, address(&c, end - 0x20));
    sample_load(&c.it);
    expect_anomaly(&c.it, "chpe-metadata", HVC_ANOMALY_DOUBT);
    put(&c, 0, 0xc8, address(&c, end));
    sample_load(&c.it);
    expect_anomaly(&c.it, "load-config-pointer", HVC_ANOMALY_DOUBT);
    assert_int_equal(hvc_image_arch(c.it.image), HVC_ARCH_X64);
    sample_free(&c.it);

    /* x86 has one bit of kind, and stays x86. */
    make_chpe(&c, HVC_MACHINE_I386);
    sample_load(&c.it);
    expect_clean(&c.it);
    assert_int_equal(hvc_image_arch(c.it.image), HVC_ARCH_X86);
    expect_range(&c, 0, 0x1000, 0x10, HVC_ARCH_X86);
    expect_range(&c, 1, 0x1010, 0x20, HVC_ARCH_ARM64);
    sample_free(&c.it);
}

static void test_extra_functions(void **state)
{
    (void)state;
    config c;
    make_chpe(&c, HVC_MACHINE_AMD64);
    /* One x64 function in the directory, two packed ARM64 ones in the metadata. */
    uint32_t table = builder_reserve(&c.it.builder, 1, 12, 4);
    builder_put32(&c.it.builder, table, 0x1040);
    builder_put32(&c.it.builder, table + 4, 0x1070);
    builder_directory(&c.it.builder, HVC_DIR_EXCEPTION, table, 12);
    uint32_t extra = builder_reserve(&c.it.builder, 1, 16, 4);
    builder_put32(&c.it.builder, extra, 0x1000);
    builder_put32(&c.it.builder, extra + 4, 4 << 2 | 1);
    builder_put32(&c.it.builder, extra + 8, 0x1010);
    builder_put32(&c.it.builder, extra + 12, 8 << 2 | 2);
    builder_put32(&c.it.builder, c.data + 0x40, extra);
    builder_put32(&c.it.builder, c.data + 0x44, 16);
    sample_load(&c.it);
    expect_clean(&c.it);
    static const hvc_function expected[] = {
        {0x1040, 0x1070, 0, false}, {0x1000, 0x1010, 0, false}, {0x1010, 0x1030, 0, true}};
    hvc_function_iterator iterator = hvc_function_begin(c.it.image);
    hvc_function function;
    for (unsigned i = 0; i < 3; i++) {
        assert_true(hvc_function_next(&iterator, &function));
        assert_int_equal(function.begin, expected[i].begin);
        assert_int_equal(function.end, expected[i].end);
        assert_int_equal(function.chained, expected[i].chained);
    }
    assert_false(hvc_function_next(&iterator, &function));
    builder_put32(&c.it.builder, c.data + 0x44, 0x10000);
    sample_load(&c.it);
    expect_anomaly(&c.it, "chpe-metadata", HVC_ANOMALY_DOUBT);
    sample_free(&c.it);
}

static void test_code_range_limit(void **state)
{
    (void)state;
    config c;
    memset(&c, 0, sizeof(c));
    builder_init(&c.it.builder, HVC_MACHINE_ARM64);
    builder_add_section(&c.it.builder, ".rdata", BUILDER_RDATA, 0x90000);
    c.wide = true;
    c.rva = builder_reserve(&c.it.builder, 0, FULL_64, 8);
    c.data = builder_reserve(&c.it.builder, 0, 0x80, 8);
    uint32_t map = builder_reserve(&c.it.builder, 0, (HVC_MAX_CODE_RANGES + 1) * 8, 8);
    builder_put32(&c.it.builder, c.rva, FULL_64);
    builder_directory(&c.it.builder, HVC_DIR_LOAD_CONFIG, c.rva, FULL_64);
    put(&c, 0, 0xc8, address(&c, c.data));
    builder_put32(&c.it.builder, c.data + 4, map);
    builder_put32(&c.it.builder, c.data + 8, HVC_MAX_CODE_RANGES + 1);
    sample_load(&c.it);
    expect_anomaly(&c.it, "chpe-metadata", HVC_ANOMALY_DOUBT);
    size_t count;
    hvc_image_code_ranges(c.it.image, &count);
    assert_int_equal(count, HVC_MAX_CODE_RANGES);
    sample_free(&c.it);
}

/* A dynamic value relocation table with two symbols at the data's beginning. */
static void make_dynamic(config *c, uint16_t machine, uint32_t version)
{
    make(c, machine);
    uint32_t at = c->data + 8, pointer = c->wide ? 8 : 4, table_size = 0;
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t header = version == 1 ? pointer + 4 : 16 + pointer, body = 12 + i * 4;
        if (version == 1) {
            builder_put_pointer(&c->it.builder, at, 3 + i);
            builder_put32(&c->it.builder, at + pointer, body);
        } else {
            builder_put32(&c->it.builder, at, header);
            builder_put32(&c->it.builder, at + 4, body);
            builder_put_pointer(&c->it.builder, at + 8, 3 + i);
        }
        at += header + body;
        table_size += header + body;
    }
    builder_put32(&c->it.builder, c->data, version);
    builder_put32(&c->it.builder, c->data + 4, table_size);
    builder_put32(&c->it.builder, c->rva + (c->wide ? 0xe0 : 0x88), 0); /* offset in the section */
    builder_put16(&c->it.builder, c->rva + (c->wide ? 0xe4 : 0x8c), 3);
}

static void expect_dynamic(const config *c, uint32_t table, uint32_t version, uint32_t count)
{
    const hvc_load_config *read = hvc_image_load_config(c->it.image);
    assert_int_equal(read->dynamic_reloc_table, table);
    assert_int_equal(read->dynamic_reloc_version, version);
    assert_int_equal(read->dynamic_reloc_count, count);
}

static void test_dynamic_relocs(void **state)
{
    (void)state;
    static const uint16_t machines[] = {HVC_MACHINE_AMD64, HVC_MACHINE_I386};
    for (unsigned m = 0; m < 2; m++) {
        for (uint32_t version = 1; version <= 2; version++) {
            config c;
            make_dynamic(&c, machines[m], version);
            sample_load(&c.it);
            expect_clean(&c.it);
            expect_dynamic(&c, c.data, version, 2);
            /* An entry that is longer than the table, and one that wraps. */
            uint32_t size = bytes_get32(builder_at(&c.it.builder, c.data, 8), 4);
            builder_put32(&c.it.builder, c.data + 4, size - 1);
            sample_load(&c.it);
            expect_anomaly(&c.it, "dynamic-relocs", HVC_ANOMALY_DOUBT);
            expect_dynamic(&c, c.data, version, 1);
            uint32_t body = version == 1 ? (c.wide ? 8 : 4) : 4;
            builder_put32(&c.it.builder, c.data + 8 + body, UINT32_MAX);
            sample_load(&c.it);
            expect_anomaly(&c.it, "dynamic-relocs", HVC_ANOMALY_DOUBT);
            expect_dynamic(&c, c.data, version, 0);
            sample_free(&c.it);
        }
    }
}

static void test_damaged_dynamic_relocs(void **state)
{
    (void)state;
    config c;
    make_dynamic(&c, HVC_MACHINE_AMD64, 2);
    uint32_t header = c.data + 8;
    builder_put32(&c.it.builder, header, 0); /* a header without length would never end */
    sample_load(&c.it);
    expect_anomaly(&c.it, "dynamic-relocs", HVC_ANOMALY_DOUBT);
    expect_dynamic(&c, c.data, 2, 0);

    builder_put32(&c.it.builder, c.data, 3);
    sample_load(&c.it);
    expect_anomaly(&c.it, "dynamic-relocs", HVC_ANOMALY_DOUBT);
    expect_dynamic(&c, c.data, 3, 0);

    builder_put32(&c.it.builder, c.data, 1);
    builder_put32(&c.it.builder, c.data + 4, UINT32_MAX);
    sample_load(&c.it);
    expect_anomaly(&c.it, "dynamic-relocs", HVC_ANOMALY_DOUBT);

    builder_put32(&c.it.builder, c.rva + 0xe0, 0x10000); /* outside its section */
    sample_load(&c.it);
    expect_anomaly(&c.it, "dynamic-relocs", HVC_ANOMALY_DOUBT);
    expect_dynamic(&c, 0, 0, 0);

    builder_put16(&c.it.builder, c.rva + 0xe4, 4); /* there are three sections */
    sample_load(&c.it);
    expect_anomaly(&c.it, "dynamic-relocs", HVC_ANOMALY_DOUBT);
    expect_dynamic(&c, 0, 0, 0);
    sample_free(&c.it);

    /* More symbols than are read: entries of 12 bytes without relocations. */
    make(&c, HVC_MACHINE_AMD64);
    builder_free(&c.it.builder);
    memset(&c, 0, sizeof(c));
    builder_init(&c.it.builder, HVC_MACHINE_AMD64);
    builder_add_section(&c.it.builder, ".rdata", BUILDER_RDATA, 0x20000);
    c.rva = builder_reserve(&c.it.builder, 0, FULL_64, 8);
    c.data = builder_reserve(&c.it.builder, 0, 8 + (HVC_MAX_DYNAMIC_RELOCS + 1) * 12, 8);
    builder_put32(&c.it.builder, c.rva, FULL_64);
    builder_put32(&c.it.builder, c.rva + 0xe0, c.data - 0x1000);
    builder_put16(&c.it.builder, c.rva + 0xe4, 1);
    builder_put32(&c.it.builder, c.data, 1);
    builder_put32(&c.it.builder, c.data + 4, (HVC_MAX_DYNAMIC_RELOCS + 1) * 12);
    builder_directory(&c.it.builder, HVC_DIR_LOAD_CONFIG, c.rva, FULL_64);
    sample_load(&c.it);
    expect_anomaly(&c.it, "dynamic-relocs", HVC_ANOMALY_DOUBT);
    expect_dynamic(&c, c.data, 1, HVC_MAX_DYNAMIC_RELOCS);
    sample_free(&c.it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_pointers),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_hybrid),
        cmocka_unit_test(test_chpe_at_the_end),
        cmocka_unit_test(test_extra_functions),
        cmocka_unit_test(test_code_range_limit),
        cmocka_unit_test(test_dynamic_relocs),
        cmocka_unit_test(test_damaged_dynamic_relocs),
    };
    return cmocka_run_group_tests_name("load config", tests, NULL, NULL);
}
