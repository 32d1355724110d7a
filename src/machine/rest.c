#include "machine/probe.h"

void hvc_facts_explain_rest(hvc_facts_builder *builder, const char *why)
{
    for (unsigned id = 0; id < HVC_FACT_COUNT; id++) {
        if (builder->facts.items[id].state == HVC_FACT_UNASKED)
            hvc_fact_set_unavailable(builder, (hvc_fact_id)id, why);
    }
}
