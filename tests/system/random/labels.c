/* Jumps to labels whose addresses stand in a table: on 32-bit x86, what lies behind is a function
 * of its own, in which the frame looks like the caller's. An address in it led upwards only. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);

static ULONG seed;

typedef struct item {
    ULONG type, other;
    ULONG second, more;
    ULONG64 wide; /* aligns the frame */
} item;

static NOINLINE void change(ULONG *second, ULONG value)
{
    item *it = (item *)((ULONG_PTR)second - __builtin_offsetof(item, second));
    it->type ^= value;
}

static NOINLINE void work(ULONG count)
{
    static void *const labels[3] = {&&first, &&second, &&third};
again:
    goto *labels[RtlRandomEx(&seed) % 3];
first:
    ExAllocatePool(0x200, 65);
second : {
    item it = {0x200, 1, count, 2, 3};
    change(&it.second, count);
    ExAllocatePoolWithTag(it.type, 64, 1);
    if (count-- != 0)
        goto again;
}
third:
    ExAllocatePool(0x200, 66);
}

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    ExAllocatePool(0x200, 67);
    for (ULONG i = 1; i < 8; i++)
        work(i);
    return 0;
}
