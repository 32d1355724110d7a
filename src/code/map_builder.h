/* The work on a function map: functions.c drives it, unwind.c reads what the exception data tells,
 * descent.c decodes what it does not tell. */
#ifndef CODE_MAP_BUILDER_H
#define CODE_MAP_BUILDER_H

#include "code/exec.h"
#include "code/functions.h"
#include "code/step.h"

/* A place that something says code starts at. */
typedef struct hvc_point {
    uint32_t rva;
    uint32_t sources; /* HVC_FROM_ bits */
} hvc_point;

/* A relocated pointer to code. */
typedef struct hvc_code_pointer {
    uint32_t to, from; /* RVAs */
} hvc_code_pointer;

/* A jump: between places. */
typedef struct hvc_edge {
    uint32_t from, to; /* slots */
} hvc_edge;

/* A jump table: relocated pointers that a jump selects from. */
typedef struct hvc_jump_table {
    uint32_t rva, end;
    uint32_t jump; /* slot of the jump */
} hvc_jump_table;

typedef struct hvc_map_builder {
    const hvc_image *image;
    const hvc_isa *isa;
    hvc_step_decode step;
    hvc_arena scratch;
    hvc_exec exec;

    HVC_VECTOR(hvc_code_function) told;    /* by the exception data; ascending, disjoint */
    HVC_VECTOR(hvc_point) points;          /* starts that are known so far, in any order */
    HVC_VECTOR(uint32_t) labels;           /* referred to, but inside a told function */
    HVC_VECTOR(hvc_code_pointer) pointers; /* x86 */
    HVC_VECTOR(hvc_edge) edges;
    HVC_VECTOR(hvc_jump_table) tables;
    HVC_VECTOR(uint32_t) work;           /* RVAs to decode from */
    HVC_VECTOR(hvc_code_function) found; /* by decoding; ascending, disjoint */

    hvc_places opaque;     /* in a told function: not decoded */
    hvc_places starts;     /* an instruction starts here */
    hvc_places sure;       /* those of starts that are beyond doubt; complete once sweeping */
    hvc_places covered;    /* in a decoded instruction, or known to be data */
    hvc_places leaders;    /* something goes to here */
    hvc_places ends;       /* flow does not come here from right before */
    hvc_places called;     /* a point of source CALL is in points already */
    hvc_places pointed;    /* a point of source POINTER is */
    hvc_places relocated;  /* x86: first byte of a relocated word; NULL without relocations */
    hvc_places data;       /* x86: an instruction reads data from here */
    hvc_places scopes;     /* x86: the handler of an entry of a scope table that was followed */
    uint64_t *table_bytes; /* file bytes that belong to jump tables, one bit each */
    uint32_t found_starts; /* points that decoding added */
    bool garbled;          /* decoding met bytes that are no instruction */
    bool sweeping;         /* what is decoded may not be code */
} hvc_map_builder;

/* unwind.c: fills told, and points and labels with what unwind data refers to. */
bool hvc_builder_read_unwind(hvc_map_builder *builder);

/* code_scan.c: adds points for what code refers to. */
bool hvc_builder_scan_code(hvc_map_builder *builder);

/* descent.c. All return false when memory is exhausted. */
/* rva must be executable. */
bool hvc_builder_add_point(hvc_map_builder *builder, uint32_t rva, uint32_t sources);
bool hvc_builder_add_label(hvc_map_builder *builder, uint32_t rva);
/* Decodes from rva on, and from everything that this leads to. */
bool hvc_builder_descend(hvc_map_builder *builder, uint32_t rva);
/* From now on, what is decoded may be no code: it changes nothing about what was decoded before. */
void hvc_builder_doubt(hvc_map_builder *builder);
/* Decodes whatever is left between what is covered. */
bool hvc_builder_sweep(hvc_map_builder *builder);

/* How long the text is that bytes begin with, its NUL included: at least 4 printable characters of
 * 8 or of 16 bits; the first part of a long one. 0 when it is none. */
uint32_t hvc_text_length(const uint8_t *bytes, uint32_t size);
/* Whether the bytes at rva belong to a jump table that was followed. */
bool hvc_builder_in_table(const hvc_map_builder *builder, uint32_t rva);

/* ranges.c: turns what was decoded into functions: found. Sorts points. */
bool hvc_builder_assign(hvc_map_builder *builder);
/* Sorts points by RVA and joins those of the same. */
bool hvc_builder_sort_points(hvc_map_builder *builder);

#endif
