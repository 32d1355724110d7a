/* One image under analysis: the flows of the functions that matter, found as questions come up, and
 * the answers across functions. Inside src/code only. */
#ifndef CODE_ANALYSIS_H
#define CODE_ANALYSIS_H

#include "base/arena.h"
#include "code/code.h"
#include "code/flow.h"
#include "code/functions.h"
#include "code/xref.h"

/* Bounds of the questions across functions. */
enum {
    ANALYSIS_NUMBERS = 16,    /* numbers that an argument may take; more are "unknown" */
    ANALYSIS_DEPTH = 24,      /* calls, returns, globals between a question and its answer */
    ANALYSIS_CALLERS = 64,    /* callers of one function that are looked at */
    ANALYSIS_STEPS = 4000,    /* of one question */
    ANALYSIS_INSNS = 4 << 20, /* instructions decoded for one image */
    ANALYSIS_FLOWS = 16384,   /* functions analysed for one image */
};

/* Where numbers came from; bits. */
enum {
    HVC_ORIGIN_CONSTANT = 1,
    HVC_ORIGIN_PARAMETER = 2,
    HVC_ORIGIN_RESULT = 4,
    HVC_ORIGIN_GLOBAL = 8,
    HVC_ORIGIN_READ_ONLY = 16,
    HVC_ORIGIN_OPT_IN = 32, /* ExDefaultNonPagedPoolType or ExDefaultMdlProtection */
};

typedef struct hvc_numbers {
    uint64_t list[ANALYSIS_NUMBERS];
    unsigned count;
    hvc_unknown why;      /* not NONE: the list is not all */
    uint64_t ones, zeros; /* why not NONE: bits that are certainly 1, or 0, in what is not listed */
    uint8_t origins;
} hvc_numbers;

typedef struct hvc_asked {
    unsigned changes; /* when it was asked */
    uint32_t function;
    unsigned argument;
} hvc_asked;

typedef struct hvc_flow_entry {
    uint32_t group;
    hvc_flow *flow;
    bool busy, done;
    bool visited, thorough;
    uint8_t strays; /* of hvc_analysis_strays */
} hvc_flow_entry;

typedef struct hvc_summary_entry { /* what a callee does to its caller's registers and stack */
    uint32_t rva;                  /* + 1; 0: none */
    hvc_callee callee;
} hvc_summary_entry;

enum { HVC_GLOBAL_WRITERS = 32 };

typedef struct hvc_global_writer {
    const hvc_flow *flow;
    const hvc_flow_store *store;
} hvc_global_writer;

/* Who writes a global variable. */
typedef struct hvc_global {
    hvc_unknown why; /* not NONE: there may be other writers */
    unsigned count;
    hvc_global_writer writers[HVC_GLOBAL_WRITERS];
} hvc_global;

typedef struct hvc_global_numbers {
    unsigned changes; /* when it was asked, while busy */ /* answers that were found */
    uint32_t rva;
    uint8_t size;
    bool busy, known;
    hvc_numbers numbers;
} hvc_global_numbers;

/* The variables that POOL_NX_OPTIN sets. */
typedef struct hvc_opt_in {
    bool looked;
    uint32_t pool_type, mdl_protection; /* RVAs */
    const char
        *form; /* "runtime": behind a look at the version; "unconditional"; NULL when not found */
} hvc_opt_in;

typedef struct hvc_analysis {
    const hvc_image *image;
    const hvc_isa *isa;
    hvc_arena arena;
    hvc_values values;
    hvc_function_map map;
    hvc_xrefs near;  /* references to the slots that matter */
    hvc_xrefs xrefs; /* all references, once needed */
    bool has_xrefs;
    hvc_xrefs callers; /* those to functions, as long as no others were needed */
    bool has_callers;
    hvc_flow_env env;
    uint64_t budget;
    HVC_VECTOR(hvc_flow_entry) flows; /* open-addressing hash table */
    size_t flow_count;
    HVC_VECTOR(hvc_summary_entry) summaries; /* open-addressing hash table */
    size_t summary_count;
    hvc_callee **import_callees; /* by import, once asked for */
    HVC_VECTOR(hvc_global_numbers) globals;
    uint32_t *slots; /* indices of imports, by ascending slot */
    size_t slot_count;
    hvc_opt_in opt_in;
    bool wdf_binds;     /* the image imports WdfVersionBind */
    uint32_t wdf_table; /* RVA of KMDF's function table (or of the pointer to it); 0 when none */
    uint32_t wdf_count;
    bool wdf_indirect; /* wdf_table holds a pointer to the table (KMDF 1.15 and later) */
    bool failed;       /* out of memory */
    unsigned steps;    /* left for the question in hand */
    unsigned changes;  /* operations between the outermost question and this one: what comes back to
                          a  question of its own through any of them is another value */
    hvc_asked asked[ANALYSIS_DEPTH]; /* parameters whose callers are being looked at */
    unsigned asked_count;
    unsigned busy_globals;
    unsigned
        cuts; /* ways round that were cut: what was found below one is not all, but for its head */
} hvc_analysis;

/* A function's flow within the chain of calls that a question follows; call is in up's flow. */
typedef struct hvc_frame {
    const hvc_flow *flow;
    const hvc_flow_call *call;
    const struct hvc_frame *up;
} hvc_frame;

