#include "base/thread.h"

#include <process.h>
#include <stdint.h>
#include <stdlib.h>
#include <windows.h>

struct hvc_thread {
    HANDLE thread;
    void (*run)(void *argument);
    void *argument;
};

struct hvc_lock {
    SRWLOCK lock;
};

struct hvc_condition {
    CONDITION_VARIABLE variable;
};

static unsigned __stdcall run(void *argument)
{
    hvc_thread *self = argument;
    self->run(self->argument);
    return 0;
}

hvc_thread *hvc_thread_start(void (*function)(void *argument), void *argument)
{
    hvc_thread *self = malloc(sizeof(*self));
    if (self == NULL)
        return NULL;
    self->run = function;
    self->argument = argument;
    self->thread = (HANDLE)_beginthreadex(NULL, 0, run, self, 0, NULL);
    if (self->thread != NULL)
        return self;
    free(self);
    return NULL;
}

void hvc_thread_join(hvc_thread *thread)
{
    WaitForSingleObject(thread->thread, INFINITE);
    CloseHandle(thread->thread);
    free(thread);
}

hvc_lock *hvc_lock_new(void)
{
    hvc_lock *lock = malloc(sizeof(*lock));
    if (lock != NULL)
        InitializeSRWLock(&lock->lock);
    return lock;
}

void hvc_lock_free(hvc_lock *lock)
{
    free(lock);
}

void hvc_lock_enter(hvc_lock *lock)
{
    AcquireSRWLockExclusive(&lock->lock);
}

void hvc_lock_leave(hvc_lock *lock)
{
    ReleaseSRWLockExclusive(&lock->lock);
}

hvc_condition *hvc_condition_new(void)
{
    hvc_condition *condition = malloc(sizeof(*condition));
    if (condition != NULL)
        InitializeConditionVariable(&condition->variable);
    return condition;
}

void hvc_condition_free(hvc_condition *condition)
{
    free(condition);
}

void hvc_condition_wait(hvc_condition *condition, hvc_lock *lock)
{
    SleepConditionVariableSRW(&condition->variable, &lock->lock, INFINITE, 0);
}

void hvc_condition_wake_one(hvc_condition *condition)
{
    WakeConditionVariable(&condition->variable);
}

void hvc_condition_wake_all(hvc_condition *condition)
{
    WakeAllConditionVariable(&condition->variable);
}
