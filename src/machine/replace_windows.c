#include "machine/replace.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/support_windows.h"

enum { MAX_WRITE = 1 << 30 };

static hvc_status step(const hvc_file_hook *hook, const char *what, const char *path,
                       hvc_error *error)
{
    if (hook == NULL || hook->before(hook->context, what, path))
        return HVC_OK;
    return hvc_fail(error, HVC_E_CANCELLED, "stopped before: %s %s", what, path);
}

/* Makes a new file, on the disk when it returns. */
static hvc_status write_new(const wchar_t *path, DWORD disposition, hvc_span bytes,
                            hvc_error *error)
{
    HANDLE file =
        CreateFileW(path, GENERIC_WRITE, 0, NULL, disposition, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return hvc_fail_windows(error, GetLastError());
    hvc_status status = HVC_OK;
    for (size_t done = 0; status == HVC_OK && done < bytes.size;) {
        size_t rest = bytes.size - done;
        DWORD written = 0, size = rest < MAX_WRITE ? (DWORD)rest : MAX_WRITE;
        if (!WriteFile(file, bytes.data + done, size, &written, NULL))
            status = hvc_fail_windows(error, GetLastError());
        done += written;
    }
    if (status == HVC_OK && !FlushFileBuffers(file))
        status = hvc_fail_windows(error, GetLastError());
    CloseHandle(file);
    return status;
}

hvc_status hvc_replace_file(const char *path, hvc_span bytes, const hvc_file_hook *hook,
                            hvc_error *error)
{
    hvc_buffer fresh = HVC_BUFFER_INIT;
    hvc_buffer_printf(&fresh, "%s.hvcheck-new", path);
    wchar_t *wide = hvc_wide_path(path);
    wchar_t *wide_fresh = fresh.failed ? NULL : hvc_wide_path(fresh.data);
    hvc_status status = wide == NULL || wide_fresh == NULL ? hvc_fail_memory(error)
                                                           : step(hook, "write", path, error);
    if (status == HVC_OK)
        status = write_new(wide_fresh, CREATE_ALWAYS, bytes, error);
    if (status == HVC_OK)
        status = step(hook, "rename", path, error);
    if (status == HVC_OK &&
        !MoveFileExW(wide_fresh, wide, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH))
        status = hvc_fail_windows(error, GetLastError());
    if (status != HVC_OK && status != HVC_E_CANCELLED && wide_fresh != NULL)
        DeleteFileW(wide_fresh);
    free(wide_fresh);
    free(wide);
    hvc_buffer_free(&fresh);
    return status;
}

hvc_status hvc_remove_file(const char *path, const hvc_file_hook *hook, hvc_error *error)
{
    wchar_t *wide = hvc_wide_path(path);
    hvc_status status = wide == NULL ? hvc_fail_memory(error) : step(hook, "remove", path, error);
    if (status == HVC_OK && !DeleteFileW(wide) && GetLastError() != ERROR_FILE_NOT_FOUND)
        status = hvc_fail_windows(error, GetLastError());
    free(wide);
    return status;
}

hvc_status hvc_save_file(const char *folder, const char *name, hvc_span bytes,
                         const hvc_file_hook *hook, hvc_error *error)
{
    hvc_buffer path = HVC_BUFFER_INIT;
    hvc_buffer_printf(&path, "%s\\%s", folder, name);
    wchar_t *wide = path.failed ? NULL : hvc_wide_path(path.data);
    hvc_status status =
        wide == NULL ? hvc_fail_memory(error) : step(hook, "create", path.data, error);
    if (status == HVC_OK)
        status = write_new(wide, CREATE_NEW, bytes, error);
    free(wide);
    hvc_buffer_free(&path);
    return status;
}

hvc_status hvc_make_folder(const char *path, const hvc_file_hook *hook, hvc_error *error)
{
    wchar_t *wide = hvc_wide_path(path);
    hvc_status status = wide == NULL ? hvc_fail_memory(error) : step(hook, "mkdir", path, error);
    if (status == HVC_OK && !CreateDirectoryW(wide, NULL))
        status = hvc_fail_windows(error, GetLastError());
    free(wide);
    return status;
}

hvc_status hvc_sync_folder(const char *path, const hvc_file_hook *hook, hvc_error *error)
{
    /* NTFS keeps its folders itself. */
    return step(hook, "fsync folder", path, error);
}
