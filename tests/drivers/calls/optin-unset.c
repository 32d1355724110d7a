/* @title   loads what opting in would set, but never sets it
 * @calls
 * @tool    lld mingw
 * @opt     O0 O1 O2 Os
 * @libs    ntoskrnl-calls
 */
#define OPTED_POOL   "0"
#define OPTED_QUOTA  "8"
#define OPTED_MAP    "0x10 or open"
#define OPTED_SELECT "0, 1"
#define OPTED        "violation|undetermined"
#define OPTED_MIXED  "possible"
#include "optin.h"

DRIVER("nx_opt_in", "none")

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    (void)path;
    sink = 1;
    return STATUS_SUCCESS;
}
