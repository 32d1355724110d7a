/* Firmware: its variables, its ACPI tables, the TPM, and the entry that Windows was started by. */
#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "machine/acpi.h"
#include "machine/probe_windows.h"

enum { MAX_TABLE = 16 << 20 };

/* Reading variables takes a privilege that administrators have and do not use by default. */
static bool enable_privilege(void)
{
    HANDLE token = NULL;
    TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1};
    wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    bool fine =
        OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token) &&
        LookupPrivilegeValueW(NULL, SE_SYSTEM_ENVIRONMENT_NAME, &wanted.Privileges[0].Luid) &&
        AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL) &&
        GetLastError() == ERROR_SUCCESS;
    if (token != NULL)
        CloseHandle(token);
    return fine;
}

typedef DWORD(WINAPI *get_variable)(const wchar_t *, const wchar_t *, void *, DWORD);

/* The size of a variable; 0 with the reason's code when it was not read. */
static DWORD read_variable(const wchar_t *name, const wchar_t *vendor, void *data, DWORD size,
                           DWORD *ret_code)
{
    get_variable call =
        (get_variable)hvc_zones_resolve(L"kernel32.dll", "GetFirmwareEnvironmentVariableW");
    *ret_code = ERROR_CALL_NOT_IMPLEMENTED;
    if (call == NULL)
        return 0;
    SetLastError(ERROR_SUCCESS);
    DWORD got = call(name, vendor, data, size);
    *ret_code = GetLastError();
    return got;
}

static const char *variable_why(hvc_facts_builder *builder, const char *name, DWORD code)
{
    if (code == ERROR_PRIVILEGE_NOT_HELD || code == ERROR_ACCESS_DENIED)
        return hvc_arena_printf(
            &builder->arena, "the firmware variable %s can be read by an administrator only", name);
    if (code == ERROR_INVALID_FUNCTION)
        return "Windows gives no access to firmware variables (as without UEFI)";
    const char *what = hvc_arena_printf(&builder->arena, "the firmware variable %s", name);
    return hvc_zones_why(&builder->arena, what != NULL ? what : name, code);
}

static void variables(hvc_facts_builder *builder)
{
    static const wchar_t global[] = L"{8BE4DF61-93CA-11D2-AA0D-00E098032B8C}";
    static const wchar_t mor[] = L"{BB983CCF-151D-40E1-A07B-4A17BE168292}";
    BYTE data[64] = {0};
    DWORD code = 0;
    enable_privilege();
    if (read_variable(L"SecureBoot", global, data, sizeof(data), &code) > 0)
        hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_SECURE_BOOT, data[0] == 1,
                          "firmware variable SecureBoot");
    if (read_variable(L"MemoryOverwriteRequestControlLock", mor, data, sizeof(data), &code) > 0)
        hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_MOR_LOCK, true,
                          "firmware variable MemoryOverwriteRequestControlLock");
    else if (code == ERROR_ENVVAR_NOT_FOUND)
        hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_MOR_LOCK, false,
                          "no firmware variable MemoryOverwriteRequestControlLock");
    else
        hvc_fact_set_unavailable(builder, HVC_FACT_FIRMWARE_MOR_LOCK,
                                 variable_why(builder, "MemoryOverwriteRequestControlLock", code));
    hvc_fact_set_unavailable(
        builder, HVC_FACT_FIRMWARE_NX,
        "only Win32_DeviceGuard tells what the firmware's memory map promises");
}

enum { ACPI_PROVIDER = 0x41435049 }; /* 'ACPI' */

/* Which tables there are; false when Windows gives none out. */
static bool list_tables(hvc_arena *arena, hvc_span *ret_names)
{
    UINT size = EnumSystemFirmwareTables(ACPI_PROVIDER, NULL, 0);
    uint8_t *names = size > 0 && size < MAX_TABLE ? hvc_arena_alloc(arena, size) : NULL;
    if (names == NULL || EnumSystemFirmwareTables(ACPI_PROVIDER, names, size) != size)
        return false;
    *ret_names = (hvc_span){names, size};
    return true;
}

static bool listed(hvc_span names, const char *signature)
{
    for (size_t i = 0; i + 4 <= names.size; i += 4)
        if (memcmp(names.data + i, signature, 4) == 0)
            return true;
    return false;
}

