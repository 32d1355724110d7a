/* All steps together: can this machine turn it on? */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "machine/steps.h"

enum { EXIT_CAPABLE = 0, EXIT_NOT_CAPABLE = 1, EXIT_NOT_KNOWN = 5 };
enum { LAST_BUILD_BEFORE_REDSTONE = 10586 };

/* A readiness that callers own is the first member of one. */
typedef struct readiness_memory {
    hvc_readiness readiness;
    hvc_arena arena;
} readiness_memory;

const char *hvc_scope_name(hvc_scope scope)
{
    static const char *const names[] = {"all", "hvci", "dg", "cg"};
    return names[scope];
}

const char *hvc_step_result_name(hvc_step_result result)
{
    static const char *const names[] = {"pass", "warn", "fail", "undetermined", "skipped"};
    return names[result];
}

bool hvc_facts_virtual(const hvc_facts *facts)
{
    const hvc_fact *model = hvc_fact_of(facts, HVC_FACT_MACHINE_MODEL);
    const hvc_fact *virtual = hvc_fact_of(facts, HVC_FACT_MACHINE_VIRTUAL);
    return (model->state == HVC_FACT_KNOWN && strstr(model->text, "Virtual") != NULL) ||
           (virtual->state == HVC_FACT_KNOWN && virtual->flag);
}

static bool before_redstone(const hvc_facts *facts)
{
    const hvc_fact *major = hvc_fact_of(facts, HVC_FACT_OS_MAJOR);
    const hvc_fact *build = hvc_fact_of(facts, HVC_FACT_OS_BUILD);
    return (major->state == HVC_FACT_KNOWN && major->number < 10) ||
           (build->state == HVC_FACT_KNOWN && build->number <= LAST_BUILD_BEFORE_REDSTONE);
}

static hvc_step_result sum_up(const hvc_step *steps, size_t count, bool tool_only)
{
    bool warn = false, undetermined = false;
    for (size_t i = 0; i < count; i++) {
        if (tool_only && steps[i].own)
            continue;
        if (steps[i].result == HVC_STEP_FAIL)
            return HVC_STEP_FAIL;
        if (steps[i].result == HVC_STEP_UNDETERMINED && steps[i].decides)
            undetermined = true;
        else if (steps[i].result != HVC_STEP_PASS && steps[i].result != HVC_STEP_SKIPPED)
            warn = true;
    }
    return undetermined ? HVC_STEP_UNDETERMINED : warn ? HVC_STEP_WARN : HVC_STEP_PASS;
}

static void count_drivers(const hvc_facts *facts, hvc_readiness *readiness)
{
    for (size_t i = 0; i < facts->driver_count; i++) {
        const hvc_machine_driver *driver = &facts->drivers[i];
        readiness->drivers++;
        readiness->windows_signed += driver->windows_signed;
        switch (hvc_machine_driver_class(driver)) {
        case HVC_CLASS_COMPATIBLE:
            readiness->compatible++;
            break;
        case HVC_CLASS_INCOMPATIBLE:
            readiness->incompatible++;
            break;
        case HVC_CLASS_UNDETERMINED:
            readiness->undetermined++;
            break;
        case HVC_CLASS_PASSED_OVER:
            break;
        }
    }
}

static void add_capability(readiness_memory *memory, hvc_capability *list, const char *name,
                           uint32_t value)
{
    list[memory->readiness.capability_count++] = (hvc_capability){name, value};
}

/* The values of the steps, then the readiness tool's own sum: 0 no, 1 with qualifications, 2 yes.
 * What is not determined is not written. */
static bool add_capabilities(readiness_memory *memory)
{
    hvc_readiness *readiness = &memory->readiness;
    hvc_capability *list =
        hvc_arena_array(&memory->arena, readiness->step_count + 3, sizeof(*list));
    if (list == NULL)
        return false;
    readiness->capabilities = list;
    for (size_t i = 0; i < readiness->step_count; i++)
        if (readiness->steps[i].has_value)
            add_capability(memory, list, readiness->steps[i].capability, readiness->steps[i].value);
    if (readiness->tool_result == HVC_STEP_UNDETERMINED)
        return true;
    uint32_t value = readiness->tool_result == HVC_STEP_FAIL   ? 0
                     : readiness->tool_result == HVC_STEP_WARN ? 1
                                                               : 2;
    hvc_scope scope = readiness->options.scope;
    if (scope != HVC_SCOPE_HVCI && scope != HVC_SCOPE_DG)
        add_capability(memory, list, "CG_Capable", value);
    if (scope != HVC_SCOPE_CG) {
        add_capability(memory, list, "DG_Capable", value);
        add_capability(memory, list, "HVCI_Capable", value);
    }
    return true;
}

static bool judge(readiness_memory *memory, const hvc_facts *facts)
{
    hvc_readiness *readiness = &memory->readiness;
    size_t row_count;
    const hvc_step_row *rows = hvc_step_rows(&row_count);
    hvc_step *steps = hvc_arena_array(&memory->arena, row_count, sizeof(*steps));
    if (steps == NULL)
        return false;
    readiness->steps = steps;
    for (size_t i = 0; i < row_count; i++) {
        if ((rows[i].scopes & 1U << readiness->options.scope) == 0)
            continue;
        if (!hvc_step_run(&rows[i], facts, &readiness->options, &memory->arena,
                          &steps[readiness->step_count]))
            return false;
        readiness->step_count++;
    }
    readiness->tool_result = sum_up(steps, readiness->step_count, true);
    readiness->result = sum_up(steps, readiness->step_count, false);
    readiness->exit_code = readiness->result == HVC_STEP_FAIL           ? EXIT_NOT_CAPABLE
                           : readiness->result == HVC_STEP_UNDETERMINED ? EXIT_NOT_KNOWN
                                                                        : EXIT_CAPABLE;
    return add_capabilities(memory) && !memory->arena.failed;
}

hvc_status hvc_readiness_new(const hvc_facts *facts, const hvc_readiness_options *options,
                             hvc_readiness **ret_readiness, hvc_error *error)
{
    readiness_memory *memory = calloc(1, sizeof(*memory));
    if (memory == NULL)
        return hvc_fail_memory(error);
    hvc_readiness *readiness = &memory->readiness;
    readiness->label = facts->label;
    readiness->host = facts->host;
    if (options != NULL)
        readiness->options = *options;
    readiness->on_virtual_machine = hvc_facts_virtual(facts);
    readiness->before_redstone = before_redstone(facts);
    count_drivers(facts, readiness);
    if (!judge(memory, facts)) {
        hvc_readiness_free(readiness);
        return hvc_fail_memory(error);
    }
    *ret_readiness = readiness;
    return HVC_OK;
}

void hvc_readiness_free(hvc_readiness *readiness)
{
    if (readiness == NULL)
        return;
    readiness_memory *memory = (readiness_memory *)readiness;
    hvc_arena_free(&memory->arena);
    free(memory);
}
