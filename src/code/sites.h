/* Finding the calls of impacted DDIs. Inside src/code only. */
#ifndef CODE_SITES_H
#define CODE_SITES_H

#include "code/analysis.h"

/* Why an import matters. */
typedef enum sites_interest_kind {
    SITES_NONE,
    SITES_DDI,      /* an impacted function */
    SITES_LOOKUP,   /* gives a function by its name: MmGetSystemRoutineAddress */
    SITES_EXTENDED, /* StorPortExtendedFunction: its first argument tells the function */
    SITES_PRACTICE, /* how it is called may break a rule of practice */
} sites_interest_kind;

typedef struct sites_interest {
    const hvc_ddi *ddi; /* DDI, LOOKUP: its own row; NULL for EXTENDED */
    uint8_t kind;
    bool referred; /* code refers to its slot */
} sites_interest;

/* A function that does nothing but jump to an import, or a variable that holds one. */
typedef struct sites_alias {
    uint32_t rva;
    uint32_t import;
    const hvc_ddi *ddi; /* what was looked up by name; then import is not valid */
} sites_alias;

/* Something in a function that a quick look may settle. */
typedef enum sites_point_kind {
    SITES_POINT_READ,  /* refers to the slot of an import, or to KMDF's table */
    SITES_POINT_THUNK, /* goes to a thunk */
    SITES_POINT_STORE, /* may write to code */
} sites_point_kind;

typedef struct sites_point {
    uint32_t from, to;
    uint8_t kind;
    bool certain; /* see hvc_xref */
} sites_point;

typedef struct sites_quick sites_quick;

enum { SITES_MAX_METHODS = 8 };

typedef struct sites_job {
    hvc_analysis *analysis;
    hvc_arena *results;
    bool evidence;
    sites_interest *interests; /* by import */
    HVC_VECTOR(hvc_xref_range) wishes;
    struct sites_distances *distances; /* of KMDF's impacted functions in its table */
    hvc_xrefs references;              /* to all that wishes name */
    HVC_VECTOR(sites_alias) thunks;    /* by RVA of their first instruction */
    HVC_VECTOR(sites_alias) holders;   /* variables */
    HVC_VECTOR(uint32_t) queue;        /* groups of functions to look at */
    HVC_VECTOR(sites_point) points;    /* by from, once all are found */
    sites_quick *quick;
    HVC_VECTOR(hvc_call_site) sites;
    HVC_VECTOR(hvc_code_note) notes;
    HVC_VECTOR(uint32_t) lookups;              /* calls of LOOKUP imports that were taken care of */
    const hvc_ddi *methods[SITES_MAX_METHODS]; /* of objects that the image can have */
    unsigned method_count;
    uint8_t results_called; /* some function calls what one that it knows by its address returned:
                               0 not known, 1 no, 2 yes */
    bool cut;               /* a bound was reached: not every function was looked at */
} sites_job;

/* Finds every call and judges it; job->sites is unordered and may name a call twice. False when
 * memory is exhausted. */
bool sites_find(sites_job *job);

/* The function that holds rva is to be looked at, as a whole. */
bool sites_enqueue(sites_job *job, uint32_t rva);
/* The function that holds a reference is to be looked at for that: a quick look at the code around
 * it may do. */
bool sites_enqueue_point(sites_job *job, sites_point_kind kind, const hvc_xref *reference);
/* How many arguments a call can have at most, as far as its callee is known: what lies behind them
 * on the stack is none. */
unsigned sites_argument_limit(const sites_job *job, const hvc_flow_call *call);
/* 32-bit code: the registers (bits, of a call's arguments) in which functions of the image may take
 * parameters, where call's target is such a function. */
unsigned sites_argument_registers(const sites_job *job, const hvc_flow_call *call);
/* Whether wanted is among the values that this one may be. */
bool sites_holds(const hvc_analysis *analysis, hvc_value_id value, hvc_value_id wanted);
/* Whether a pointer gets where its calls are not followed: to a callee, but for the function
 * itself, or into memory that others read. Stores to places that are known, and what the function
 * returns, are not looked at. */
bool sites_is_handed_on(const sites_job *job, const hvc_flow *flow, hvc_value_id pointer);
/* Whether a pointer may come back from where terms do not show it any more. */
typedef enum sites_hiding {
    SITES_SHOWN,
    SITES_SPILLED_LOST, /* from the frame, where it was put when it had got lost already */
    SITES_HIDDEN,       /* from wherever memory is read */
} sites_hiding;

/* hidden: the pointer in the variable at rva was put there as what it is. */
sites_hiding sites_hiding_of(const sites_job *job, const hvc_flow *flow, bool hidden, uint32_t rva);
/* Whether a function that calls this one may do something with what it leaves in the return
 * register. Who calls it by its address is not known, and most callbacks return no pointer: that is
 * believed of them as long as nobody calls what a callback returned. */
bool sites_is_result_used(sites_job *job, const hvc_flow *flow);
/* Whether there may be calls of a pointer that are not seen: where their target got lost, and
 * guesses do not tell of them. */
bool sites_may_hide_calls(const sites_job *job, const hvc_flow *flow, sites_hiding hiding);
/* Adds the call of member, one of the values that its target can be, when that is of interest. */
bool sites_add_member(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call,
                      hvc_value_id member);

/* The names that a call of a LOOKUP import may ask for. */
void sites_names_of(const sites_job *job, const hvc_flow *flow, const hvc_flow_call *call,
                    uint32_t import, hvc_looked_up *ret_names);
