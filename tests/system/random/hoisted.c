/* Pointers that are loaded once and called in several cases of a jump table, in a loop: calls that
 * were not followed behind the table were not told of, because others through the same pointer
 * were. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);

static ULONG seed;
static ULONG first = 1, second = 0x220;
static const volatile ULONG third = 0x41;

static NOINLINE ULONG work(ULONG a, ULONG b)
{
    for (ULONG i = 0; i < 3; i++) {
        switch (RtlRandomEx(&seed)) {
        case 1:
            ExAllocatePool2(i << (third & 7), 64, 1);
            break;
        case 2:
            MmProtectMdlSystemAddress(0, a);
            first = third;
            ExAllocatePool(3, 64);
            break;
        case 4:
            ExAllocatePool2(0x40, 64, 1);
            second = i;
            break;
        case 5:
            ExAllocatePoolWithTag(i, second, 1);
            ExAllocatePool2(first, 64, 1);
            break;
        case 7:
            RtlRandomEx(&second);
            MmProtectMdlSystemAddress(0, b | 4);
            break;
        case 8:
            MmMapLockedPagesSpecifyCache(0, 0, 1, 0, i, second & 0x40000010);
            break;
        default:
            first = 0x220 - i;
            break;
        }
        if (i != a)
            ExAllocatePool(second, 64);
    }
    ExAllocatePool2(first, 64, 1);
    MmProtectMdlSystemAddress(0, 2);
    return second;
}

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    work(2, first);
    work(third, work(4, 0x20));
    return 0;
}
