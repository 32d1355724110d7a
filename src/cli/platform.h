/* What the command needs of the operating system beyond standard C: platform_posix.c,
 * platform_windows.c. */
#ifndef CLI_PLATFORM_H
#define CLI_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvcheck/status.h>

enum { CLI_STDOUT = 1, CLI_STDERR = 2 };

/* Once, before anything else: a reader that goes away makes writing fail instead of ending the
 * process, temporary files go when the user interrupts, and the arguments become UTF-8 where the
 * system has them otherwise. */
void cli_platform_init(int *argc, char ***argv);

/* Where the readiness tool keeps its log, with the folder made if it is not there yet. NULL: no log
 * is kept on this system unless one is asked for. Static. */
const char *cli_default_log(void);

/* A terminal that understands escape sequences. */
bool cli_is_terminal(int stream);
/* A clock that only goes forward. */
uint64_t cli_milliseconds(void);

/* Writes everything. *ret_closed when it failed because nobody reads any more. */
hvc_status cli_write(int file, const char *bytes, size_t size, bool *ret_closed, hvc_error *error);

/* A file that becomes path all at once, when it is committed: a temporary beside it until then.
 * What exists at path and is no regular file (a device, a pipe) is written to directly. */
typedef struct cli_file {
    int number;        /* for cli_write */
    char *path;        /* with links resolved; malloc'd; NULL when written directly */
    char *temporary;   /* NULL when written directly; malloc'd */
    void *system_name; /* the temporary's name as the system wants it, where that differs */
    bool replaces;     /* there is a file at path already */
} cli_file;

hvc_status cli_file_create(const char *path, cli_file *ret_file, hvc_error *error);
/* Both end the file, in any case. */
hvc_status cli_file_commit(cli_file *file, hvc_error *error);
void cli_file_discard(cli_file *file);

#endif
