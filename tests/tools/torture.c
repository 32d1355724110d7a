/* Evaluates damaged forms of each image given: cut at every length, and mutated at random. What
 * counts is that nothing crashes, leaks or reads out of bounds (run it under sanitizers), that
 * every outcome is one of the documented ones, and that time stays within bounds.
 *
 *   torture [--mutations N] [--seed N] IMAGE...
 *
 * The generator is deterministic: a failing case is named by its number, and runs alone with
 * --only IMAGE-NUMBER:CASE-NUMBER (which also writes the case to standard output). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hvcheck/evaluate.h>
#include <hvcheck/report.h>

#include "base/file.h"
#include "engine/engine.h"

enum {
    DEFAULT_MUTATIONS = 2000,
    MAX_CHANGES = 8,
    HEADER_BYTES = 1024, /* where half of the changes go: headers and tables decide most */
    SLOWEST_MS = 2000,   /* a case that takes longer is a failure, also under sanitizers */
};

/* Over the cases of one image. The hasher serves them all: making one takes longer than a case. */
typedef struct tally {
    hvc_hasher *hasher;
    uint64_t cases, evaluated, refused, failures;
    unsigned long slowest_ms;
} tally;

static uint64_t next_random(uint64_t *state)
{
    uint64_t value = (*state += UINT64_C(0x9e3779b97f4a7c15));
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static unsigned long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long)now.tv_sec * 1000 + (unsigned long)now.tv_nsec / 1000000;
}

static hvc_status swallow(void *context, const char *bytes, size_t size)
{
    (void)bytes;
    *(uint64_t *)context += size;
    return HVC_OK;
}

/* The model must be writable too: the report walks every text and list that it holds. */
static bool report_driver(const hvc_driver *driver)
{
    uint64_t written = 0;
    hvc_report *report = NULL;
    hvc_error error;
    hvc_summary summary = {.drivers = 1};
    if (hvc_report_new("json", NULL, swallow, &written, &report, &error) != HVC_OK)
        return false;
    bool fine = hvc_report_driver(report, driver) == HVC_OK &&
                hvc_report_finish(report, &summary) == HVC_OK && written > 0;
    hvc_report_free(report);
    return fine;
}

/* The statuses that hvc_evaluate documents for bytes of any kind. */
static bool is_documented(hvc_status status)
{
    return status == HVC_E_NOT_PE || status == HVC_E_TRUNCATED || status == HVC_E_MALFORMED ||
           status == HVC_E_UNSUPPORTED || status == HVC_E_LIMIT;
}

static bool is_consistent(const hvc_driver *driver)
{
    if ((unsigned)driver->verifier >= HVC_VERDICT_COUNT ||
        (unsigned)driver->load >= HVC_VERDICT_COUNT)
        return false;
    bool counted = false;
    for (size_t i = 0; i < HVC_COUNTER_COUNT; i++)
        counted = counted || driver->counters[i] > 0;
    if (counted && driver->verifier == HVC_VERDICT_PASS)
        return false;
    bool unknown =
        driver->verifier == HVC_VERDICT_UNDETERMINED || driver->load == HVC_VERDICT_UNDETERMINED;
    return !unknown || driver->undetermined_why != NULL;
}

/* As hvc_evaluate does, but for the hasher: each case has memory of its own, which is freed. A copy
 * of the bytes that ends exactly where the case ends lets the sanitizers see a read behind it. */
static void run_case(const uint8_t *bytes, size_t size, const char *name, uint64_t number,
                     tally *sum)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL)
        abort();
    if (size > 0)
        memcpy(copy, bytes, size);
    hvc_evaluation *evaluation = calloc(1, sizeof(*evaluation));
    if (evaluation == NULL)
        abort();
    hvc_driver *driver = &evaluation->driver;
    hvc_error error = {.status = HVC_OK};
    bool passed_over = false;
    unsigned long start = now_ms();
    hvc_status status = hvc_evaluation_run(evaluation, sum->hasher, (hvc_span){copy, size}, name,
                                           NULL, false, &passed_over, &error);
    free(copy);
    bool fine;
    if (status == HVC_OK) {
        fine = is_consistent(driver) && report_driver(driver);
        sum->evaluated++;
    } else {
        fine = is_documented(status) && error.message[0] != '\0';
        sum->refused++;
    }
    hvc_driver_free(driver);
    unsigned long spent = now_ms() - start;
    if (spent > sum->slowest_ms)
        sum->slowest_ms = spent;
    sum->cases++;
    if (!fine || spent > SLOWEST_MS) {
        sum->failures++;
        printf("# %s: case %" PRIu64 ": status %d (%s), %lu ms\n", name, number, (int)status,
               status == HVC_OK ? "evaluated" : error.message, spent);
    }
}

