/* Carries plans out on the running Windows, by its registry functions alone. */
#include "machine/apply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/support_windows.h"
#include "machine/offline_target.h"
#include "machine/plan.h"
#include "machine/registry_windows.h"

enum { REBOOT_NEEDED = 3010, VERIFIER_REBOOT = 2 };

#define POLICY_FOLDER L"\\CodeIntegrity"
#define POLICY_TAIL   POLICY_FOLDER L"\\SIPolicy.p7b"

typedef struct windows_work {
    const hvc_plan *plan;
    const hvc_apply_options *options;
    hvc_apply_result result;
    char *policy_path; /* malloc'd */
    hvc_bytes old_policy, new_policy;
    bool had_policy;
    const hvc_change *policy;
    hvc_error *error;
} windows_work;

/* System32 and what is to stand behind it; malloc'd. */
static wchar_t *system_path(const wchar_t *tail)
{
    UINT size = GetSystemDirectoryW(NULL, 0);
    wchar_t *path = size > 0 ? calloc(size + wcslen(tail) + 1, sizeof(*path)) : NULL;
    if (path == NULL)
        return NULL;
    UINT length = GetSystemDirectoryW(path, size);
    memcpy(path + length, tail, (wcslen(tail) + 1) * sizeof(*path));
    return path;
}

static char *policy_path(void)
{
    wchar_t *wide = system_path(POLICY_TAIL);
    char *path = wide != NULL ? hvc_utf8(wide, wcslen(wide)) : NULL;
    free(wide);
    return path;
}

static hvc_status read_policy(const char *path, bool *ret_there, hvc_bytes *bytes, hvc_error *error)
{
    wchar_t *wide = hvc_wide_path(path);
    if (wide == NULL)
        return hvc_fail_memory(error);
    DWORD attributes = GetFileAttributesW(wide);
    DWORD code = GetLastError();
    free(wide);
    *ret_there = attributes != INVALID_FILE_ATTRIBUTES;
    if (*ret_there)
        return hvc_file_read(path, bytes, error);
    if (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND)
        return HVC_OK;
    return hvc_fail_windows(error, code);
}

void hvc_running_policy(hvc_policy_state *ret_state, char ret_sha256[65])
{
    hvc_bytes bytes = HVC_BYTES_INIT;
    bool there = false;
    char *path = policy_path();
    *ret_state = HVC_POLICY_UNKNOWN;
    ret_sha256[0] = '\0';
    if (path != NULL && read_policy(path, &there, &bytes, NULL) == HVC_OK) {
        *ret_state = there ? HVC_POLICY_PRESENT : HVC_POLICY_ABSENT;
        if (there && hvc_sha256_text(hvc_bytes_span(&bytes), ret_sha256, NULL) != HVC_OK)
            ret_sha256[0] = '\0';
    }
    hvc_bytes_free(&bytes);
    free(path);
}

