/* @title   a section alignment of nothing: every section counts one
 * @lld     /align:512 /filealign:512
 * @patch   OptionalHeader.SectionAlignment = 0
 * @expect      counters=0,0,0,0,5,0,0 verifier=fail load=fail
 * @expect[x86] counters=0,0,0,0,4,0,0 verifier=fail load=fail
 * @rules   HVC2004 HVC3001 HVC3004
 * @rules[arm64] HVC2004 HVC3001 HVC3004 HVC3006
 * @anomalies file-alignment-value section-alignment-value
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    return STATUS_SUCCESS;
}
