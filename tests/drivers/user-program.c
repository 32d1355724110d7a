/* @title   a program of the console subsystem, with a section that would be counted in a driver
 * @kind    user
 * @libs    kernel32
 * @lld     /section:rwx,ERW
 * @expect  counters=0,0,0,0,0,0,0 verifier=not-applicable load=not-applicable
 */
#include "kernel.h"

IMPORT void NTAPI ExitProcess(ULONG code);

void NTAPI Start(void);

static IN_SECTION("rwx") ULONG in_rwx(void)
{
    return 0;
}

void NTAPI Start(void)
{
    ExitProcess(in_rwx());
}
