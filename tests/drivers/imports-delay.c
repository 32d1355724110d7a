/* @title   a module that is loaded at the first call
 * @libs    ntoskrnl hal
 * @lld     /delayload:hal.dll
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 */
#include "minimal.h"

/* What the linker's stubs call. It would have to load the module; this one never runs. */
void *NTAPI __delayLoadHelper2(const void *descriptor, void **slot);
void *NTAPI __delayLoadHelper2(const void *descriptor, void **slot)
{
    (void)descriptor;
    return *slot;
}

static NTSTATUS fixture(void)
{
    KeStallExecutionProcessor(1);
    return STATUS_SUCCESS;
}
