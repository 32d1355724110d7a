/* @title   a framework driver of KMDF 1.33 with control flow guard
 * @calls
 * @opt     O0 O1 O2 Os
 * @cflags  -Xclang -cfguard
 * @lld     /guard:cf
 * @libs    ntoskrnl-calls wdfldr
 */
#define WDF_MINOR 33
#define WDF_COUNT 458
#define WDF_FORM  "wdf|guard"
#include "guard.h"
#include "wdf.h"
