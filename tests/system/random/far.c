/* Stores far behind the address that the code forms: only those near an address that stands in the
 * code were found. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);
static ULONG seed;
static struct big {
    ULONG head[4], a, room[60], b, more[200], c;
} big = {{0}, 0x200, {0}, 0x200, {0}, 0x200};
static ULONG table[128] = {[100] = 0x200};

static NOINLINE ULONG input(void)
{
    return RtlRandomEx(&seed);
}
static NOINLINE void fill(void)
{
    big.head[0] = input();
    big.head[1] = input();
    big.a = input();
    big.b = input();
    big.c = input();
}
static NOINLINE void set(void)
{
    table[0] = 1;
    table[100] = input();
}
NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    fill();
    set();
    ExAllocatePool(big.a, 64);
    ExAllocatePool(big.b, 65);
    ExAllocatePool(big.c, 66);
    ExAllocatePool(table[100], 67);
    ExAllocatePool(0x200, 68);
    return 0;
}
