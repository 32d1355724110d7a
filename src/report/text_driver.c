/* What the text report says below a driver's line: statistics, findings, impacted functions. */
#include <string.h>

#include "base/limits.h"
#include "report/text.h"
#include "rules/open_site.h"

enum { LABEL_WIDTH = 40 }; /* as !verifier prints the statistics */

/* The report of one file is bounded; what a list leaves out is said. */
static bool affords(hvc_report *report, const char *list)
{
    if (report->out.size < HVC_MAX_REPORT_BYTES - 65536)
        return true;
    hvc_buffer_printf(&report->out, "    (the list of %s is cut here)\n", list);
    return false;
}

static void put_statistics(hvc_report *report, const hvc_driver *driver)
{
    for (unsigned i = 0; i < HVC_COUNTER_COUNT; i++) {
        const char *label = hvc_counter_label((hvc_counter)i);
        hvc_buffer_printf(&report->out, "        %s:%*s%llu\n", label,
                          LABEL_WIDTH - 1 - (int)strlen(label), "",
                          (unsigned long long)driver->counters[i]);
    }
}

static void put_verdicts(hvc_report *report, const hvc_driver *driver)
{
    hvc_buffer_printf(&report->out, "    Driver Verifier: %s; load with memory integrity: %s",
                      hvc_verdict_name(driver->verifier), hvc_verdict_name(driver->load));
    if (driver->load_since != NULL)
        hvc_buffer_printf(&report->out, " (refused since Windows version %s)", driver->load_since);
    hvc_buffer_puts(&report->out, "\n");
    if (driver->undetermined_why != NULL) {
        hvc_buffer_puts(&report->out, "    undetermined because: ");
        hvc_text_message(report, driver->undetermined_why);
        hvc_buffer_puts(&report->out, "\n");
    }
}

static void put_location(hvc_report *report, const hvc_location *location)
{
    const char *separator = "        at ";
    bool any = false;
    if (location->source != NULL) {
        hvc_buffer_puts(&report->out, separator);
        hvc_text_put(report, location->source);
        separator = ", ";
        any = true;
    }
    if (location->section != NULL) {
        hvc_buffer_printf(&report->out, "%ssection ", separator);
        hvc_text_message(report, location->section);
        separator = ", ";
        any = true;
    }
    if (location->function != NULL) {
        hvc_buffer_printf(&report->out, "%sfunction ", separator);
        hvc_text_put(report, location->function);
        separator = ", ";
        any = true;
    }
    if (location->has_rva) {
        hvc_buffer_printf(&report->out, "%sRVA 0x%X", separator, location->rva);
        separator = ", ";
        any = true;
    }
    if (location->has_file_offset) {
        hvc_buffer_printf(&report->out, "%sfile offset 0x%llX", separator,
                          (unsigned long long)location->file_offset);
        any = true;
    }
    if (any)
        hvc_buffer_puts(&report->out, "\n");
}

static void put_lines(hvc_report *report, const char *const *lines, size_t count)
{
    for (size_t i = 0; i < count && report->options.evidence; i++) {
        hvc_buffer_puts(&report->out, "          | ");
        hvc_text_message(report, lines[i]);
        hvc_buffer_puts(&report->out, "\n");
    }
}

static void put_places(hvc_report *report, const hvc_finding *finding)
{
    size_t shown = report->options.verbose ? finding->place_count : 0;
    for (size_t i = 0; i < shown; i++)
        hvc_buffer_printf(&report->out, "          RVA 0x%X, file offset 0x%llX, value 0x%X\n",
                          finding->places[i].rva,
                          (unsigned long long)finding->places[i].file_offset,
                          finding->places[i].value);
    if (shown > 0 && finding->place_total > shown)
        hvc_buffer_printf(&report->out, "          and %llu more\n",
                          (unsigned long long)(finding->place_total - shown));
}