static hvc_span read_table(hvc_arena *arena, const char *signature)
{
    DWORD id = 0;
    memcpy(&id, signature, sizeof(id));
    UINT size = GetSystemFirmwareTable(ACPI_PROVIDER, id, NULL, 0);
    uint8_t *bytes = size > 0 && size < MAX_TABLE ? hvc_arena_alloc(arena, size) : NULL;
    if (bytes == NULL || GetSystemFirmwareTable(ACPI_PROVIDER, id, bytes, size) != size)
        return (hvc_span){NULL, 0};
    return (hvc_span){bytes, size};
}

static void wsmt(hvc_facts_builder *builder, hvc_span names)
{
    uint32_t flags = 0;
    hvc_error error = {.status = HVC_OK};
    if (!listed(names, "WSMT")) {
        hvc_fact_set_number(builder, HVC_FACT_FIRMWARE_WSMT, 0, "ACPI tables: no WSMT");
        hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_SMM, false, "ACPI tables: no WSMT");
        return;
    }
    if (hvc_acpi_read_wsmt(read_table(&builder->arena, "WSMT"), &flags, &error) != HVC_OK) {
        hvc_fact_set_unavailable(builder, HVC_FACT_FIRMWARE_WSMT, error.message);
        hvc_fact_set_unavailable(builder, HVC_FACT_FIRMWARE_SMM, error.message);
        return;
    }
    hvc_fact_set_number(builder, HVC_FACT_FIRMWARE_WSMT, flags, "ACPI table WSMT");
    /* Which of them Windows insists on is its own affair. */
    if ((flags & HVC_WSMT_ALL) == HVC_WSMT_ALL || (flags & HVC_WSMT_ALL) == 0)
        hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_SMM, flags != 0, "ACPI table WSMT");
    else
        hvc_fact_set_unavailable(builder, HVC_FACT_FIRMWARE_SMM,
                                 "WSMT has only some of its protections");
}

static void dma(hvc_facts_builder *builder, hvc_span names)
{
    hvc_error error = {.status = HVC_OK};
    hvc_acpi_dmar dmar;
    hvc_acpi_ivrs ivrs;
    bool intel = listed(names, "DMAR"), amd = listed(names, "IVRS");
    const char *source = intel ? "ACPI table DMAR" : amd ? "ACPI table IVRS" : "ACPI tables";
    bool remapping = false, opt_in = false;
    hvc_status status = HVC_OK;
    if (intel) {
        status = hvc_acpi_read_dmar(read_table(&builder->arena, "DMAR"), &dmar, &error);
        if (status == HVC_OK) {
            remapping = dmar.units > 0;
            opt_in = (dmar.flags & HVC_DMAR_DMA_OPT_IN) != 0;
        }
    } else if (amd) {
        status = hvc_acpi_read_ivrs(read_table(&builder->arena, "IVRS"), &ivrs, &error);
        if (status == HVC_OK) {
            remapping = ivrs.units > 0;
            opt_in = (ivrs.info & HVC_IVRS_DMA_REMAP) != 0;
        }
    }
    if (status != HVC_OK) {
        hvc_fact_set_unavailable(builder, HVC_FACT_FIRMWARE_DMA_REMAPPING, error.message);
        hvc_fact_set_unavailable(builder, HVC_FACT_FIRMWARE_DMA_OPT_IN, error.message);
        return;
    }
    hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_DMA_REMAPPING, remapping, source);
    hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_DMA_OPT_IN, opt_in, source);
}

/* ARM64 has no DMAR and no IVRS: what stands for them is not looked at. */
static void tables(hvc_facts_builder *builder)
{
    static const hvc_fact_id ids[] = {HVC_FACT_FIRMWARE_WSMT, HVC_FACT_FIRMWARE_SMM,
                                      HVC_FACT_FIRMWARE_DMA_REMAPPING,
                                      HVC_FACT_FIRMWARE_DMA_OPT_IN};
    const hvc_fact *architecture = hvc_fact_of(&builder->facts, HVC_FACT_OS_ARCHITECTURE);
    bool arm64 = architecture->state == HVC_FACT_KNOWN && strcmp(architecture->text, "arm64") == 0;
    hvc_span names;
    const char *why = "these ACPI tables are not those of an ARM64 machine";
    if (!arm64 && list_tables(&builder->arena, &names)) {
        wsmt(builder, names);
        dma(builder, names);
        return;
    }
    if (!arm64)
        why = "Windows hands out no ACPI tables";
    for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++)
        hvc_fact_set_unavailable(builder, ids[i], why);
}

