/* hvcheck scan: evaluates drivers and writes reports. */
#include <stdlib.h>
#include <string.h>

#include <hvcheck/report.h>

#include "base/error.h"
#include "cli/cli.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/output.h"

enum { MAX_REPORTS = 8, MAX_FORMAT = 32 };

/* One format and where it goes. */
typedef struct report_target {
    char format[MAX_FORMAT]; /* "" until one is named */
    const char *path;        /* NULL: standard output */
    cli_output output;
    hvc_report *report;
} report_target;

typedef struct scan_command {
    hvc_options options;
    hvc_report_options report_options;
    cli_color color;
    report_target targets[MAX_REPORTS];
    unsigned target_count;
    const char **paths;
    size_t path_count;
    cli_console console;
    bool exhausted; /* memory ran out over a file: that is not the file's fault */
} scan_command;

int cli_exit_code(const hvc_summary *summary, bool broken)
{
    if (broken)
        return CLI_EXIT_INTERNAL;
    if (summary->errors > 0 || summary->drivers == summary->not_applicable)
        return CLI_EXIT_UNREADABLE;
    if (summary->incompatible > 0)
        return CLI_EXIT_INCOMPATIBLE;
    return summary->undetermined > 0 ? CLI_EXIT_UNDETERMINED : CLI_EXIT_COMPATIBLE;
}

static bool known_format(const char *name, size_t size)
{
    const char *const *formats = hvc_report_formats();
    for (size_t i = 0; formats[i] != NULL; i++)
        if (strlen(formats[i]) == size && memcmp(formats[i], name, size) == 0)
            return true;
    hvc_buffer list = HVC_BUFFER_INIT;
    for (size_t i = 0; formats[i] != NULL; i++)
        hvc_buffer_printf(&list, "%s%s", i > 0 ? ", " : "", formats[i]);
    cli_complain("there is no format \"%.*s\": choose of %.*s",
                 (int)(size < MAX_FORMAT ? size : MAX_FORMAT), name, (int)list.size,
                 list.data != NULL ? list.data : "");
    hvc_buffer_free(&list);
    return false;
}

/* A format takes the first output that was named before any format, or makes a new target. */
static bool add_format(scan_command *self, const char *name, size_t size)
{
    if (!known_format(name, size))
        return false;
    report_target *target = NULL;
    for (unsigned i = 0; i < self->target_count && target == NULL; i++)
        if (self->targets[i].format[0] == '\0')
            target = &self->targets[i];
    if (target == NULL) {
        if (self->target_count == MAX_REPORTS || size >= MAX_FORMAT) {
            cli_complain("more than %d reports at once", MAX_REPORTS);
            return false;
        }
        target = &self->targets[self->target_count++];
    }
    memcpy(target->format, name, size);
    target->format[size] = '\0';
    return true;
}

static bool add_formats(scan_command *self, const char *list)
{
    for (;;) {
        size_t size = strcspn(list, ",");
        if (!add_format(self, list, size))
            return false;
        if (list[size] == '\0')
            return true;
        list += size + 1;
    }
}

/* An output belongs to the format named last; before any format it waits for one. */
static bool add_output(scan_command *self, const char *path)
{
    if (*path == '\0') {
        cli_complain("--output needs the name of a file");
        return false;
    }
    report_target *last = self->target_count > 0 ? &self->targets[self->target_count - 1] : NULL;
    if (last == NULL || last->path != NULL) {
        if (last != NULL) {
            cli_complain("--output is given twice for one --format");
            return false;
        }
        last = &self->targets[self->target_count++];
    }
    last->path = path;
    return true;
}

/* Sets one option. */
static bool set_option(scan_command *self, cli_option_id id, const char *value)
{
    switch (id) {
    case CLI_OPTION_FORMAT:
        return add_formats(self, value);
    case CLI_OPTION_OUTPUT:
        return add_output(self, value);
    case CLI_OPTION_JOBS:
        return cli_jobs_set(&self->options.jobs, value);
    case CLI_OPTION_COLOR:
        return cli_color_set(&self->color, value);
    case CLI_OPTION_EVIDENCE:
        self->options.evidence = self->report_options.evidence = true;
        return true;
    case CLI_OPTION_QUIET:
        self->report_options.quiet = true;
        return true;
    case CLI_OPTION_VERBOSE:
        self->report_options.verbose = true;
        return true;
    case CLI_PARSE_ARGUMENT:
        self->paths[self->path_count++] = value;
        return true;
    default:
        return false;
    }
}

static bool to_stdout(const report_target *target)
{
    return target->path == NULL || strcmp(target->path, "-") == 0;
}

/* What no single option tells: the default format, outputs that collide. */
static bool complete(scan_command *self)
{
    if (self->path_count == 0) {
        cli_complain("no path was given; hvcheck scan --help tells more");
        return false;
    }
    if (self->target_count == 0)
        self->target_count = 1;
    for (unsigned i = 0; i < self->target_count; i++) {
        report_target *target = &self->targets[i];
        if (target->format[0] == '\0')
            memcpy(target->format, "text", sizeof("text"));
        for (unsigned j = 0; j < i; j++) {
            const report_target *other = &self->targets[j];
            if (to_stdout(target) && to_stdout(other)) {
                cli_complain(
                    "%s and %s would both go to standard output: give one of them --output",
                    other->format, target->format);
                return false;
            }
            if (!to_stdout(target) && !to_stdout(other) && strcmp(target->path, other->path) == 0) {
                cli_complain("%s and %s would both go to %s", other->format, target->format,
                             target->path);
                return false;
            }
        }
    }
    return true;
}

