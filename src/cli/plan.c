/* hvcheck enable, disable, clear and undo: a plan is computed and shown; --apply carries it out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hvcheck/machine.h>
#include <hvcheck/plan.h>

#include "base/error.h"
#include "base/file.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"
#include "machine/apply.h"
#include "machine/offline_target.h"
#include "machine/plan.h"

typedef enum plan_format { PLAN_TEXT, PLAN_JSON, PLAN_REG, PLAN_COMMANDS } plan_format;

typedef struct plan_command {
    unsigned verb;
    hvc_plan_request request;
    plan_format format;
    bool apply, dry_run, reboot;
    const char *root, *facts, *undo, *backup, *reg_file, *output, *log_path;
    FILE *log;
    const char **overrides;
    hvc_options scan;
    hvc_machine *machine;
    hvc_offline_target target;
    char policy_sha256[65], installed_sha256[65];
    hvc_bytes undo_bytes;
    hvc_buffer undo_policy, backup_name;
    hvc_plan *plan;
} plan_command;

static const char *verb_name(const plan_command *self)
{
    return self->verb == CLI_VERB_ENABLE    ? "enable"
           : self->verb == CLI_VERB_DISABLE ? "disable"
           : self->verb == CLI_VERB_CLEAR   ? "clear"
                                            : "undo";
}

static bool set_format(plan_command *self, const char *value)
{
    static const char *const names[] = {"text", "json", "reg", "commands"};
    for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (strcmp(names[i], value) == 0) {
            self->format = (plan_format)i;
            return true;
        }
    }
    cli_complain("--format must be text, json, reg or commands here, not \"%s\"", value);
    return false;
}

static bool add_override(plan_command *self, const char *name)
{
    size_t count = 0;
    const hvc_refusal_info *infos = hvc_refusals(&count);
    cli_suggestions near = {.wanted = name};
    for (size_t i = 0; i < count; i++) {
        if (strcmp(infos[i].name, name) == 0) {
            self->overrides[self->request.override_count++] = name;
            return true;
        }
        cli_suggest_add(&near, infos[i].name);
    }
    hvc_buffer hint = HVC_BUFFER_INIT, all = HVC_BUFFER_INIT;
    for (size_t i = 0; i < count; i++)
        hvc_buffer_printf(&all, "%s%s", i > 0 ? ", " : "", infos[i].name);
    hvc_buffer_put(&all, "", 1);
    cli_complain("there is no refusal \"%s\" to override%s; there are: %s", name,
                 cli_suggest_text(&near, &hint), all.failed ? "" : all.data);
    hvc_buffer_free(&all);
    hvc_buffer_free(&hint);
    return false;
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

static bool set_switch(plan_command *self, cli_option_id id)
{
    switch ((int)id) {
    case CLI_OPTION_HVCI:
        return self->request.hvci = true;
    case CLI_OPTION_DG:
        return self->request.dg = true;
    case CLI_OPTION_CG:
        return self->request.cg = true;
    case CLI_OPTION_HLK:
        return true; /* as for the readiness tool: it makes no difference to settings */
    case CLI_OPTION_LOCK:
        return self->request.lock = true;
    case CLI_OPTION_APPLY:
        return self->apply = true;
    case CLI_OPTION_DRY_RUN:
        return self->dry_run = true;
    case CLI_OPTION_REBOOT:
        return self->reboot = true;
    case CLI_OPTION_VERIFIER_ONLY:
        self->request.action = HVC_PLAN_RESET_VERIFIER;
        return true;
    default:
        return false;
    }
}

static bool set_option(plan_command *self, cli_option_id id, const char *value)
{
    switch ((int)id) {
    case CLI_OPTION_FACTS:
        return set_path(&self->facts, "facts", value);
    case CLI_OPTION_ROOT:
        return set_path(&self->root, "root", value);
    case CLI_OPTION_SIPOLICY:
        return set_path(&self->request.policy, "sipolicy", value);
    case CLI_OPTION_BACKUP:
        return set_path(&self->backup, "backup", value);
    case CLI_OPTION_REG_FILE:
        return set_path(&self->reg_file, "reg-file", value);
    case CLI_OPTION_MACHINE_OUTPUT:
        return set_path(&self->output, "output", value);
    case CLI_OPTION_LOG:
        return set_path(&self->log_path, "log", value);
    case CLI_OPTION_PLAN_FORMAT:
        return set_format(self, value);
    case CLI_OPTION_OVERRIDE:
        return add_override(self, value);
    case CLI_OPTION_JOBS:
        return cli_jobs_set(&self->scan.jobs, value);
    case CLI_PARSE_ARGUMENT:
        if (self->verb == CLI_VERB_UNDO && self->undo == NULL)
            return set_path(&self->undo, "undo", value);
        cli_complain("%s takes no \"%s\"", verb_name(self), value);
        return false;
    default:
        return set_switch(self, id);
    }
}

