/* @title   the import address table merged into .text
 * @lld     /merge:.rdata=.text
 * @expect  counters=0,0,0,0,0,0,1 verifier=fail load=fail
 * @rules   HVC2005 HVC3004
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    return STATUS_SUCCESS;
}
