#include "base/support_windows.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/buffer.h"
#include "base/error.h"

/* Below MAX_PATH by what a call may append (a name of 8.3 characters, a temporary's ending). */
enum { LONG_PATH = 200, MESSAGE = 512 };

/* The code point at text, and its length; a surrogate in three bytes counts as itself. */
static size_t decode(const char *text, size_t size, unsigned *ret_code_point)
{
    size_t length = hvc_utf8_decode(text, size, ret_code_point);
    if (length > 0)
        return length;
    const unsigned char *p = (const unsigned char *)text;
    if (size >= 3 && p[0] == 0xED && p[1] >= 0xA0 && p[1] <= 0xBF && (p[2] & 0xC0) == 0x80) {
        *ret_code_point = 0xD000u | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
        return 3;
    }
    *ret_code_point = 0xFFFD;
    return 1;
}

wchar_t *hvc_wide(const char *text)
{
    size_t size = strlen(text), used = 0;
    wchar_t *wide = calloc(size + 1, sizeof(*wide));
    if (wide == NULL)
        return NULL;
    for (size_t at = 0; at < size;) {
        unsigned c = 0;
        at += decode(text + at, size - at, &c);
        if (c >= 0x10000) {
            wide[used++] = (wchar_t)(0xD800 + ((c - 0x10000) >> 10));
            c = 0xDC00 + ((c - 0x10000) & 0x3FF);
        }
        wide[used++] = (wchar_t)c;
    }
    return wide;
}

static size_t encode(char *out, unsigned c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

char *hvc_utf8(const wchar_t *text, size_t length)
{
    char *out = calloc(length + 1, 3);
    size_t used = 0;
    for (size_t i = 0; out != NULL && i < length; i++) {
        unsigned c = text[i];
        if (c >= 0xD800 && c < 0xDC00 && i + 1 < length && text[i + 1] >= 0xDC00 &&
            text[i + 1] < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (text[i + 1] - 0xDC00u);
            i++;
        }
        used += encode(out + used, c);
    }
    return out;
}

static wchar_t *absolute(const wchar_t *path)
{
    DWORD size = GetFullPathNameW(path, 0, NULL, NULL);
    wchar_t *full = size > 0 ? calloc((size_t)size + 1, sizeof(*full)) : NULL;
    DWORD length = full != NULL ? GetFullPathNameW(path, size, full, NULL) : 0;
    if (length == 0 || length >= size) {
        free(full);
        return NULL;
    }
    return full;
}

wchar_t *hvc_wide_path(const char *path)
{
    wchar_t *wide = hvc_wide(path);
    if (wide == NULL)
        return NULL;
    size_t length = wcslen(wide);
    wchar_t folder[1];
    /* A relative path is as long as it is behind the current folder. */
    size_t whole = length + GetCurrentDirectoryW(0, folder);
    if (whole < LONG_PATH || wcsncmp(wide, L"\\\\?\\", 4) == 0 || wcsncmp(wide, L"\\\\.\\", 4) == 0)
        return wide;
    wchar_t *full = absolute(wide);
    if (full == NULL)
        return wide;
    bool drive = full[0] != 0 && full[1] == L':';
    bool share = full[0] == L'\\' && full[1] == L'\\' && full[2] != L'.' && full[2] != L'?';
    const wchar_t *prefix = drive ? L"\\\\?\\" : L"\\\\?\\UNC\\";
    const wchar_t *rest = drive ? full : full + 2;
    size_t size = wcslen(prefix) + wcslen(full) + 1;
    wchar_t *result = drive || share ? calloc(size, sizeof(*result)) : NULL;
    if (result != NULL) {
        size_t head = wcslen(prefix);
        memcpy(result, prefix, head * sizeof(*result));
        memcpy(result + head, rest, (wcslen(rest) + 1) * sizeof(*result));
        free(wide);
        wide = result;
    }
    free(full);
    return wide;
}

static const struct {
    DWORD code;
    const char *text;
} texts[] = {
    {ERROR_FILE_NOT_FOUND, "No such file or directory"},
    {ERROR_PATH_NOT_FOUND, "No such file or directory"},
    {ERROR_INVALID_NAME, "No such file or directory"},
    {ERROR_BAD_NETPATH, "No such file or directory"},
    {ERROR_INVALID_DRIVE, "No such file or directory"},
    {ERROR_ACCESS_DENIED, "Permission denied"},
    {ERROR_PRIVILEGE_NOT_HELD, "Permission denied"},
    {ERROR_SHARING_VIOLATION, "another program uses the file"},
    {ERROR_LOCK_VIOLATION, "another program uses the file"},
    {ERROR_DISK_FULL, "No space left on device"},
    {ERROR_HANDLE_DISK_FULL, "No space left on device"},
    {ERROR_WRITE_PROTECT, "Read-only file system"},
    {ERROR_DIRECTORY, "Not a directory"},
    {ERROR_FILENAME_EXCED_RANGE, "File name too long"},
    {ERROR_NOT_ENOUGH_MEMORY, "out of memory"},
    {ERROR_OUTOFMEMORY, "out of memory"},
    {ERROR_CRC, "Input/output error"},
    {ERROR_BROKEN_PIPE, "Broken pipe"},
    {ERROR_NO_DATA, "Broken pipe"},
    {ERROR_PIPE_NOT_CONNECTED, "Broken pipe"},
    {ERROR_FILE_EXISTS, "File exists"},
    {ERROR_ALREADY_EXISTS, "File exists"},
    {225 /* ERROR_VIRUS_INFECTED */, "the virus scanner refuses the file"},
    {ERROR_NOT_SUPPORTED, "not supported"},
    {ERROR_INVALID_FUNCTION, "not supported"},
    {ERROR_CALL_NOT_IMPLEMENTED, "not supported"},
};

/* In the language of the system, without the end of line. */
static bool system_text(DWORD code, char *ret_text, size_t size)
{
    wchar_t wide[MESSAGE];
    DWORD length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                                  code, 0, wide, MESSAGE, NULL);
    while (length > 0 && wide[length - 1] <= L' ')
        length--;
    char *text = length > 0 ? hvc_utf8(wide, length) : NULL;
    if (text != NULL)
        snprintf(ret_text, size, "%s (error %lu)", text, code);
    free(text);
    return text != NULL;
}

const char *hvc_zones_text(unsigned long code, char *ret_text, size_t size)
{
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        if (texts[i].code == code) {
            snprintf(ret_text, size, "%s", texts[i].text);
            return ret_text;
        }
    }
    if (!system_text(code, ret_text, size))
        snprintf(ret_text, size, "error %lu", code);
    return ret_text;
}

hvc_status hvc_fail_windows(hvc_error *error, unsigned long code)
{
    char text[MESSAGE];
    bool memory = code == ERROR_NOT_ENOUGH_MEMORY || code == ERROR_OUTOFMEMORY;
    return hvc_fail(error, memory ? HVC_E_MEMORY : HVC_E_IO, "%s",
                    hvc_zones_text(code, text, sizeof(text)));
}
