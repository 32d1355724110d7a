/* Standard error while a scan runs: complaints, and a line that tells how far it is. */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include <hvcheck/evaluate.h>

typedef struct cli_console {
    bool progress; /* show the line */
    bool shown;    /* it stands there now */
    uint64_t drawn_at;
} cli_console;

/* At most ten times a second. */
void cli_console_progress(cli_console *console, const char *path, uint64_t files_done);
/* Takes the progress line away, before anything else is written to the terminal. */
void cli_console_clear(cli_console *console);
/* "hvcheck: PATH: message (at offset 0x...)" */
void cli_console_error(cli_console *console, const hvc_input_error *error);

#endif
