/* hvcheck dgreadiness: the readiness tool's own options, handed to the verbs. PowerShell minds no
 * case, and takes a name for short as long as it can mean one parameter only. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/options.h"

enum parameter {
    CAPABLE,
    READY,
    ENABLE,
    DISABLE,
    CLEAR,
    RESET_VERIFIER,
    HVCI,
    DG,
    CG,
    HLK,
    AUTO_REBOOT,
    SI_POLICY_PATH,
    PATH,
    PARAMETER_COUNT,
};

static const char *const names[PARAMETER_COUNT] = {
    "Capable", "Ready", "Enable", "Disable",    "Clear",        "ResetVerifier", "HVCI",
    "DG",      "CG",    "HLK",    "AutoReboot", "SIPolicyPath", "Path"};

typedef struct dgreadiness {
    bool given[PARAMETER_COUNT];
    const char *policy;
    char **own; /* hvcheck's own options, with their values */
    int own_count;
} dgreadiness;

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Whether the first size letters of word begin name, case aside. */
static bool begins(const char *name, const char *word, size_t size)
{
    if (strlen(name) < size)
        return false;
    for (size_t i = 0; i < size; i++)
        if (lower(name[i]) != lower(word[i]))
            return false;
    return true;
}

/* The parameter that a word names, whole or for short; PARAMETER_COUNT when none or several. */
static int find_parameter(const char *word, size_t size)
{
    int found = PARAMETER_COUNT, count = 0;
    for (int i = 0; size > 0 && i < PARAMETER_COUNT; i++) {
        if (!begins(names[i], word, size))
            continue;
        if (strlen(names[i]) == size)
            return i;
        found = i;
        count++;
    }
    return count == 1 ? found : PARAMETER_COUNT;
}

/* An option of a verb's own, with the value behind it if it takes one. */
static void take_own(dgreadiness *self, int argc, char **argv, int *index)
{
    const char *word = argv[*index];
    self->own[self->own_count++] = argv[(*index)++];
    if (strchr(word, '=') != NULL || *index >= argc)
        return;
    for (int i = 0; i < CLI_OPTION_COUNT; i++) {
        if (strcmp(cli_options[i].name, word + 2) == 0 && cli_options[i].argument != NULL) {
            self->own[self->own_count++] = argv[(*index)++];
            return;
        }
    }
}

/* "-Enable HVCI": what Microsoft's page writes. Any other word is the policy's path, as it is for
 * the readiness tool. */
static bool take_word(dgreadiness *self, const char *word)
{
    int parameter = find_parameter(word, strlen(word));
    if (parameter >= HVCI && parameter <= HLK && strlen(names[parameter]) == strlen(word)) {
        self->given[parameter] = true;
        return true;
    }
    if (self->policy != NULL) {
        cli_complain("\"%s\" is one path too many", word);
        return false;
    }
    self->policy = word;
    return true;
}

static bool take_parameter(dgreadiness *self, int argc, char **argv, int *index)
{
    const char *word = argv[(*index)++] + 1;
    size_t size = strcspn(word, ":");
    int parameter = find_parameter(word, size);
    if (parameter == PARAMETER_COUNT) {
        cli_complain("the readiness tool has no parameter \"-%s\", or several that begin so", word);
        return false;
    }
    self->given[parameter] = true;
    if (parameter != SI_POLICY_PATH && parameter != PATH) {
        if (word[size] == '\0')
            return true;
        cli_complain("-%s takes no value", names[parameter]);
        return false;
    }
    const char *value = word[size] == ':' && word[size + 1] != '\0' ? word + size + 1 : NULL;
    if (value == NULL && *index < argc)
        value = argv[(*index)++];
    if (value == NULL) {
        cli_complain("-%s needs the path of a policy", names[parameter]);
        return false;
    }
    self->policy = value;
    return true;
}

/* The readiness tool changes the Windows that it runs on, unasked; another one, or a plan, is named
 * by options of our own. */
static bool changes_unasked(const dgreadiness *self, const cli_verb *verb)
{
    static const char *const others[] = {"--root", "--facts", "--dry-run", "--apply"};
    if ((verb->bit & CLI_VERB_PLAN) == 0)
        return false;
    for (int i = 0; i < self->own_count; i++)
        for (size_t k = 0; k < sizeof(others) / sizeof(*others); k++)
            if (strncmp(self->own[i], others[k], strlen(others[k])) == 0)
                return false;
    return true;
}

