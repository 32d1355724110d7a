/* A scan over a folder: order, what is skipped, what is an error, the sums. */
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

#include <hvcheck/evaluate.h>

#include "base/buffer.h"
#include "tiny_image.h"

static char folder[] = "/tmp/hvcheck-test-scan-XXXXXX";

static void path_in_folder(char *path, size_t size, const char *name)
{
    assert_true(snprintf(path, size, "%s/%s", folder, name) < (int)size);
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    char path[256];
    path_in_folder(path, sizeof(path), name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void write_image(const char *name, const tiny_options *options, size_t size)
{
    uint8_t bytes[TINY_SIZE];
    tiny_image(options, bytes);
    write_file(name, bytes, size);
}

static int set_up(void **state)
{
    (void)state;
    char path[256];
    if (mkdtemp(folder) == NULL)
        return -1;
    path_in_folder(path, sizeof(path), "sub");
    if (mkdir(path, 0700) != 0)
        return -1;
    write_image("a-clean.sys", &(tiny_options){.import_count = 0}, TINY_SIZE);
    write_image("b-guilty.sys", &(tiny_options){.text_characteristics = 0xE0000020}, TINY_SIZE);
    write_image("c-user.exe", &(tiny_options){.subsystem = 3}, TINY_SIZE);
    write_image("d-cut.sys", &(tiny_options){.import_count = 0}, TINY_NT + 50);
    write_file("e-text.sys", "no image", 8);
    write_file("f-empty.sys", "", 0);
    write_image(
        "sub/open.sys",
        &(tiny_options){.imports = {{"ntoskrnl.exe", "ExAllocatePool", 0}}, .import_count = 1},
        TINY_SIZE);
    path_in_folder(path, sizeof(path), "z-link.sys");
    return symlink("a-clean.sys", path);
}

static int tear_down(void **state)
{
    static const char *const names[] = {"a-clean.sys", "b-guilty.sys", "c-user.exe",
                                        "d-cut.sys",   "e-text.sys",   "f-empty.sys",
                                        "z-link.sys",  "sub/open.sys", "sub"};
    (void)state;
    char path[256];
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        path_in_folder(path, sizeof(path), names[i]);
        remove(path);
    }
    return rmdir(folder);
}

/* The events, one a line. */
typedef struct recorder {
    hvc_buffer log;
    hvc_status stop_with;
    uint64_t progress;
} recorder;

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static hvc_status on_driver(void *context, const hvc_driver *driver)
{
    recorder *self = context;
    hvc_buffer_printf(&self->log, "%s %s\n", base_name(driver->path),
                      hvc_verdict_name(driver->verifier));
    return self->stop_with;
}

static hvc_status on_error(void *context, const hvc_input_error *error)
{
    recorder *self = context;
    hvc_buffer_printf(&self->log, "%s error %s\n", base_name(error->path),
                      hvc_status_id(error->error.status));
    return HVC_OK;
}

static void on_progress(void *context, const char *path, uint64_t files_done)
{
    recorder *self = context;
    assert_non_null(path);
    assert_int_equal(files_done, self->progress + 1);
    self->progress = files_done;
}

static const hvc_scan_events events = {on_driver, on_error, on_progress};

static hvc_summary scan(recorder *self, const char *const *paths, size_t count, unsigned jobs)
{
    hvc_summary summary;
    hvc_error error;
    hvc_options options = {.jobs = jobs};
    assert_int_equal(hvc_scan(paths, count, &options, &events, self, &summary, &error), HVC_OK);
    hvc_buffer_put(&self->log, "", 1);
    assert_false(self->log.failed);
    return summary;
}

static void test_folder(void **state)
{
    (void)state;
    static const unsigned jobs[] = {1, 2, 8, 0};
    const char *const paths[] = {folder};
    for (size_t i = 0; i < sizeof(jobs) / sizeof(*jobs); i++) {
        recorder self = {.log = HVC_BUFFER_INIT};
        hvc_summary sum = scan(&self, paths, 1, jobs[i]);
        assert_string_equal(self.log.data, "a-clean.sys pass\n"
                                           "b-guilty.sys fail\n"
                                           "d-cut.sys error truncated\n"
                                           "open.sys undetermined\n");
        assert_int_equal(sum.drivers, 3);
        assert_int_equal(sum.compatible, 1);
        assert_int_equal(sum.incompatible, 1);
        assert_int_equal(sum.undetermined, 1);
        assert_int_equal(sum.not_applicable, 0);
        assert_int_equal(sum.errors, 1);
        assert_int_equal(sum.skipped, 4); /* program, text, empty file, link */
        assert_int_equal(sum.bytes, 3 * TINY_SIZE);
        assert_int_equal(self.progress, 7); /* all but the link */
        hvc_buffer_free(&self.log);
    }
}

/* What is skipped in a folder is told of when it was named. */
static void test_named(void **state)
{
    (void)state;
    static const char *const names[] = {"e-text.sys", "c-user.exe",  "z-link.sys",
                                        "none.sys",   "a-clean.sys", "f-empty.sys"};
    char paths[6][256];
    const char *list[6];
    for (size_t i = 0; i < 6; i++) {
        path_in_folder(paths[i], sizeof(paths[i]), names[i]);
        list[i] = paths[i];
    }
    recorder self = {.log = HVC_BUFFER_INIT};
    hvc_summary sum = scan(&self, list, 6, 4);
    assert_string_equal(self.log.data, "e-text.sys error not_pe\n"
                                       "c-user.exe not-applicable\n"
                                       "z-link.sys pass\n"
                                       "none.sys error io\n"
                                       "a-clean.sys pass\n"
                                       "f-empty.sys error not_pe\n");
    assert_int_equal(sum.drivers, 3);
    assert_int_equal(sum.not_applicable, 1);
    assert_int_equal(sum.errors, 3);
    assert_int_equal(sum.skipped, 0);
    hvc_buffer_free(&self.log);
}

static void test_stop(void **state)
{
    (void)state;
    const char *const paths[] = {folder};
    for (unsigned jobs = 1; jobs <= 3; jobs++) {
        recorder self = {.log = HVC_BUFFER_INIT, .stop_with = HVC_E_CANCELLED};
        hvc_options options = {.jobs = jobs};
        hvc_summary summary = {.drivers = 77};
        hvc_error error = {.status = HVC_OK};
        assert_int_equal(hvc_scan(paths, 1, &options, &events, &self, &summary, &error),
                         HVC_E_CANCELLED);
        assert_int_equal(error.status, HVC_E_CANCELLED);
        assert_int_equal(summary.drivers, 77); /* untouched */
        assert_int_equal(self.log.size, strlen("a-clean.sys pass\n"));
        hvc_buffer_free(&self.log);
    }
}

static void test_without_events(void **state)
{
    (void)state;
    const char *const paths[] = {folder, folder};
    hvc_summary summary;
    assert_int_equal(hvc_scan(paths, 2, NULL, NULL, NULL, &summary, NULL), HVC_OK);
    assert_int_equal(summary.drivers, 6);
    assert_int_equal(hvc_scan(paths, 0, NULL, NULL, NULL, &summary, NULL), HVC_OK);
    assert_int_equal(summary.drivers, 0);
    assert_int_equal(hvc_scan(paths, 1, NULL, NULL, NULL, NULL, NULL), HVC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_named),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_without_events),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
