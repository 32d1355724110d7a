/* Variables on the stack that are written through an address which is computed in several steps:
 * what lay below the first of them kept its value, and a store to a pointer and a number was lost.
 */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);
static ULONG seed;

void *memcpy(void *to, const void *from, SIZE_T size)
{
    for (SIZE_T i = 0; i < size; i++)
        ((volatile UCHAR *)to)[i] = ((const UCHAR *)from)[i];
    return to;
}
void *memset(void *to, int value, SIZE_T size)
{
    for (SIZE_T i = 0; i < size; i++)
        ((volatile UCHAR *)to)[i] = (UCHAR)value;
    return to;
}
static NOINLINE ULONG input(void)
{
    return RtlRandomEx(&seed);
}
static NOINLINE void element(ULONG number)
{
    ULONG local[3] = {5, number, 4};
    ULONG *p = local + (input() & 1);
    *p = input();
    p[1] ^= 2;
    ExAllocatePool(local[0], 64);
    ExAllocatePool(local[2], 65);
}
static NOINLINE void bytes(ULONG type)
{
    ULONG v = 0x204, other = 0x10200;
    ((UCHAR *)&v)[(other == type ? other : 0x200) & 3] = 5;
    ExAllocatePool(v, 66);
    ((UCHAR *)&v)[input() & 1] = 7;
    ExAllocatePool(v, 67);
}
static NOINLINE void downwards(ULONG count)
{
    ULONG local[12] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    ULONG *p = local + 12;
    do
        *--p = input();
    while (p != local + (count & 1));
    ExAllocatePool(local[1], 68);
    ExAllocatePool(local[11], 69);
}
static NOINLINE void negative(ULONG count)
{
    ULONG local[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    for (LONG i = -(LONG)(count & 7); i < 0; i++)
        local[i + 8] = input();
    ExAllocatePool(local[6], 70);
    ExAllocatePool(local[7], 71);
}
NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    element(3);
    bytes(0x10200);
    bytes(input());
    downwards(input());
    negative(4);
    ExAllocatePool(0x200, 72);
    return 0;
}
