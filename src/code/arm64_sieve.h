/* Which functions may refer to what is looked for, at a glance: most form pages near it, but use
 * them with other offsets. Inside src/code only. */
#ifndef CODE_ARM64_SIEVE_H
#define CODE_ARM64_SIEVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "code/xref.h"
#include "code/zones.h"

typedef struct hvc_arm64_sieve {
    const hvc_zones *any, *all;
    const hvc_xref_filter *filter;
    uint16_t forms[256];   /* of instructions: bits, by the top byte */
    uint16_t fields[4096]; /* bits: what a form may refer to with this in its bits 10 to 21 */
} hvc_arm64_sieve;

/* any: all zones; plain: those where more than stores count, but for the filtered ones, into which
 * only what filter wants is looked for; all: plain and filtered. any and all have to outlive
 * *sieve. */
void hvc_arm64_sieve_init(hvc_arm64_sieve *sieve, const hvc_zones *any, const hvc_zones *all,
                          const hvc_zones *plain, const hvc_zones *filtered,
                          const hvc_xref_filter *filter);

typedef enum hvc_arm64_sieved {
    HVC_ARM64_NOTHING,
    HVC_ARM64_READS, /* into plain and filtered zones, but none to others that counts */
    HVC_ARM64_ANY,
} hvc_arm64_sieved;

/* What the code at rva, which begins with nothing near a zone in a register, may refer to: pointers
 * in plain and filtered zones that it reads or forms the address of, by the page that they lie in
 * or without one; in others, what it stores to by an address that it formed right before. */
hvc_arm64_sieved hvc_arm64_may_refer(const hvc_arm64_sieve *sieve, hvc_span code, uint32_t rva);

#endif
