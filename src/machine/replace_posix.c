#include "machine/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"

enum { PIECE = 4096, MAX_ATTRIBUTES = 1 << 20 };

static hvc_status fail_errno(hvc_error *error, const char *path, const char *what)
{
    int number = errno;
    return hvc_fail(error, number == ENOMEM ? HVC_E_MEMORY : HVC_E_IO, "%s %s: %s", what, path,
                    strerror(number));
}

static hvc_status step(const hvc_file_hook *hook, const char *what, const char *path,
                       hvc_error *error)
{
    if (hook == NULL || hook->before(hook->context, what, path))
        return HVC_OK;
    return hvc_fail(error, HVC_E_CANCELLED, "stopped before: %s %s", what, path);
}

/* In pieces, each a step: a power cut can fall between any two. */
static hvc_status write_all(int fd, const char *path, hvc_span bytes, const hvc_file_hook *hook,
                            hvc_error *error)
{
    for (size_t done = 0; done < bytes.size;) {
        hvc_status status = step(hook, "write", path, error);
        if (status != HVC_OK)
            return status;
        size_t size = bytes.size - done < PIECE ? bytes.size - done : PIECE;
        ssize_t written = write(fd, bytes.data + done, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return fail_errno(error, path, "writing");
        done += (size_t)written;
    }
    hvc_status status = step(hook, "fsync", path, error);
    if (status == HVC_OK && fsync(fd) != 0)
        status = fail_errno(error, path, "synchronising");
    return status;
}

static hvc_status copy_attribute(int from, int to, const char *name, const char *path,
                                 hvc_error *error)
{
    ssize_t size = fgetxattr(from, name, NULL, 0);
    if (size < 0 || size > MAX_ATTRIBUTES)
        return fail_errno(error, path, "reading an extended attribute of");
    char *value = malloc((size_t)size + 1);
    if (value == NULL)
        return hvc_fail_memory(error);
    hvc_status status = HVC_OK;
    size = fgetxattr(from, name, value, (size_t)size);
    if (size < 0 || fsetxattr(to, name, value, (size_t)size, 0) != 0)
        status = fail_errno(error, path, "copying an extended attribute of");
    free(value);
    return status;
}

static hvc_status copy_attributes(int from, int to, const char *path, hvc_error *error)
{
    ssize_t size = flistxattr(from, NULL, 0);
    if (size < 0)
        return errno == ENOTSUP ? HVC_OK : fail_errno(error, path, "listing attributes of");
    if (size == 0 || size > MAX_ATTRIBUTES)
        return HVC_OK;
    char *names = malloc((size_t)size + 1);
    if (names == NULL)
        return hvc_fail_memory(error);
    size = flistxattr(from, names, (size_t)size);
    hvc_status status = size < 0 ? fail_errno(error, path, "listing attributes of") : HVC_OK;
    for (ssize_t i = 0; status == HVC_OK && i < size; i += (ssize_t)strlen(names + i) + 1)
        status = copy_attribute(from, to, names + i, path, error);
    free(names);
    return status;
}

/* Gives the new file what belongs to the old one besides its bytes. */
static hvc_status dress(int old, int new, const char *path, hvc_error *error)
{
    struct stat state, own;
    if (fstat(old, &state) != 0 || fstat(new, &own) != 0)
        return fail_errno(error, path, "reading the state of");
    if (!S_ISREG(state.st_mode))
        return hvc_fail(error, HVC_E_IO, "%s is no regular file", path);
    if (state.st_nlink > 1)
        return hvc_fail(error, HVC_E_UNSUPPORTED, "%s has several hard links", path);
    if ((state.st_uid != own.st_uid || state.st_gid != own.st_gid) &&
        fchown(new, state.st_uid, state.st_gid) != 0)
        return fail_errno(error, path, "keeping the owner of");
    hvc_status status = copy_attributes(old, new, path, error);
    if (status == HVC_OK && fchmod(new, state.st_mode & 07777) != 0)
        status = fail_errno(error, path, "keeping the mode of");
    return status;
}

static hvc_status sync_parent(const char *path, const hvc_file_hook *hook, hvc_error *error)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return hvc_sync_folder(".", hook, error);
    char *folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    if (folder == NULL)
        return hvc_fail_memory(error);
    hvc_status status = hvc_sync_folder(folder, hook, error);
    free(folder);
    return status;
}

