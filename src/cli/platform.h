/* What the command needs of the operating system beyond standard C: platform_posix.c. */
#ifndef CLI_PLATFORM_H
#define CLI_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvcheck/status.h>

enum { CLI_STDOUT = 1, CLI_STDERR = 2 };

/* Once, before anything else: a reader that goes away makes writing fail instead of ending the
 * process, and temporary files go when the user interrupts. */
void cli_platform_init(void);

/* Where the readiness tool keeps its log, with the folder made if it is not there yet. NULL: no log
 * is kept on this system unless one is asked for. Static. */
const char *cli_default_log(void);

bool cli_is_terminal(int stream);
/* A clock that only goes forward. */
uint64_t cli_milliseconds(void);

/* Writes everything. *ret_closed when it failed because nobody reads any more. */
hvc_status cli_write(int file, const char *bytes, size_t size, bool *ret_closed, hvc_error *error);

/* A file that becomes path all at once, when it is committed: a temporary beside it until then.
 * What exists at path and is no regular file (a device, a pipe) is written to directly. */
typedef struct cli_file {
    int number;      /* for cli_write */
    char *path;      /* with links resolved; malloc'd; NULL when written directly */
    char *temporary; /* NULL when written directly; malloc'd */
} cli_file;

hvc_status cli_file_create(const char *path, cli_file *ret_file, hvc_error *error);
/* Both end the file, in any case. */
hvc_status cli_file_commit(cli_file *file, hvc_error *error);
void cli_file_discard(cli_file *file);

#endif
