/* @title   one bad call for each of the three counters
 * @expect  counters=1,1,1,0,0,0,0 verifier=fail load=pass
 * @rules   HVC2000 HVC2001 HVC2002
 * @advice  +HVC4010
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    void *memory = ExAllocatePoolWithTag(0, 64, 'xif');
    void *mapped = MmMapLockedPagesSpecifyCache((MDL *)memory, 0, 1, 0, 0, 16);

    return mapped == 0 ? STATUS_SUCCESS : MmProtectMdlSystemAddress((MDL *)memory, 0x40);
}
