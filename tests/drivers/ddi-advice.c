/* @title   imports functions that are better not used, but that no counter catches
 * @libs    ntoskrnl ndis
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 * @advice  +HVC4009
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    PHYSICAL_ADDRESS address = {.QuadPart = 0xfee00000};
    SIZE_T copied;
    void *registers = MmMapIoSpace(address, 4096, 0);
    void *memory = MmAllocateContiguousMemory(4096, address);
    void *mapped = MmMapLockedPages((MDL *)memory, 0);
    void *other = NdisAllocateMemoryWithTagPriority(0, 64, 'xif', 0);
    NTSTATUS status = MmCopyMemory(memory, registers, 64, 2, &copied);

    MmUnmapIoSpace(registers, 4096);
    MmFreeContiguousMemory(memory);
    return mapped == other ? status : STATUS_SUCCESS;
}
