/* ARM64: a jump through a table leads into the middle of straight code, with the address of another
 * function's pointer in the register than what stands before has there. The pointer that is read
 * behind was taken for the one alone. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);

static ULONG seed;

#if defined(__aarch64__)
#define WORK(name, table, entry, jump)                                                             \
    void name(ULONG n, ULONG type);                                                                \
    __asm__(".text\n"                                                                              \
            ".balign 4\n"                                                                          \
            ".globl " #name "\n"                                                                   \
            ".seh_proc " #name "\n" #name ":\n"                                                    \
            "  stp x29, x30, [sp, #-16]!\n"                                                        \
            "  .seh_save_fplr_x 16\n"                                                              \
            "  .seh_endprologue\n"                                                                 \
            "  adrp x9, __imp_MmProtectMdlSystemAddress\n"                                         \
            "  add x9, x9, :lo12:__imp_MmProtectMdlSystemAddress\n"                                \
            "  cmp w0, #2\n"                                                                       \
            "  b.hs 3f\n"                                                                          \
            "  mov w0, w0\n"                                                                       \
            "  adrp x10, " table "\n"                                                              \
            "  add x10, x10, :lo12:" table "\n" jump "1:\n"                                        \
            "  adrp x9, __imp_ExAllocatePool\n"                                                    \
            "  add x9, x9, :lo12:__imp_ExAllocatePool\n"                                           \
            "2:\n"                                                                                 \
            "  mov w0, #0x200\n"                                                                   \
            "  ldr x8, [x9]\n"                                                                     \
            "  blr x8\n"                                                                           \
            "3:\n"                                                                                 \
            "  .seh_startepilogue\n"                                                               \
            "  ldp x29, x30, [sp], #16\n"                                                          \
            "  .seh_save_fplr_x 16\n"                                                              \
            "  .seh_endepilogue\n"                                                                 \
            "  ret\n"                                                                              \
            ".seh_endproc\n"                                                                       \
            ".section .rdata,\"dr\"\n"                                                             \
            ".balign 8\n" table ":\n" entry ".text\n")
WORK(by_offset, "offsets", "  .byte 0, 2\n",
     "  ldrb w10, [x10, w0, uxtw]\n"
     "  adr x11, 1f\n"
     "  add x10, x11, x10, lsl #2\n"
     "  br x10\n");
WORK(by_address, "addresses", "  .quad by_address + 40\n  .quad by_address + 48\n",
     "  ldr x10, [x10, x0, lsl #3]\n"
     "  br x10\n");
#else
static NOINLINE void by_offset(ULONG n, ULONG type)
{
    if (n == 0)
        ExAllocatePool(0x200, 64);
    else
        MmProtectMdlSystemAddress(0, type);
}
#define by_address by_offset
#endif

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    MmProtectMdlSystemAddress(0, 2);
    for (ULONG i = 0; i < 4; i++) {
        by_offset(i & 1, RtlRandomEx(&seed));
        by_address(i & 1, RtlRandomEx(&seed));
    }
    return 0;
}
