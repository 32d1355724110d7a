#include "machine/linux_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/limits.h"

enum { PIECE = 4096, MAX_PATH = 4096, MAX_LINKS = 40 };

hvc_status hvc_linux_tree_open(hvc_arena *arena, const char *sysroot, hvc_linux_tree *ret_tree,
                               hvc_error *error)
{
    hvc_linux_tree tree = {arena, -1};
    if (sysroot != NULL) {
        tree.root = open(sysroot, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (tree.root < 0)
            return hvc_fail(error, HVC_E_IO, "%s", strerror(errno));
    }
    *ret_tree = tree;
    return HVC_OK;
}

void hvc_linux_tree_close(hvc_linux_tree *tree)
{
    if (tree->root >= 0)
        close(tree->root);
    tree->root = -1;
}

/* A path below the root that leads through no link, and what is still to be walked from there. */
typedef struct walk {
    char done[MAX_PATH], todo[MAX_PATH];
    unsigned links;
} walk;

/* out may be first. */
static bool join(char *out, const char *first, const char *second)
{
    char made[MAX_PATH];
    int length = snprintf(made, sizeof(made), "%s/%s", first, second);
    if (length < 0 || length >= MAX_PATH) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(out, made, (size_t)length + 1);
    return true;
}

/* One name further. A link is replaced by its target, which an absolute one takes from the root of
 * the tree; from the root, .. leads nowhere. */
static bool step(const hvc_linux_tree *tree, walk *it, bool follow_last)
{
    char name[MAX_PATH], target[MAX_PATH];
    size_t length = strcspn(it->todo, "/");
    memcpy(name, it->todo, length);
    name[length] = 0;
    memmove(it->todo, it->todo + length + (it->todo[length] == '/'),
            strlen(it->todo + length) + (it->todo[length] != '/'));
    char *last = strrchr(it->done, '/');
    if (name[0] == 0 || strcmp(name, ".") == 0)
        return true;
    if (strcmp(name, "..") == 0) {
        if (last != NULL)
            *last = 0;
        return true;
    }
    if (!join(it->done, it->done, name))
        return false;
    if (it->todo[0] == 0 && !follow_last)
        return true;
    ssize_t size = readlinkat(tree->root, it->done + 1, target, sizeof(target) - 1);
    if (size < 0)
        return true; /* no link; what else it is shows when it is opened */
    target[size] = 0;
    if (++it->links > MAX_LINKS) {
        errno = ELOOP;
        return false;
    }
    *(target[0] == '/' ? it->done : strrchr(it->done, '/')) = 0;
    return join(it->todo, target, it->todo);
}

static int open_path(const hvc_linux_tree *tree, const char *path, int flags)
{
    flags |= O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    if (tree->root < 0)
        return open(path, flags);
    walk it = {.links = 0};
    if (!join(it.todo, "", path + 1))
        return -1;
    while (it.todo[0] != 0) {
        if (!step(tree, &it, (flags & O_NOFOLLOW) == 0))
            return -1;
    }
    return openat(tree->root, it.done[0] != 0 ? it.done + 1 : ".", flags | O_NOFOLLOW);
}

static hvc_linux_tree_state state_of_errno(void)
{
    if (errno == ENOENT || errno == ENOTDIR)
        return HVC_LINUX_TREE_ABSENT;
    return errno == EACCES || errno == EPERM ? HVC_LINUX_TREE_DENIED : HVC_LINUX_TREE_FAILED;
}

static hvc_linux_tree_state read_all(int fd, hvc_buffer *out)
{
    char piece[PIECE];
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return HVC_LINUX_TREE_FAILED;
    while (out->size <= HVC_MAX_SYSTEM_FILE) {
        ssize_t got = read(fd, piece, sizeof(piece));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno == EACCES || errno == EPERM ? HVC_LINUX_TREE_DENIED
                                                     : HVC_LINUX_TREE_FAILED;
        if (got == 0)
            return out->failed ? HVC_LINUX_TREE_FAILED : HVC_LINUX_TREE_READ;
        hvc_buffer_put(out, piece, (size_t)got);
    }
    return HVC_LINUX_TREE_FAILED;
}

hvc_linux_tree_state hvc_linux_tree_read(const hvc_linux_tree *tree, const char *path,
                                         hvc_span *ret_bytes)
{
    int fd = open_path(tree, path, O_RDONLY);
    if (fd < 0)
        return state_of_errno();
    hvc_buffer buffer = HVC_BUFFER_INIT;
    hvc_linux_tree_state state = read_all(fd, &buffer);
    close(fd);
    if (buffer.failed)
        tree->arena->failed = true;
    if (state == HVC_LINUX_TREE_READ) {
        const char *copy = hvc_arena_text(tree->arena, (hvc_text){buffer.data, buffer.size});
        if (copy != NULL)
            *ret_bytes = (hvc_span){(const uint8_t *)copy, buffer.size};
        else
            state = HVC_LINUX_TREE_FAILED;
    }
    hvc_buffer_free(&buffer);
    return state;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

hvc_linux_tree_state hvc_linux_tree_list(const hvc_linux_tree *tree, const char *path,
                                         const char *const **ret_names, size_t *ret_count)
{
    int fd = open_path(tree, path, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return state_of_errno();
    DIR *folder = fdopendir(fd);
    if (folder == NULL) {
        close(fd);
        return HVC_LINUX_TREE_FAILED;
    }
    HVC_VECTOR(const char *) names = {NULL, 0, 0};
    hvc_linux_tree_state state = HVC_LINUX_TREE_READ;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        if (names.count >= HVC_MAX_SYSTEM_ENTRIES) {
            state = HVC_LINUX_TREE_FAILED;
            break;
        }
        const char **name = hvc_vector_add(tree->arena, &names);
        if (name == NULL || (*name = hvc_arena_strdup(tree->arena, entry->d_name)) == NULL) {
            state = HVC_LINUX_TREE_FAILED;
            break;
        }
    }
    closedir(folder);
    if (state != HVC_LINUX_TREE_READ)
        return state;
    if (names.count > 1)
        qsort(names.items, names.count, sizeof(*names.items), compare_names);
    *ret_names = names.items;
    *ret_count = names.count;
    return HVC_LINUX_TREE_READ;
}

bool hvc_linux_tree_exists(const hvc_linux_tree *tree, const char *path)
{
    int fd = open_path(tree, path, O_PATH);
    if (fd < 0)
        return errno == EACCES;
    close(fd);
    return true;
}

const char *hvc_linux_tree_line(const hvc_linux_tree *tree, const char *path)
{
    hvc_span bytes;
    if (hvc_linux_tree_read(tree, path, &bytes) != HVC_LINUX_TREE_READ)
        return NULL;
    const char *text = (const char *)bytes.data;
    size_t size = 0;
    while (size < bytes.size && text[size] != '\n' && text[size] != 0)
        size++;
    while (size > 0 && (*text == ' ' || *text == '\t'))
        text++, size--;
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t'))
        size--;
    return size > 0 ? hvc_linux_tree_text(tree, (hvc_text){text, size}) : NULL;
}

const char *hvc_linux_tree_text(const hvc_linux_tree *tree, hvc_text text)
{
    for (size_t at = 0; at < text.size;) {
        unsigned code_point;
        size_t used = hvc_utf8_decode(text.data + at, text.size - at, &code_point);
        if (used == 0 || code_point == 0)
            return NULL;
        at += used;
    }
    return hvc_arena_text(tree->arena, text);
}

const char *hvc_linux_tree_link(const hvc_linux_tree *tree, const char *path)
{
    int fd = open_path(tree, path, O_PATH | O_NOFOLLOW);
    if (fd < 0)
        return NULL;
    char target[MAX_PATH];
    ssize_t size = readlinkat(fd, "", target, sizeof(target));
    close(fd);
    if (size <= 0 || size == (ssize_t)sizeof(target))
        return NULL;
    return hvc_arena_text(tree->arena, (hvc_text){target, (size_t)size});
}

const char *hvc_linux_tree_state_text(hvc_linux_tree_state state)
{
    static const char *const texts[] = {"it was read", "it is not there", "permission denied",
                                        "it cannot be read"};
    return texts[state];
}
