/* One function's flow: its instructions, its blocks, and what registers and stack hold at each of
 * its calls. Everything outside the function (what a callee does, what a global holds) is left as a
 * term. */
#ifndef CODE_FLOW_H
#define CODE_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "code/functions.h"
#include "code/isa.h"
#include "code/state.h"
#include "code/value.h"
#include "pe/image.h"

#define HVC_FLOW_ARGUMENTS 12 /* recorded at each call: ZwMapViewOfSection has 10 */
/* x86: and behind them eax, ecx and edx, in which functions of the image may take parameters. */
#define HVC_FLOW_REGISTERS 3
#define HVC_FLOW_GIVEN     (HVC_FLOW_ARGUMENTS + HVC_FLOW_REGISTERS)

/* What the world outside tells of a call's target. */
typedef struct hvc_callee {
    bool no_return;
    bool pops_known;
    int32_t pops;       /* x86: bytes of arguments that it takes off the stack */
    uint32_t preserved; /* volatile registers that it leaves alone all the same */
    bool frame_helper;  /* x86 _SEH_prolog4: sets up the caller's EBP frame */
    bool frame_undo;    /* x86 _SEH_epilog4: takes it down: ebp, esp and saved registers change */
    bool pure;          /* writes no memory of the caller */
    bool standard;      /* keeps to the calling convention: nobody uses what it leaves in volatile
                           registers */
    bool by_register;   /* x86: and may take parameters in ecx and edx all the same */
    uint8_t out_count;  /* arguments that it writes through, when all of them are known */
    bool outs_known;
    struct {
        uint8_t argument;
        uint16_t size; /* bytes that it may write there; 0: not known */
    } outs[6];
    uint8_t effect; /* hvc_call_effect */
} hvc_callee;

typedef enum hvc_call_effect {
    HVC_EFFECT_NONE,
    HVC_EFFECT_UNICODE_STRING, /* RtlInitUnicodeString: argument 0 gets Buffer = argument 1; so does
                                  NdisInitializeString, whose argument 1 is a string of bytes: taken
                                  for the converted one, which has the same characters */
    HVC_EFFECT_GET_VERSION,    /* RtlGetVersion: argument 0 gets major 10, minor 0 */
    HVC_EFFECT_PS_VERSION,     /* PsGetVersion: arguments 0 and 1 get major 10, minor 0 */
    HVC_EFFECT_NTDDI,          /* RtlIsNtDdiVersionAvailable: true for versions up to Windows 10 */
    HVC_EFFECT_OBJECT, /* PcNewPort, QueryInterface: outs[0] gets an object, argument 1 tells by
                          its identifier what it is */
} hvc_call_effect;

typedef struct hvc_flow_env {
    const hvc_image *image;
    const hvc_isa *isa;
    const hvc_function_map *map;
    hvc_values *values;
    void *context;
    /* Fills *ret_callee (zeroed before) for a call of target. */
    void (*callee)(void *context, hvc_value_id target, hvc_callee *ret_callee);
    /* Whether something in [low, high) must be looked at even if no known path leads there. */
    bool (*wanted)(void *context, uint32_t low, uint32_t high);
    /* Whether control may arrive anywhere in the function that begins at group. */
    bool (*entered)(void *context, uint32_t group);
    uint64_t *budget; /* instructions that may still be decoded for this image */
} hvc_flow_env;

typedef struct hvc_flow_call {
    uint32_t rva; /* of the call or jump instruction */
    uint32_t return_rva;
    bool tail;      /* a jump: the arguments are those of the function that it leaves for */
    uint8_t length; /* of the instruction */
    bool guarded;   /* through the control-flow-guard dispatch function */
    uint32_t
        memory; /* RVA of the pointer that the instruction itself loads (call [IAT]), 0 if none */
    hvc_value_id target;
    hvc_value_id arguments[HVC_FLOW_GIVEN]; /* UNDEFINED: no registers but on x86 */
    hvc_value_id name; /* Buffer of the UNICODE_STRING on the stack that argument 0 points to; else
                          UNDEFINED */
    uint16_t absent;   /* a bit for each argument on the stack that was not put there, as far as is
                          known */
    bool unsure;       /* reached only where control could not be followed */
} hvc_flow_call;

