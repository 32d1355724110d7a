/* Globals that are computed from themselves: what was stored once was taken for all of it. */
#include "kernel.h"
typedef struct objects {
    ULONG_PTR head[13];
    void *routine[29];
} objects;
static ULONG g = 1, h = 0x20, k = 4;
static ULONG NTAPI d1(ULONG *q, ULONG_PTR two)
{
    (void)q;
    (void)two;
    ExAllocatePool(g, 64);
    g = g | 4;
    ExAllocatePool(h, 64);
    h = h << 1;
    ExAllocatePool(k, 64);
    k = (k + 1) & 7;
    return 0;
}
NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    objects *o = (objects *)driver;
    (void)path;
    o->routine[0] = (void *)d1;
    return 0;
}