static hvc_status put_piece(void *context, const char *bytes, size_t size)
{
    return cli_output_put(context, bytes, size);
}

/* Says why an output failed, unless its reader just went away. */
static void complain_output(scan_command *self, const report_target *target, hvc_status status)
{
    const cli_output *output = &target->output;
    cli_console_clear(&self->console);
    if (output->closed)
        return;
    cli_complain("%s: %s", cli_output_name(output),
                 output->status != HVC_OK ? output->error.message : hvc_status_text(status));
}

static bool open_reports(scan_command *self)
{
    for (unsigned i = 0; i < self->target_count; i++) {
        report_target *target = &self->targets[i];
        hvc_status status = cli_output_open(&target->output, target->path);
        if (status == HVC_OK) {
            hvc_report_options options = self->report_options;
            options.color = cli_color_wanted(self->color, target->output.terminal);
            options.list_errors = target->output.path != NULL;
            options.targets = self->paths;
            options.target_count = self->path_count;
            status = hvc_report_new(target->format, &options, put_piece, &target->output,
                                    &target->report, NULL);
        }
        if (status != HVC_OK) {
            complain_output(self, target, status);
            return false;
        }
    }
    return true;
}

static hvc_status on_driver(void *context, const hvc_driver *driver)
{
    scan_command *self = context;
    for (unsigned i = 0; i < self->target_count; i++) {
        if (self->targets[i].output.terminal)
            cli_console_clear(&self->console);
        hvc_status status = hvc_report_driver(self->targets[i].report, driver);
        if (status != HVC_OK) {
            complain_output(self, &self->targets[i], status);
            return HVC_E_CANCELLED;
        }
    }
    return HVC_OK;
}

static hvc_status on_error(void *context, const hvc_input_error *error)
{
    scan_command *self = context;
    cli_console_error(&self->console, error);
    if (error->error.status == HVC_E_MEMORY || error->error.status == HVC_E_INTERNAL)
        self->exhausted = true;
    for (unsigned i = 0; i < self->target_count; i++) {
        hvc_status status = hvc_report_error(self->targets[i].report, error);
        if (status != HVC_OK) {
            complain_output(self, &self->targets[i], status);
            return HVC_E_CANCELLED;
        }
    }
    return HVC_OK;
}

static void on_progress(void *context, const char *path, uint64_t files_done)
{
    scan_command *self = context;
    cli_console_progress(&self->console, path, files_done);
}

/* Ends the reports; a file appears only when all that came before went well. */
static bool finish_reports(scan_command *self, const hvc_summary *summary)
{
    for (unsigned i = 0; i < self->target_count; i++) {
        report_target *target = &self->targets[i];
        hvc_status status = hvc_report_finish(target->report, summary);
        if (status == HVC_OK)
            status = cli_output_finish(&target->output);
        if (status != HVC_OK) {
            complain_output(self, target, status);
            return false;
        }
    }
    return true;
}

static int run(scan_command *self)
{
    static const hvc_scan_events events = {on_driver, on_error, on_progress};
    if (!open_reports(self))
        return CLI_EXIT_INTERNAL;
    hvc_summary summary = {0};
    hvc_error error = {.status = HVC_OK};
    self->console.progress = !self->report_options.quiet && cli_is_terminal(CLI_STDERR);
    hvc_status status =
        hvc_scan(self->paths, self->path_count, &self->options, &events, self, &summary, &error);
    cli_console_clear(&self->console);
    if (status != HVC_OK) {
        /* A report that failed was told of when it did. */
        if (status != HVC_E_CANCELLED)
            cli_complain("%s", error.message);
        return CLI_EXIT_INTERNAL;
    }
    if (!finish_reports(self, &summary))
        return CLI_EXIT_INTERNAL;
    if (summary.drivers == summary.not_applicable && summary.errors == 0)
        cli_complain("there is no driver at or below the paths");
    return cli_exit_code(&summary, self->exhausted);
}

static int parse(scan_command *self, int argc, char **argv)
{
    cli_parser parser = {.verb = CLI_VERB_SCAN, .argc = argc, .argv = argv};
    for (;;) {
        cli_option_id id = cli_parse_next(&parser);
        int code = 0;
        if (id == CLI_PARSE_END)
            return complete(self) ? run(self) : CLI_EXIT_USAGE;
        if (cli_common_option((int)id, "scan", &code))
            return code;
        if (!set_option(self, id, parser.value))
            return CLI_EXIT_USAGE;
    }
}

int cli_scan(int argc, char **argv)
{
    scan_command *self = calloc(1, sizeof(*self));
    if (self != NULL)
        self->paths = calloc((size_t)argc + 1, sizeof(*self->paths));
    int code = CLI_EXIT_INTERNAL;
    if (self == NULL || self->paths == NULL)
        cli_complain("out of memory");
    else
        code = parse(self, argc, argv);
    for (unsigned i = 0; self != NULL && i < self->target_count; i++) {
        hvc_report_free(self->targets[i].report);
        cli_output_free(&self->targets[i].output);
    }
    if (self != NULL)
        free(self->paths);
    free(self);
    return code;
}