/* Before anything is changed: where the policy is to go. */
static bool folder_exists(void)
{
    wchar_t *folder = system_path(POLICY_FOLDER);
    DWORD attributes = folder != NULL ? GetFileAttributesW(folder) : INVALID_FILE_ATTRIBUTES;
    free(folder);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

static hvc_status prepare_policy(windows_work *work)
{
    work->policy_path = policy_path();
    if (work->policy_path == NULL)
        return hvc_fail_memory(work->error);
    hvc_status status =
        read_policy(work->policy_path, &work->had_policy, &work->old_policy, work->error);
    for (size_t i = 0; i < work->plan->change_count && status == HVC_OK; i++) {
        const hvc_change *change = &work->plan->changes[i];
        if (change->kind == HVC_CHANGE_DELETE_FILE && work->had_policy)
            work->policy = change;
        if (change->kind != HVC_CHANGE_COPY_FILE)
            continue;
        if (!folder_exists())
            return hvc_fail(work->error, HVC_E_IO, "there is no folder for the policy file");
        work->policy = change;
        status = hvc_file_read(change->file, &work->new_policy, work->error);
    }
    return status;
}

static hvc_status save(windows_work *work, const char *name, hvc_span bytes, hvc_buffer *sums)
{
    char digest[65];
    hvc_status status = hvc_sha256_text(bytes, digest, work->error);
    if (status != HVC_OK)
        return status;
    hvc_buffer_printf(sums, "%s  %s\n", digest, name);
    return hvc_save_file(work->options->backup, name, bytes, work->options->hook, work->error);
}

static hvc_status back_up(windows_work *work)
{
    hvc_buffer undo = HVC_BUFFER_INIT, sums = HVC_BUFFER_INIT;
    hvc_registry registry = hvc_zones_registry();
    const char *policy = work->policy == NULL ? NULL
                         : work->had_policy   ? HVC_UNDO_POLICY_KEPT
                                              : HVC_UNDO_POLICY_ABSENT;
    hvc_status status = hvc_undo_write(work->plan, &registry, policy, &undo, work->error);
    if (status == HVC_OK)
        status = hvc_make_folder(work->options->backup, work->options->hook, work->error);
    if (status == HVC_OK && work->policy != NULL && work->had_policy)
        status = save(work, HVC_BACKUP_POLICY, hvc_bytes_span(&work->old_policy), &sums);
    if (status == HVC_OK)
        status =
            save(work, HVC_BACKUP_UNDO, (hvc_span){(const uint8_t *)undo.data, undo.size}, &sums);
    if (status == HVC_OK && sums.failed)
        status = hvc_fail_memory(work->error);
    if (status == HVC_OK)
        status = hvc_save_file(work->options->backup, HVC_BACKUP_SUMS,
                               (hvc_span){(const uint8_t *)sums.data, sums.size},
                               work->options->hook, work->error);
    hvc_buffer_free(&sums);
    hvc_buffer_free(&undo);
    return status;
}

/* Reads a value back and compares. */
static bool is_set(HKEY key, const wchar_t *name, const hvc_registry_value *value)
{
    DWORD type = 0, size = (DWORD)value->size;
    uint8_t *data = malloc(value->size + 1);
    bool same = data != NULL &&
                RegQueryValueExW(key, name, NULL, &type, data, &size) == ERROR_SUCCESS &&
                type == value->type && size == value->size &&
                (size == 0 || memcmp(data, value->data, size) == 0);
    free(data);
    return same;
}

static hvc_status fail_registry(const windows_work *work, const char *key, LSTATUS code)
{
    char text[256];
    return hvc_fail(work->error, HVC_E_IO, "HKLM\\%s: %s", key,
                    hvc_zones_text((unsigned long)code, text, sizeof(text)));
}

static hvc_status change_value(windows_work *work, const hvc_change *change, const wchar_t *path,
                               const wchar_t *name)
{
    bool set = change->kind != HVC_CHANGE_DELETE_VALUE;
    HKEY key = NULL;
    REGSAM access = KEY_QUERY_VALUE | KEY_SET_VALUE | KEY_WOW64_64KEY;
    LSTATUS code =
        set ? RegCreateKeyExW(HKEY_LOCAL_MACHINE, path, 0, NULL, 0, access, NULL, &key, NULL)
            : RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, access, &key);
    if (!set && code == ERROR_FILE_NOT_FOUND)
        return HVC_OK;
    if (code != ERROR_SUCCESS)
        return fail_registry(work, change->key, code);
    const hvc_registry_value *value = &change->new_value;
    if (change->kind == HVC_CHANGE_SET_VALUE)
        code = RegSetValueExW(key, name, 0, value->type, value->data, (DWORD)value->size);
    else if (!set)
        code = RegDeleteValueW(key, name);
    if (!set && code == ERROR_FILE_NOT_FOUND)
        code = ERROR_SUCCESS;
    if (code == ERROR_SUCCESS)
        code = RegFlushKey(key);
    bool checked = change->kind != HVC_CHANGE_SET_VALUE || is_set(key, name, value);
    RegCloseKey(key);
    if (code != ERROR_SUCCESS)
        return fail_registry(work, change->key, code);
    return checked ? HVC_OK
                   : hvc_fail(work->error, HVC_E_IO, "HKLM\\%s: %s was not written", change->key,
                              change->name);
}

static hvc_status delete_key(windows_work *work, const hvc_change *change, wchar_t *path)
{
    wchar_t *tail = wcsrchr(path, L'\\');
    if (tail == NULL)
        return hvc_fail(work->error, HVC_E_ARGUMENT, "%s is a whole hive", change->key);
    *tail = 0;
    HKEY parent = NULL;
    REGSAM access = KEY_READ | KEY_WRITE | DELETE | KEY_WOW64_64KEY;
    LSTATUS code = RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, access, &parent);
    if (code == ERROR_SUCCESS) {
        code = RegDeleteTreeW(parent, tail + 1);
        LSTATUS flushed = RegFlushKey(parent);
        code = code == ERROR_SUCCESS ? flushed : code;
        RegCloseKey(parent);
    }
    return code == ERROR_SUCCESS || code == ERROR_FILE_NOT_FOUND
               ? HVC_OK
               : fail_registry(work, change->key, code);
}

static hvc_status change_registry(windows_work *work, const hvc_change *change)
{
    wchar_t *path = hvc_wide(change->key);
    wchar_t *name = hvc_wide(change->name != NULL ? change->name : "");
    hvc_status status = HVC_OK;
    if (path == NULL || name == NULL)
        status = hvc_fail_memory(work->error);
    else if (change->kind == HVC_CHANGE_DELETE_KEY)
        status = delete_key(work, change, path);
    else
        status = change_value(work, change, path, name);
    free(name);
    free(path);
    return status;
}