static void put_level(hvc_report *report, hvc_level level)
{
    hvc_text_color color = level == HVC_LEVEL_ERROR     ? HVC_COLOR_RED
                           : level == HVC_LEVEL_WARNING ? HVC_COLOR_YELLOW
                                                        : HVC_COLOR_BOLD;
    hvc_text_colored(report, color, hvc_level_name(level));
}

static void put_finding(hvc_report *report, const hvc_finding *finding)
{
    hvc_buffer_printf(&report->out, "    %s ", finding->rule->id);
    put_level(report, finding->level);
    hvc_buffer_puts(&report->out, ": ");
    hvc_text_message(report, finding->message);
    hvc_buffer_puts(&report->out, "\n");
    put_location(report, &finding->location);
    put_places(report, finding);
    put_lines(report, finding->evidence, finding->evidence_count);
    if (finding->fix != NULL) {
        hvc_buffer_puts(&report->out, "        fix: ");
        hvc_text_message(report, finding->fix);
        hvc_buffer_puts(&report->out, "\n");
    }
}

/* Advice in short: one line for all notes of a rule, at the place of its first one. Findings come
 * in the order of the rules, so the notes of a rule follow each other. */
static void put_advice(hvc_report *report, const hvc_driver *driver, size_t *at)
{
    const hvc_finding *first = &driver->findings[*at];
    size_t count = 1;
    while (*at + 1 < driver->finding_count && driver->findings[*at + 1].rule == first->rule &&
           driver->findings[*at + 1].level == first->level) {
        ++*at;
        count++;
    }
    hvc_buffer_printf(&report->out, "    %s ", first->rule->id);
    put_level(report, first->level);
    hvc_buffer_printf(&report->out, ": %s", first->rule->title);
    if (count > 1)
        hvc_buffer_printf(&report->out, " (%zu times)", count);
    hvc_buffer_puts(&report->out, "\n");
}

static void put_findings(hvc_report *report, const hvc_driver *driver)
{
    const hvc_report_options *options = &report->options;
    for (size_t i = 0; i < driver->finding_count && affords(report, "findings"); i++) {
        if (driver->findings[i].level != HVC_LEVEL_NOTE || options->verbose)
            put_finding(report, &driver->findings[i]);
        else if (!options->quiet)
            put_advice(report, driver, &i);
    }
    if (driver->finding_total > driver->finding_count)
        hvc_buffer_printf(&report->out, "    and %llu more findings\n",
                          (unsigned long long)(driver->finding_total - driver->finding_count));
}

/* The rows of the DDI table that were told already. */
typedef struct told_rows {
    uint64_t bits[16];
} told_rows;

static bool told_before(told_rows *told, const hvc_ddi *ddi)
{
    size_t count = 0;
    size_t row = (size_t)(ddi - hvc_ddis(&count));
    if (row >= sizeof(told->bits) * 8)
        return false;
    uint64_t bit = UINT64_C(1) << (row % 64);
    bool before = (told->bits[row / 64] & bit) != 0;
    told->bits[row / 64] |= bit;
    return before;
}

/* The impacted functions that are imported, each once: those whose argument decides, or all. */
static void put_ddis(hvc_report *report, const hvc_driver *driver, bool all)
{
    told_rows told = {{0}};
    for (size_t i = 0; i < driver->ddi_count && affords(report, "functions"); i++) {
        const hvc_ddi *ddi = driver->ddis[i].ddi;
        bool decides = ddi->counter < HVC_CALL_COUNTER_COUNT && ddi->argument >= 0;
        if ((!all && !decides) || told_before(&told, ddi))
            continue;
        hvc_buffer_puts(&report->out, "    imports ");
        hvc_text_colored(report, HVC_COLOR_BOLD, ddi->name);
        hvc_buffer_puts(&report->out, " (");
        hvc_text_put(report, driver->ddis[i].module);
        hvc_buffer_puts(&report->out, ")");
        if (ddi->demands != NULL)
            hvc_buffer_printf(&report->out, ": %s", ddi->demands);
        hvc_buffer_puts(&report->out, "\n");
        if (report->options.verbose && ddi->remediation != NULL)
            hvc_buffer_printf(&report->out, "        fix: %s\n", ddi->remediation);
    }
}

