/* Variables that are written through pointers which are computed from the address of an array:
 * those were taken for numbers. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);
static ULONG seed;
static ULONG a[2] = {0x200, 0x200}, b[2] = {0x200, 0x200}, c[4] = {0x200, 0x200, 0x200, 0x200},
             d[2] = {0x200, 0x200}, e[2] = {0x200, 0x200}, f = 0x200;

static NOINLINE ULONG input(void)
{
    return RtlRandomEx(&seed);
}
static NOINLINE void put(ULONG *to)
{
    *to = input();
}
static NOINLINE ULONG *choose(ULONG i)
{
    return &a[i & 1];
}
static NOINLINE ULONG *select(ULONG i)
{
    return i & 1 ? &f : &e[i >> 1 & 1];
}
static NOINLINE void element(ULONG mask)
{
    put(&b[input() & mask]);
}
static NOINLINE void each(ULONG count)
{
    for (ULONG *p = c; p < c + (count & 4); p++)
        put(p);
}
static NOINLINE void stepped(ULONG *p, ULONG count)
{
    while (count-- != 0)
        put(p++);
}
NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    *choose(input()) = input();
    *select(input()) = input();
    element(1);
    each(4);
    stepped(d, 2);
    ExAllocatePool(a[1], 64);
    ExAllocatePool(b[1], 65);
    ExAllocatePool(c[3], 66);
    ExAllocatePool(d[1], 67);
    ExAllocatePool(e[1], 68);
    ExAllocatePool(f, 69);
    ExAllocatePool(0x200, 70);
    return 0;
}
