/* The steps that look at the machine's drivers: the readiness tool's first, and what it does not
 * tell. */
#include <string.h>

#include "base/buffer.h"
#include "machine/steps.h"

enum { SERVICE_HVCI = 2 };
enum { LABEL_WIDTH = 40, MOST_NAMES = 16 };

uint64_t hvc_machine_driver_count(const hvc_machine_driver *driver, hvc_counter counter)
{
    uint64_t own = driver->counters[counter];
    if (own == 0 && driver->has_verifier_counters)
        return driver->verifier_counters[counter];
    return own;
}

static bool counted(const hvc_machine_driver *driver)
{
    for (int i = 0; i < HVC_COUNTER_COUNT; i++)
        if (hvc_machine_driver_count(driver, (hvc_counter)i) > 0)
            return true;
    return false;
}

hvc_driver_class hvc_machine_driver_class(const hvc_machine_driver *driver)
{
    if (driver->windows_signed)
        return HVC_CLASS_PASSED_OVER;
    if (counted(driver) || (driver->examined && (driver->verifier == HVC_VERDICT_FAIL ||
                                                 driver->load == HVC_VERDICT_FAIL)))
        return HVC_CLASS_INCOMPATIBLE;
    if (!driver->examined) /* that Verifier counted nothing so far is no proof */
        return HVC_CLASS_UNDETERMINED;
    if (driver->verifier == HVC_VERDICT_NOT_APPLICABLE)
        return HVC_CLASS_PASSED_OVER;
    if (driver->verifier == HVC_VERDICT_PASS && driver->load == HVC_VERDICT_PASS)
        return HVC_CLASS_COMPATIBLE;
    return HVC_CLASS_UNDETERMINED;
}

/* "section alignment failures:             9": as the readiness tool cuts it out of verifier's
 * output. */
static void put_reason(hvc_buffer *out, const hvc_machine_driver *driver, hvc_counter counter)
{
    uint64_t count = hvc_machine_driver_count(driver, counter);
    if (count == 0)
        return;
    char label[LABEL_WIDTH + 1] = {0};
    const char *words = hvc_counter_label(counter);
    size_t length = strlen(words);
    for (size_t i = 0; i < length && i < LABEL_WIDTH - 1; i++)
        label[i] = (char)(words[i] >= 'A' && words[i] <= 'Z' ? words[i] + ('a' - 'A') : words[i]);
    label[length < LABEL_WIDTH - 1 ? length : LABEL_WIDTH - 1] = ':';
    hvc_buffer_printf(out, "\tReason: %-*s%llu\r\n", LABEL_WIDTH, label, (unsigned long long)count);
}

static const char *lower_case(hvc_checking *checking, const hvc_machine_driver *driver)
{
    char *name = hvc_arena_strdup(checking->arena, driver->module);
    for (char *p = name; p != NULL && *p != '\0'; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p + ('a' - 'A'));
    return name;
}

/* One incompatible driver with all its reasons: execute-write first, which is what the readiness
 * tool minds most, then the others in Verifier's order. */
static void tell_driver(hvc_checking *checking, const hvc_machine_driver *driver, hvc_tone tone)
{
    hvc_buffer out = HVC_BUFFER_INIT;
    hvc_buffer_printf(&out, "Module: %s\r\n", hvc_safe(checking, lower_case(checking, driver)));
    size_t before = out.size;
    put_reason(&out, driver, HVC_COUNTER_EXECUTE_WRITE);
    for (int i = 0; i < HVC_COUNTER_COUNT; i++)
        if (i != HVC_COUNTER_EXECUTE_WRITE)
            put_reason(&out, driver, (hvc_counter)i);
    /* What the loader refuses may be none of what Verifier counts. */
    if (driver->load == HVC_VERDICT_FAIL && driver->reason != NULL)
        hvc_buffer_printf(&out, "\tReason: %s\r\n", hvc_safe(checking, driver->reason));
    if (out.size == before)
        hvc_buffer_puts(&out, "\tReason: no reason is recorded\r\n");
    const char *text = hvc_arena_text(checking->arena, (hvc_text){out.data, out.size});
    hvc_line *line = text != NULL ? hvc_vector_add(checking->arena, &checking->lines) : NULL;
    if (line != NULL)
        *line = (hvc_line){tone, text};
    if (out.failed)
        checking->arena->failed = true;
    hvc_buffer_free(&out);
}

static bool writes_code(const hvc_machine_driver *driver)
{
    return hvc_machine_driver_count(driver, HVC_COUNTER_EXECUTE_WRITE) > 0;
}

static void tell_incompatible(hvc_checking *checking)
{
    const hvc_facts *facts = checking->facts;
    hvc_tone tone = checking->options->hlk ? HVC_TONE_RED : HVC_TONE_YELLOW;
    hvc_say(checking, tone, "Incompatible HVCI Kernel Driver Modules found");
    for (int group = 0; group < 2; group++)
        for (size_t i = 0; i < facts->driver_count; i++)
            if (hvc_machine_driver_class(&facts->drivers[i]) == HVC_CLASS_INCOMPATIBLE &&
                writes_code(&facts->drivers[i]) == (group == 0))
                tell_driver(checking, &facts->drivers[i], group == 0 ? HVC_TONE_RED : tone);
}

