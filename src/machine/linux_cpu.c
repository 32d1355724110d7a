/* The processor as Linux shows it. A flag of /proc/cpuinfo that is there proves a feature; one that
 * is not there may have been hidden by the kernel, which drops vmx and svm where firmware turned
 * virtualization off: then CPUID tells, where it speaks of the same machine. */
#include <stdlib.h>

#include "machine/cpuid.h"
#include "machine/linux_probe.h"

#define CPUINFO "/proc/cpuinfo"
#define KVM     "/sys/devices/virtual/misc/kvm"

typedef struct cpuinfo {
    hvc_text block; /* of the first processor */
} cpuinfo;

/* The value of a line "key : value" of the first processor. */
static bool field(const cpuinfo *info, const char *key, hvc_text *ret)
{
    size_t length = strlen(key);
    const char *p = info->block.data, *end = p + info->block.size;
    while (p < end) {
        const char *line = memchr(p, '\n', (size_t)(end - p));
        const char *next = line != NULL ? line + 1 : end;
        size_t size = (size_t)((line != NULL ? line : end) - p);
        const char *colon = memchr(p, ':', size);
        if (colon != NULL && size > length && memcmp(p, key, length) == 0 &&
            strchr(" \t:", p[length]) != NULL) {
            const char *blank = p + length;
            while (blank < colon && (*blank == ' ' || *blank == '\t'))
                blank++;
            if (blank == colon) {
                const char *value = colon + 1;
                while (value < p + size && *value == ' ')
                    value++;
                *ret = (hvc_text){value, (size_t)(p + size - value)};
                return true;
            }
        }
        p = next;
    }
    return false;
}

static bool has_word(hvc_text text, const char *word)
{
    size_t length = strlen(word);
    for (size_t at = 0; at < text.size;) {
        size_t end = at;
        while (end < text.size && text.data[end] != ' ')
            end++;
        if (end - at == length && memcmp(text.data + at, word, length) == 0)
            return true;
        at = end + 1;
    }
    return false;
}

static bool flag(const cpuinfo *info, const char *line, const char *word)
{
    hvc_text flags;
    return field(info, line, &flags) && has_word(flags, word);
}

static void set_text(hvc_linux_probe *probe, const cpuinfo *info, const char *key, hvc_fact_id fact)
{
    hvc_text value;
    const char *text = field(info, key, &value) ? hvc_linux_tree_text(&probe->tree, value) : NULL;
    if (text != NULL && text[0] != 0)
        hvc_fact_set_text(probe->builder, fact, text, CPUINFO);
    else
        hvc_linux_unavailable(probe, fact, CPUINFO " has no line \"%s\"", key);
}

static void set_number(hvc_linux_probe *probe, const cpuinfo *info, const char *key,
                       hvc_fact_id fact)
{
    hvc_text value;
    char *end = NULL;
    const char *text = field(info, key, &value) ? hvc_arena_text(probe->tree.arena, value) : NULL;
    unsigned long number = text != NULL && value.size > 0 ? strtoul(text, &end, 10) : 0;
    if (end != NULL && end != text && *end == 0)
        hvc_fact_set_number(probe->builder, fact, number, CPUINFO);
    else
        hvc_linux_unavailable(probe, fact, CPUINFO " has no number for \"%s\"", key);
}

/* Bits of CPUID, or unknown: a tree of files has no CPUID. */
typedef enum answer { NO, YES, UNKNOWN } answer;

static answer bit(const hvc_linux_probe *probe, uint32_t leaf, bool ecx, unsigned number)
{
    hvc_cpuid_result result;
    if (!probe->live || !hvc_cpuid(leaf & 0x80000000, 0, &result))
        return UNKNOWN;
    if (!hvc_cpuid(leaf, 0, &result))
        return NO;
    return ((ecx ? result.ecx : result.edx) >> number & 1) != 0 ? YES : NO;
}

static void set_answer(hvc_linux_probe *probe, hvc_fact_id fact, answer it, const char *source,
                       const char *why)
{
    if (it == UNKNOWN)
        hvc_fact_set_unavailable(probe->builder, fact, why);
    else
        hvc_fact_set_bool(probe->builder, fact, it == YES, source);
}

/* What Windows calls VirtualizationFirmwareEnabled. */
static void x86_firmware(hvc_linux_probe *probe, const cpuinfo *info, bool vmx, bool svm)
{
    hvc_text line;
    hvc_fact_id fact = HVC_FACT_FIRMWARE_VIRTUALIZATION;
    /* KVM also runs without such a processor's help; its part for SVM does not. */
    if (svm && hvc_linux_tree_exists(&probe->tree, "/sys/module/kvm_amd") &&
        hvc_linux_tree_exists(&probe->tree, KVM))
        hvc_fact_set_bool(probe->builder, fact, true, "/sys/module/kvm_amd");
    else if (vmx && field(info, "vmx flags", &line))
        /* The same kernels that write this line drop vmx where firmware locked it away. */
        hvc_fact_set_bool(probe->builder, fact, true, CPUINFO ": vmx and vmx flags");
    else if (!vmx && !svm)
        hvc_fact_set_bool(probe->builder, fact, false, CPUINFO ": neither vmx nor svm");
    else
        hvc_fact_set_unavailable(probe->builder, fact,
                                 "this kernel does not show what firmware set, and KVM is not "
                                 "loaded");
}

