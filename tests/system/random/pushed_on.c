/* x86 and x64: as in swept.c a computed address leads into code that nothing else leads to; but it
 * is pushed, and returned to. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);

static ULONG seed;

#if defined(__aarch64__)
void work(ULONG_PTR instructions, ULONG type);
__asm__(".text\n"
        ".globl work\n"
        "work:\n"
        "  adr x9, work\n"
        "  add x9, x9, x0, lsl #2\n"
        "  br x9\n"
        "  mov w1, #0x200\n"
        "  mov w0, w1\n"
        "  mov w1, #64\n"
        "  adrp x8, __imp_ExAllocatePool\n"
        "  ldr x8, [x8, :lo12:__imp_ExAllocatePool]\n"
        "  br x8\n");
#define FIRST  3
#define SECOND 4
#elif defined(__x86_64__)
void work(ULONG_PTR bytes, ULONG type);
__asm__(".text\n"
        ".globl work\n"
        "work:\n"
        "  leaq work(%rip), %rax\n"
        "  addq %rcx, %rax\n"
        "  pushq %rax\n"
        "  ret\n"
        "  movl $0x200, %edx\n"
        "  movl %edx, %ecx\n"
        "  movl $64, %edx\n"
        "  jmp *__imp_ExAllocatePool(%rip)\n");
#define FIRST  12
#define SECOND 17
#else
void __attribute__((fastcall)) work(ULONG_PTR bytes, ULONG type);
__asm__(".text\n"
        ".globl @work@8\n"
        "@work@8:\n"
        "  pushl %ebp\n"
        "  leal @work@8(%ecx), %eax\n"
        "  pushl %eax\n"
        "  ret\n"
        "  movl $0x200, %edx\n"
        "  pushl $64\n"
        "  pushl %edx\n"
        "  call *__imp__ExAllocatePool@8\n"
        "  popl %ebp\n"
        "  ret\n");
#define FIRST  9
#define SECOND 14
#endif

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    ExAllocatePool(0x200, 65);
    work(RtlRandomEx(&seed) & 1 ? FIRST : SECOND, 1);
    work(SECOND, 0);
    return 0;
}
