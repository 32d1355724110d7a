#include "cli/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

enum { MAX_TEMPORARIES = 16, CREATE_ATTEMPTS = 100 };

/* Paths of the temporary files that exist now, for the signal handler. Only the main thread changes
 * the list, with the signals blocked, and creates such a file and lists it in one go: whenever a
 * signal arrives, every such file is listed. Other threads take no signals. */
static char *volatile temporaries[MAX_TEMPORARIES];

static const int ending_signals[] = {SIGHUP, SIGINT, SIGTERM};
enum { ENDING_SIGNALS = sizeof(ending_signals) / sizeof(*ending_signals) };

static void remove_temporaries(int number)
{
    for (size_t i = 0; i < MAX_TEMPORARIES; i++)
        if (temporaries[i] != NULL)
            unlink(temporaries[i]);
    raise(number); /* the handler was reset: this ends the process as the signal does by itself */
}

void cli_platform_init(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    for (size_t i = 0; i < ENDING_SIGNALS; i++) {
        struct sigaction old;
        struct sigaction end = {.sa_handler = remove_temporaries};
        end.sa_flags = (int)(SA_RESETHAND | SA_NODEFER);
        /* What whoever started us ignores (nohup) stays ignored. */
        if (sigaction(ending_signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(ending_signals[i], &end, NULL);
    }
}

/* Blocks the ending signals; *ret_before is for sigprocmask() afterwards. */
static void block_signals(sigset_t *ret_before)
{
    sigset_t signals;
    sigemptyset(&signals);
    for (size_t i = 0; i < ENDING_SIGNALS; i++)
        sigaddset(&signals, ending_signals[i]);
    sigprocmask(SIG_BLOCK, &signals, ret_before);
}

/* With the signals blocked. */
static void set_temporary(const char *from, char *to)
{
    for (size_t i = 0; i < MAX_TEMPORARIES; i++) {
        if (temporaries[i] == from) {
            temporaries[i] = to;
            break;
        }
    }
}

const char *cli_default_log(void)
{
    return NULL;
}

bool cli_is_terminal(int stream)
{
    return isatty(stream) == 1;
}

uint64_t cli_milliseconds(void)
{
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static hvc_status fail_errno(hvc_error *error)
{
    return hvc_fail(error, errno == ENOMEM ? HVC_E_MEMORY : HVC_E_IO, "%s", strerror(errno));
}

hvc_status cli_write(int file, const char *bytes, size_t size, bool *ret_closed, hvc_error *error)
{
    *ret_closed = false;
    while (size > 0) {
        ssize_t written = write(file, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0 && errno == EAGAIN) {
            /* Whoever started us made it non-blocking. */
            struct pollfd ready = {.fd = file, .events = POLLOUT};
            poll(&ready, 1, -1);
            continue;
        }
        if (written < 0) {
            *ret_closed = errno == EPIPE;
            return fail_errno(error);
        }
        bytes += written;
        size -= (size_t)written;
    }
    return HVC_OK;
}

/* Opens a new file of a name that nothing has yet beside path, and takes it into the list. */
static int open_temporary(char *temporary, size_t size, const char *path, mode_t mode)
{
    for (unsigned i = 0; i < CREATE_ATTEMPTS; i++) {
        snprintf(temporary, size, "%s.%ld-%u.tmp", path, (long)getpid(), i);
        sigset_t before;
        block_signals(&before);
        int number = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (number >= 0)
            set_temporary(NULL, temporary);
        int failure = errno;
        sigprocmask(SIG_SETMASK, &before, NULL);
        errno = failure;
        if (number >= 0 || failure != EEXIST)
            return number;
    }
    return -1;
}

static hvc_status create_temporary(cli_file *file, mode_t mode, hvc_error *error)
{
    size_t size = strlen(file->path) + 48;
    file->temporary = malloc(size);
    if (file->temporary == NULL)
        return hvc_fail_memory(error);
    file->number = open_temporary(file->temporary, size, file->path, mode);
    return file->number < 0 ? fail_errno(error) : HVC_OK;
}

static hvc_status create(const char *path, cli_file *file, hvc_error *error)
{
    struct stat state;
    if (stat(path, &state) != 0) {
        if (errno != ENOENT)
            return fail_errno(error);
        file->path = strdup(path);
        return file->path == NULL ? hvc_fail_memory(error) : create_temporary(file, 0666, error);
    }
    if (!S_ISREG(state.st_mode)) {
        file->number = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        return file->number < 0 ? fail_errno(error) : HVC_OK;
    }
    file->path = realpath(path, NULL);
    if (file->path == NULL)
        return fail_errno(error);
    /* A file that may not be written is not replaced either. */
    if (access(file->path, W_OK) != 0)
        return fail_errno(error);
    return create_temporary(file, state.st_mode & 0777, error);
}

static void release(cli_file *file)
{
    sigset_t before;
    block_signals(&before);
    if (file->temporary != NULL)
        set_temporary(file->temporary, NULL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    free(file->temporary);
    free(file->path);
    *file = (cli_file){.number = -1};
}

hvc_status cli_file_create(const char *path, cli_file *ret_file, hvc_error *error)
{
    cli_file file = {.number = -1};
    hvc_status status = create(path, &file, error);
    if (status != HVC_OK) {
        release(&file);
        return status;
    }
    *ret_file = file;
    return HVC_OK;
}

hvc_status cli_file_commit(cli_file *file, hvc_error *error)
{
    hvc_status status = close(file->number) == 0 ? HVC_OK : fail_errno(error);
    file->number = -1;
    if (file->temporary != NULL) {
        if (status == HVC_OK && rename(file->temporary, file->path) != 0)
            status = fail_errno(error);
        if (status != HVC_OK)
            unlink(file->temporary);
    }
    release(file);
    return status;
}

void cli_file_discard(cli_file *file)
{
    if (file->number >= 0)
        close(file->number);
    if (file->temporary != NULL)
        unlink(file->temporary);
    release(file);
}
