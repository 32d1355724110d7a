/* Many drivers: a walk fills the slots of a ring, workers evaluate them, and their results are told
 * in the order of the walk. Slots and workers keep their memory from one file to the next. */
#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/pool.h"
#include "engine/engine.h"
#include "source/source.h"

enum { SLOTS_PER_WORKER = 8 }; /* so that one large file does not hold up the other workers */
/* What a worker keeps of a file's memory for the next file. */
#define KEPT_BYTES ((size_t)512 << 10)

typedef enum outcome { OUTCOME_DRIVER, OUTCOME_SKIPPED, OUTCOME_ERROR } outcome;

typedef struct slot {
    hvc_item item;
    outcome outcome;
    hvc_evaluation evaluation;
    hvc_error error;
} slot;

typedef struct worker {
    hvc_hasher *hasher;
    hvc_bytes bytes;
} worker;

typedef struct scan {
    const hvc_options *options;
    const hvc_scan_events *events;
    void *context;
    hvc_walk *walk;
    slot *slots;
    worker *workers;
    uint64_t files_done;
    hvc_summary summary;
    hvc_error error;
} scan;

static hvc_status produce(void *context, unsigned number, bool *ret_more)
{
    scan *self = context;
    slot *s = &self->slots[number];
    hvc_item_clear(&s->item);
    return hvc_walk_next(self->walk, &s->item, ret_more, &self->summary.skipped, &self->error);
}

/* A file in a folder that is no driver is nothing to complain about; one that is a PE image but
 * cannot be read is. */
static outcome outcome_of_failure(const hvc_item *item, hvc_status status)
{
    bool other = status == HVC_E_NOT_PE || status == HVC_E_UNSUPPORTED;
    return other && !item->named ? OUTCOME_SKIPPED : OUTCOME_ERROR;
}

static hvc_status evaluate_slot(scan *self, slot *s, worker *w)
{
    if (s->item.failed != HVC_OK) {
        s->error = s->item.error;
        return s->item.failed;
    }
    bool pe = false;
    hvc_status status = hvc_item_load(&s->item, &w->bytes, &pe, &s->error);
    if (status != HVC_OK)
        return status;
    if (!pe)
        return hvc_fail_at(&s->error, HVC_E_NOT_PE, 0,
                           w->bytes.size == 0 ? "the file is empty" : "no MZ signature");
    bool passed_over = false;
    status = hvc_evaluation_run(&s->evaluation, w->hasher, hvc_bytes_span(&w->bytes), s->item.path,
                                self->options, !s->item.named, &passed_over, &s->error);
    s->outcome = passed_over ? OUTCOME_SKIPPED : OUTCOME_DRIVER;
    return status;
}

static void work(void *context, unsigned number, unsigned worker_number)
{
    scan *self = context;
    slot *s = &self->slots[number];
    worker *w = &self->workers[worker_number];
    s->error = (hvc_error){HVC_OK, false, 0, ""};
    hvc_status status = evaluate_slot(self, s, w);
    if (status != HVC_OK)
        s->outcome = outcome_of_failure(&s->item, status);
    if (w->bytes.capacity > KEPT_BYTES)
        hvc_bytes_free(&w->bytes);
}

static hvc_status tell_driver(scan *self, const hvc_driver *driver)
{
    hvc_summary *sum = &self->summary;
    sum->drivers++;
    sum->bytes += driver->size;
    if (driver->verifier == HVC_VERDICT_FAIL || driver->load == HVC_VERDICT_FAIL)
        sum->incompatible++;
    else if (hvc_driver_compatible(driver))
        sum->compatible++;
    else if (driver->verifier == HVC_VERDICT_NOT_APPLICABLE)
        sum->not_applicable++;
    else
        sum->undetermined++;
    return self->events->driver != NULL ? self->events->driver(self->context, driver) : HVC_OK;
}

static hvc_status consume(void *context, unsigned number)
{
    scan *self = context;
    slot *s = &self->slots[number];
    hvc_status status = HVC_OK;
    switch (s->outcome) {
    case OUTCOME_DRIVER:
        status = tell_driver(self, &s->evaluation.driver);
        break;
    case OUTCOME_SKIPPED:
        self->summary.skipped++;
        break;
    case OUTCOME_ERROR:
        self->summary.errors++;
        if (self->events->error != NULL) {
            hvc_input_error input = {s->item.path, s->error};
            status = self->events->error(self->context, &input);
        }
        break;
    }
    self->files_done++;
    if (status == HVC_OK && self->events->progress != NULL)
        self->events->progress(self->context, s->item.path, self->files_done);
    return status;
}

static hvc_status prepare(scan *self, unsigned workers, unsigned slots, hvc_error *error)
{
    self->slots = calloc(slots, sizeof(*self->slots));
    self->workers = calloc(workers, sizeof(*self->workers));
    if (self->slots == NULL || self->workers == NULL)
        return hvc_fail_memory(error);
    for (unsigned i = 0; i < workers; i++) {
        hvc_status status = hvc_hasher_new(&self->workers[i].hasher, error);
        if (status != HVC_OK)
            return status;
    }
    return HVC_OK;
}

static void clean_up(scan *self, unsigned workers, unsigned slots)
{
    for (unsigned i = 0; self->slots != NULL && i < slots; i++) {
        hvc_item_clear(&self->slots[i].item);
        hvc_evaluation_free(&self->slots[i].evaluation);
    }
    for (unsigned i = 0; self->workers != NULL && i < workers; i++) {
        hvc_hasher_free(self->workers[i].hasher);
        hvc_bytes_free(&self->workers[i].bytes);
    }
    free(self->slots);
    free(self->workers);
    hvc_walk_free(self->walk);
}

hvc_status hvc_scan(const char *const *paths, size_t path_count, const hvc_options *options,
                    const hvc_scan_events *events, void *context, hvc_summary *ret_summary,
                    hvc_error *error)
{
    static const hvc_scan_events no_events = {NULL, NULL, NULL};
    static const hvc_pool_calls calls = {produce, work, consume};
    unsigned workers = options != NULL ? options->jobs : 0;
    if (workers == 0)
        workers = hvc_processor_count();
    if (workers > HVC_MAX_JOBS)
        workers = HVC_MAX_JOBS;
    unsigned slots = workers == 1 ? 1 : workers * SLOTS_PER_WORKER;
    scan self = {
        .options = options,
        .events = events != NULL ? events : &no_events,
        .context = context,
    };
    hvc_status status = hvc_walk_new(paths, path_count, &self.walk, error);
    if (status == HVC_OK)
        status = prepare(&self, workers, slots, error);
    if (status == HVC_OK) {
        status = hvc_pool_run(&calls, &self, workers, slots, &self.error);
        if (status != HVC_OK && self.error.status != status)
            hvc_fail(&self.error, status, "%s", hvc_status_text(status));
        if (status != HVC_OK && error != NULL)
            *error = self.error;
    }
    clean_up(&self, workers, slots);
    if (status == HVC_OK && ret_summary != NULL)
        *ret_summary = self.summary;
    return status;
}
