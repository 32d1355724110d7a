/* What the rules about running and changing code have in common: a finding for each note of the
 * analysis. */
#include "rules/checks.h"

void hvc_check_code_notes(const hvc_evidence *evidence, hvc_practice kind, const hvc_rule *rule,
                          hvc_findings *findings)
{
    for (size_t i = 0; i < evidence->note_count; i++) {
        const hvc_code_note *note = &evidence->notes[i];
        if (note->kind != kind)
            continue;
        hvc_finding *finding =
            hvc_find(findings, rule, 0, "%s%s", note->possible ? "possibly: " : "", note->message);
        if (finding == NULL)
            continue;
        if (note->possible)
            finding->level = HVC_LEVEL_NOTE;
        finding->location = hvc_locate(findings, note->rva);
        finding->location.function = note->function;
    }
}
