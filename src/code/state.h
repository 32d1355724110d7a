/* What is known at one point of a function: registers, the stack slots that were written, the
 * flags. */
#ifndef CODE_STATE_H
#define CODE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "code/isa.h"
#include "code/value.h"

#define HVC_STATE_SLOTS                                                                            \
    96 /* stack slots remembered at once; more are forgotten, which is sound                       \
        */

#define HVC_STATE_BOTTOM (INT32_MIN / 4) /* below every place of the frame */

#define HVC_STATE_ESCAPES 8 /* ranges whose address got out; more become one */

typedef struct hvc_slot {
    int32_t offset; /* from the stack pointer at entry (base 0), or from another base */
    uint8_t base, size;
    hvc_value_id value;
} hvc_slot;

/* Where a value came from, so that what a branch proves of it holds there too. */
typedef struct hvc_place_of {
    uint8_t kind; /* 0 nowhere, 1 register, 2 slot */
    uint8_t reg_or_base;
    uint8_t size;
    int32_t offset;
} hvc_place_of;

typedef enum hvc_flags_kind {
    HVC_FLAGS_UNKNOWN,
    HVC_FLAGS_COMPARE,
    HVC_FLAGS_TEST,
    HVC_FLAGS_RESULT
} hvc_flags_kind;

typedef struct hvc_flags {
    uint8_t kind, size;
    hvc_value_id a, b;
    hvc_place_of place; /* where a is, kind 0 once it was overwritten */
    uint8_t copy;       /* another register that holds a, + 1; 0: none */
    uint8_t difference; /* COMPARE: the register that holds a - b, + 1; 0: none */
} hvc_flags;

typedef struct hvc_state {
    hvc_value_id regs[HVC_REG_COUNT];
    uint64_t loaded;                    /* bits: registers with an origin */
    hvc_place_of origin[HVC_REG_COUNT]; /* the slot that a register was loaded from (kind 2) */
    hvc_flags flags;
    /* Parts of the frame whose address got out: calls and writes through pointers that are not
     * known make the slots there unknown. */
    struct {
        int32_t low, high;
    } escaped[HVC_STATE_ESCAPES];
    uint8_t escape_count;
    bool escaped_other; /* an address on another stack base got out */
    bool entry_lost;    /* slots above the return address may have been overwritten unseen */
    bool live;          /* the point is reachable */
    uint16_t slot_count;
    hvc_slot slots[HVC_STATE_SLOTS]; /* sorted by base, offset; never overlapping */
} hvc_state;

/* Copies only what is in use. */
void hvc_state_copy(hvc_state *to, const hvc_state *from);

/* A state that is kept may lack the end of its slots. The bytes of one that has so many of them. */
static inline size_t hvc_state_bytes(unsigned slots)
{
    return offsetof(hvc_state, slots) + slots * sizeof(hvc_slot);
}

/* How many slots it must have so that from can be joined into it. */
static inline unsigned hvc_state_room(const hvc_state *to, const hvc_state *from)
{
    if (!to->live)
        return from->slot_count;
    /* A join adds slots above the return address alone: the last ones of base 0, the first base. */
    unsigned i = from->slot_count;
    while (i > 0 && from->slots[i - 1].base != 0)
        i--;
    unsigned end = i;
    while (i > 0 && from->slots[i - 1].offset >= 0)
        i--;
    unsigned room = to->slot_count + end - i;
    return room < HVC_STATE_SLOTS ? room : HVC_STATE_SLOTS;
}

/* Joins from into to; true when to changed. join_base is the stack base for a stack pointer that
 * differs. With widen, a set that grows becomes unknown at once, so that a loop settles. */
bool hvc_state_join(hvc_values *values, const hvc_isa *isa, hvc_state *to, const hvc_state *from,
                    uint8_t join_base, bool widen);

/* The slot that a register was loaded from; kind 0: none that is known. */
static inline hvc_place_of hvc_state_origin(const hvc_state *state, uint8_t reg)
{
    return (state->loaded >> reg & 1) != 0 ? state->origin[reg] : (hvc_place_of){0};
}

static inline void hvc_state_set_origin(hvc_state *state, uint8_t reg, hvc_place_of origin)
{
    uint64_t bit = UINT64_C(1) << reg;
    state->loaded = origin.kind != 0 ? state->loaded | bit : state->loaded & ~bit;
    if (origin.kind != 0)
        state->origin[reg] = origin;
}

static inline void hvc_state_set(hvc_state *state, uint8_t reg, hvc_value_id value)
{
    if (reg >= HVC_REG_COUNT)
        return;
    /* What was compared may still lie where the register was loaded from. */
    if (state->flags.place.kind == 1 && state->flags.place.reg_or_base == reg)
        state->flags.place = hvc_state_origin(state, reg);
    if (state->flags.copy == reg + 1)
        state->flags.copy = 0;
    if (state->flags.difference == reg + 1)
        state->flags.difference = 0;
    state->regs[reg] = value;
    state->loaded &= ~(UINT64_C(1) << reg);
}

/* Moves the stack pointer, which is register reg. Nothing that lies below is an object whose
 * address could have got out. */
void hvc_state_set_stack(const hvc_values *values, hvc_state *state, uint8_t reg,
                         hvc_value_id value);

/* Whether anything is known of the stack's bytes from base + low up to base + high. */
bool hvc_state_holds(const hvc_state *state, uint8_t base, int32_t low, int32_t high);
/* Whether these are the bytes of one slot, or as at entry. */
bool hvc_state_has(const hvc_state *state, uint8_t base, int32_t offset, uint8_t size);
/* The stack's bytes at base + offset; UNKNOWN when they are not known. */
hvc_value_id hvc_state_load(hvc_values *values, const hvc_state *state, uint8_t base,
                            int32_t offset, uint8_t size);
void hvc_state_store(hvc_values *values, hvc_state *state, uint8_t base, int32_t offset,
                     uint8_t size, hvc_value_id value);
/* Forgets slots of base in [low, high). */
void hvc_state_forget(hvc_values *values, hvc_state *state, uint8_t base, int32_t low,
                      int32_t high);
/* Foreign code ran, or a pointer that is not known was written through. */
void hvc_state_foreign_write(hvc_values *values, hvc_state *state);
/* An address on the stack gets where it cannot be followed; does nothing for other values. The
 * object there is size bytes long; HVC_STATE_UPWARDS: it may reach up to the return address. 0:
 * what is reached from there may lie below, too. */
#define HVC_STATE_UPWARDS (-1)
void hvc_state_escape_sized(const hvc_values *values, hvc_state *state, hvc_value_id value,
                            int32_t size);
static inline void hvc_state_escape(const hvc_values *values, hvc_state *state, hvc_value_id value)
{
    uint8_t kind = hvc_term_of(values, value)->kind;
    if (kind == HVC_TERM_STACK || kind == HVC_TERM_OP || kind == HVC_TERM_SET)
        hvc_state_escape_sized(values, state, value, 0);
}

#endif
