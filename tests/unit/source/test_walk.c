/* The walk over files and folders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "source/source.h"

static char folder[] = "/tmp/hvcheck-test-walk-XXXXXX";

/* The path of a name in the folder; four of them can be used at a time. */
static const char *in_folder(const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];
    assert_true(snprintf(path, sizeof(paths[0]), "%s/%s", folder, name) < (int)sizeof(paths[0]));
    return path;
}

static void write_file(const char *name, const char *contents)
{
    FILE *file = fopen(in_folder(name), "wb");
    assert_non_null(file);
    fputs(contents, file);
    assert_int_equal(fclose(file), 0);
}

static void remove_all(const char *path)
{
    hvc_names names;
    if (hvc_folder_list(path, &names, NULL) == HVC_OK) {
        for (size_t i = 0; i < names.count; i++) {
            size_t size = strlen(path) + strlen(names.items[i]) + 2;
            char *child = malloc(size);
            assert_non_null(child);
            snprintf(child, size, "%s/%s", path, names.items[i]);
            hvc_file_kind kind;
            if (hvc_file_kind_of(child, false, &kind, NULL) == HVC_OK && kind == HVC_FILE_FOLDER)
                remove_all(child);
            else
                unlink(child);
            free(child);
        }
        hvc_names_free(&names);
    }
    rmdir(path);
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    mkdir(in_folder("b"), 0700);
    mkdir(in_folder("b/inner"), 0700);
    mkdir(in_folder("empty"), 0700);
    write_file("b/inner/x", "MZ x");
    write_file("b/z", "MZ z");
    write_file("a", "MZ a");
    write_file("B", "plain");
    write_file("\xC3\xA4", "MZ umlaut");
    write_file("-", "MZ dash");
    if (symlink("a", in_folder("link-to-file")) != 0 ||
        symlink("b", in_folder("link-to-folder")) != 0 ||
        symlink("nowhere", in_folder("link-to-nothing")) != 0)
        return -1;
    return mkfifo(in_folder("pipe"), 0600);
}

static int tear_down(void **state)
{
    (void)state;
    remove_all(folder);
    return 0;
}

/* The items of a walk, a line each, with the part of the path below the folder. */
static uint64_t walk(const char *const *paths, size_t count, hvc_buffer *log)
{
    hvc_walk *walk = NULL;
    hvc_error error;
    uint64_t skipped = 0;
    assert_int_equal(hvc_walk_new(paths, count, &walk, &error), HVC_OK);
    for (;;) {
        hvc_item item = {0};
        bool more = false;
        assert_int_equal(hvc_walk_next(walk, &item, &more, &skipped, &error), HVC_OK);
        if (!more)
            break;
        size_t prefix = strncmp(item.path, folder, strlen(folder)) == 0 ? strlen(folder) : 0;
        hvc_buffer_printf(log, "%s%s%s%s\n", item.path + prefix, item.named ? " named" : "",
                          item.is_stdin ? " stdin" : "", item.failed != HVC_OK ? " failed" : "");
        if (item.failed != HVC_OK)
            assert_int_equal(item.error.status, item.failed);
        hvc_item_clear(&item);
        assert_null(item.path);
    }
    hvc_walk_free(walk);
    hvc_buffer_put(log, "", 1);
    return skipped;
}

static void test_folder(void **state)
{
    (void)state;
    const char *const paths[] = {folder};
    hvc_buffer log = HVC_BUFFER_INIT;
    uint64_t skipped = walk(paths, 1, &log);
    assert_string_equal(log.data, "/-\n/B\n/a\n/b/inner/x\n/b/z\n/\xC3\xA4\n");
    assert_int_equal(skipped, 4); /* three links and a pipe */
    hvc_buffer_free(&log);
}

static void test_named_links_are_followed(void **state)
{
    (void)state;
    const char *const paths[] = {in_folder("link-to-file"), in_folder("link-to-folder/")};
    hvc_buffer log = HVC_BUFFER_INIT;
    assert_int_equal(walk(paths, 2, &log), 0);
    assert_string_equal(log.data,
                        "/link-to-file named\n/link-to-folder/inner/x\n/link-to-folder/z\n");
    hvc_buffer_free(&log);
}

static void test_what_cannot_be_walked(void **state)
{
    (void)state;
    const char *const paths[] = {in_folder("link-to-nothing"), in_folder("pipe"), "",
                                 in_folder("a/below"), "-"};
    hvc_buffer log = HVC_BUFFER_INIT;
    assert_int_equal(walk(paths, 5, &log), 0);
    assert_string_equal(log.data,
                        "/link-to-nothing named failed\n/pipe named failed\n named failed\n"
                        "/a/below named failed\n- named stdin\n");
    hvc_buffer_free(&log);
}

