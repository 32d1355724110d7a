/* The results that the readiness tool leaves in the registry. */
#include <stdlib.h>
#include <windows.h>

#include "base/support_windows.h"
#include "machine/probe.h"

#define CAPABILITIES L"SYSTEM\\CurrentControlSet\\Control\\DeviceGuard\\Capabilities"

hvc_status hvc_write_capabilities(const hvc_capability *list, size_t count, hvc_error *error)
{
    HKEY key;
    LSTATUS code = RegCreateKeyExW(HKEY_LOCAL_MACHINE, CAPABILITIES, 0, NULL, 0,
                                   KEY_SET_VALUE | KEY_WOW64_64KEY, NULL, &key, NULL);
    if (code != ERROR_SUCCESS)
        return hvc_fail_windows(error, (unsigned long)code);
    for (size_t i = 0; i < count && code == ERROR_SUCCESS; i++) {
        wchar_t *name = hvc_wide(list[i].name);
        DWORD value = list[i].value;
        code = name != NULL
                   ? RegSetValueExW(key, name, 0, REG_DWORD, (const BYTE *)&value, sizeof(value))
                   : ERROR_OUTOFMEMORY;
        free(name);
    }
    RegCloseKey(key);
    return code == ERROR_SUCCESS ? HVC_OK : hvc_fail_windows(error, (unsigned long)code);
}
