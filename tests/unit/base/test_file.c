#include "base_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"

static char folder[] = "/tmp/hvcheck-test-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(in_folder(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void test_read(void **state)
{
    (void)state;
    static char large[100000];
    memset(large, 'q', sizeof(large));
    write_file("text", large, sizeof(large));
    large[0] = 'M', large[1] = 'Z';
    write_file("image", large, sizeof(large));
    write_file("empty", "", 0);
    hvc_bytes bytes = HVC_BYTES_INIT;
    hvc_error error;
    bool pe = true;
    assert_int_equal(hvc_file_read(in_folder("text"), &bytes, &error), HVC_OK);
    assert_int_equal(bytes.size, sizeof(large));
    assert_int_equal(hvc_file_read_pe(in_folder("text"), &bytes, &pe, &error), HVC_OK);
    assert_false(pe);
    assert_true(bytes.size < sizeof(large)); /* the body was not read */
    assert_int_equal(hvc_file_read_pe(in_folder("image"), &bytes, &pe, &error), HVC_OK);
    assert_true(pe);
    assert_int_equal(bytes.size, sizeof(large));
    assert_memory_equal(bytes.data, large, sizeof(large));
    assert_int_equal(hvc_file_read(in_folder("empty"), &bytes, &error), HVC_OK);
    assert_int_equal(bytes.size, 0);
    assert_int_equal(hvc_file_map(in_folder("image"), &bytes, &error), HVC_OK);
    assert_memory_equal(bytes.data, large, sizeof(large));
    /* A mapping is left behind when the same hvc_bytes is read into. */
    assert_int_equal(hvc_file_read(in_folder("text"), &bytes, &error), HVC_OK);
    assert_int_equal(bytes.data[0], 'q');
    hvc_bytes_free(&bytes);
}

static void test_refusals(void **state)
{
    (void)state;
    hvc_bytes bytes = HVC_BYTES_INIT;
    hvc_error error = {0};
    assert_int_equal(hvc_file_read(in_folder("absent"), &bytes, &error), HVC_E_IO);
    assert_true(strlen(error.message) > 0);
    assert_int_equal(hvc_file_read(folder, &bytes, &error), HVC_E_IO);
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    assert_int_equal(hvc_file_read(in_folder("pipe"), &bytes, &error),
                     HVC_E_IO); /* does not hang */
    hvc_bytes_free(&bytes);
}

static void test_folder(void **state)
{
    (void)state;
    write_file("b", "", 0);
    write_file("a", "", 0);
    write_file("B", "", 0);
    assert_int_equal(symlink("a", in_folder("link")), 0);
    hvc_names names;
    hvc_error error;
    assert_int_equal(hvc_folder_list(folder, &names, &error), HVC_OK);
    for (size_t i = 1; i < names.count; i++)
        assert_true(strcmp(names.items[i - 1], names.items[i]) < 0);
    assert_true(names.count >= 4);
    hvc_names_free(&names);
    hvc_file_kind kind;
    assert_int_equal(hvc_file_kind_of(in_folder("link"), false, &kind, &error), HVC_OK);
    assert_int_equal(kind, HVC_FILE_LINK);
    assert_int_equal(hvc_file_kind_of(in_folder("link"), true, &kind, &error), HVC_OK);
    assert_int_equal(kind, HVC_FILE_REGULAR);
    assert_int_equal(hvc_folder_list(in_folder("a"), &names, &error), HVC_E_IO);
}

static void test_hash(void **state)
{
    (void)state;
    /* FIPS 180-2's example "abc", and that a hasher can be used again. */
    static const uint8_t abc[HVC_SHA256_SIZE] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
                                                 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                                                 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
                                                 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    hvc_hasher *hasher;
    hvc_error error;
    uint8_t digest[HVC_SHA256_SIZE];
    assert_int_equal(hvc_hasher_new(&hasher, &error), HVC_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(hvc_sha256(hasher, "xyz", 3, digest, &error), HVC_OK);
        assert_memory_not_equal(digest, abc, sizeof(abc));
        assert_int_equal(hvc_sha256(hasher, "abc", 3, digest, &error), HVC_OK);
        assert_memory_equal(digest, abc, sizeof(abc));
    }
    hvc_hasher_free(hasher);
    hvc_hasher_free(NULL);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    hvc_names names;
    if (hvc_folder_list(folder, &names, NULL) != HVC_OK)
        return 1;
    for (size_t i = 0; i < names.count; i++)
        unlink(in_folder(names.items[i]));
    hvc_names_free(&names);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_hash),
    };
    return cmocka_run_group_tests_name("file", tests, make_folder, remove_folder);
}
