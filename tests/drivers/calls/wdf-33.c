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
EXPECT(entered, "WdfMemoryCreate", ENTERED_WHY, "undetermined", "wdf|reference")
ROOT(entered)
{
    const WDFFUNC *table = WdfFunctions;
    KEEP(((QUERY)table[75])(WdfDriverGlobals, 0, 7, NonPagedPool, 0, &made));
    ENTERED;
    KEEP(((MEMORY_CREATE)table[192])(WdfDriverGlobals, 0, NonPagedPoolNx, TAG, 64, &made, 0));
}
/* The same where the call is of one of two entries. */
EXPECT(either, "WdfDeviceAllocAndQueryProperty", ENTERED_WHY, "undetermined", "wdf|reference")
EXPECT(either, "WdfFdoInitAllocAndQueryProperty", ENTERED_WHY, "undetermined",
       "wdf|reference optional")
ROOT(either)
{
    QUERY query;
    if (sink == 3) {
        query = (QUERY)WdfFunctions[82];
        sink = 4;
    } else {
        query = (QUERY)WdfFunctions[127];
    }
    ENTERED;
    KEEP(query(WdfDriverGlobals, 0, 7, NonPagedPool, 0, &made));
}
