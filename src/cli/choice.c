/* Options that several verbs have. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "cli/cli.h"

bool cli_jobs_set(unsigned *jobs, const char *word)
{
    if (strcmp(word, "auto") == 0) {
        *jobs = 0;
        return true;
    }
    char *end = NULL;
    errno = 0;
    unsigned long number = strtoul(word, &end, 10);
    if (*word < '0' || *word > '9' || *end != '\0' || errno != 0 || number > HVC_MAX_JOBS) {
        cli_complain("--jobs must be auto or a number up to %d, not \"%s\"", HVC_MAX_JOBS, word);
        return false;
    }
    *jobs = (unsigned)number;
    return true;
}

bool cli_color_set(cli_color *color, const char *word)
{
    static const char *const names[] = {"auto", "always", "never"};
    for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (strcmp(word, names[i]) == 0) {
            *color = (cli_color)i;
            return true;
        }
    }
    cli_complain("--color must be auto, always or never, not \"%s\"", word);
    return false;
}

bool cli_color_wanted(cli_color color, bool terminal)
{
    if (color != CLI_COLOR_AUTO)
        return color == CLI_COLOR_ALWAYS;
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return terminal && (no_color == NULL || *no_color == '\0') &&
           (term == NULL || strcmp(term, "dumb") != 0);
}

int cli_worse_code(int a, int b)
{
    static const int order[] = {CLI_EXIT_USAGE, CLI_EXIT_INTERNAL, CLI_EXIT_UNREADABLE,
                                CLI_EXIT_INCOMPATIBLE, CLI_EXIT_UNDETERMINED};
    for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return CLI_EXIT_COMPATIBLE;
}
