/* @title   a discardable writable and executable section of another name: counted, yet it loads
 * @lld     /section:ONCE,ERWD
 * @expect  counters=0,0,0,1,0,0,0 verifier=fail load=pass
 * @rules   HVC2003
 * @advice  +HVC4001
 */
#include "minimal.h"

static IN_SECTION("ONCE") NTSTATUS in_section(void)
{
    return STATUS_SUCCESS;
}

static NTSTATUS fixture(void)
{
    return in_section();
}
