/* @title   imports functions of other modules whose argument decides
 * @libs    ntoskrnl fltmgr videoprt
 * @expect  counters=0,0,0,0,0,0,0 verifier=undetermined load=pass
 * @undetermined 2,0,0
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    void *aligned = FltAllocatePoolAlignedWithTag(0, 512, 64, 'xif');
    return aligned == VideoPortAllocatePool(aligned, 1, 64, 'xif');
}
