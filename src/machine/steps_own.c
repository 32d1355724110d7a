/* Steps that the readiness tool does not have: the processor, the firmware, how Windows was
 * started. */
#include <string.h>

#include "machine/steps.h"

enum { PROPERTY_HYPERVISOR = 1, PROPERTY_DMA = 3, PROPERTY_MBEC = 7, VBS_RUNS = 2 };

static hvc_answer available(const hvc_checking *checking, uint64_t property)
{
    return hvc_ask_listed(checking, HVC_FACT_DG_AVAILABLE, property);
}

static hvc_step_result pass(hvc_checking *checking, const char *reason)
{
    return hvc_because(checking, HVC_STEP_PASS, "%s", reason);
}

hvc_step_result hvc_check_uefi(hvc_checking *checking)
{
    hvc_answer uefi = hvc_ask(checking, HVC_FACT_FIRMWARE_UEFI);
    if (uefi == HVC_ANSWER_YES)
        return pass(checking, "started by UEFI");
    if (hvc_ask(checking, HVC_FACT_FIRMWARE_SECURE_BOOT) == HVC_ANSWER_YES)
        return pass(checking, "Secure Boot is on, which only UEFI has");
    if (uefi == HVC_ANSWER_UNKNOWN)
        return hvc_unknown(checking, HVC_FACT_FIRMWARE_UEFI);
    return hvc_because(checking, HVC_STEP_FAIL,
                       "not started by UEFI: there is no Secure Boot without it");
}

hvc_step_result hvc_check_slat(hvc_checking *checking)
{
    uint64_t vbs = 0;
    hvc_answer slat = hvc_ask(checking, HVC_FACT_CPU_SLAT);
    if (slat == HVC_ANSWER_YES)
        return pass(checking, "the processor has it");
    if (available(checking, PROPERTY_HYPERVISOR) == HVC_ANSWER_YES ||
        (hvc_ask_number(checking, HVC_FACT_DG_VBS_STATUS, &vbs) && vbs == VBS_RUNS))
        return pass(checking, "Windows' hypervisor, which needs it, can run");
    if (slat == HVC_ANSWER_UNKNOWN)
        return hvc_unknown(checking, HVC_FACT_CPU_SLAT);
    return hvc_because(checking, HVC_STEP_FAIL,
                       "the processor has no second level address translation (EPT, NPT)");
}

hvc_step_result hvc_check_dma(hvc_checking *checking)
{
    hvc_answer listed = available(checking, PROPERTY_DMA);
    hvc_answer tables = hvc_ask(checking, HVC_FACT_FIRMWARE_DMA_REMAPPING);
    if (listed == HVC_ANSWER_YES)
        return pass(checking, "AvailableSecurityProperties lists it");
    if (listed == HVC_ANSWER_UNKNOWN && tables == HVC_ANSWER_YES)
        return hvc_ask(checking, HVC_FACT_FIRMWARE_DMA_OPT_IN) == HVC_ANSWER_YES
                   ? pass(checking, "the firmware has remapping units, and opts in to kernel DMA "
                                    "protection")
                   : pass(checking, "the firmware has remapping units");
    if (listed == HVC_ANSWER_UNKNOWN && tables == HVC_ANSWER_UNKNOWN)
        return hvc_unknown(checking, HVC_FACT_FIRMWARE_DMA_REMAPPING);
    return hvc_because(checking, HVC_STEP_WARN,
                       "absent: leave it out of RequirePlatformSecurityFeatures (1, not 3), or "
                       "VBS does not start");
}

hvc_step_result hvc_check_mbec(hvc_checking *checking)
{
    hvc_answer processor = hvc_ask(checking, HVC_FACT_CPU_MBEC);
    hvc_answer listed = available(checking, PROPERTY_MBEC);
    if (processor == HVC_ANSWER_YES || listed == HVC_ANSWER_YES)
        return pass(checking, "the processor has it (MBEC, GMET)");
    if (processor == HVC_ANSWER_UNKNOWN && listed == HVC_ANSWER_UNKNOWN)
        return hvc_unknown(checking, HVC_FACT_CPU_MBEC);
    return hvc_because(checking, HVC_STEP_WARN,
                       "absent (MBEC, GMET): memory integrity works, but costs more performance");
}

hvc_step_result hvc_check_hypervisor_launch(hvc_checking *checking)
{
    const hvc_fact *fact = hvc_fact_of(checking->facts, HVC_FACT_BOOT_HYPERVISOR_LAUNCH);
    if (fact->state != HVC_FACT_KNOWN)
        return hvc_unknown(checking, HVC_FACT_BOOT_HYPERVISOR_LAUNCH);
    if (hvc_registry_compare(fact->text, "off") == 0)
        return hvc_because(checking, HVC_STEP_WARN,
                           "hypervisorlaunchtype is off: the boot entry keeps the hypervisor from "
                           "starting");
    return hvc_because(checking, HVC_STEP_PASS, "hypervisorlaunchtype is %s",
                       hvc_safe(checking, fact->text));
}

hvc_step_result hvc_check_debugger(hvc_checking *checking)
{
    hvc_answer answer = hvc_ask(checking, HVC_FACT_DEBUG_KERNEL);
    if (answer == HVC_ANSWER_UNKNOWN)
        return hvc_unknown(checking, HVC_FACT_DEBUG_KERNEL);
    return answer == HVC_ANSWER_NO
               ? pass(checking, "off")
               : hvc_because(checking, HVC_STEP_WARN,
                             "on: Windows does not turn memory integrity on by itself then");
}

