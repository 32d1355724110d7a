#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/support_windows.h"

enum { SNIFF = 4096, PIPE_PIECE = 65536, MAX_READ = 1 << 30 };

static hvc_status fail_last(hvc_error *error)
{
    return hvc_fail_windows(error, GetLastError());
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
static hvc_status read_on(HANDLE file, hvc_bytes *bytes, size_t size, bool *ret_end,
                          hvc_error *error)
{
    *ret_end = false;
    while (size > 0) {
        DWORD got = 0, piece = size < MAX_READ ? (DWORD)size : MAX_READ;
        if (!ReadFile(file, bytes->data + bytes->size, piece, &got, NULL)) {
            if (GetLastError() != ERROR_BROKEN_PIPE && GetLastError() != ERROR_HANDLE_EOF)
                return fail_last(error);
            got = 0; /* the end of a pipe */
        }
        if (got == 0) {
            *ret_end = true;
            return HVC_OK;
        }
        bytes->size += got;
        size -= got;
    }
    return HVC_OK;
}

static uint64_t size_of(const BY_HANDLE_FILE_INFORMATION *state)
{
    return (uint64_t)state->nFileSizeHigh << 32 | state->nFileSizeLow;
}

static bool same_file_state(const BY_HANDLE_FILE_INFORMATION *a,
                            const BY_HANDLE_FILE_INFORMATION *b)
{
    return size_of(a) == size_of(b) &&
           CompareFileTime(&a->ftLastWriteTime, &b->ftLastWriteTime) == 0;
}

static hvc_status check_regular(HANDLE file, BY_HANDLE_FILE_INFORMATION *state, hvc_error *error)
{
    if (GetFileType(file) != FILE_TYPE_DISK)
        return hvc_fail(error, HVC_E_IO, "not a regular file");
    if (!GetFileInformationByHandle(file, state))
        return fail_last(error);
    if ((state->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
        return hvc_fail(error, HVC_E_IO, "Is a directory");
    if (size_of(state) > HVC_MAX_FILE_SIZE)
        return hvc_fail(error, HVC_E_LIMIT, "%llu bytes are more than the limit of %llu",
                        (unsigned long long)size_of(state), (unsigned long long)HVC_MAX_FILE_SIZE);
    return HVC_OK;
}

/* Others may read, write, rename and delete the file meanwhile: what changes is noticed. */
static hvc_status open_path(const char *path, HANDLE *ret_file, hvc_error *error)
{
    wchar_t *wide = hvc_wide_path(path);
    if (wide == NULL)
        return hvc_fail_memory(error);
    HANDLE file =
        CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    DWORD code = GetLastError();
    free(wide);
    if (file == INVALID_HANDLE_VALUE)
        return hvc_fail_windows(error, code);
    *ret_file = file;
    return HVC_OK;
}

static hvc_status read_open(HANDLE file, hvc_bytes *bytes, bool sniff, bool *ret_pe,
                            hvc_error *error)
{
    BY_HANDLE_FILE_INFORMATION before, after;
    hvc_status status = check_regular(file, &before, error);
    if (status != HVC_OK)
        return status;
    size_t size = (size_t)size_of(&before);
    size_t first = sniff && size > SNIFF ? SNIFF : size;
    status = make_room(bytes, first > 0 ? first : 1, error);
    if (status != HVC_OK)
        return status;
    bytes->size = 0;
    bool end = false;
    status = read_on(file, bytes, first, &end, error);
    if (status != HVC_OK)
        return status;
    bool pe = bytes->size >= 2 && bytes->data[0] == 'M' && bytes->data[1] == 'Z';
    if (!sniff || pe) {
        if (!end)
            status = make_room(bytes, size > 0 ? size : 1, error);
        if (!end && status == HVC_OK)
            status = read_on(file, bytes, size - first, &end, error);
        if (status != HVC_OK)
            return status;
        if (!GetFileInformationByHandle(file, &after))
            return fail_last(error);
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
    HANDLE file = NULL;
    hvc_status status = open_path(path, &file, error);
    if (status != HVC_OK)
        return status;
    status = read_open(file, bytes, sniff, ret_pe, error);
    CloseHandle(file);
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
    HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    if (input == NULL || input == INVALID_HANDLE_VALUE)
        return hvc_fail(error, HVC_E_IO, "there is no standard input");
    for (bool end = false; !end;) {
        if (bytes->size > HVC_MAX_FILE_SIZE)
            return hvc_fail(error, HVC_E_LIMIT, "standard input is larger than the limit of %llu",
                            (unsigned long long)HVC_MAX_FILE_SIZE);
        if (bytes->capacity - bytes->size < PIPE_PIECE) {
            hvc_status status = make_room(bytes, bytes->capacity * 2 + PIPE_PIECE, error);
            if (status != HVC_OK)
                return status;
        }
        hvc_status status = read_on(input, bytes, PIPE_PIECE, &end, error);
        if (status != HVC_OK)
            return status;
    }
    return HVC_OK;
}

hvc_status hvc_file_map(const char *path, hvc_bytes *bytes, hvc_error *error)
{
    HANDLE file = NULL, mapping = NULL;
    hvc_status status = open_path(path, &file, error);
    if (status != HVC_OK)
        return status;
    BY_HANDLE_FILE_INFORMATION state;
    void *data = NULL;
    status = check_regular(file, &state, error);
    size_t size = status == HVC_OK ? (size_t)size_of(&state) : 0;
    if (status == HVC_OK && size > 0) {
        mapping = CreateFileMappingW(file, NULL, PAGE_READONLY, 0, 0, NULL);
        data = mapping != NULL ? MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0) : NULL;
        if (data == NULL)
            status = fail_last(error);
    }
    if (mapping != NULL)
        CloseHandle(mapping);
    CloseHandle(file);
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
        UnmapViewOfFile(bytes->data);
    else
        free(bytes->data);
    *bytes = (hvc_bytes)HVC_BYTES_INIT;
}

/* A reparse point is a link when its tag says that it stands for another name; others (compressed,
 * deduplicated, in the cloud) are files that only look special. */
static bool is_link(const wchar_t *path, DWORD attributes)
{
    if ((attributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0)
        return false;
    WIN32_FIND_DATAW found;
    HANDLE search = FindFirstFileW(path, &found);
    if (search == INVALID_HANDLE_VALUE)
        return false;
    FindClose(search);
    return IsReparseTagNameSurrogate(found.dwReserved0);
}

static hvc_status kind_without_following(const char *path, hvc_file_kind *ret_kind,
                                         hvc_error *error)
{
    wchar_t *wide = hvc_wide_path(path);
    if (wide == NULL)
        return hvc_fail_memory(error);
    DWORD attributes = GetFileAttributesW(wide);
    hvc_status status = attributes != INVALID_FILE_ATTRIBUTES ? HVC_OK : fail_last(error);
    if (status == HVC_OK)
        *ret_kind = is_link(wide, attributes)                      ? HVC_FILE_LINK
                    : (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0 ? HVC_FILE_FOLDER
                    : (attributes & FILE_ATTRIBUTE_DEVICE) != 0    ? HVC_FILE_OTHER
                                                                   : HVC_FILE_REGULAR;
    free(wide);
    return status;
}

hvc_status hvc_file_kind_of(const char *path, bool follow, hvc_file_kind *ret_kind,
                            hvc_error *error)
{
    if (!follow)
        return kind_without_following(path, ret_kind, error);
    HANDLE file = NULL;
    hvc_status status = open_path(path, &file, error);
    if (status != HVC_OK) {
        /* What may not be opened may still be told. */
        return kind_without_following(path, ret_kind, error);
    }
    BY_HANDLE_FILE_INFORMATION state;
    hvc_file_kind kind = HVC_FILE_OTHER;
    if (GetFileType(file) == FILE_TYPE_DISK) {
        if (!GetFileInformationByHandle(file, &state))
            status = fail_last(error);
        else
            kind = (state.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0 ? HVC_FILE_FOLDER
                                                                            : HVC_FILE_REGULAR;
    }
    CloseHandle(file);
    if (status == HVC_OK)
        *ret_kind = kind;
    return status;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static hvc_status add_name(hvc_names *names, size_t *capacity, const wchar_t *name,
                           hvc_error *error)
{
    if (names->count == *capacity) {
        size_t larger = *capacity == 0 ? 32 : *capacity * 2;
        char **items = realloc(names->items, larger * sizeof(*items));
        if (items == NULL)
            return hvc_fail_memory(error);
        names->items = items;
        *capacity = larger;
    }
    char *copy = hvc_utf8(name, wcslen(name));
    if (copy == NULL)
        return hvc_fail_memory(error);
    names->items[names->count++] = copy;
    return HVC_OK;
}

/* The pattern that finds what is in a folder. */
static wchar_t *everything_in(const char *path)
{
    size_t size = strlen(path);
    char *pattern = malloc(size + 3);
    if (pattern == NULL)
        return NULL;
    memcpy(pattern, path, size);
    memcpy(pattern + size, "\\*", 3);
    wchar_t *wide = hvc_wide_path(pattern);
    free(pattern);
    return wide;
}

hvc_status hvc_folder_list(const char *path, hvc_names *ret_names, hvc_error *error)
{
    wchar_t *pattern = everything_in(path);
    if (pattern == NULL)
        return hvc_fail_memory(error);
    WIN32_FIND_DATAW found;
    HANDLE search = FindFirstFileW(pattern, &found);
    DWORD code = GetLastError();
    free(pattern);
    if (search == INVALID_HANDLE_VALUE && code != ERROR_FILE_NOT_FOUND)
        return hvc_fail_windows(error, code);
    hvc_names names = {NULL, 0};
    size_t capacity = 0;
    hvc_status status = HVC_OK;
    /* the root of an empty drive has not even the two dots */
    bool more = search != INVALID_HANDLE_VALUE;
    while (more && status == HVC_OK) {
        if (wcscmp(found.cFileName, L".") != 0 && wcscmp(found.cFileName, L"..") != 0)
            status = add_name(&names, &capacity, found.cFileName, error);
        if (status == HVC_OK && !FindNextFileW(search, &found)) {
            more = false;
            if (GetLastError() != ERROR_NO_MORE_FILES)
                status = fail_last(error);
        }
    }
    if (search != INVALID_HANDLE_VALUE)
        FindClose(search);
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
    return c == '/' || c == '\\';
}
