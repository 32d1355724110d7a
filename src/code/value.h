/* Values as the analysis knows them: numbers, or terms over what is not known inside one function
 * (what a register held at entry, what a call returned, what memory holds). Values are interned:
 * equal values have equal ids, so that states compare and join by comparing ids. */
#ifndef CODE_VALUE_H
#define CODE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvcheck/status.h>

#include "code/isa.h"

typedef uint32_t hvc_value_id;

typedef enum hvc_term_kind {
    HVC_TERM_UNKNOWN, /* number: why, an hvc_unknown */
    HVC_TERM_CONST,   /* number */
    HVC_TERM_RANGE,   /* some number from 0 to number, not known otherwise; alu: why, an hvc_unknown
                       */
    HVC_TERM_ENTRY,   /* what register `reg` held at the function's entry */
    HVC_TERM_ENTRY_STACK, /* size bytes at stack pointer at entry + offset, at the function's entry
                           */
    HVC_TERM_STACK,  /* an address: stack pointer at entry + offset (reg: which stack base, 0 at
                        entry) */
    HVC_TERM_RESULT, /* what the call at RVA number returned */
    HVC_TERM_OBJECT, /* a pointer to an object of which number, an hvc_object (methods.h), tells
                        what it is: not always the same one */
    HVC_TERM_LOAD,   /* size bytes of memory at a + offset, some time before; sign: sign-extended */
    HVC_TERM_TABLE,  /* size bytes at a + index * scale + offset; index in b (RANGE, UNKNOWN or
                         a TABLE whose own index is one of these) */
    HVC_TERM_OP,     /* alu(a, b) on size bytes */
    HVC_TERM_PART,   /* a with its low size bytes replaced by those of b */
    HVC_TERM_BOUND,  /* a, of which a branch proved that it is at most number */
    HVC_TERM_SET,    /* one of the members (set, count) */
} hvc_term_kind;

/* Why a value is not known. The first that applied stays. */
typedef enum hvc_unknown {
    HVC_UNKNOWN_NONE,
    HVC_UNKNOWN_INSTRUCTION, /* written by an instruction that is not modelled */
    HVC_UNKNOWN_MEMORY,      /* loaded from memory that cannot be followed */
    HVC_UNKNOWN_FRAME,       /* loaded from the frame, where that is not known */
    HVC_UNKNOWN_CALL,        /* left behind by a call */
    HVC_UNKNOWN_ADDRESS,     /* an address in the image meets what is not known */
    HVC_UNKNOWN_MERGE,       /* too many different values meet, or a function's pointer does so */
    HVC_UNKNOWN_FLOW,        /* control comes from where it cannot be followed */
    HVC_UNKNOWN_PARAMETER, /* parameter of a function that is exported or whose address is taken */
    HVC_UNKNOWN_GLOBAL,    /* a global that may be written elsewhere */
    HVC_UNKNOWN_RESULT,    /* returned by a function that cannot be followed */
    HVC_UNKNOWN_BUDGET,    /* a bound of the analysis */
    HVC_UNKNOWN_COUNT
} hvc_unknown;

#define HVC_VALUE_MEMBERS 8  /* numbers in a set; more become unknown */
#define HVC_VALUE_DEPTH   12 /* terms nested in terms */
#define HVC_VALUES_LOST   16 /* pointers that are noted; more: any may be lost */

typedef struct hvc_term {
    uint8_t kind;
    uint8_t size;
    uint8_t reg;   /* ENTRY: register; STACK: base; */
    uint8_t alu;   /* OP */
    uint8_t count; /* SET: members */
    uint8_t depth;
    uint8_t scale; /* TABLE */
    bool sign;     /* LOAD, TABLE */
    int32_t offset;
    hvc_value_id a,
        b; /* OP, PART, BOUND, LOAD, TABLE; SET: a is the index of the first member id */
    uint64_t number;
} hvc_term;

/* The table of values of one function's analysis. */
typedef struct hvc_values {
    hvc_term *terms;
    uint32_t count, capacity;
    hvc_value_id *members; /* of all sets */
    uint32_t member_count, member_capacity;
    uint32_t *buckets; /* hash table of ids */
    uint32_t bucket_count;
    hvc_value_id narrow[3][HVC_UNKNOWN_COUNT]; /* RANGEs of 1, 2 and 4 bytes, once made */
    uint8_t pointer_size;                      /* bytes of a whole register */
    uint64_t image_begin, image_end;           /* numbers in between may be addresses */
    bool failed;                               /* out of memory: every new value is unknown */
    /* What variables hold and met something of which nothing is known, since the count was 0 last;
     * HVC_VALUES_LOST + 1: anything may be. */
    hvc_value_id lost[HVC_VALUES_LOST];
    uint8_t lost_count;
} hvc_values;

/* The ids that every table has. */
enum { HVC_VALUE_UNDEFINED = 0 }; /* no value yet: the identity of join */

