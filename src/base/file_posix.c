#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"

enum { SNIFF = 4096, PIPE_PIECE = 65536 };

static hvc_status fail_errno(hvc_error *error)
{
    return hvc_fail(error, errno == ENOMEM ? HVC_E_MEMORY : HVC_E_IO, "%s", strerror(errno));
}

static hvc_status make_room(hvc_bytes *bytes, size_t capacity, hvc_error *error)
{
    if (bytes->mapped)
        hvc_bytes_free(bytes);
    if (bytes->capacity >= capacity)
        return HVC_OK;
    uint8_t *data = realloc(bytes->data, capacity);
    if (data == NULL)
        return hvc_fail_memory(error);
    bytes->data = data;
    bytes->capacity = capacity;
    return HVC_OK;
}

/* Reads up to size bytes behind what bytes holds; *ret_end when the file ended before. */
static hvc_status read_on(int fd, hvc_bytes *bytes, size_t size, bool *ret_end, hvc_error *error)
{
    *ret_end = false;
    while (size > 0) {
        ssize_t got = read(fd, bytes->data + bytes->size, size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(error);
        if (got == 0) {
            *ret_end = true;
            return HVC_OK;
        }
        bytes->size += (size_t)got;
        size -= (size_t)got;
    }
    return HVC_OK;
}

static bool same_file_state(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static hvc_status check_regular(const struct stat *state, hvc_error *error)
{
    if (S_ISDIR(state->st_mode))
        return hvc_fail(error, HVC_E_IO, "%s", strerror(EISDIR));
    if (!S_ISREG(state->st_mode))
        return hvc_fail(error, HVC_E_IO, "not a regular file");
    if ((uint64_t)state->st_size > HVC_MAX_FILE_SIZE)
        return hvc_fail(error, HVC_E_LIMIT, "%llu bytes are more than the limit of %llu",
                        (unsigned long long)state->st_size, (unsigned long long)HVC_MAX_FILE_SIZE);
    return HVC_OK;
}

static hvc_status read_open(int fd, hvc_bytes *bytes, bool sniff, bool *ret_pe, hvc_error *error)
{
    struct stat before, after;
    if (fstat(fd, &before) != 0)
        return fail_errno(error);
    hvc_status status = check_regular(&before, error);
    size_t size = (size_t)before.st_size;
    size_t first = sniff && size > SNIFF ? SNIFF : size;
    if (status == HVC_OK)
        status = make_room(bytes, first > 0 ? first : 1, error);
    if (status != HVC_OK)
        return status;
    bytes->size = 0;
    bool end = false;
    status = read_on(fd, bytes, first, &end, error);
    if (status != HVC_OK)
        return status;
    bool pe = bytes->size >= 2 && bytes->data[0] == 'M' && bytes->data[1] == 'Z';
    if (!sniff || pe) {
        if (!end)
            status = make_room(bytes, size > 0 ? size : 1, error);
        if (!end && status == HVC_OK)
            status = read_on(fd, bytes, size - first, &end, error);
        if (status != HVC_OK)
            return status;
        if (fstat(fd, &after) != 0)
            return fail_errno(error);
        if (end || !same_file_state(&before, &after))
            return hvc_fail_at(error, HVC_E_CHANGED, bytes->size, "%s",
                               hvc_status_text(HVC_E_CHANGED));
    }
    *ret_pe = pe;
    return HVC_OK;
}

static hvc_status read_path(const char *path, hvc_bytes *bytes, bool sniff, bool *ret_pe,
                            hvc_error *error)
{
    /* Non-blocking, so that a pipe that somebody named cannot hold us; it means nothing to files.
     */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fail_errno(error);
    hvc_status status = read_open(fd, bytes, sniff, ret_pe, error);
    close(fd);
    return status;
}

hvc_status hvc_file_read(const char *path, hvc_bytes *bytes, hvc_error *error)
{
    bool pe;
    return read_path(path, bytes, false, &pe, error);
}

hvc_status hvc_file_read_pe(const char *path, hvc_bytes *bytes, bool *ret_pe, hvc_error *error)
{
    return read_path(path, bytes, true, ret_pe, error);
}

hvc_status hvc_file_read_stdin(hvc_bytes *bytes, hvc_error *error)
{
    bytes->size = 0;
    for (bool end = false; !end;) {
        if (bytes->size > HVC_MAX_FILE_SIZE)
            return hvc_fail(error, HVC_E_LIMIT, "standard input is larger than the limit of %llu",
                            (unsigned long long)HVC_MAX_FILE_SIZE);
        if (bytes->capacity - bytes->size < PIPE_PIECE) {
            hvc_status status = make_room(bytes, bytes->capacity * 2 + PIPE_PIECE, error);
            if (status != HVC_OK)
                return status;
        }
        hvc_status status = read_on(STDIN_FILENO, bytes, PIPE_PIECE, &end, error);
        if (status != HVC_OK)
            return status;
    }
    return HVC_OK;
}

hvc_status hvc_file_map(const char *path, hvc_bytes *bytes, hvc_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fail_errno(error);
    struct stat state;
    hvc_status status = fstat(fd, &state) != 0 ? fail_errno(error) : check_regular(&state, error);
    void *data = MAP_FAILED;
    size_t size = status == HVC_OK ? (size_t)state.st_size : 0;
    if (status == HVC_OK && size > 0) {
        data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED)
            status = fail_errno(error);
    }
    close(fd);
    if (status != HVC_OK)
        return status;
    hvc_bytes_free(bytes);
    if (size > 0)
        *bytes = (hvc_bytes){data, size, size, true};
    return HVC_OK;
}

void hvc_bytes_free(hvc_bytes *bytes)
{
    if (bytes->mapped)
        munmap(bytes->data, bytes->capacity);
    else
        free(bytes->data);
    *bytes = (hvc_bytes)HVC_BYTES_INIT;
}

hvc_status hvc_file_kind_of(const char *path, bool follow, hvc_file_kind *ret_kind,
                            hvc_error *error)
{
    struct stat state;
    if ((follow ? stat(path, &state) : lstat(path, &state)) != 0)
        return fail_errno(error);
    *ret_kind = S_ISREG(state.st_mode)   ? HVC_FILE_REGULAR
                : S_ISDIR(state.st_mode) ? HVC_FILE_FOLDER
                : S_ISLNK(state.st_mode) ? HVC_FILE_LINK
                                         : HVC_FILE_OTHER;
    return HVC_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static hvc_status add_name(hvc_names *names, size_t *capacity, const char *name, hvc_error *error)
{
    if (names->count == *capacity) {
        size_t larger = *capacity == 0 ? 32 : *capacity * 2;
        char **items = realloc(names->items, larger * sizeof(*items));
        if (items == NULL)
            return hvc_fail_memory(error);
        names->items = items;
        *capacity = larger;
    }
    char *copy = strdup(name);
    if (copy == NULL)
        return hvc_fail_memory(error);
    names->items[names->count++] = copy;
    return HVC_OK;
}

hvc_status hvc_folder_list(const char *path, hvc_names *ret_names, hvc_error *error)
{
    DIR *folder = opendir(path);
    if (folder == NULL)
        return fail_errno(error);
    hvc_names names = {NULL, 0};
    size_t capacity = 0;
    hvc_status status = HVC_OK;
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(folder);
        if (entry == NULL) {
            if (errno != 0)
                status = fail_errno(error);
            break;
        }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        status = add_name(&names, &capacity, entry->d_name, error);
        if (status != HVC_OK)
            break;
    }
    closedir(folder);
    if (status != HVC_OK) {
        hvc_names_free(&names);
        return status;
    }
    if (names.count > 1)
        qsort(names.items, names.count, sizeof(*names.items), compare_names);
    *ret_names = names;
    return HVC_OK;
}

void hvc_names_free(hvc_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (hvc_names){NULL, 0};
}

bool hvc_is_separator(char c)
{
    return c == '/';
}
