/* The parts of the probe of a Linux host; each looks at one subject and sets its facts. */
#ifndef MACHINE_LINUX_PROBE_H
#define MACHINE_LINUX_PROBE_H

#include "machine/facts.h"
#include "machine/linux_tree.h"

typedef enum hvc_linux_arch { HVC_LINUX_UNKNOWN, HVC_LINUX_X86, HVC_LINUX_ARM64 } hvc_linux_arch;

typedef struct hvc_linux_probe {
    hvc_facts_builder *builder;
    hvc_linux_tree tree;
    bool live; /* no sysroot: CPUID speaks of the same machine */
    hvc_linux_arch arch;
} hvc_linux_probe;

/* linux_cpu.c: /proc/cpuinfo and CPUID; sets arch. */
void hvc_linux_cpu(hvc_linux_probe *probe);
/* linux_firmware.c: UEFI and its variables, ACPI tables, DMA remapping. */
void hvc_linux_firmware(hvc_linux_probe *probe);
/* linux_devices.c: maker and model, memory, disk, TPM. */
void hvc_linux_devices(hvc_linux_probe *probe);

/* probe_linux.c: sets a fact unavailable with a reason that is put together. */
void hvc_linux_unavailable(hvc_linux_probe *probe, hvc_fact_id fact, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* acpi: whether the firmware has a table of that name. */
typedef enum hvc_table_state {
    HVC_TABLE_PRESENT,
    HVC_TABLE_ABSENT,  /* the list of tables is there, and this one is not in it */
    HVC_TABLE_UNKNOWN, /* there is no list of tables */
} hvc_table_state;
hvc_table_state hvc_linux_table(const hvc_linux_probe *probe, const char *name);

#endif
