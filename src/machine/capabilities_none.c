/* Only a running Windows has a registry to write to. */
#include "base/error.h"
#include "machine/probe.h"

hvc_status hvc_write_capabilities(const hvc_capability *list, size_t count, hvc_error *error)
{
    (void)list;
    (void)count;
    return hvc_fail(error, HVC_E_UNSUPPORTED, "this system has no registry");
}
