/* @title   opted in to no-execute pool, by the version of Windows
 * @calls
 * @tool    lld mingw
 * @opt     O0 O1 O2 Os
 * @libs    ntoskrnl-calls
 */
#define OPTED_POOL   "has 0x200"
#define OPTED_QUOTA  "has 0x208"
#define OPTED_MAP    "has 0x40000010"
#define OPTED_SELECT "has 1, 0x200"
#define OPTED        "ok"
#define OPTED_MIXED  "ok"
#include "optin.h"

DRIVER("nx_opt_in", "!none")

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    (void)path;
    set_defaults_by_version();
    return STATUS_SUCCESS;
}
