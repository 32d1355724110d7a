/* A build without this: it says so. */
#include "base/error.h"
#include "machine/probe.h"

hvc_status hvc_probe_windows(hvc_facts_builder *builder, const hvc_probe_options *options,
                             hvc_error *error)
{
    (void)builder;
    (void)options;
    return hvc_fail(error, HVC_E_UNSUPPORTED, "this build does not look at a running Windows");
}
