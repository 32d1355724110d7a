/* @title   not marked DYNAMIC_BASE: advice, but ARM64 refuses it
 * @patch   OptionalHeader.DllCharacteristics &= 0xffbf
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 * @expect[arm64] counters=0,0,0,0,0,0,0 verifier=pass load=fail
 * @rules[arm64]  HVC3006
 * @advice  +HVC4005
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    return STATUS_SUCCESS;
}
