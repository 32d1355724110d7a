/* @title   a framework driver of KMDF 1.13: the table of functions is in the driver
 * @calls
 * @tool    lld mingw
 * @opt     O0 O1 O2 Os
 * @libs    ntoskrnl-calls wdfldr
 */
#define WDF_MINOR 13
#define WDF_COUNT 438
#define WDF_OWN_TABLE
#define WDF_FORM "wdf"
#include "wdf.h"
