/* @title   calls through the functions of control flow guard
 * @calls
 * @opt     O0 O1 O2 Os
 * @cflags  -Xclang -cfguard
 * @lld     /guard:cf
 * @libs    ntoskrnl-calls
 */
#include "guard.h"

FIXTURE

typedef void *(NTAPI *ALLOCATE)(ULONG type, SIZE_T size, ULONG tag);
typedef NTSTATUS(NTAPI *PROTECT)(MDL *mdl, ULONG protection);

/* Pointers in globals: x64 jumps through the dispatch function, the others check first. */
ALLOCATE allocate;
PROTECT protect;
CARRIES(set_pointers)
ROOT(set_pointers)
{
    allocate = ExAllocatePoolWithTag;
    protect = MmProtectMdlSystemAddress;
}
#define FORM "guard|global"
CALL_EXPECT(guarded_bad, "ExAllocatePoolWithTag", "0", "violation", FORM,
            allocate(NonPagedPool, 24, TAG))
CALL_EXPECT(guarded_good, "ExAllocatePoolWithTag", "0x200", "ok", FORM,
            allocate(NonPagedPoolNx, 24, TAG))
CALL_EXPECT(guarded_select, "ExAllocatePoolWithTag", "1, 0x200", "ok", FORM,
            allocate((ULONG)sink ? PagedPool : NonPagedPoolNx, 24, TAG))
CALL_EXPECT(guarded_protect_bad, "MmProtectMdlSystemAddress", "0x40", "violation", FORM,
            protect(0, PAGE_EXECUTE_READWRITE))
CALL_EXPECT(guarded_protect_good, "MmProtectMdlSystemAddress", "4", "ok", FORM,
            protect(0, PAGE_READWRITE))
EXPECT(guarded_twice, "ExAllocatePoolWithTag", "0, 0x200", "possible", FORM " sites=2")
ROOT(guarded_twice)
{
    ALLOCATE own = allocate;
    KEEP(own(NonPagedPool, 24, TAG));
    KEEP(own(NonPagedPoolNx, 24, TAG));
}

/* What is looked up is guarded too. */
#define TEXT(text) ((const WCHAR *)u##text)
EXPECT(guarded_lookup_bad, "ExAllocatePoolWithTag", "0", "violation", "guard|lookup")
ROOT(guarded_lookup_bad)
{
    UNICODE_STRING string;
    ALLOCATE routine;
    RtlInitUnicodeString(&string, TEXT("ExAllocatePoolWithTag"));
    routine = (ALLOCATE)MmGetSystemRoutineAddress(&string);
    KEEP(routine(NonPagedPool, 24, TAG));
}
EXPECT(guarded_lookup_good, "ExAllocatePoolWithTag", "0x200", "ok", "guard|lookup")
ROOT(guarded_lookup_good)
{
    UNICODE_STRING string;
    ALLOCATE routine;
    RtlInitUnicodeString(&string, TEXT("ExAllocatePoolWithTag"));
    routine = (ALLOCATE)MmGetSystemRoutineAddress(&string);
    KEEP(routine(NonPagedPoolNx, 24, TAG));
}

/* Imports are called as ever. */
CALL_EXPECT(plain_bad, "ExAllocatePool", "0", "violation", "iat", ExAllocatePool(NonPagedPool, 8))
CALL_EXPECT(plain_good, "ExAllocatePool", "0x200", "ok", "iat", ExAllocatePool(NonPagedPoolNx, 8))