/* A store to an absolute address, or through a pointer that stands in a term. */
typedef struct hvc_flow_store {
    uint32_t rva;
    uint8_t size;         /* 0: an array or a block from address upwards */
    bool both;            /* of size 0: downwards, too */
    hvc_value_id address; /* CONST, or a pointer term */
    int32_t offset;       /* from a pointer term */
    hvc_value_id value;
} hvc_flow_store;

typedef struct hvc_flow_read { /* of a pointer at an absolute address: an import slot, a variable */
    uint32_t rva;              /* of the instruction */
    uint32_t from;             /* RVA that it reads */
} hvc_flow_read;

typedef struct hvc_flow_control { /* a write of CR0 or another control register */
    uint32_t rva;
    uint32_t number;
    hvc_value_id value;
} hvc_flow_control;

typedef struct hvc_flow {
    uint32_t begin; /* the function's group */
    HVC_VECTOR(hvc_flow_call) calls;
    /* Where control was lost, or arrives from elsewhere: the calls as they would be if it did not.
     * They may be made, with other arguments and of other functions. */
    HVC_VECTOR(hvc_flow_call) guesses;
    HVC_VECTOR(hvc_flow_store) stores;
    HVC_VECTOR(hvc_flow_read) reads;
    /* Reads of a pointer whose address is not known any more: control was lost with it (from: 0,
     * anywhere), or it lay in the frame. */
    HVC_VECTOR(hvc_flow_read) blind;
    HVC_VECTOR(hvc_flow_control) controls;
    HVC_VECTOR(uint32_t) addresses; /* RVAs that instructions form as constants: sorted, distinct */
    HVC_VECTOR(hvc_value_id)
    hidden; /* values that went where terms do not show them any more when something goes wrong:
               into the frame, or into a sum of which nothing is known */
    bool hides_lost; /* so did one that got lost before, one of these */
    HVC_VECTOR(hvc_value_id)
    lost;          /* what variables hold and met something of which nothing is known */
    bool all_lost; /* there are more of them */
    HVC_VECTOR(hvc_value_id)
    kept; /* values that went where they are not followed: what lay in the frame where a callee
             could read it, and what instructions read that are not modelled */
    HVC_VECTOR(hvc_code_range) live;    /* blocks that some path reaches */
    HVC_VECTOR(hvc_code_range) covered; /* byte ranges that were decoded, ascending */
    hvc_value_id returned;              /* join over all returns; UNDEFINED when it never returns */
    bool incomplete;                    /* a jump could not be followed, or a bound was reached */
    bool strays; /* so that a jump may lead anywhere, out of the function too */
    uint32_t instructions;
} hvc_flow;

/* Analyses the function of the map whose range holds rva (all its fragments). The result and its
 * lists live in arena; the values it names in env->values. HVC_E_MEMORY or HVC_OK; whatever cannot
 * be followed makes it incomplete. */
hvc_status hvc_flow_analyse(const hvc_flow_env *env, uint32_t rva, hvc_arena *arena,
                            hvc_flow **ret_flow);

/* Byte offset from the stack pointer just before a call to argument n, and whether it is in a
 * register. */
bool hvc_argument_register(const hvc_isa *isa, unsigned n, uint8_t *ret_reg);
int32_t hvc_argument_stack(const hvc_isa *isa, unsigned n);
/* The argument that an ENTRY_STACK term at offset is (the inverse, seen from inside the callee);
 * -1 when it is none. */
int hvc_argument_of_entry_stack(const hvc_isa *isa, int32_t offset);

#endif