/* Runs a program of System32 and waits; false when it cannot be started. */
static bool run(const wchar_t *program, const char *arguments, DWORD *ret_code)
{
    wchar_t *path = system_path(program);
    wchar_t *wide = hvc_wide(arguments);
    size_t size = path != NULL && wide != NULL ? wcslen(path) + wcslen(wide) + 4 : 0;
    wchar_t *line = size > 0 ? calloc(size, sizeof(*line)) : NULL;
    STARTUPINFOW start = {.cb = sizeof(start)};
    PROCESS_INFORMATION process = {NULL, NULL, 0, 0};
    bool started = false;
    if (line != NULL) {
        size_t at = 0;
        line[at++] = L'"';
        memcpy(line + at, path, wcslen(path) * sizeof(*line));
        at += wcslen(path);
        line[at++] = L'"';
        line[at++] = L' ';
        memcpy(line + at, wide, wcslen(wide) * sizeof(*line));
        started = CreateProcessW(path, line, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL,
                                 &start, &process) != 0;
    }
    if (started) {
        WaitForSingleObject(process.hProcess, INFINITE);
        started = GetExitCodeProcess(process.hProcess, ret_code) != 0;
        CloseHandle(process.hThread);
        CloseHandle(process.hProcess);
    }
    free(line);
    free(wide);
    free(path);
    return started;
}

static bool run_dism(bool enable, const char *name)
{
    char arguments[256];
    DWORD code = 1;
    snprintf(arguments, sizeof(arguments), "/Online /%s-Feature /FeatureName:%s%s /NoRestart",
             enable ? "Enable" : "Disable", name, enable ? " /All" : "");
    return run(L"\\dism.exe", arguments, &code) && (code == 0 || code == REBOOT_NEEDED);
}

/* By exit codes, not by what DISM says in one language. */
static void change_feature(windows_work *work, const hvc_change *change)
{
    bool enable = change->kind == HVC_CHANGE_ENABLE_FEATURE;
    bool done = run_dism(enable, change->name);
    bool hypervisor = strcmp(change->name, "Microsoft-Hyper-V-Hypervisor") == 0;
    if (!done && hypervisor)
        done = run_dism(enable, "Microsoft-Hyper-V-Online");
    work->result.feature_done = done && (work->result.feature_done || !work->result.feature_tried);
    work->result.feature_tried = true;
}

/* The readiness tool's record of what became of Hyper-V. */
static hvc_status record_feature(windows_work *work)
{
    const uint8_t data[4] = {work->result.feature_done ? 1 : 0, 0, 0, 0};
    hvc_change change = {
        .kind = HVC_CHANGE_SET_VALUE, .key = HVC_KEY_CAPABILITIES, .name = "HyperVEnabled"};
    change.new_value = (hvc_registry_value){change.key, change.name, REG_DWORD, data, sizeof(data)};
    return change_registry(work, &change);
}

static hvc_status make_change(windows_work *work, const hvc_change *change)
{
    DWORD code = 0;
    if (hvc_change_is_registry(change))
        return change_registry(work, change);
    switch (change->kind) {
    case HVC_CHANGE_COPY_FILE:
        return hvc_replace_file(work->policy_path, hvc_bytes_span(&work->new_policy),
                                work->options->hook, work->error);
    case HVC_CHANGE_DELETE_FILE:
        return hvc_remove_file(work->policy_path, work->options->hook, work->error);
    case HVC_CHANGE_ENABLE_FEATURE:
    case HVC_CHANGE_DISABLE_FEATURE:
        change_feature(work, change);
        return HVC_OK;
    case HVC_CHANGE_RESET_VERIFIER:
        if (run(L"\\verifier.exe", "/reset", &code) && (code == 0 || code == VERIFIER_REBOOT))
            return HVC_OK;
        return hvc_fail(work->error, HVC_E_IO, "verifier.exe /reset failed");
    default:
        return HVC_OK;
    }
}

static hvc_status apply(windows_work *work)
{
    hvc_status status = prepare_policy(work);
    if (status == HVC_OK)
        status = back_up(work);
    for (size_t i = 0; i < work->plan->change_count && status == HVC_OK; i++)
        status = make_change(work, &work->plan->changes[i]);
    if (status == HVC_OK && work->result.feature_tried && work->plan->action == HVC_PLAN_ENABLE)
        status = record_feature(work);
    work->result.changed = true;
    return status;
}

hvc_status hvc_apply_windows(const hvc_plan *plan, const hvc_apply_options *options,
                             hvc_apply_result *ret_result, hvc_error *error)
{
    if (plan->refused)
        return hvc_fail(error, HVC_E_ARGUMENT, "the plan is refused");
    windows_work work = {.plan = plan, .options = options, .error = error};
    hvc_status status = plan->change_count > 0 ? apply(&work) : HVC_OK;
    hvc_bytes_free(&work.old_policy);
    hvc_bytes_free(&work.new_policy);
    free(work.policy_path);
    if (status == HVC_OK)
        *ret_result = work.result;
    return status;
}

hvc_status hvc_restart_windows(hvc_error *error)
{
    DWORD code = 1;
    if (run(L"\\shutdown.exe", "/r /t 30", &code) && code == 0)
        return HVC_OK;
    return hvc_fail(error, HVC_E_IO, "shutdown.exe /r failed");
}
