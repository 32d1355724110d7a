/* @title   a framework driver of KMDF 1.33: the driver holds a pointer to the table
 * @calls
 * @tool    lld mingw
 * @opt     O0 O1 O2 Os
 * @libs    ntoskrnl-calls wdfldr
 */
#define WDF_MINOR 33
#define WDF_COUNT 458
#define WDF_FORM  "wdf"
#include "wdf.h"

/* Control may arrive between the read of the table and the call. */
#if defined(ENTERED)
EXPECT(entered, "WdfMemoryCreate", "open control", "undetermined", WDF_FORM)
ROOT(entered)
{
    const WDFFUNC *table = WdfFunctions;
    KEEP(((QUERY)table[75])(WdfDriverGlobals, 0, 7, NonPagedPool, 0, &made));
    ENTERED;
    KEEP(((MEMORY_CREATE)table[192])(WdfDriverGlobals, 0, NonPagedPoolNx, TAG, 64, &made, 0));
}
#endif
