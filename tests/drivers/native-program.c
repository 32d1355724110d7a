/* @title   a native program: it runs in user mode, on ntdll.dll
 * @kind    native
 * @libs    ntdll
 * @expect  counters=0,0,0,0,0,0,0 verifier=not-applicable load=not-applicable
 */
#include "kernel.h"

IMPORT NTSTATUS NTAPI NtDisplayString(UNICODE_STRING *string);
IMPORT NTSTATUS NTAPI NtTerminateProcess(HANDLE process, NTSTATUS status);

void NTAPI NtProcessStartup(void *peb);

static const WCHAR text[] = {'f', 'i', 'x', 0};

void NTAPI NtProcessStartup(void *peb)
{
    UNICODE_STRING string = {6, 8, (WCHAR *)text};

    (void)peb;
    NtDisplayString(&string);
    NtTerminateProcess((HANDLE) ~(ULONG_PTR)0, 0);
}
