/* Driver Verifier: whether it checks drivers, by which flags, and what it counted. */
#include <string.h>

#include "machine/probe_windows.h"
#include "machine/verifier.h"

enum { CLASS_VERIFIER = 51, CLASS_VERIFIER_COUNTERS = 118 };

static const char *unanswered(hvc_facts_builder *builder, unsigned number, long status)
{
    const char *why = hvc_arena_printf(
        &builder->arena, "Windows does not tell it (system information class %u, status 0x%08lX)",
        number, (unsigned long)status);
    return why != NULL ? why : "";
}

/* The file name in lower case, as the readiness tool prints it. */
static const char *module_name(hvc_arena *arena, const char *name)
{
    const char *last = strrchr(name, '\\');
    char *copy = hvc_arena_strdup(arena, last != NULL ? last + 1 : name);
    for (char *p = copy; p != NULL && *p != '\0'; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p + ('a' - 'A'));
    return copy != NULL ? copy : "";
}

static void add_counters(hvc_facts_builder *builder, const hvc_verified *verified)
{
    hvc_machine_driver driver = {
        .module = module_name(&builder->arena, verified->name),
        .error = "only Verifier told of it",
        .has_verifier_counters = true,
        .verifier = HVC_VERDICT_UNDETERMINED,
        .load = HVC_VERDICT_UNDETERMINED,
    };
    memcpy(driver.verifier_counters, verified->counters, sizeof(driver.verifier_counters));
    hvc_facts_add_driver(builder, &driver);
}

static void read_answer(hvc_facts_builder *builder, hvc_span answer, bool counters)
{
    hvc_verified verified;
    uint64_t at = 0, count = 0;
    uint32_t level = 0;
    bool damaged = false;
    while (hvc_verifier_next(&builder->arena, answer, (uintptr_t)answer.data, sizeof(void *), &at,
                             &verified, &damaged)) {
        count++;
        level = verified.level;
        if (counters && verified.has_counters)
            add_counters(builder, &verified);
    }
    if (damaged && count == 0) {
        static const char why[] = "Verifier's answer is in a form that is not known";
        hvc_fact_set_unavailable(builder, HVC_FACT_VERIFIER_RUNNING, why);
        hvc_fact_set_unavailable(builder, HVC_FACT_VERIFIER_FLAGS, why);
        return;
    }
    const char *source =
        counters ? "SystemVerifierCountersInformation" : "SystemVerifierInformation";
    hvc_fact_set_bool(builder, HVC_FACT_VERIFIER_RUNNING, count > 0, source);
    hvc_fact_set_number(builder, HVC_FACT_VERIFIER_FLAGS, level, source);
}

void hvc_zones_verifier(hvc_facts_builder *builder, bool counters)
{
    hvc_span answer;
    if (counters) {
        long status = hvc_zones_query(&builder->arena, CLASS_VERIFIER_COUNTERS, &answer);
        if (status >= 0)
            read_answer(builder, answer, true);
    }
    long status = hvc_zones_query(&builder->arena, CLASS_VERIFIER, &answer);
    if (status >= 0) {
        read_answer(builder, answer, false);
        return;
    }
    const char *why = unanswered(builder, CLASS_VERIFIER, status);
    hvc_fact_set_unavailable(builder, HVC_FACT_VERIFIER_RUNNING, why);
    hvc_fact_set_unavailable(builder, HVC_FACT_VERIFIER_FLAGS, why);
}
