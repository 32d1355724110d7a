/* DOS and NT headers: what opens, what does not and why, and what is odd. */
#include "pe_test.h"

#define FILE_HEADER (BUILDER_FILE_HEADER + 0u)
#define OPTIONAL    (BUILDER_OPTIONAL + 0u)

static const uint16_t machines[] = {HVC_MACHINE_AMD64, HVC_MACHINE_I386, HVC_MACHINE_ARM64,
                                    HVC_MACHINE_ARMNT};
enum { MACHINES = sizeof(machines) / sizeof(*machines) };

static void test_full_drivers_are_clean(void **state)
{
    (void)state;
    static const hvc_arch archs[MACHINES] = {HVC_ARCH_X64, HVC_ARCH_X86, HVC_ARCH_ARM64,
                                             HVC_ARCH_ARM};
    for (unsigned i = 0; i < MACHINES; i++) {
        sample it;
        sample_full(&it, machines[i]);
        sample_load(&it);
        expect_clean(&it);
        assert_int_equal(hvc_image_arch(it.image), archs[i]);
        assert_int_equal(hvc_image_get_kind(it.image), HVC_IMAGE_DRIVER);
        const hvc_headers *headers = hvc_image_headers(it.image);
        assert_int_equal(headers->nt_offset, BUILDER_NT);
        assert_int_equal(headers->machine, machines[i]);
        assert_int_equal(headers->section_count, 3);
        assert_int_equal(headers->timestamp, 0x5f000000);
        assert_int_equal(headers->pe32_plus, it.builder.headers.pe32_plus);
        assert_int_equal(headers->image_base, it.builder.headers.image_base);
        assert_int_equal(headers->entry_point, it.builder.headers.entry_point);
        assert_int_equal(headers->section_alignment, 0x1000);
        assert_int_equal(headers->file_alignment, 0x200);
        assert_int_equal(headers->os_major, 10);
        assert_int_equal(headers->subsystem_major, 10);
        assert_int_equal(headers->size_of_image, 0x4000);
        assert_int_equal(headers->size_of_headers, it.builder.headers.size_of_headers);
        assert_int_equal(headers->checksum, bytes_get32(it.bytes, OPTIONAL + 64));
        assert_int_equal(headers->checksum_offset, OPTIONAL + 64);
        assert_int_equal(headers->subsystem, 1);
        assert_int_equal(headers->dll_characteristics, HVC_DLL_NX_COMPAT | HVC_DLL_DYNAMIC_BASE);
        assert_int_equal(headers->directory_count, 16);
        assert_int_equal(headers->section_table, builder_section_offset(&it.builder, 0));
        for (unsigned k = 0; k < 16; k++) {
            assert_int_equal(headers->directories[k].rva, it.builder.headers.directories[k].rva);
            assert_int_equal(headers->directories[k].size, it.builder.headers.directories[k].size);
        }
        sample_free(&it);
    }
}

/* Each field has its own value. */
static void test_every_field(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        sample it;
        sample_empty(&it, machines[i]);
        hvc_headers *set = &it.builder.headers;
        set->symbol_table = 0x11111111;
        set->symbol_count = 0x22222222;
        set->linker_major = 14;
        set->linker_minor = 29;
        set->size_of_code = 0x33333333;
        set->os_major = 1;
        set->os_minor = 2;
        set->image_major = 3;
        set->image_minor = 4;
        set->subsystem_major = 5;
        set->subsystem_minor = 6;
        set->dll_characteristics = 0xabcd;
        set->loader_flags = 0x44444444;
        sample_load(&it);
        expect_clean(&it);
        const hvc_headers *read = hvc_image_headers(it.image);
        assert_int_equal(read->symbol_table, 0x11111111);
        assert_int_equal(read->symbol_count, 0x22222222);
        assert_int_equal(read->optional_header_size, set->optional_header_size);
        assert_int_equal(read->characteristics, set->characteristics);
        assert_int_equal(read->linker_major, 14);
        assert_int_equal(read->linker_minor, 29);
        assert_int_equal(read->size_of_code, 0x33333333);
        assert_int_equal(read->os_major, 1);
        assert_int_equal(read->os_minor, 2);
        assert_int_equal(read->image_major, 3);
        assert_int_equal(read->image_minor, 4);
        assert_int_equal(read->subsystem_major, 5);
        assert_int_equal(read->subsystem_minor, 6);
        assert_int_equal(read->dll_characteristics, 0xabcd);
        assert_int_equal(read->loader_flags, 0x44444444);
        sample_free(&it);
    }
}

