/* Functions that do nothing but call with a number of their own: a jump to an import behind a load
 * of a constant or a variable was taken for a thunk, which hands on what it was given. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);
static ULONG seed;
static ULONG variable = 0x200;
NOINLINE void *constant(ULONG type)
{
    (void)type;
    return ExAllocatePool(0x220, 64);
}
NOINLINE void *loaded(ULONG type, SIZE_T size)
{
    (void)type;
    return ExAllocatePool(variable, size);
}
NOINLINE NTSTATUS second(void *mdl, ULONG protection)
{
    (void)protection;
    return MmProtectMdlSystemAddress(mdl, 0x40);
}
NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    seed = (ULONG)(ULONG_PTR)path;
    constant(4);
    loaded(1, RtlRandomEx(&seed));
    second(driver, 2);
    variable = 0x201;
    return 0;
}
