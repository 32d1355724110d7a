/* @title   an argument that the image does not settle
 * @expect  counters=0,0,0,0,0,0,0 verifier=undetermined load=pass
 * @undetermined 1,0,0
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    ULONG type = (ULONG)MmProtectMdlSystemAddress(0, 2);
    return ExAllocatePoolWithTag(type, 64, 'xif') == 0;
}