static void expect_not_pe(const char *bytes, size_t size)
{
    hvc_image *image = NULL;
    hvc_error error = {0};
    uint8_t *copy = malloc(size + (size == 0));
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    assert_int_equal(hvc_image_open(copy, size, &image, &error), HVC_E_NOT_PE);
    assert_true(error.has_offset);
    assert_int_equal(hvc_image_open(copy, size, &image, NULL), HVC_E_NOT_PE);
    free(copy);
}

static void test_not_pe(void **state)
{
    (void)state;
    expect_not_pe("", 0);
    expect_not_pe("M", 1);
    expect_not_pe("ZM and more", 11);
    expect_not_pe("\x7f"
                  "ELF",
                  4);
    /* DOS programs: e_lfanew absent, outside, unaligned, or at something else; relocations in the
     * DOS header say that no PE header was ever meant. */
    char dos[0x200] = "MZ";
    expect_not_pe(dos, sizeof(dos));
    memcpy(dos + 0x3c, "\x11\x22\x33\x44", 4);
    expect_not_pe(dos, sizeof(dos));
    memcpy(dos + 0x3c, "\x02\x02\x00\x00", 4);
    expect_not_pe(dos, sizeof(dos));
    memcpy(dos + 0x3c, "\x00\x04\x00\x00", 4);
    dos[0x18] = 0x1c;
    expect_not_pe(dos, sizeof(dos));
    memcpy(dos + 0x3c, "\x80\x00\x00\x00", 4);
    memcpy(dos + 0x80, "NE\0\0", 4);
    expect_not_pe(dos, sizeof(dos));
    memcpy(dos + 0x80, "PE\0\1", 4);
    expect_not_pe(dos, sizeof(dos));
}

/* Every prefix of an image that ends before its section table does is truncated, and says where. */
static void test_truncated_headers(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        sample it;
        sample_full(&it, machines[i]);
        sample_finish(&it);
        size_t needed = builder_section_offset(&it.builder, 3), whole = it.size;
        assert_true(needed < whole);
        for (size_t size = 2; size < needed; size++) {
            uint8_t *prefix = malloc(size);
            assert_non_null(prefix);
            memcpy(prefix, it.bytes, size);
            hvc_image *image = NULL;
            hvc_error error = {0};
            assert_int_equal(hvc_image_open(prefix, size, &image, &error), HVC_E_TRUNCATED);
            assert_true(error.has_offset);
            assert_int_equal(error.offset, size);
            free(prefix);
        }
        it.size = needed;
        sample_open(&it);
        expect_anomaly(&it, "section-data-beyond-file", HVC_ANOMALY_DOUBT);
        sample_free(&it);
    }
}

