/* Which instruction set an architecture has. */
#include "code/isa.h"

const hvc_isa *hvc_isa_of(hvc_arch arch)
{
    switch (arch) {
    case HVC_ARCH_X86:
        return &hvc_isa_x86;
    case HVC_ARCH_X64:
        return &hvc_isa_x64;
    case HVC_ARCH_ARM64:
    case HVC_ARCH_ARM64EC: /* ARM64 instructions under x64's conventions */
    case HVC_ARCH_ARM64X:
        return &hvc_isa_arm64;
    default:
        return NULL;
    }
}
