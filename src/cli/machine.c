/* hvcheck capable, ready and facts: one machine, or recorded facts of many. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvcheck/machine.h>

#include "base/error.h"
#include "base/file.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"
#include "machine/probe.h"

typedef struct machine_command {
    unsigned verb;
    hvc_probe_options probe;
    hvc_readiness_options judge;
    hvc_options scan;
    bool has_scope, as_json, no_registry;
    cli_color color;
    const char *output_path, *log_path;
    bool log_asked; /* not the system's usual one */
    const char **facts;
    size_t fact_count;
    cli_output output;
    FILE *log;
    bool started; /* JSON: a machine stands there */
    hvc_input_error *errors;
    size_t error_count;
    int code;
} machine_command;

static void worse(machine_command *self, int code)
{
    self->code = cli_worse_code(self->code, code);
}

static const char *verb_name(const machine_command *self)
{
    return self->verb == CLI_VERB_CAPABLE ? "capable"
           : self->verb == CLI_VERB_READY ? "ready"
                                          : "facts";
}

static bool set_scope(machine_command *self, hvc_scope scope)
{
    if (self->has_scope && self->judge.scope != scope) {
        cli_complain("only one of --hvci, --dg and --cg can be given");
        return false;
    }
    self->has_scope = true;
    self->judge.scope = scope;
    return true;
}

static bool set_path(const char **path, const char *name, const char *value)
{
    if (*value == '\0') {
        cli_complain("--%s needs a name", name);
        return false;
    }
    *path = value;
    return true;
}

static bool set_format(machine_command *self, const char *value)
{
    self->as_json = strcmp(value, "json") == 0;
    if (self->as_json || strcmp(value, "text") == 0)
        return true;
    cli_complain("--format must be text or json here, not \"%s\"", value);
    return false;
}

static bool set_option(machine_command *self, cli_option_id id, const char *value)
{
    switch ((int)id) {
    case CLI_OPTION_FACTS:
    case CLI_PARSE_ARGUMENT:
        if (id == CLI_PARSE_ARGUMENT && self->fact_count == 0) {
            cli_complain("\"%s\" is no option; recorded facts are named with --facts", value);
            return false;
        }
        return set_path(&self->facts[self->fact_count++], "facts", value);
    case CLI_OPTION_ROOT:
        return set_path(&self->probe.root, "root", value);
    case CLI_OPTION_SYSROOT:
        return set_path(&self->probe.sysroot, "sysroot", value);
    case CLI_OPTION_WITH_VERIFIER:
        self->probe.with_verifier = true;
        return true;
    case CLI_OPTION_HVCI:
        return set_scope(self, HVC_SCOPE_HVCI);
    case CLI_OPTION_DG:
        return set_scope(self, HVC_SCOPE_DG);
    case CLI_OPTION_CG:
        return set_scope(self, HVC_SCOPE_CG);
    case CLI_OPTION_HLK:
        self->judge.hlk = true;
        return true;
    case CLI_OPTION_MACHINE_FORMAT:
        return set_format(self, value);
    case CLI_OPTION_MACHINE_OUTPUT:
        return set_path(&self->output_path, "output", value);
    case CLI_OPTION_LOG:
        self->log_asked = true;
        return set_path(&self->log_path, "log", value);
    case CLI_OPTION_NO_REGISTRY:
        self->no_registry = true;
        return true;
    case CLI_OPTION_COLOR:
        return cli_color_set(&self->color, value);
    case CLI_OPTION_JOBS:
        return cli_jobs_set(&self->scan.jobs, value);
    default:
        return false;
    }
}

static bool complete(machine_command *self)
{
    if (self->fact_count > 0 && (self->probe.root != NULL || self->probe.sysroot != NULL)) {
        cli_complain("--facts takes the place of --root and --sysroot");
        return false;
    }
    if (self->verb == CLI_VERB_FACTS && self->fact_count > 1) {
        cli_complain("facts writes one machine: name one file");
        return false;
    }
    return true;
}

static bool is_live(const machine_command *self)
{
    return self->fact_count == 0 && self->probe.root == NULL && self->probe.sysroot == NULL;
}

static hvc_status put_piece(void *context, const char *bytes, size_t size)
{
    return cli_output_put(context, bytes, size);
}

/* A log that cannot be kept does not keep from the judgement; one that was asked for is missed. */
static hvc_status put_log(void *context, const char *bytes, size_t size)
{
    return fwrite(bytes, 1, size, context) == size ? HVC_OK : HVC_E_IO;
}

