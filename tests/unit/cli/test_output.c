/* Where reports go: files that appear all at once, and outputs that fail. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "cli/output.h"

static char folder[] = "/tmp/hvcheck-test-output-XXXXXX";

static const char *in_folder(const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];
    assert_true(snprintf(path, sizeof(paths[0]), "%s/%s", folder, name) < (int)sizeof(paths[0]));
    return path;
}

static size_t entries(void)
{
    hvc_names names;
    assert_int_equal(hvc_folder_list(folder, &names, NULL), HVC_OK);
    size_t count = names.count;
    hvc_names_free(&names);
    return count;
}

static void assert_contents(const char *path, const char *contents)
{
    hvc_bytes bytes = HVC_BYTES_INIT;
    assert_int_equal(hvc_file_read(path, &bytes, NULL), HVC_OK);
    assert_int_equal(bytes.size, strlen(contents));
    assert_memory_equal(bytes.data, contents, bytes.size);
    hvc_bytes_free(&bytes);
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void test_appears_when_finished(void **state)
{
    (void)state;
    const char *path = in_folder("report");
    cli_output output;
    assert_int_equal(cli_output_open(&output, path), HVC_OK);
    assert_int_equal(cli_output_put(&output, "one ", 4), HVC_OK);
    assert_int_equal(cli_output_put(&output, "two", 3), HVC_OK);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(cli_output_finish(&output), HVC_OK);
    cli_output_free(&output);
    assert_contents(path, "one two");
    assert_int_equal(entries(), 1);

    /* What stands there is replaced whole, and keeps its permissions. */
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(cli_output_open(&output, path), HVC_OK);
    assert_int_equal(cli_output_put(&output, "3", 1), HVC_OK);
    assert_contents(path, "one two");
    assert_int_equal(cli_output_finish(&output), HVC_OK);
    cli_output_free(&output);
    assert_contents(path, "3");
    struct stat now;
    assert_int_equal(stat(path, &now), 0);
    assert_int_equal(now.st_mode & 0777, 0640);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(entries(), 0);
}

static void test_given_up(void **state)
{
    (void)state;
    cli_output output;
    assert_int_equal(cli_output_open(&output, in_folder("report")), HVC_OK);
    assert_int_equal(cli_output_put(&output, "half", 4), HVC_OK);
    assert_int_equal(entries(), 1); /* the temporary file */
    cli_output_free(&output);
    assert_int_equal(entries(), 0);
}

static void test_link(void **state)
{
    (void)state;
    const char *link = in_folder("link"), *target = in_folder("target");
    assert_int_equal(symlink("target", link), 0);
    FILE *file = fopen(target, "w");
    assert_non_null(file);
    fclose(file);
    cli_output output;
    assert_int_equal(cli_output_open(&output, link), HVC_OK);
    assert_int_equal(cli_output_put(&output, "new", 3), HVC_OK);
    assert_int_equal(cli_output_finish(&output), HVC_OK);
    cli_output_free(&output);
    assert_contents(target, "new");
    hvc_file_kind kind;
    assert_int_equal(hvc_file_kind_of(link, false, &kind, NULL), HVC_OK);
    assert_int_equal(kind, HVC_FILE_LINK);
    unlink(link);
    unlink(target);
}

static void test_cannot_open(void **state)
{
    (void)state;
    cli_output output;
    assert_int_equal(cli_output_open(&output, in_folder("no/such")), HVC_E_IO);
    assert_string_not_equal(output.error.message, "");
    cli_output_free(&output);
    assert_int_equal(cli_output_open(&output, folder), HVC_E_IO);
    cli_output_free(&output);
}

/* A device is written to, not replaced; that it is full is noticed at the latest at the end. */
static void test_device(void **state)
{
    (void)state;
    struct stat before, after;
    if (stat("/dev/full", &before) != 0)
        skip();
    cli_output output;
    assert_int_equal(cli_output_open(&output, "/dev/full"), HVC_OK);
    hvc_status status = cli_output_put(&output, "text", 4);
    if (status == HVC_OK)
        status = cli_output_finish(&output);
    assert_int_equal(status, HVC_E_IO);
    assert_false(output.closed);
    /* Nothing is written behind a failure. */
    assert_int_equal(cli_output_put(&output, "more", 4), HVC_E_IO);
    cli_output_free(&output);
    assert_int_equal(stat("/dev/full", &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_true(S_ISCHR(after.st_mode));
}

static void test_reader_goes_away(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    char path[64];
    snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
    struct stat there;
    if (stat(path, &there) != 0)
        skip();
    int argc = 0;
    char **argv = NULL;
    cli_platform_init(&argc, &argv);
    cli_output output;
    assert_int_equal(cli_output_open(&output, path), HVC_OK);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(cli_output_put(&output, "text", 4), HVC_E_IO);
    assert_true(output.closed);
    cli_output_free(&output);
}

/* The first piece goes out at once, small ones behind it are gathered. */
static void test_pieces(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    char path[64], read_back[8];
    snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
    struct stat there;
    if (stat(path, &there) != 0)
        skip();
    cli_output output;
    assert_int_equal(cli_output_open(&output, path), HVC_OK);
    assert_int_equal(cli_output_put(&output, "a", 1), HVC_OK);
    assert_int_equal(read(ends[0], read_back, sizeof(read_back)), 1);
    for (int i = 0; i < 5; i++)
        assert_int_equal(cli_output_put(&output, "b", 1), HVC_OK);
    assert_int_equal(cli_output_finish(&output), HVC_OK);
    assert_int_equal(read(ends[0], read_back, sizeof(read_back)), 5);
    cli_output_free(&output);
    close(ends[0]);
    close(ends[1]);
}

/* A pipe that does not block is waited for. */
static void test_not_blocking(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20 };
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    pid_t child = fork();
    if (child == 0) {
        /* The reader: exits well when everything comes. */
        char piece[4096];
        size_t total = 0;
        close(ends[1]);
        for (ssize_t got; (got = read(ends[0], piece, sizeof(piece))) > 0;)
            total += (size_t)got;
        _exit(total == SIZE ? 0 : 1);
    }
    assert_true(child > 0);
    close(ends[0]);
    char *bytes = calloc(1, SIZE);
    assert_non_null(bytes);
    bool closed = true;
    assert_int_equal(cli_write(ends[1], bytes, SIZE, &closed, NULL), HVC_OK);
    assert_false(closed);
    free(bytes);
    close(ends[1]);
    int result = -1;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appears_when_finished),
        cmocka_unit_test(test_given_up),
        cmocka_unit_test(test_link),
        cmocka_unit_test(test_cannot_open),
        cmocka_unit_test(test_device),
        cmocka_unit_test(test_reader_goes_away),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_not_blocking),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
