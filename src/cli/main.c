#include "cli/cli.h"
#include "cli/platform.h"

int main(int argc, char **argv)
{
    cli_platform_init(&argc, &argv);
    return argc > 0 ? cli_main(argc - 1, argv + 1) : CLI_EXIT_USAGE;
}
