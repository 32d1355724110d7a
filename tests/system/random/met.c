/* The address of a global variable that meets a pointer of which nothing is known: what was written
 * through the one or the other was not taken for a write of the variable. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);

static ULONG seed;
static ULONG far = 0x200;
static ULONG near;

static NOINLINE void work(ULONG n)
{
    ULONG x = 1, y = 2;
    ULONG *volatile p[2];
    p[0] = &x;
    p[1] = &y;
    ULONG *q = p[n & 1];
    if (n & 2)
        q = &far;
    *q = 0x41;
    near += x + y;
}

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    ExAllocatePool(0x200, 67);
    for (ULONG i = 1; i < 8; i++)
        work(i);
    ExAllocatePool(far, 64);
    return 0;
}
