/* A folder: its entries in the order of their names' bytes. Folders in it are entries too, which
 * the walk opens in turn, so that one listing a level is all that is kept. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "source/kind.h"

typedef struct folder {
    char *path;
    hvc_names names;
    size_t next;
} folder;

static bool folder_claims(const hvc_entry *entry)
{
    return entry->kind == HVC_FILE_FOLDER;
}

static void folder_close(void *state)
{
    folder *self = state;
    if (self == NULL)
        return;
    hvc_names_free(&self->names);
    free(self->path);
    free(self);
}

static hvc_status folder_open(const char *path, void **ret_state, hvc_error *error)
{
    folder *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return hvc_fail_memory(error);
    self->path = strdup(path);
    hvc_status status =
        self->path == NULL ? hvc_fail_memory(error) : hvc_folder_list(path, &self->names, error);
    if (status != HVC_OK) {
        folder_close(self);
        return status;
    }
    *ret_state = self;
    return HVC_OK;
}

static char *join(const char *path, const char *name)
{
    size_t length = strlen(path), name_length = strlen(name);
    bool slash = length > 0 && !hvc_is_separator(path[length - 1]);
    char *joined = malloc(length + slash + name_length + 1);
    if (joined == NULL)
        return NULL;
    memcpy(joined, path, length);
    if (slash)
        joined[length] = '/';
    memcpy(joined + length + slash, name, name_length + 1);
    return joined;
}

static hvc_status folder_next(void *state, hvc_entry *ret_entry, bool *ret_more, hvc_error *error)
{
    folder *self = state;
    *ret_more = self->next < self->names.count;
    if (!*ret_more)
        return HVC_OK;
    char *path = join(self->path, self->names.items[self->next]);
    if (path == NULL)
        return hvc_fail_memory(error);
    self->next++;
    ret_entry->path = path;
    ret_entry->failed = hvc_file_kind_of(path, false, &ret_entry->kind, &ret_entry->error);
    return HVC_OK;
}

const hvc_source hvc_source_folder = {
    .name = "folder",
    .claims = folder_claims,
    .open = folder_open,
    .next = folder_next,
    .close = folder_close,
};
