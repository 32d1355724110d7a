/* A pointer that is put into the frame in a loop, and read from there behind a write that may have
 * been of the same place: where the ways of the loop meet nothing is known of it any more, so that
 * what is put there does not look like it. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);
static ULONG seed;

static NOINLINE void turn(ULONG n)
{
#if defined(__i386__)
    __asm__ volatile("subl $64, %%esp\n movl __imp__ExAllocatePool@8, %%ebx\n movl $3, %%edi\n"
                     "pushl $65\n pushl $0x200\n call *%%ebx\n"
                     ".rept 20\n nop\n .endr\n"
                     "1: movl %%ebx, 4(%%esp)\n movb $0, 16(%%esp,%%esi)\n movl 4(%%esp), %%ebx\n"
                     "pushl $64\n pushl %%edi\n call *%%ebx\n decl %%edi\n jne 1b\n addl $64, %%esp"
                     : "+S"(n)
                     :
                     : "eax", "ecx", "edx", "ebx", "edi", "memory", "cc");
#elif defined(__x86_64__)
    __asm__ volatile(
        "leaq -192(%%rsp), %%rsp\n movq __imp_ExAllocatePool(%%rip), %%rbx\n movl $3, %%edi\n"
        "movl $0x200, %%ecx\n movl $65, %%edx\n call *%%rbx\n"
        ".rept 20\n nop\n .endr\n"
        "1: movq %%rbx, 40(%%rsp)\n movb $0, 56(%%rsp,%%rsi)\n movq 40(%%rsp), %%rbx\n"
        "movl %%edi, %%ecx\n movl $64, %%edx\n call *%%rbx\n decl %%edi\n jne 1b\n"
        "leaq 192(%%rsp), %%rsp"
        : "+S"(n)
        :
        : "rax", "rcx", "rdx", "rbx", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
#else
    __asm__ volatile(
        "sub sp, sp, #64\n adrp x19, __imp_ExAllocatePool\n"
        "ldr x19, [x19, :lo12:__imp_ExAllocatePool]\n mov w20, #3\n mov w21, %w0\n"
        "mov w0, #0x200\n mov w1, #65\n blr x19\n"
        ".rept 20\n nop\n .endr\n"
        "1: str x19, [sp, #8]\n add x9, sp, #16\n strb wzr, [x9, x21]\n ldr x19, [sp, #8]\n"
        "mov w0, w20\n mov w1, #64\n blr x19\n subs w20, w20, #1\n b.ne 1b\n add sp, sp, #64"
        :
        : "r"(n)
        : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
          "x14", "x15", "x16", "x17", "x19", "x20", "x21", "x30", "memory", "cc");
#endif
}
NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    turn(RtlRandomEx(&seed) & 15);
    ExAllocatePool(0x200, 66);
    return 0;
}
