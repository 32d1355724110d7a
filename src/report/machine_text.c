/* A machine's judgement as the readiness tool writes it. Its lines, and their order, are an
 * interface that scripts match: what is ours stands behind its last line. */
#include <string.h>

#include <hvcheck/machine.h>

#include "base/buffer.h"

#define ROW "###########################################################################"
#define MORE                                                                                       \
    "To learn more about required hardware and software please visit: https://aka.ms/dgwhcr"

typedef struct machine_text {
    hvc_buffer out;
    hvc_machine_report_options options;
} machine_text;

static void put_line(machine_text *self, hvc_tone tone, const char *text)
{
    static const char *const codes[] = {
        [HVC_TONE_GREEN] = "\033[32m", [HVC_TONE_YELLOW] = "\033[33m", [HVC_TONE_RED] = "\033[31m"};
    bool colored = self->options.color && tone >= HVC_TONE_GREEN && tone <= HVC_TONE_RED;
    if (tone == HVC_TONE_LOG && !self->options.log)
        return;
    if (colored)
        hvc_buffer_puts(&self->out, codes[tone]);
    hvc_buffer_puts(&self->out, text);
    if (colored)
        hvc_buffer_puts(&self->out, "\033[0m");
    hvc_buffer_puts(&self->out, "\n");
}

static void put_frame(machine_text *self, unsigned number, const char *name)
{
    hvc_buffer_puts(&self->out, " ====================== ");
    if (number > 0)
        hvc_buffer_printf(&self->out, "Step %u ", number);
    hvc_buffer_printf(&self->out, "%s ====================== \n", name);
}

static void put_beginning(machine_text *self, bool on_virtual_machine)
{
    put_line(self, HVC_TONE_PLAIN,
             ROW "\nReadiness Tool Version 3.4 Release. \n"
                 "Tool to check if your device is capable to run Device Guard and Credential "
                 "Guard.\n" ROW);
    if (on_virtual_machine)
        put_line(self, HVC_TONE_YELLOW,
                 "Running on a Virtual Machine. DG/CG is supported only if both guest VM and host "
                 "machine are running with Windows 10, version 1703 or later with English "
                 "localization.");
    put_line(self, HVC_TONE_PLAIN, ROW);
    put_line(self, HVC_TONE_PLAIN,
             "OS and Hardware requirements for enabling Device Guard and Credential Guard");
    put_line(self, HVC_TONE_PLAIN,
             " 1. OS SKUs: Available only on these OS Skus - Enterprise, Server, Education, "
             "Enterprise IoT, Pro, and Home");
    put_line(self, HVC_TONE_PLAIN,
             " 2. Hardware: Recent hardware that supports virtualization extension with SLAT");
    put_line(self, HVC_TONE_PLAIN, "To learn more please visit: https://aka.ms/dgwhcr");
    put_line(self, HVC_TONE_PLAIN, ROW " \n");
}

static void put_list(machine_text *self, const hvc_readiness *readiness, bool critical)
{
    for (size_t i = 0; i < readiness->step_count; i++) {
        const hvc_step *step = &readiness->steps[i];
        const char *text = critical ? step->critical : step->warning;
        if (!step->own && text != NULL)
            put_line(self, critical ? HVC_TONE_RED : HVC_TONE_YELLOW, text);
    }
}

/* The steps that warn: because they are undetermined, or for what they found. Returns how many. */
static size_t put_warnings(machine_text *self, const hvc_readiness *readiness, bool undetermined,
                           const char *before)
{
    size_t count = 0;
    for (size_t i = 0; i < readiness->step_count; i++) {
        const hvc_step *step = &readiness->steps[i];
        if (step->own || step->warning == NULL ||
            (step->result == HVC_STEP_UNDETERMINED) != undetermined)
            continue;
        if (count++ == 0)
            put_line(self, HVC_TONE_YELLOW, before);
        put_line(self, HVC_TONE_YELLOW, step->warning);
    }
    return count;
}

/* What could have spoken against it, had it been known, comes before the good news. */
static void put_qualified(machine_text *self, const hvc_readiness *readiness)
{
    size_t open = put_warnings(self, readiness, true,
                               "Under the reservation that the following is not known:");
    put_line(self, open > 0 ? HVC_TONE_YELLOW : HVC_TONE_GREEN,
             "Device Guard / Credential Guard can be enabled on this machine.\n");
    put_warnings(self, readiness, false,
                 "The following additional qualifications, if present, can enhance the security of "
                 "Device Guard / Credential Guard on this system:");
}

static void put_summary(machine_text *self, const hvc_readiness *readiness)
{
    put_frame(self, 0, "Summary");
    switch (readiness->tool_result) {
    case HVC_STEP_FAIL:
        put_line(self, HVC_TONE_RED,
                 "Machine is not Device Guard / Credential Guard compatible because of the "
                 "following:");
        put_list(self, readiness, true);
        put_list(self, readiness, false);
        break;
    case HVC_STEP_UNDETERMINED:
        put_line(self, HVC_TONE_YELLOW,
                 "Whether Device Guard / Credential Guard can be enabled on this machine could not "
                 "be determined because of the following:");
        put_list(self, readiness, false);
        break;
    case HVC_STEP_WARN:
        put_qualified(self, readiness);
        break;
    default:
        put_line(self, HVC_TONE_GREEN, "Machine is Device Guard / Credential Guard Ready.\n");
        break;
    }
    put_line(self, HVC_TONE_PLAIN, MORE);
}

