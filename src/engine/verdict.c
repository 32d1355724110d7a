/* The two verdicts, from what was found. */
#include <string.h>

#include "base/buffer.h"
#include "engine/engine.h"
#include "rules/open_site.h"

enum { NAMED_DDIS = 4 }; /* DDIs that the reason of a verdict names; the others are counted */

const char *hvc_judgement_name(hvc_judgement judgement)
{
    static const char *const names[] = {"ok", "violation", "possible", "undetermined", "advice"};
    return (unsigned)judgement < HVC_JUDGEMENT_COUNT ? names[judgement] : "unknown";
}

bool hvc_driver_compatible(const hvc_driver *driver)
{
    return driver->verifier == HVC_VERDICT_PASS && driver->load == HVC_VERDICT_PASS;
}

/* A version as a number that orders: year * 100 + month, where the halves of a year stand for the
 * months that their releases were named after. What is no version comes last. */
static int version_number(const char *version)
{
    int digits[4] = {0, 0, 0, 0};
    if (strlen(version) != 4)
        return 9999;
    for (int i = 0; i < 4; i++) {
        if (version[i] >= '0' && version[i] <= '9')
            digits[i] = version[i] - '0';
        else if (i == 2 && version[i] == 'H')
            digits[i] = -1;
        else
            return 9999;
    }
    int year = digits[0] * 10 + digits[1];
    int month = digits[2] < 0 ? (digits[3] == 1 ? 5 : 10) : digits[2] * 10 + digits[3];
    return year * 100 + month;
}

int hvc_version_compare(const char *a, const char *b)
{
    return version_number(a) - version_number(b);
}

static bool decides(const hvc_ddi *ddi)
{
    return ddi->counter < HVC_CALL_COUNTER_COUNT && ddi->argument >= 0;
}

/* DDIs of which one thing is open, each once, in the order of their first appearance. */
typedef struct open_ddis {
    const hvc_ddi *named[NAMED_DDIS];
    uint64_t count;
} open_ddis;

/* What is not judged, by what is open of it. */
typedef struct open_list {
    open_ddis kinds[HVC_OPEN_KIND_COUNT];
    bool any;
} open_list;

static void note_ddi(open_list *list, hvc_open_kind kind, const hvc_ddi *ddi)
{
    open_ddis *open = &list->kinds[kind];
    size_t known = open->count < NAMED_DDIS ? (size_t)open->count : NAMED_DDIS;
    list->any = true;
    for (size_t i = 0; i < known; i++)
        if (open->named[i] == ddi)
            return;
    if (known < NAMED_DDIS)
        open->named[known] = ddi;
    open->count++;
}

/* Counts what is not judged. */
static open_list count_open(hvc_driver *driver, const hvc_hidden_calls *hidden)
{
    open_list open = {.any = false};
    memset(driver->undetermined, 0, sizeof(driver->undetermined));
    if (driver->has_code_analysis) {
        for (size_t i = 0; i < driver->call_site_count; i++) {
            const hvc_call_site *site = &driver->call_sites[i];
            if (!hvc_is_open(site))
                continue;
            note_ddi(&open, hvc_open_kind_of(site), site->ddi);
            /* A function that is looked up may be one of any counter. */
            for (unsigned k = 0; k < HVC_CALL_COUNTER_COUNT; k++)
                if (site->ddi->counter == k || site->ddi->argument < 0)
                    driver->undetermined[k]++;
        }
        for (size_t i = 0; i < HVC_CALL_COUNTER_COUNT; i++)
            driver->undetermined[i] += hidden->unfollowed_counters[i];
        return open;
    }
    for (size_t i = 0; i < driver->ddi_count; i++) {
        const hvc_ddi *ddi = driver->ddis[i].ddi;
        if (!decides(ddi))
            continue;
        note_ddi(&open, HVC_OPEN_ARGUMENT, ddi);
        driver->undetermined[ddi->counter]++;
    }
    for (size_t i = 0; i < HVC_CALL_COUNTER_COUNT; i++)
        driver->undetermined[i] += hidden->counters[i];
    return open;
}

static void separate(hvc_buffer *why)
{
    if (why->size > 0)
        hvc_buffer_puts(why, "; ");
}

static void put_names(hvc_buffer *why, const open_ddis *open)
{
    size_t named = open->count < NAMED_DDIS ? (size_t)open->count : NAMED_DDIS;
    for (size_t i = 0; i < named; i++)
        hvc_buffer_printf(why, "%s%s", i > 0 ? ", " : "", open->named[i]->name);
    if (open->count > named)
        hvc_buffer_puts(why, " and others");
}