static bool complete(plan_command *self)
{
    if (self->facts != NULL && self->root != NULL)
        cli_complain("--facts takes the place of --root");
    else if (self->facts != NULL && self->apply)
        cli_complain(
            "recorded facts can be planned for, but not changed: --apply needs the machine");
    else if (self->apply && self->dry_run)
        cli_complain("--apply and --dry-run exclude each other");
    else if (self->reboot && (self->root != NULL || self->facts != NULL))
        cli_complain("--reboot is for the running Windows");
    else if (self->verb == CLI_VERB_UNDO && self->undo == NULL)
        cli_complain("undo needs the undo file, undo.reg in a backup folder");
    else
        return true;
    return false;
}

static int fail(const char *what, const hvc_error *error)
{
    if (what != NULL)
        cli_complain("%s: %s", what, error->message);
    else
        cli_complain("%s", error->message);
    switch (error->status) {
    case HVC_E_MEMORY:
    case HVC_E_INTERNAL:
        return CLI_EXIT_INTERNAL;
    case HVC_E_ARGUMENT:
        return CLI_EXIT_USAGE;
    default:
        return CLI_EXIT_UNREADABLE;
    }
}

static int read_machine(plan_command *self)
{
    hvc_error error = {.status = HVC_OK};
    hvc_status status;
    if (self->facts != NULL) {
        hvc_bytes bytes = HVC_BYTES_INIT;
        status = strcmp(self->facts, "-") == 0 ? hvc_file_read_stdin(&bytes, &error)
                                               : hvc_file_read(self->facts, &bytes, &error);
        if (status == HVC_OK)
            status = hvc_machine_read(bytes.data, bytes.size, self->facts, &self->machine, &error);
        hvc_bytes_free(&bytes);
        return status == HVC_OK ? 0 : fail(self->facts, &error);
    }
    const hvc_probe_options probe = {.root = self->root};
    status = hvc_machine_probe(&probe, &self->machine, &error);
    /* Drivers matter where memory integrity may be turned on. */
    bool drivers = self->verb == CLI_VERB_ENABLE || self->verb == CLI_VERB_UNDO;
    if (status == HVC_OK && drivers)
        status = hvc_machine_scan(self->machine, &self->scan, &error);
    return status == HVC_OK ? 0 : fail(self->root != NULL ? self->root : "this machine", &error);
}

static int read_target(plan_command *self)
{
    hvc_error error = {.status = HVC_OK};
    if (self->root == NULL) {
        if (self->facts == NULL)
            hvc_running_policy(&self->request.installed_policy, self->installed_sha256);
        return 0;
    }
    if (hvc_offline_target_open(self->root, &self->target, &error) != HVC_OK)
        return fail(self->root, &error);
    self->request.stale_hive = self->target.stale;
    self->request.unclear_control_set = self->target.unclear;
    self->request.installed_policy = self->target.policy_state;
    memcpy(self->installed_sha256, self->target.policy_sha256, sizeof(self->installed_sha256));
    return 0;
}

/* The policy file that lies beside an undo file. */
static bool name_undo_policy(plan_command *self)
{
    const char *slash = strrchr(self->undo, '/');
    const char *backslash = strrchr(self->undo, '\\');
    if (slash == NULL || (backslash != NULL && backslash > slash))
        slash = backslash;
    if (slash != NULL)
        hvc_buffer_put(&self->undo_policy, self->undo, (size_t)(slash - self->undo) + 1);
    hvc_buffer_put(&self->undo_policy, HVC_BACKUP_POLICY, sizeof(HVC_BACKUP_POLICY));
    self->request.policy = self->undo_policy.data;
    return !self->undo_policy.failed;
}

