#include "cli/platform.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/error.h"
#include "base/support_windows.h"

enum { MAX_TEMPORARIES = 16, CREATE_ATTEMPTS = 100, MAX_PIECE = 1 << 20 };

/* The temporary files that exist now, for the handler of control events. Only the main thread
 * changes the list; the strings are never freed while they are listed. */
static wchar_t *volatile temporaries[MAX_TEMPORARIES];

/* How the console was, to leave it so. Index: CLI_STDOUT, CLI_STDERR. */
static struct {
    HANDLE console;
    DWORD mode;
} consoles[3];
static UINT code_page;

static void restore_console(void)
{
    for (size_t i = 0; i < sizeof(consoles) / sizeof(*consoles); i++)
        if (consoles[i].console != NULL)
            SetConsoleMode(consoles[i].console, consoles[i].mode);
    if (code_page != 0)
        SetConsoleOutputCP(code_page);
}

static BOOL WINAPI on_control(DWORD event)
{
    (void)event;
    for (size_t i = 0; i < MAX_TEMPORARIES; i++)
        if (temporaries[i] != NULL)
            DeleteFileW(temporaries[i]);
    restore_console();
    return FALSE; /* the default handler ends the process */
}

/* Makes a console understand escape sequences and UTF-8. */
static void prepare_console(int stream, DWORD which)
{
    HANDLE console = GetStdHandle(which);
    DWORD mode = 0;
    if (console == INVALID_HANDLE_VALUE || !GetConsoleMode(console, &mode) ||
        !SetConsoleMode(console, mode | ENABLE_PROCESSED_OUTPUT | ENABLE_WRAP_AT_EOL_OUTPUT |
                                     ENABLE_VIRTUAL_TERMINAL_PROCESSING))
        return;
    consoles[stream].console = console;
    consoles[stream].mode = mode;
    if (code_page == 0) {
        code_page = GetConsoleOutputCP();
        SetConsoleOutputCP(CP_UTF8);
    }
}

/* The C library's own reading of the command line, in UTF-16, with * and ? expanded, which no shell
 * of Windows does. */
typedef struct startup_information {
    int new_mode;
} startup_information;
extern int __wgetmainargs(int *argc, wchar_t ***argv, wchar_t ***environment, int expand,
                          startup_information *information);

/* The arguments in UTF-8. They live as long as the process; the originals stay when memory is out.
 */
static void take_arguments(int *argc, char ***argv)
{
    int count = 0;
    wchar_t **wide = NULL, **environment = NULL;
    startup_information information = {0};
    if (__wgetmainargs(&count, &wide, &environment, 1, &information) < 0 || wide == NULL)
        return;
    char **utf8 = calloc((size_t)count + 1, sizeof(*utf8));
    for (int i = 0; utf8 != NULL && i < count; i++) {
        utf8[i] = hvc_utf8(wide[i], wcslen(wide[i]));
        if (utf8[i] == NULL) {
            while (i > 0)
                free(utf8[--i]);
            free(utf8);
            utf8 = NULL;
        }
    }
    if (utf8 == NULL)
        return;
    *argc = count;
    *argv = utf8;
}

void cli_platform_init(int *argc, char ***argv)
{
    _setmode(_fileno(stdin), _O_BINARY);
    _setmode(_fileno(stdout), _O_BINARY);
    _setmode(_fileno(stderr), _O_BINARY);
    prepare_console(CLI_STDOUT, STD_OUTPUT_HANDLE);
    prepare_console(CLI_STDERR, STD_ERROR_HANDLE);
    atexit(restore_console);
    SetConsoleCtrlHandler(on_control, TRUE);
    /* No dialogue when a drive is empty. */
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOOPENFILEERRORBOX);
    take_arguments(argc, argv);
}

const char *cli_default_log(void)
{
    /* Exists already, or is made; where neither works, opening the log says why. */
    CreateDirectoryW(L"C:\\DGLogs", NULL);
    return "C:\\DGLogs\\DeviceGuardCheckLog.txt";
}

bool cli_is_terminal(int stream)
{
    return consoles[stream].console != NULL;
}

uint64_t cli_milliseconds(void)
{
    return GetTickCount64();
}

hvc_status cli_write(int file, const char *bytes, size_t size, bool *ret_closed, hvc_error *error)
{
    *ret_closed = false;
    HANDLE handle = (HANDLE)_get_osfhandle(file);
    if (handle == INVALID_HANDLE_VALUE)
        return hvc_fail(error, HVC_E_IO, "the output is closed");
    while (size > 0) {
        DWORD written = 0;
        if (!WriteFile(handle, bytes, size < MAX_PIECE ? (DWORD)size : MAX_PIECE, &written, NULL)) {
            DWORD code = GetLastError();
            *ret_closed = code == ERROR_BROKEN_PIPE || code == ERROR_NO_DATA ||
                          code == ERROR_PIPE_NOT_CONNECTED;
            return hvc_fail_windows(error, code);
        }
        bytes += written;
        size -= written;
    }
    return HVC_OK;
}

