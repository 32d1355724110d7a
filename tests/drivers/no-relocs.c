/* @title   linked to a fixed address, without relocations: advice, but ARM64 refuses it
 * @lld[x64,x86] /dynamicbase:no /fixed
 * @patch[arm64] FileHeader.Characteristics |= 1
 * @patch[arm64] DataDirectory[BaseReloc].VirtualAddress = 0
 * @patch[arm64] DataDirectory[BaseReloc].Size = 0
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 * @expect[arm64] counters=0,0,0,0,0,0,0 verifier=pass load=fail
 * @rules[arm64]  HVC3006
 * @advice  +HVC4006
 * @advice[x64,x86]  +HVC4005
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    return STATUS_SUCCESS;
}