static int read_policy(plan_command *self)
{
    hvc_error error = {.status = HVC_OK};
    hvc_bytes bytes = HVC_BYTES_INIT;
    if (self->request.policy == NULL)
        return 0;
    hvc_status status = hvc_file_read(self->request.policy, &bytes, &error);
    if (status == HVC_OK)
        status = hvc_sha256_text(hvc_bytes_span(&bytes), self->policy_sha256, &error);
    hvc_bytes_free(&bytes);
    if (status == HVC_OK || self->verb == CLI_VERB_UNDO)
        return 0; /* an undo file need not have a policy beside it */
    return fail(self->request.policy, &error);
}

static int make_plan(plan_command *self)
{
    hvc_error error = {.status = HVC_OK};
    const hvc_facts *facts = hvc_machine_facts(self->machine);
    hvc_plan_request *request = &self->request;
    request->overrides = self->overrides;
    request->policy_sha256 = *self->policy_sha256 != '\0' ? self->policy_sha256 : NULL;
    request->installed_sha256 = *self->installed_sha256 != '\0' ? self->installed_sha256 : NULL;
    hvc_status status;
    if (self->verb != CLI_VERB_UNDO)
        status = hvc_plan_make(facts, request, &self->plan, &error);
    else if ((status = hvc_file_read(self->undo, &self->undo_bytes, &error)) == HVC_OK)
        status = hvc_plan_undo(facts, request, self->undo_bytes.data, self->undo_bytes.size,
                               &self->plan, &error);
    return status == HVC_OK ? 0 : fail(self->verb == CLI_VERB_UNDO ? self->undo : NULL, &error);
}

/* The date of a time as a name: 20261125T163700Z. */
static void put_time(hvc_buffer *out, uint64_t seconds)
{
    uint64_t day = seconds / 86400, rest = seconds % 86400;
    /* Days since 1 March of the year 0, in eras of 400 years. */
    uint64_t shifted = day + 719468, era = shifted / 146097, of_era = shifted % 146097;
    uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint64_t month = (5 * of_year + 2) / 153;
    unsigned date = (unsigned)(of_year - (153 * month + 2) / 5 + 1);
    unsigned name = (unsigned)(month < 10 ? month + 3 : month - 9);
    unsigned number = (unsigned)(year + era * 400 + (name <= 2 ? 1 : 0));
    hvc_buffer_printf(out, "%04u%02u%02uT%02u%02u%02uZ", number, name, date,
                      (unsigned)(rest / 3600), (unsigned)(rest / 60 % 60), (unsigned)(rest % 60));
}

static int carry_out(plan_command *self, hvc_apply_result *ret_result)
{
    hvc_error error = {.status = HVC_OK};
    time_t now = time(NULL);
    uint64_t seconds = now > 0 ? (uint64_t)now : 0;
    if (self->backup == NULL) {
        hvc_buffer_puts(&self->backup_name, "hvcheck-backup-");
        put_time(&self->backup_name, seconds);
        hvc_buffer_put(&self->backup_name, "", 1);
        if (self->backup_name.failed) {
            cli_complain("out of memory");
            return CLI_EXIT_INTERNAL;
        }
        self->backup = self->backup_name.data;
    }
    const hvc_apply_options options = {
        .root = self->root, .backup = self->backup, .filetime = (seconds + 11644473600) * 10000000};
    hvc_status status = self->root != NULL
                            ? hvc_apply_hive(self->plan, &options, ret_result, &error)
                            : hvc_apply_windows(self->plan, &options, ret_result, &error);
    return status == HVC_OK ? 0 : fail(NULL, &error);
}

static int write_file(const char *path, const hvc_buffer *text)
{
    cli_output output;
    if (text->failed) {
        cli_complain("out of memory");
        return CLI_EXIT_INTERNAL;
    }
    hvc_status status = cli_output_open(&output, path);
    if (status == HVC_OK) {
        cli_output_put(&output, text->data, text->size);
        status = cli_output_finish(&output);
    }
    if (status != HVC_OK && !output.closed)
        cli_complain("%s: %s", path != NULL ? path : "standard output", output.error.message);
    cli_output_free(&output);
    return status == HVC_OK ? 0 : CLI_EXIT_INTERNAL;
}

static int write_reg_file(const plan_command *self)
{
    if (self->reg_file == NULL)
        return 0;
    hvc_buffer text = HVC_BUFFER_INIT;
    hvc_plan_write_reg(self->plan, &text);
    int code = write_file(self->reg_file, &text);
    hvc_buffer_free(&text);
    return code;
}