hvc_step_result hvc_check_test_signing(hvc_checking *checking)
{
    hvc_answer answer = hvc_ask(checking, HVC_FACT_BOOT_TEST_SIGNING);
    if (answer == HVC_ANSWER_UNKNOWN)
        return hvc_unknown(checking, HVC_FACT_BOOT_TEST_SIGNING);
    return answer == HVC_ANSWER_NO
               ? pass(checking, "off")
               : hvc_because(checking, HVC_STEP_WARN, "on: drivers that nobody trusts may load");
}

hvc_step_result hvc_check_s_mode(hvc_checking *checking)
{
    hvc_answer answer = hvc_ask(checking, HVC_FACT_OS_S_MODE);
    if (answer == HVC_ANSWER_UNKNOWN)
        return hvc_unknown(checking, HVC_FACT_OS_S_MODE);
    return answer == HVC_ANSWER_NO ? pass(checking, "off")
                                   : hvc_because(checking, HVC_STEP_WARN,
                                                 "on: S mode is not among the editions that the "
                                                 "evaluation is meant for");
}

/* "...Core(TM) i7-8550U CPU...": 8; 0 when the name tells none. Four digits that begin with 1 are
 * of the tenth generation and later ("i7-1065G7"). */
static unsigned intel_generation(const char *name)
{
    for (const char *p = name; (p = strstr(p, " i")) != NULL; p += 2) {
        if (p[2] < '3' || p[2] > '9' || p[3] != '-')
            continue;
        const char *digits = p + 4;
        size_t count = strspn(digits, "0123456789");
        if (count < 3 || count > 5)
            return 0;
        if (count == 5 || (count == 4 && digits[0] == '1'))
            return (unsigned)(digits[0] - '0') * 10 + (unsigned)(digits[1] - '0');
        return count == 4 ? (unsigned)(digits[0] - '0') : 1;
    }
    return strstr(name, "Core(TM) Ultra") != NULL ? 14 : 0;
}

static hvc_step_result intel(hvc_checking *checking)
{
    enum { LEAST = 8, LEAST_21H2 = 11 };
    const hvc_fact *name = hvc_fact_of(checking->facts, HVC_FACT_CPU_NAME);
    if (name->state != HVC_FACT_KNOWN)
        return hvc_unknown(checking, HVC_FACT_CPU_NAME);
    unsigned generation = intel_generation(name->text);
    if (generation == 0)
        return hvc_because(checking, HVC_STEP_UNDETERMINED,
                           "the generation is not known from the name \"%s\"",
                           hvc_safe(checking, name->text));
    if (generation < LEAST)
        return hvc_because(checking, HVC_STEP_WARN, "Intel Core generation %u; 8 or later is asked",
                           generation);
    return hvc_because(checking, HVC_STEP_PASS, "Intel Core generation %u%s", generation,
                       generation < LEAST_21H2 ? " (enough since Windows 11 22H2)" : "");
}

static hvc_step_result amd(hvc_checking *checking)
{
    enum { FAMILY_ZEN = 0x17, FIRST_ZEN_2_MODEL = 0x30 };
    uint64_t family = 0, model = 0;
    if (!hvc_ask_number(checking, HVC_FACT_CPU_FAMILY, &family))
        return hvc_unknown(checking, HVC_FACT_CPU_FAMILY);
    bool has_model = hvc_ask_number(checking, HVC_FACT_CPU_MODEL, &model);
    if (family == FAMILY_ZEN && !has_model)
        return hvc_unknown(checking, HVC_FACT_CPU_MODEL);
    if (family > FAMILY_ZEN || (family == FAMILY_ZEN && model >= FIRST_ZEN_2_MODEL))
        return pass(checking, "AMD Zen 2 or later");
    return hvc_because(checking, HVC_STEP_WARN, "older than AMD Zen 2, which is asked");
}

hvc_step_result hvc_check_default_processor(hvc_checking *checking)
{
    const hvc_fact *vendor = hvc_fact_of(checking->facts, HVC_FACT_CPU_VENDOR);
    if (vendor->state != HVC_FACT_KNOWN)
        return hvc_unknown(checking, HVC_FACT_CPU_VENDOR);
    if (strcmp(vendor->text, "GenuineIntel") == 0)
        return intel(checking);
    if (strcmp(vendor->text, "AuthenticAMD") == 0)
        return amd(checking);
    return hvc_because(checking, HVC_STEP_UNDETERMINED,
                       "no rule is known for a processor of \"%s\"",
                       hvc_safe(checking, vendor->text));
}

/* Sizes are told after firmware, graphics and partitions took their share: a little less than what
 * is asked for is neither enough nor too little. */
static hvc_step_result size_bar(hvc_checking *checking, hvc_fact_id id, uint64_t enough,
                                uint64_t too_little, const char *asked)
{
    uint64_t size = 0;
    if (!hvc_ask_number(checking, id, &size))
        return hvc_unknown(checking, id);
    double gigabytes = (double)size / 1e9;
    if (size >= enough)
        return hvc_because(checking, HVC_STEP_PASS, "%.1f GB", gigabytes);
    if (size < too_little)
        return hvc_because(checking, HVC_STEP_WARN, "%.1f GB; %s is asked", gigabytes, asked);
    return hvc_because(checking, HVC_STEP_UNDETERMINED,
                       "%.1f GB are usable, so that %s may be there", gigabytes, asked);
}

#define GIB (UINT64_C(1) << 30)

hvc_step_result hvc_check_default_memory(hvc_checking *checking)
{
    return size_bar(checking, HVC_FACT_MACHINE_MEMORY, 8 * GIB, 7 * GIB, "8 GB");
}

hvc_step_result hvc_check_default_disk(hvc_checking *checking)
{
    return size_bar(checking, HVC_FACT_MACHINE_DISK, UINT64_C(64000000000), 56 * GIB,
                    "64 GB (and an SSD)");
}
