/* @title   functions that are looked up by name at run time
 * @calls
 * @tool    lld mingw
 * @opt     O0 O1 O2 Os
 * @libs    ntoskrnl-calls
 */
#include "calls.h"

FIXTURE

typedef void *(NTAPI *ALLOCATE)(ULONG type, SIZE_T size, ULONG tag);
typedef void *(NTAPI *ALLOCATE2)(ULONG64 flags, SIZE_T size, ULONG tag);
typedef ULONG(NTAPI *OTHER)(ULONG value);
#define TEXT(text) ((const WCHAR *)u##text)
#define NAME(text)                                                                                 \
    {                                                                                              \
        sizeof(u##text) - 2, sizeof(u##text), (WCHAR *)TEXT(text)                                  \
    }
#define LOOK(string) MmGetSystemRoutineAddress(string)

/* The string is made at run time. */
#define INITIALISED(function, type, name, argument, values, judgement)                             \
    EXPECT(function, name, values, judgement, "lookup")                                            \
    ROOT(function)                                                                                 \
    {                                                                                              \
        UNICODE_STRING string;                                                                     \
        type routine;                                                                              \
        RtlInitUnicodeString(&string, argument);                                                   \
        routine = (type)LOOK(&string);                                                             \
        if (routine)                                                                               \
            KEEP(routine(CALLED, 24, TAG));                                                        \
    }
#define CALLED NonPagedPool
INITIALISED(init_bad, ALLOCATE, "ExAllocatePoolWithTag", TEXT("ExAllocatePoolWithTag"), "0",
            "violation")
#undef CALLED
#define CALLED NonPagedPoolNx
INITIALISED(init_good, ALLOCATE, "ExAllocatePoolWithTag", TEXT("ExAllocatePoolWithTag"), "0x200",
            "ok")
#undef CALLED
#define CALLED POOL_FLAG_NON_PAGED
INITIALISED(init_pool2_good, ALLOCATE2, "ExAllocatePool2", TEXT("ExAllocatePool2"), "0x40", "ok")
#undef CALLED
#define CALLED POOL_FLAG_NON_PAGED_EXECUTE
INITIALISED(init_pool2_bad, ALLOCATE2, "ExAllocatePool2", TEXT("ExAllocatePool2"), "0x80",
            "violation")

/* It is a constant. */
static const UNICODE_STRING fixed_pool2 = NAME("ExAllocatePool2");
static const UNICODE_STRING fixed_protect = NAME("MmProtectMdlSystemAddress");
EXPECT(fixed_good, "ExAllocatePool2", "0x100", "ok", "lookup")
ROOT(fixed_good)
{
    ALLOCATE2 routine = (ALLOCATE2)LOOK((UNICODE_STRING *)&fixed_pool2);
    if (routine)
        KEEP(routine(POOL_FLAG_PAGED, 24, TAG));
}
EXPECT(fixed_bad, "MmProtectMdlSystemAddress", "0x40", "violation", "lookup")
ROOT(fixed_bad)
{
    NTSTATUS(NTAPI * routine)
    (MDL *, ULONG) = (NTSTATUS(NTAPI *)(MDL *, ULONG))LOOK((UNICODE_STRING *)&fixed_protect);
    KEEP(routine(0, PAGE_EXECUTE_READWRITE));
}

/* It is a variable that nobody writes. */
static UNICODE_STRING variable = NAME("ExAllocatePoolWithTag");
EXPECT(variable_good, "ExAllocatePoolWithTag", "1", "ok", "lookup")
ROOT(variable_good)
{
    ALLOCATE routine = (ALLOCATE)LOOK(&variable);
    KEEP(routine(PagedPool, 24, TAG));
}

/* It is put together on the stack. */
EXPECT(stack_good, "ExAllocatePoolWithTag", "0x200", "ok", "lookup")
ROOT(stack_good)
{
    UNICODE_STRING string = NAME("ExAllocatePoolWithTag");
    ALLOCATE routine = (ALLOCATE)LOOK(&string);
    KEEP(routine(NonPagedPoolNx, 24, TAG));
}
EXPECT(stack_bad, "ExAllocatePoolWithTag", "0", "violation", "lookup")
ROOT(stack_bad)
{
    UNICODE_STRING string;
    string.Buffer = (WCHAR *)TEXT("ExAllocatePoolWithTag");
    string.Length = 42;
    string.MaximumLength = 44;
    KEEP(((ALLOCATE)LOOK(&string))(NonPagedPool, 24, TAG));
}

/* The pointer is kept for others. */
static ALLOCATE kept;
static ALLOCATE2 kept2;
ROOT(keep)
{
    UNICODE_STRING string;
    RtlInitUnicodeString(&string, TEXT("ExAllocatePoolWithTag"));
    kept = (ALLOCATE)LOOK(&string);
    RtlInitUnicodeString(&string, TEXT("ExAllocatePool2"));
    kept2 = (ALLOCATE2)LOOK(&string);
}
EXPECT(kept_good, "ExAllocatePoolWithTag", "0x200", "ok", "lookup")
ROOT(kept_good)
{
    if (kept)
        KEEP(kept(NonPagedPoolNx, 24, TAG));
}
EXPECT(kept_bad, "ExAllocatePool2", "0x80", "violation", "lookup")
ROOT(kept_bad)
{
    if (kept2)
        KEEP(kept2(POOL_FLAG_NON_PAGED_EXECUTE, 24, TAG));
}
/* The usual fallback: what is looked up, else what is imported. */
EXPECT(fallback, "ExAllocatePool2", "0x40", "ok", "lookup")
EXPECT(fallback, "ExAllocatePoolWithTag", "0x200", "ok", "iat unexamined")
ROOT(fallback)
{
    UNICODE_STRING string;
    ALLOCATE2 routine;
    RtlInitUnicodeString(&string, TEXT("ExAllocatePool2"));
    routine = (ALLOCATE2)LOOK(&string);
    KEEP(routine ? routine(POOL_FLAG_NON_PAGED, 24, TAG)
                 : ExAllocatePoolWithTag(NonPagedPoolNx, 24, TAG));
}

/* Functions that matter to nobody. */
ROOT(harmless)
{
    UNICODE_STRING string;
    OTHER routine;
    RtlInitUnicodeString(&string, TEXT("ZwYieldExecution"));
    routine = (OTHER)LOOK(&string);
    if (routine)
        KEEP(routine(0));
}
static const UNICODE_STRING fixed_harmless = NAME("KeQueryTimeIncrement");
ROOT(harmless_fixed)
{
    KEEP(LOOK((UNICODE_STRING *)&fixed_harmless));
}

/* Which one is not known. */
EXPECT(unresolved, "MmGetSystemRoutineAddress", "open *", "undetermined", "lookup|iat unexamined")
ROOT(unresolved)
{
    OTHER routine = (OTHER)LOOK((UNICODE_STRING *)sink);
    if (routine)
        KEEP(routine(0));
}
EXPECT(unresolved_init, "MmGetSystemRoutineAddress", "open *", "undetermined",
       "lookup|iat unexamined")
ROOT(unresolved_init)
{
    UNICODE_STRING string;
    RtlInitUnicodeString(&string, (const WCHAR *)sink);
    KEEP(((OTHER)LOOK(&string))(0));
}

/* Too many values meet for the second call. */
EXPECT(another, "ExAllocatePoolWithTag", "open *", "undetermined", "reference")
static APART ALLOCATE another(void)
{
    return sink == 99 ? (ALLOCATE)0 : kept;
}
#define OR_ANOTHER(number)                                                                         \
    if (sink == (number))                                                                          \
    routine = another()
EXPECT(met, "ExAllocatePoolWithTag", "open *", "ok|undetermined", "lookup sites=2")
ROOT(met)
{
    UNICODE_STRING string;
    ALLOCATE routine;
    RtlInitUnicodeString(&string, TEXT("ExAllocatePoolWithTag"));
    routine = (ALLOCATE)LOOK(&string);
    if (routine)
        KEEP(routine(NonPagedPoolNx, 24, TAG));
    OR_ANOTHER(1);
    OR_ANOTHER(2);
    OR_ANOTHER(3);
    OR_ANOTHER(4);
    OR_ANOTHER(5);
    OR_ANOTHER(6);
    OR_ANOTHER(7);
    OR_ANOTHER(8);
    OR_ANOTHER(9);
    if (routine)
        KEEP(routine(NonPagedPool, 25, TAG));
}

/* Control may arrive between two calls of one pointer. */
EXPECT(entered, "ExAllocatePoolWithTag", "open *", "ok|undetermined", "lookup|reference sites=2")
ROOT(entered)
{
    UNICODE_STRING string;
    ALLOCATE routine;
    RtlInitUnicodeString(&string, TEXT("ExAllocatePoolWithTag"));
    routine = (ALLOCATE)LOOK(&string);
    if (!routine)
        return;
    KEEP(routine(NonPagedPoolNx, 24, TAG));
    ENTERED;
    KEEP(routine(NonPagedPool, 25, TAG));
}
EXPECT(kept_entered, "ExAllocatePool2", "open *", "ok|undetermined", "lookup|reference sites=2")
ROOT(kept_entered)
{
    ALLOCATE2 routine = kept2;
    KEEP(routine(POOL_FLAG_PAGED, 24, TAG));
    ENTERED;
    KEEP(routine(POOL_FLAG_NON_PAGED_EXECUTE, 25, TAG));
}
