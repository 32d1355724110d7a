/* @title   sections aligned to 512 bytes: every section counts one
 * @tool    lld mingw
 * @lld     /align:512 /filealign:512
 * @mingw   -Wl,--section-alignment,0x200 -Wl,--file-alignment,0x200
 * @expect[lld]       counters=0,0,0,0,5,0,0 verifier=fail load=fail
 * @expect[lld-x86]   counters=0,0,0,0,4,0,0 verifier=fail load=fail
 * @expect[mingw-x64] counters=0,0,0,0,8,0,0 verifier=fail load=fail
 * @expect[mingw-x86] counters=0,0,0,0,7,0,0 verifier=fail load=fail
 * @rules   HVC2004 HVC3001 HVC3004
 * @rules[mingw-x64] HVC2004 HVC3001
 * @rules[arm64] HVC2004 HVC3001 HVC3004 HVC3006
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    return STATUS_SUCCESS;
}
