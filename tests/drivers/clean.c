/* @title   a driver without fault
 * @arch    x64 x86 arm64 arm
 * @tool    lld mingw
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    return STATUS_SUCCESS;
}