static void put_text(const plan_command *self, const hvc_apply_result *result, hvc_buffer *text)
{
    hvc_plan_write_text(self->plan, result, text);
    if (result == NULL || !result->changed)
        return;
    hvc_buffer_puts(text, "Changed and read back. Backup and undo file: ");
    hvc_buffer_escaped(text, (hvc_text){self->backup, strlen(self->backup)});
    hvc_buffer_puts(text, "\n");
}

/* The log is opened before anything is changed: a change that was to be logged does not go
 * unlogged. */
static int open_log(plan_command *self)
{
    if (self->log_path == NULL || (self->log = fopen(self->log_path, "ab")) != NULL)
        return 0;
    cli_complain("%s: the log cannot be written", self->log_path);
    return CLI_EXIT_INTERNAL;
}

static int write_log(plan_command *self, const hvc_apply_result *result)
{
    if (self->log == NULL)
        return 0;
    hvc_buffer text = HVC_BUFFER_INIT;
    put_text(self, result, &text);
    bool done = !text.failed && fwrite(text.data, 1, text.size, self->log) == text.size;
    hvc_buffer_free(&text);
    done &= fclose(self->log) == 0;
    self->log = NULL;
    if (!done)
        cli_complain("%s: the log cannot be written", self->log_path);
    return done ? 0 : CLI_EXIT_INTERNAL;
}

static int show(const plan_command *self, const hvc_apply_result *result)
{
    hvc_buffer text = HVC_BUFFER_INIT;
    switch (self->format) {
    case PLAN_JSON:
        hvc_plan_write_json(self->plan, &text);
        break;
    case PLAN_REG:
        hvc_plan_write_reg(self->plan, &text);
        break;
    case PLAN_COMMANDS:
        hvc_plan_write_commands(self->plan, &text);
        break;
    default:
        put_text(self, result, &text);
        break;
    }
    int code = write_file(self->output, &text);
    hvc_buffer_free(&text);
    return code;
}

static int run(plan_command *self)
{
    int code = read_machine(self);
    if (code == 0)
        code = read_target(self);
    if (code == 0 && self->verb == CLI_VERB_UNDO && !name_undo_policy(self)) {
        cli_complain("out of memory");
        code = CLI_EXIT_INTERNAL;
    }
    if (code == 0)
        code = read_policy(self);
    if (code == 0)
        code = make_plan(self);
    if (code == 0)
        code = write_reg_file(self);
    if (code == 0)
        code = open_log(self);
    if (code != 0)
        return code;
    hvc_apply_result result = {.changed = false};
    bool apply = self->apply && !self->plan->refused;
    if (apply)
        code = carry_out(self, &result);
    if (code != 0)
        return code;
    int logged = write_log(self, apply ? &result : NULL);
    code = show(self, apply ? &result : NULL);
    code = code != 0 ? code : logged;
    if (code == 0 && self->plan->refused)
        return CLI_EXIT_INCOMPATIBLE;
    hvc_error error;
    if (code == 0 && apply && result.changed && self->reboot &&
        hvc_restart_windows(&error) != HVC_OK)
        return fail(NULL, &error);
    return code;
}

static int parse(plan_command *self, int argc, char **argv)
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

static int run_verb(unsigned verb, hvc_plan_action action, int argc, char **argv)
{
    plan_command self = {.verb = verb, .request = {.action = action}};
    self.overrides = calloc((size_t)argc + 1, sizeof(*self.overrides));
    int code = CLI_EXIT_INTERNAL;
    if (self.overrides == NULL)
        cli_complain("out of memory");
    else
        code = parse(&self, argc, argv);
    if (self.log != NULL)
        fclose(self.log);
    hvc_plan_free(self.plan);
    hvc_offline_target_close(&self.target);
    hvc_machine_free(self.machine);
    hvc_bytes_free(&self.undo_bytes);
    hvc_buffer_free(&self.undo_policy);
    hvc_buffer_free(&self.backup_name);
    free(self.overrides);
    return code;
}

int cli_enable(int argc, char **argv)
{
    return run_verb(CLI_VERB_ENABLE, HVC_PLAN_ENABLE, argc, argv);
}

int cli_disable(int argc, char **argv)
{
    return run_verb(CLI_VERB_DISABLE, HVC_PLAN_DISABLE, argc, argv);
}

int cli_clear(int argc, char **argv)
{
    return run_verb(CLI_VERB_CLEAR, HVC_PLAN_CLEAR, argc, argv);
}

int cli_undo(int argc, char **argv)
{
    return run_verb(CLI_VERB_UNDO, HVC_PLAN_UNDO, argc, argv);
}
