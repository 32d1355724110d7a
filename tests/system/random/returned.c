/* Pointers to functions of the kernel that a function calls, and returns as well: the calls of its
 * caller were not told of. One comes from the import table, one from a variable, one is looked up.
 */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);

typedef NTSTATUS(NTAPI *protect)(MDL *, ULONG);
typedef void *(NTAPI *allocate)(ULONG, SIZE_T);
typedef void *(NTAPI *tagged)(ULONG, SIZE_T, ULONG);

static ULONG seed;
static volatile allocate held;

static NOINLINE protect imported(ULONG number)
{
    protect call = MmProtectMdlSystemAddress;
    if (number & 1)
        call(0, 2);
    return call;
}
static NOINLINE allocate from_variable(ULONG number)
{
    allocate call = held;
    if (number & 1)
        call(0x200, 64);
    return call;
}
static NOINLINE tagged looked_up(void)
{
    static const WCHAR text[] = L"ExAllocatePoolWithTag";
    UNICODE_STRING name = {sizeof(text) - 2, sizeof(text), (WCHAR *)text};
    tagged call = (tagged)(ULONG_PTR)MmGetSystemRoutineAddress(&name);
    call(0x200, 64, 1);
    return call;
}

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    held = ExAllocatePool;
    imported(RtlRandomEx(&seed))(0, RtlRandomEx(&seed));
    from_variable(RtlRandomEx(&seed))(RtlRandomEx(&seed), 64);
    looked_up()(RtlRandomEx(&seed), 64, 1);
    return 0;
}
