/* A folder that holds a Windows system, read as Windows reads it: names without the case of ASCII
 * letters, whatever the file system below thinks of it, and nothing outside the folder. Links
 * inside it are not followed, whereto ever they lead; nor is "..". */
#ifndef MACHINE_TREE_H
#define MACHINE_TREE_H

#include <hvcheck/status.h>

#include "base/arena.h"
#include "base/file.h"

typedef struct hvc_tree hvc_tree;

typedef enum hvc_tree_state {
    HVC_TREE_FOUND,
    HVC_TREE_ABSENT,
    HVC_TREE_UNREADABLE, /* why says what stood in the way */
} hvc_tree_state;

typedef struct hvc_tree_entry {
    hvc_tree_state state;
    hvc_file_kind kind; /* FOUND: REGULAR or FOLDER */
    const char *path;   /* FOUND: on this host */
    const char *why;    /* UNREADABLE: one line */
} hvc_tree_entry;

/* The folder itself may be a link. */
hvc_status hvc_tree_open(const char *root, hvc_tree **ret_tree, hvc_error *error);
void hvc_tree_free(hvc_tree *tree);

/* Looks up a path below the root, its names separated by '/' or '\\'. The texts are in the tree's
 * arena. HVC_E_MEMORY is the only failure. */
hvc_status hvc_tree_find(hvc_tree *tree, const char *path, hvc_tree_entry *ret_entry,
                         hvc_error *error);

/* Whether two names are the same to Windows, as far as ASCII letters go. */
bool hvc_same_name(const char *a, const char *b);

/* The first bytes of a file, however large it is: *ret_size of at most size. False when it cannot
 * be read. */
bool hvc_file_peek(const char *path, uint8_t *bytes, size_t size, size_t *ret_size);

#endif
