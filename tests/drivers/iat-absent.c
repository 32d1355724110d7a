/* @title   no IAT directory, the thunks in read-only pages
 * @patch   DataDirectory[IAT].VirtualAddress = 0
 * @patch   DataDirectory[IAT].Size = 0
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    return STATUS_SUCCESS;
}
