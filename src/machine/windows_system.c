/* What the kernel says of itself: NtQuerySystemInformation. The numbers of the classes and what
 * they answer with are not all in the headers; each answer is read by its length. */
#include "base/span.h"
#include "machine/hsti.h"
#include "machine/probe_windows.h"

enum {
    CLASS_KERNEL_DEBUGGER = 35,
    CLASS_BOOT_ENVIRONMENT = 90,
    CLASS_CODE_INTEGRITY = 103,
    CLASS_SECURE_BOOT = 145,
    CLASS_KERNEL_DEBUGGER_EX = 149,
    CLASS_CODE_INTEGRITY_POLICY = 164,
    CLASS_ISOLATED_USER_MODE = 165,
    CLASS_HSTI = 166,
    CLASS_VSM_PROTECTION = 169,
    CLASS_DMA_GUARD = 202,
};

enum { FIRST_SIZE = 4096, MAX_ANSWER = 16 << 20, ATTEMPTS = 8 };

#define STATUS_LENGTH ((long)0xC0000004)
#define STATUS_SMALL  ((long)0xC0000023)

typedef LONG(WINAPI *query_system)(ULONG, void *, ULONG, ULONG *);

static query_system find_query(void)
{
    return (query_system)hvc_zones_resolve(L"ntdll.dll", "NtQuerySystemInformation");
}

long hvc_zones_query(hvc_arena *arena, unsigned information_class, hvc_span *ret_answer)
{
    query_system call = find_query();
    ULONG size = FIRST_SIZE;
    long status = (long)0xC0000002; /* not implemented */
    for (unsigned i = 0; call != NULL && i < ATTEMPTS; i++) {
        ULONG wanted = 0;
        uint8_t *bytes = hvc_arena_alloc(arena, size);
        if (bytes == NULL)
            return (long)0xC0000017; /* no memory */
        status = call(information_class, bytes, size, &wanted);
        if (status >= 0) {
            *ret_answer = (hvc_span){bytes, wanted < size ? wanted : size};
            return status;
        }
        if (status != STATUS_LENGTH && status != STATUS_SMALL)
            return status;
        size = wanted > size ? wanted + FIRST_SIZE : size * 2;
        if (size > MAX_ANSWER)
            return status;
    }
    return status;
}

/* An answer whose size is fixed, which older versions of Windows may know in a shorter form. */
static bool ask(hvc_facts_builder *builder, unsigned number, void *answer, ULONG size,
                const char **ret_why)
{
    query_system call = find_query();
    ULONG got = 0;
    long status = call != NULL ? call(number, answer, size, &got) : (long)0xC0000002;
    if (status >= 0)
        return true;
    const char *why = hvc_arena_printf(
        &builder->arena, "Windows does not tell it (system information class %u, status 0x%08lX)",
        number, (unsigned long)status);
    *ret_why = why != NULL ? why : "";
    return false;
}

static void debugger(hvc_facts_builder *builder)
{
    BYTE more[3] = {0}, answer[2] = {0};
    const char *why = NULL;
    if (ask(builder, CLASS_KERNEL_DEBUGGER_EX, more, sizeof(more), &why))
        hvc_fact_set_bool(builder, HVC_FACT_DEBUG_KERNEL, more[1] != 0,
                          "SystemKernelDebuggerInformationEx");
    else if (ask(builder, CLASS_KERNEL_DEBUGGER, answer, sizeof(answer), &why))
        hvc_fact_set_bool(builder, HVC_FACT_DEBUG_KERNEL, answer[0] != 0,
                          "SystemKernelDebuggerInformation");
    else
        hvc_fact_set_unavailable(builder, HVC_FACT_DEBUG_KERNEL, why);
}

static void code_integrity(hvc_facts_builder *builder)
{
    static const char source[] = "SystemCodeIntegrityInformation";
    enum { TEST_SIGNING = 0x2 };
    ULONG answer[2] = {sizeof(answer), 0};
    const char *why = NULL;
    if (ask(builder, CLASS_CODE_INTEGRITY, answer, sizeof(answer), &why)) {
        hvc_fact_set_number(builder, HVC_FACT_CI_OPTIONS, answer[1], source);
        hvc_fact_set_bool(builder, HVC_FACT_BOOT_TEST_SIGNING, (answer[1] & TEST_SIGNING) != 0,
                          source);
    } else {
        hvc_fact_set_unavailable(builder, HVC_FACT_CI_OPTIONS, why);
        hvc_fact_set_unavailable(builder, HVC_FACT_BOOT_TEST_SIGNING, why);
    }
    struct {
        ULONG options, hvci_options;
        ULONGLONG version;
        GUID policy;
    } policy = {0, 0, 0, {0, 0, 0, {0}}};
    if (ask(builder, CLASS_CODE_INTEGRITY_POLICY, &policy, sizeof(policy), &why))
        hvc_fact_set_number(builder, HVC_FACT_CI_HVCI_OPTIONS, policy.hvci_options,
                            "SystemCodeIntegrityPolicyInformation");
    else
        hvc_fact_set_unavailable(builder, HVC_FACT_CI_HVCI_OPTIONS, why);
}

static void secure_boot(hvc_facts_builder *builder)
{
    static const char source[] = "SystemSecureBootInformation";
    BYTE answer[2] = {0};
    const char *why = NULL;
    uint32_t on = 0;
    if (ask(builder, CLASS_SECURE_BOOT, answer, sizeof(answer), &why)) {
        hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_SECURE_BOOT, answer[0] != 0, source);
        hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_SECURE_BOOT_CAPABLE, answer[1] != 0, source);
        return;
    }
    if (hvc_zones_number_value(&builder->arena,
                               "SYSTEM\\CurrentControlSet\\Control\\SecureBoot\\State",
                               "UEFISecureBootEnabled", &on))
        hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_SECURE_BOOT, on != 0,
                          "SecureBoot\\State: UEFISecureBootEnabled");
    hvc_fact_set_unavailable(builder, HVC_FACT_FIRMWARE_SECURE_BOOT, why);
    hvc_fact_set_unavailable(builder, HVC_FACT_FIRMWARE_SECURE_BOOT_CAPABLE, why);
}

