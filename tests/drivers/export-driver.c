/* @title   an export driver: a library for other drivers
 * @kind    export-driver
 * @lld     /export:DllInitialize /export:DllUnload
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 */
#include "kernel.h"

NTSTATUS NTAPI DllInitialize(UNICODE_STRING *path);
NTSTATUS NTAPI DllUnload(void);
NTSTATUS NTAPI DllMain(void *instance, ULONG reason, void *reserved);

static const char *volatile greeting = "export driver\n";

NTSTATUS NTAPI DllInitialize(UNICODE_STRING *path)
{
    (void)path;
    DbgPrint(greeting);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DllUnload(void)
{
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DllMain(void *instance, ULONG reason, void *reserved)
{
    (void)instance;
    (void)reason;
    (void)reserved;
    return STATUS_SUCCESS;
}
