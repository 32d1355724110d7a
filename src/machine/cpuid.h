/* The processor that this program runs on: cpuid_x86.c, cpuid_none.c. */
#ifndef MACHINE_CPUID_H
#define MACHINE_CPUID_H

#include <stdbool.h>
#include <stdint.h>

typedef struct hvc_cpuid_result {
    uint32_t eax, ebx, ecx, edx;
} hvc_cpuid_result;

/* False when the processor has no such leaf, or no such instruction. */
bool hvc_cpuid(uint32_t leaf, uint32_t subleaf, hvc_cpuid_result *ret);
/* A leaf of the hypervisor, from 0x40000000 on; only to be asked when leaf 1 says that one runs. */
bool hvc_cpuid_hypervisor(uint32_t leaf, hvc_cpuid_result *ret);

#endif
