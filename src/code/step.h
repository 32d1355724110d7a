/* One instruction as a step of control: how long it is and where control goes next. This is all
 * that finding functions needs, and far cheaper than lowering (isa.h). */
#ifndef CODE_STEP_H
#define CODE_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "code/isa.h"

typedef enum hvc_step_kind {
    HVC_STEP_INVALID,
    HVC_STEP_NEXT,          /* goes on behind, and nowhere else */
    HVC_STEP_CALL,          /* calls target, goes on behind */
    HVC_STEP_BRANCH,        /* goes on behind or at target */
    HVC_STEP_JUMP,          /* goes on at target */
    HVC_STEP_JUMP_INDIRECT, /* goes on where a register or a pointer says */
    HVC_STEP_END,           /* returns or traps */
} hvc_step_kind;

/* x86: what an instruction tells of the bound of a table's index. */
typedef enum hvc_step_role {
    HVC_STEP_NO_ROLE,
    HVC_STEP_COMPARES,          /* something with number */
    HVC_STEP_COMPARES_REGISTER, /* something with what a register holds, or with memory */
    HVC_STEP_PUSHES,            /* number */
    HVC_STEP_POPS,              /* to a register */
    HVC_STEP_SETS,              /* a register to number */
} hvc_step_role;

typedef struct hvc_step {
    uint8_t kind;
    uint8_t length;      /* 1 (x86, x64) or 4 (ARM64) when invalid */
    bool padding;        /* does nothing: what stands between functions */
    bool calls_register; /* a call of what a register holds; its kind is NEXT */
    uint8_t called;      /* ARM64: that register */
    bool through_table;  /* x86: the displacement is the base of an array that an index selects from
                          */
    bool forms_address;  /* x86: lea */
    bool above, above_or_equal; /* x86: a branch on unsigned > or >= */
    uint8_t displacement,
        immediate;   /* x86: where these stand in it, when they are 4 bytes; else 0 */
    uint32_t target; /* RVA */
    uint8_t role;    /* hvc_step_role */
    uint8_t reg;     /* of the role; HVC_REG_NONE: memory */
    uint32_t number; /* of the role */
} hvc_step;

/* Decodes at the start of bytes, which lie at rva. bytes.size > 0. */
typedef void (*hvc_step_decode)(hvc_span bytes, uint32_t rva, hvc_step *ret_step);

void hvc_step_x86(hvc_span bytes, uint32_t rva, hvc_step *ret_step);
void hvc_step_x64(hvc_span bytes, uint32_t rva, hvc_step *ret_step);
void hvc_step_arm64(hvc_span bytes, uint32_t rva, hvc_step *ret_step);

/* How many bytes at the start of ARM64 code hold instructions that only go on behind and call
 * nothing, or are none (udf included). */
uint32_t hvc_step_over_arm64(hvc_span bytes);

static inline hvc_step_decode hvc_step_decoder(const hvc_isa *isa)
{
    return isa == &hvc_isa_x86 ? hvc_step_x86 : isa == &hvc_isa_x64 ? hvc_step_x64 : hvc_step_arm64;
}

#endif
