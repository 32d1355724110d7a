#include "base/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct hvc_thread {
    pthread_t thread;
    void (*run)(void *argument);
    void *argument;
};

struct hvc_lock {
    pthread_mutex_t mutex;
};

struct hvc_condition {
    pthread_cond_t variable;
};

static void *run(void *argument)
{
    hvc_thread *self = argument;
    self->run(self->argument);
    return NULL;
}

hvc_thread *hvc_thread_start(void (*function)(void *argument), void *argument)
{
    hvc_thread *self = malloc(sizeof(*self));
    if (self == NULL)
        return NULL;
    self->run = function;
    self->argument = argument;
    /* A new thread takes no signals from outside: what the main thread does with them blocked would
     * otherwise be interrupted all the same. Faults of its own still end the process as usual. */
    static const int faults[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
    sigset_t outside, before;
    sigfillset(&outside);
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
        sigdelset(&outside, faults[i]);
    pthread_sigmask(SIG_BLOCK, &outside, &before);
    int failure = pthread_create(&self->thread, NULL, run, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure == 0)
        return self;
    free(self);
    return NULL;
}

void hvc_thread_join(hvc_thread *thread)
{
    pthread_join(thread->thread, NULL);
    free(thread);
}

hvc_lock *hvc_lock_new(void)
{
    hvc_lock *lock = malloc(sizeof(*lock));
    if (lock != NULL && pthread_mutex_init(&lock->mutex, NULL) != 0) {
        free(lock);
        return NULL;
    }
    return lock;
}

void hvc_lock_free(hvc_lock *lock)
{
    if (lock != NULL)
        pthread_mutex_destroy(&lock->mutex);
    free(lock);
}

void hvc_lock_enter(hvc_lock *lock)
{
    pthread_mutex_lock(&lock->mutex);
}

void hvc_lock_leave(hvc_lock *lock)
{
    pthread_mutex_unlock(&lock->mutex);
}

hvc_condition *hvc_condition_new(void)
{
    hvc_condition *condition = malloc(sizeof(*condition));
    if (condition != NULL && pthread_cond_init(&condition->variable, NULL) != 0) {
        free(condition);
        return NULL;
    }
    return condition;
}

void hvc_condition_free(hvc_condition *condition)
{
    if (condition != NULL)
        pthread_cond_destroy(&condition->variable);
    free(condition);
}

void hvc_condition_wait(hvc_condition *condition, hvc_lock *lock)
{
    pthread_cond_wait(&condition->variable, &lock->mutex);
}

void hvc_condition_wake_one(hvc_condition *condition)
{
    pthread_cond_signal(&condition->variable);
}

void hvc_condition_wake_all(hvc_condition *condition)
{
    pthread_cond_broadcast(&condition->variable);
}
