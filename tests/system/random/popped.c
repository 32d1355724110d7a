/* Pointers to a function of the kernel that all registers are loaded with at once, from the stack:
 * what the stack held got out of sight. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);

static ULONG seed;

#if defined(__i386__)
void protect(ULONG protection);
void *allocate(ULONG type);
__asm__(".text\n"
        ".globl _protect\n"
        "_protect:\n"
        "  movl 4(%esp), %ecx\n"
        "  pushl %ebx\n"
        "  pushl %ebp\n"
        "  pushl %esi\n"
        "  pushl %edi\n"
        "  movl __imp__MmProtectMdlSystemAddress@8, %ebx\n"
        "  pushl $2\n"
        "  pushl $0\n"
        "  movl %ecx, %edi\n"
        "  call *%ebx\n"
        "  pushl %eax\n"
        "  pushl %eax\n"
        "  pushl %eax\n"
        "  pushl %ebx\n"
        "  pushl %eax\n"
        "  pushl %edi\n"
        "  pushl %eax\n"
        "  pushl %eax\n"
        "  xorl %ebx, %ebx\n"
        "  popal\n"
        "  pushl %ebp\n"
        "  pushl $0\n"
        "  call *%ebx\n"
        "  popl %edi\n"
        "  popl %esi\n"
        "  popl %ebp\n"
        "  popl %ebx\n"
        "  ret\n"
        ".globl _allocate\n"
        "_allocate:\n"
        "  movl 4(%esp), %edx\n"
        "  pushl %ebx\n"
        "  movl $0x200, %ebx\n"
        "  pushal\n"
        "  movl %edx, 16(%esp)\n"
        "  popal\n"
        "  pushal\n"
        "  pushl $64\n"
        "  pushl %ebx\n"
        "  call *__imp__ExAllocatePool@8\n"
        "  popal\n"
        "  pushl $65\n"
        "  pushl %ebx\n"
        "  call *__imp__ExAllocatePool@8\n"
        "  popl %ebx\n"
        "  ret\n");
#else
static NOINLINE void protect(ULONG protection)
{
    NTSTATUS(NTAPI *volatile call)(MDL *, ULONG) = MmProtectMdlSystemAddress;
    MmProtectMdlSystemAddress(0, 2);
    call(0, protection);
}
static NOINLINE void *allocate(ULONG type)
{
    return ExAllocatePool(type, 64);
}
#endif

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    protect(RtlRandomEx(&seed));
    allocate(RtlRandomEx(&seed) | 0x200);
    return 0;
}
