/* Threads that take numbered jobs, while the calling thread takes the results in the order of the
 * numbers and works along. It is the only place where the project starts threads. */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stdbool.h>

#include <hvcheck/status.h>

/* Jobs live in a ring of slots that the caller owns: worker threads call work(slot), the calling
 * thread calls produce to fill the next slot and consume, in order, when its work is done. The ring
 * bounds how far the workers run ahead, and so the memory. */
typedef struct hvc_pool_calls {
    /* Fills slot with the next job; *ret_more = false when there is none. Runs on the calling
     * thread. */
    hvc_status (*produce)(void *context, unsigned slot, bool *ret_more);
    /* Does the job. Runs on any of the threads (worker: its number; 0 is the calling thread, which
     * works too while it would wait). Must not fail: it keeps its outcome in the slot. */
    void (*work)(void *context, unsigned slot, unsigned worker);
    /* Takes the result. Runs on the calling thread, in the order of production. */
    hvc_status (*consume)(void *context, unsigned slot);
} hvc_pool_calls;

/* Runs until produce has no more, or one of the calls fails: the jobs under way are then finished
 * and dropped, and that status is returned. workers 1 runs everything on the calling thread. slots
 * >= 1. */
hvc_status hvc_pool_run(const hvc_pool_calls *calls, void *context, unsigned workers,
                        unsigned slots, hvc_error *error);

/* How many processors this process may use, at least 1. */
unsigned hvc_processor_count(void);

#endif
