/* A build without this: it says so. */
#include "base/error.h"
#include "machine/probe.h"

hvc_status hvc_import_nfo(hvc_facts_builder *builder, hvc_span bytes, hvc_error *error)
{
    (void)builder;
    (void)bytes;
    return hvc_fail(error, HVC_E_UNSUPPORTED,
                    "not JSON, and this build does not read reports of msinfo32");
}
