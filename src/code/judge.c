#include "code/judge.h"

#include <stdlib.h>

const char *hvc_unknown_text(hvc_unknown why)
{
    static const char *const texts[HVC_UNKNOWN_COUNT] = {
        [HVC_UNKNOWN_NONE] = "unknown",
        [HVC_UNKNOWN_INSTRUCTION] = "computed by an instruction that is not followed",
        [HVC_UNKNOWN_MEMORY] = "read from memory that is not followed",
        [HVC_UNKNOWN_FRAME] = "read from a place of the stack that is not followed",
        [HVC_UNKNOWN_CALL] = "left behind by a call",
        [HVC_UNKNOWN_ADDRESS] = "an address meets what is not known",
        [HVC_UNKNOWN_MERGE] = "too many values meet",
        [HVC_UNKNOWN_FLOW] = "control flow that is not followed",
        [HVC_UNKNOWN_PARAMETER] = "parameter of a function that others may call",
        [HVC_UNKNOWN_GLOBAL] = "global that others may write",
        [HVC_UNKNOWN_RESULT] = "returned by a function that is not followed",
        [HVC_UNKNOWN_BUDGET] = "a bound of the analysis was reached",
    };
    return (unsigned)why < HVC_UNKNOWN_COUNT ? texts[why] : texts[HVC_UNKNOWN_NONE];
}

static const char *origin_text(uint8_t origins)
{
    static const struct {
        uint8_t bit;
        const char *text;
    } order[] = {
        {HVC_ORIGIN_OPT_IN, "nx-opt-in"}, {HVC_ORIGIN_PARAMETER, "parameter"},
        {HVC_ORIGIN_RESULT, "result"},    {HVC_ORIGIN_GLOBAL, "global"},
        {HVC_ORIGIN_READ_ONLY, "table"},  {HVC_ORIGIN_CONSTANT, "constant"},
    };
    for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
        if (origins & order[i].bit)
            return order[i].text;
    return "unknown";
}

typedef enum guilt { INNOCENT, GUILTY, EITHER } guilt;

/* Whether a value is guilty of which some bits are known. Every predicate but one looks at bits. */
static guilt judge_bits(const hvc_ddi *ddi, uint64_t ones, uint64_t zeros)
{
    uint64_t mask;
    bool guilty_when_set;
    switch (ddi->predicate) {
    case HVC_PREDICATE_POOL_TYPE:
        mask = 0x201, guilty_when_set = false;
        break;
    case HVC_PREDICATE_NO_NX_FLAG:
        mask = 0x200, guilty_when_set = false;
        break;
    case HVC_PREDICATE_POOL_EXECUTE:
        mask = 0x80, guilty_when_set = true;
        break;
    case HVC_PREDICATE_PAGE_EXECUTE:
        mask = 0xF0, guilty_when_set = true;
        break;
    case HVC_PREDICATE_NO_EXECUTE_FLAG:
        mask = 0x40000000, guilty_when_set = false;
        break;
    case HVC_PREDICATE_CACHED:
        return (zeros & 1) != 0 || (ones & ~UINT64_C(1)) != 0 ? INNOCENT : EITHER;
    default:
        return INNOCENT;
    }
    if ((ones & mask) != 0)
        return guilty_when_set ? GUILTY : INNOCENT;
    if ((zeros & mask) == mask)
        return guilty_when_set ? INNOCENT : GUILTY;
    return EITHER;
}

static int compare_values(const void *a, const void *b)
{
    const hvc_value *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

static bool list_values(const hvc_numbers *numbers, hvc_arena *results, hvc_call_site *site)
{
    hvc_value *values = hvc_arena_array(results, numbers->count, sizeof(*values));
    if (values == NULL)
        return numbers->count == 0;
    for (unsigned i = 0; i < numbers->count; i++) {
        char name[160];
        hvc_value_name(site->ddi->kind, numbers->list[i], name, sizeof(name));
        values[i] =
            (hvc_value){.number = numbers->list[i], .name = hvc_arena_strdup(results, name)};
        if (values[i].name == NULL)
            return false;
    }
    qsort(values, numbers->count, sizeof(*values), compare_values);
    site->values = values;
    site->value_count = numbers->count;
    return true;
}

void hvc_judge_unknown(hvc_call_site *site, const char *why)
{
    site->open = why;
    site->judgement = site->ddi->counter < HVC_CALL_COUNTER_COUNT || site->ddi->argument < 0
                          ? HVC_JUDGEMENT_UNDETERMINED
                          : HVC_JUDGEMENT_ADVICE;
}

bool hvc_judge_site(const hvc_numbers *numbers, hvc_arena *results, hvc_call_site *site)
{
    unsigned guilty = 0, innocent = 0;
    if (!list_values(numbers, results, site))
        return false;
    site->origin = origin_text(numbers->origins);
    for (unsigned i = 0; i < numbers->count; i++) {
        if (hvc_ddi_violates(site->ddi, numbers->list[i]))
            guilty++;
        else
            innocent++;
    }
    bool maybe = false;
    if (numbers->why != HVC_UNKNOWN_NONE) {
        site->open = hvc_unknown_text(numbers->why);
        guilt rest = judge_bits(site->ddi, numbers->ones, numbers->zeros);
        guilty += rest == GUILTY;
        innocent += rest == INNOCENT;
        maybe = rest == EITHER;
    }
    if (site->ddi->counter >= HVC_CALL_COUNTER_COUNT)
        site->judgement = guilty > 0 || maybe ? HVC_JUDGEMENT_ADVICE : HVC_JUDGEMENT_OK;
    else if (guilty > 0)
        site->judgement = innocent > 0 || maybe ? HVC_JUDGEMENT_POSSIBLE : HVC_JUDGEMENT_VIOLATION;
    else
        site->judgement = maybe ? HVC_JUDGEMENT_UNDETERMINED : HVC_JUDGEMENT_OK;
    return true;
}