static void test_machines(void **state)
{
    (void)state;
    sample it;
    sample_full(&it, HVC_MACHINE_ARMNT);
    sample_finish(&it);
    static const uint16_t arm[] = {0x1c0, 0x1c2, 0x1c4};
    for (unsigned i = 0; i < 3; i++) {
        bytes_put16(it.bytes, FILE_HEADER, arm[i]);
        sample_open(&it);
        assert_int_equal(hvc_image_arch(it.image), HVC_ARCH_ARM);
        expect_clean(&it);
    }
    static const uint16_t others[] = {0x200, 0xebc, 0x166, 0x5064, 0};
    for (unsigned i = 0; i < 5; i++) {
        bytes_put16(it.bytes, FILE_HEADER, others[i]);
        hvc_error error = sample_fails(&it, HVC_E_UNSUPPORTED);
        assert_int_equal(error.offset, FILE_HEADER);
    }
    /* An optional header that contradicts the machine, in both directions, or is neither. */
    bytes_put16(it.bytes, FILE_HEADER, HVC_MACHINE_ARM64);
    assert_int_equal(sample_fails(&it, HVC_E_MALFORMED).offset, OPTIONAL);
    bytes_put16(it.bytes, FILE_HEADER, HVC_MACHINE_I386);
    bytes_put16(it.bytes, OPTIONAL, 0x20b);
    assert_int_equal(sample_fails(&it, HVC_E_MALFORMED).offset, OPTIONAL);
    bytes_put16(it.bytes, OPTIONAL, 0x107);
    assert_int_equal(sample_fails(&it, HVC_E_MALFORMED).offset, OPTIONAL);
    sample_free(&it);

    sample_full(&it, HVC_MACHINE_ARM64);
    sample_finish(&it);
    bytes_put16(it.bytes, FILE_HEADER, HVC_MACHINE_ARM64X);
    sample_open(&it);
    assert_int_equal(hvc_image_arch(it.image), HVC_ARCH_ARM64X);
    expect_anomaly_at(&it, "machine-of-objects", HVC_ANOMALY_DOUBT, FILE_HEADER);
    sample_free(&it);
    sample_full(&it, HVC_MACHINE_AMD64);
    sample_finish(&it);
    bytes_put16(it.bytes, FILE_HEADER, HVC_MACHINE_ARM64EC);
    sample_open(&it);
    assert_int_equal(hvc_image_arch(it.image), HVC_ARCH_ARM64EC);
    sample_free(&it);
}

static void test_arch_names(void **state)
{
    (void)state;
    assert_string_equal(hvc_arch_name(HVC_ARCH_X64), "x64");
    assert_string_equal(hvc_arch_name(HVC_ARCH_ARM64X), "arm64x");
    assert_string_equal(hvc_arch_name(HVC_ARCH_UNKNOWN), "unknown");
    assert_string_equal(hvc_arch_name((hvc_arch)99), "unknown");
    assert_string_equal(hvc_arch_name((hvc_arch)-1), "unknown");
}

static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        uint16_t subsystem;
        hvc_image_kind kind;
    } cases[] = {
        {0, HVC_IMAGE_USER},  {1, HVC_IMAGE_DRIVER}, {2, HVC_IMAGE_USER},  {3, HVC_IMAGE_USER},
        {7, HVC_IMAGE_USER},  {9, HVC_IMAGE_USER},   {10, HVC_IMAGE_BOOT}, {11, HVC_IMAGE_BOOT},
        {12, HVC_IMAGE_BOOT}, {13, HVC_IMAGE_BOOT},  {14, HVC_IMAGE_USER}, {16, HVC_IMAGE_BOOT},
    };
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        it.builder.headers.subsystem = cases[i].subsystem;
        sample_load(&it);
        assert_int_equal(hvc_image_get_kind(it.image), cases[i].kind);
    }

    /* Who imports from the kernel runs there, whatever the subsystem says; a native program calls
     * ntdll.dll and is no library. */
    static const char *const functions[] = {"NtClose", NULL};
    static const struct {
        const char *module;
        uint16_t subsystem;
        bool library;
        hvc_image_kind kind;
    } imports[] = {
        {"NTDLL.dll", 1, false, HVC_IMAGE_USER},     {"ntdll.dll", 1, true, HVC_IMAGE_DRIVER},
        {"ntdll.dl", 1, false, HVC_IMAGE_DRIVER},    {"ntdll.dlls", 1, false, HVC_IMAGE_DRIVER},
        {"xntdll.dll", 1, false, HVC_IMAGE_DRIVER},  {"ntoskrnl.exe", 3, false, HVC_IMAGE_DRIVER},
        {"NTOSKRNL.EXE", 2, true, HVC_IMAGE_DRIVER}, {"hal.dll", 3, false, HVC_IMAGE_DRIVER},
        {"NDIS.SYS", 3, false, HVC_IMAGE_DRIVER},    {"ntoskrnl.exe", 10, false, HVC_IMAGE_BOOT},
        {"kernel32.dll", 3, true, HVC_IMAGE_USER},   {".sy", 3, true, HVC_IMAGE_USER},
    };
    sample_free(&it);
    for (unsigned i = 0; i < sizeof(imports) / sizeof(*imports); i++) {
        const builder_module module = {imports[i].module, functions};
        sample_empty(&it, HVC_MACHINE_I386);
        it.builder.headers.subsystem = imports[i].subsystem;
        if (imports[i].library)
            it.builder.headers.characteristics |= HVC_FILE_DLL;
        builder_imports(&it.builder, 1, &module, 1);
        sample_load(&it);
        assert_int_equal(hvc_image_get_kind(it.image), imports[i].kind);
        sample_free(&it);
    }
}

