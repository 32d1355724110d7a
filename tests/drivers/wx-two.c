/* @title   two writable and executable sections among others
 * @lld     /section:one,ERW /section:two,ERW /section:three,ER
 * @expect  counters=0,0,0,2,0,0,0 verifier=fail load=fail
 * @rules   HVC2003 HVC3002
 */
#include "minimal.h"

static IN_SECTION("one") NTSTATUS in_one(void)
{
    return STATUS_SUCCESS;
}

static IN_SECTION("two") NTSTATUS in_two(void)
{
    return in_one();
}

static IN_SECTION("three") NTSTATUS in_three(void)
{
    return in_two();
}

static NTSTATUS fixture(void)
{
    return in_three();
}
