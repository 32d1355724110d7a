#include "base/pool.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/thread.h"

/* A slot goes round: the consumer fills it (FREE -> READY), a worker takes it (-> BUSY) and
 * finishes it
 * (-> DONE), the consumer takes the result (-> FREE). Slots are filled, taken and consumed in ring
 * order. */
typedef enum slot_state { SLOT_FREE, SLOT_READY, SLOT_BUSY, SLOT_DONE } slot_state;

typedef struct pool {
    const hvc_pool_calls *calls;
    void *context;
    hvc_lock *lock;
    hvc_condition *work_there, *result_there;
    slot_state *states;
    unsigned slots;
    uint64_t taken, produced; /* job numbers; slot = number % slots */
    unsigned idle;            /* workers that wait for work: nobody else needs waking */
    uint64_t awaited;         /* the job that the calling thread waits for; UINT64_MAX when none */
    bool stop;
} pool;

typedef struct worker {
    pool *pool;
    unsigned number;
    hvc_thread *thread;
} worker;

/* Does the next job that nobody has taken. Called, and returns, with the lock held. */
static void work_once(pool *p, unsigned number)
{
    uint64_t job = p->taken++;
    unsigned slot = (unsigned)(job % p->slots);
    p->states[slot] = SLOT_BUSY;
    hvc_lock_leave(p->lock);
    p->calls->work(p->context, slot, number);
    hvc_lock_enter(p->lock);
    p->states[slot] = SLOT_DONE;
    if (p->awaited == job)
        hvc_condition_wake_one(p->result_there);
}

static void run_worker(void *argument)
{
    worker *self = argument;
    pool *p = self->pool;
    hvc_lock_enter(p->lock);
    while (!p->stop) {
        if (p->taken < p->produced) {
            work_once(p, self->number);
            continue;
        }
        p->idle++;
        hvc_condition_wait(p->work_there, p->lock);
        p->idle--;
    }
    hvc_lock_leave(p->lock);
}

static hvc_status fill_ring(pool *p, uint64_t consumed, bool *more)
{
    while (*more && p->produced - consumed < p->slots) {
        unsigned slot = (unsigned)(p->produced % p->slots);
        hvc_status status = p->calls->produce(p->context, slot, more);
        if (status != HVC_OK || !*more)
            return status;
        hvc_lock_enter(p->lock);
        p->states[slot] = SLOT_READY;
        p->produced++;
        if (p->idle > 0)
            hvc_condition_wake_one(p->work_there);
        hvc_lock_leave(p->lock);
    }
    return HVC_OK;
}

/* Until the job is done: the calling thread does other jobs meanwhile, and waits only when all are
 * taken. */
static void await(pool *p, uint64_t job)
{
    unsigned slot = (unsigned)(job % p->slots);
    hvc_lock_enter(p->lock);
    while (p->states[slot] != SLOT_DONE) {
        if (p->taken < p->produced) {
            work_once(p, 0);
            continue;
        }
        p->awaited = job;
        hvc_condition_wait(p->result_there, p->lock);
        p->awaited = UINT64_MAX;
    }
    p->states[slot] = SLOT_FREE;
    hvc_lock_leave(p->lock);
}

/* The calling thread: keeps the ring full, consumes in order, works in between. */
static hvc_status feed(pool *p)
{
    bool more = true;
    for (uint64_t consumed = 0;; consumed++) {
        hvc_status status = fill_ring(p, consumed, &more);
        if (status != HVC_OK || consumed == p->produced)
            return status;
        await(p, consumed);
        status = p->calls->consume(p->context, (unsigned)(consumed % p->slots));
        if (status != HVC_OK)
            return status;
    }
}

static hvc_status run_alone(const hvc_pool_calls *calls, void *context)
{
    for (;;) {
        bool more = false;
        hvc_status status = calls->produce(context, 0, &more);
        if (status != HVC_OK || !more)
            return status;
        calls->work(context, 0, 0);
        status = calls->consume(context, 0);
        if (status != HVC_OK)
            return status;
    }
}

/* Starts the threads 1 .. workers - 1; the calling thread is worker 0. Fewer threads than asked for
 * do the same work. */
static hvc_status run_threads(pool *p, worker *threads, unsigned workers)
{
    unsigned started = 1;
    for (; started < workers; started++) {
        threads[started].pool = p;
        threads[started].number = started;
        threads[started].thread = hvc_thread_start(run_worker, &threads[started]);
        if (threads[started].thread == NULL)
            break;
    }
    hvc_status status = feed(p);
    hvc_lock_enter(p->lock);
    p->stop = true;
    hvc_condition_wake_all(p->work_there);
    hvc_lock_leave(p->lock);
    for (unsigned i = 1; i < started; i++)
        hvc_thread_join(threads[i].thread);
    return status;
}

hvc_status hvc_pool_run(const hvc_pool_calls *calls, void *context, unsigned workers,
                        unsigned slots, hvc_error *error)
{
    if (slots < 1)
        return hvc_fail(error, HVC_E_ARGUMENT, "a pool needs a slot");
    if (workers <= 1)
        return run_alone(calls, context);
    pool p = {.calls = calls, .context = context, .slots = slots, .awaited = UINT64_MAX};
    worker *threads = calloc(workers, sizeof(*threads));
    p.states = calloc(slots, sizeof(*p.states));
    p.lock = hvc_lock_new();
    p.work_there = hvc_condition_new();
    p.result_there = hvc_condition_new();
    hvc_status status = HVC_OK;
    if (threads == NULL || p.states == NULL || p.lock == NULL || p.work_there == NULL ||
        p.result_there == NULL)
        status = hvc_fail_memory(error);
    else
        status = run_threads(&p, threads, workers);
    hvc_condition_free(p.result_there);
    hvc_condition_free(p.work_there);
    hvc_lock_free(p.lock);
    free(p.states);
    free(threads);
    return status;
}
