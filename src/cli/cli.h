/* The command: its verbs, and what they share. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>

#include <hvcheck/ddi.h>
#include <hvcheck/evaluate.h>

#include "base/buffer.h"

/* Exit codes. */
enum {
    CLI_EXIT_COMPATIBLE = 0,
    CLI_EXIT_INCOMPATIBLE = 1,
    CLI_EXIT_USAGE = 2,
    CLI_EXIT_UNREADABLE = 3,
    CLI_EXIT_INTERNAL = 4,
    CLI_EXIT_UNDETERMINED = 5,
};

/* Verbs as bits, for the table of options. */
enum {
    CLI_VERB_NONE = 1, /* before any verb */
    CLI_VERB_SCAN = 2,
    CLI_VERB_EXPLAIN = 4,
    CLI_VERB_DDI = 8,
    CLI_VERB_HELP = 16,
    CLI_VERB_CAPABLE = 32,
    CLI_VERB_READY = 64,
    CLI_VERB_FACTS = 128,
    CLI_VERB_DGREADINESS = 256,
    CLI_VERB_ENABLE = 512,
    CLI_VERB_DISABLE = 1024,
    CLI_VERB_CLEAR = 2048,
    CLI_VERB_UNDO = 4096,
    CLI_VERB_ALL = 8191,
    CLI_VERB_SWITCH = CLI_VERB_ENABLE | CLI_VERB_DISABLE,
    CLI_VERB_PLAN = CLI_VERB_SWITCH | CLI_VERB_CLEAR | CLI_VERB_UNDO,
    CLI_VERB_JUDGE = CLI_VERB_CAPABLE | CLI_VERB_READY,
    CLI_VERB_MACHINE = CLI_VERB_JUDGE | CLI_VERB_FACTS,
};

typedef struct cli_verb {
    const char *name;
    unsigned bit;
    const char *arguments;
    const char *summary; /* one line */
    const char *text;    /* what --help says of it */
    /* argv: what stands behind the verb. Returns the exit code. */
    int (*run)(int argc, char **argv);
} cli_verb;

extern const cli_verb cli_verbs[];
extern const size_t cli_verb_count;
const cli_verb *cli_verb_find(const char *name);

int cli_scan(int argc, char **argv);
int cli_explain(int argc, char **argv);
int cli_ddi(int argc, char **argv);
int cli_capable(int argc, char **argv);
int cli_ready(int argc, char **argv);
int cli_facts(int argc, char **argv);
int cli_dgreadiness(int argc, char **argv);
int cli_enable(int argc, char **argv);
int cli_disable(int argc, char **argv);
int cli_clear(int argc, char **argv);
int cli_undo(int argc, char **argv);
int cli_help(int argc, char **argv);

/* The whole command; argv without the program's name. */
int cli_main(int argc, char **argv);

/* Prints the help of a verb (NULL: of the command). Returns the exit code. */
int cli_print_help(const cli_verb *verb);
/* Does what every verb (NULL: the bare command) does the same: --help, --version, and what failed
 * to parse. False when the option is another. */
bool cli_common_option(int id, const char *verb, int *ret_code);
/* Writes a text to standard output. Returns the exit code: CLI_EXIT_INTERNAL when that failed. */
int cli_print(const hvc_buffer *text);
/* "hvcheck: ..." on standard error, the text escaped. */
void cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What a scan's outcome means as an exit code. broken: an output failed, or the scan itself did. */
int cli_exit_code(const hvc_summary *summary, bool broken);
/* The code for two things done: the first of 4, 3, 1, 5, 0 that either has (2 before all). */
int cli_worse_code(int a, int b);

/* --color: auto asks the terminal, NO_COLOR and TERM. */
typedef enum cli_color { CLI_COLOR_AUTO, CLI_COLOR_ALWAYS, CLI_COLOR_NEVER } cli_color;
/* False when the word is none of the three; that was told then. */
bool cli_color_set(cli_color *color, const char *word);
bool cli_color_wanted(cli_color color, bool terminal);
/* --jobs: auto or a number. */
bool cli_jobs_set(unsigned *jobs, const char *word);

/* Names near one that does not exist: add each candidate, then tell. */
enum { CLI_MAX_SUGGESTIONS = 3 };
typedef struct cli_suggestions {
    const char *wanted;
    const char *names[CLI_MAX_SUGGESTIONS];
    unsigned distances[CLI_MAX_SUGGESTIONS];
    unsigned count;
} cli_suggestions;
void cli_suggest_add(cli_suggestions *suggestions, const char *name);
/* " (did you mean a, b?)", or "". */
const char *cli_suggest_text(const cli_suggestions *suggestions, hvc_buffer *buffer);

/* One DDI in full, as explain and ddi show it. */
void cli_describe_ddi(hvc_buffer *out, const hvc_ddi *ddi);

#endif
