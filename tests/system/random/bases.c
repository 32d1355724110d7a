/* A variable of the frame that is written by its address from the stack pointer, behind a call that
 * takes an unknown number of bytes off the stack, and read by its address from before. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);

static ULONG seed;

NOINLINE void nothing(void)
{
    seed ^= 1;
}

NOINLINE void put(ULONG *to)
{
    *to = RtlRandomEx(&seed) & 0x21;
}

#if defined(__i386__)
void work(void (*call)(void));
__asm__(".text\n"
        ".globl _work\n"
        "_work:\n"
        "  pushl %ebx\n"
        "  subl $8, %esp\n"
        "  movl $0x200, 4(%esp)\n"
        "  leal 4(%esp), %ebx\n"
        "  movl 16(%esp), %eax\n"
        "  call *%eax\n"
        "  leal 4(%esp), %eax\n"
        "  pushl %eax\n"
        "  call _put\n"
        "  popl %ecx\n"
        "  pushl $64\n"
        "  pushl (%ebx)\n"
        "  call *__imp__ExAllocatePool@8\n"
        "  addl $8, %esp\n"
        "  popl %ebx\n"
        "  ret\n");
#else
static NOINLINE void work(void (*call)(void))
{
    ULONG a = 0x200;
    call();
    put(&a);
    ExAllocatePool(a, 64);
}
#endif

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    ExAllocatePool(0x200, 64);
    work(nothing);
    return 0;
}
