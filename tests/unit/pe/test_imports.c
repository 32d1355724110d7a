/* Imports: normal, delayed, bound, and the IAT directory. */
#include "pe_test.h"

#include "base/limits.h"

static const uint16_t machines[] = {HVC_MACHINE_AMD64, HVC_MACHINE_I386};

static void expect_import(const sample *it, unsigned index, const char *module, const char *name,
                          uint16_t ordinal)
{
    size_t count, module_count;
    const hvc_import *imports = hvc_image_imports(it->image, &count);
    const hvc_import_module *modules = hvc_image_import_modules(it->image, &module_count);
    assert_true(index < count);
    const hvc_import *import = &imports[index];
    assert_true(import->module < module_count);
    expect_text(modules[import->module].name, module);
    expect_text(import->name, name);
    assert_int_equal(import->ordinal, ordinal);
    uint32_t width = it->builder.headers.pe32_plus ? 8 : 4;
    const hvc_import_module *of = &modules[import->module];
    assert_int_equal(import->slot, of->first_thunk + (index - of->first) * width);
}

static void test_full(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        sample it;
        sample_full(&it, machines[i]);
        sample_load(&it);
        size_t count;
        const hvc_import_module *modules = hvc_image_import_modules(it.image, &count);
        assert_int_equal(count, 3);
        static const unsigned first[] = {0, 3, 4}, functions[] = {3, 1, 2};
        for (unsigned k = 0; k < 3; k++) {
            assert_int_equal(modules[k].first, first[k]);
            assert_int_equal(modules[k].count, functions[k]);
            assert_int_equal(modules[k].kind, k == 2 ? HVC_IMPORT_DELAY : HVC_IMPORT_NORMAL);
            assert_false(modules[k].bound);
        }
        hvc_directory iat = it.builder.headers.directories[HVC_DIR_IAT];
        hvc_directory directory = it.builder.headers.directories[HVC_DIR_IMPORT];
        assert_int_equal(modules[0].first_thunk, iat.rva);
        assert_int_equal(modules[1].first_thunk, iat.rva + 4 * (i == 0 ? 8 : 4));
        assert_int_equal(modules[1].descriptor_rva, directory.rva + 20);
        hvc_image_imports(it.image, &count);
        assert_int_equal(count, 6);
        expect_import(&it, 0, "ntoskrnl.exe", "ExAllocatePoolWithTag", 1);
        expect_import(&it, 1, "ntoskrnl.exe", "IoCreateDevice", 2);
        expect_import(&it, 2, "ntoskrnl.exe", NULL, 7);
        expect_import(&it, 3, "HAL.dll", "KeStallExecutionProcessor", 1);
        expect_import(&it, 4, "ext-ms-win.dll", "DelayedFunction", 1);
        expect_import(&it, 5, "ext-ms-win.dll", NULL, 3);
        sample_free(&it);
    }
}

/* One module of three functions, and where its parts stand. */
typedef struct parts {
    sample it;
    uint32_t descriptor, lookup, name, iat, width;
} parts;

static void make(parts *p, uint16_t machine)
{
    static const char *const functions[] = {"First", "Second", "#5", NULL};
    static const builder_module module = {"ntoskrnl.exe", functions};
    sample_empty(&p->it, machine);
    builder_imports(&p->it.builder, 1, &module, 1);
    p->descriptor = p->it.builder.headers.directories[HVC_DIR_IMPORT].rva;
    p->iat = p->it.builder.headers.directories[HVC_DIR_IAT].rva;
    const uint8_t *bytes = builder_at(&p->it.builder, p->descriptor, 20);
    p->lookup = bytes_get32(bytes, 0);
    p->name = bytes_get32(bytes, 12);
    p->width = p->it.builder.headers.pe32_plus ? 8 : 4;
}

static size_t offset_of(parts *p, uint32_t rva)
{
    return builder_file_offset(&p->it.builder, rva);
}

static void expect_count(const sample *it, unsigned expected)
{
    size_t count;
    hvc_image_imports(it->image, &count);
    assert_int_equal(count, expected);
}