static void open_log(machine_command *self)
{
    if (self->log_path == NULL && is_live(self) && self->verb != CLI_VERB_FACTS)
        self->log_path = cli_default_log();
    if (self->log_path == NULL)
        return;
    self->log = fopen(self->log_path, "ab");
    if (self->log != NULL) {
        self->judge.log = self->log_path;
        return;
    }
    cli_complain("%s: the log cannot be written", self->log_path);
    if (self->log_asked)
        worse(self, CLI_EXIT_INTERNAL);
}

static void write_registry(machine_command *self, const hvc_capability *list, size_t count)
{
    hvc_error error;
    if (self->no_registry || !is_live(self) || count == 0)
        return;
    hvc_status status = hvc_write_capabilities(list, count, &error);
    if (status != HVC_OK && status != HVC_E_UNSUPPORTED)
        cli_complain("the results were not written to the registry: %s", error.message);
}

/* Of several machines each is told apart by its name. */
static void put_label(machine_command *self, const char *label)
{
    hvc_buffer line = HVC_BUFFER_INIT;
    hvc_buffer_puts(&line, self->started ? "\n==> " : "==> ");
    hvc_buffer_escaped(&line, (hvc_text){label, strlen(label)});
    hvc_buffer_puts(&line, " <==\n");
    if (!self->as_json)
        cli_output_put(&self->output, line.data, line.size);
    if (self->log != NULL)
        put_log(self->log, line.data, line.size);
    hvc_buffer_free(&line);
}

static hvc_status judge_capable(machine_command *self, const hvc_facts *facts,
                                const hvc_machine_report_options *options)
{
    hvc_readiness *readiness = NULL;
    hvc_status status = hvc_readiness_new(facts, &self->judge, &readiness, NULL);
    if (status != HVC_OK)
        return status;
    if (self->as_json)
        status = hvc_report_capable_json(readiness, facts, self->started, put_piece, &self->output);
    else
        status = hvc_report_capable_text(readiness, options, put_piece, &self->output);
    const hvc_machine_report_options plain = {.log = true};
    if (status == HVC_OK && self->log != NULL)
        status = hvc_report_capable_text(readiness, &plain, put_log, self->log);
    write_registry(self, readiness->capabilities, readiness->capability_count);
    worse(self, readiness->exit_code);
    hvc_readiness_free(readiness);
    return status;
}

static hvc_status judge_ready(machine_command *self, const hvc_facts *facts,
                              const hvc_machine_report_options *options)
{
    hvc_running running;
    hvc_running_judge(facts, self->judge.scope, &running);
    hvc_status status;
    if (self->as_json)
        status = hvc_report_ready_json(&running, self->started, put_piece, &self->output);
    else
        status = hvc_report_ready_text(&running, options, put_piece, &self->output);
    const hvc_machine_report_options plain = {.log = true};
    if (status == HVC_OK && self->log != NULL)
        status = hvc_report_ready_text(&running, &plain, put_log, self->log);
    write_registry(self, &running.capability, running.capability.name != NULL);
    worse(self, running.exit_code);
    return status;
}

/* Writes what is to be said of one machine. False when that failed. */
static bool judge(machine_command *self, const hvc_facts *facts, const char *label)
{
    const hvc_machine_report_options options = {
        .color = cli_color_wanted(self->color, self->output.terminal)};
    if (self->verb != CLI_VERB_FACTS && self->fact_count > 1)
        put_label(self, label);
    hvc_status status = self->verb == CLI_VERB_CAPABLE ? judge_capable(self, facts, &options)
                        : self->verb == CLI_VERB_READY
                            ? judge_ready(self, facts, &options)
                            : hvc_report_facts(facts, put_piece, &self->output);
    self->started = true;
    if (status == HVC_OK)
        return true;
    if (!self->output.closed)
        cli_complain("%s", self->output.status != HVC_OK ? self->output.error.message
                                                         : hvc_status_text(status));
    worse(self, CLI_EXIT_INTERNAL);
    return false;
}

/* A machine that cannot be looked at does not keep from the others. */
static void fail_input(machine_command *self, const char *label, const hvc_error *error)
{
    cli_complain("%s: %s", label, error->message);
    self->errors[self->error_count++] = (hvc_input_error){label, *error};
    worse(self, error->status == HVC_E_MEMORY || error->status == HVC_E_INTERNAL
                    ? CLI_EXIT_INTERNAL
                    : CLI_EXIT_UNREADABLE);
}

