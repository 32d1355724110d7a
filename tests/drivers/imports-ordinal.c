/* @title   functions imported by ordinal, and several modules
 * @libs    ntoskrnl hal ordinals
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 */
#include "minimal.h"

IMPORT NTSTATUS NTAPI OrdinalFirst(ULONG value);
IMPORT NTSTATUS NTAPI OrdinalLast(ULONG value);

static NTSTATUS fixture(void)
{
    KeStallExecutionProcessor(1);
    return OrdinalFirst(1) + OrdinalLast(2);
}
