/* Pointers to functions of the kernel that lie in the frame where ways meet of which one did not
 * put them there: what is read from there afterwards, and given to others, was believed to be none.
 */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);

typedef NTSTATUS(NTAPI *protect)(MDL *, ULONG);
typedef void *(NTAPI *allocate)(ULONG, SIZE_T);
typedef void *(NTAPI *tagged)(ULONG, SIZE_T, ULONG);

static ULONG seed;
static volatile allocate held;
static tagged kept;

NOINLINE void call_it(protect call, ULONG n)
{
    call(0, n);
}
NOINLINE void call_at(allocate *call, ULONG n)
{
    (*call)(n, 64);
}

static NOINLINE void given(ULONG n)
{
    volatile protect slot;
    if (n & 1) {
        protect call = MmProtectMdlSystemAddress;
        slot = call;
        call(0, 2);
    }
    seed ^= 1;
    if (n & 1)
        call_it(slot, n);
}
static NOINLINE void addressed(ULONG n)
{
    volatile allocate slot;
    if (n & 1) {
        allocate call = held;
        slot = call;
        call(0x200, 65);
    }
    seed ^= 1;
    if (n & 1)
        call_at((allocate *)&slot, n);
}
static NOINLINE void stored(ULONG n)
{
    static const WCHAR text[] = L"ExAllocatePoolWithTag";
    UNICODE_STRING name = {sizeof(text) - 2, sizeof(text), (WCHAR *)text};
    volatile tagged slot;
    if (n & 1) {
        tagged call = (tagged)(ULONG_PTR)MmGetSystemRoutineAddress(&name);
        slot = call;
        call(0x200, 64, 1);
    }
    seed ^= 1;
    if (n & 1) {
        kept = slot;
        kept(n, 65, 2);
    }
}

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    held = ExAllocatePool;
    for (ULONG i = 0; i < 3; i++) {
        given(RtlRandomEx(&seed));
        addressed(RtlRandomEx(&seed));
        stored(RtlRandomEx(&seed));
    }
    return 0;
}