static void test_unreadable_folder(void **state)
{
    (void)state;
    if (geteuid() == 0)
        skip(); /* nothing is unreadable to root */
    chmod(in_folder("empty"), 0);
    const char *const paths[] = {folder};
    hvc_buffer log = HVC_BUFFER_INIT;
    walk(paths, 1, &log);
    chmod(in_folder("empty"), 0700);
    assert_non_null(strstr(log.data, "/empty failed\n"));
    assert_non_null(strstr(log.data, "/a\n"));
    hvc_buffer_free(&log);
}

/* As many folders as the limit allows are entered, the next one is an error that says so. */
static void test_depth(void **state)
{
    (void)state;
    char path[4096];
    int length = snprintf(path, sizeof(path), "%s/empty", folder);
    for (int i = 0; i < HVC_MAX_PATH_DEPTH + 1; i++) {
        length += snprintf(path + length, sizeof(path) - (size_t)length, "/d");
        assert_int_equal(mkdir(path, 0700), 0);
    }
    const char *const paths[] = {in_folder("empty")};
    hvc_walk *deep = NULL;
    assert_int_equal(hvc_walk_new(paths, 1, &deep, NULL), HVC_OK);
    hvc_item item = {0};
    bool more = false;
    uint64_t skipped = 0;
    assert_int_equal(hvc_walk_next(deep, &item, &more, &skipped, NULL), HVC_OK);
    assert_true(more);
    assert_int_equal(item.failed, HVC_E_LIMIT);
    assert_string_equal(item.path, path);
    hvc_item_clear(&item);
    assert_int_equal(hvc_walk_next(deep, &item, &more, &skipped, NULL), HVC_OK);
    assert_false(more);
    hvc_walk_free(deep);
    assert_int_equal(rmdir(path), 0); /* one level less */
    hvc_buffer log = HVC_BUFFER_INIT;
    walk(paths, 1, &log);
    assert_string_equal(log.data, "");
    hvc_buffer_free(&log);
}

static void test_load(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool pe;
        const char *contents;
    } cases[] = {{"a", true, "MZ a"}, {"B", false, "plain"}, {"-", true, "MZ dash"}};
    hvc_bytes bytes = HVC_BYTES_INIT;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *const paths[] = {in_folder(cases[i].name)};
        hvc_walk *one = NULL;
        hvc_item item = {0};
        bool more = false, pe = !cases[i].pe;
        uint64_t skipped = 0;
        assert_int_equal(hvc_walk_new(paths, 1, &one, NULL), HVC_OK);
        assert_int_equal(hvc_walk_next(one, &item, &more, &skipped, NULL), HVC_OK);
        assert_int_equal(hvc_item_load(&item, &bytes, &pe, NULL), HVC_OK);
        assert_int_equal(pe, cases[i].pe);
        assert_memory_equal(bytes.data, cases[i].contents, strlen(cases[i].contents));
        hvc_item_clear(&item);
        hvc_walk_free(one);
    }
    hvc_bytes_free(&bytes);
    hvc_item nothing = {0};
    bool pe = false;
    assert_int_equal(hvc_item_load(&nothing, &bytes, &pe, NULL), HVC_E_ARGUMENT);
}

/* Workers that read standard input at the same time would each get a part of it. */
static void test_stdin_once(void **state)
{
    (void)state;
    const char *const paths[] = {"-", "-"};
    hvc_buffer log = HVC_BUFFER_INIT;
    walk(paths, 2, &log);
    assert_string_equal(log.data, "- named stdin\n- named stdin failed\n");
    hvc_buffer_free(&log);
}

/* A walk may be given up in the middle of a folder. */
static void test_given_up(void **state)
{
    (void)state;
    const char *const paths[] = {folder};
    hvc_walk *started = NULL;
    hvc_item item = {0};
    bool more = false;
    uint64_t skipped = 0;
    assert_int_equal(hvc_walk_new(paths, 1, &started, NULL), HVC_OK);
    for (int i = 0; i < 4; i++) {
        hvc_item_clear(&item);
        assert_int_equal(hvc_walk_next(started, &item, &more, &skipped, NULL), HVC_OK);
        assert_true(more);
    }
    hvc_item_clear(&item);
    hvc_walk_free(started);
    hvc_walk_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_named_links_are_followed),
        cmocka_unit_test(test_what_cannot_be_walked),
        cmocka_unit_test(test_unreadable_folder),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_stdin_once),
        cmocka_unit_test(test_given_up),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
