/* @title   a pageable code section
 * @lld     /section:PAGE,ERP
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 */
#include "minimal.h"

static IN_SECTION("PAGE") NTSTATUS in_section(void)
{
    return STATUS_SUCCESS;
}

static NTSTATUS fixture(void)
{
    return in_section();
}
