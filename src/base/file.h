/* Files of the operating system: file_posix.c, file_windows.c. Paths are UTF-8 on every platform
 * (on POSIX: whatever bytes the system uses). */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include <hvcheck/status.h>

#include "base/span.h"

/* The bytes of a file in memory. Reading (not mapping) is what makes a file that shrinks while it
 * is evaluated an error instead of a SIGBUS, and for the sizes of drivers it is the faster way too.
 * A hvc_bytes may be read into again: its memory is reused. */
typedef struct hvc_bytes {
    uint8_t *data;
    size_t size, capacity;
    bool mapped;
} hvc_bytes;

#define HVC_BYTES_INIT                                                                             \
    {                                                                                              \
        NULL, 0, 0, false                                                                          \
    }

/* Reads a regular file whole. HVC_E_CHANGED when size or modification time differ after the
 * reading, HVC_E_LIMIT above HVC_MAX_FILE_SIZE, HVC_E_IO with the system's reason otherwise. */
hvc_status hvc_file_read(const char *path, hvc_bytes *bytes, hvc_error *error);
/* As hvc_file_read, but stops before reading the body when the first bytes cannot be a PE image (no
 * MZ): then *ret_pe is false and bytes holds only the beginning. */
hvc_status hvc_file_read_pe(const char *path, hvc_bytes *bytes, bool *ret_pe, hvc_error *error);
/* Reads standard input to its end. */
hvc_status hvc_file_read_stdin(hvc_bytes *bytes, hvc_error *error);
/* Maps a file read-only. For callers who know that nobody truncates the file meanwhile. */
hvc_status hvc_file_map(const char *path, hvc_bytes *bytes, hvc_error *error);
void hvc_bytes_free(hvc_bytes *bytes);

static inline hvc_span hvc_bytes_span(const hvc_bytes *bytes)
{
    return (hvc_span){bytes->data, bytes->size};
}

/* What a path is, without following a final link when follow is false. */
typedef enum hvc_file_kind {
    HVC_FILE_REGULAR,
    HVC_FILE_FOLDER,
    HVC_FILE_LINK,
    HVC_FILE_OTHER, /* pipe, socket, device */
} hvc_file_kind;

hvc_status hvc_file_kind_of(const char *path, bool follow, hvc_file_kind *ret_kind,
                            hvc_error *error);

/* The names in a folder (without . and ..), sorted by byte value. Free with hvc_names_free. */
typedef struct hvc_names {
    char **items;
    size_t count;
} hvc_names;

hvc_status hvc_folder_list(const char *path, hvc_names *ret_names, hvc_error *error);
void hvc_names_free(hvc_names *names);

/* What separates the names of a path here. Paths are joined with '/', which every system takes. */
bool hvc_is_separator(char c);

#endif
