/* Runs a fuzz target once on each file of the folders (or files) that are given, without libFuzzer:
 * for every build, every compiler, and for a debugger. With --mutations N in front, also on N
 * damaged copies of each, always the same ones: bytes, words and runs changed, and the end cut off.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long mutations;

static int fail(const char *path)
{
    fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
    return -1;
}

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Damages bytes in a few places; returns the size that is left. */
static size_t damage(uint8_t *bytes, size_t size, uint32_t *state)
{
    static const uint32_t words[] = {0, 1, 4, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF8, 512};
    for (uint32_t i = next_random(state) % 4 + 1; i > 0; i--) {
        size_t at = next_random(state) % size;
        uint32_t word = words[next_random(state) % 8];
        size_t run = next_random(state) % 64;
        switch (next_random(state) % 4) {
        case 0:
            bytes[at] ^= (uint8_t)(1U << next_random(state) % 8);
            break;
        case 1:
            for (size_t k = 0; k < 4 && (at & ~(size_t)3) + k < size; k++)
                bytes[(at & ~(size_t)3) + k] = (uint8_t)(word >> 8 * k);
            break;
        case 2:
            memset(bytes + at, (int)word, run < size - at ? run : size - at);
            break;
        default:
            memmove(bytes + at, bytes + next_random(state) % (at + 1), run < size - at ? run : 1);
            break;
        }
    }
    return next_random(state) % 16 == 0 ? next_random(state) % (size + 1) : size;
}

static bool run_damaged(const uint8_t *bytes, size_t size)
{
    uint32_t state = 2463534242U;
    for (unsigned long i = 0; i < mutations && size > 0; i++) {
        uint8_t *copy = malloc(size);
        if (copy == NULL)
            return false;
        memcpy(copy, bytes, size);
        size_t left = damage(copy, size, &state);
        uint8_t *input = malloc(left > 0 ? left : 1);
        if (input != NULL) {
            memcpy(input, copy, left);
            LLVMFuzzerTestOneInput(input, left);
        }
        free(input);
        free(copy);
        if (input == NULL)
            return false;
    }
    return true;
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
    bool fine = run_damaged(bytes, size);
    free(bytes);
    return fine ? 1 : fail(path);
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
    int total = 0, first = 1;
    if (argc > 2 && strcmp(argv[1], "--mutations") == 0) {
        mutations = strtoul(argv[2], NULL, 10);
        first = 3;
    }
    for (int i = first; i < argc; i++) {
        int count = replay(argv[i]);
        if (count < 0)
            return 1;
        total += count;
    }
    printf("%d inputs replayed\n", total);
    return total > 0 ? 0 : 1;
}
