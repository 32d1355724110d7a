/* @title   looks a function up at run time, by a name that is not known
 * @expect  counters=0,0,0,0,0,0,0 verifier=undetermined load=pass
 * @undetermined 1,1,1
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    UNICODE_STRING *name = (UNICODE_STRING *)ExAllocatePool2(0x40, 64, 'xif');
    return MmGetSystemRoutineAddress(name) == 0;
}
