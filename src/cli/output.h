/* Where a report goes: standard output or a file, in large pieces. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "base/buffer.h"
#include "cli/platform.h"

typedef struct cli_output {
    const char *path; /* NULL: standard output */
    cli_file file;
    bool open;
    bool closed;   /* nobody reads any more: nothing to complain about */
    bool terminal; /* every piece is written at once */
    hvc_buffer pending;
    uint64_t written_at; /* when pending was written out last; 0: never */
    hvc_status status;   /* of the first failure: nothing is written behind it */
    hvc_error error;
} cli_output;

/* path NULL or "-": standard output. The path must outlive the output. */
hvc_status cli_output_open(cli_output *output, const char *path);
/* Failures are kept in status and error. */
hvc_status cli_output_put(cli_output *output, const char *bytes, size_t size);
/* Writes what is pending, and makes a file appear under its name. */
hvc_status cli_output_finish(cli_output *output);
/* Ends an output in any case; a file that was not finished does not appear. */
void cli_output_free(cli_output *output);

/* The name for messages. */
const char *cli_output_name(const cli_output *output);

#endif
