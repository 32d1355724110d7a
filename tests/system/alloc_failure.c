/* Lets the n-th allocation fail, for every n until everything succeeds: evaluating each image given
 * and writing its JSON report (given facts: judging them; given a Windows tree: gathering its
 * facts) must then end in HVC_E_MEMORY, without a crash and without a leak.
 *
 * Linked with --wrap=malloc,calloc,realloc, so that it sees the allocations of the library's own
 * code; those of libcrypto and libc are made inside them and stay as they are. An arena asks for
 * memory once in a while only, so the arena's functions are wrapped too: whatever they are asked
 * for can fail. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvcheck/evaluate.h>
#include <hvcheck/machine.h>
#include <hvcheck/report.h>

#include "base/arena.h"
#include "base/file.h"
#include "machine/probe.h"

enum { MAX_ALLOCATIONS = 100000 };

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);

void *__real_hvc_arena_alloc(hvc_arena *arena, size_t size);
void *__real_hvc_arena_array(hvc_arena *arena, size_t count, size_t size);
char *__real_hvc_arena_text(hvc_arena *arena, hvc_text text);
char *__real_hvc_arena_strdup(hvc_arena *arena, const char *text);
char *__real_hvc_arena_vprintf(hvc_arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
bool __real_hvc_arena_grow(hvc_arena *arena, void *address, size_t *capacity, size_t count,
                           size_t size);
void *__wrap_hvc_arena_alloc(hvc_arena *arena, size_t size);
void *__wrap_hvc_arena_array(hvc_arena *arena, size_t count, size_t size);
char *__wrap_hvc_arena_text(hvc_arena *arena, hvc_text text);
char *__wrap_hvc_arena_strdup(hvc_arena *arena, const char *text);
char *__wrap_hvc_arena_vprintf(hvc_arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
char *__wrap_hvc_arena_printf(hvc_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool __wrap_hvc_arena_grow(hvc_arena *arena, void *address, size_t *capacity, size_t count,
                           size_t size);

/* Allocations until one fails; negative: none does. */
static long countdown = -1;
static bool has_failed;

static bool fails(void)
{
    if (countdown < 0)
        return false;
    if (countdown-- > 0)
        return false;
    has_failed = true;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return fails() ? NULL : __real_realloc(block, size);
}

static bool arena_fails(hvc_arena *arena)
{
    bool now = fails();
    arena->failed = arena->failed || now;
    return now;
}

void *__wrap_hvc_arena_alloc(hvc_arena *arena, size_t size)
{
    return arena_fails(arena) ? NULL : __real_hvc_arena_alloc(arena, size);
}

void *__wrap_hvc_arena_array(hvc_arena *arena, size_t count, size_t size)
{
    return arena_fails(arena) ? NULL : __real_hvc_arena_array(arena, count, size);
}

char *__wrap_hvc_arena_text(hvc_arena *arena, hvc_text text)
{
    return arena_fails(arena) ? NULL : __real_hvc_arena_text(arena, text);
}

char *__wrap_hvc_arena_strdup(hvc_arena *arena, const char *text)
{
    return arena_fails(arena) ? NULL : __real_hvc_arena_strdup(arena, text);
}

char *__wrap_hvc_arena_vprintf(hvc_arena *arena, const char *format, va_list args)
{
    return arena_fails(arena) ? NULL : __real_hvc_arena_vprintf(arena, format, args);
}

