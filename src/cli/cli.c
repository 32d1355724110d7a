/* The verbs, and what they share. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <hvcheck/version.h>

#include "cli/options.h"
#include "cli/output.h"

const cli_verb cli_verbs[] = {
    {"scan", CLI_VERB_SCAN, "PATH...", "evaluate drivers and folders of drivers",
     "Evaluates every driver image at or below the paths: files, folders (with the folders in "
     "them; links\n"
     "in a folder are not followed), - for standard input. A file that was named and is no driver "
     "is an\n"
     "error; in a folder it is skipped.\n",
     cli_scan},
    {"explain", CLI_VERB_EXPLAIN, "[ID|DDI|COUNTER]...",
     "say what a rule or counter means and how to fix it",
     "Explains rules (by id or name), counters of Driver Verifier and kernel functions. Without a "
     "name:\n"
     "lists the rules.\n",
     cli_explain},
    {"ddi", CLI_VERB_DDI, "[NAME]...", "show the table of impacted kernel functions",
     "Lists the kernel functions that matter to memory integrity, or shows those that are named in "
     "full.\n",
     cli_ddi},
    {"capable", CLI_VERB_CAPABLE, "[FACTS...]",
     "tell whether a machine can turn memory integrity and Credential Guard on",
     "Judges this machine, a Windows tree (--root) or recorded facts (--facts), step by step: "
     "first "
     "the\n"
     "steps of Microsoft's readiness tool in its words, with the machine's own drivers evaluated\n"
     "instead of a reboot with Driver Verifier, then further checks.\n",
     cli_capable},
    {"ready", CLI_VERB_READY, "[FACTS...]",
     "tell whether memory integrity, Credential Guard and Config-CI run",
     "Tells what runs now, in the words of Microsoft's readiness tool.\n", cli_ready},
    {"facts", CLI_VERB_FACTS, "", "gather what is known of a machine as JSON",
     "Writes everything that capable and ready judge as one JSON document, to be judged elsewhere "
     "or "
     "later\n"
     "with --facts. With --facts itself: turns a saved Win32_DeviceGuard (JSON) or an msinfo32 "
     "report into\n"
     "that form.\n",
     cli_facts},
    {"enable", CLI_VERB_ENABLE, "", "plan to turn memory integrity and Credential Guard on",
     "Shows what has to change on this Windows, on one that does not run (--root) or on a recorded "
     "machine\n"
     "(--facts), without UEFI lock. Nothing is changed without --apply, which makes a backup with "
     "an undo\n"
     "file first.\n",
     cli_enable},
    {"disable", CLI_VERB_DISABLE, "", "plan to turn memory integrity and Credential Guard off",
     "The contrary of enable: shows it, and does it with --apply.\n", cli_disable},
    {"clear", CLI_VERB_CLEAR, "", "plan to clear the readiness tool's results and Driver Verifier",
     "Shows what is deleted of the readiness tool's results and of Driver Verifier's settings, and "
     "does it\n"
     "with --apply.\n",
     cli_clear},
    {"undo", CLI_VERB_UNDO, "UNDO.REG", "plan to take back what was changed",
     "Reads the undo file of a backup folder and shows what puts the settings back; does it with "
     "--apply.\n",
     cli_undo},
    {"dgreadiness", CLI_VERB_DGREADINESS,
     "-Capable|-Ready|-Enable|-Disable|-Clear [-HVCI|-DG|-CG]...",
     "take the readiness tool's own options",
     "Takes what DG_Readiness_Tool takes, in any case and shortened as PowerShell allows: "
     "-Capable\n"
     "-Ready -Enable -Disable -Clear -ResetVerifier, with -HVCI -DG -CG -HLK -AutoReboot and -Path "
     "or\n"
     "-SIPolicyPath FILE. Options of hvcheck's own commands, with two dashes, may follow.\n",
     cli_dgreadiness},
    {"help", CLI_VERB_HELP, "[COMMAND]", "print the help of a command",
     "Prints the help of a command.\n", cli_help},
};
const size_t cli_verb_count = sizeof(cli_verbs) / sizeof(*cli_verbs);

const cli_verb *cli_verb_find(const char *name)
{
    for (size_t i = 0; i < cli_verb_count; i++)
        if (strcmp(cli_verbs[i].name, name) == 0)
            return &cli_verbs[i];
    return NULL;
}

void cli_complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char text[1024];
    int length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (length < 0)
        return;
    size_t size = (size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1;
    hvc_buffer line = HVC_BUFFER_INIT;
    hvc_buffer_puts(&line, "hvcheck: ");
    hvc_buffer_escaped(&line, (hvc_text){text, size});
    hvc_buffer_puts(&line, "\n");
    if (!line.failed)
        fwrite(line.data, 1, line.size, stderr);
    hvc_buffer_free(&line);
}

int cli_print(const hvc_buffer *text)
{
    if (text->failed) {
        cli_complain("out of memory");
        return CLI_EXIT_INTERNAL;
    }
    cli_output output;
    cli_output_open(&output, NULL);
    cli_output_put(&output, text->data, text->size);
    hvc_status status = cli_output_finish(&output);
    if (status != HVC_OK && !output.closed)
        cli_complain("standard output: %s", output.error.message);
    cli_output_free(&output);
    return status == HVC_OK ? 0 : CLI_EXIT_INTERNAL;
}

static void put_exit_codes(hvc_buffer *out)
{
    hvc_buffer_puts(
        out, "\nExit codes of scan: 0 every driver is compatible, 1 one is incompatible, 2 wrong\n"
             "usage, 3 something could not be read or there is no driver, 4 internal error or\n"
             "output failed, 5 none is incompatible but one is undetermined. Of several that\n"
             "apply the first of 4, 3, 1, 5, 0.\n");
}

int cli_print_help(const cli_verb *verb)
{
    hvc_buffer out = HVC_BUFFER_INIT;
    if (verb == NULL) {
        hvc_buffer_puts(
            &out,
            "Usage: hvcheck COMMAND [OPTION]... [ARGUMENT]...\n"
            "Tells whether Windows drivers work with memory integrity (HVCI) on, and what to\n"
            "change where they do not.\n\nCommands:\n");
        for (size_t i = 0; i < cli_verb_count; i++)
            hvc_buffer_printf(&out, "  %-13s%s\n", cli_verbs[i].name, cli_verbs[i].summary);
        hvc_buffer_puts(&out, "\nOptions:\n");
        cli_options_help(&out, CLI_VERB_NONE);
        hvc_buffer_puts(&out, "\nhvcheck COMMAND --help tells more.\n");
    } else {
        hvc_buffer_printf(&out, "Usage: hvcheck %s [OPTION]...%s%s\n%s\nOptions:\n", verb->name,
                          verb->arguments[0] != '\0' ? " " : "", verb->arguments, verb->text);
        cli_options_help(&out, verb->bit);
        if (verb->bit == CLI_VERB_SCAN)
            put_exit_codes(&out);
        else if ((verb->bit & CLI_VERB_PLAN) != 0)
            hvc_buffer_puts(&out,
                            "\nExit codes: 0 shown or done, 1 refused (see --override), 2 wrong "
                            "usage, 3 something\ncould not be read or changed, 4 internal "
                            "error or output failed.\n");
        else if ((verb->bit & CLI_VERB_JUDGE) != 0)
            hvc_buffer_puts(&out,
                            "\nExit codes: 0 yes, 1 no, 2 wrong usage, 3 something could not "
                            "be read, 4 internal\nerror or output failed, 5 not determined.\n");
    }
    int code = cli_print(&out);
    hvc_buffer_free(&out);
    return code;
}

static int print_version(void)
{
    hvc_buffer out = HVC_BUFFER_INIT;
    hvc_buffer_printf(&out, "hvcheck %s\n", hvc_version());
    int code = cli_print(&out);
    hvc_buffer_free(&out);
    return code;
}

static int fail_verb(const char *name)
{
    cli_suggestions near = {.wanted = name};
    for (size_t i = 0; i < cli_verb_count; i++)
        cli_suggest_add(&near, cli_verbs[i].name);
    hvc_buffer hint = HVC_BUFFER_INIT;
    cli_complain("there is no command \"%s\"%s; hvcheck --help lists them", name,
                 cli_suggest_text(&near, &hint));
    hvc_buffer_free(&hint);
    return CLI_EXIT_USAGE;
}

bool cli_common_option(int id, const char *verb, int *ret_code)
{
    if (id == CLI_OPTION_HELP)
        *ret_code = cli_print_help(verb != NULL ? cli_verb_find(verb) : NULL);
    else if (id == CLI_OPTION_VERSION)
        *ret_code = print_version();
    else if (id == CLI_PARSE_ERROR)
        *ret_code = CLI_EXIT_USAGE;
    else
        return false;
    return true;
}

int cli_help(int argc, char **argv)
{
    cli_parser parser = {.verb = CLI_VERB_HELP, .argc = argc, .argv = argv};
    const char *name = NULL;
    for (;;) {
        cli_option_id id = cli_parse_next(&parser);
        int code = 0;
        if (id == CLI_PARSE_END)
            break;
        if (cli_common_option((int)id, "help", &code))
            return code;
        name = parser.value;
    }
    if (name == NULL)
        return cli_print_help(NULL);
    const cli_verb *verb = cli_verb_find(name);
    return verb != NULL ? cli_print_help(verb) : fail_verb(name);
}

int cli_main(int argc, char **argv)
{
    if (argc == 0) {
        cli_complain("no command was given; hvcheck --help lists them");
        return CLI_EXIT_USAGE;
    }
    if (argv[0][0] == '-' && argv[0][1] != '\0') {
        cli_parser parser = {.verb = CLI_VERB_NONE, .argc = argc, .argv = argv};
        int code = CLI_EXIT_USAGE;
        if (!cli_common_option((int)cli_parse_next(&parser), NULL, &code))
            cli_complain("no command was given; hvcheck --help lists them");
        return code;
    }
    const cli_verb *verb = cli_verb_find(argv[0]);
    return verb != NULL ? verb->run(argc - 1, argv + 1) : fail_verb(argv[0]);
}
