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
