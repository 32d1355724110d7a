/* Reading /proc and /sys of the running Linux, or of a tree of files that was taken from one. A
 * link in such a tree leads nowhere out of it. linux_tree.c */
#ifndef MACHINE_LINUX_TREE_H
#define MACHINE_LINUX_TREE_H

#include <stdbool.h>

#include <hvcheck/status.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/span.h"

typedef struct hvc_linux_tree {
    hvc_arena *arena; /* owns what the functions return */
    int root;         /* descriptor of the folder, -1: the running system */
} hvc_linux_tree;

typedef enum hvc_linux_tree_state {
    HVC_LINUX_TREE_READ,
    HVC_LINUX_TREE_ABSENT, /* no such file or folder */
    HVC_LINUX_TREE_DENIED, /* it is there, this user may not read it */
    HVC_LINUX_TREE_FAILED, /* it cannot be read, or is larger than such files are */
} hvc_linux_tree_state;

/* sysroot NULL: the running system. HVC_E_IO when it is no folder. */
hvc_status hvc_linux_tree_open(hvc_arena *arena, const char *sysroot, hvc_linux_tree *ret_tree,
                               hvc_error *error);
void hvc_linux_tree_close(hvc_linux_tree *tree);

/* Paths begin with a slash. A file is read to its end, whatever size the system gives it. */
hvc_linux_tree_state hvc_linux_tree_read(const hvc_linux_tree *tree, const char *path,
                                         hvc_span *ret_bytes);
/* The names in a folder, sorted. */
hvc_linux_tree_state hvc_linux_tree_list(const hvc_linux_tree *tree, const char *path,
                                         const char *const **ret_names, size_t *ret_count);
bool hvc_linux_tree_exists(const hvc_linux_tree *tree, const char *path);
/* The first line without the blanks around it; NULL when there is none, or it is no UTF-8. */
const char *hvc_linux_tree_line(const hvc_linux_tree *tree, const char *path);
/* A copy of text when it is UTF-8, else NULL. */
const char *hvc_linux_tree_text(const hvc_linux_tree *tree, hvc_text text);
/* Where a link leads, NULL when it is none. */
const char *hvc_linux_tree_link(const hvc_linux_tree *tree, const char *path);
/* "permission denied", for the reason why something is not known; never NULL. */
const char *hvc_linux_tree_state_text(hvc_linux_tree_state state);

#endif
