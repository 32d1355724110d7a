/* @title   an argument that decides, in an image that fails anyway: the certain verdict wins
 * @lld     /section:rwx,ERW
 * @expect  counters=0,0,0,1,0,0,0 verifier=fail load=fail
 * @undetermined 1,0,0
 * @rules   HVC2003 HVC3002
 */
#include "minimal.h"

/* What a function of the kernel returns is not known. */
static ULONG unknown(void)
{
    return (ULONG)MmProtectMdlSystemAddress(0, 2);
}

static IN_SECTION("rwx") NTSTATUS in_rwx(void)
{
    return ExAllocatePoolWithTag(unknown(), 64, 'xif') == 0;
}

static NTSTATUS fixture(void)
{
    return in_rwx();
}
