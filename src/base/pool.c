#include "base/pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"

/* A slot goes round: the consumer fills it (FREE -> READY), a worker takes it (-> BUSY) and
 * finishes it
 * (-> DONE), the consumer takes the result (-> FREE). Slots are filled, taken and consumed in ring
 * order. */
typedef enum slot_state { SLOT_FREE, SLOT_READY, SLOT_BUSY, SLOT_DONE } slot_state;

typedef struct pool {
    const hvc_pool_calls *calls;
    void *context;
    pthread_mutex_t lock;
    pthread_cond_t work_there, result_there;
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
    pthread_t thread;
} worker;

/* Does the next job that nobody has taken. Called, and returns, with the lock held. */
static void work_once(pool *p, unsigned number)
{
    uint64_t job = p->taken++;
    unsigned slot = (unsigned)(job % p->slots);
    p->states[slot] = SLOT_BUSY;
    pthread_mutex_unlock(&p->lock);
    p->calls->work(p->context, slot, number);
    pthread_mutex_lock(&p->lock);
    p->states[slot] = SLOT_DONE;
    if (p->awaited == job)
        pthread_cond_signal(&p->result_there);
}

static void *run_worker(void *argument)
{
    worker *self = argument;
    pool *p = self->pool;
    pthread_mutex_lock(&p->lock);
    while (!p->stop) {
        if (p->taken < p->produced) {
            work_once(p, self->number);
            continue;
        }
        p->idle++;
        pthread_cond_wait(&p->work_there, &p->lock);
        p->idle--;
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static hvc_status fill_ring(pool *p, uint64_t consumed, bool *more)
{
    while (*more && p->produced - consumed < p->slots) {
        unsigned slot = (unsigned)(p->produced % p->slots);
        hvc_status status = p->calls->produce(p->context, slot, more);
        if (status != HVC_OK || !*more)
            return status;
        pthread_mutex_lock(&p->lock);
        p->states[slot] = SLOT_READY;
        p->produced++;
        if (p->idle > 0)
            pthread_cond_signal(&p->work_there);
        pthread_mutex_unlock(&p->lock);
    }
    return HVC_OK;
}

/* Until the job is done: the calling thread does other jobs meanwhile, and waits only when all are
 * taken. */
static void await(pool *p, uint64_t job)
{
    unsigned slot = (unsigned)(job % p->slots);
    pthread_mutex_lock(&p->lock);
    while (p->states[slot] != SLOT_DONE) {
        if (p->taken < p->produced) {
            work_once(p, 0);
            continue;
        }
        p->awaited = job;
        pthread_cond_wait(&p->result_there, &p->lock);
        p->awaited = UINT64_MAX;
    }
    p->states[slot] = SLOT_FREE;
    pthread_mutex_unlock(&p->lock);
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
    if (threads == NULL || p.states == NULL) {
        free(threads);
        free(p.states);
        return hvc_fail_memory(error);
    }
    pthread_mutex_init(&p.lock, NULL);
    pthread_cond_init(&p.work_there, NULL);
    pthread_cond_init(&p.result_there, NULL);
    /* The calling thread is worker 0. Fewer threads than asked for do the same work. */
    unsigned started = 1;
    for (; started < workers; started++) {
        threads[started].pool = &p;
        threads[started].number = started;
        if (pthread_create(&threads[started].thread, NULL, run_worker, &threads[started]) != 0)
            break;
    }
    hvc_status status = feed(&p);
    pthread_mutex_lock(&p.lock);
    p.stop = true;
    pthread_cond_broadcast(&p.work_there);
    pthread_mutex_unlock(&p.lock);
    for (unsigned i = 1; i < started; i++)
        pthread_join(threads[i].thread, NULL);
    pthread_cond_destroy(&p.result_there);
    pthread_cond_destroy(&p.work_there);
    pthread_mutex_destroy(&p.lock);
    free(p.states);
    free(threads);
    return status;
}
