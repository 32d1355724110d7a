/* Where drivers come from: one file per kind of source, each behind this. A source turns a path
 * into items, in a stable order; a worker thread then loads each item's bytes. */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include <stdbool.h>

#include <hvcheck/status.h>

#include "base/file.h"

/* A kind of source: source/kind.h. */
typedef struct hvc_source hvc_source;

/* One thing to evaluate. */
typedef struct hvc_item {
    char *path;               /* malloc'd; how reports name it */
    const hvc_source *source; /* what loads it */
    bool named;               /* the user named it: being no driver is an error, not a skip */
    bool is_stdin;
    hvc_status failed; /* listing it failed (an unreadable folder): error holds why */
    hvc_error error;
} hvc_item;

void hvc_item_clear(hvc_item *item);

/* Walks all the paths of a scan. */
typedef struct hvc_walk hvc_walk;

/* The paths must outlive the walk. */
hvc_status hvc_walk_new(const char *const *paths, size_t path_count, hvc_walk **ret_walk,
                        hvc_error *error);
/* The next item; *ret_more is false behind the last one. A path that cannot be listed is an item
 * with failed set. Links inside a folder are not followed and are counted in *skipped. */
hvc_status hvc_walk_next(hvc_walk *walk, hvc_item *ret_item, bool *ret_more, uint64_t *skipped,
                         hvc_error *error);
void hvc_walk_free(hvc_walk *walk);

/* Reads an item's bytes; *ret_pe is false when they cannot be a PE image (only the first bytes are
 * then there). Thread-safe. */
hvc_status hvc_item_load(const hvc_item *item, hvc_bytes *bytes, bool *ret_pe, hvc_error *error);

#endif
