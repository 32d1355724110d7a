/* @title   sets what opting in sets, in a function that nothing calls
 * @calls
 * @tool    lld mingw
 * @opt     O0 O1 O2 Os
 * @libs    ntoskrnl-calls
 */
#define OPTED_POOL   "has 0"
#define OPTED_QUOTA  "has 8"
#define OPTED_MAP    "has 0x10"
#define OPTED_SELECT "has 0, 1"
#define OPTED        "violation|possible|undetermined"
#define OPTED_MIXED  "possible|undetermined"
#include "optin.h"

void forgotten(void);
APART void forgotten(void)
{
    set_defaults_by_version();
}

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    (void)path;
    sink = 1;
    return STATUS_SUCCESS;
}