typedef struct tpm_information {
    UINT32 structure, version, interface_type, revision;
} tpm_information;
typedef UINT32(WINAPI *get_tpm)(UINT32, void *);

static void tpm(hvc_facts_builder *builder)
{
    static const char source[] = "Tbsi_GetDeviceInfo";
    enum { TPM_1_2 = 1, TPM_2_0 = 2 };
    const UINT32 not_found = 0x8028400F;
    get_tpm call = (get_tpm)hvc_zones_resolve(L"tbs.dll", source);
    tpm_information info = {0, 0, 0, 0};
    UINT32 code = call != NULL ? call(sizeof(info), &info) : 0;
    if (call != NULL && code == 0) {
        hvc_fact_set_bool(builder, HVC_FACT_TPM_PRESENT, true, source);
        if (info.version == TPM_1_2 || info.version == TPM_2_0)
            hvc_fact_set_text(builder, HVC_FACT_TPM_VERSION,
                              info.version == TPM_2_0 ? "2.0" : "1.2", source);
        else
            hvc_fact_set_unavailable(builder, HVC_FACT_TPM_VERSION, "it names no known version");
        return;
    }
    const char *why = "this Windows has no TPM services";
    if (call != NULL)
        why = hvc_arena_printf(&builder->arena, "the TPM services answer 0x%08X", code);
    if (call != NULL && code == not_found) {
        hvc_fact_set_bool(builder, HVC_FACT_TPM_PRESENT, false, source);
        why = "there is no TPM";
    }
    hvc_fact_set_unavailable(builder, HVC_FACT_TPM_PRESENT, why);
    hvc_fact_set_unavailable(builder, HVC_FACT_TPM_VERSION, why);
}

/* The boot store is a hive, which administrators may read. */
static void boot_entry(hvc_facts_builder *builder)
{
    enum { OFF = 0, AUTO = 1 };
    static const char source[] = "boot entry: hypervisorlaunchtype";
    GUID id;
    if (!hvc_zones_boot_entry(&id)) {
        hvc_fact_set_unavailable(builder, HVC_FACT_BOOT_HYPERVISOR_LAUNCH,
                                 "Windows does not tell by which entry it was started");
        return;
    }
    const char *key =
        hvc_arena_printf(&builder->arena,
                         "BCD00000000\\Objects\\{%08lx-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}"
                         "\\Elements\\250000f0",
                         id.Data1, id.Data2, id.Data3, id.Data4[0], id.Data4[1], id.Data4[2],
                         id.Data4[3], id.Data4[4], id.Data4[5], id.Data4[6], id.Data4[7]);
    HKEY handle;
    LSTATUS code = key != NULL ? hvc_zones_open_key(key, &handle) : ERROR_OUTOFMEMORY;
    if (code != ERROR_SUCCESS) {
        hvc_fact_set_unavailable(
            builder, HVC_FACT_BOOT_HYPERVISOR_LAUNCH,
            code == ERROR_FILE_NOT_FOUND
                ? "the boot entry does not set it"
                : hvc_zones_why(&builder->arena, "the boot store", (unsigned long)code));
        return;
    }
    uint32_t type = 0;
    hvc_span data = {NULL, 0};
    code = hvc_zones_value(&builder->arena, handle, "Element", &type, &data);
    RegCloseKey(handle);
    uint64_t value = code == ERROR_SUCCESS && data.size == 8 ? hvc_le64(data.data) : UINT64_MAX;
    if (value == OFF || value == AUTO)
        hvc_fact_set_text(builder, HVC_FACT_BOOT_HYPERVISOR_LAUNCH, value == AUTO ? "auto" : "off",
                          source);
    else
        hvc_fact_set_unavailable(builder, HVC_FACT_BOOT_HYPERVISOR_LAUNCH,
                                 "the boot entry sets it in a form that is not known");
}

void hvc_zones_firmware(hvc_facts_builder *builder)
{
    variables(builder);
    tables(builder);
    tpm(builder);
    boot_entry(builder);
}
