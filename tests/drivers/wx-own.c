/* @title   a section of its own that is writable and executable
 * @tool    lld mingw
 * @lld     /section:rwx,ERW
 * @objcopy --set-section-flags rwx=alloc,load,code
 * @expect  counters=0,0,0,1,0,0,0 verifier=fail load=fail
 * @rules   HVC2003 HVC3002
 */
#include "minimal.h"

static IN_SECTION("rwx") NTSTATUS in_rwx(void)
{
    return STATUS_SUCCESS;
}

static NTSTATUS fixture(void)
{
    return in_rwx();
}
