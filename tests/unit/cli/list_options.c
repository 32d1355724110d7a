/* Prints the table of options, a line each, for test_docs.py: verbs, name, letter, argument. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/options.h"

int main(void)
{
    for (int i = 0; i < CLI_OPTION_COUNT; i++) {
        const cli_option *option = &cli_options[i];
        for (size_t v = 0; v < cli_verb_count; v++)
            if ((option->verbs & cli_verbs[v].bit) != 0)
                printf("%s ", cli_verbs[v].name);
        printf("--%s %c %s\n", option->name, option->letter != 0 ? option->letter : '.',
               option->argument != NULL ? option->argument : ".");
    }
    return 0;
}
