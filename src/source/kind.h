/* How a kind of source is written: one file that defines an hvc_source, and its line in
 * sources.list. */
#ifndef SOURCE_KIND_H
#define SOURCE_KIND_H

#include "source/source.h"

/* Something met on the way: a path that the user named, or what a container holds. */
typedef struct hvc_entry {
    char *path; /* malloc'd */
    hvc_file_kind kind;
    bool named;
    hvc_status failed; /* what it is could not be found out: error holds why */
    hvc_error error;
} hvc_entry;

/* A leaf makes one item of an entry and loads its bytes. A container makes more entries of one: it
 * has open, next and close, and load as well when its entries are not files of the operating
 * system. */
struct hvc_source {
    const char *name;
    /* True when this source reads the entry. The sources are asked in the order of sources.list. */
    bool (*claims)(const hvc_entry *entry);
    hvc_status (*open)(const char *path, void **ret_state, hvc_error *error);
    /* Fills a zeroed entry; *ret_more is false behind the last one. */
    hvc_status (*next)(void *state, hvc_entry *ret_entry, bool *ret_more, hvc_error *error);
    void (*close)(void *state);
    /* As hvc_item_load. */
    hvc_status (*load)(const hvc_item *item, hvc_bytes *bytes, bool *ret_pe, hvc_error *error);
};

#define SOURCE(name) extern const hvc_source hvc_source_##name;
#include "source/sources.list"
#undef SOURCE

#endif