static void put_own(machine_text *self, const hvc_readiness *readiness)
{
    static const hvc_tone tones[] = {HVC_TONE_GREEN, HVC_TONE_YELLOW, HVC_TONE_RED, HVC_TONE_YELLOW,
                                     HVC_TONE_PLAIN};
    put_line(self, HVC_TONE_PLAIN, "\nFurther checks by hvcheck:");
    for (size_t i = 0; i < readiness->step_count; i++) {
        const hvc_step *step = &readiness->steps[i];
        if (!step->own)
            continue;
        hvc_buffer line = HVC_BUFFER_INIT;
        hvc_buffer_printf(&line, "  %-13s %s%s%s", hvc_step_result_name(step->result), step->name,
                          step->reason != NULL ? ": " : "",
                          step->reason != NULL ? step->reason : "");
        hvc_buffer_put(&line, "", 1);
        if (line.failed)
            self->out.failed = true;
        else
            put_line(self, tones[step->result], line.data);
        hvc_buffer_free(&line);
    }
    if (readiness->result == HVC_STEP_FAIL)
        put_line(self, HVC_TONE_RED, "Result: not capable");
    else if (readiness->result == HVC_STEP_UNDETERMINED)
        put_line(self, HVC_TONE_YELLOW, "Result: undetermined");
    else if (readiness->result == HVC_STEP_WARN)
        put_line(self, HVC_TONE_GREEN, "Result: capable, with the qualifications above");
    else
        put_line(self, HVC_TONE_GREEN, "Result: capable");
}

static hvc_status hand_on(machine_text *self, hvc_report_sink sink, void *context)
{
    hvc_status status =
        self->out.failed ? HVC_E_MEMORY : sink(context, self->out.data, self->out.size);
    hvc_buffer_free(&self->out);
    return status;
}

hvc_status hvc_report_capable_text(const hvc_readiness *readiness,
                                   const hvc_machine_report_options *options, hvc_report_sink sink,
                                   void *context)
{
    machine_text self = {.out = HVC_BUFFER_INIT};
    if (options != NULL)
        self.options = *options;
    put_beginning(&self, readiness->on_virtual_machine);
    put_line(&self, HVC_TONE_PLAIN, "Checking if the device is DG/CG Capable");
    if (readiness->before_redstone)
        put_line(&self, HVC_TONE_YELLOW, "Capable is currently fully supported in Redstone only..");
    unsigned number = 0;
    for (size_t i = 0; i < readiness->step_count; i++) {
        const hvc_step *step = &readiness->steps[i];
        if (step->own)
            continue;
        put_frame(&self, ++number, step->name);
        for (size_t k = 0; k < step->line_count; k++)
            put_line(&self, step->lines[k].tone, step->lines[k].text);
    }
    put_frame(&self, 0, "End Check");
    put_summary(&self, readiness);
    put_own(&self, readiness);
    return hand_on(&self, sink, context);
}

static void put_unknown(machine_text *self, const char *what, const char *why)
{
    hvc_buffer line = HVC_BUFFER_INIT;
    hvc_buffer_printf(&line, "%s could not be determined: ", what);
    hvc_buffer_escaped(&line, (hvc_text){why, why != NULL ? strlen(why) : 0});
    hvc_buffer_put(&line, "", 1);
    if (line.failed)
        self->out.failed = true;
    else
        put_line(self, HVC_TONE_YELLOW, line.data);
    hvc_buffer_free(&line);
}

static void put_service(machine_text *self, const hvc_running *running, hvc_running_state state,
                        const char *name, const char *when_on, const char *when_off)
{
    if (state == HVC_RUNNING_YES)
        put_line(self, HVC_TONE_GREEN, when_on);
    else if (state == HVC_RUNNING_NO)
        put_line(self, HVC_TONE_YELLOW, when_off);
    else
        put_unknown(self, name, running->why);
}

hvc_status hvc_report_ready_text(const hvc_running *running,
                                 const hvc_machine_report_options *options, hvc_report_sink sink,
                                 void *context)
{
    machine_text self = {.out = HVC_BUFFER_INIT};
    if (options != NULL)
        self.options = *options;
    put_beginning(&self, running->on_virtual_machine);
    hvc_scope scope = running->scope;
    if (scope == HVC_SCOPE_ALL || scope == HVC_SCOPE_CG)
        put_service(&self, running, running->credential_guard, "Credential-Guard",
                    "Credential-Guard is enabled and running.", "Credential-Guard is not running.");
    if (scope != HVC_SCOPE_CG)
        put_service(&self, running, running->hvci, "HVCI", "HVCI is enabled and running.",
                    "HVCI is not running.");
    if (scope == HVC_SCOPE_ALL || scope == HVC_SCOPE_DG)
        put_service(&self, running, running->config_ci, "Config-CI",
                    running->config_ci_enforced
                        ? "Config-CI is enabled and running. (Enforced mode)"
                        : "Config-CI is enabled and running. (Audit mode)",
                    "Config-CI is not running. (Not Enabled)");
    if (scope == HVC_SCOPE_ALL || scope == HVC_SCOPE_DG) {
        if (running->all == HVC_RUNNING_YES)
            put_line(&self, HVC_TONE_GREEN,
                     scope == HVC_SCOPE_ALL
                         ? "HVCI, Credential-Guard, and Config-CI are enabled and running."
                         : "HVCI, and Config-CI are enabled and running.");
        else if (running->all == HVC_RUNNING_NO)
            put_line(&self, HVC_TONE_YELLOW, "Not all services are running.");
    }
    return hand_on(&self, sink, context);
}