static void test_directory_count(void **state)
{
    (void)state;
    sample it;
    sample_full(&it, HVC_MACHINE_AMD64);
    it.builder.headers.directory_count = UINT32_MAX;
    sample_load(&it);
    expect_anomaly(&it, "directory-count", HVC_ANOMALY_NOTE);
    assert_int_equal(hvc_image_headers(it.image)->directory_count, UINT32_MAX);

    /* What lies behind the last directory that counts is not one. */
    it.builder.headers.directory_count = 5;
    sample_load(&it);
    expect_clean(&it);
    const hvc_headers *headers = hvc_image_headers(it.image);
    assert_int_not_equal(headers->directories[4].size, 0);
    for (unsigned i = 5; i < 16; i++)
        assert_int_equal(headers->directories[i].rva, 0);
    size_t count;
    hvc_image_imports(it.image, &count);
    assert_int_equal(count, 4); /* the delay imports are gone */
    hvc_reloc reloc;
    hvc_reloc_iterator relocs = hvc_reloc_begin(it.image);
    assert_false(hvc_reloc_next(&relocs, &reloc));
    sample_free(&it);
}

static void test_optional_header_size(void **state)
{
    (void)state;
    sample it;
    sample_full(&it, HVC_MACHINE_AMD64);
    sample_finish(&it);
    static const uint16_t small[] = {0, 2, 111, 112, 239};
    for (unsigned i = 0; i < 5; i++) {
        bytes_put16(it.bytes, FILE_HEADER + 16, small[i]);
        sample_open(&it);
        expect_anomaly_at(&it, "optional-header-size", HVC_ANOMALY_DOUBT, FILE_HEADER + 16);
        assert_int_equal(hvc_image_headers(it.image)->directories[1].rva,
                         it.builder.headers.directories[1].rva);
    }
    bytes_put16(it.bytes, FILE_HEADER + 16, 0xffff);
    sample_fails(&it, HVC_E_TRUNCATED);
    /* Larger is fine as long as the section table is there. */
    memmove(it.bytes + OPTIONAL + 248, it.bytes + OPTIONAL + 240, (size_t)3 * 40);
    bytes_put16(it.bytes, FILE_HEADER + 16, 248);
    sample_open(&it);
    expect_clean(&it);
    sample_free(&it);
}

static void expect_change(uint16_t machine, size_t offset, uint32_t value, const char *id,
                          hvc_anomaly_effect effect, size_t where)
{
    sample it;
    sample_full(&it, machine);
    sample_finish(&it);
    bytes_put32(it.bytes, offset, value);
    sample_open(&it);
    expect_anomaly_at(&it, id, effect, where);
    sample_free(&it);
}

