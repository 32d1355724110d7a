/* Rules, counters and verdicts: what a driver is judged by. The table is generated from
 * data/rules/. */
#ifndef HVCHECK_RULE_H
#define HVCHECK_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvcheck/export.h>

HVC_BEGIN_DECLS

/* Driver Verifier's seven code integrity counters, in !verifier's order. */
typedef enum hvc_counter {
    HVC_COUNTER_POOL_TYPE,
    HVC_COUNTER_PAGE_PROTECTION,
    HVC_COUNTER_PAGE_MAPPING,
    HVC_COUNTER_EXECUTE_WRITE,
    HVC_COUNTER_ALIGNMENT,
    HVC_COUNTER_RELOCS,
    HVC_COUNTER_IAT,
    HVC_COUNTER_COUNT,
    HVC_COUNTER_NONE = HVC_COUNTER_COUNT
} hvc_counter;

/* The counters that calls feed come first. */
#define HVC_CALL_COUNTER_COUNT 3

/* "Execute Pool Type Count": as !verifier prints it, without the colon. Static; NULL for NONE. */
HVC_API const char *hvc_counter_label(hvc_counter counter);
/* "execute_pool_type": as reports print it. Static; NULL for NONE. */
HVC_API const char *hvc_counter_id(hvc_counter counter);

typedef enum hvc_verdict {
    HVC_VERDICT_PASS,
    HVC_VERDICT_FAIL,
    HVC_VERDICT_UNDETERMINED,
    HVC_VERDICT_NOT_APPLICABLE,
    HVC_VERDICT_COUNT
} hvc_verdict;

/* "pass", "fail", "undetermined", "not-applicable". Static. */
HVC_API const char *hvc_verdict_name(hvc_verdict verdict);

/* Who acts on a finding. */
typedef enum hvc_judge {
    HVC_JUDGE_VERIFIER, /* Driver Verifier counts it */
    HVC_JUDGE_LOADER,   /* Windows refuses the image */
    HVC_JUDGE_PRACTICE, /* nobody refuses it; the page, or good practice, advises against it */
} hvc_judge;

typedef enum hvc_level {
    HVC_LEVEL_ERROR,   /* makes a verdict fail */
    HVC_LEVEL_WARNING, /* may break the driver or hides something from judgement */
    HVC_LEVEL_NOTE,    /* advice */
    HVC_LEVEL_COUNT
} hvc_level;

/* "error", "warning", "note". Static. */
HVC_API const char *hvc_level_name(hvc_level level);

typedef struct hvc_rule {
    const char *id;    /* "HVC2003" */
    const char *name;  /* "execute-write-section" */
    const char *title; /* one line */
    hvc_judge judge;
    hvc_level level;
    hvc_counter counter;    /* HVC_COUNTER_NONE when it feeds none */
    uint32_t verifier_code; /* P1 of bugcheck 0xC4, 0 when none */
    const char *since;      /* first Windows version that it holds for, "1507"; never NULL */
    const char *until;      /* last one, NULL when it still holds */
    const char *fix;        /* one line */
    const char *text;       /* Markdown: why, consequence, how to fix, Windows versions */
} hvc_rule;

/* All rules, by ascending id. */
HVC_API const hvc_rule *hvc_rules(size_t *ret_count);
/* By id or name, ignoring case; NULL when there is none. */
HVC_API const hvc_rule *hvc_rule_find(const char *id_or_name);

HVC_END_DECLS

#endif
