/* A pointer to a function of the kernel that is handed on in a register of 32-bit code: the call
 * through it was not told of. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);
static ULONG seed;
static NOINLINE void *through(void *(NTAPI *call)(ULONG, SIZE_T), ULONG type)
{
    return call(type, 64);
}
static NOINLINE void *among(ULONG a, void *(NTAPI *call)(ULONG, SIZE_T))
{
    return call(a | RtlRandomEx(&seed), 64);
}
static NOINLINE void three(void)
{
    through(ExAllocatePool, RtlRandomEx(&seed));
    ExAllocatePool(0x200, 64);
    among(1, ExAllocatePool);
    ExAllocatePoolWithTag(0x200, 64, 1);
}
NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    three();
    return 0;
}