/* The impacted function of that name; NULL when there is none. */
const hvc_ddi *sites_looked_up(const char *name);

/* sites_quick.c */
bool sites_prepare_quick(sites_job *job);
void sites_free_quick(sites_job *job);
/* Looks at a function of which only its points are of interest. *ret_settled: nothing is wrong with
 * any of its calls, and they were added; else it has to be analysed. False when memory is
 * exhausted. */
bool sites_look_quickly(sites_job *job, uint32_t group, bool *ret_settled);
/* Whether the instruction at rva, which reads the pointer to KMDF's table, has none of the entries
 * that matter read. certain: what is in its base is known. */
bool sites_reads_no_entry(sites_job *job, uint32_t rva, bool certain);

/* The import that a call calls, by its slot or over a thunk. */
bool sites_import_of_call(const sites_job *job, const hvc_flow_call *call, uint32_t *ret_import);

/* sites_refs.c */
/* References into [low, high) are wanted. */
bool sites_wish(sites_job *job, uint32_t low, uint32_t high);
/* Only those from what may write there. */
bool sites_wish_stores(sites_job *job, uint32_t low, uint32_t high);
/* Only those from code that sites_may_call_wdf names. */
bool sites_wish_filtered(sites_job *job, uint32_t low, uint32_t high);
/* Gathers all wishes, finds the references, and keeps those to the slots that matter as
 * analysis->near. */
bool sites_find_references(sites_job *job);

/* sites_practice.c */
/* Wishes for what may write to code. */
bool sites_wish_practice(sites_job *job);
/* Enqueues the functions that may break a rule of practice. */
bool sites_seed_practice(sites_job *job);
/* Whether the calls of an import have to be looked at for the rules of practice. */
bool sites_has_practice(hvc_text import);
/* Whether a quick look may settle them. */
bool sites_may_be_plain(hvc_text import);
/* Whether a call of an import that has to be looked at for them is seen to be harmless, whatever
 * comes before it: an MDL of what is no code. */
bool sites_describes_no_code(const sites_job *job, const hvc_flow_call *call, uint32_t import);
/* Whether a function returns the memory that it allocates or maps. */
bool sites_returns_memory(const hvc_ddi *ddi);
/* The function that a call allocates memory with; NULL when it calls none. */
const hvc_ddi *sites_allocator(const sites_job *job, const hvc_flow_call *call);
/* Whether a store writes to an address in an executable section. */
bool sites_writes_code(const sites_job *job, const hvc_flow_store *store, uint32_t *ret_rva);
/* Notes what a function does against the rules of practice. */
bool sites_look_at_practice(sites_job *job, const hvc_flow *flow);

/* sites_wdf.c */
/* Wishes for what refers to KMDF's function table, once hvc_find_wdf has found it. */
bool sites_wish_wdf(sites_job *job);
/* Whether a function in [begin, end) may call an impacted function of KMDF. context: the job. */
bool sites_may_call_wdf(void *context, uint32_t begin, uint32_t end);
/* Enqueues the functions that may call impacted functions of KMDF. */
bool sites_seed_wdf(sites_job *job);
/* The impacted function of KMDF that a call's target is; NULL when it is none. */
const hvc_ddi *sites_wdf_ddi(const sites_job *job, hvc_value_id target);
/* The impacted function that a read of rva, in KMDF's table or of the pointer to it, may be for in
 * the function of a group; NULL when none. */
const hvc_ddi *sites_wdf_ddi_at(const sites_job *job, uint32_t group, uint32_t rva);
/* Whether the code right behind a read at rva uses up what was read: by one call, which destroys
 * all registers that have to do with it. */
bool sites_is_used_at_once(const hvc_analysis *analysis, uint32_t rva);
/* Every read of what leads to an entry of KMDF's table that matters has to show up in one way or
 * another: those are told that may lead to calls which are not seen. */
bool sites_account_wdf(sites_job *job, const hvc_flow *flow);

/* sites_method.c */
/* Enqueues the functions that may call impacted methods. */
bool sites_seed_methods(sites_job *job);
/* The impacted method that a call's target may be, by its place and by what is known of the object;
 * NULL when it is none. */
const hvc_ddi *sites_method_ddi(const sites_job *job, hvc_value_id target);
/* Adds the call. Where it is not proven that it is one of the method, as possible when the argument
 * would be guilty, and else not at all. */
bool sites_add_method(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call,
                      const hvc_ddi *ddi);
/* The same for a call that only a look at the code as if control was not lost shows: open, where
 * the object is proven to have the method. */
bool sites_guess_method(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call,
                        const hvc_ddi *ddi);

/* sites_judge.c */
/* What a function is called in reports: its export's name, "DriverEntry", or "sub_" and its RVA. */
const char *sites_function_name(sites_job *job, uint32_t rva);
/* The number of the argument that decides, among those of a flow's call; false when it is beyond
 * them. ddi->argument >= 0. */
bool sites_argument_index(const sites_job *job, const hvc_ddi *ddi, unsigned *ret_index);
/* Adds the call of ddi. form: how it is reached. */
bool sites_add(sites_job *job, const hvc_flow *flow, const hvc_flow_call *call, const hvc_ddi *ddi,
               const char *form);
/* Adds a use of ddi that is no call that can be judged: at rva, why it is open. */
bool sites_add_open(sites_job *job, const hvc_flow *flow, uint32_t rva, const hvc_ddi *ddi,
                    const char *form, const char *why);

#endif
