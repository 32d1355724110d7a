/* @title   the entry point is in the last section, the rest of the code is noise
 * @calls
 * @lld     /section:.zpack,ER
 * @lld[x64,arm64] /include:__imp_ExAllocatePoolWithTag
 * @lld[x86] /include:__imp__ExAllocatePoolWithTag@12
 * @libs    ntoskrnl-calls
 */
#include "calls.h"

volatile ULONG_PTR sink;

/* What a packer leaves of .text: bytes without sense. */
__asm__("\t.text\n\t.set noise, 12345\n\t.rept 8192\n"
        "\t.set noise, (noise * 1103515245 + 12345) & 0x7fffffff\n"
        "\t.byte (noise >> 16) & 255\n\t.endr\n");

DRIVER("verdict.verifier", "undetermined")
DRIVER("verdict.undetermined_why", "pack")
EXPECT(-, "ExAllocatePoolWithTag", "open *", "undetermined", "reference optional")
__attribute__((section(".zpack"))) NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver,
                                                              UNICODE_STRING *path)
{
    volatile UCHAR *at = (volatile UCHAR *)sink;
    (void)driver;
    (void)path;
    for (ULONG i = 0; i < 4096; i++)
        at[i] ^= 0x5a;
    return ((NTSTATUS(*)(void))sink)();
}
