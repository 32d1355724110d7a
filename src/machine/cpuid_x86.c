#include "machine/cpuid.h"

#include <cpuid.h>

bool hvc_cpuid(uint32_t leaf, uint32_t subleaf, hvc_cpuid_result *ret)
{
    hvc_cpuid_result it;
    if (__get_cpuid_count(leaf, subleaf, &it.eax, &it.ebx, &it.ecx, &it.edx) == 0)
        return false;
    *ret = it;
    return true;
}

/* Nothing lists these leaves but the first of them. */
bool hvc_cpuid_hypervisor(uint32_t leaf, hvc_cpuid_result *ret)
{
    hvc_cpuid_result it;
    __cpuid(0x40000000, it.eax, it.ebx, it.ecx, it.edx);
    if (leaf != 0x40000000 && (leaf < 0x40000000 || leaf > it.eax))
        return false;
    __cpuid(leaf, it.eax, it.ebx, it.ecx, it.edx);
    *ret = it;
    return true;
}
