/* Where functions are: from exception data, entry point, exports, CFG tables, relocated pointers
 * into code, and call targets. Immutable once built. */
#ifndef CODE_FUNCTIONS_H
#define CODE_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "code/isa.h"
#include "pe/image.h"

/* Why code knows that a function starts somewhere; a set of bits. */
enum {
    HVC_FROM_EXCEPTION = 1, /* .pdata: begin and end are told */
    HVC_FROM_ENTRY = 2,     /* the entry point */
    HVC_FROM_EXPORT = 4,
    HVC_FROM_GUARD = 8, /* the CFG function table: its address is taken */
    HVC_FROM_POINTER =
        16,             /* its address is taken: by a pointer that lies in the image, by unwind data
                           (handlers), or by an instruction (lea, adrp and add, x86 operands) */
    HVC_FROM_CALL = 32, /* the target of a direct call or jump (x86, and gaps of .pdata) */
    HVC_FROM_SWEEP = 64, /* code that nothing else covers */
};

typedef struct hvc_code_function {
    uint32_t begin, end; /* RVAs; end exclusive */
    uint32_t group;  /* begin of the function that this is a (chained) fragment of; else begin */
    uint8_t sources; /* HVC_FROM_ bits; none for a fragment that jumps alone lead to (x86) */
} hvc_code_function;

typedef struct hvc_function_map {
    HVC_VECTOR(hvc_code_function) functions; /* ascending, not overlapping */
    /* RVAs, ascending, where no function of the map begins (a fragment may) and control may arrive
     * all the same: handlers of __try, continuations, targets of pointers inside a function, and of
     * jumps from other functions. */
    HVC_VECTOR(uint32_t) labels;
    /* Of the functions that have fragments: the indices of all their parts, by group, then by
     * place.
     */
    HVC_VECTOR(uint32_t) parts;
} hvc_function_map;

/* Builds the map of an image. On x64 and ARM64 (exception data) this decodes no instructions except
 * that the gaps between exception entries become functions where something points into them; on x86
 * it is a recursive descent from the sure starts with lengths only (fast decode), then a descent
 * from what looks like a function start (aligned, after padding or a return) in what is left. Every
 * executable byte range that holds code belongs to some function. HVC_E_MEMORY or HVC_OK. */
hvc_status hvc_function_map_build(const hvc_image *image, const hvc_isa *isa, hvc_arena *arena,
                                  hvc_function_map *ret_map, hvc_error *error);

/* Of functions that ascend and do not overlap, the one whose range holds rva; NULL in a gap. */
const hvc_code_function *hvc_function_find(const hvc_code_function *functions, size_t count,
                                           uint32_t rva);

/* The function (or fragment) of the map whose range holds rva; NULL in a gap. */
const hvc_code_function *hvc_function_at(const hvc_function_map *map, uint32_t rva);

/* Part n, by their places, of the function that begins at group: it and its fragments; NULL behind
 * the last one. */
const hvc_code_function *hvc_function_part(const hvc_function_map *map, uint32_t group, size_t n);

#endif