static void test_bound_and_hidden_table(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        parts p;
        make(&p, machines[i]);
        builder_put32(&p.it.builder, p.descriptor + 4, UINT32_MAX);
        sample_load(&p.it);
        expect_clean(&p.it);
        size_t count;
        assert_true(hvc_image_import_modules(p.it.image, &count)[0].bound);
        /* Without a lookup table the IAT itself is read. */
        builder_put32(&p.it.builder, p.descriptor, 0);
        sample_load(&p.it);
        expect_anomaly_at(&p.it, "import-no-lookup-table", HVC_ANOMALY_DOUBT,
                          offset_of(&p, p.descriptor));
        expect_count(&p.it, 3);
        expect_import(&p.it, 0, "ntoskrnl.exe", "First", 1);
        sample_free(&p.it);
    }
}

static void test_damaged_functions(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        parts p;
        make(&p, machines[i]);
        /* The name is outside, and the others are still read. */
        builder_put_pointer(&p.it.builder, p.lookup, 0x7ffffff0);
        sample_load(&p.it);
        expect_anomaly_at(&p.it, "import-name", HVC_ANOMALY_DOUBT, offset_of(&p, p.lookup));
        expect_import(&p.it, 0, "ntoskrnl.exe", "", 0);
        expect_import(&p.it, 1, "ntoskrnl.exe", "Second", 2);
        /* Empty. */
        uint32_t empty = builder_reserve(&p.it.builder, 1, 4, 2);
        builder_put_pointer(&p.it.builder, p.lookup, empty);
        sample_load(&p.it);
        expect_anomaly(&p.it, "import-name-empty", HVC_ANOMALY_DOUBT);
        /* Without a NUL. */
        uint32_t full = builder_reserve(&p.it.builder, 2, 0x2000, 1);
        memset(builder_at(&p.it.builder, full, 0x2000), 'n', 0x2000);
        builder_put_pointer(&p.it.builder, p.lookup, full + 0x1f00);
        sample_load(&p.it);
        expect_anomaly(&p.it, "import-name", HVC_ANOMALY_DOUBT);
        builder_put_pointer(&p.it.builder, p.lookup, full);
        sample_load(&p.it);
        expect_anomaly(&p.it, "import-name", HVC_ANOMALY_DOUBT);
        /* Bits behind an ordinal. */
        builder_put_pointer(&p.it.builder, p.lookup, (UINT64_C(1) << (p.width * 8 - 1)) | 0x30009);
        sample_load(&p.it);
        expect_anomaly(&p.it, "import-ordinal", HVC_ANOMALY_NOTE);
        expect_import(&p.it, 0, "ntoskrnl.exe", NULL, 9);
        sample_free(&p.it);
    }
    parts p;
    make(&p, HVC_MACHINE_AMD64);
    builder_put64(&p.it.builder, p.lookup, UINT64_C(0x100002000));
    sample_load(&p.it);
    expect_anomaly(&p.it, "import-thunk", HVC_ANOMALY_DOUBT);
    expect_count(&p.it, 3);
    sample_free(&p.it);
}

