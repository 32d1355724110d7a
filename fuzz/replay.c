/* Runs a fuzz target once on each file of the folders (or files) that are given, without libFuzzer:
 * for every build, every compiler, and for a debugger. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int fail(const char *path)
{
    fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
    return -1;
}

/* The input lies in a block of exactly its size, so that a sanitizer sees one byte too many. */
static int replay_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return fail(path);
    uint8_t *bytes = malloc(size > 0 ? size : 1);
    if (bytes == NULL || fread(bytes, 1, size, file) != size) {
        free(bytes);
        fclose(file);
        return fail(path);
    }
    fclose(file);
    printf("%s (%zu bytes)\n", path, size);
    fflush(stdout);
    LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    return 1;
}

/* How many inputs were run, -1 on failure. A folder that is not there has no inputs. */
static int replay(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return errno == ENOENT ? 0 : fail(path);
    if (!S_ISDIR(info.st_mode))
        return replay_file(path, (size_t)info.st_size);

    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, alphasort);
    int done = count < 0 ? fail(path) : 0;
    for (int i = 0; i < count; i++) {
        char name[4096];
        int length = snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
        if (done >= 0 && entries[i]->d_name[0] != '.' && length < (int)sizeof(name)) {
            int more = replay(name);
            done = more < 0 ? -1 : done + more;
        }
        free(entries[i]);
    }
    free(entries);
    return done;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int count = replay(argv[i]);
        if (count < 0)
            return 1;
        total += count;
    }
    printf("%d inputs replayed\n", total);
    return total > 0 ? 0 : 1;
}
