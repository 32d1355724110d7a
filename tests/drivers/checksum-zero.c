/* @title   no checksum
 * @patch   OptionalHeader.CheckSum = 0
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 * @advice  +HVC4007
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    return STATUS_SUCCESS;
}
