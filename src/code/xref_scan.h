/* The scans for references, one per instruction set; xref.c puts their results in order. */
#ifndef CODE_XREF_SCAN_H
#define CODE_XREF_SCAN_H

#include "code/exec.h"
#include "code/xref.h"
#include "code/zones.h"

typedef struct hvc_xref_scan {
    const hvc_image *image;
    const hvc_isa *isa;
    hvc_arena scratch;
    hvc_exec exec;
    HVC_VECTOR(hvc_xref) found;
    hvc_zones any;   /* what to must lie in */
    hvc_zones all;   /* of these, where more than stores count */
    bool stores;     /* there are others */
    hvc_zones plain; /* of all, those that are not filtered */
    hvc_zones filtered;
    const hvc_xref_filter *filter;
    uint64_t budget; /* candidates that may still be added */
    bool cut;        /* the budget, or another bound, was reached */
} hvc_xref_scan;

/* False when memory is exhausted. */
static inline bool hvc_xref_add(hvc_xref_scan *scan, hvc_xref found)
{
    if (scan->budget == 0) {
        scan->cut = true;
        return true;
    }
    scan->budget--;
    hvc_xref *xref = hvc_vector_add(&scan->scratch, &scan->found);
    if (xref == NULL)
        return false;
    *xref = found;
    return true;
}

/* Whether a reference to is wanted; *ret_stores: only from an instruction that may write. */
static inline bool hvc_xref_wanted(const hvc_xref_scan *scan, uint32_t to, bool *ret_stores)
{
    if (!hvc_zones_hold(&scan->any, to))
        return false;
    *ret_stores = scan->stores && !hvc_zones_hold(&scan->all, to);
    return true;
}

/* Whether an instruction may be a store to the operand that it refers to. bytes: the 2 before the
 * operand's address or displacement. */
bool hvc_x86_may_store(const uint8_t *bytes, bool is_32bit);

/* All return false when memory is exhausted. */

/* RIP-relative operands. */
bool hvc_scan_x64_addresses(hvc_xref_scan *scan);
/* x86 and x64: direct calls, and jumps that leave the function of map that they stand in. On x64
 * also RIP-relative and image-relative operands. */
bool hvc_scan_x86_code(hvc_xref_scan *scan, const hvc_function_map *map);
/* Relocated pointers. */
bool hvc_scan_pointers(hvc_xref_scan *scan);
/* adrp and what follows; with a map also branches. */
bool hvc_scan_arm64(hvc_xref_scan *scan, const hvc_function_map *map);

#endif
