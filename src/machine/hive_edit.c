#include "machine/hive_edit.h"

#include <errno.h>
#include <hivex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "machine/facts.h"
#include "machine/offline_target.h"

enum {
    CHECKSUMMED = 127, /* double words of the base block below its checksum */
    TIME_AT = 12,
    CHECKSUM_AT = 508,
    BASE_BLOCK = 4096,
    MAX_EDITED_VALUES = 4096, /* of one key */
    MAX_EDITED_DATA = 16344,  /* longer data has a form of its own, which hivex does not write */
};

typedef struct hive_editor {
    hive_h *hive;
    hvc_arena arena;
    uint32_t control_set;
    bool changed;
    hvc_error *error;
} hive_editor;

static hvc_status fail_errno(const hive_editor *editor, const char *what)
{
    int number = errno;
    return hvc_fail(editor->error, number == ENOMEM ? HVC_E_MEMORY : HVC_E_UNSUPPORTED,
                    "hivex, %s: %s", what, strerror(number));
}

/* The child of a name, 0 when there is none. hivex compares names as libc does, we as Windows does;
 * all names that plans use are ASCII. */
static hive_node_h child(const hive_editor *editor, hive_node_h node, const char *name)
{
    return hivex_node_get_child(editor->hive, node, name);
}

/* The node at a path below the root; 0 when it is not there. create: makes what is missing. */
static hvc_status find_node(hive_editor *editor, const char *key, bool create,
                            hive_node_h *ret_node)
{
    char *path = hvc_hive_path(&editor->arena, key, editor->control_set);
    if (path == NULL)
        return hvc_fail(editor->error, HVC_E_ARGUMENT, "%s is not in this hive", key);
    hive_node_h node = hivex_root(editor->hive);
    if (node == 0)
        return fail_errno(editor, "reading the root");
    for (char *name = path; name != NULL && node != 0;) {
        char *end = strchr(name, '\\');
        if (end != NULL)
            *end = '\0';
        hive_node_h next = child(editor, node, name);
        if (next == 0 && create) {
            next = hivex_node_add_child(editor->hive, node, name);
            if (next == 0)
                return fail_errno(editor, "adding a key");
            editor->changed = true;
        }
        node = next;
        name = end != NULL ? end + 1 : NULL;
    }
    *ret_node = node;
    return HVC_OK;
}

typedef struct value_list {
    hive_set_value *items;
    size_t count;
} value_list;

static void free_values(value_list *values)
{
    for (size_t i = 0; i < values->count; i++) {
        free(values->items[i].key);
        free(values->items[i].value);
    }
    free(values->items);
}

/* All values of a key, with room for one more. */
static hvc_status read_values(hive_editor *editor, hive_node_h node, value_list *ret_values)
{
    hive_value_h *handles = hivex_node_values(editor->hive, node);
    if (handles == NULL)
        return fail_errno(editor, "listing values");
    size_t count = 0;
    while (handles[count] != 0)
        count++;
    value_list read = {calloc(count + 1, sizeof(*read.items)), 0};
    hvc_status status = read.items == NULL ? hvc_fail_memory(editor->error) : HVC_OK;
    if (status == HVC_OK && count > MAX_EDITED_VALUES)
        status = hvc_fail(editor->error, HVC_E_LIMIT, "a key with %zu values", count);
    for (size_t i = 0; i < count && status == HVC_OK; i++) {
        hive_set_value *value = &read.items[read.count++];
        value->key = hivex_value_key(editor->hive, handles[i]);
        value->value = hivex_value_value(editor->hive, handles[i], &value->t, &value->len);
        if (value->key == NULL || value->value == NULL)
            status = fail_errno(editor, "reading a value");
        else if (value->len > MAX_EDITED_DATA)
            status =
                hvc_fail(editor->error, HVC_E_UNSUPPORTED,
                         "the key has a value of %zu bytes, too long to be rewritten", value->len);
    }
    free(handles);
    if (status == HVC_OK)
        *ret_values = read;
    else
        free_values(&read);
    return status;
}

static hvc_status set_in(hive_editor *editor, value_list *values, size_t index,
                         const hvc_change *change)
{
    const hvc_registry_value *wanted = &change->new_value;
    hive_set_value *value = &values->items[index];
    if (index < values->count && value->t == (hive_type)wanted->type &&
        value->len == wanted->size &&
        (wanted->size == 0 || memcmp(value->value, wanted->data, wanted->size) == 0))
        return HVC_OK;
    char *data = malloc(wanted->size + 1);
    if (data == NULL)
        return hvc_fail_memory(editor->error);
    if (wanted->size > 0)
        memcpy(data, wanted->data, wanted->size);
    if (index == values->count) {
        value->key = strdup(change->name);
        values->count++;
    }
    free(value->value);
    value->value = data;
    value->len = wanted->size;
    value->t = (hive_type)wanted->type;
    editor->changed = true;
    return value->key != NULL ? HVC_OK : hvc_fail_memory(editor->error);
}

