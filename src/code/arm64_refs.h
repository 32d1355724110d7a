/* What ARM64 code refers to: branches, and addresses that adrp and what follows it form. */
#ifndef CODE_ARM64_REFS_H
#define CODE_ARM64_REFS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "code/arm64_sieve.h"
#include "code/exec.h"
#include "code/xref.h"
#include "code/zones.h"

typedef struct hvc_arm64_ref {
    uint32_t from, to;
    uint32_t word; /* the instruction at from */
    uint8_t kind;  /* CALL, JUMP (every one), ADDRESS */
    bool certain;  /* see hvc_xref */
} hvc_arm64_ref;

/* Takes one; false stops the walk. */
typedef bool (*hvc_arm64_sink)(void *context, const hvc_arm64_ref *ref);

/* Calls sink for every reference into a zone, in the order of the code: into those that are not in
 * all, only from what may write. Functions that the sieve holds back are passed over; without one
 * (NULL), none is, and sink is called for branches as well. *ret_cut tells whether a bound made it
 * leave out some. False when sink stopped or memory is exhausted. */
bool hvc_arm64_refs_each(const hvc_image *image, const hvc_exec *exec, const hvc_zones *zones,
                         const hvc_zones *all, const hvc_arm64_sieve *sieve, hvc_arena *scratch,
                         hvc_arm64_sink sink, void *context, bool *ret_cut);

#endif
