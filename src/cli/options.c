#include "cli/options.h"

#include <string.h>

#include "cli/cli.h"

const cli_option cli_options[CLI_OPTION_COUNT] = {
    [CLI_OPTION_FORMAT] = {"format", 0, "FORMAT", CLI_VERB_SCAN,
                           "text (default), json or ndjson; several with commas or repeated"},
    [CLI_OPTION_DDI_FORMAT] = {"format", 0, "FORMAT", CLI_VERB_DDI, "text (default) or json"},
    [CLI_OPTION_OUTPUT] = {"output", 'o', "FILE", CLI_VERB_SCAN,
                           "write the format named before it to FILE (- for standard output)"},
    [CLI_OPTION_JOBS] = {"jobs", 'j', "N",
                         CLI_VERB_SCAN | CLI_VERB_CAPABLE | CLI_VERB_FACTS | CLI_VERB_ENABLE |
                             CLI_VERB_UNDO,
                         "evaluate N files at once (auto or 0: one per processor)"},
    [CLI_OPTION_EVIDENCE] = {"evidence", 0, NULL, CLI_VERB_SCAN,
                             "show the instructions before each call that is told of"},
    [CLI_OPTION_QUIET] = {"quiet", 'q', NULL, CLI_VERB_SCAN,
                          "text: only drivers that are not compatible; no progress"},
    [CLI_OPTION_VERBOSE] = {"verbose", 'v', NULL, CLI_VERB_SCAN,
                            "text: also sections, all calls and advice, what is fine"},
    [CLI_OPTION_COLOR] = {"color", 0, "WHEN", CLI_VERB_SCAN | CLI_VERB_JUDGE,
                          "auto (default), always or never"},
    [CLI_OPTION_FACTS] = {"facts", 0, "FILE", CLI_VERB_MACHINE | CLI_VERB_PLAN,
                          "take the recorded facts in FILE; capable and ready: or in several"},
    [CLI_OPTION_ROOT] = {"root", 0, "DIR", CLI_VERB_MACHINE | CLI_VERB_PLAN,
                         "look at the Windows in DIR, which holds its Windows folder"},
    [CLI_OPTION_SYSROOT] = {"sysroot", 0, "DIR", CLI_VERB_MACHINE,
                            "look at the Linux system in DIR (with --root: at its hardware too)"},
    [CLI_OPTION_WITH_VERIFIER] = {"with-verifier", 0, NULL, CLI_VERB_CAPABLE | CLI_VERB_FACTS,
                                  "on Windows: also read Driver Verifier's own counts"},
    [CLI_OPTION_HVCI] = {"hvci", 0, NULL, CLI_VERB_JUDGE | CLI_VERB_SWITCH,
                         "only memory integrity (HVCI)"},
    [CLI_OPTION_DG] = {"dg", 0, NULL, CLI_VERB_JUDGE | CLI_VERB_SWITCH, "only Device Guard"},
    [CLI_OPTION_CG] = {"cg", 0, NULL, CLI_VERB_JUDGE | CLI_VERB_SWITCH, "only Credential Guard"},
    [CLI_OPTION_HLK] = {"hlk", 0, NULL, CLI_VERB_CAPABLE | CLI_VERB_SWITCH,
                        "capable: as strict as the Hardware Lab Kit (more steps prevent)"},
    [CLI_OPTION_MACHINE_FORMAT] = {"format", 0, "FORMAT", CLI_VERB_JUDGE,
                                   "text (default, as the readiness tool writes) or json"},
    [CLI_OPTION_MACHINE_OUTPUT] = {"output", 'o', "FILE", CLI_VERB_MACHINE | CLI_VERB_PLAN,
                                   "write to FILE (- for standard output)"},
    [CLI_OPTION_LOG] = {"log", 0, "FILE", CLI_VERB_JUDGE | CLI_VERB_PLAN,
                        "append the text to FILE (capable: with every driver's judgement)"},
    [CLI_OPTION_NO_REGISTRY] = {"no-registry", 0, NULL, CLI_VERB_JUDGE,
                                "on Windows: do not write the results to the registry"},
    [CLI_OPTION_PLAN_FORMAT] =
        {"format", 0, "FORMAT", CLI_VERB_PLAN,
         "text (default), json, reg (a .reg file) or commands (for cmd.exe)"},
    [CLI_OPTION_DRY_RUN] = {"dry-run", 0, NULL, CLI_VERB_PLAN, "only show the plan (the default)"},
    [CLI_OPTION_APPLY] = {"apply", 0, NULL, CLI_VERB_PLAN,
                          "carry the plan out, after a backup with an undo file"},
    [CLI_OPTION_BACKUP] = {"backup", 0, "DIR", CLI_VERB_PLAN,
                           "make the backup in DIR, which must not exist yet"},
    [CLI_OPTION_OVERRIDE] = {"override", 0, "NAME", CLI_VERB_PLAN,
                             "pass over the refusal NAME; may be repeated"},
    [CLI_OPTION_REG_FILE] = {"reg-file", 0, "FILE", CLI_VERB_PLAN,
                             "also write the registry changes to FILE, as a .reg file"},
    [CLI_OPTION_SIPOLICY] = {"sipolicy", 0, "FILE", CLI_VERB_ENABLE,
                             "also install the code integrity policy FILE"},
    [CLI_OPTION_LOCK] = {"lock", 0, NULL, CLI_VERB_ENABLE,
                         "with UEFI lock: the registry cannot switch it off any more"},
    [CLI_OPTION_REBOOT] = {"reboot", 0, NULL, CLI_VERB_PLAN,
                           "on Windows, with --apply: restart when settings were changed"},
    [CLI_OPTION_VERIFIER_ONLY] = {"verifier-only", 0, NULL, CLI_VERB_CLEAR,
                                  "reset Driver Verifier only"},
    [CLI_OPTION_HELP] = {"help", 'h', NULL, CLI_VERB_ALL, "print this help"},
    [CLI_OPTION_VERSION] = {"version", 'V', NULL, CLI_VERB_ALL, "print the version"},
};