hvc_status hvc_values_init(hvc_values *values, uint8_t pointer_size);
void hvc_values_reset(hvc_values *values); /* keeps the memory */
void hvc_values_free(hvc_values *values);

static inline const hvc_term *hvc_term_of(const hvc_values *values, hvc_value_id id)
{
    return &values->terms[id];
}

static inline hvc_value_id hvc_value_unknown(hvc_values *values, hvc_unknown why)
{
    (void)values;
    return (hvc_value_id)(why == HVC_UNKNOWN_NONE ? HVC_UNKNOWN_INSTRUCTION : why);
}

hvc_value_id hvc_value_const(hvc_values *values, uint64_t number);
hvc_value_id hvc_value_range(hvc_values *values, uint64_t last, hvc_unknown why);
/* Why an UNKNOWN or a RANGE is not known; HVC_UNKNOWN_NONE for every other term. */
hvc_unknown hvc_value_why(const hvc_values *values, hvc_value_id value);
/* Whether a value was read from memory, be it the frame, that is not known. */
static inline bool hvc_value_is_read(const hvc_values *values, hvc_value_id value)
{
    hvc_unknown why = hvc_value_why(values, value);
    return why == HVC_UNKNOWN_MEMORY || why == HVC_UNKNOWN_FRAME;
}
/* Bytes above which a value is certainly zero (1, 2, 4 or 8). */
uint8_t hvc_value_width(const hvc_values *values, hvc_value_id value);
hvc_value_id hvc_value_entry(hvc_values *values, uint8_t reg);
hvc_value_id hvc_value_entry_stack(hvc_values *values, int32_t offset, uint8_t size);
hvc_value_id hvc_value_stack(hvc_values *values, uint8_t base, int32_t offset);
hvc_value_id hvc_value_result(hvc_values *values, uint32_t call_rva);
hvc_value_id hvc_value_object(hvc_values *values, unsigned object);
hvc_value_id hvc_value_load(hvc_values *values, hvc_value_id address, int32_t offset, uint8_t size,
                            bool sign);
hvc_value_id hvc_value_table(hvc_values *values, hvc_value_id base, int32_t offset,
                             hvc_value_id index, uint8_t scale, uint8_t size, bool sign);

/* old with its low size bytes replaced by those of low. */
hvc_value_id hvc_value_insert(hvc_values *values, hvc_value_id old, hvc_value_id low, uint8_t size);
/* value, of which it is known that it is at most last. */
hvc_value_id hvc_value_bound(hvc_values *values, hvc_value_id value, uint64_t last);

/* alu(a, b) truncated to size bytes and zero-extended. */
hvc_value_id hvc_value_alu(hvc_values *values, hvc_alu alu, hvc_value_id a, hvc_value_id b,
                           uint8_t size);
/* The low size bytes of value. */
hvc_value_id hvc_value_truncate(hvc_values *values, hvc_value_id value, uint8_t size);
/* What holds when either may hold. */
hvc_value_id hvc_value_join(hvc_values *values, hvc_value_id a, hvc_value_id b);

static inline bool hvc_value_is_const(const hvc_values *values, hvc_value_id value,
                                      uint64_t *ret_number)
{
    const hvc_term *term = hvc_term_of(values, value);
    if (term->kind == HVC_TERM_CONST)
        *ret_number = term->number;
    return term->kind == HVC_TERM_CONST;
}

/* Notes in lost that what value says is given up. */
void hvc_value_note_lost(hvc_values *values, hvc_value_id value);
/* Whether a value may have been known before ways met, or before control was lost. */
bool hvc_value_is_lost(const hvc_values *values, hvc_value_id value);
static inline bool hvc_value_is_unknown(const hvc_values *values, hvc_value_id value)
{
    return hvc_term_of(values, value)->kind == HVC_TERM_UNKNOWN;
}

/* The members of a value: itself, or those of a SET. *ret_single holds the id for a non-set. */
static inline const hvc_value_id *hvc_value_members(const hvc_values *values,
                                                    const hvc_value_id *value, size_t *ret_count)
{
    const hvc_term *term = hvc_term_of(values, *value);
    bool set = term->kind == HVC_TERM_SET;
    *ret_count = set ? term->count : 1;
    return set ? values->members + term->a : value;
}

/* alu on plain numbers of size bytes (the concrete semantics that everything above agrees with). */
uint64_t hvc_alu_compute(hvc_alu alu, uint64_t a, uint64_t b, uint8_t size);
/* Whether condition holds after comparing (test false) or testing (test true) a with b. ret_known
 * is false for conditions that are not modelled. */
bool hvc_condition_holds(hvc_condition condition, bool test, uint64_t a, uint64_t b, uint8_t size,
                         bool *ret_known);

static inline uint64_t hvc_size_mask(uint8_t size)
{
    return size >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * size)) - 1;
}

#endif
