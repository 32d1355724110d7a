#include "rules/open_site.h"

#include <string.h>

static bool all_guilty(const hvc_call_site *site)
{
    for (size_t i = 0; i < site->value_count; i++)
        if (!hvc_ddi_violates(site->ddi, site->values[i].number))
            return false;
    return site->value_count > 0;
}

bool hvc_is_open(const hvc_call_site *site)
{
    return site->judgement == HVC_JUDGEMENT_UNDETERMINED ||
           site->judgement == HVC_JUDGEMENT_POSSIBLE;
}

hvc_open_kind hvc_open_kind_of(const hvc_call_site *site)
{
    if (!hvc_is_open(site) && site->open == NULL)
        return HVC_OPEN_NOTHING;
    const char *form = site->form != NULL ? site->form : "";
    if (site->ddi->argument < 0)
        return strcmp(form, "lookup") == 0 ? HVC_OPEN_LOOKUP : HVC_OPEN_CALLS;
    if (strcmp(form, "reference") == 0)
        return HVC_OPEN_CALLS;
    /* Without an origin no argument was looked at: the pointer that a lookup returned, or KMDF's
     * table, is not followed to a call. Others of these are calls that control may not reach. */
    if (site->origin == NULL && (strcmp(form, "lookup") == 0 || strcmp(form, "wdf") == 0))
        return HVC_OPEN_CALLS;
    /* Where each value is guilty, it is the object that makes a call possible only. */
    if (strcmp(form, "method") == 0 && site->open == NULL && all_guilty(site))
        return HVC_OPEN_METHOD;
    return HVC_OPEN_ARGUMENT;
}
