/* Exports and forwarders. */
#include "pe_test.h"

#include "base/limits.h"

static void expect_export(const sample *it, unsigned index, const char *name, uint32_t ordinal,
                          uint32_t rva, const char *forwarder)
{
    size_t count;
    const hvc_export *exports = hvc_image_exports(it->image, &count);
    assert_true(index < count);
    expect_text(exports[index].name, name);
    assert_int_equal(exports[index].ordinal, ordinal);
    assert_int_equal(exports[index].rva, rva);
    expect_text(exports[index].forwarder, forwarder);
}

static void expect_count(const sample *it, unsigned expected)
{
    size_t count;
    hvc_image_exports(it->image, &count);
    assert_int_equal(count, expected);
}

/* Alpha, a forwarder, one by ordinal alone, Gamma; base 1. */
static uint32_t make(sample *it)
{
    static const char *const names[] = {"Alpha", "Beta=NTOSKRNL.RtlBeta", NULL, "Gamma"};
    sample_empty(it, HVC_MACHINE_AMD64);
    builder_exports(&it->builder, 1, names, 4, 0x1000);
    return it->builder.headers.directories[HVC_DIR_EXPORT].rva;
}

static uint32_t field(sample *it, uint32_t directory, uint32_t offset)
{
    return bytes_get32(builder_at(&it->builder, directory + offset, 4), 0);
}

static void test_exports(void **state)
{
    (void)state;
    sample it;
    uint32_t directory = make(&it);
    sample_load(&it);
    expect_clean(&it);
    expect_count(&it, 4);
    expect_export(&it, 0, "Alpha", 1, 0x1000, NULL);
    expect_export(&it, 1, "Beta", 2, 0, "NTOSKRNL.RtlBeta");
    expect_export(&it, 2, "Gamma", 4, 0x1030, NULL);
    expect_export(&it, 3, NULL, 3, 0x1020, NULL);
    /* Two names of one function, and a function that is not there. */
    builder_put16(&it.builder, field(&it, directory, 36), 3);
    builder_put32(&it.builder, field(&it, directory, 28) + 8, 0);
    builder_put32(&it.builder, directory + 16, 100);
    sample_load(&it);
    expect_clean(&it);
    expect_count(&it, 4);
    expect_export(&it, 0, "Alpha", 103, 0x1030, NULL);
    expect_export(&it, 2, "Gamma", 103, 0x1030, NULL);
    expect_export(&it, 3, NULL, 100, 0x1000, NULL);
    sample_free(&it);
}

/* Every third function has a name: each of the others is listed once, by its ordinal. */
static void test_many(void **state)
{
    (void)state;
    const char *names[50];
    for (unsigned i = 0; i < 50; i++)
        names[i] = i % 3 == 0 ? "Name" : NULL;
    sample it;
    sample_empty(&it, HVC_MACHINE_I386);
    builder_exports(&it.builder, 1, names, 50, 0x1000);
    sample_load(&it);
    expect_clean(&it);
    expect_count(&it, 50);
    unsigned at = 17; /* behind the named ones */
    for (unsigned i = 0; i < 50; i++) {
        if (i % 3 == 0)
            expect_export(&it, i / 3, "Name", i + 1, 0x1000 + 16 * i, NULL);
        else
            expect_export(&it, at++, NULL, i + 1, 0x1000 + 16 * i, NULL);
    }
    sample_free(&it);
}

static void test_damaged(void **state)
{
    (void)state;
    sample it;
    uint32_t directory = make(&it);
    const hvc_anomaly_effect doubt = HVC_ANOMALY_DOUBT;
    uint32_t functions = field(&it, directory, 28), names = field(&it, directory, 32);
    uint32_t ordinals = field(&it, directory, 36);
    builder_put16(&it.builder, ordinals, 4); /* one too many */
    sample_load(&it);
    expect_anomaly(&it, "export-index", doubt);
    expect_count(&it, 4); /* Alpha lost its name */
    builder_put16(&it.builder, ordinals, 0);

    builder_put32(&it.builder, names, 0x900000);
    sample_load(&it);
    expect_anomaly(&it, "export-name", doubt);
    expect_export(&it, 0, "", 1, 0x1000, NULL);
    builder_put32(&it.builder, names, field(&it, names + 4, 0));

    builder_put32(&it.builder, functions, 0x900000);
    sample_load(&it);
    expect_anomaly(&it, "export-outside", HVC_ANOMALY_NOTE);
    builder_put32(&it.builder, functions, 0x1000);

    /* Forwarders that name no function: no dot, and a loop onto the directory itself. */
    uint32_t forwarder = field(&it, functions + 4, 0);
    memcpy(builder_at(&it.builder, forwarder, 16), "NTOSKRNL_RtlBeta", 16);
    sample_load(&it);
    expect_anomaly(&it, "export-forwarder", HVC_ANOMALY_NOTE);
    builder_put32(&it.builder, functions + 4, directory);
    sample_load(&it);
    expect_anomaly(&it, "export-forwarder", HVC_ANOMALY_NOTE);
    sample_free(&it);
}

