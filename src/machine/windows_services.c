/* The driver services of the running Windows, and the files that they mean. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/span.h"
#include "base/support_windows.h"
#include "machine/probe_windows.h"

#define SERVICES "SYSTEM\\CurrentControlSet\\Services"

enum { KERNEL_DRIVER = 1, FILE_SYSTEM_DRIVER = 2, RECOGNIZER_DRIVER = 8, START_DEMAND = 3 };
enum { MAX_KEY = 256, MAX_EXPANDED = 32768 };

static bool starts_with(const char *text, const char *prefix, const char **ret_rest)
{
    size_t size = strlen(prefix);
    if (_strnicmp(text, prefix, size) != 0)
        return false;
    *ret_rest = text + size;
    return true;
}

static const char *expand(hvc_arena *arena, const char *text)
{
    wchar_t *wide = hvc_wide(text);
    wchar_t *expanded = wide != NULL ? calloc(MAX_EXPANDED, sizeof(*expanded)) : NULL;
    const char *result = text;
    if (expanded != NULL) {
        DWORD size = ExpandEnvironmentStringsW(wide, expanded, MAX_EXPANDED);
        if (size > 0 && size <= MAX_EXPANDED)
            result = hvc_zones_string(arena, expanded, wcslen(expanded));
    } else {
        arena->failed = true;
    }
    free(expanded);
    free(wide);
    return result;
}

/* The file that an ImagePath means, as the kernel reads it: relative to the Windows folder unless
 * it is a path of the object manager. */
static const char *resolve(hvc_arena *arena, const char *windows, const char *image_path,
                           const char *service)
{
    const char *rest = NULL, *path = image_path;
    if (path == NULL || *path == '\0')
        return hvc_arena_printf(arena, "%s\\System32\\drivers\\%s.sys", windows, service);
    if (*path == '"') {
        const char *end = strchr(path + 1, '"');
        size_t size = end != NULL ? (size_t)(end - path - 1) : strlen(path + 1);
        path = hvc_arena_text(arena, (hvc_text){path + 1, size});
        if (path == NULL)
            return NULL;
    }
    if (strchr(path, '%') != NULL)
        path = expand(arena, path);
    if (starts_with(path, "\\SystemRoot\\", &rest))
        return hvc_arena_printf(arena, "%s\\%s", windows, rest);
    if (starts_with(path, "\\??\\", &rest) || starts_with(path, "\\DosDevices\\", &rest) ||
        starts_with(path, "\\GLOBAL??\\", &rest))
        return hvc_arena_strdup(arena, rest);
    if (starts_with(path, "\\\\", &rest) || (path[0] != '\0' && path[1] == ':'))
        return path;
    if (*path == '\\')
        return hvc_arena_printf(arena, "\\\\?\\GLOBALROOT%s", path);
    return hvc_arena_printf(arena, "%s\\%s", windows, path);
}

static bool is_file(const char *path)
{
    hvc_file_kind kind;
    return hvc_file_kind_of(path, true, &kind, NULL) == HVC_OK && kind == HVC_FILE_REGULAR;
}

static bool number_of(hvc_arena *arena, HKEY key, const char *name, uint32_t *ret_number)
{
    uint32_t type = 0;
    hvc_span data;
    if (hvc_zones_value(arena, key, name, &type, &data) != ERROR_SUCCESS || type != REG_DWORD ||
        data.size != 4)
        return false;
    *ret_number = hvc_le32(data.data);
    return true;
}

static const char *text_of(hvc_arena *arena, const char *service, const char *name)
{
    const char *key = hvc_arena_printf(arena, SERVICES "\\%s", service);
    return key != NULL ? hvc_zones_text_value(arena, key, name) : NULL;
}

/* Adds the service when it is a driver's. */
static LSTATUS read_service(hvc_facts_builder *builder, HKEY parent, const wchar_t *wide,
                            const char *windows)
{
    HKEY key;
    LSTATUS code = RegOpenKeyExW(parent, wide, 0, KEY_READ | KEY_WOW64_64KEY, &key);
    if (code == ERROR_FILE_NOT_FOUND)
        return ERROR_SUCCESS; /* it went while we looked */
    if (code != ERROR_SUCCESS)
        return code;
    hvc_arena *arena = &builder->arena;
    hvc_service service = {.start = START_DEMAND};
    bool driver = number_of(arena, key, "Type", &service.type) &&
                  (service.type == KERNEL_DRIVER || service.type == FILE_SYSTEM_DRIVER ||
                   service.type == RECOGNIZER_DRIVER);
    if (driver) {
        number_of(arena, key, "Start", &service.start);
        service.name = hvc_zones_string(arena, wide, wcslen(wide));
        service.image_path = text_of(arena, service.name, "ImagePath");
        service.group = text_of(arena, service.name, "Group");
        const char *file = resolve(arena, windows, service.image_path, service.name);
        service.file = file != NULL && is_file(file) ? file : NULL;
        hvc_facts_add_service(builder, &service);
    }
    RegCloseKey(key);
    return ERROR_SUCCESS;
}

/* A part of the list is no list: a driver that is missing from it would not be judged. */
static void give_up(hvc_facts_builder *builder, const char *what, LSTATUS code)
{
    builder->facts.has_services = false;
    builder->services.count = 0;
    hvc_facts_add_key(builder, SERVICES, HVC_KEY_UNREADABLE,
                      hvc_zones_why(&builder->arena, what, (unsigned long)code));
}

void hvc_zones_services(hvc_facts_builder *builder)
{
    HKEY parent;
    LSTATUS code = hvc_zones_open_key(SERVICES, &parent);
    if (code != ERROR_SUCCESS) {
        give_up(builder, "Services", code);
        return;
    }
    wchar_t folder[MAX_PATH];
    UINT size = GetSystemWindowsDirectoryW(folder, MAX_PATH);
    const char *windows = size > 0 && size < MAX_PATH
                              ? hvc_zones_string(&builder->arena, folder, size)
                              : "C:\\Windows";
    const char *at = "Services";
    for (DWORD i = 0; code == ERROR_SUCCESS; i++) {
        wchar_t name[MAX_KEY];
        DWORD length = MAX_KEY;
        at = "Services";
        code = RegEnumKeyExW(parent, i, name, &length, NULL, NULL, NULL, NULL);
        if (code == ERROR_SUCCESS && i >= HVC_MAX_SERVICES)
            code = ERROR_FILE_TOO_LARGE;
        if (code != ERROR_SUCCESS)
            break;
        code = read_service(builder, parent, name, windows);
        if (code != ERROR_SUCCESS)
            at = hvc_zones_string(&builder->arena, name, length);
    }
    RegCloseKey(parent);
    if (code != ERROR_NO_MORE_ITEMS) {
        give_up(builder, at, code);
        return;
    }
    hvc_facts_add_key(builder, SERVICES, HVC_KEY_READ, NULL);
    builder->facts.has_services = true;
}
