/* @title   imports a function of the kernel by ordinal: which one is not known
 * @libs    ntoskrnl ntoskrnl-ordinal
 * @expect  counters=0,0,0,0,0,0,0 verifier=undetermined load=pass
 * @undetermined 1,1,1
 */
#include "minimal.h"

IMPORT NTSTATUS NTAPI OrdinalFirst(ULONG value);

static NTSTATUS fixture(void)
{
    return OrdinalFirst(1);
}
