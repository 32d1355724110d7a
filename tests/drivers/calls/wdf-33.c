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
