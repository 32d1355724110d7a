/* Callees that write below the address that they are given: from the end of an array, and through a
 * pointer into the middle of a structure. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);

static ULONG seed;

typedef struct link {
    struct link *next;
} link;

typedef struct item {
    ULONG type, other[3];
    link entry;
} item;

static NOINLINE void fill(ULONG *end, ULONG count)
{
    while (count-- != 0)
        *--end = RtlRandomEx(&seed);
}

static NOINLINE void change(link *entry)
{
    item *it = (item *)((ULONG_PTR)entry - __builtin_offsetof(item, entry));
    it->type ^= RtlRandomEx(&seed);
}

static NOINLINE void array(ULONG n)
{
    ULONG a[6];
    a[0] = a[1] = a[2] = a[3] = a[4] = a[5] = 0x200;
    fill(a + 6, n & 7);
    ExAllocatePool(a[0], 64);
    ExAllocatePool(a[5], 64);
}

static NOINLINE void structure(void)
{
    item it;
    it.type = 0x200;
    it.entry.next = 0;
    change(&it.entry);
    ExAllocatePool(it.type, 65);
}

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    ExAllocatePool(0x200, 64);
    for (ULONG i = 0; i < 7; i++)
        array(i);
    structure();
    return 0;
}
