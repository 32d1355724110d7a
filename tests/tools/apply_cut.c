/* Carries a plan out on a Windows tree and stops before the N-th step that changes something on the
 * disk, as a power cut would. For the system tests.
 *
 * Usage: apply_cut enable|disable ROOT BACKUP N [POLICY]
 * Prints the steps that were taken. Exit code: 0 carried out, 9 stopped, 1 failed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/apply.h"
#include "machine/plan.h"

enum { STOPPED = 9 };

typedef struct step_counter {
    unsigned long steps, limit;
} step_counter;

static bool before(void *context, const char *step, const char *path)
{
    step_counter *counter = context;
    if (counter->steps++ >= counter->limit)
        return false;
    printf("%s %s\n", step, path);
    return true;
}

static int apply(const hvc_facts *facts, char **argv, const char *policy)
{
    static const char *const overrides[] = {"version", "boot-drivers"};
    const hvc_plan_request request = {.action = strcmp(argv[1], "enable") == 0 ? HVC_PLAN_ENABLE
                                                                               : HVC_PLAN_DISABLE,
                                      .policy = policy,
                                      .overrides = overrides,
                                      .override_count = 2};
    hvc_error error = {.message = ""};
    hvc_plan *plan = NULL;
    hvc_status status = hvc_plan_make(facts, &request, &plan, &error);
    step_counter state = {0, strtoul(argv[4], NULL, 10)};
    const hvc_file_hook hook = {before, &state};
    const hvc_apply_options options = {
        .root = argv[2], .backup = argv[3], .filetime = 0x01DC000000000000, .hook = &hook};
    hvc_apply_result result = {.changed = false};
    if (status == HVC_OK)
        status = hvc_apply_hive(plan, &options, &result, &error);
    hvc_plan_free(plan);
    if (status == HVC_E_CANCELLED)
        return STOPPED;
    if (status != HVC_OK)
        fprintf(stderr, "%s\n", error.message);
    return status == HVC_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    hvc_facts_builder builder;
    hvc_facts_init(&builder, "offline", argv[2]);
    int code = hvc_facts_finish(&builder) == HVC_OK
                   ? apply(&builder.facts, argv, argc > 5 ? argv[5] : NULL)
                   : 1;
    hvc_facts_free(&builder);
    return code;
}
