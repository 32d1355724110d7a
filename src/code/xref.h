/* Who refers to what: candidates for references, found without decoding whole functions. A
 * candidate may be wrong (bytes that only look like an operand): who acts on one looks at the
 * instruction. None that exists is missed, but for what hvc_xrefs_to_ranges says of ARM64. */
#ifndef CODE_XREF_H
#define CODE_XREF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "code/functions.h"
#include "code/isa.h"
#include "pe/image.h"

typedef enum hvc_xref_kind {
    HVC_XREF_CALL,    /* direct call: x86/x64 E8, ARM64 bl */
    HVC_XREF_JUMP,    /* direct jump or conditional branch: E9, 0F 8x, EB, 7x; b, b.cond, cbz, tbz.
                         Only    those that leave the function they stand in are listed */
    HVC_XREF_ADDRESS, /* x64: disp32 of a RIP-relative operand; x86: relocated word in code; ARM64:
                         adrp
                         (+ add/ldr/str) or adr or ldr literal */
    HVC_XREF_POINTER, /* a relocated pointer in data (or in code read as data) */
    HVC_XREF_BASED, /* x64: disp32 of an operand with a base register whose value, taken as an RVA,
                       lies in the image: [ImageBase + index * 4 + array]. Only in functions that
                       form the image's own base address (lea). From the RVA of the disp32, to its
                       value */
} hvc_xref_kind;

typedef struct hvc_xref {
    uint32_t from; /* RVA of the operand bytes (x86/x64: inside the instruction) or of the
                      instruction (ARM64: the one that completes the address) or of the pointer */
    uint32_t to;   /* RVA. x64 ADDRESS: reckoned from the end of the disp32; when an immediate of k
                      bytes   (1, 2, 4) follows the displacement the true target is to + k */
    uint8_t kind;
    bool certain; /* ARM64 ADDRESS: on all ways that are seen the base holds the address that makes
                     it a reference; and where an address is only formed, it goes nowhere but to
                     loads and stores that are listed, too. Not when control may come in a way that
                     is not seen */
} hvc_xref;

typedef struct hvc_xrefs {
    HVC_VECTOR(hvc_xref) items; /* sorted by to, then from */
    bool cut; /* a bound was reached: some candidates are missing, and nothing may rest on their
                 absence */
} hvc_xrefs;

/* What candidates are looked for: to in [low, high). */
typedef struct hvc_xref_range {
    uint32_t low, high;
    bool stores;   /* those that may write suffice: hvc_xref_may_store */
    bool filtered; /* those from code that the filter wants suffice */
} hvc_xref_range;

/* Which code is of interest. */
typedef struct hvc_xref_filter {
    bool (*wanted)(void *context, uint32_t begin, uint32_t end); /* something in [begin, end) */
    void *context;
} hvc_xref_filter;

/* The candidates for all ranges, in one pass over the executable sections; for x64 one compare per
 * byte. ARM64 follows adrp through the instructions that use the register; of functions that
 * neither read a pointer in the ranges by its page nor form its own address, none may be told.
 * ADDRESS (and on x86 POINTER) kinds only. There may be some outside the ranges, and in those for
 * stores others: hvc_xrefs_find, and hvc_xref_may_store, tell them apart. filter: NULL when no
 * range is filtered; it may go unasked. */
hvc_status hvc_xrefs_to_ranges(const hvc_image *image, const hvc_isa *isa,
                               const hvc_xref_range *ranges, size_t count,
                               const hvc_xref_filter *filter, hvc_arena *arena,
                               hvc_xrefs *ret_xrefs, hvc_error *error);

/* Whether the candidate from the operand or instruction at from may be one that writes to what it
 * refers to, by the bytes around it. */
bool hvc_xref_may_store(const hvc_image *image, const hvc_isa *isa, uint32_t from);

/* All candidates with a target inside the image, every kind. Built at most once per image, when a
 * value turns out to depend on callers or globals. Linear (a radix or counting sort, not a
 * comparison sort, for the large lists). */
hvc_status hvc_xrefs_build(const hvc_image *image, const hvc_isa *isa, const hvc_function_map *map,
                           hvc_arena *arena, hvc_xrefs *ret_xrefs, hvc_error *error);

/* The same with a target among the functions of map: for the most part what leads to them, at a
 * part of the cost. */
hvc_status hvc_xrefs_to_functions(const hvc_image *image, const hvc_isa *isa,
                                  const hvc_function_map *map, hvc_arena *arena,
                                  hvc_xrefs *ret_xrefs, hvc_error *error);

/* The candidates with to in [low, high): a slice of items. */
const hvc_xref *hvc_xrefs_find(const hvc_xrefs *xrefs, uint32_t low, uint32_t high,
                               size_t *ret_count);

#endif