/* What a call's target is. */
typedef struct hvc_target {
    enum {
        HVC_TARGET_UNKNOWN,
        HVC_TARGET_FUNCTION, /* rva */
        HVC_TARGET_IMPORT,   /* import */
    } kind;
    uint32_t rva;
    uint32_t import;
} hvc_target;

/* analysis.c */
hvc_status hvc_analysis_init(hvc_analysis *analysis, const hvc_image *image, const hvc_isa *isa);
void hvc_analysis_free(hvc_analysis *analysis);
/* The flow of the function that holds rva; NULL when there is none, it is being analysed, or a
 * bound is reached. */
const hvc_flow *hvc_analysis_flow(hvc_analysis *analysis, uint32_t rva);
/* Marks a function as visited, and with thorough as one to be analysed; true the first time. */
bool hvc_analysis_visit(hvc_analysis *analysis, uint32_t group, bool thorough);
/* Whether it was marked as one to be analysed. */
bool hvc_analysis_is_thorough(hvc_analysis *analysis, uint32_t group);
/* Whether its flow strays, once that was set: 0 not yet, 1 no, 2 yes. */
uint8_t hvc_analysis_strays(hvc_analysis *analysis, uint32_t group);
void hvc_analysis_set_strays(hvc_analysis *analysis, uint32_t group, uint8_t strays);
const hvc_xrefs *hvc_analysis_xrefs(hvc_analysis *analysis);
/* Those to functions, at least. */
const hvc_xrefs *hvc_analysis_callers(hvc_analysis *analysis);
/* The import whose IAT slot is at rva; false when none. */
bool hvc_analysis_import_at(const hvc_analysis *analysis, uint32_t rva, uint32_t *ret_import);
/* The import that a value is (LOAD of its slot). */
bool hvc_analysis_import_of(const hvc_analysis *analysis, hvc_value_id value, uint32_t *ret_import);

/* entered.c */
/* Whether control may arrive at any instruction of the function that begins at group, by a jump
 * near it that could not be followed. context: the analysis. */
bool hvc_analysis_is_entered(void *context, uint32_t group);

/* callee.c */
/* The import that the code at rva does nothing but jump to. */
bool hvc_analysis_thunk(const hvc_analysis *analysis, uint32_t rva, uint32_t *ret_import);
void hvc_analysis_callee(void *context, hvc_value_id target, hvc_callee *ret_callee);

/* resolve.c */
/* All numbers that value, as seen in frame's function, can be. */
void hvc_resolve(hvc_analysis *analysis, const hvc_frame *frame, hvc_value_id value, uint8_t size,
                 hvc_numbers *ret_numbers);
const hvc_flow_call *hvc_flow_call_at(const hvc_flow *flow, uint32_t rva);

/* target.c */
/* What a call calls: value is its target, or one of the members of that. */
hvc_target hvc_resolve_target(hvc_analysis *analysis, const hvc_flow *flow, hvc_value_id value);

/* lookup.c */
enum { HVC_LOOKED_UP = 8 };
typedef struct hvc_looked_up {
    const char *list[HVC_LOOKED_UP];
    unsigned count;
    bool complete; /* these are all names that it can be */
} hvc_looked_up;
/* The names that a call of MmGetSystemRoutineAddress (UNICODE_STRING) may ask for, or one of
 * FltGetRoutineAddress (ansi: a string of bytes). */
void hvc_resolve_names(hvc_analysis *analysis, const hvc_flow *flow, const hvc_flow_call *call,
                       bool ansi, hvc_looked_up *ret_names);

/* wdf.c */
/* Finds the KMDF function table, by the structure that WdfVersionBind fills in. */
void hvc_find_wdf(hvc_analysis *analysis);
/* The index in KMDF's function table that a value is read from. */
bool hvc_wdf_index(const hvc_analysis *analysis, hvc_value_id value, uint32_t *ret_index);

/* opt_in.c */
/* Looks for the opt-in in the driver's initialization, once. */
void hvc_find_opt_in(hvc_analysis *analysis);
/* The number that the opt-in leaves in the variable at rva; false for every other variable. */
bool hvc_opt_in_number(hvc_analysis *analysis, uint32_t rva, uint8_t size, uint64_t *ret_number);

/* global.c */
void hvc_global_look(hvc_analysis *analysis, uint32_t rva, uint8_t size, hvc_global *ret_global);
void hvc_resolve_global(hvc_analysis *analysis, uint32_t rva, uint8_t size, unsigned depth,
                        hvc_numbers *numbers);

/* resolve.c, for global.c */
void hvc_resolve_step(hvc_analysis *analysis, const hvc_frame *frame, hvc_value_id value,
                      unsigned depth, hvc_numbers *numbers);
void hvc_numbers_add(hvc_numbers *numbers, uint64_t number);
void hvc_numbers_unknown(hvc_numbers *numbers, hvc_unknown why);
void hvc_numbers_unknown_bits(hvc_numbers *numbers, hvc_unknown why, uint64_t ones, uint64_t zeros);
bool hvc_flow_covers(const hvc_flow *flow, uint32_t rva);

#endif
