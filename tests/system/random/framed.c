/* Pointers to functions of the kernel that lie in a structure on the stack, which is handed on:
 * their calls there were not told of when the function calls the same import itself. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);
typedef struct allocator {
    ULONG number;
    void *room[16]; /* farther than what may be arguments on the stack */
    void *(NTAPI *allocate)(ULONG type, SIZE_T size);
} allocator;
static ULONG seed;
static NOINLINE void *use(allocator *from)
{
    return from->allocate(RtlRandomEx(&seed), from->number);
}
static NOINLINE void both(void)
{
    allocator x;
    x.allocate = ExAllocatePool;
    x.number = 64;
    use(&x);
    ExAllocatePool(0x200, 64);
}
static NOINLINE void before(void)
{
    allocator x;
    ExAllocatePool(0x220, 64);
    x.allocate = ExAllocatePool;
    x.number = 32;
    use(&x);
}
NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    both();
    before();
    ExAllocatePoolWithTag(0x200, 64, 1);
    return 0;
}