static void explain_open(hvc_buffer *why, const open_list *open, bool examined)
{
    static const struct {
        const char *before, *behind;
    } texts[HVC_OPEN_KIND_COUNT] = {
        [HVC_OPEN_ARGUMENT] = {"the arguments of ", " are not known"},
        [HVC_OPEN_CALLS] = {"not all calls of ", " are known"},
        [HVC_OPEN_LOOKUP] = {"the names that are given to ", " are not known"},
        [HVC_OPEN_METHOD] = {"whether it is ", " that is called is not known"},
    };
    for (size_t kind = 0; kind < HVC_OPEN_KIND_COUNT; kind++) {
        if (open->kinds[kind].count == 0)
            continue;
        separate(why);
        hvc_buffer_puts(why, texts[kind].before);
        put_names(why, &open->kinds[kind]);
        hvc_buffer_puts(why, examined ? texts[kind].behind : " were not judged");
    }
}

/* Why a verdict is not known, in one line. */
static const char *explain(const hvc_driver *driver, const hvc_doubts *doubts,
                           const open_list *open, hvc_arena *arena)
{
    hvc_buffer why = HVC_BUFFER_INIT;
    if (doubts->damaged)
        hvc_buffer_printf(&why, "the image is damaged: %s",
                          doubts->damage != NULL ? doubts->damage : "see its anomalies");
    if (driver->finding_total > driver->finding_count) {
        separate(&why);
        hvc_buffer_puts(&why, "there are more findings than are listed");
    }
    if (driver->verifier == HVC_VERDICT_UNDETERMINED)
        explain_open(&why, open, driver->has_code_analysis);
    if (driver->verifier == HVC_VERDICT_UNDETERMINED && doubts->code != NULL) {
        separate(&why);
        hvc_buffer_puts(&why, doubts->code);
    }
    if (driver->verifier == HVC_VERDICT_UNDETERMINED && doubts->hidden.why != NULL) {
        separate(&why);
        hvc_buffer_puts(&why, doubts->hidden.why);
    }
    const char *text = why.failed ? NULL : hvc_arena_text(arena, (hvc_text){why.data, why.size});
    hvc_buffer_free(&why);
    return text;
}

static hvc_verdict judge_verifier(const hvc_driver *driver, const hvc_doubts *doubts,
                                  const open_list *open)
{
    for (size_t i = 0; i < HVC_COUNTER_COUNT; i++)
        if (driver->counters[i] > 0)
            return HVC_VERDICT_FAIL;
    bool known =
        !open->any && doubts->hidden.why == NULL && doubts->code == NULL && !doubts->damaged;
    return known ? HVC_VERDICT_PASS : HVC_VERDICT_UNDETERMINED;
}

static hvc_verdict judge_load(hvc_driver *driver, const hvc_doubts *doubts)
{
    driver->load_since = NULL;
    for (size_t i = 0; i < driver->finding_count; i++) {
        const hvc_finding *finding = &driver->findings[i];
        if (finding->rule->judge != HVC_JUDGE_LOADER || finding->level != HVC_LEVEL_ERROR)
            continue;
        if (driver->load_since == NULL ||
            hvc_version_compare(finding->rule->since, driver->load_since) < 0)
            driver->load_since = finding->rule->since;
    }
    if (driver->load_since != NULL)
        return HVC_VERDICT_FAIL;
    /* Findings past the list's bound are known by number only: one may be the loader's. */
    bool known = !doubts->damaged && driver->finding_total <= driver->finding_count;
    return known ? HVC_VERDICT_PASS : HVC_VERDICT_UNDETERMINED;
}

bool hvc_driver_judge(hvc_driver *driver, const hvc_doubts *doubts, hvc_arena *arena)
{
    driver->undetermined_why = NULL;
    driver->load_since = NULL;
    if (driver->kind != HVC_IMAGE_DRIVER) {
        driver->verifier = driver->load = HVC_VERDICT_NOT_APPLICABLE;
        return true;
    }
    hvc_doubts known = *doubts;
    /* What the analysis of the code follows, but not to the end, are open call sites. */
    if (driver->has_code_analysis)
        known.hidden.why = known.hidden.unfollowed;
    open_list open = count_open(driver, &known.hidden);
    driver->verifier = judge_verifier(driver, &known, &open);
    driver->load = judge_load(driver, &known);
    if (driver->verifier != HVC_VERDICT_UNDETERMINED && driver->load != HVC_VERDICT_UNDETERMINED)
        return true;
    driver->undetermined_why = explain(driver, &known, &open, arena);
    return driver->undetermined_why != NULL;
}
