/* A build without jansson reads no JSON. */
#include "base/error.h"
#include "machine/facts.h"

hvc_status hvc_import_facts(hvc_facts_builder *builder, hvc_span bytes, hvc_error *error)
{
    (void)builder;
    (void)bytes;
    return hvc_fail(error, HVC_E_UNSUPPORTED,
                    "facts: this build reads no JSON (it was made without jansson)");
}
