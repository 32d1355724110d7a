/* @title   looks functions up at run time: any of them may be called
 * @expect  counters=0,0,0,0,0,0,0 verifier=undetermined load=pass
 * @undetermined 1,1,1
 */
#include "minimal.h"

static const WCHAR routine[] = {'Z', 'w', 'Y', 'i', 'e', 'l', 'd', 0};

static NTSTATUS fixture(void)
{
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, routine);
    return MmGetSystemRoutineAddress(&name) == 0;
}
