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
    bool stop;
} pool;

typedef struct worker {
    pool *pool;
    unsigned number;
    pthread_t thread;
} worker;

static void *run_worker(void *argument)
{
    worker *self = argument;
    pool *p = self->pool;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->stop && p->taken == p->produced)
            pthread_cond_wait(&p->work_there, &p->lock);
        if (p->stop)
            break;
        unsigned slot = (unsigned)(p->taken++ % p->slots);
        p->states[slot] = SLOT_BUSY;
        pthread_mutex_unlock(&p->lock);
        p->calls->work(p->context, slot, self->number);
        pthread_mutex_lock(&p->lock);
        p->states[slot] = SLOT_DONE;
        pthread_cond_signal(&p->result_there);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* The calling thread: keeps the ring full, consumes in order. */
static hvc_status feed(pool *p)
{
    uint64_t consumed = 0;
    bool more = true;
    for (;;) {
        while (more && p->produced - consumed < p->slots) {
            hvc_status status =
                p->calls->produce(p->context, (unsigned)(p->produced % p->slots), &more);
            if (status != HVC_OK)
                return status;
            if (!more)
                break;
            pthread_mutex_lock(&p->lock);
            p->states[p->produced % p->slots] = SLOT_READY;
            p->produced++;
            pthread_cond_signal(&p->work_there);
            pthread_mutex_unlock(&p->lock);
        }
        if (consumed == p->produced)
            return HVC_OK;
        unsigned slot = (unsigned)(consumed % p->slots);
        pthread_mutex_lock(&p->lock);
        while (p->states[slot] != SLOT_DONE)
            pthread_cond_wait(&p->result_there, &p->lock);
        p->states[slot] = SLOT_FREE;
        pthread_mutex_unlock(&p->lock);
        hvc_status status = p->calls->consume(p->context, slot);
        if (status != HVC_OK)
            return status;
        consumed++;
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
    pool p = {.calls = calls, .context = context, .slots = slots};
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
    unsigned started = 0;
    for (; started < workers; started++) {
        threads[started].pool = &p;
        threads[started].number = started;
        if (pthread_create(&threads[started].thread, NULL, run_worker, &threads[started]) != 0)
            break;
    }
    /* Fewer threads than asked for do the same work; with none the calling thread does it. */
    hvc_status status = started > 0 ? feed(&p) : run_alone(calls, context);
    pthread_mutex_lock(&p.lock);
    p.stop = true;
    pthread_cond_broadcast(&p.work_there);
    pthread_mutex_unlock(&p.lock);
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i].thread, NULL);
    pthread_cond_destroy(&p.result_there);
    pthread_cond_destroy(&p.work_there);
    pthread_mutex_destroy(&p.lock);
    free(p.states);
    free(threads);
    return status;
}