static void test_damaged_descriptors(void **state)
{
    (void)state;
    parts p;
    make(&p, HVC_MACHINE_AMD64);
    size_t descriptor_field = builder_directory_offset(&p.it.builder, HVC_DIR_IMPORT);
    builder_put32(&p.it.builder, p.descriptor + 12, 0x100000);
    sample_load(&p.it);
    expect_anomaly_at(&p.it, "import-module-name", HVC_ANOMALY_DOUBT, offset_of(&p, p.descriptor));
    expect_count(&p.it, 3);
    builder_put32(&p.it.builder, p.descriptor + 12, p.name);

    builder_put32(&p.it.builder, p.descriptor + 16, 0x100000);
    sample_load(&p.it);
    expect_anomaly_at(&p.it, "import-iat-outside", HVC_ANOMALY_DOUBT, offset_of(&p, p.descriptor));
    builder_put32(&p.it.builder, p.descriptor + 16, 0);
    sample_load(&p.it);
    expect_anomaly(&p.it, "import-iat-outside", HVC_ANOMALY_DOUBT);
    builder_put32(&p.it.builder, p.descriptor + 16, p.iat);

    /* A lookup table that is not there. */
    builder_put32(&p.it.builder, p.descriptor, 0x100000);
    sample_load(&p.it);
    expect_anomaly(&p.it, "import-table-open", HVC_ANOMALY_DOUBT);
    expect_count(&p.it, 0);
    builder_put32(&p.it.builder, p.descriptor, p.lookup);

    /* The list ends at a descriptor that is not empty. */
    builder_put32(&p.it.builder, p.descriptor + 20, 0x1234);
    sample_load(&p.it);
    expect_anomaly_at(&p.it, "import-end", HVC_ANOMALY_DOUBT, offset_of(&p, p.descriptor + 20));
    expect_count(&p.it, 3);
    builder_put32(&p.it.builder, p.descriptor + 20, 0);

    p.it.builder.headers.directories[HVC_DIR_IMPORT].size = 10;
    sample_load(&p.it);
    expect_anomaly_at(&p.it, "import-directory-size", HVC_ANOMALY_NOTE, descriptor_field);
    /* Its size is not what Windows goes by. */
    p.it.builder.headers.directories[HVC_DIR_IMPORT].size = 0;
    sample_load(&p.it);
    expect_clean(&p.it);
    expect_count(&p.it, 3);

    p.it.builder.headers.directories[HVC_DIR_IMPORT].rva = 0x200000;
    sample_load(&p.it);
    expect_anomaly_at(&p.it, "import-directory-outside", HVC_ANOMALY_DOUBT, descriptor_field);
    expect_count(&p.it, 0);
    sample_free(&p.it);
}

/* Tables that fill the last section to its end, so that nothing ends them. */
static void test_without_end(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        parts p;
        make(&p, machines[i]);
        uint32_t tail = builder_reserve(&p.it.builder, 2, 0x2000, 1);
        uint32_t ordinals = tail + 0x2000 - 16 * p.width;
        for (unsigned k = 0; k < 16; k++)
            builder_put_pointer(&p.it.builder, ordinals + k * p.width,
                                (UINT64_C(1) << (p.width * 8 - 1)) | k);
        builder_put32(&p.it.builder, p.descriptor, ordinals);
        sample_load(&p.it);
        expect_anomaly_at(&p.it, "import-table-open", HVC_ANOMALY_DOUBT, offset_of(&p, ordinals));
        expect_count(&p.it, 16);

        memset(builder_at(&p.it.builder, tail, 0x2000), 0, 0x2000);
        uint32_t descriptors = tail + 0x2000 - 2 * 20;
        for (unsigned k = 0; k < 2; k++) {
            builder_put32(&p.it.builder, descriptors + k * 20, p.lookup);
            builder_put32(&p.it.builder, descriptors + k * 20 + 12, p.name);
            builder_put32(&p.it.builder, descriptors + k * 20 + 16, p.iat);
        }
        p.it.builder.headers.directories[HVC_DIR_IMPORT].rva = descriptors;
        sample_load(&p.it);
        expect_anomaly(&p.it, "import-directory-open", HVC_ANOMALY_DOUBT);
        expect_count(&p.it, 6);
        sample_free(&p.it);
    }
}

