/* @title   an executable section whose zero-filled tail has pages without file data
 * @lld     /section:INIT,ER /merge:.bss=INIT
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=fail
 * @rules   HVC3003
 */
#include "minimal.h"

static UCHAR buffer[0x5000];

static IN_SECTION("INIT") NTSTATUS in_section(void)
{
    volatile UCHAR *use = buffer;
    return use[0];
}

static NTSTATUS fixture(void)
{
    return in_section();
}