/* Why a driver is not judged. */
static const char *doubt(hvc_checking *checking, const hvc_machine_driver *driver)
{
    const char *why = !driver->examined ? driver->error : driver->reason;
    return why != NULL ? hvc_safe(checking, why) : "no reason is recorded";
}

/* What the readiness tool promises to write to its log, and does not. */
static void log_drivers(hvc_checking *checking)
{
    static const char *const words[] = {"Windows Signed", "Compatible", "Incompatible",
                                        "Undetermined"};
    for (size_t i = 0; i < checking->facts->driver_count; i++) {
        const hvc_machine_driver *driver = &checking->facts->drivers[i];
        hvc_driver_class class = hvc_machine_driver_class(driver);
        if (class == HVC_CLASS_PASSED_OVER && !driver->windows_signed)
            continue;
        hvc_say(checking, HVC_TONE_LOG, "%s: %s%s%s", words[class],
                hvc_safe(checking, driver->module), class == HVC_CLASS_UNDETERMINED ? ": " : "",
                class == HVC_CLASS_UNDETERMINED ? doubt(checking, driver) : "");
    }
}

/* The readiness tool cannot see the drivers that HVCI keeps out; a file can be judged all the
 * same. */
static void tell_before(hvc_checking *checking)
{
    const hvc_facts *facts = checking->facts;
    bool live = facts->driver_count > 0;
    for (size_t i = 0; i < facts->driver_count; i++)
        if (facts->drivers[i].path != NULL)
            live = false;
    if (live && hvc_ask_listed(checking, HVC_FACT_DG_RUNNING, SERVICE_HVCI) == HVC_ANSWER_YES) {
        hvc_say(checking, HVC_TONE_YELLOW,
                "HVCI is already enabled on this machine, driver compat list might not be "
                "complete.");
        hvc_say(checking, HVC_TONE_YELLOW, "Please disable HVCI and run the script again...");
    }
    if (hvc_ask(checking, HVC_FACT_VERIFIER_RUNNING) == HVC_ANSWER_YES)
        hvc_say(checking, HVC_TONE_PLAIN, "Driver verifier already enabled");
}

/* The log's name as whoever asked for it spells it: what separates folders on Windows is not
 * doubled. */
static const char *log_name(hvc_checking *checking)
{
    char *name = hvc_arena_strdup(checking->arena, hvc_safe(checking, checking->options->log));
    if (name == NULL)
        return "";
    char *out = name;
    for (const char *p = name; *p != '\0'; p++) {
        *out++ = *p;
        if (p[0] == '\\' && p[1] == '\\')
            p++;
    }
    *out = '\0';
    return name;
}

hvc_step_result hvc_check_drivers(hvc_checking *checking)
{
    const hvc_facts *facts = checking->facts;
    if (!facts->has_drivers)
        return hvc_because(checking, HVC_STEP_UNDETERMINED, "the drivers were not looked at");
    size_t classes[4] = {0};
    const char *first = NULL;
    for (size_t i = 0; i < facts->driver_count; i++) {
        hvc_driver_class class = hvc_machine_driver_class(&facts->drivers[i]);
        classes[class]++;
        if (class == HVC_CLASS_UNDETERMINED && first == NULL)
            first = doubt(checking, &facts->drivers[i]);
    }
    tell_before(checking);
    hvc_say(checking, HVC_TONE_PLAIN, "Verifying each module please wait .... ");
    log_drivers(checking);
    if (checking->options->log != NULL)
        hvc_say(checking, HVC_TONE_PLAIN,
                "Completed scan. List of Compatible Modules can be found at %s",
                log_name(checking));
    else
        hvc_say(checking, HVC_TONE_PLAIN, "Completed scan.");
    size_t unknown = classes[HVC_CLASS_UNDETERMINED], bad = classes[HVC_CLASS_INCOMPATIBLE];
    if (bad > 0) {
        tell_incompatible(checking);
        return hvc_because(checking, HVC_STEP_FAIL,
                           "%zu of %zu drivers that are not Windows' own are incompatible, %zu are "
                           "undetermined",
                           bad, bad + unknown + classes[HVC_CLASS_COMPATIBLE], unknown);
    }
    if (unknown > 0)
        return hvc_because(checking, HVC_STEP_UNDETERMINED,
                           "%zu of %zu drivers that are not Windows' own (%s)", unknown,
                           unknown + classes[HVC_CLASS_COMPATIBLE], first);
    return HVC_STEP_PASS;
}

/* Names in a row, bounded. */
typedef struct name_list {
    hvc_buffer text;
    size_t count;
} name_list;