static void list_temporary(wchar_t *from, wchar_t *to)
{
    for (size_t i = 0; i < MAX_TEMPORARIES; i++) {
        if (temporaries[i] == from) {
            temporaries[i] = to;
            return;
        }
    }
}

/* Takes over the handle. */
static hvc_status use_handle(cli_file *file, HANDLE handle, hvc_error *error)
{
    file->number = _open_osfhandle((intptr_t)handle, _O_WRONLY | _O_BINARY);
    if (file->number >= 0)
        return HVC_OK;
    CloseHandle(handle);
    return hvc_fail(error, HVC_E_IO, "too many open files");
}

/* Creates a file of a name that nothing has yet beside path. */
static hvc_status create_temporary(cli_file *file, hvc_error *error)
{
    size_t size = strlen(file->path) + 48;
    file->temporary = malloc(size);
    if (file->temporary == NULL)
        return hvc_fail_memory(error);
    DWORD code = ERROR_FILE_EXISTS;
    for (unsigned i = 0; i < CREATE_ATTEMPTS && code == ERROR_FILE_EXISTS; i++) {
        snprintf(file->temporary, size, "%s.%lu-%u.tmp", file->path, GetCurrentProcessId(), i);
        wchar_t *wide = hvc_wide_path(file->temporary);
        if (wide == NULL)
            return hvc_fail_memory(error);
        /* Shared for deletion, so that the handler of control events can remove it. */
        HANDLE handle = CreateFileW(wide, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                                    CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
        code = GetLastError();
        if (handle != INVALID_HANDLE_VALUE) {
            file->system_name = wide;
            list_temporary(NULL, wide);
            return use_handle(file, handle, error);
        }
        free(wide);
    }
    return hvc_fail_windows(error, code);
}

/* Where an open file really is, links resolved; NULL when memory is out or the system does not
 * tell. */
static char *final_path(HANDLE file)
{
    DWORD size = GetFinalPathNameByHandleW(file, NULL, 0, FILE_NAME_NORMALIZED);
    wchar_t *wide = size > 0 ? calloc((size_t)size + 1, sizeof(*wide)) : NULL;
    DWORD length =
        wide != NULL ? GetFinalPathNameByHandleW(file, wide, size, FILE_NAME_NORMALIZED) : 0;
    char *path = length > 0 && length <= size ? hvc_utf8(wide, length) : NULL;
    free(wide);
    return path;
}

static hvc_status create(const char *path, cli_file *file, hvc_error *error)
{
    wchar_t *wide = hvc_wide_path(path);
    if (wide == NULL)
        return hvc_fail_memory(error);
    /* A file that may not be written is not replaced either. */
    HANDLE handle =
        CreateFileW(wide, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    DWORD code = GetLastError();
    free(wide);
    if (handle == INVALID_HANDLE_VALUE && code != ERROR_FILE_NOT_FOUND)
        return hvc_fail_windows(error, code);
    if (handle != INVALID_HANDLE_VALUE && GetFileType(handle) != FILE_TYPE_DISK)
        return use_handle(file, handle, error);
    if (handle != INVALID_HANDLE_VALUE) {
        file->path = final_path(handle);
        file->replaces = true;
        CloseHandle(handle);
    }
    if (file->path == NULL)
        file->path = _strdup(path);
    return file->path == NULL ? hvc_fail_memory(error) : create_temporary(file, error);
}

static void release(cli_file *file)
{
    if (file->system_name != NULL)
        list_temporary(file->system_name, NULL);
    free(file->system_name);
    free(file->temporary);
    free(file->path);
    *file = (cli_file){.number = -1};
}

hvc_status cli_file_create(const char *path, cli_file *ret_file, hvc_error *error)
{
    cli_file file = {.number = -1};
    hvc_status status = create(path, &file, error);
    if (status != HVC_OK) {
        release(&file);
        return status;
    }
    *ret_file = file;
    return HVC_OK;
}

/* ReplaceFile keeps the rights of the file that was there; not every file system can do it. */
static hvc_status move_into_place(const cli_file *file, hvc_error *error)
{
    wchar_t *target = hvc_wide_path(file->path);
    if (target == NULL)
        return hvc_fail_memory(error);
    const wchar_t *from = file->system_name;
    BOOL moved = file->replaces && ReplaceFileW(target, from, NULL, 0, NULL, NULL);
    if (!moved)
        moved = MoveFileExW(from, target, MOVEFILE_REPLACE_EXISTING);
    DWORD code = GetLastError();
    free(target);
    return moved ? HVC_OK : hvc_fail_windows(error, code);
}

hvc_status cli_file_commit(cli_file *file, hvc_error *error)
{
    hvc_status status =
        _close(file->number) == 0 ? HVC_OK : hvc_fail(error, HVC_E_IO, "Input/output error");
    file->number = -1;
    if (file->system_name != NULL) {
        if (status == HVC_OK)
            status = move_into_place(file, error);
        if (status != HVC_OK)
            DeleteFileW(file->system_name);
    }
    release(file);
    return status;
}

void cli_file_discard(cli_file *file)
{
    if (file->number >= 0)
        _close(file->number);
    if (file->system_name != NULL)
        DeleteFileW(file->system_name);
    release(file);
}
