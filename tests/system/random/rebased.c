/* x86: a pointer to a function of the kernel in the frame, and a call that takes an unknown number
 * of bytes off the stack. A write by the stack pointer may hit the pointer then, so that it was
 * forgotten; a function that got its address, or a copy of it, calls it all the same. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);

typedef NTSTATUS(NTAPI *protect)(MDL *, ULONG);
typedef void *(NTAPI *allocate)(ULONG, SIZE_T);

static ULONG seed;

NOINLINE void nothing(void)
{
    seed ^= 1;
}
NOINLINE void call_at(protect *call, ULONG n)
{
    (*call)(0, n);
}
NOINLINE void call_copy(allocate *call, ULONG n)
{
    (*call)(n, 64);
}

#if defined(__i386__)
#define WORK(name, import, first, second, body)                                                    \
    void name(void (*call)(void), ULONG n);                                                        \
    __asm__(".text\n"                                                                              \
            ".globl _" #name "\n"                                                                  \
            "_" #name ":\n"                                                                        \
            "  pushl %ebp\n"                                                                       \
            "  movl %esp, %ebp\n"                                                                  \
            "  subl $96, %esp\n"                                                                   \
            "  movl __imp__" import ", %eax\n"                                                     \
            "  movl %eax, -8(%ebp)\n"                                                              \
            "  pushl $" second "\n"                                                                \
            "  pushl $" first "\n"                                                                 \
            "  call *%eax\n"                                                                       \
            "  movl 8(%ebp), %eax\n"                                                               \
            "  call *%eax\n"                                                                       \
            "  movl $0, 4(%esp)\n" body "  leave\n"                                                \
            "  ret\n")
WORK(addressed, "MmProtectMdlSystemAddress@8", "0", "2",
     "  leal -8(%ebp), %eax\n"
     "  pushl 12(%ebp)\n"
     "  pushl %eax\n"
     "  call _call_at\n");
WORK(copied, "ExAllocatePool@8", "0x200", "64",
     "  movl -8(%ebp), %eax\n"
     "  movl %eax, 8(%esp)\n"
     "  leal 8(%esp), %eax\n"
     "  pushl 12(%ebp)\n"
     "  pushl %eax\n"
     "  call _call_copy\n");
#else
static NOINLINE void addressed(void (*call)(void), ULONG n)
{
    call();
    MmProtectMdlSystemAddress(0, n);
}
#define copied addressed
#endif

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    MmProtectMdlSystemAddress(0, 4);
    for (ULONG i = 0; i < 3; i++) {
        addressed(nothing, RtlRandomEx(&seed));
        copied(nothing, RtlRandomEx(&seed));
    }
    return 0;
}