static void test_odd_fields(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        uint16_t machine = machines[i];
        const hvc_anomaly_effect doubt = HVC_ANOMALY_DOUBT;
        sample it;
        sample_full(&it, machine);
        it.builder.headers.characteristics = 0;
        sample_load(&it);
        expect_anomaly_at(&it, "not-executable-image", doubt, FILE_HEADER + 18);
        sample_free(&it);
        expect_change(machine, OPTIONAL + 32, 0, "section-alignment-value", doubt, OPTIONAL + 32);
        expect_change(machine, OPTIONAL + 32, 0x1800, "section-alignment-value", doubt,
                      OPTIONAL + 32);
        expect_change(machine, OPTIONAL + 36, 0, "file-alignment-value", doubt, OPTIONAL + 36);
        expect_change(machine, OPTIONAL + 36, 0x100, "file-alignment-value", doubt, OPTIONAL + 36);
        expect_change(machine, OPTIONAL + 36, 0x2000, "file-alignment-value", doubt, OPTIONAL + 36);
        expect_change(machine, OPTIONAL + 36, 0x300, "file-alignment-value", doubt, OPTIONAL + 36);
        expect_change(machine, OPTIONAL + 60, 0x100000, "headers-beyond-file", doubt,
                      OPTIONAL + 60);
        expect_change(machine, OPTIONAL + 60, 0x200, "headers-size-short", doubt, OPTIONAL + 60);
        expect_change(machine, OPTIONAL + 60, 0, "headers-size-short", doubt, OPTIONAL + 60);
        expect_change(machine, OPTIONAL + 56, 0, "image-size-zero", doubt, OPTIONAL + 56);
        expect_change(machine, OPTIONAL + 16, 0x4000, "entry-point-outside", doubt, OPTIONAL + 16);
        expect_change(machine, OPTIONAL + 16, 0x10, "entry-point-outside", doubt, OPTIONAL + 16);
    }
}

/* e_lfanew may point anywhere: the same headers at an odd place, and inside the DOS header. */
static void test_lfanew(void **state)
{
    (void)state;
    sample it;
    sample_full(&it, HVC_MACHINE_AMD64);
    sample_finish(&it);
    size_t size = builder_section_offset(&it.builder, 3) - BUILDER_NT;
    memmove(it.bytes + BUILDER_NT + 2, it.bytes + BUILDER_NT, size);
    bytes_put32(it.bytes, 0x3c, BUILDER_NT + 2);
    sample_open(&it);
    expect_anomaly_at(&it, "lfanew-unaligned", HVC_ANOMALY_DOUBT, 0x3c);
    assert_int_equal(hvc_image_headers(it.image)->size_of_image, 0x4000);

    sample_finish(&it);
    memmove(it.bytes + 0x10, it.bytes + BUILDER_NT, size);
    /* SectionAlignment and e_lfanew now share their place. */
    bytes_put32(it.bytes, 0x3c, 0x10);
    sample_open(&it);
    expect_anomaly_at(&it, "lfanew-in-dos-header", HVC_ANOMALY_NOTE, 0x3c);
    sample_free(&it);
}

static void test_arguments(void **state)
{
    (void)state;
    hvc_image *image = NULL;
    hvc_error error = {0};
    assert_int_equal(hvc_image_open(NULL, 1, &image, &error), HVC_E_ARGUMENT);
    assert_int_equal(hvc_image_open("MZ", 2, NULL, &error), HVC_E_ARGUMENT);
    assert_int_equal(hvc_image_open(NULL, 0, &image, &error), HVC_E_NOT_PE);
    assert_int_equal(hvc_image_open("MZ", (size_t)1 << 32, &image, &error), HVC_E_LIMIT);
    hvc_image_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_drivers_are_clean),
        cmocka_unit_test(test_every_field),
        cmocka_unit_test(test_not_pe),
        cmocka_unit_test(test_truncated_headers),
        cmocka_unit_test(test_machines),
        cmocka_unit_test(test_arch_names),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_directory_count),
        cmocka_unit_test(test_optional_header_size),
        cmocka_unit_test(test_odd_fields),
        cmocka_unit_test(test_lfanew),
        cmocka_unit_test(test_arguments),
    };
    return cmocka_run_group_tests_name("headers", tests, NULL, NULL);
}