/* A small file that promises millions: every descriptor has the same endless table. */
static void test_limits(void **state)
{
    (void)state;
    parts p;
    make(&p, HVC_MACHINE_I386);
    builder_free(&p.it.builder);
    builder_init(&p.it.builder, HVC_MACHINE_I386);
    unsigned big = builder_add_section(&p.it.builder, ".idata", BUILDER_DATA, 0x10000);
    uint32_t name = builder_text(&p.it.builder, big, "m.sys");
    uint32_t table = builder_reserve(&p.it.builder, big, 1000 * 4, 4);
    for (unsigned i = 0; i < 999; i++)
        builder_put32(&p.it.builder, table + i * 4, UINT32_C(0x80000000) | i);
    uint32_t count = HVC_MAX_IMPORT_MODULES + 10;
    uint32_t directory = builder_reserve(&p.it.builder, big, (count + 1) * 20, 4);
    for (uint32_t i = 0; i < count; i++) {
        builder_put32(&p.it.builder, directory + i * 20, table);
        builder_put32(&p.it.builder, directory + i * 20 + 12, name);
        builder_put32(&p.it.builder, directory + i * 20 + 16, table);
    }
    builder_directory(&p.it.builder, HVC_DIR_IMPORT, directory, (count + 1) * 20);
    sample_load(&p.it);
    expect_anomaly(&p.it, "import-limit", HVC_ANOMALY_DOUBT);
    expect_count(&p.it, HVC_MAX_IMPORTS);
    size_t modules, anomalies, total;
    hvc_image_import_modules(p.it.image, &modules);
    assert_int_equal(modules, HVC_MAX_IMPORT_MODULES);
    hvc_image_anomalies(p.it.image, &anomalies, &total);
    assert_int_equal(anomalies, HVC_MAX_ANOMALIES);
    assert_true(total > HVC_MAX_ANOMALIES);

    /* Fewer functions: then the modules' own bound is what is reached. */
    builder_put32(&p.it.builder, table + 4, 0);
    sample_load(&p.it);
    expect_anomaly(&p.it, "import-module-limit", HVC_ANOMALY_DOUBT);
    expect_count(&p.it, HVC_MAX_IMPORT_MODULES);
    sample_free(&p.it);
}

static void test_delay(void **state)
{
    (void)state;
    static const char *const functions[] = {"Late", "#2", NULL};
    static const builder_module modules[] = {{"a.dll", functions}, {"b.dll", functions}};
    for (unsigned i = 0; i < 3; i++) {
        bool absolute = i == 2;
        sample it;
        sample_empty(&it, machines[i % 2 == 1 || absolute]);
        builder_delay_imports(&it.builder, 1, modules, 2, absolute);
        uint32_t directory = it.builder.headers.directories[HVC_DIR_DELAY_IMPORT].rva;
        builder_put32(&it.builder, directory + 32 + 28, 0x60000000); /* bound */
        sample_load(&it);
        expect_clean(&it);
        expect_count(&it, 4);
        expect_import(&it, 0, "a.dll", "Late", 1);
        expect_import(&it, 3, "b.dll", NULL, 2);
        size_t count;
        const hvc_import_module *read = hvc_image_import_modules(it.image, &count);
        assert_int_equal(count, 2);
        assert_int_equal(read[0].kind, HVC_IMPORT_DELAY);
        assert_int_equal(read[1].descriptor_rva, directory + 32);
        assert_false(read[0].bound);
        assert_true(read[1].bound);

        /* A name outside, in either form. */
        builder_put32(&it.builder, directory + 4, 0x7f000000);
        sample_load(&it);
        expect_anomaly(&it, absolute ? "delay-import-address" : "import-module-name",
                       HVC_ANOMALY_DOUBT);
        expect_import(&it, absolute ? 0 : 2, "b.dll", "Late", 1);

        it.builder.headers.directories[HVC_DIR_DELAY_IMPORT].rva = 0x100000;
        sample_load(&it);
        expect_anomaly(&it, "delay-import-directory", HVC_ANOMALY_DOUBT);
        expect_count(&it, 0);
        sample_free(&it);
    }
}

