/* @title   the entry point is in a writable section, as a packer's stub is
 * @calls
 * @lld     /section:UPX1,ERW
 * @lld[x64,arm64] /include:__imp_ExAllocatePoolWithTag
 * @lld[x86] /include:__imp__ExAllocatePoolWithTag@12
 * @libs    ntoskrnl-calls
 */
#include "calls.h"

volatile ULONG_PTR sink;
__asm__("\t.section UPX1,\"xw\"\npacked_bytes:\n\t.zero 4096, 0x5a\n\t.text\n");
extern volatile UCHAR packed[4096] __asm__("packed_bytes");

/* The section fails by itself; that the calls are not known is said all the same. */
DRIVER("verdict.verifier", "fail")
DRIVER("undetermined.execute_pool_type", "1")
EXPECT(-, "ExAllocatePoolWithTag", "open *", "undetermined", "reference optional")
__attribute__((section("UPX1"))) NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver,
                                                            UNICODE_STRING *path)
{
    (void)driver;
    (void)path;
    for (ULONG i = 0; i < sizeof(packed); i++)
        packed[i] ^= 0x5a;
    return ((NTSTATUS(*)(void))sink)();
}