static void add_name(hvc_checking *checking, name_list *list, const char *name)
{
    if (list->count < MOST_NAMES)
        hvc_buffer_printf(&list->text, "%s%s", list->count > 0 ? ", " : "",
                          hvc_safe(checking, name));
    list->count++;
}

static const char *end_names(hvc_checking *checking, name_list *list)
{
    if (list->count > MOST_NAMES)
        hvc_buffer_printf(&list->text, " and %zu more", list->count - MOST_NAMES);
    if (list->text.failed)
        checking->arena->failed = true;
    const char *text =
        hvc_arena_text(checking->arena, (hvc_text){list->text.data, list->text.size});
    hvc_buffer_free(&list->text);
    return text != NULL ? text : "";
}

hvc_step_result hvc_check_boot_drivers(hvc_checking *checking)
{
    const hvc_facts *facts = checking->facts;
    if (!facts->has_drivers)
        return hvc_because(checking, HVC_STEP_UNDETERMINED, "the drivers were not looked at");
    name_list refused = {0}, guilty = {0}, unknown = {0};
    size_t count = 0;
    for (size_t i = 0; i < facts->driver_count; i++) {
        const hvc_machine_driver *driver = &facts->drivers[i];
        if (!driver->boot_start || hvc_machine_driver_class(driver) == HVC_CLASS_PASSED_OVER)
            continue;
        count++;
        if (driver->examined && driver->load == HVC_VERDICT_FAIL)
            add_name(checking, &refused, driver->module);
        else if (!driver->examined || driver->load == HVC_VERDICT_UNDETERMINED)
            add_name(checking, &unknown, driver->module);
        else if (hvc_machine_driver_class(driver) == HVC_CLASS_INCOMPATIBLE)
            add_name(checking, &guilty, driver->module);
    }
    const char *refused_names = end_names(checking, &refused);
    const char *guilty_names = end_names(checking, &guilty);
    const char *unknown_names = end_names(checking, &unknown);
    if (refused.count > 0)
        return hvc_because(checking, HVC_STEP_FAIL,
                           "the machine might not start with memory integrity on, because Windows "
                           "refuses to load: %s",
                           refused_names);
    if (unknown.count > 0)
        return hvc_because(checking, HVC_STEP_UNDETERMINED, "not known whether these load: %s",
                           unknown_names);
    if (guilty.count > 0)
        return hvc_because(checking, HVC_STEP_WARN,
                           "these load, but Driver Verifier counts violations: %s", guilty_names);
    return hvc_because(checking, HVC_STEP_PASS, "%zu that are not Windows' own, all of them load",
                       count);
}

hvc_step_result hvc_check_verifier_counts(hvc_checking *checking)
{
    const hvc_facts *facts = checking->facts;
    name_list differ = {0};
    size_t count = 0;
    for (size_t i = 0; i < facts->driver_count; i++) {
        const hvc_machine_driver *driver = &facts->drivers[i];
        if (!driver->has_verifier_counters || !driver->examined)
            continue;
        count++;
        if (memcmp(driver->counters, driver->verifier_counters, sizeof(driver->counters)) != 0)
            add_name(checking, &differ, driver->module);
    }
    const char *names = end_names(checking, &differ);
    if (count == 0)
        return hvc_because(checking, HVC_STEP_SKIPPED, "none were recorded");
    if (differ.count > 0)
        return hvc_because(checking, HVC_STEP_WARN,
                           "they differ from what the files tell (Verifier counts executed calls, "
                           "a file has call sites): %s",
                           names);
    return hvc_because(checking, HVC_STEP_PASS, "the same as from the files, of %zu drivers",
                       count);
}

/* Whether an event tells of a driver that Windows found incompatible with memory integrity. */
static bool is_refusal(const hvc_ci_event *event)
{
    static const uint32_t refusals[] = {3072, 3073, 3074, 3086, 3087};
    for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
        if (event->id == refusals[i])
            return true;
    return false;
}

hvc_step_result hvc_check_events(hvc_checking *checking)
{
    const hvc_facts *facts = checking->facts;
    if (!facts->has_events)
        return hvc_because(checking, HVC_STEP_UNDETERMINED,
                           "the Code Integrity event log was not looked at");
    name_list files = {0};
    for (size_t i = 0; i < facts->event_count; i++) {
        if (!is_refusal(&facts->events[i]))
            continue;
        bool again = false;
        for (size_t k = i > 64 ? i - 64 : 0; k < i; k++)
            again |= is_refusal(&facts->events[k]) &&
                     strcmp(facts->events[k].file, facts->events[i].file) == 0;
        if (!again)
            add_name(checking, &files, facts->events[i].file);
    }
    const char *names = end_names(checking, &files);
    if (files.count > 0)
        return hvc_because(checking, HVC_STEP_WARN,
                           "Windows recorded as incompatible with memory integrity: %s", names);
    return hvc_because(checking, HVC_STEP_PASS, "none tells of a driver that was refused");
}
