/* The version information: through the resource directory, and its own nodes. */
#include "pe_test.h"

#include "base/limits.h"

static const char *const pairs[] = {"CompanyName",
                                    "Ex\xc3\xa4mple \xe2\x82\xac Inc.",
                                    "FileVersion",
                                    "1.2.3.4",
                                    "Comments",
                                    "",
                                    "OriginalFilename",
                                    "full.sys",
                                    NULL};

/* The RVA of the resource directory; the version data begins 88 bytes behind it. */
enum { DATA_ENTRY = 72, DATA = 88 };

static uint32_t make(sample *it)
{
    sample_empty(it, HVC_MACHINE_AMD64);
    builder_version(&it->builder, 1, pairs);
    return it->builder.headers.directories[HVC_DIR_RESOURCE].rva;
}

static const hvc_version_info *load(sample *it)
{
    sample_load(it);
    return hvc_image_version_info(it->image);
}

static void test_version(void **state)
{
    (void)state;
    sample it;
    make(&it);
    const hvc_version_info *version = load(&it);
    expect_clean(&it);
    assert_true(version->present);
    for (uint16_t i = 0; i < 4; i++) {
        assert_int_equal(version->file_version[i], i + 1);
        assert_int_equal(version->product_version[i], i + 5);
    }
    assert_int_equal(version->string_count, 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_string_equal(version->strings[i].key, pairs[i * 2]);
        assert_string_equal(version->strings[i].value, pairs[i * 2 + 1]);
    }
    sample_free(&it);
}

static void test_directory(void **state)
{
    (void)state;
    sample it;
    uint32_t root = make(&it);
    /* Another type is none of ours. */
    builder_put32(&it.builder, root + 16, 5);
    assert_false(load(&it)->present);
    expect_clean(&it);
    sample_free(&it);

    /* A directory that points to the root, at each depth, ends at the third level. */
    for (unsigned depth = 0; depth < 3; depth++) {
        root = make(&it);
        builder_put32(&it.builder, root + depth * 24 + 20, UINT32_C(0x80000000));
        assert_false(load(&it)->present);
        expect_anomaly(&it, "resource-directory", HVC_ANOMALY_NOTE);
        sample_free(&it);
    }
}

static void test_fan_out(void **state)
{
    (void)state;
    sample it;
    uint32_t root = make(&it);
    /* More entries than are looked at, none of which is a version. */
    builder_put16(&it.builder, root + 14, 0xffff);
    builder_put32(&it.builder, root + 16, 1);
    assert_false(load(&it)->present);
    expect_anomaly(&it, "resource-directory", HVC_ANOMALY_NOTE);
    /* Names are passed over without being looked at. */
    builder_put16(&it.builder, root + 12, 0xffff);
    builder_put16(&it.builder, root + 14, 1);
    assert_false(load(&it)->present);
    expect_anomaly(&it, "resource-directory", HVC_ANOMALY_NOTE);
    sample_free(&it);

    /* Data, directories and the root outside. */
    static const uint32_t changes[][2] = {{DATA_ENTRY, 0x900000},
                                          {DATA_ENTRY + 4, 0},
                                          {44, 0x90000000},
                                          {68, 0x70000000},
                                          {20, 0x80007ff4}};
    for (unsigned i = 0; i < 5; i++) {
        root = make(&it);
        builder_put32(&it.builder, root + changes[i][0], changes[i][1]);
        assert_false(load(&it)->present);
        expect_anomaly(&it, "resource-directory", HVC_ANOMALY_NOTE);
        sample_free(&it);
    }
    make(&it);
    it.builder.headers.directories[HVC_DIR_RESOURCE].rva = 0x900000;
    assert_false(load(&it)->present);
    expect_anomaly_at(&it, "resource-directory", HVC_ANOMALY_NOTE,
                      builder_directory_offset(&it.builder, HVC_DIR_RESOURCE));
    sample_free(&it);
}

static void test_damaged_root(void **state)
{
    (void)state;
    sample it;
    uint32_t root = make(&it);
    uint32_t data = root + DATA;
    builder_put16(&it.builder, data, 0); /* wLength 0 */
    assert_false(load(&it)->present);
    expect_anomaly_at(&it, "version-info", HVC_ANOMALY_NOTE,
                      builder_file_offset(&it.builder, data));
    builder_put16(&it.builder, data, 6);
    assert_false(load(&it)->present);
    builder_put16(&it.builder, data, 0xffff); /* longer than the resource */
    assert_int_equal(load(&it)->string_count, 4);
    builder_put16(&it.builder, data + 6, 'X'); /* another key */
    assert_false(load(&it)->present);
    builder_put16(&it.builder, data + 6, 'V');

    builder_put32(&it.builder, data + 40, 0x12345678); /* the fixed part's signature */
    const hvc_version_info *version = load(&it);
    assert_true(version->present);
    assert_int_equal(version->file_version[0], 0);
    assert_int_equal(version->string_count, 4);
    expect_anomaly(&it, "version-info", HVC_ANOMALY_NOTE);
    builder_put16(&it.builder, data + 2, 0); /* no fixed part: children follow at once */
    version = load(&it);
    assert_true(version->present);
    assert_int_equal(version->string_count, 0);
    sample_free(&it);
}

