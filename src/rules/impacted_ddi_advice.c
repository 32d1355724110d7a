/* Imported functions that ask for executable memory in a way that no counter catches. */
#include "rules/checks.h"

static const hvc_imported_ddi *first_import(const hvc_evidence *evidence, const hvc_ddi *ddi)
{
    for (size_t i = 0; i < evidence->ddi_count; i++) {
        if (evidence->ddis[i].ddi == ddi)
            return &evidence->ddis[i];
    }
    return NULL;
}

/* Every call is known, and none asks for executable memory. */
static bool is_proven_fine(const hvc_evidence *evidence, const hvc_ddi *ddi)
{
    size_t calls = 0;

    if (!evidence->has_code_analysis || ddi->argument < 0)
        return false;
    for (size_t i = 0; i < evidence->call_site_count; i++) {
        if (evidence->call_sites[i].ddi != ddi)
            continue;
        if (evidence->call_sites[i].judgement != HVC_JUDGEMENT_OK)
            return false;
        calls++;
    }
    return calls > 0;
}

void hvc_rule_impacted_ddi_advice(const hvc_evidence *evidence, const hvc_rule *rule,
                                  hvc_findings *findings)
{
    size_t count;
    const hvc_ddi *ddis = hvc_ddis(&count);

    /* By the table and not by the imports: a function is told once, however often it is imported.
     */
    for (size_t i = 0; i < count; i++) {
        const hvc_ddi *ddi = &ddis[i];

        if (!ddi->advice)
            continue;
        const hvc_imported_ddi *import = first_import(evidence, ddi);
        if (import == NULL || is_proven_fine(evidence, ddi))
            continue;
        hvc_finding *finding =
            hvc_find(findings, rule, 0, "%s is imported. %s", ddi->name, ddi->demands);
        if (finding != NULL) {
            finding->location = hvc_locate(findings, import->slot);
            finding->fix = ddi->remediation;
        }
    }
}
