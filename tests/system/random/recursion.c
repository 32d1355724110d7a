/* Parameters that recursive functions hand on changed: the first value was taken for all of them.
 */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);
static ULONG seed;
static NOINLINE ULONG down(ULONG type, ULONG n)
{
    ExAllocatePool(type, 64);
    if (RtlRandomEx(&seed) == 1 && n < 5)
        return down(type | 0x200, n + 1) + 1;
    return type;
}
static NOINLINE ULONG result(ULONG n)
{
    if (n > 5 || RtlRandomEx(&seed) == 2)
        return 1;
    return result(n + 1) | 4;
}
static NOINLINE ULONG odd(ULONG t, ULONG n);
static NOINLINE ULONG even(ULONG t, ULONG n)
{
    ExAllocatePoolWithTag(t, 64, 1);
    return n > 4 ? t : odd(t + 2, n + 1) + 1;
}
static NOINLINE ULONG odd(ULONG t, ULONG n)
{
    MmProtectMdlSystemAddress(0, t);
    return n > 4 ? t : even(t << 1, n + 1) + 1;
}
NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    down(2, 0);
    ExAllocatePool(result(0), 64);
    even(4, 0);
    return 0;
}
