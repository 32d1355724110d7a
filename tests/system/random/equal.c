/* What a branch proves of the difference of two values, of copies of what was tested, and of the
 * low bytes of a register: neither of the value that a copy held one turn of the loop before. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);
static ULONG seed;

static NOINLINE ULONG input(void)
{
    return RtlRandomEx(&seed) & 3;
}
static NOINLINE void differences(ULONG a, ULONG b)
{
    ULONG rest = a - b;
    if (rest == 0)
        ExAllocatePool(rest + 0x200, 64);
    else
        ExAllocatePool(rest, 65);
    rest -= 2;
    if (rest != 0)
        ExAllocatePool(rest + 1, 66);
    ExAllocatePool(rest, 67);
}
static NOINLINE void counts(ULONG n)
{
    ULONG type = 3;
    do {
        type -= 1;
        n += input();
    } while (type != 0);
    ExAllocatePool(type, 68);
    for (LONG left = 4; (left -= 2) != 0;)
        ExAllocatePool((ULONG)left + n, 69);
}
static NOINLINE void turns(void)
{
    ULONG before = 1, now = 2;
    for (ULONG i = 0; i < 4; i++) {
        ULONG kept = now;
        now = input();
        if (now == 0)
            ExAllocatePool(before, 70);
        if (kept == 0)
            ExAllocatePool(now + 0x200, 71);
        if (now == kept)
            ExAllocatePool(now - before, 72);
        before = kept;
    }
    ExAllocatePool(before, 73);
}
static NOINLINE void bytes(ULONG flags)
{
    ULONG mixed = flags << 8;
    for (ULONG i = 0; i < 3; i++) {
        UCHAR low = (UCHAR)input();
        mixed = (mixed & ~0xffu) | low;
        if (low == 2)
            ExAllocatePool(mixed, 74);
        else if ((UCHAR)mixed < 2)
            ExAllocatePool((UCHAR)mixed + 0x200, 75);
        mixed += flags << 9;
    }
    ExAllocatePool(mixed, 76);
}
NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    ExAllocatePool(0x200, 77);
    differences(input(), input());
    counts(input());
    turns();
    bytes(input());
    ULONG status = input();
    ULONG same = status;
    if (status == 0)
        ExAllocatePool(same + 1, 78);
    if (same == 1)
        ExAllocatePool(status, 79);
    return 0;
}
