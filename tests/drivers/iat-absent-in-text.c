/* @title   no IAT directory, but the thunks lie in executable pages: not counted, yet refused
 * @lld     /merge:.rdata=.text
 * @patch   DataDirectory[IAT].VirtualAddress = 0
 * @patch   DataDirectory[IAT].Size = 0
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=fail
 * @rules   HVC3004
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    return STATUS_SUCCESS;
}
