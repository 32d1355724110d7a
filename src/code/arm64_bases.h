/* Registers that hold an address far from where it is formed: compilers form the page or the
 * address of a variable once, and read it from there everywhere. Inside src/code only. */
#ifndef CODE_ARM64_BASES_H
#define CODE_ARM64_BASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum { HVC_ARM64_FIRST_BASE = 19, HVC_ARM64_LAST_BASE = 28 };

/* Of the preserved registers: */
typedef struct hvc_arm64_bases {
    uint32_t set;       /* bit per register that is given an address */
    uint32_t broken;    /* bit per register that is used in any other way */
    uint32_t value[32]; /* RVA, of those in set */
} hvc_arm64_bases;

/* Takes the code at rva into account, a part of the function. Start with all zero. */
void hvc_arm64_bases_add(hvc_arm64_bases *bases, hvc_span code, uint32_t rva);

/* Whether a register, wherever the function uses it as the base of a load or store, holds the one
 * address value[reg], which goes nowhere else. */
static inline bool hvc_arm64_is_base(const hvc_arm64_bases *bases, unsigned reg)
{
    return (bases->set & ~bases->broken) >> reg & 1;
}

/* The address that reg got by adrp, or by the add behind it, where it was written last before the
 * instruction at offset at of code, in the order of the bytes; false when it was written in another
 * way there. That is what it holds, if the instruction uses it as one. rva: of code. */
bool hvc_arm64_last_address(hvc_span code, uint32_t rva, uint32_t at, unsigned reg,
                            uint32_t *ret_address);

/* Whether what was written to reg last before the instruction at offset at, in the order of the
 * bytes, was loaded from elsewhere than the stack: then it most likely is not what a call returned.
 */
bool hvc_arm64_last_is_load(hvc_span code, uint32_t at, unsigned reg);

#endif
