/* @title   .text is writable
 * @tool    lld mingw
 * @lld     /section:.text,ERW
 * @mingw   -Wl,--omagic
 * @expect  counters=0,0,0,1,0,0,0 verifier=fail load=fail
 * @rules   HVC2003 HVC3002
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    return STATUS_SUCCESS;
}
