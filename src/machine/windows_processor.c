/* The processor. A hypervisor that runs, Windows' own one among them, hides the virtualization
 * features of the processor from all but itself: then "no" is no answer. */
#include <string.h>

#include "machine/cpuid.h"
#include "machine/probe_windows.h"

#define PROCESSOR_KEY "HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\0"

enum { FEATURE_NX = 12, FEATURE_SLAT = 20, FEATURE_FIRMWARE = 21 };
enum {
    VMX = 1 << 5,
    HYPERVISOR = 1 << 31,
    SVM = 1 << 2,
    NPT = 1 << 0,
    GMET = 1 << 17,
    NX = 1 << 20
};

static const char hidden[] = "a hypervisor runs, which may hide it";

/* A feature that is there is there; one that is not may be hidden. */
static void feature(hvc_facts_builder *builder, hvc_fact_id id, bool there, bool virtualized,
                    const char *source)
{
    if (there || !virtualized)
        hvc_fact_set_bool(builder, id, there, source);
    else
        hvc_fact_set_unavailable(builder, id, hidden);
}

static void names(hvc_facts_builder *builder)
{
    static const struct {
        hvc_fact_id id;
        const char *value;
    } rows[] = {{HVC_FACT_CPU_NAME, "ProcessorNameString"},
                {HVC_FACT_CPU_VENDOR, "VendorIdentifier"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const char *text = hvc_zones_text_value(&builder->arena, PROCESSOR_KEY, rows[i].value);
        if (text != NULL && *text != '\0')
            hvc_fact_set_text(builder, rows[i].id, text, PROCESSOR_KEY);
        else
            hvc_fact_set_unavailable(builder, rows[i].id, "the registry does not have it");
    }
}

static void numbers(hvc_facts_builder *builder)
{
    hvc_cpuid_result one;
    if (!hvc_cpuid(1, 0, &one))
        return;
    uint32_t family = one.eax >> 8 & 15, model = one.eax >> 4 & 15;
    if (family == 6 || family == 15)
        model |= one.eax >> 12 & 0xF0;
    if (family == 15)
        family += one.eax >> 20 & 0xFF;
    hvc_fact_set_number(builder, HVC_FACT_CPU_FAMILY, family, "CPUID 1");
    hvc_fact_set_number(builder, HVC_FACT_CPU_MODEL, model, "CPUID 1");
}

/* Windows' own hypervisor has one partition that may make others: there Windows is no guest. */
static void hypervisor(hvc_facts_builder *builder, bool present)
{
    enum { VENDOR = 0x40000000, FEATURES = 0x40000003, CREATE_PARTITIONS = 1 };
    static const char source[] = "CPUID 1: hypervisor";
    hvc_cpuid_result id, features;
    hvc_fact_set_bool(builder, HVC_FACT_HYPERVISOR_PRESENT, present, source);
    if (!present) {
        hvc_fact_set_bool(builder, HVC_FACT_MACHINE_VIRTUAL, false, source);
        return;
    }
    if (!hvc_cpuid_hypervisor(VENDOR, &id))
        return;
    char vendor[13] = {0};
    memcpy(vendor, &id.ebx, 4);
    memcpy(vendor + 4, &id.ecx, 4);
    memcpy(vendor + 8, &id.edx, 4);
    bool root = strcmp(vendor, "Microsoft Hv") == 0 && hvc_cpuid_hypervisor(FEATURES, &features) &&
                (features.ebx & CREATE_PARTITIONS) != 0;
    hvc_fact_set_bool(builder, HVC_FACT_MACHINE_VIRTUAL, !root, "CPUID 40000000");
}

static void x86(hvc_facts_builder *builder)
{
    hvc_cpuid_result one, more = {0, 0, 0, 0}, svm = {0, 0, 0, 0};
    if (!hvc_cpuid(1, 0, &one))
        return;
    hvc_cpuid(0x80000001, 0, &more);
    numbers(builder);
    bool virtualized = (one.ecx & (uint32_t)HYPERVISOR) != 0;
    bool amd = (more.ecx & SVM) != 0;
    hypervisor(builder, virtualized);
    feature(builder, HVC_FACT_CPU_VIRTUALIZATION, amd || (one.ecx & VMX) != 0, virtualized,
            "CPUID 1, 80000001");
    hvc_fact_set_bool(builder, HVC_FACT_CPU_NX,
                      (more.edx & NX) != 0 || IsProcessorFeaturePresent(FEATURE_NX),
                      "CPUID 80000001");
    if (!amd || !hvc_cpuid(0x8000000A, 0, &svm))
        return;
    feature(builder, HVC_FACT_CPU_SLAT, (svm.edx & NPT) != 0, virtualized, "CPUID 8000000A");
    feature(builder, HVC_FACT_CPU_MBEC, (svm.edx & GMET) != 0, virtualized, "CPUID 8000000A");
}

void hvc_zones_processor(hvc_facts_builder *builder)
{
    static const char source[] = "IsProcessorFeaturePresent";
    const hvc_fact *architecture = hvc_fact_of(&builder->facts, HVC_FACT_OS_ARCHITECTURE);
    names(builder);
    if (architecture->state != HVC_FACT_KNOWN || strcmp(architecture->text, "arm64") != 0) {
        x86(builder);
    } else {
        /* CPUID here is that of the emulation that this program runs in. */
        hvc_fact_set_bool(builder, HVC_FACT_CPU_NX, true, "every ARM64 processor");
        if (IsProcessorFeaturePresent(FEATURE_FIRMWARE))
            hvc_fact_set_bool(builder, HVC_FACT_CPU_VIRTUALIZATION, true, source);
    }
    const hvc_fact *present = hvc_fact_of(&builder->facts, HVC_FACT_HYPERVISOR_PRESENT);
    bool virtualized = present->state != HVC_FACT_KNOWN || present->flag;
    feature(builder, HVC_FACT_CPU_SLAT, IsProcessorFeaturePresent(FEATURE_SLAT), virtualized,
            source);
    feature(builder, HVC_FACT_FIRMWARE_VIRTUALIZATION, IsProcessorFeaturePresent(FEATURE_FIRMWARE),
            virtualized, source);
}
