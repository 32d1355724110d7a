/* @title   marked FORCE_INTEGRITY
 * @lld     /integritycheck
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 * @advice  -HVC4003
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    return STATUS_SUCCESS;
}
