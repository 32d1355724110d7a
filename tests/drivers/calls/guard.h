/* What control flow guard needs of the C runtime: the pointers to its functions, and the load
 * configuration that tells Windows of them. */
#ifndef GUARD_H
#define GUARD_H

#include "calls.h"

static void guard_check(void *target)
{
    (void)target;
}

static void guard_dispatch(void)
{
}

void *__guard_check_icall_fptr = (void *)guard_check;
void *__guard_dispatch_icall_fptr = (void *)guard_dispatch;
ULONG_PTR __security_cookie = 0x2b992ddf;
extern void *__guard_fids_table[];
extern ULONG __guard_fids_count[];
extern ULONG __guard_flags[];

typedef struct LOAD_CONFIG {
    ULONG Size, TimeDateStamp;
    USHORT MajorVersion, MinorVersion;
    ULONG GlobalFlagsClear, GlobalFlagsSet, CriticalSectionDefaultTimeout;
    ULONG_PTR DeCommitFreeBlockThreshold, DeCommitTotalFreeThreshold, LockPrefixTable;
    ULONG_PTR MaximumAllocationSize, VirtualMemoryThreshold;
#if defined(__i386__)
    ULONG ProcessHeapFlags, ProcessAffinityMask;
#else
    ULONG64 ProcessAffinityMask;
    ULONG ProcessHeapFlags;
#endif
    USHORT CSDVersion, DependentLoadFlags;
    ULONG_PTR EditList;
    void *SecurityCookie;
    ULONG_PTR SEHandlerTable, SEHandlerCount;
    void *GuardCFCheckFunctionPointer, *GuardCFDispatchFunctionPointer;
    void *GuardCFFunctionTable, *GuardCFFunctionCount;
    void *GuardFlags;
} LOAD_CONFIG;

const LOAD_CONFIG _load_config_used = {
    .Size = sizeof(LOAD_CONFIG),
    .SecurityCookie = &__security_cookie,
    .GuardCFCheckFunctionPointer = &__guard_check_icall_fptr,
    .GuardCFDispatchFunctionPointer = &__guard_dispatch_icall_fptr,
    .GuardCFFunctionTable = __guard_fids_table,
    .GuardCFFunctionCount = __guard_fids_count,
    .GuardFlags = __guard_flags,
};

#endif
