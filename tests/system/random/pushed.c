/* The address of a variable, and of a slot of the import table, that lie on the stack because they
 * were pushed: what was read and written through them was not seen once a slot near them was
 * written by an index. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);

static ULONG seed;
ULONG first = 0x200;

void write_first(ULONG_PTR n);
void protect(ULONG_PTR n, ULONG protection);

#if defined(__x86_64__)
__asm__(".text\n"
        ".globl write_first\n"
        ".seh_proc write_first\n"
        "write_first:\n"
        "  leaq first(%rip), %rax\n"
        "  pushq %rax\n"
        "  .seh_stackalloc 8\n"
        "  subq $32, %rsp\n"
        "  .seh_stackalloc 32\n"
        "  .seh_endprologue\n"
        "  andl $3, %ecx\n"
        "  movq $1, (%rsp,%rcx,8)\n"
        "  movq 32(%rsp), %rax\n"
        "  movl $0x41, (%rax)\n"
        "  addq $40, %rsp\n"
        "  ret\n"
        ".seh_endproc\n"
        ".globl protect\n"
        ".seh_proc protect\n"
        "protect:\n"
        "  leaq __imp_MmProtectMdlSystemAddress(%rip), %rax\n"
        "  pushq %rax\n"
        "  .seh_stackalloc 8\n"
        "  subq $64, %rsp\n"
        "  .seh_stackalloc 64\n"
        "  .seh_endprologue\n"
        "  andl $3, %ecx\n"
        "  movq $1, 32(%rsp,%rcx,8)\n"
        "  movq 64(%rsp), %rax\n"
        "  call *(%rax)\n"
        "  addq $72, %rsp\n"
        "  ret\n"
        ".seh_endproc\n");
#elif defined(__i386__)
__asm__(".text\n"
        ".globl _write_first\n"
        "_write_first:\n"
        "  movl 4(%esp), %ecx\n"
        "  pushl $_first\n"
        "  subl $16, %esp\n"
        "  andl $3, %ecx\n"
        "  movl $1, (%esp,%ecx,4)\n"
        "  movl 16(%esp), %eax\n"
        "  movl $0x41, (%eax)\n"
        "  addl $20, %esp\n"
        "  ret\n"
        ".globl _protect\n"
        "_protect:\n"
        "  movl 4(%esp), %ecx\n"
        "  movl 8(%esp), %edx\n"
        "  pushl $__imp__MmProtectMdlSystemAddress@8\n"
        "  subl $16, %esp\n"
        "  andl $3, %ecx\n"
        "  movl $1, (%esp,%ecx,4)\n"
        "  movl 16(%esp), %eax\n"
        "  pushl %edx\n"
        "  pushl $0\n"
        "  call *(%eax)\n"
        "  addl $20, %esp\n"
        "  ret\n");
#else
NOINLINE void write_first(ULONG_PTR n)
{
    ULONG *volatile to[4];
    to[3] = &first;
    to[n & 1] = 0;
    *to[3] = 0x41;
}
NOINLINE void protect(ULONG_PTR n, ULONG protection)
{
    MmProtectMdlSystemAddress(0, protection);
}
#endif

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    write_first(RtlRandomEx(&seed));
    ExAllocatePool(first, 64);
    MmProtectMdlSystemAddress(0, 2);
    protect(RtlRandomEx(&seed), RtlRandomEx(&seed));
    return 0;
}
