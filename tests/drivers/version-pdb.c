/* @title   version information and a program database
 * @tool    lld mingw
 * @cflags[lld] -g -gcodeview
 * @lld     /debug /pdbsourcepath:C:\\build /pdbaltpath:C:\\build\\version-pdb.pdb
 * @resource version.rc
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    return STATUS_SUCCESS;
}
