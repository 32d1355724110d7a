/* @title   not marked NX_COMPAT: advice, but ARM64 refuses it
 * @lld     /nxcompat:no
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 * @expect[arm64] counters=0,0,0,0,0,0,0 verifier=pass load=fail
 * @rules[arm64]  HVC3006
 * @advice  +HVC4002
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    return STATUS_SUCCESS;
}
