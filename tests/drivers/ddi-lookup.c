/* @title   looks a function up at run time, by a name that is known and harmless
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 */
#include "minimal.h"

static const WCHAR routine[] = {'Z', 'w', 'Y', 'i', 'e', 'l', 'd', 0};

static NTSTATUS fixture(void)
{
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, routine);
    return MmGetSystemRoutineAddress(&name) == 0;
}
