/* The one table of options: what is parsed, what --help says, what the manual page and the
 * completions must have. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

typedef enum cli_option_id {
    CLI_OPTION_FORMAT,
    CLI_OPTION_DDI_FORMAT,
    CLI_OPTION_OUTPUT,
    CLI_OPTION_JOBS,
    CLI_OPTION_EVIDENCE,
    CLI_OPTION_QUIET,
    CLI_OPTION_VERBOSE,
    CLI_OPTION_COLOR,
    CLI_OPTION_FACTS,
    CLI_OPTION_ROOT,
    CLI_OPTION_SYSROOT,
    CLI_OPTION_WITH_VERIFIER,
    CLI_OPTION_HVCI,
    CLI_OPTION_DG,
    CLI_OPTION_CG,
    CLI_OPTION_HLK,
    CLI_OPTION_MACHINE_FORMAT,
    CLI_OPTION_MACHINE_OUTPUT,
    CLI_OPTION_LOG,
    CLI_OPTION_NO_REGISTRY,
    CLI_OPTION_PLAN_FORMAT,
    CLI_OPTION_DRY_RUN,
    CLI_OPTION_APPLY,
    CLI_OPTION_BACKUP,
    CLI_OPTION_OVERRIDE,
    CLI_OPTION_REG_FILE,
    CLI_OPTION_SIPOLICY,
    CLI_OPTION_LOCK,
    CLI_OPTION_REBOOT,
    CLI_OPTION_VERIFIER_ONLY,
    CLI_OPTION_HELP,
    CLI_OPTION_VERSION,
    CLI_OPTION_COUNT,
    /* what else cli_parse_next returns */
    CLI_PARSE_ARGUMENT, /* not an option: parser->value */
    CLI_PARSE_END,
    CLI_PARSE_ERROR, /* told on standard error */
} cli_option_id;

typedef struct cli_option {
    const char *name;     /* "format", without the dashes */
    char letter;          /* 'o', or 0 */
    const char *argument; /* "FILE"; NULL when it takes none */
    unsigned verbs;
    const char *help;
} cli_option;

/* By id. */
extern const cli_option cli_options[CLI_OPTION_COUNT];

typedef struct cli_parser {
    unsigned verb;
    int argc;
    char **argv;
    int next;
    const char *letters; /* the rest of "-qv" */
    bool arguments_only; /* behind "--" */
    const char *value;
} cli_parser;

cli_option_id cli_parse_next(cli_parser *parser);
/* The options of a verb, as --help lists them. */
void cli_options_help(hvc_buffer *out, unsigned verb);

#endif
