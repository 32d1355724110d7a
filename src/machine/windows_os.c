/* The system itself: its version, its edition, who we are in it, and what it runs on. */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <windows.h>

#include <winioctl.h>

#include "machine/probe_windows.h"

#define VERSION_KEY "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
#define CONTROL     "SYSTEM\\CurrentControlSet\\Control"
#define BIOS_KEY    "HARDWARE\\DESCRIPTION\\System\\BIOS"

enum { FIRST_WINDOWS_11 = 22000 };

static void text_fact(hvc_facts_builder *builder, hvc_fact_id id, const char *key, const char *name)
{
    const char *text = hvc_zones_text_value(&builder->arena, key, name);
    if (text != NULL && *text != '\0')
        hvc_fact_set_text(builder, id, text, key);
    else
        hvc_fact_set_unavailable(
            builder, id,
            hvc_arena_printf(&builder->arena, "the registry has no %s\\%s", key, name));
}

typedef LONG(WINAPI *get_version)(OSVERSIONINFOEXW *);

/* Unlike GetVersionEx, it does not tell every program the version that it was made for. */
static void version(hvc_facts_builder *builder)
{
    static const char source[] = "RtlGetVersion";
    get_version call = (get_version)hvc_zones_resolve(L"ntdll.dll", source);
    OSVERSIONINFOEXW info = {.dwOSVersionInfoSize = sizeof(info)};
    if (call != NULL && call(&info) == 0) {
        hvc_fact_set_number(builder, HVC_FACT_OS_MAJOR, info.dwMajorVersion, source);
        hvc_fact_set_number(builder, HVC_FACT_OS_MINOR, info.dwMinorVersion, source);
        hvc_fact_set_number(builder, HVC_FACT_OS_BUILD, info.dwBuildNumber, source);
    }
    uint32_t revision = 0;
    if (hvc_zones_number_value(&builder->arena, VERSION_KEY, "UBR", &revision))
        hvc_fact_set_number(builder, HVC_FACT_OS_REVISION, revision, VERSION_KEY);
    else
        hvc_fact_set_unavailable(builder, HVC_FACT_OS_REVISION, "the registry has no UBR");
}

/* Windows 11 still calls itself Windows 10 in the registry. */
static void product(hvc_facts_builder *builder)
{
    const char *name = hvc_zones_text_value(&builder->arena, VERSION_KEY, "ProductName");
    const char *kind = hvc_zones_text_value(&builder->arena, VERSION_KEY, "InstallationType");
    const hvc_fact *build = hvc_fact_of(&builder->facts, HVC_FACT_OS_BUILD);
    if (name != NULL && kind != NULL && strncmp(name, "Windows 10 ", 11) == 0 &&
        hvc_registry_compare(kind, "Client") == 0 && build->state == HVC_FACT_KNOWN &&
        build->number >= FIRST_WINDOWS_11)
        hvc_fact_set_text(builder, HVC_FACT_OS_NAME,
                          hvc_arena_printf(&builder->arena, "Windows 11 %s", name + 11),
                          VERSION_KEY ", corrected by the build number");
    text_fact(builder, HVC_FACT_OS_NAME, VERSION_KEY, "ProductName");
    text_fact(builder, HVC_FACT_OS_EDITION, VERSION_KEY, "EditionID");
}

typedef BOOL(WINAPI *is_wow64_2)(HANDLE, USHORT *, USHORT *);

/* That of the system, not of this process, which may run in an emulation. */
static void architecture(hvc_facts_builder *builder)
{
    is_wow64_2 call = (is_wow64_2)hvc_zones_resolve(L"kernel32.dll", "IsWow64Process2");
    USHORT process = 0, native = 0;
    const char *source = "IsWow64Process2", *name = NULL;
    if (call == NULL || !call(GetCurrentProcess(), &process, &native)) {
        SYSTEM_INFO info;
        GetNativeSystemInfo(&info);
        source = "GetNativeSystemInfo";
        native = info.wProcessorArchitecture == PROCESSOR_ARCHITECTURE_AMD64   ? 0x8664
                 : info.wProcessorArchitecture == PROCESSOR_ARCHITECTURE_INTEL ? 0x14C
                 : info.wProcessorArchitecture == PROCESSOR_ARCHITECTURE_ARM64 ? 0xAA64
                                                                               : 0;
    }
    name = native == 0x8664 ? "x64" : native == 0x14C ? "x86" : native == 0xAA64 ? "arm64" : NULL;
    if (name != NULL)
        hvc_fact_set_text(builder, HVC_FACT_OS_ARCHITECTURE, name, source);
    else
        hvc_fact_set_unavailable(builder, HVC_FACT_OS_ARCHITECTURE,
                                 "Windows names an architecture that is not known");
}

static void s_mode(hvc_facts_builder *builder)
{
    uint32_t required = 0;
    hvc_zones_number_value(&builder->arena, CONTROL "\\CI\\Policy", "SkuPolicyRequired", &required);
    hvc_fact_set_bool(builder, HVC_FACT_OS_S_MODE, required == 1,
                      CONTROL "\\CI\\Policy: SkuPolicyRequired");
}

