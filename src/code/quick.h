/* The quick look at a function: the places that it has to account for (sites_places.c), and what
 * the code around them does (sites_quick.c). Inside src/code only. */
#ifndef CODE_QUICK_H
#define CODE_QUICK_H

#include "code/arm64_origin.h"
#include "code/exec.h"
#include "code/sites.h"
#include "code/step.h"
#include "code/stretch.h"

/* The kinds of places: those of points, and others. */
enum {
    QUICK_CALL = SITES_POINT_STORE + 1, /* calls what a register holds */
    QUICK_JUMP,                         /* jumps to what a register or memory holds */
};

/* An instruction that has to be accounted for. */
typedef struct quick_place {
    uint32_t rva, start; /* start: from where on the stretch to it is run */
    uint32_t to;         /* of a point */
    uint32_t begun;      /* JUMP through a table, which is settled then: where its stretch began */
    uint8_t kind;
    bool certain; /* of a point */
    bool settled;
} quick_place;

struct sites_quick {
    hvc_exec exec;
    hvc_places leaders; /* where control may come from elsewhere */
    hvc_step_decode step;
    hvc_stretch stretch;
    hvc_flow flow;
    hvc_state *table; /* where a register holds the pointer to KMDF's table */
    /* of the function in work */
    HVC_VECTOR(quick_place) places;
    bool allocates, fragmented;
    bool labelled; /* control may come from an exception, or otherwise unseen */
    bool looks_up; /* functions by their names: then what calls leave on the stack matters */
    bool memory_failed;
    /* of the stretch in work */
    uint32_t begun;      /* where it begins */
    bool loaded;         /* something that matters was read since */
    unsigned pending;    /* pointers of imports that were read and not called yet */
    uint32_t from_frame; /* registers that were loaded from the frame */
    size_t place;        /* the first one that is not passed */
};

/* sites_places.c */
/* Finds the places of the function that begins at group, in the order of its parts, and where
 * control may come to. False when a quick look cannot tell. */
bool quick_find_places(sites_job *job, uint32_t group);
/* Forgets where control may come to in that function. */
void quick_forget_leaders(sites_job *job, uint32_t group);
/* Control may come to target, if that is in the function of part. */
void quick_mark_leader(sites_job *job, const hvc_code_function *part, uint32_t target);
/* Whether control may come to rva from elsewhere than right before. */
bool quick_is_leader(const sites_quick *quick, uint32_t rva);

/* Whether what reg holds at rva, in the function in work, may be what a call there returned; always
 * where the instruction set does not tell. */
bool quick_may_be_result(sites_job *job, uint32_t rva, uint8_t reg, hvc_arm64_is_wanted wanted);

/* sites_dies.c */
/* Whether, from rva on, nothing reads what these registers (bits) hold in state before something
 * else is written to them, but for entries of KMDF's table that do not matter. */
bool quick_dies_at(sites_job *job, const hvc_state *state, uint32_t rva, uint32_t registers);

#endif