static void test_delay_without_end(void **state)
{
    (void)state;
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    static const uint32_t fields[] = {1, 0x2000, 0, 0x2000, 0x2000};
    uint32_t tail = builder_reserve(&it.builder, 2, 0x2000, 1);
    builder_put64(&it.builder, builder_reserve(&it.builder, 1, 8, 8), 0);
    for (unsigned k = 0; k < 3; k++) {
        for (unsigned f = 0; f < 5; f++)
            builder_put32(&it.builder, tail + 0x2000 - (k + 1) * 32 + f * 4, fields[f]);
    }
    builder_directory(&it.builder, HVC_DIR_DELAY_IMPORT, tail + 0x2000 - 3 * 32, 96);
    sample_load(&it);
    expect_anomaly(&it, "delay-import-directory", HVC_ANOMALY_DOUBT);
    size_t count;
    hvc_image_import_modules(it.image, &count);
    assert_int_equal(count, 3);
    sample_free(&it);

    /* More modules than are read. */
    memset(&it, 0, sizeof(it));
    builder_init(&it.builder, HVC_MACHINE_AMD64);
    builder_add_section(&it.builder, ".didat", BUILDER_DATA, 0x10000);
    uint32_t zero = builder_reserve(&it.builder, 0, 16, 8);
    uint32_t directory = builder_reserve(&it.builder, 0, (HVC_MAX_IMPORT_MODULES + 2) * 32, 4);
    for (uint32_t k = 0; k < HVC_MAX_IMPORT_MODULES + 1; k++) {
        builder_put32(&it.builder, directory + k * 32, 1);
        builder_put32(&it.builder, directory + k * 32 + 4, zero);
        builder_put32(&it.builder, directory + k * 32 + 12, zero);
        builder_put32(&it.builder, directory + k * 32 + 16, zero);
    }
    builder_directory(&it.builder, HVC_DIR_DELAY_IMPORT, directory, 32);
    sample_load(&it);
    expect_anomaly(&it, "import-module-limit", HVC_ANOMALY_DOUBT);
    sample_free(&it);
}

/* Bound import descriptors: timestamp, offset of the name, forwarder count. */
static void test_bound_directory(void **state)
{
    (void)state;
    sample it;
    sample_empty(&it, HVC_MACHINE_I386);
    uint32_t rva = builder_reserve(&it.builder, 1, 32, 4);
    builder_text(&it.builder, 1, "ntoskrnl.exe");
    builder_put32(&it.builder, rva, 0x60000000);
    builder_put16(&it.builder, rva + 4, 32);
    builder_put16(&it.builder, rva + 6, 1);
    builder_put32(&it.builder, rva + 8, 0x60000000);
    builder_put16(&it.builder, rva + 12, 32);
    builder_directory(&it.builder, HVC_DIR_BOUND_IMPORT, rva, 45);
    sample_load(&it);
    expect_clean(&it);

    builder_put16(&it.builder, rva + 4, 45); /* the name is outside */
    sample_load(&it);
    expect_anomaly(&it, "bound-import", HVC_ANOMALY_NOTE);
    builder_put16(&it.builder, rva + 4, 32);
    builder_put16(&it.builder, rva + 6, 0xffff); /* forwarders without end */
    sample_load(&it);
    expect_anomaly(&it, "bound-import", HVC_ANOMALY_NOTE);
    builder_put16(&it.builder, rva + 6, 1);
    it.builder.headers.directories[HVC_DIR_BOUND_IMPORT].size = 0x7000;
    sample_load(&it);
    expect_anomaly_at(&it, "bound-import", HVC_ANOMALY_NOTE,
                      builder_directory_offset(&it.builder, HVC_DIR_BOUND_IMPORT));
    sample_free(&it);
}

static void test_iat_directory(void **state)
{
    (void)state;
    static const struct {
        uint32_t rva, size;
        bool odd;
    } cases[] = {
        {0x2000, 0x100, false}, {0x2000, 0x6000, false}, {0x2000, 0x6001, true},
        {0x8000, 0x100, true},  {0x100, 0x10, true},     {0x2000, UINT32_MAX, true},
        {0, 0x100, false},      {0x900000, 0, false},    {UINT32_MAX, UINT32_MAX, true},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        sample it;
        sample_empty(&it, HVC_MACHINE_AMD64);
        builder_directory(&it.builder, HVC_DIR_IAT, cases[i].rva, cases[i].size);
        sample_load(&it);
        if (cases[i].odd)
            expect_anomaly_at(&it, "iat-outside", HVC_ANOMALY_DOUBT,
                              builder_directory_offset(&it.builder, HVC_DIR_IAT));
        else
            expect_clean(&it);
        sample_free(&it);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_bound_and_hidden_table),
        cmocka_unit_test(test_damaged_functions),
        cmocka_unit_test(test_damaged_descriptors),
        cmocka_unit_test(test_without_end),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_delay),
        cmocka_unit_test(test_delay_without_end),
        cmocka_unit_test(test_bound_directory),
        cmocka_unit_test(test_iat_directory),
    };
    return cmocka_run_group_tests_name("imports", tests, NULL, NULL);
}
