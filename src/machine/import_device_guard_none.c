/* A build without this: it says so. */
#include "base/error.h"
#include "machine/probe.h"

hvc_status hvc_import_device_guard_json(hvc_facts_builder *builder, hvc_span bytes,
                                        hvc_error *error)
{
    (void)builder;
    (void)bytes;
    return hvc_fail(error, HVC_E_UNSUPPORTED, "this build does not read Win32_DeviceGuard as JSON");
}