/* Values that make sizes wrap, signs flip and loops long. */
static uint32_t nasty(uint64_t *state)
{
    static const uint32_t values[] = {0,          1,          7,          8,          0xff,
                                      0xffff,     0x10000,    0x7fffffff, 0x80000000, 0xfffffff8,
                                      0xfffffffe, 0xffffffff, 0x1000,     0xfff,      0x200};
    uint64_t random = next_random(state);
    size_t count = sizeof(values) / sizeof(*values);
    return random & 1 ? values[(random >> 8) % count] : (uint32_t)(random >> 32);
}

static void mutate(uint8_t *bytes, size_t size, uint64_t *state)
{
    uint64_t changes = 1 + next_random(state) % MAX_CHANGES;
    for (uint64_t i = 0; i < changes; i++) {
        uint64_t random = next_random(state);
        size_t range = random & 1 && size > HEADER_BYTES ? HEADER_BYTES : size;
        size_t at = (size_t)((random >> 8) % range);
        uint32_t value = nasty(state);
        size_t width = (size_t)1 << ((random >> 1) % 3);
        if (width > size - at)
            width = size - at;
        if ((random >> 3) % 4 == 0)
            bytes[at] ^= (uint8_t)(1u << (value % 8));
        else
            for (size_t j = 0; j < width; j++)
                bytes[at + j] = (uint8_t)(value >> (8 * j));
    }
}

typedef struct plan {
    uint64_t mutations, seed;
    bool single;
    uint64_t only_image, only_case;
} plan;

/* Cases 0..size are the lengths; the mutations follow. Returns false when memory is exhausted. */
static bool run_image(const hvc_bytes *image, const char *name, const plan *what, uint64_t index,
                      tally *sum)
{
    uint8_t *work = malloc(image->size > 0 ? image->size : 1);
    if (work == NULL)
        return false;
    uint64_t lengths = (uint64_t)image->size + 1;
    uint64_t first = what->single ? what->only_case : 0;
    uint64_t end = what->single ? first + 1 : lengths + what->mutations;
    for (uint64_t number = first; number < end; number++) {
        size_t size = number < lengths ? (size_t)number : image->size;
        if (image->size > 0)
            memcpy(work, image->data, image->size);
        if (number >= lengths) {
            uint64_t state = what->seed ^ (index << 48) ^ number;
            mutate(work, size, &state);
            if (next_random(&state) % 4 == 0) /* a mutated file may be cut as well */
                size = (size_t)(next_random(&state) % (size + 1));
        }
        if (what->single)
            fwrite(work, 1, size, stdout);
        run_case(work, size, name, number, sum);
    }
    free(work);
    return true;
}

static bool parse(int argc, char **argv, plan *ret_plan, int *ret_first)
{
    *ret_plan = (plan){.mutations = DEFAULT_MUTATIONS, .seed = 1};
    int i = 1;
    for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
        char *end = NULL;
        uint64_t value = strtoull(argv[i + 1], &end, 0);
        if (strcmp(argv[i], "--mutations") == 0) {
            ret_plan->mutations = value;
        } else if (strcmp(argv[i], "--seed") == 0) {
            ret_plan->seed = value;
        } else if (strcmp(argv[i], "--only") == 0 && *end == ':') {
            ret_plan->single = true;
            ret_plan->only_image = value;
            ret_plan->only_case = strtoull(end + 1, &end, 0);
        } else {
            return false;
        }
        if (*end != '\0')
            return false;
    }
    *ret_first = i;
    return i < argc;
}

int main(int argc, char **argv)
{
    plan what;
    int first = 0;
    if (!parse(argc, argv, &what, &first)) {
        fprintf(stderr, "usage: torture [--mutations N] [--seed N] [--only IMAGE:CASE] IMAGE...\n");
        return 2;
    }
    if (!what.single)
        printf("1..%d\n", argc - first);
    bool fine = true;
    for (int i = first; i < argc; i++) {
        uint64_t index = (uint64_t)(i - first);
        if (what.single && index != what.only_image)
            continue;
        hvc_bytes image = HVC_BYTES_INIT;
        hvc_error error;
        tally sum = {.hasher = NULL};
        if (hvc_hasher_new(&sum.hasher, &error) != HVC_OK ||
            hvc_file_read(argv[i], &image, &error) != HVC_OK ||
            !run_image(&image, argv[i], &what, index, &sum)) {
            printf("not ok %d - %s cannot be read\n", i - first + 1, argv[i]);
            hvc_bytes_free(&image);
            hvc_hasher_free(sum.hasher);
            return 1;
        }
        hvc_bytes_free(&image);
        hvc_hasher_free(sum.hasher);
        bool good = sum.failures == 0;
        fine = fine && good;
        if (!what.single)
            printf("%sok %d - %s: %" PRIu64 " cases, %" PRIu64 " evaluated, %" PRIu64
                   " refused, slowest %lu ms\n",
                   good ? "" : "not ", i - first + 1, argv[i], sum.cases, sum.evaluated,
                   sum.refused, sum.slowest_ms);
        fflush(stdout);
    }
    return fine ? 0 : 1;
}