static void x86_virtualization(hvc_linux_probe *probe, const cpuinfo *info)
{
    enum { VMX = 5, SVM = 2, NPT = 0, GMET = 17 };
    static const char hidden[] =
        "neither vmx nor svm in /proc/cpuinfo: the processor has none, or firmware turned it off";
    hvc_facts_builder *builder = probe->builder;
    bool vmx = flag(info, "flags", "vmx"), svm = flag(info, "flags", "svm");
    x86_firmware(probe, info, vmx, svm);

    answer intel = vmx ? YES : bit(probe, 1, true, VMX);
    answer amd = svm ? YES : bit(probe, 0x80000001, true, SVM);
    answer any = intel == YES || amd == YES ? YES : intel == NO && amd == NO ? NO : UNKNOWN;
    set_answer(probe, HVC_FACT_CPU_VIRTUALIZATION, any,
               vmx || svm ? CPUINFO ": flags" : "CPUID 1, 80000001", hidden);

    hvc_text line;
    bool listed = field(info, "vmx flags", &line);
    if (any == NO) {
        hvc_fact_set_bool(builder, HVC_FACT_CPU_SLAT, false,
                          "CPUID 1, 80000001: neither VMX nor "
                          "SVM");
        hvc_fact_set_bool(builder, HVC_FACT_CPU_MBEC, false,
                          "CPUID 1, 80000001: neither VMX nor "
                          "SVM");
    } else if (amd == YES) {
        answer npt = flag(info, "flags", "npt") ? YES : bit(probe, 0x8000000A, false, NPT);
        set_answer(probe, HVC_FACT_CPU_SLAT, npt,
                   flag(info, "flags", "npt") ? CPUINFO ": npt" : "CPUID 8000000A",
                   "no npt in /proc/cpuinfo, and no CPUID of that machine");
        set_answer(probe, HVC_FACT_CPU_MBEC, bit(probe, 0x8000000A, false, GMET),
                   "CPUID 8000000A: GMET",
                   "Linux shows GMET only in CPUID, which files of a machine do not hold");
    } else if (listed) {
        hvc_fact_set_bool(builder, HVC_FACT_CPU_SLAT, has_word(line, "ept"), CPUINFO ": vmx flags");
        hvc_fact_set_bool(builder, HVC_FACT_CPU_MBEC, has_word(line, "ept_mode_based_exec"),
                          CPUINFO ": vmx flags");
    } else {
        const char *why = intel == YES ? "/proc/cpuinfo has no line \"vmx flags\"" : hidden;
        if (flag(info, "flags", "ept"))
            hvc_fact_set_bool(builder, HVC_FACT_CPU_SLAT, true, CPUINFO ": ept");
        else
            hvc_fact_set_unavailable(builder, HVC_FACT_CPU_SLAT, why);
        hvc_fact_set_unavailable(builder, HVC_FACT_CPU_MBEC, why);
    }
}

static void x86(hvc_linux_probe *probe, const cpuinfo *info)
{
    enum { NX = 20 };
    hvc_facts_builder *builder = probe->builder;
    set_text(probe, info, "vendor_id", HVC_FACT_CPU_VENDOR);
    set_text(probe, info, "model name", HVC_FACT_CPU_NAME);
    set_number(probe, info, "cpu family", HVC_FACT_CPU_FAMILY);
    set_number(probe, info, "model", HVC_FACT_CPU_MODEL);
    x86_virtualization(probe, info);
    bool nx = flag(info, "flags", "nx");
    set_answer(probe, HVC_FACT_CPU_NX, nx ? YES : bit(probe, 0x80000001, false, NX),
               nx ? CPUINFO ": nx" : "CPUID 80000001",
               "no nx in /proc/cpuinfo, which the kernel also drops when it is told to");
    hvc_text flags;
    if (!field(info, "flags", &flags))
        return;
    bool guest = has_word(flags, "hypervisor");
    hvc_fact_set_bool(builder, HVC_FACT_HYPERVISOR_PRESENT, guest, CPUINFO ": hypervisor");
    hvc_fact_set_bool(builder, HVC_FACT_MACHINE_VIRTUAL, guest, CPUINFO ": hypervisor");
    hvc_fact_set_text(builder, HVC_FACT_OS_ARCHITECTURE, has_word(flags, "lm") ? "x64" : "x86",
                      CPUINFO ": lm, for a Windows that is still to be installed");
}

