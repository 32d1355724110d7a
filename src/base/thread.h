/* Threads, locks and conditions of the operating system: thread_posix.c, thread_windows.c. For
 * base/pool.c alone. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <stdbool.h>

typedef struct hvc_thread hvc_thread;
typedef struct hvc_lock hvc_lock;
typedef struct hvc_condition hvc_condition;

/* NULL when memory, or what the system grants, is exhausted. The new thread takes no signals from
 * outside: they are the first thread's. */
hvc_thread *hvc_thread_start(void (*run)(void *argument), void *argument);
/* Waits for its end, and frees it. */
void hvc_thread_join(hvc_thread *thread);

hvc_lock *hvc_lock_new(void);
void hvc_lock_free(hvc_lock *lock);
void hvc_lock_enter(hvc_lock *lock);
void hvc_lock_leave(hvc_lock *lock);

hvc_condition *hvc_condition_new(void);
void hvc_condition_free(hvc_condition *condition);
/* With the lock held; it may return without having been woken. */
void hvc_condition_wait(hvc_condition *condition, hvc_lock *lock);
void hvc_condition_wake_one(hvc_condition *condition);
void hvc_condition_wake_all(hvc_condition *condition);

#endif
