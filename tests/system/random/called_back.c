/* Pointers to functions of the kernel that a function calls, and returns as well to a caller that
 * knows the function by its address alone: the caller's calls were not told of. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);

typedef NTSTATUS(NTAPI *protect)(MDL *, ULONG);
typedef void *(NTAPI *allocate)(ULONG, SIZE_T);
typedef void *(NTAPI *tagged)(ULONG, SIZE_T, ULONG);

static ULONG seed;
static volatile allocate held;

static protect imported(ULONG number)
{
    protect call = MmProtectMdlSystemAddress;
    if (number & 1)
        call(0, 2);
    return call;
}
static allocate from_variable(ULONG number)
{
    allocate call = held;
    if (number & 1)
        call(0x200, 64);
    return call;
}
static tagged looked_up(ULONG number)
{
    static const WCHAR text[] = L"ExAllocatePoolWithTag";
    UNICODE_STRING name = {sizeof(text) - 2, sizeof(text), (WCHAR *)text};
    tagged call = (tagged)(ULONG_PTR)MmGetSystemRoutineAddress(&name);
    call(0x200, 64, number);
    return call;
}

static protect (*volatile get_protect)(ULONG) = imported;
static allocate (*volatile get_allocate)(ULONG) = from_variable;
static tagged (*volatile get_tagged)(ULONG);

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    held = ExAllocatePool;
    get_tagged = looked_up;
    get_protect(RtlRandomEx(&seed))(0, RtlRandomEx(&seed));
    get_allocate(RtlRandomEx(&seed))(RtlRandomEx(&seed), 64);
    get_tagged(RtlRandomEx(&seed))(RtlRandomEx(&seed), 64, 1);
    return 0;
}