/* Runs one verb with what was given, and with one option more unless it is NULL. A verb gets the
 * options that it has. */
static int run_verb(const dgreadiness *self, const char *name, const char *more)
{
    static const struct {
        enum parameter parameter;
        const char *option;
    } switches[] = {{HVCI, "hvci"}, {DG, "dg"}, {CG, "cg"}, {HLK, "hlk"}, {AUTO_REBOOT, "reboot"}};
    const cli_verb *verb = cli_verb_find(name);
    if (verb == NULL) {
        cli_complain("this build has no command \"%s\"", name);
        return CLI_EXIT_USAGE;
    }
    hvc_buffer words = HVC_BUFFER_INIT; /* "--hvci", NUL, "--sipolicy=FILE", NUL */
    int count = 0;
    for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++) {
        for (int k = 0; self->given[switches[i].parameter] && k < CLI_OPTION_COUNT; k++) {
            if (strcmp(cli_options[k].name, switches[i].option) == 0 &&
                (cli_options[k].verbs & verb->bit) != 0) {
                hvc_buffer_printf(&words, "--%s%c", switches[i].option, 0);
                count++;
            }
        }
    }
    for (int k = 0; self->policy != NULL && k < CLI_OPTION_COUNT; k++) {
        if (strcmp(cli_options[k].name, "sipolicy") == 0 &&
            (cli_options[k].verbs & verb->bit) != 0) {
            hvc_buffer_printf(&words, "--sipolicy=%s%c", self->policy, 0);
            count++;
        }
    }
    if (changes_unasked(self, verb)) {
        hvc_buffer_printf(&words, "--apply%c", 0);
        count++;
    }
    if (more != NULL) {
        hvc_buffer_printf(&words, "%s%c", more, 0);
        count++;
    }
    char **argv = calloc((size_t)count + (size_t)self->own_count + 1, sizeof(*argv));
    int code = CLI_EXIT_INTERNAL;
    if (argv == NULL || words.failed) {
        cli_complain("out of memory");
    } else {
        char *word = words.data;
        for (int i = 0; i < count; i++, word += strlen(word) + 1)
            argv[i] = word;
        for (int i = 0; i < self->own_count; i++)
            argv[count + i] = self->own[i];
        code = verb->run(count + self->own_count, argv);
    }
    free(argv);
    hvc_buffer_free(&words);
    return code;
}

/* The order is the readiness tool's. */
static int run(const dgreadiness *self)
{
    static const struct {
        enum parameter parameter;
        const char *verb;
    } order[] = {{READY, "ready"}, {ENABLE, "enable"},        {DISABLE, "disable"},
                 {CLEAR, "clear"}, {RESET_VERIFIER, "clear"}, {CAPABLE, "capable"}};
    int code = CLI_EXIT_COMPATIBLE;
    bool any = false;
    for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
        if (!self->given[order[i].parameter])
            continue;
        any = true;
        const char *more = order[i].parameter == RESET_VERIFIER ? "--verifier-only" : NULL;
        code = cli_worse_code(code, run_verb(self, order[i].verb, more));
    }
    if (any)
        return code;
    cli_complain("nothing was asked for; hvcheck dgreadiness --help tells more");
    return CLI_EXIT_USAGE;
}

int cli_dgreadiness(int argc, char **argv)
{
    cli_parser parser = {.verb = CLI_VERB_DGREADINESS, .argc = argc < 1 ? argc : 1, .argv = argv};
    int code = 0;
    if (argc > 0 && (strncmp(argv[0], "--help", 6) == 0 || strcmp(argv[0], "--version") == 0) &&
        cli_common_option((int)cli_parse_next(&parser), "dgreadiness", &code))
        return code;
    dgreadiness self = {.own = calloc((size_t)argc + 1, sizeof(*self.own))};
    bool fine = self.own != NULL;
    if (!fine)
        cli_complain("out of memory");
    for (int i = 0; fine && i < argc;) {
        if (argv[i][0] == '-' && argv[i][1] == '-')
            take_own(&self, argc, argv, &i);
        else if (argv[i][0] == '-' && argv[i][1] != '\0')
            fine = take_parameter(&self, argc, argv, &i);
        else
            fine = take_word(&self, argv[i++]);
    }
    code = self.own == NULL ? CLI_EXIT_INTERNAL : fine ? run(&self) : CLI_EXIT_USAGE;
    free(self.own);
    return code;
}
