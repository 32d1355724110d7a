/* @title   built with control flow guard
 * @cflags  -Xclang -cfguard
 * @lld     /guard:cf
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 * @advice  -HVC4004
 */
#include "minimal.h"

typedef NTSTATUS (*CALLBACK)(ULONG value);

/* What the C runtime would bring along. */
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

/* The linker fills in the tables' symbols; the count and the flags are addresses by nature. */
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

static NOINLINE NTSTATUS first(ULONG value)
{
    return (NTSTATUS)value;
}

static NOINLINE NTSTATUS second(ULONG value)
{
    return (NTSTATUS)value + 1;
}

static volatile CALLBACK callbacks[] = {first, second};

static NTSTATUS fixture(void)
{
    return callbacks[0](0);
}