static hvc_status change_value(hive_editor *editor, const hvc_change *change)
{
    bool set = change->kind == HVC_CHANGE_SET_VALUE;
    hive_node_h node = 0;
    hvc_status status = find_node(editor, change->key, set, &node);
    if (status != HVC_OK || node == 0)
        return status;
    bool changed_before = editor->changed;
    value_list values = {NULL, 0};
    status = read_values(editor, node, &values);
    if (status != HVC_OK)
        return status;
    size_t index = 0;
    while (index < values.count && hvc_registry_compare(values.items[index].key, change->name) != 0)
        index++;
    editor->changed = false;
    if (set) {
        status = set_in(editor, &values, index, change);
    } else if (index < values.count) {
        free(values.items[index].key);
        free(values.items[index].value);
        memmove(&values.items[index], &values.items[index + 1],
                (--values.count - index) * sizeof(*values.items));
        editor->changed = true;
    }
    if (status == HVC_OK && editor->changed &&
        hivex_node_set_values(editor->hive, node, values.count, values.items, 0) != 0)
        status = fail_errno(editor, "writing values");
    editor->changed = editor->changed || changed_before;
    free_values(&values);
    return status;
}

static hvc_status make_change(hive_editor *editor, const hvc_change *change)
{
    hive_node_h node = 0;
    hvc_status status = HVC_OK;
    switch (change->kind) {
    case HVC_CHANGE_SET_VALUE:
    case HVC_CHANGE_DELETE_VALUE:
        return change_value(editor, change);
    case HVC_CHANGE_CREATE_KEY:
        return find_node(editor, change->key, true, &node);
    case HVC_CHANGE_DELETE_KEY:
        status = find_node(editor, change->key, false, &node);
        if (status != HVC_OK || node == 0)
            return status;
        editor->changed = true;
        return hivex_node_delete_child(editor->hive, node) == 0
                   ? HVC_OK
                   : fail_errno(editor, "deleting a key");
    default:
        return HVC_OK;
    }
}

static void put32(uint8_t *at, uint32_t number)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(number >> 8 * i);
}

/* hivex leaves the time of the last writing as it was. */
static void stamp(uint8_t *data, uint64_t filetime)
{
    put32(data + TIME_AT, (uint32_t)filetime);
    put32(data + TIME_AT + 4, (uint32_t)(filetime >> 32));
    uint32_t sum = 0;
    for (size_t i = 0; i < CHECKSUMMED; i++)
        sum ^= hvc_le32(data + 4 * i);
    put32(data + CHECKSUM_AT, sum == 0 ? 1 : sum == UINT32_MAX ? UINT32_MAX - 1 : sum);
}

static hvc_status read_back(hive_editor *editor, int fd, uint64_t filetime, uint8_t **ret_data,
                            size_t *ret_size)
{
    off_t size = lseek(fd, 0, SEEK_END);
    if (size < BASE_BLOCK)
        return hvc_fail(editor->error, HVC_E_UNSUPPORTED, "hivex wrote no hive");
    uint8_t *data = malloc((size_t)size);
    if (data == NULL)
        return hvc_fail_memory(editor->error);
    for (size_t done = 0; done < (size_t)size;) {
        ssize_t got = pread(fd, data + done, (size_t)size - done, (off_t)done);
        if (got <= 0) {
            free(data);
            return fail_errno(editor, "reading the result");
        }
        done += (size_t)got;
    }
    stamp(data, filetime);
    *ret_data = data;
    *ret_size = (size_t)size;
    return HVC_OK;
}

static hvc_status edit(hive_editor *editor, int fd, const hvc_plan *plan, hvc_span image)
{
    for (size_t done = 0; done < image.size;) {
        ssize_t written = write(fd, image.data + done, image.size - done);
        if (written < 0)
            return fail_errno(editor, "copying the hive");
        done += (size_t)written;
    }
    /* hivex opens files by name alone. */
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    editor->hive = hivex_open(path, HIVEX_OPEN_WRITE);
    if (editor->hive == NULL)
        return fail_errno(editor, "opening the hive");
    hvc_status status = HVC_OK;
    for (size_t i = 0; i < plan->change_count && status == HVC_OK; i++)
        status = make_change(editor, &plan->changes[i]);
    if (status == HVC_OK && editor->changed && hivex_commit(editor->hive, NULL, 0) != 0)
        status = fail_errno(editor, "writing the hive");
    return status;
}

hvc_status hvc_hive_edit(hvc_span image, const hvc_plan *plan, uint32_t control_set,
                         uint64_t filetime, bool *ret_changed, uint8_t **ret_data, size_t *ret_size,
                         hvc_error *error)
{
    hive_editor editor = {.control_set = control_set, .error = error};
    int fd = memfd_create("hvcheck-hive", MFD_CLOEXEC);
    if (fd < 0)
        return fail_errno(&editor, "making room");
    hvc_status status = edit(&editor, fd, plan, image);
    if (editor.hive != NULL)
        hivex_close(editor.hive);
    if (status == HVC_OK && editor.changed)
        status = read_back(&editor, fd, filetime, ret_data, ret_size);
    close(fd);
    hvc_arena_free(&editor.arena);
    if (status == HVC_OK)
        *ret_changed = editor.changed;
    return status;
}
