#include "machine/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"

/* A folder that was listed: services ask for the same few over and over. */
typedef struct listing {
    const char *path;
    hvc_names names;
    bool failed;
    const char *why;
} listing;

struct hvc_tree {
    hvc_arena arena;
    const char *root;
    HVC_VECTOR(listing) listings;
};

hvc_status hvc_tree_open(const char *root, hvc_tree **ret_tree, hvc_error *error)
{
    hvc_file_kind kind;
    hvc_status status = hvc_file_kind_of(root, true, &kind, error);
    if (status != HVC_OK)
        return status;
    if (kind != HVC_FILE_FOLDER)
        return hvc_fail(error, HVC_E_IO, "not a folder");
    hvc_tree *tree = calloc(1, sizeof(*tree));
    char *copy = tree == NULL ? NULL : hvc_arena_strdup(&tree->arena, root);
    if (copy == NULL) {
        hvc_tree_free(tree);
        return hvc_fail_memory(error);
    }
    size_t size = strlen(copy);
    while (size > 1 && copy[size - 1] == '/')
        copy[--size] = 0;
    tree->root = copy;
    *ret_tree = tree;
    return HVC_OK;
}

void hvc_tree_free(hvc_tree *tree)
{
    if (tree == NULL)
        return;
    for (size_t i = 0; i < tree->listings.count; i++)
        hvc_names_free(&tree->listings.items[i].names);
    hvc_arena_free(&tree->arena);
    free(tree);
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

bool hvc_same_name(const char *a, const char *b)
{
    while (*a != 0 && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

static int compare_names(const char *a, const char *b)
{
    for (; *a != 0 && lower(*a) == lower(*b); a++, b++)
        continue;
    return lower(*a) - lower(*b);
}

static int compare_items(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    int order = compare_names(x, y);
    return order != 0 ? order : strcmp(x, y);
}

bool hvc_file_peek(const char *path, uint8_t *bytes, size_t size, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    size_t got = fread(bytes, 1, size, file);
    bool fine = ferror(file) == 0;
    fclose(file);
    if (fine)
        *ret_size = got;
    return fine;
}

static hvc_status list(hvc_tree *tree, const char *path, const listing **ret_listing,
                       hvc_error *error)
{
    for (size_t i = 0; i < tree->listings.count; i++) {
        if (strcmp(tree->listings.items[i].path, path) == 0) {
            *ret_listing = &tree->listings.items[i];
            return HVC_OK;
        }
    }
    listing *added = hvc_vector_add(&tree->arena, &tree->listings);
    if (added == NULL)
        return hvc_fail_memory(error);
    hvc_error cause;
    added->path = hvc_arena_strdup(&tree->arena, path);
    hvc_status status = hvc_folder_list(path, &added->names, &cause);
    if (status == HVC_OK && added->names.count > HVC_MAX_FOLDER_NAMES)
        status = hvc_fail(&cause, HVC_E_LIMIT, "more than %d names", HVC_MAX_FOLDER_NAMES);
    if (status == HVC_OK && added->names.count > 1)
        qsort(added->names.items, added->names.count, sizeof(*added->names.items), compare_items);
    if (status != HVC_OK) {
        added->failed = true;
        added->why = hvc_arena_printf(&tree->arena, "%s: %s", path, cause.message);
    }
    if (status == HVC_E_MEMORY || tree->arena.failed)
        return hvc_fail_memory(error);
    *ret_listing = added;
    return HVC_OK;
}

/* The entry of a folder that name means. A name spelled exactly so goes before others; two others
 * that differ in case alone cannot be told apart. */
static const char *match(const hvc_names *names, const char *name, bool *ret_ambiguous)
{
    size_t low = 0, high = names->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_names(names->items[middle], name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    size_t count = 0;
    for (; low + count < names->count && hvc_same_name(names->items[low + count], name); count++) {
        if (strcmp(names->items[low + count], name) == 0) {
            *ret_ambiguous = false;
            return names->items[low + count];
        }
    }
    *ret_ambiguous = count > 1;
    return count > 0 ? names->items[low] : NULL;
}

/* One step down from entry->path, which is a folder. */
static hvc_status step(hvc_tree *tree, const char *name, hvc_tree_entry *entry, hvc_error *error)
{
    const listing *folder = NULL;
    bool ambiguous = false;
    hvc_error cause;
    hvc_status status = list(tree, entry->path, &folder, error);
    if (status != HVC_OK)
        return status;
    const char *found = folder->failed ? NULL : match(&folder->names, name, &ambiguous);
    if (folder->failed) {
        entry->state = HVC_TREE_UNREADABLE;
        entry->why = folder->why;
        return HVC_OK;
    }
    if (found == NULL) {
        entry->state = HVC_TREE_ABSENT;
        return HVC_OK;
    }
    const char *parent = entry->path;
    const char *slash = parent[strlen(parent) - 1] == '/' ? "" : "/";
    entry->path = hvc_arena_printf(&tree->arena, "%s%s%s", parent, slash, found);
    if (entry->path == NULL)
        return hvc_fail_memory(error);
    entry->state = HVC_TREE_UNREADABLE;
    if (ambiguous)
        entry->why =
            hvc_arena_printf(&tree->arena, "%s: several names differ in case alone", entry->path);
    else if (hvc_file_kind_of(entry->path, false, &entry->kind, &cause) != HVC_OK)
        entry->why = hvc_arena_printf(&tree->arena, "%s: %s", entry->path, cause.message);
    else if (entry->kind == HVC_FILE_LINK)
        entry->why =
            hvc_arena_printf(&tree->arena, "%s: a link, which is not followed", entry->path);
    else if (entry->kind == HVC_FILE_OTHER)
        entry->why = hvc_arena_printf(&tree->arena, "%s: neither file nor folder", entry->path);
    else
        entry->state = HVC_TREE_FOUND;
    return tree->arena.failed ? hvc_fail_memory(error) : HVC_OK;
}

hvc_status hvc_tree_find(hvc_tree *tree, const char *path, hvc_tree_entry *ret_entry,
                         hvc_error *error)
{
    hvc_tree_entry entry = {HVC_TREE_FOUND, HVC_FILE_FOLDER, tree->root, NULL};
    for (size_t depth = 0; *path != 0; depth++) {
        size_t size = strcspn(path, "/\\");
        if (size > 0 && !(size == 1 && *path == '.')) {
            char *name = hvc_arena_text(&tree->arena, (hvc_text){path, size});
            if (name == NULL)
                return hvc_fail_memory(error);
            if (depth > HVC_MAX_PATH_DEPTH || strcmp(name, "..") == 0) {
                entry.state = HVC_TREE_UNREADABLE;
                entry.why = "a path that leads upwards, or too deep";
                break;
            }
            if (entry.kind != HVC_FILE_FOLDER) {
                entry.state = HVC_TREE_ABSENT;
                break;
            }
            hvc_status status = step(tree, name, &entry, error);
            if (status != HVC_OK)
                return status;
            if (entry.state != HVC_TREE_FOUND)
                break;
        }
        path += size;
        path += *path != 0;
    }
    *ret_entry = entry;
    return HVC_OK;
}
