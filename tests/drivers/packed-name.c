/* @title   a packer's section name on an ordinary code section: a name alone decides nothing
 * @lld     /section:UPX1,ER
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 */
#include "minimal.h"

static IN_SECTION("UPX1") NTSTATUS unpack(void)
{
    return STATUS_SUCCESS;
}

static NTSTATUS fixture(void)
{
    return unpack();
}
