/* @title   a writable and executable INIT section that is discardable: exempt, and it loads
 * @lld     /section:INIT,ERWD
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 * @advice  +HVC4001
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
