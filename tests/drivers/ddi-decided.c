/* @title   calls functions of the kernel whose argument decides, with good ones
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    LARGE_INTEGER size = {.QuadPart = 4096};
    HANDLE section = 0;
    void *memory = ExAllocatePoolWithTag(512, 64, 'xif');
    void *flagged = ExAllocatePool2(0x40, 64, 'xif');
    void *mapped = MmMapLockedPagesSpecifyCache((MDL *)memory, 0, 1, 0, 0, 0x40000010);

    ExFreePoolWithTag(flagged, 'xif');
    if (mapped == 0)
        return ZwCreateSection(&section, 0xf001f, 0, &size, 4, 0x8000000, 0);
    return MmProtectMdlSystemAddress((MDL *)memory, 2);
}
