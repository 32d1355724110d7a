/* Elements of tables that are written with an index far from the table's address, or below it. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);
static ULONG seed;
static ULONG a[128] = {[100] = 0x200}, b[64] = {[5] = 0x200, [62] = 0x200}, c[40] = {[30] = 0x200};

static NOINLINE ULONG input(void)
{
    return RtlRandomEx(&seed);
}
static NOINLINE void any(ULONG i)
{
    a[i & 127] = input();
}
static NOINLINE void backwards(ULONG count)
{
    for (LONG i = -(LONG)(count & 63); i < 0; i++)
        b[i + 64] = input();
}
static NOINLINE void downwards(ULONG count)
{
    ULONG *p = c + 40;
    do
        *--p = input();
    while (p != c + (count & 1));
}
NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    any(100);
    any(input());
    backwards(63);
    downwards(input());
    ExAllocatePool(a[100], 64);
    ExAllocatePool(b[5], 65);
    ExAllocatePool(b[62], 66);
    ExAllocatePool(c[30], 67);
    ExAllocatePool(0x200, 68);
    return 0;
}
