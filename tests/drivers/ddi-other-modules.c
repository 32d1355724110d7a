/* @title   calls functions of other modules whose argument decides, with good ones
 * @libs    ntoskrnl fltmgr videoprt
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    void *aligned = FltAllocatePoolAlignedWithTag(0, 512, 64, 'xif');
    return aligned == VideoPortAllocatePool(aligned, 1, 64, 'xif');
}