char *__wrap_hvc_arena_printf(hvc_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_fails(arena) ? NULL : __real_hvc_arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

bool __wrap_hvc_arena_grow(hvc_arena *arena, void *address, size_t *capacity, size_t count,
                           size_t size)
{
    return !arena_fails(arena) && __real_hvc_arena_grow(arena, address, capacity, count, size);
}

static hvc_status swallow(void *context, const char *bytes, size_t size)
{
    (void)bytes;
    *(size_t *)context += size;
    return HVC_OK;
}

static hvc_status report_driver(const char *format, const hvc_driver *driver, size_t *written)
{
    hvc_report *report = NULL;
    hvc_error error;
    hvc_summary summary = {.drivers = 1};
    hvc_status status = hvc_report_new(format, NULL, swallow, written, &report, &error);
    if (status == HVC_OK)
        status = hvc_report_driver(report, driver);
    if (status == HVC_OK)
        status = hvc_report_finish(report, &summary);
    hvc_report_free(report);
    return status;
}

static hvc_status evaluate_and_report(const hvc_bytes *image, const char *format, size_t *written)
{
    hvc_driver *driver = NULL;
    hvc_error error = {.status = HVC_OK};
    hvc_status status = hvc_evaluate(image->data, image->size, "driver.sys", NULL, &driver, &error);
    if (status == HVC_OK)
        status = report_driver(format, driver, written);
    hvc_driver_free(driver);
    return status;
}

/* Facts instead of an image: judged, and written in every way. */
static hvc_status judge_and_report(const hvc_bytes *facts, size_t *written)
{
    const hvc_machine_report_options options = {.color = true, .log = true};
    hvc_machine *machine = NULL;
    hvc_readiness *readiness = NULL;
    hvc_error error = {.status = HVC_OK};
    hvc_status status = hvc_machine_read(facts->data, facts->size, "pc", &machine, &error);
    if (status == HVC_OK)
        status = hvc_readiness_new(hvc_machine_facts(machine), NULL, &readiness, &error);
    if (status == HVC_OK)
        status = hvc_report_capable_text(readiness, &options, swallow, written);
    if (status == HVC_OK)
        status =
            hvc_report_capable_json(readiness, hvc_machine_facts(machine), false, swallow, written);
    if (status == HVC_OK)
        status = hvc_report_facts(hvc_machine_facts(machine), swallow, written);
    if (status == HVC_OK) {
        hvc_running running;
        hvc_running_judge(hvc_machine_facts(machine), HVC_SCOPE_ALL, &running);
        status = hvc_report_ready_text(&running, NULL, swallow, written);
    }
    hvc_readiness_free(readiness);
    hvc_machine_free(machine);
    return status;
}

/* A folder instead of a file. */
static hvc_status gather_and_write(const char *root, size_t *written)
{
    hvc_facts_builder builder;
    hvc_probe_options options = {.root = root};
    hvc_error error = {.status = HVC_OK};
    hvc_buffer out = HVC_BUFFER_INIT;
    hvc_facts_init(&builder, "offline", root);
    hvc_status status = hvc_probe_offline(&builder, &options, &error);
    if (status == HVC_OK)
        status = hvc_facts_finish(&builder);
    if (status == HVC_OK)
        hvc_facts_write(&builder.facts, &out);
    *written += out.size;
    if (status == HVC_OK && out.failed)
        status = HVC_E_MEMORY;
    hvc_buffer_free(&out);
    hvc_facts_free(&builder);
    return status;
}

static hvc_status run_once(const hvc_bytes *bytes, const char *format, size_t *written)
{
    if (strcmp(format, "tree") == 0)
        return gather_and_write((const char *)bytes->data, written);
    return strcmp(format, "machine") == 0 ? judge_and_report(bytes, written)
                                          : evaluate_and_report(bytes, format, written);
}

/* NULL when all went well, otherwise what did not; *ret_count: the allocations that a success
 * takes. */
static const char *run_image(const hvc_bytes *image, const char *format, long *ret_count)
{
    size_t whole = 0;
    if (run_once(image, format, &whole) != HVC_OK || whole == 0)
        return "the evaluation fails without a failing allocation";
    for (long n = 0; n < MAX_ALLOCATIONS; n++) {
        size_t written = 0;
        has_failed = false;
        countdown = n;
        hvc_status status = run_once(image, format, &written);
        countdown = -1;
        *ret_count = n;
        if (!has_failed)
            return status == HVC_OK && written == whole ? NULL
                                                        : "the last run is not like the first";
        if (status != HVC_E_MEMORY) {
            printf("# %s: allocation %ld failed, the status is %s\n", format, n,
                   hvc_status_id(status));
            return "a failed allocation is not told";
        }
    }
    return "there is no end of allocations";
}

static bool run_formats(const char *path, const hvc_bytes *bytes, const char *const *formats,
                        int *number)
{
    bool fine = true;
    for (size_t j = 0; formats[j] != NULL; j++) {
        long count = 0;
        const char *why = run_image(bytes, formats[j], &count);
        fine = fine && why == NULL;
        printf("%sok %d - %s as %s: %ld allocations\n", why == NULL ? "" : "not ", ++*number, path,
               formats[j], count);
        if (why != NULL)
            printf("# %s\n", why);
    }
    return fine;
}

int main(int argc, char **argv)
{
    bool fine = argc > 1;
    static const char *const machine[] = {"machine", NULL}, *const tree[] = {"tree", NULL};
    int number = 0;
    for (int i = 1; i < argc; i++) {
        hvc_bytes image = HVC_BYTES_INIT;
        hvc_error error;
        hvc_file_kind kind;
        if (hvc_file_kind_of(argv[i], true, &kind, &error) == HVC_OK && kind == HVC_FILE_FOLDER) {
            const hvc_bytes root = {.data = (uint8_t *)argv[i], .size = strlen(argv[i])};
            fine = run_formats(argv[i], &root, tree, &number) && fine;
            continue;
        }
        if (hvc_file_read(argv[i], &image, &error) != HVC_OK) {
            printf("Bail out! %s: %s\n", argv[i], error.message);
            return EXIT_FAILURE;
        }
        bool facts = image.size > 0 && image.data[0] == '{';
        fine =
            run_formats(argv[i], &image, facts ? machine : hvc_report_formats(), &number) && fine;
        hvc_bytes_free(&image);
    }
    printf("1..%d\n", number);
    return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
