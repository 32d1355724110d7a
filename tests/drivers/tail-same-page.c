/* @title   a zero-filled tail that ends in the page of the file data is fine
 * @lld     /section:INIT,ER /merge:.bss=INIT
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 */
#include "minimal.h"

static UCHAR buffer[0x800];

static IN_SECTION("INIT") NTSTATUS in_section(void)
{
    volatile UCHAR *use = buffer;
    return use[0];
}

static NTSTATUS fixture(void)
{
    return in_section();
}
