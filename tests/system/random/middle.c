/* A jump to an address that is computed from a parameter leads into the middle of straight code:
 * what stands before that place was believed there. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);

static ULONG seed;

#if defined(__aarch64__)
ULONG work(ULONG_PTR instructions, ULONG type);
__asm__(".text\n"
        ".balign 4\n"
        ".globl work\n"
        ".seh_proc work\n"
        "work:\n"
        "  stp x29, x30, [sp, #-16]!\n"
        "  .seh_save_fplr_x 16\n"
        "  .seh_endprologue\n"
        "  adr x9, work\n"
        "  add x9, x9, x0, lsl #2\n"
        "  br x9\n"
        "  mov w1, #0x200\n"
        "  mov w0, w1\n"
        "  mov w1, #64\n"
        "  adrp x8, __imp_ExAllocatePool\n"
        "  ldr x8, [x8, :lo12:__imp_ExAllocatePool]\n"
        "  blr x8\n"
        "  .seh_startepilogue\n"
        "  ldp x29, x30, [sp], #16\n"
        "  .seh_save_fplr_x 16\n"
        "  .seh_endepilogue\n"
        "  ret\n"
        ".seh_endproc\n");
#define FIRST  4
#define SECOND 5
#elif defined(__x86_64__)
ULONG work(ULONG_PTR bytes, ULONG type);
__asm__(".text\n"
        ".globl work\n"
        ".seh_proc work\n"
        "work:\n"
        "  subq $40, %rsp\n"
        "  .seh_stackalloc 40\n"
        "  .seh_endprologue\n"
        "  leaq work(%rip), %rax\n"
        "  addq %rcx, %rax\n"
        "  jmp *%rax\n"
        "  movl $0x200, %edx\n"
        "  movl %edx, %ecx\n"
        "  movl $64, %edx\n"
        "  call *__imp_ExAllocatePool(%rip)\n"
        "  addq $40, %rsp\n"
        "  ret\n"
        ".seh_endproc\n");
#define FIRST  16
#define SECOND 21
#else
static NOINLINE ULONG work(ULONG_PTR bytes, ULONG type)
{
    ExAllocatePool(bytes != 0 ? type : 0x200, 64);
    return 0;
}
#define FIRST  0
#define SECOND 1
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
