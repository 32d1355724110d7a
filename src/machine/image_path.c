#include "machine/image_path.h"

#include <string.h>

#include "machine/tree.h"

/* What stands behind prefix, or NULL when path starts otherwise. */
static const char *behind(const char *path, const char *prefix)
{
    for (; *prefix != 0; prefix++, path++) {
        char a[2] = {*path, 0}, b[2] = {*prefix, 0};
        if (!hvc_same_name(a, b))
            return NULL;
    }
    return path;
}

static bool is_drive(const char *path)
{
    return ((path[0] >= 'A' && path[0] <= 'Z') || (path[0] >= 'a' && path[0] <= 'z')) &&
           path[1] == ':';
}

/* The Windows folder below its volume: "Windows" of "C:\Windows". */
static const char *below_volume(const char *system_root)
{
    const char *folder = is_drive(system_root) ? system_root + 2 : system_root;
    return folder + strspn(folder, "\\");
}

const char *hvc_image_path(hvc_arena *arena, const char *image_path, const char *service,
                           const char *system_root, const char **ret_why)
{
    static const char *const root_names[] = {"\\SystemRoot\\", "%SystemRoot%\\", "%windir%\\"};
    static const char *const device_names[] = {"\\??\\", "\\DosDevices\\", "\\GLOBAL??\\",
                                               "\\\\?\\"};
    const char *folder = below_volume(system_root), *path = image_path, *rest = NULL;
    *ret_why = NULL;
    if (path == NULL || *path == 0)
        return hvc_arena_printf(arena, "%s\\System32\\drivers\\%s.sys", folder, service);
    size_t size = strlen(path);
    if (*path == '"') {
        const char *end = strchr(path + 1, '"');
        size = end == NULL ? size - 1 : (size_t)(end - path - 1);
        path = hvc_arena_text(arena, (hvc_text){path + 1, size});
        if (path == NULL)
            return NULL;
    }
    for (size_t i = 0; i < sizeof(device_names) / sizeof(*device_names) && rest == NULL; i++)
        rest = behind(path, device_names[i]);
    if (rest != NULL)
        path = rest;
    for (size_t i = 0; i < sizeof(root_names) / sizeof(*root_names); i++) {
        rest = behind(path, root_names[i]);
        if (rest != NULL)
            return hvc_arena_printf(arena, "%s\\%s", folder, rest);
    }
    if (is_drive(path)) {
        char drive[2] = {path[0], 0}, own[2] = {is_drive(system_root) ? system_root[0] : 'C', 0};
        if (hvc_same_name(drive, own))
            return path + 2 + strspn(path + 2, "\\");
        *ret_why = "on another volume than Windows";
        return NULL;
    }
    if (*path == '\\') {
        *ret_why = "an object path whose volume is not known";
        return NULL;
    }
    if (*path == '%') {
        *ret_why = "an environment variable that is not known";
        return NULL;
    }
    return hvc_arena_printf(arena, "%s\\%s", folder, path);
}