typedef struct boot_environment {
    GUID entry;
    ULONG firmware; /* 1 BIOS, 2 UEFI */
    ULONGLONG flags;
} boot_environment;

bool hvc_zones_boot_entry(GUID *ret_entry)
{
    query_system call = find_query();
    boot_environment answer;
    ULONG got = 0;
    if (call == NULL || call(CLASS_BOOT_ENVIRONMENT, &answer, sizeof(answer), &got) < 0)
        return false;
    *ret_entry = answer.entry;
    return true;
}

typedef BOOL(WINAPI *get_firmware_type)(int *);

static void firmware_type(hvc_facts_builder *builder)
{
    enum { BIOS = 1, UEFI = 2 };
    get_firmware_type call =
        (get_firmware_type)hvc_zones_resolve(L"kernel32.dll", "GetFirmwareType");
    boot_environment answer = {.firmware = 0};
    const char *why = NULL, *source = "SystemBootEnvironmentInformation";
    int type = 0;
    if (ask(builder, CLASS_BOOT_ENVIRONMENT, &answer, sizeof(answer), &why)) {
        type = (int)answer.firmware;
    } else if (call != NULL && call(&type)) {
        source = "GetFirmwareType";
    }
    if (type == BIOS || type == UEFI)
        hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_UEFI, type == UEFI, source);
    else
        hvc_fact_set_unavailable(builder, HVC_FACT_FIRMWARE_UEFI,
                                 why != NULL ? why : "Windows does not know its firmware");
}

/* What runs, where WMI did not tell: without a secure kernel, none of its services does; with one,
 * the other services beside HVCI are not all told of here. */
static void isolated_user_mode(hvc_facts_builder *builder)
{
    static const char source[] = "SystemIsolatedUserModeInformation";
    enum { SECURE_KERNEL = 0x1, VBS_RUNS = 2 };
    BYTE answer[16] = {0};
    const char *why = NULL;
    if (!ask(builder, CLASS_ISOLATED_USER_MODE, answer, sizeof(answer), &why)) {
        hvc_fact_set_unavailable(builder, HVC_FACT_DG_VBS_STATUS, why);
        hvc_fact_set_unavailable(builder, HVC_FACT_DG_RUNNING, why);
        return;
    }
    static const uint64_t none = 0;
    if ((answer[0] & SECURE_KERNEL) != 0) {
        hvc_fact_set_number(builder, HVC_FACT_DG_VBS_STATUS, VBS_RUNS, source);
        hvc_fact_set_unavailable(builder, HVC_FACT_DG_RUNNING,
                                 "only WMI tells which services run in the secure kernel");
    } else {
        hvc_fact_set_numbers(builder, HVC_FACT_DG_RUNNING, &none, 1, source);
        hvc_fact_set_unavailable(builder, HVC_FACT_DG_VBS_STATUS,
                                 "no secure kernel runs; only WMI tells whether one is wanted");
    }
}

static void vsm_protection(hvc_facts_builder *builder)
{
    BYTE answer[8] = {0};
    const char *why = "";
    if (ask(builder, CLASS_VSM_PROTECTION, answer, 4, &why) ||
        ask(builder, CLASS_VSM_PROTECTION, answer, 2, &why)) {
        if (answer[2] != 0)
            hvc_fact_set_bool(builder, HVC_FACT_CPU_MBEC, true, "SystemVsmProtectionInformation");
        else
            why = "Windows reports none, which may be because a hypervisor hides it";
        if (answer[0] != 0)
            hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_DMA_REMAPPING, true,
                              "SystemVsmProtectionInformation");
    }
    hvc_fact_set_unavailable(builder, HVC_FACT_CPU_MBEC, why);
    BYTE guard = 0;
    /* Windows protects its kernel from DMA only where firmware opted in. */
    if (ask(builder, CLASS_DMA_GUARD, &guard, sizeof(guard), &why) && guard != 0)
        hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_DMA_OPT_IN, true,
                          "SystemDmaGuardPolicyInformation");
}

static void hsti(hvc_facts_builder *builder)
{
    hvc_span blob;
    long status = hvc_zones_query(&builder->arena, CLASS_HSTI, &blob);
    if (status >= 0) {
        hvc_facts_set_hsti(builder, blob, "system information class 166");
        return;
    }
    const char *why = hvc_arena_printf(
        &builder->arena, "Windows does not tell it (system information class %d, status 0x%08lX)",
        CLASS_HSTI, (unsigned long)status);
    static const hvc_fact_id ids[] = {HVC_FACT_FIRMWARE_HSTI_SIZE, HVC_FACT_FIRMWARE_HSTI_COUNT,
                                      HVC_FACT_FIRMWARE_HSTI_PASSED, HVC_FACT_FIRMWARE_HSTI_BLOB};
    for (size_t i = 0; why != NULL && i < sizeof(ids) / sizeof(*ids); i++)
        hvc_fact_set_unavailable(builder, ids[i], why);
}

void hvc_zones_system(hvc_facts_builder *builder)
{
    debugger(builder);
    code_integrity(builder);
    secure_boot(builder);
    firmware_type(builder);
    isolated_user_mode(builder);
    vsm_protection(builder);
    hsti(builder);
}