static bool belongs(const cli_option *option, const cli_parser *parser)
{
    return (option->verbs & parser->verb) != 0;
}

static cli_option_id fail_unknown(const cli_parser *parser, const char *name)
{
    cli_suggestions near = {.wanted = name};
    for (int i = 0; i < CLI_OPTION_COUNT; i++)
        if (belongs(&cli_options[i], parser))
            cli_suggest_add(&near, cli_options[i].name);
    hvc_buffer hint = HVC_BUFFER_INIT;
    cli_complain("there is no option \"--%s\"%s", name, cli_suggest_text(&near, &hint));
    hvc_buffer_free(&hint);
    return CLI_PARSE_ERROR;
}

/* The argument of an option that needs one and has none attached: the next word. */
static bool take_value(cli_parser *parser, const char *dashes, const char *name)
{
    if (parser->next >= parser->argc) {
        cli_complain("option %s%s needs an argument", dashes, name);
        return false;
    }
    parser->value = parser->argv[parser->next++];
    return true;
}

static cli_option_id parse_long(cli_parser *parser, const char *name)
{
    const char *equals = strchr(name, '=');
    size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
    for (int i = 0; i < CLI_OPTION_COUNT; i++) {
        const cli_option *option = &cli_options[i];
        if (!belongs(option, parser) || strlen(option->name) != length ||
            memcmp(option->name, name, length) != 0)
            continue;
        if (option->argument == NULL) {
            if (equals == NULL)
                return (cli_option_id)i;
            cli_complain("option --%s takes no argument", option->name);
            return CLI_PARSE_ERROR;
        }
        if (equals != NULL)
            parser->value = equals + 1;
        else if (!take_value(parser, "--", option->name))
            return CLI_PARSE_ERROR;
        return (cli_option_id)i;
    }
    return fail_unknown(parser, name);
}

static cli_option_id parse_letter(cli_parser *parser)
{
    char letter = *parser->letters++;
    for (int i = 0; i < CLI_OPTION_COUNT; i++) {
        const cli_option *option = &cli_options[i];
        if (!belongs(option, parser) || option->letter != letter)
            continue;
        if (option->argument == NULL)
            return (cli_option_id)i;
        if (*parser->letters != '\0')
            parser->value = parser->letters;
        else if (!take_value(parser, "-", (char[]){letter, '\0'}))
            return CLI_PARSE_ERROR;
        parser->letters = NULL;
        return (cli_option_id)i;
    }
    cli_complain("there is no option -%c", letter);
    return CLI_PARSE_ERROR;
}

cli_option_id cli_parse_next(cli_parser *parser)
{
    parser->value = NULL;
    if (parser->letters != NULL && *parser->letters != '\0')
        return parse_letter(parser);
    parser->letters = NULL;
    if (parser->next >= parser->argc)
        return CLI_PARSE_END;
    const char *word = parser->argv[parser->next++];
    if (!parser->arguments_only && strcmp(word, "--") == 0) {
        parser->arguments_only = true;
        return cli_parse_next(parser);
    }
    if (parser->arguments_only || word[0] != '-' || word[1] == '\0') {
        parser->value = word;
        return CLI_PARSE_ARGUMENT;
    }
    if (word[1] == '-')
        return parse_long(parser, word + 2);
    parser->letters = word + 1;
    return parse_letter(parser);
}

void cli_options_help(hvc_buffer *out, unsigned verb)
{
    enum { COLUMN = 26 };
    for (int i = 0; i < CLI_OPTION_COUNT; i++) {
        const cli_option *option = &cli_options[i];
        if ((option->verbs & verb) == 0)
            continue;
        size_t start = out->size;
        if (option->letter != 0)
            hvc_buffer_printf(out, "  -%c, --%s", option->letter, option->name);
        else
            hvc_buffer_printf(out, "      --%s", option->name);
        if (option->argument != NULL)
            hvc_buffer_printf(out, " %s", option->argument);
        size_t width = out->size - start;
        hvc_buffer_printf(out, "%*s%s\n", width < COLUMN ? (int)(COLUMN - width) : 1, "",
                          option->help);
    }
}