static void elevation(hvc_facts_builder *builder)
{
    HANDLE token = NULL;
    TOKEN_ELEVATION elevated = {0};
    DWORD size = 0;
    if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) &&
        GetTokenInformation(token, TokenElevation, &elevated, sizeof(elevated), &size))
        hvc_fact_set_bool(builder, HVC_FACT_OS_ADMIN, elevated.TokenIsElevated != 0,
                          "TokenElevation");
    else
        hvc_fact_set_unavailable(builder, HVC_FACT_OS_ADMIN,
                                 hvc_zones_why(&builder->arena, "TokenElevation", GetLastError()));
    if (token != NULL)
        CloseHandle(token);
}

static void memory(hvc_facts_builder *builder)
{
    ULONGLONG kilobytes = 0;
    MEMORYSTATUSEX status = {.dwLength = sizeof(status)};
    if (GetPhysicallyInstalledSystemMemory(&kilobytes) && kilobytes > 0)
        hvc_fact_set_number(builder, HVC_FACT_MACHINE_MEMORY, kilobytes * 1024,
                            "GetPhysicallyInstalledSystemMemory");
    else if (GlobalMemoryStatusEx(&status))
        hvc_fact_set_number(builder, HVC_FACT_MACHINE_MEMORY, status.ullTotalPhys,
                            "GlobalMemoryStatusEx");
    else
        hvc_fact_set_unavailable(
            builder, HVC_FACT_MACHINE_MEMORY,
            hvc_zones_why(&builder->arena, "GlobalMemoryStatusEx", GetLastError()));
}

/* Asks a device without opening what is on it, which everybody may. */
static bool ask_device(const wchar_t *name, DWORD question, void *answer, DWORD size,
                       DWORD *ret_code)
{
    DWORD got = 0;
    HANDLE device =
        CreateFileW(name, 0, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    bool fine = device != INVALID_HANDLE_VALUE &&
                DeviceIoControl(device, question, NULL, 0, answer, size, &got, NULL) && got > 0;
    *ret_code = GetLastError();
    if (device != INVALID_HANDLE_VALUE)
        CloseHandle(device);
    return fine;
}

static void disk(hvc_facts_builder *builder)
{
    wchar_t folder[MAX_PATH], volume[] = L"\\\\.\\C:", name[64];
    UINT length = GetSystemWindowsDirectoryW(folder, MAX_PATH);
    if (length > 1 && folder[1] == L':')
        volume[4] = folder[0];
    STORAGE_DEVICE_NUMBER number = {0};
    /* The geometry has a tail of variable size. */
    union {
        DISK_GEOMETRY_EX geometry;
        BYTE room[512];
    } answer = {.room = {0}};
    DWORD code = 0;
    bool known =
        ask_device(volume, IOCTL_STORAGE_GET_DEVICE_NUMBER, &number, sizeof(number), &code);
    if (known) {
        swprintf(name, sizeof(name) / sizeof(*name), L"\\\\.\\PhysicalDrive%u",
                 (unsigned)number.DeviceNumber);
        known = ask_device(name, IOCTL_DISK_GET_DRIVE_GEOMETRY_EX, &answer, sizeof(answer), &code);
    }
    if (known && answer.geometry.DiskSize.QuadPart > 0)
        hvc_fact_set_number(builder, HVC_FACT_MACHINE_DISK,
                            (uint64_t)answer.geometry.DiskSize.QuadPart,
                            "IOCTL_DISK_GET_DRIVE_GEOMETRY_EX");
    else
        hvc_fact_set_unavailable(builder, HVC_FACT_MACHINE_DISK,
                                 hvc_zones_why(&builder->arena, "the system disk", code));
}

static void role(hvc_facts_builder *builder)
{
    /* Whether it is a member of a domain is not told there; only 4 and 5 matter to anybody. WMI,
     * which tells it all, may have been asked before. */
    static const struct {
        const char *type;
        unsigned role;
    } types[] = {{"WinNT", 0}, {"ServerNT", 2}, {"LanmanNT", 4}};
    const char *type =
        hvc_zones_text_value(&builder->arena, CONTROL "\\ProductOptions", "ProductType");
    for (size_t i = 0; type != NULL && i < sizeof(types) / sizeof(*types); i++)
        if (hvc_registry_compare(type, types[i].type) == 0)
            hvc_fact_set_number(builder, HVC_FACT_OS_DOMAIN_ROLE, types[i].role,
                                CONTROL "\\ProductOptions: ProductType");
    hvc_fact_set_unavailable(builder, HVC_FACT_OS_DOMAIN_ROLE,
                             "neither WMI nor ProductOptions tell it");
}

void hvc_zones_os(hvc_facts_builder *builder)
{
    version(builder);
    product(builder);
    architecture(builder);
    s_mode(builder);
    elevation(builder);
    role(builder);
    memory(builder);
    disk(builder);
    hvc_fact_set_bool(builder, HVC_FACT_OS_HIBERNATED, false, "Windows runs");
    text_fact(builder, HVC_FACT_MACHINE_MANUFACTURER, BIOS_KEY, "SystemManufacturer");
    text_fact(builder, HVC_FACT_MACHINE_MODEL, BIOS_KEY, "SystemProductName");
}
