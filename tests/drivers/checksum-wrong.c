/* @title   a checksum that is wrong
 * @patch   OptionalHeader.CheckSum = 0x12345678
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 * @advice  +HVC4007
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    return STATUS_SUCCESS;
}