/* Offsets of nodes in the version data: root, its 52 bytes at 40, StringFileInfo at 92, the table
 * at 128, its first string at 152. */
enum { INFO = 92, TABLE = 128, STRING = 152 };

static void test_damaged_strings(void **state)
{
    (void)state;
    sample it;
    uint32_t data = make(&it) + DATA;
    const uint8_t *bytes = builder_at(&it.builder, data + STRING, 8);
    assert_int_equal(bytes[6], 'C');
    uint16_t length = (uint16_t)(bytes[0] | bytes[1] << 8);

    builder_put16(&it.builder, data + INFO + 6, 'X'); /* another kind of child */
    assert_int_equal(load(&it)->string_count, 0);
    expect_clean(&it);
    builder_put16(&it.builder, data + INFO + 6, 'S');
    builder_put16(&it.builder, data + INFO, 6);
    assert_int_equal(load(&it)->string_count, 0);
    builder_put16(&it.builder, data + INFO, 0xffff);
    assert_int_equal(load(&it)->string_count, 4);
    builder_put16(&it.builder, data + TABLE, 0);
    assert_int_equal(load(&it)->string_count, 0);
    expect_anomaly(&it, "version-info", HVC_ANOMALY_NOTE);
    builder_put16(&it.builder, data + TABLE, 0xfffe);

    builder_put16(&it.builder, data + STRING, 0); /* the list ends */
    assert_int_equal(load(&it)->string_count, 0);
    builder_put16(&it.builder, data + STRING, (uint16_t)(length - 4)); /* cut: no NUL, no dot */
    const hvc_version_info *version = load(&it);
    assert_true(version->string_count >= 1);
    assert_string_equal(version->strings[0].value, "Ex\xc3\xa4mple \xe2\x82\xac Inc");
    builder_put16(&it.builder, data + STRING, 20); /* inside the key, which is cut */
    version = load(&it);
    assert_true(version->string_count >= 1);
    assert_string_equal(version->strings[0].key, "Company");
    assert_string_equal(version->strings[0].value, "");
    builder_put16(&it.builder, data + STRING, length);
    builder_put16(&it.builder, data + STRING + 2, 0xffff); /* wValueLength says too much */
    assert_string_equal(load(&it)->strings[0].value, pairs[1]);
    builder_put16(&it.builder, data + STRING + 2, 0);
    assert_string_equal(load(&it)->strings[0].value, "");
    sample_free(&it);
}

/* Surrogates: a pair, each half alone, and one at the end. */
static void test_utf16(void **state)
{
    (void)state;
    static const struct {
        uint16_t units[4];
        const char *text;
    } cases[] = {
        {{0xd83d, 0xde00, 'x', 'y'}, "\xf0\x9f\x98\x80xy"},
        {{0xd83d, 'a', 0xde00, 'b'},
         "\xef\xbf\xbd"
         "a\xef\xbf\xbd"
         "b"},
        {{0xde00, 0xd83d, 'a', 'b'},
         "\xef\xbf\xbd\xef\xbf\xbd"
         "ab"},
        {{'a', 'b', 'c', 0xdbff}, "abc\xef\xbf\xbd"},
        {{0xdbff, 0xdfff, 0x7ff, 0x800}, "\xf4\x8f\xbf\xbf\xdf\xbf\xe0\xa0\x80"},
        {{0x7f, 0x80, 0xffff, 0xe000}, "\x7f\xc2\x80\xef\xbf\xbf\xee\x80\x80"},
        {{0xd800, 0xdc00, 0xdbff, 0xdc00}, "\xf0\x90\x80\x80\xf4\x8f\xb0\x80"},
        {{'a', 0, 'b', 'c'}, "a"},
    };
    static const char *const four[] = {"Key", "wxyz", NULL};
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        sample it;
        sample_empty(&it, HVC_MACHINE_AMD64);
        builder_version(&it.builder, 1, four);
        uint32_t string = it.builder.headers.directories[HVC_DIR_RESOURCE].rva + DATA + STRING;
        for (unsigned k = 0; k < 4; k++)
            builder_put16(&it.builder, string + 16 + k * 2, cases[i].units[k]);
        const hvc_version_info *version = load(&it);
        assert_int_equal(version->string_count, 1);
        assert_string_equal(version->strings[0].value, cases[i].text);
        sample_free(&it);
    }
}

static void test_limit(void **state)
{
    (void)state;
    const char *many[2 * (HVC_MAX_VERSION_STRINGS + 4) + 1];
    for (unsigned i = 0; i < 2 * (HVC_MAX_VERSION_STRINGS + 4); i++)
        many[i] = "k";
    many[2 * (HVC_MAX_VERSION_STRINGS + 4)] = NULL;
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    builder_version(&it.builder, 1, many);
    assert_int_equal(load(&it)->string_count, HVC_MAX_VERSION_STRINGS);
    expect_anomaly(&it, "version-info", HVC_ANOMALY_NOTE);
    sample_free(&it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version),         cmocka_unit_test(test_directory),
        cmocka_unit_test(test_fan_out),         cmocka_unit_test(test_damaged_root),
        cmocka_unit_test(test_damaged_strings), cmocka_unit_test(test_utf16),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests_name("resources", tests, NULL, NULL);
}
