/* A function goes on elsewhere, where an address that it pushes says, with a pointer to a function
 * of the kernel in a register: the call there was not told of. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);

static ULONG seed;

#if defined(__x86_64__)
void work(ULONG n);
__asm__(".text\n"
        ".globl work\n"
        ".seh_proc work\n"
        "work:\n"
        "  pushq %rbx\n"
        "  .seh_pushreg %rbx\n"
        "  pushq %rdi\n"
        "  .seh_pushreg %rdi\n"
        "  subq $40, %rsp\n"
        "  .seh_stackalloc 40\n"
        "  .seh_endprologue\n"
        "  movl %ecx, %edi\n"
        "  movq __imp_MmProtectMdlSystemAddress(%rip), %rbx\n"
        "  xorl %ecx, %ecx\n"
        "  movl $2, %edx\n"
        "  call *%rbx\n"
        "  leaq 1f(%rip), %rax\n"
        "  pushq %rax\n"
        "  ret\n"
        ".seh_endproc\n"
        ".balign 16\n"
        "1:\n"
        "  xorl %ecx, %ecx\n"
        "  movl %edi, %edx\n"
        "  call *%rbx\n"
        "  addq $40, %rsp\n"
        "  popq %rdi\n"
        "  popq %rbx\n"
        "  ret\n");
#elif defined(__i386__)
void work(ULONG n);
__asm__(".text\n"
        ".globl _work\n"
        "_work:\n"
        "  pushl %ebx\n"
        "  movl __imp__MmProtectMdlSystemAddress@8, %ebx\n"
        "  pushl $2\n"
        "  pushl $0\n"
        "  call *%ebx\n"
        "  pushl $1f\n"
        "  ret\n"
        ".balign 16\n"
        "1:\n"
        "  pushl 8(%esp)\n"
        "  pushl $0\n"
        "  call *%ebx\n"
        "  popl %ebx\n"
        "  ret\n");
#else
static NOINLINE void work(ULONG n)
{
    MmProtectMdlSystemAddress(0, n);
}
#endif

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    ExAllocatePool(0x200, 64);
    for (ULONG i = 0; i < 3; i++)
        work(RtlRandomEx(&seed));
    return 0;
}
