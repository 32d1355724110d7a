/* @title   a name that only begins with INIT is not exempt
 * @lld     /section:INITIAL,ERWD
 * @expect  counters=0,0,0,1,0,0,0 verifier=fail load=pass
 * @rules   HVC2003
 * @advice  +HVC4001
 */
#include "minimal.h"

static IN_SECTION("INITIAL") NTSTATUS in_section(void)
{
    return STATUS_SUCCESS;
}

static NTSTATUS fixture(void)
{
    return in_section();
}
