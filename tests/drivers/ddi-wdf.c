/* @title   a framework driver: its calls go through the framework's table
 * @libs    ntoskrnl wdfldr
 * @expect  counters=0,0,0,0,0,0,0 verifier=undetermined load=pass
 * @undetermined 1,0,0
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    return WdfVersionBind(0, 0, 0, 0);
}
