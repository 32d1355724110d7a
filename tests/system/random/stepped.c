/* Pointers that step downwards through the frame in loops, and are lost where ways meet after a
 * step or two: as another way has a pointer that is not known, or as the loop was looked at often
 * before. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);

static ULONG seed;
static ULONG other;
static ULONG *to_other = &other;

static NOINLINE ULONG *find(ULONG n)
{
    return n == 0 ? to_other : &other;
}

#define FILL(a)                                                                                    \
    a[0] = a[1] = a[2] = a[3] = 0x200;                                                             \
    a[4] = a[5] = a[6] = a[7] = 0x200

static NOINLINE void met(ULONG n)
{
    ULONG a[8], *p = a + 7;
    FILL(a);
    for (ULONG i = 0; i < (n & 7); i++) {
        if (RtlRandomEx(&seed) == 64)
            p = find(i);
        else
            p--;
    }
    *p = 0x41;
    ExAllocatePool(a[0], 64);
    ExAllocatePool(a[2], 64);
    ExAllocatePool(a[4], 64);
    ExAllocatePool(a[6], 64);
}

static NOINLINE void late(ULONG n)
{
    ULONG a[8], *p = a + 7, first = 0, second = 0, third = 0;
    FILL(a);
    for (ULONG i = 0; i < 40 + (n & 7); i++) {
        if (first < 10)
            first++;
        else if (second < 10)
            second++;
        else if (third < 19)
            third++;
        else
            p--;
    }
    *p = 0x41;
    ExAllocatePool(a[0], 65);
    ExAllocatePool(a[2], 65);
    ExAllocatePool(a[4], 65);
    ExAllocatePool(a[6], 65);
}

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    ExAllocatePool(0x200, 64);
    for (ULONG i = 0; i < 12; i++) {
        met(i);
        late(i);
    }
    return 0;
}
