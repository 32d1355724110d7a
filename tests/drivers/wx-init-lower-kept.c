/* @title   a kept writable and executable section named init: not counted, yet refused
 * @lld     /section:init,ERW
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=fail
 * @rules   HVC3002
 */
#include "minimal.h"

static IN_SECTION("init") NTSTATUS in_section(void)
{
    return STATUS_SUCCESS;
}

static NTSTATUS fixture(void)
{
    return in_section();
}
