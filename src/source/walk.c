/* The walk over all the paths of a scan: a stack of open containers, whose top gives the next
 * entry. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "source/kind.h"

#define SOURCE(name) &hvc_source_##name,
static const hvc_source *const sources[] = {
#include "source/sources.list"
};
#undef SOURCE

/* The folder that was given, and those below it. */
enum { LEVELS = HVC_MAX_PATH_DEPTH + 1 };

typedef struct level {
    const hvc_source *source;
    void *state;
} level;

struct hvc_walk {
    const char *const *paths;
    size_t path_count, next_path;
    level levels[LEVELS];
    unsigned depth;
    bool stdin_taken;
};

void hvc_item_clear(hvc_item *item)
{
    free(item->path);
    *item = (hvc_item){0};
}

hvc_status hvc_walk_new(const char *const *paths, size_t path_count, hvc_walk **ret_walk,
                        hvc_error *error)
{
    hvc_walk *walk = calloc(1, sizeof(*walk));
    if (walk == NULL)
        return hvc_fail_memory(error);
    walk->paths = paths;
    walk->path_count = path_count;
    *ret_walk = walk;
    return HVC_OK;
}

static void close_level(hvc_walk *walk)
{
    level *top = &walk->levels[--walk->depth];
    top->source->close(top->state);
}

void hvc_walk_free(hvc_walk *walk)
{
    if (walk == NULL)
        return;
    while (walk->depth > 0)
        close_level(walk);
    free(walk);
}

/* The next path that the user named, as an entry; links are followed. */
static hvc_status next_named(hvc_walk *walk, hvc_entry *entry, bool *ret_more, hvc_error *error)
{
    *ret_more = walk->next_path < walk->path_count;
    if (!*ret_more)
        return HVC_OK;
    entry->path = strdup(walk->paths[walk->next_path]);
    if (entry->path == NULL)
        return hvc_fail_memory(error);
    walk->next_path++;
    entry->named = true;
    entry->kind = HVC_FILE_OTHER;
    if (strcmp(entry->path, "-") != 0)
        entry->failed = hvc_file_kind_of(entry->path, true, &entry->kind, &entry->error);
    return HVC_OK;
}

/* The next entry, from the innermost container that has one left. */
static hvc_status next_entry(hvc_walk *walk, hvc_entry *entry, bool *ret_more, hvc_error *error)
{
    while (walk->depth > 0) {
        level *top = &walk->levels[walk->depth - 1];
        hvc_status status = top->source->next(top->state, entry, ret_more, error);
        if (status != HVC_OK || *ret_more)
            return status;
        close_level(walk);
    }
    return next_named(walk, entry, ret_more, error);
}

static const hvc_source *source_of(const hvc_entry *entry)
{
    for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++)
        if (sources[i]->claims(entry))
            return sources[i];
    return NULL;
}

/* Puts a container on the stack. Why it cannot be listed goes to the entry: that stops no other
 * path. */
static hvc_status enter(hvc_walk *walk, const hvc_source *source, hvc_entry *entry,
                        hvc_error *error)
{
    if (walk->depth == LEVELS) {
        entry->failed =
            hvc_fail(&entry->error, HVC_E_LIMIT, "more than %d folders deep", HVC_MAX_PATH_DEPTH);
        return HVC_OK;
    }
    level *top = &walk->levels[walk->depth];
    entry->failed = source->open(entry->path, &top->state, &entry->error);
    if (entry->failed == HVC_E_MEMORY)
        return hvc_fail_memory(error);
    if (entry->failed == HVC_OK) {
        top->source = source;
        walk->depth++;
    }
    return HVC_OK;
}

hvc_status hvc_walk_next(hvc_walk *walk, hvc_item *ret_item, bool *ret_more, uint64_t *skipped,
                         hvc_error *error)
{
    for (;;) {
        hvc_entry entry = {0};
        bool more = false;
        hvc_status status = next_entry(walk, &entry, &more, error);
        if (status != HVC_OK || !more) {
            if (status == HVC_OK)
                *ret_more = false;
            return status;
        }
        const hvc_source *source = entry.failed == HVC_OK ? source_of(&entry) : NULL;
        bool passed_over = false;
        if (source != NULL && source->open != NULL) {
            status = enter(walk, source, &entry, error);
            passed_over = entry.failed == HVC_OK;
        } else if (source == &hvc_source_stdin) {
            /* Two workers would read it at once, each a part. */
            if (walk->stdin_taken)
                entry.failed =
                    hvc_fail(&entry.error, HVC_E_ARGUMENT, "standard input can be read only once");
            walk->stdin_taken = true;
        } else if (source == NULL && entry.failed == HVC_OK) {
            /* A link or something special: not followed inside a folder, no driver when named. */
            passed_over = !entry.named;
            if (passed_over)
                ++*skipped;
            else
                entry.failed = hvc_fail(&entry.error, HVC_E_IO, "not a regular file");
        }
        if (status != HVC_OK || passed_over) {
            free(entry.path);
            if (status != HVC_OK)
                return status;
            continue;
        }
        *ret_item = (hvc_item){
            .path = entry.path,
            .source = source,
            .named = entry.named,
            .is_stdin = source == &hvc_source_stdin,
            .failed = entry.failed,
            .error = entry.error,
        };
        *ret_more = true;
        return HVC_OK;
    }
}

hvc_status hvc_item_load(const hvc_item *item, hvc_bytes *bytes, bool *ret_pe, hvc_error *error)
{
    if (item->source == NULL || item->source->load == NULL)
        return hvc_fail(error, HVC_E_ARGUMENT, "the item has nothing to load");
    return item->source->load(item, bytes, ret_pe, error);
}
