/* The report as text: a line per driver, its findings below, a summary at the end. */
#include "report/text.h"

#include <string.h>

#include "base/limits.h"

void hvc_text_colored(hvc_report *report, hvc_text_color color, const char *word)
{
    static const char *const codes[] = {"\033[32m", "\033[31m", "\033[33m", "\033[1m"};
    if (report->options.color)
        hvc_buffer_puts(&report->out, codes[color]);
    hvc_buffer_puts(&report->out, word);
    if (report->options.color)
        hvc_buffer_puts(&report->out, "\033[0m");
}

void hvc_text_put(hvc_report *report, const char *text)
{
    hvc_buffer_escaped(&report->out, (hvc_text){text, strlen(text)});
}

void hvc_text_message(hvc_report *report, const char *message)
{
    for (;;) {
        size_t plain = strcspn(message, "\\");
        hvc_buffer_escaped(&report->out, (hvc_text){message, plain});
        message += plain;
        if (*message == '\0')
            return;
        hvc_buffer_put(&report->out, "\\", 1);
        message++;
    }
}

/* The words are padded to one width, so that paths stand in a column; colour codes do not count. */
static void put_verdict(hvc_report *report, const hvc_driver *driver)
{
    if (driver->verifier == HVC_VERDICT_FAIL || driver->load == HVC_VERDICT_FAIL)
        hvc_text_colored(report, HVC_COLOR_RED, "incompatible  ");
    else if (hvc_driver_compatible(driver))
        hvc_text_colored(report, HVC_COLOR_GREEN, "compatible    ");
    else if (driver->verifier == HVC_VERDICT_NOT_APPLICABLE)
        hvc_buffer_puts(&report->out, "not applicable");
    else
        hvc_text_colored(report, HVC_COLOR_YELLOW, "undetermined  ");
}

static void text_driver(hvc_report *report, const hvc_driver *driver)
{
    bool fine = hvc_driver_compatible(driver) || driver->verifier == HVC_VERDICT_NOT_APPLICABLE;
    if (report->options.quiet && fine)
        return;
    put_verdict(report, driver);
    hvc_buffer_puts(&report->out, "  ");
    hvc_text_put(report, driver->path);
    hvc_buffer_printf(&report->out, "  (%s", hvc_arch_name(driver->arch));
    if (driver->identity.version != NULL) {
        hvc_buffer_puts(&report->out, ", ");
        hvc_text_put(report, driver->identity.version);
    }
    if (driver->kind != HVC_IMAGE_DRIVER)
        hvc_buffer_printf(&report->out, ", %s",
                          driver->kind == HVC_IMAGE_BOOT ? "boot program" : "user-mode program");
    hvc_buffer_puts(&report->out, ")\n");
    hvc_text_details(report, driver);
}

static void text_error(hvc_report *report, const hvc_input_error *error)
{
    if (!report->options.list_errors)
        return;
    hvc_text_colored(report, HVC_COLOR_RED, "unreadable    ");
    hvc_buffer_puts(&report->out, "  ");
    hvc_text_put(report, error->path);
    hvc_buffer_puts(&report->out, ": ");
    hvc_text_message(report, error->error.message);
    if (error->error.has_offset)
        hvc_buffer_printf(&report->out, " (at offset 0x%llX)",
                          (unsigned long long)error->error.offset);
    hvc_buffer_puts(&report->out, "\n");
}

static void put_number(hvc_report *report, const char *before, uint64_t number, const char *what,
                       hvc_text_color color)
{
    hvc_buffer_puts(&report->out, before);
    if (number == 0) {
        hvc_buffer_printf(&report->out, "0 %s", what);
        return;
    }
    char text[64];
    hvc_buffer counted = HVC_BUFFER_INIT;
    hvc_buffer_printf(&counted, "%llu %s", (unsigned long long)number, what);
    size_t size = counted.size < sizeof(text) - 1 ? counted.size : sizeof(text) - 1;
    if (size > 0)
        memcpy(text, counted.data, size);
    text[size] = '\0';
    hvc_buffer_free(&counted);
    hvc_text_colored(report, color, text);
}

static void text_finish(hvc_report *report, const hvc_summary *summary)
{
    if (report->options.quiet)
        return;
    hvc_buffer_printf(&report->out, "%s%llu driver%s: ", summary->drivers > 0 ? "\n" : "",
                      (unsigned long long)(summary->drivers - summary->not_applicable),
                      summary->drivers - summary->not_applicable == 1 ? "" : "s");
    put_number(report, "", summary->compatible, "compatible", HVC_COLOR_GREEN);
    put_number(report, ", ", summary->incompatible, "incompatible", HVC_COLOR_RED);
    put_number(report, ", ", summary->undetermined, "undetermined", HVC_COLOR_YELLOW);
    if (summary->not_applicable > 0)
        hvc_buffer_printf(&report->out, "; %llu not applicable",
                          (unsigned long long)summary->not_applicable);
    if (summary->errors > 0)
        put_number(report, "; ", summary->errors, "unreadable", HVC_COLOR_RED);
    if (summary->skipped > 0)
        hvc_buffer_printf(&report->out, "; %llu other file%s skipped",
                          (unsigned long long)summary->skipped, summary->skipped == 1 ? "" : "s");
    hvc_buffer_puts(&report->out, "\n");
}

const hvc_report_writer hvc_writer_text = {
    .name = "text",
    .driver = text_driver,
    .error = text_error,
    .finish = text_finish,
};