static bool judge_file(machine_command *self, const char *path)
{
    hvc_bytes bytes = HVC_BYTES_INIT;
    hvc_error error = {.status = HVC_OK};
    hvc_machine *machine = NULL;
    hvc_status status = strcmp(path, "-") == 0 ? hvc_file_read_stdin(&bytes, &error)
                                               : hvc_file_read(path, &bytes, &error);
    if (status == HVC_OK)
        status = hvc_machine_read(bytes.data, bytes.size, path, &machine, &error);
    hvc_bytes_free(&bytes);
    bool fine = true;
    if (status == HVC_OK)
        fine = judge(self, hvc_machine_facts(machine), path);
    else
        fail_input(self, path, &error);
    hvc_machine_free(machine);
    return fine;
}

static bool judge_machine(machine_command *self)
{
    hvc_error error = {.status = HVC_OK};
    hvc_machine *machine = NULL;
    hvc_status status = hvc_machine_probe(&self->probe, &machine, &error);
    if (status == HVC_OK && self->verb != CLI_VERB_READY)
        status = hvc_machine_scan(machine, &self->scan, &error);
    bool fine = true;
    if (status == HVC_OK)
        fine = judge(self, hvc_machine_facts(machine), "");
    else
        fail_input(self,
                   self->probe.root != NULL      ? self->probe.root
                   : self->probe.sysroot != NULL ? self->probe.sysroot
                                                 : "this machine",
                   &error);
    hvc_machine_free(machine);
    return fine;
}

static bool put_all(machine_command *self)
{
    bool json = self->as_json && self->verb != CLI_VERB_FACTS;
    if (json)
        hvc_report_machines_begin(verb_name(self), put_piece, &self->output);
    bool fine = true;
    if (self->fact_count == 0)
        fine = judge_machine(self);
    for (size_t i = 0; fine && i < self->fact_count; i++)
        fine = judge_file(self, self->facts[i]);
    if (json && fine)
        hvc_report_machines_end(self->errors, self->error_count, self->started, put_piece,
                                &self->output);
    return fine && (self->verb != CLI_VERB_FACTS || self->started);
}

static int run(machine_command *self)
{
    if (cli_output_open(&self->output, self->output_path) != HVC_OK) {
        cli_complain("%s: %s", self->output_path, self->output.error.message);
        return CLI_EXIT_INTERNAL;
    }
    open_log(self);
    if (put_all(self) && cli_output_finish(&self->output) != HVC_OK) {
        if (!self->output.closed)
            cli_complain("%s: %s", cli_output_name(&self->output), self->output.error.message);
        worse(self, CLI_EXIT_INTERNAL);
    }
    if (self->log != NULL && fclose(self->log) != 0) {
        cli_complain("%s: the log cannot be written", self->log_path);
        worse(self, CLI_EXIT_INTERNAL);
    }
    return self->code;
}

static int parse(machine_command *self, int argc, char **argv)
{
    cli_parser parser = {.verb = self->verb, .argc = argc, .argv = argv};
    for (;;) {
        cli_option_id id = cli_parse_next(&parser);
        int code = 0;
        if (id == CLI_PARSE_END)
            return complete(self) ? run(self) : CLI_EXIT_USAGE;
        if (cli_common_option((int)id, verb_name(self), &code))
            return code;
        if (!set_option(self, id, parser.value))
            return CLI_EXIT_USAGE;
    }
}

static int run_verb(unsigned verb, int argc, char **argv)
{
    machine_command self = {.verb = verb};
    self.facts = calloc((size_t)argc + 1, sizeof(*self.facts));
    self.errors = calloc((size_t)argc + 1, sizeof(*self.errors));
    int code = CLI_EXIT_INTERNAL;
    if (self.facts == NULL || self.errors == NULL)
        cli_complain("out of memory");
    else
        code = parse(&self, argc, argv);
    cli_output_free(&self.output);
    free(self.facts);
    free(self.errors);
    return code;
}

int cli_capable(int argc, char **argv)
{
    return run_verb(CLI_VERB_CAPABLE, argc, argv);
}

int cli_ready(int argc, char **argv)
{
    return run_verb(CLI_VERB_READY, argc, argv);
}

int cli_facts(int argc, char **argv)
{
    return run_verb(CLI_VERB_FACTS, argc, argv);
}
