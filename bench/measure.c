/* Runs a command and writes what it cost as one line of JSON to a file: wall and CPU seconds, peak
 * memory in KiB, seconds from its start to the first byte of its output. It is its own small
 * program because Linux counts the memory of the process that called exec into the peak of the one
 * it became. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void die(const char *what)
{
    fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
    exit(125);
}

/* Reads the pipe to its end; returns when the first byte came, or a negative number. */
static double drain(int pipe_end)
{
    char bytes[65536];
    double first = -1;
    ssize_t got;
    while ((got = read(pipe_end, bytes, sizeof(bytes))) != 0) {
        if (got < 0 && errno != EINTR)
            die("read");
        if (got > 0 && first < 0)
            first = now();
    }
    return first;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: measure RESULT COMMAND...\n");
        return 125;
    }
    int ends[2];
    if (pipe(ends) != 0)
        die("pipe");
    double start = now();
    pid_t child = fork();
    if (child < 0)
        die("fork");
    if (child == 0) {
        int errors = open("/dev/null", O_WRONLY);
        if (dup2(ends[1], 1) < 0 || errors < 0 || dup2(errors, 2) < 0)
            _exit(126);
        close(ends[0]);
        close(ends[1]);
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    close(ends[1]);
    double first = drain(ends[0]);
    int status = 0;
    struct rusage usage;
    if (wait4(child, &status, 0, &usage) < 0)
        die("wait4");
    double end = now();

    FILE *result = fopen(argv[1], "w");
    if (result == NULL)
        die(argv[1]);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    fprintf(result, "{\"status\": %d, \"wall\": %.6f, \"cpu\": %.6f, \"peak_kib\": %ld, ", code,
            end - start, seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss);
    if (first < 0)
        fprintf(result, "\"first\": null}\n");
    else
        fprintf(result, "\"first\": %.6f}\n", first - start);
    return fclose(result) == 0 ? 0 : 125;
}
