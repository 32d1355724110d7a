/* What the three call counters have in common: a finding for each guilty call site. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "rules/checks.h"
#include "rules/open_site.h"

enum { NAMED_VALUES = 8 }; /* guilty values that a message names; the others are counted */

static void put_value(hvc_buffer *text, const hvc_value *value)
{
    hvc_buffer_puts(text, value->name);
    /* A value without a symbolic name is called by its number already. */
    if (strncmp(value->name, "0x", 2) != 0)
        hvc_buffer_printf(text, " (0x%" PRIX64 ")", value->number);
}

/* "NonPagedPool (0x0) or NonPagedPoolCacheAligned (0x4)". Returns how many guilty values there are.
 */
static size_t put_guilty(hvc_buffer *text, const hvc_call_site *site)
{
    size_t guilty = 0;

    for (size_t i = 0; i < site->value_count; i++) {
        if (!hvc_ddi_violates(site->ddi, site->values[i].number))
            continue;
        if (guilty < NAMED_VALUES) {
            hvc_buffer_puts(text, guilty > 0 ? " or " : "");
            put_value(text, &site->values[i]);
        }
        guilty++;
    }
    if (guilty > NAMED_VALUES)
        hvc_buffer_printf(text, " or %zu other guilty values", guilty - NAMED_VALUES);
    if (guilty == 0)
        hvc_buffer_puts(text, "a guilty value");
    return guilty;
}

static void describe(hvc_buffer *text, const hvc_call_site *site)
{
    const hvc_ddi *ddi = site->ddi;
    bool possible = site->judgement == HVC_JUDGEMENT_POSSIBLE;

    if (site->written != NULL)
        hvc_buffer_printf(text, "%s (%s)", site->written, ddi->name);
    else
        hvc_buffer_puts(text, ddi->name);
    hvc_buffer_puts(text, possible ? " may get " : " gets ");
    size_t guilty = put_guilty(text, site);
    hvc_buffer_printf(text, " as argument %d (%s)", ddi->argument, hvc_value_kind_name(ddi->kind));
    if (possible && guilty < site->value_count)
        hvc_buffer_printf(text, "; %zu of %zu possible values %s allowed",
                          site->value_count - guilty, site->value_count,
                          site->value_count - guilty == 1 ? "is" : "are");
    if (possible && site->open != NULL)
        hvc_buffer_printf(text, "; other values are not known: %s", site->open);
    if (hvc_open_kind_of(site) == HVC_OPEN_METHOD)
        hvc_buffer_puts(text, "; whether it is this method that is called is not known");
    if (site->harmless)
        hvc_buffer_puts(
            text, "; harmless: a user-mode mapping is never executable, but Verifier counts it");
    if (!ddi->confirmed)
        hvc_buffer_puts(text, "; that Verifier counts this function is unconfirmed");
}

static hvc_location locate_call(const hvc_findings *findings, const hvc_call_site *site)
{
    hvc_location location = hvc_locate(findings, site->rva);

    if (site->section != NULL)
        location.section = site->section;
    location.function = site->function;
    return location;
}

void hvc_check_call_sites(const hvc_evidence *evidence, const hvc_rule *rule,
                          hvc_findings *findings)
{
    hvc_buffer text = HVC_BUFFER_INIT;

    for (size_t i = 0; i < evidence->call_site_count; i++) {
        const hvc_call_site *site = &evidence->call_sites[i];
        bool violation = site->judgement == HVC_JUDGEMENT_VIOLATION;

        if (site->ddi->counter != rule->counter ||
            (!violation && site->judgement != HVC_JUDGEMENT_POSSIBLE))
            continue;
        hvc_buffer_clear(&text);
        describe(&text, site);
        if (text.failed) {
            findings->arena->failed = true;
            break;
        }
        hvc_finding *finding =
            hvc_find(findings, rule, violation ? 1 : 0, "%.*s", (int)text.size, text.data);
        if (finding == NULL)
            continue;
        finding->level = violation ? HVC_LEVEL_ERROR : HVC_LEVEL_WARNING;
        finding->location = locate_call(findings, site);
        finding->fix = site->ddi->remediation;
        finding->evidence = site->evidence;
        finding->evidence_count = site->evidence_count;
    }
    hvc_buffer_free(&text);
}
