/* Parameters in the registers and on the stack of 32-bit code: a variable whose address was handed
 * on in a register kept its value, and of a narrow parameter all that the caller puts on the stack
 * counted. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);
static ULONG seed;
static ULONG global = 0x200;

static NOINLINE ULONG input(void)
{
    return RtlRandomEx(&seed);
}
static NOINLINE void put(ULONG *to, ULONG number)
{
    *to = number | input();
}
static NOINLINE void both(ULONG a, ULONG *to)
{
    if (a & 1)
        *to = a;
}
static NOINLINE ULONG narrow(ULONG a, ULONG b, ULONG c, ULONG d, ULONG e, ULONG f, ULONG g, ULONG h,
                             UCHAR i, USHORT j, signed char k)
{
    ExAllocatePool(i, 64);
    ExAllocatePoolWithTag(j, 64, 1);
    MmProtectMdlSystemAddress(0, (ULONG)(LONG)k);
    return a + b + c + d + e + f + g + h;
}
static NOINLINE void local(void)
{
    ULONG v = 0x200, w = 4;
    put(&v, 1);
    ExAllocatePool(v, 65);
    both(input(), &w);
    ExAllocatePool(w, 66);
}
static NOINLINE void plain(void)
{
    ExAllocatePool(0x200, 68);
}
NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    ULONG wide = 0x40000204;
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    local();
    put(&global, 2);
    ExAllocatePool(global, 67);
    narrow(1, 2, 3, 4, 5, 6, 7, 8, (UCHAR)wide, (USHORT)wide, (signed char)(wide | 0x80));
    wide = input();
    narrow(1, 2, 3, 4, 5, 6, 7, 8, (UCHAR)wide, (USHORT)wide, (signed char)wide);
    plain();
    return 0;
}
