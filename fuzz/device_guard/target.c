/* Imports the input as Win32_DeviceGuard in JSON. */
#include "../import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)hvc_is_device_guard_json((hvc_span){data, size});
    (void)import_input(hvc_import_device_guard_json, data, size);
    return 0;
}