static void put_call_site(hvc_report *report, const hvc_call_site *site)
{
    hvc_open_kind kind = hvc_open_kind_of(site);
    bool argument = kind != HVC_OPEN_CALLS && kind != HVC_OPEN_LOOKUP;
    hvc_buffer_printf(&report->out, "    %s %s at RVA 0x%X, file offset 0x%X",
                      kind == HVC_OPEN_CALLS ? "use of" : "call of",
                      site->written != NULL ? site->written : site->ddi->name, site->rva,
                      site->file_offset);
    if (site->function != NULL) {
        hvc_buffer_puts(&report->out, " in ");
        hvc_text_put(report, site->function);
    }
    hvc_buffer_printf(&report->out, ": %s", hvc_judgement_name(site->judgement));
    for (size_t i = 0; i < site->value_count; i++)
        hvc_buffer_printf(&report->out, "%s%s", i == 0 ? ", argument is " : " or ",
                          site->values[i].name);
    if (site->open != NULL) {
        hvc_buffer_puts(&report->out, argument ? ", argument not known: " : ": ");
        hvc_text_message(report, site->open);
    }
    if (site->harmless)
        hvc_buffer_puts(&report->out, " (counted, but harmless)");
    hvc_buffer_puts(&report->out, "\n");
    put_lines(report, site->evidence, site->evidence_count);
}

/* The calls that no finding tells of and that are not known either; with verbose all of them. */
static void put_call_sites(hvc_report *report, const hvc_driver *driver)
{
    for (size_t i = 0; i < driver->call_site_count && affords(report, "calls"); i++) {
        const hvc_call_site *site = &driver->call_sites[i];
        if (site->judgement == HVC_JUDGEMENT_UNDETERMINED || report->options.verbose)
            put_call_site(report, site);
    }
}

static void put_sections(hvc_report *report, const hvc_driver *driver)
{
    for (size_t i = 0; i < driver->section_count && affords(report, "sections"); i++) {
        const hvc_section *section = &driver->sections[i];
        hvc_buffer_puts(&report->out, "    section ");
        hvc_text_put(report, driver->section_names[i]);
        hvc_buffer_printf(&report->out, ": RVA 0x%X, %u bytes, characteristics 0x%08X\n",
                          section->rva, section->virtual_size, section->characteristics);
    }
}

static void put_anomalies(hvc_report *report, const hvc_driver *driver)
{
    for (size_t i = 0; i < driver->anomaly_count && affords(report, "anomalies"); i++) {
        const hvc_anomaly *anomaly = &driver->anomalies[i];
        if (anomaly->effect != HVC_ANOMALY_DOUBT && !report->options.verbose)
            continue;
        hvc_buffer_puts(&report->out, "    damage: ");
        hvc_text_message(report, anomaly->message);
        hvc_buffer_printf(&report->out, " (at offset 0x%llX)\n",
                          (unsigned long long)anomaly->file_offset);
    }
}

void hvc_text_details(hvc_report *report, const hvc_driver *driver)
{
    bool verbose = report->options.verbose;
    bool fine = hvc_driver_compatible(driver);
    bool judged = driver->kind == HVC_IMAGE_DRIVER;
    bool guilty = driver->verifier == HVC_VERDICT_FAIL || driver->load == HVC_VERDICT_FAIL;
    if (verbose)
        put_sections(report, driver);
    if (judged && (!fine || verbose))
        put_verdicts(report, driver);
    if (judged && (guilty || verbose))
        put_statistics(report, driver);
    put_findings(report, driver);
    put_call_sites(report, driver);
    bool unknown = driver->verifier == HVC_VERDICT_UNDETERMINED && !driver->has_code_analysis;
    if (unknown || verbose)
        put_ddis(report, driver, verbose);
    if (!fine || verbose)
        put_anomalies(report, driver);
}
