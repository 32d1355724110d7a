/* How a rule is written: a file in data/rules/ (texts, from which the table of hvc_rule is
 * generated), a file here with its check, and a line in rules.list that joins the two. */
#ifndef RULES_RULE_H
#define RULES_RULE_H

#include <hvcheck/driver.h>
#include <hvcheck/rule.h>

#include "base/arena.h"
#include "code/code.h"
#include "pe/image.h"

/* What rules judge. Rules read it and nothing else. */
typedef struct hvc_evidence {
    const hvc_image *image;
    uint32_t checksum; /* computed */
    const hvc_imported_ddi *ddis;
    size_t ddi_count;
    const hvc_call_site *call_sites;
    size_t call_site_count;
    bool has_code_analysis;
    const char *nx_opt_in;      /* as in hvc_driver */
    const hvc_code_note *notes; /* what the code does against the rules of practice */
    size_t note_count;
} hvc_evidence;

/* What rules find. Bounded: past HVC_MAX_FINDINGS findings are only counted. */
typedef struct hvc_findings {
    hvc_arena *arena;
    const hvc_image *image;
    HVC_VECTOR(hvc_finding) list;
    uint64_t total;
    uint64_t counters[HVC_COUNTER_COUNT];
} hvc_findings;

/* Adds a finding of rule that counts count on its rule's counter; its fix is the rule's. NULL when
 * it is not listed (the bound, or memory): it is counted all the same. The caller may then set
 * location, places and level. */
hvc_finding *hvc_find(hvc_findings *findings, const hvc_rule *rule, uint64_t count,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A location at an RVA: file offset and section are looked up. */
hvc_location hvc_locate(const hvc_findings *findings, uint32_t rva);
/* The name of a section as a NUL-terminated text for messages, escaped. */
const char *hvc_section_label(const hvc_findings *findings, const hvc_section *section);

typedef void (*hvc_rule_check)(const hvc_evidence *evidence, const hvc_rule *rule,
                               hvc_findings *findings);

/* Runs every rule of rules.list, in its order. */
void hvc_rules_run(const hvc_evidence *evidence, hvc_findings *findings);

#endif
