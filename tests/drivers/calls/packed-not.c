/* @title   near misses of a packed driver: the entry point is in the last section, which is discardable, and there is noise in data
 * @calls
 * @lld     /section:INIT,ERD
 * @libs    ntoskrnl-calls
 */
#include "calls.h"

volatile ULONG_PTR sink;
__asm__("\t.data\n\t.set noise, 12345\n\t.rept 8192\n"
        "\t.set noise, (noise * 1103515245 + 12345) & 0x7fffffff\n"
        "\t.byte (noise >> 16) & 255\n\t.endr\n\t.text\n");

DRIVER("verdict.verifier", "pass")
CALL_EXPECT(plain_good, "ExAllocatePoolWithTag", "0x200", "ok", "iat",
            ExAllocatePoolWithTag(NonPagedPoolNx, 24, TAG))
__attribute__((section("INIT"))) NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver,
                                                            UNICODE_STRING *path)
{
    (void)driver;
    (void)path;
    KEEP(ExAllocatePoolWithTag(PagedPool, 24, TAG));
    return STATUS_SUCCESS;
}
EXPECT(DriverEntry, "ExAllocatePoolWithTag", "1", "ok", "iat")
