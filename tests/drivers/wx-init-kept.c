/* @title   a writable and executable INIT section that is kept: not counted, yet refused
 * @lld     /section:INIT,ERW
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=fail
 * @rules   HVC3002
 */
#include "minimal.h"

static IN_SECTION("INIT") NTSTATUS in_section(void)
{
    return STATUS_SUCCESS;
}

static NTSTATUS fixture(void)
{
    return in_section();
}