static void test_outside(void **state)
{
    (void)state;
    static const struct {
        uint32_t offset, value;
        const char *id;
    } cases[] = {
        {20, UINT32_MAX, "export-limit"},
        {24, UINT32_MAX, "export-limit"},
        {28, 0x900000, "export-index"},
        {28, 0xfffffff8, "export-directory-outside"},
        {32, 0xfffffffc, "export-directory-outside"},
        {36, UINT32_MAX, "export-directory-outside"},
        {32, 0x900000, "export-names"},
        {36, 0x900000, "export-names"},
        {28, 0x7ffc, "export-index"},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        sample it;
        uint32_t directory = make(&it);
        builder_put32(&it.builder, directory + cases[i].offset, cases[i].value);
        sample_load(&it);
        expect_anomaly_at(&it, cases[i].id, HVC_ANOMALY_DOUBT,
                          builder_directory_offset(&it.builder, HVC_DIR_EXPORT));
        sample_free(&it);
    }
    sample it;
    uint32_t directory = make(&it);
    builder_put32(&it.builder, directory + 24, 0); /* no names */
    builder_put32(&it.builder, directory + 28, 0x7ffc);
    sample_load(&it);
    expect_anomaly(&it, "export-functions", HVC_ANOMALY_DOUBT);
    it.builder.headers.directories[HVC_DIR_EXPORT].rva = 0x900000;
    sample_load(&it);
    expect_anomaly(&it, "export-directory-outside", HVC_ANOMALY_DOUBT);
    expect_count(&it, 0);
    it.builder.headers.directories[HVC_DIR_EXPORT].size = 0;
    sample_load(&it);
    expect_clean(&it);
    sample_free(&it);
}

/* Every name stands for function 0 and every function is there: both bounds at once. */
static void test_limits(void **state)
{
    (void)state;
    sample it;
    memset(&it, 0, sizeof(it));
    builder_init(&it.builder, HVC_MACHINE_AMD64);
    builder_add_section(&it.builder, ".edata", BUILDER_RDATA, 0xa1000);
    uint32_t directory = builder_reserve(&it.builder, 0, 40, 4);
    uint32_t table = builder_reserve(&it.builder, 0, (HVC_MAX_EXPORTS + 8) * 4, 4);
    uint32_t name = builder_text(&it.builder, 0, "N");
    uint32_t ordinals = builder_reserve(&it.builder, 0, (HVC_MAX_EXPORTS + 8) * 2, 4);
    for (uint32_t i = 0; i < HVC_MAX_EXPORTS + 8; i++)
        builder_put32(&it.builder, table + i * 4, name);
    builder_put32(&it.builder, directory + 20, HVC_MAX_EXPORTS + 8);
    builder_put32(&it.builder, directory + 24, HVC_MAX_EXPORTS + 8);
    builder_put32(&it.builder, directory + 28, table);
    builder_put32(&it.builder, directory + 32, table);
    builder_put32(&it.builder, directory + 36, ordinals);
    builder_directory(&it.builder, HVC_DIR_EXPORT, directory, 40);
    sample_load(&it);
    expect_anomaly(&it, "export-limit", HVC_ANOMALY_DOUBT);
    expect_count(&it, HVC_MAX_EXPORTS);
    sample_free(&it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exports), cmocka_unit_test(test_many),
        cmocka_unit_test(test_damaged), cmocka_unit_test(test_outside),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests_name("exports", tests, NULL, NULL);
}
