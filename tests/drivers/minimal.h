/* A driver that does next to nothing, without a call that memory integrity could mind. A fixture
 * includes it and adds its own peculiarity in fixture(), which keeps what it refers to alive. */
#ifndef MINIMAL_H
#define MINIMAL_H

#include "kernel.h"

static NTSTATUS fixture(void);

static const WCHAR device_name[] = {'\\', 'D', 'e', 'v', 'i', 'c', 'e', '\\', 'F', 'i', 'x', 0};
/* A pointer in writable data: there is a relocation. */
static const WCHAR *volatile device_path = device_name;

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    UNICODE_STRING name;
    DEVICE_OBJECT *device;
    NTSTATUS status;

    (void)path;
    RtlInitUnicodeString(&name, device_path);
    status = IoCreateDevice(driver, 0, &name, 0x22, 0, 0, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = fixture();
    DbgPrint("fixture: %x\n", status);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}

#endif
