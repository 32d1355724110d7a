/* @title   the exempt name is compared without regard to case
 * @lld     /section:iNiT,ERWD
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 * @advice  +HVC4001
 */
#include "minimal.h"

static IN_SECTION("iNiT") NTSTATUS in_section(void)
{
    return STATUS_SUCCESS;
}

static NTSTATUS fixture(void)
{
    return in_section();
}
