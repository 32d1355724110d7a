/* @title   a driver that exports functions by name and by ordinal, and forwards one
 * @lld     /export:ExportedFirst /export:ExportedHidden,@40,NONAME /export:Forwarded=ntoskrnl.DbgPrint
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 */
#include "minimal.h"

NTSTATUS ExportedFirst(void);
NTSTATUS ExportedHidden(void);

NTSTATUS ExportedFirst(void)
{
    return 1;
}

NTSTATUS ExportedHidden(void)
{
    return 2;
}

static NTSTATUS fixture(void)
{
    return STATUS_SUCCESS;
}
