/* @title   an IAT directory of no size counts as absent; the thunks are still found
 * @lld     /merge:.rdata=.text
 * @patch   DataDirectory[IAT].Size = 0
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=fail
 * @rules   HVC3004
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    return STATUS_SUCCESS;
}
