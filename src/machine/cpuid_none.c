#include "machine/cpuid.h"

bool hvc_cpuid(uint32_t leaf, uint32_t subleaf, hvc_cpuid_result *ret)
{
    (void)leaf, (void)subleaf, (void)ret;
    return false;
}

bool hvc_cpuid_hypervisor(uint32_t leaf, hvc_cpuid_result *ret)
{
    (void)leaf;
    (void)ret;
    return false;
}