/* KVM runs only where the kernel was entered at EL2 (or with VHE), which has stage 2 translation.
 */
static void arm64(hvc_linux_probe *probe, const cpuinfo *info)
{
    static const struct {
        const char *implementer, *name;
    } names[] = {{"0x41", "ARM"},    {"0x46", "Fujitsu"},   {"0x48", "HiSilicon"},
                 {"0x4e", "NVIDIA"}, {"0x50", "APM"},       {"0x51", "Qualcomm"},
                 {"0x61", "Apple"},  {"0x6d", "Microsoft"}, {"0xc0", "Ampere"}};
    static const hvc_fact_id el2[] = {HVC_FACT_CPU_VIRTUALIZATION, HVC_FACT_CPU_SLAT,
                                      HVC_FACT_FIRMWARE_VIRTUALIZATION};
    hvc_facts_builder *builder = probe->builder;
    hvc_text implementer = {NULL, 0};
    field(info, "CPU implementer", &implementer);
    const char *number = hvc_linux_tree_text(&probe->tree, implementer);
    hvc_linux_unavailable(probe, HVC_FACT_CPU_VENDOR, CPUINFO ": the implementer %s has no name",
                          number != NULL ? number : "?");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (has_word(implementer, names[i].implementer))
            hvc_fact_set_text(builder, HVC_FACT_CPU_VENDOR, names[i].name,
                              CPUINFO ": CPU implementer");
    }
    bool kvm = hvc_linux_tree_exists(&probe->tree, KVM);
    for (size_t i = 0; i < sizeof(el2) / sizeof(el2[0]); i++) {
        if (kvm)
            hvc_fact_set_bool(builder, el2[i], true, KVM ": EL2");
        else
            hvc_fact_set_unavailable(builder, el2[i],
                                     "without KVM, Linux does not show whether it started at EL2");
    }
    hvc_fact_set_unavailable(builder, HVC_FACT_CPU_MBEC,
                             "Linux does not show ARM64's execute permissions of stage 2");
    hvc_fact_set_bool(builder, HVC_FACT_CPU_NX, true, "every ARM64 processor");
    hvc_fact_set_text(builder, HVC_FACT_OS_ARCHITECTURE, "arm64",
                      CPUINFO ", for a Windows that is still to be installed");
    set_text(probe, info, "model name", HVC_FACT_CPU_NAME);
    static const hvc_fact_id others[] = {HVC_FACT_CPU_FAMILY, HVC_FACT_CPU_MODEL,
                                         HVC_FACT_HYPERVISOR_PRESENT};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        hvc_fact_set_unavailable(builder, others[i],
                                 "Linux does not show it of an ARM64 processor");
}

/* All that cannot be told without the processor. */
static void unknown(hvc_linux_probe *probe, const char *why)
{
    static const hvc_fact_id facts[] = {HVC_FACT_CPU_VENDOR,
                                        HVC_FACT_CPU_NAME,
                                        HVC_FACT_CPU_FAMILY,
                                        HVC_FACT_CPU_MODEL,
                                        HVC_FACT_CPU_VIRTUALIZATION,
                                        HVC_FACT_CPU_SLAT,
                                        HVC_FACT_CPU_MBEC,
                                        HVC_FACT_CPU_NX,
                                        HVC_FACT_FIRMWARE_VIRTUALIZATION,
                                        HVC_FACT_HYPERVISOR_PRESENT,
                                        HVC_FACT_MACHINE_VIRTUAL,
                                        HVC_FACT_OS_ARCHITECTURE};
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
        hvc_linux_unavailable(probe, facts[i], CPUINFO ": %s", why);
}

void hvc_linux_cpu(hvc_linux_probe *probe)
{
    hvc_span bytes;
    hvc_linux_tree_state state = hvc_linux_tree_read(&probe->tree, CPUINFO, &bytes);
    if (state != HVC_LINUX_TREE_READ) {
        unknown(probe, hvc_linux_tree_state_text(state));
        return;
    }
    cpuinfo info = {{(const char *)bytes.data, bytes.size}};
    const char *end = memmem(bytes.data, bytes.size, "\n\n", 2);
    if (end != NULL)
        info.block.size = (size_t)(end - info.block.data);
    hvc_text value;
    if (field(&info, "vendor_id", &value)) {
        probe->arch = HVC_LINUX_X86;
        x86(probe, &info);
    } else if (flag(&info, "Features", "asimd")) { /* a 32-bit kernel says neon */
        probe->arch = HVC_LINUX_ARM64;
        arm64(probe, &info);
    } else {
        unknown(probe, "neither an x86 nor an ARM64 processor");
    }
}