static hvc_status fill_new(const char *path, const char *fresh, hvc_span bytes,
                           const hvc_file_hook *hook, hvc_error *error)
{
    hvc_status status = step(hook, "create", fresh, error);
    if (status != HVC_OK)
        return status;
    /* One that is left over from a power cut is of no use. */
    if (unlink(fresh) != 0 && errno != ENOENT)
        return fail_errno(error, fresh, "removing");
    int new = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (new < 0)
        return fail_errno(error, fresh, "creating");
    int old = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (old < 0 && errno != ENOENT)
        status = fail_errno(error, path, "opening");
    if (status == HVC_OK && old >= 0)
        status = dress(old, new, path, error);
    else if (status == HVC_OK && fchmod(new, 0644) != 0)
        status = fail_errno(error, fresh, "setting the mode of");
    if (status == HVC_OK)
        status = write_all(new, fresh, bytes, hook, error);
    if (old >= 0)
        close(old);
    if (close(new) != 0 && status == HVC_OK)
        status = fail_errno(error, fresh, "closing");
    return status;
}

hvc_status hvc_replace_file(const char *path, hvc_span bytes, const hvc_file_hook *hook,
                            hvc_error *error)
{
    hvc_buffer fresh = HVC_BUFFER_INIT;
    hvc_buffer_printf(&fresh, "%s.hvcheck-new", path);
    if (fresh.failed) {
        hvc_buffer_free(&fresh);
        return hvc_fail_memory(error);
    }
    hvc_status status = fill_new(path, fresh.data, bytes, hook, error);
    if (status == HVC_OK)
        status = step(hook, "rename", path, error);
    if (status == HVC_OK && rename(fresh.data, path) != 0)
        status = fail_errno(error, path, "replacing");
    else if (status == HVC_OK)
        status = sync_parent(path, hook, error);
    if (status != HVC_OK && status != HVC_E_CANCELLED)
        unlink(fresh.data);
    hvc_buffer_free(&fresh);
    return status;
}

hvc_status hvc_remove_file(const char *path, const hvc_file_hook *hook, hvc_error *error)
{
    hvc_status status = step(hook, "remove", path, error);
    if (status == HVC_OK && unlink(path) != 0 && errno != ENOENT)
        return fail_errno(error, path, "removing");
    return status == HVC_OK ? sync_parent(path, hook, error) : status;
}

hvc_status hvc_save_file(const char *folder, const char *name, hvc_span bytes,
                         const hvc_file_hook *hook, hvc_error *error)
{
    hvc_buffer path = HVC_BUFFER_INIT;
    hvc_buffer_printf(&path, "%s/%s", folder, name);
    if (path.failed) {
        hvc_buffer_free(&path);
        return hvc_fail_memory(error);
    }
    hvc_status status = step(hook, "create", path.data, error);
    int fd = -1;
    if (status == HVC_OK) {
        fd = open(path.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
            status = fail_errno(error, path.data, "creating");
    }
    if (status == HVC_OK)
        status = write_all(fd, path.data, bytes, hook, error);
    if (fd >= 0 && close(fd) != 0 && status == HVC_OK)
        status = fail_errno(error, path.data, "closing");
    hvc_buffer_free(&path);
    return status;
}

hvc_status hvc_make_folder(const char *path, const hvc_file_hook *hook, hvc_error *error)
{
    hvc_status status = step(hook, "mkdir", path, error);
    if (status == HVC_OK && mkdir(path, 0700) != 0)
        return fail_errno(error, path, "creating the folder");
    return status == HVC_OK ? sync_parent(path, hook, error) : status;
}

hvc_status hvc_sync_folder(const char *path, const hvc_file_hook *hook, hvc_error *error)
{
    hvc_status status = step(hook, "fsync folder", path, error);
    if (status != HVC_OK)
        return status;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(error, path, "opening");
    /* Some file systems cannot synchronise folders, and say so. */
    if (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP)
        status = fail_errno(error, path, "synchronising");
    close(fd);
    return status;
}
