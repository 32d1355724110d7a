/* Shared by the files that make up one function's flow: graph (flow_graph.c), effects of
 * instructions (flow_step.c), the fixed point and the record (flow.c). */
#ifndef CODE_FLOW_PRIVATE_H
#define CODE_FLOW_PRIVATE_H

#include "code/flow.h"

/* Bounds of one function; past them its flow is incomplete. */
enum {
    FLOW_MAX_BYTES = 1 << 20,
    FLOW_MAX_INSNS = 1 << 16,
    FLOW_MAX_BLOCKS = 4096,
    FLOW_WIDEN_VISITS = 9, /* of one block, before what still changes is given up */
    FLOW_MAX_VISITS = 96,  /* of one block, before all it knows is given up */
    FLOW_MAX_ROUNDS = 16,  /* building the graph again for newly found jump tables */
    FLOW_MAX_TABLE = 1024, /* entries of one jump table */
    FLOW_MAX_RANGES = 64,  /* fragments of a function */
    FLOW_MAX_BASES = 200,  /* stack bases */
    FLOW_MAX_GIVEN = 16,   /* values that may be arguments of a call that is yet to come */
};

typedef struct flow_insn {
    uint32_t rva;
    uint32_t first_op;
    uint8_t length, op_count;
    uint8_t
        base; /* stack base given out at this instruction, which moves the stack pointer by an
                 unknown number of bytes (a call that pops its arguments, an alignment); 0 before */
    bool leader, ends;
    bool orphan; /* where control may arrive with anything */
} flow_insn;

typedef struct flow_block {
    uint32_t first; /* instruction index */
    uint32_t end_rva;
    hvc_state *in;
    uint16_t visits; /* how often it was run, or will be when it is dirty */
    uint8_t base;    /* stack base for a join of different stack pointers */
    uint8_t room;    /* slots that *in has */
    uint32_t rank;   /* in job->order */
    bool ordered, dirty, unsure;
} flow_block;

typedef struct flow_range {
    uint32_t begin, end;
    uint32_t *at; /* instruction index + 1 that starts at begin + i, 0 when none */
} flow_range;

typedef struct flow_frame_place {
    uint8_t base;
    int32_t low, high;
    hvc_value_id value; /* of a store */
} flow_frame_place;

/* Where pointers were put into the frame, and where it was read without knowing what lies there. */
typedef struct flow_frame {
    HVC_VECTOR(flow_frame_place) stores;
    HVC_VECTOR(flow_frame_place) reads;
    bool all_read;
} flow_frame;

typedef struct flow_job {
    const hvc_flow_env *env;
    hvc_arena arena;       /* all of the following; freed at the end */
    hvc_arena round_arena; /* block_of, order, and the states of blocks: anew each round */
    flow_range ranges[FLOW_MAX_RANGES];
    unsigned range_count;
    uint32_t entry;
    HVC_VECTOR(flow_insn) insns;
    HVC_VECTOR(hvc_op) ops;
    HVC_VECTOR(flow_block) blocks;
    HVC_VECTOR(uint32_t) roots; /* where code starts besides the entry: jump table targets */
    HVC_VECTOR(uint32_t)
    orphans; /* starts of code that control reaches in a way that is not seen */
    HVC_VECTOR(uint32_t) pending; /* addresses to decode from */
    uint32_t *block_of;           /* by instruction index: block index + 1 when it starts one */
    uint32_t *order;              /* blocks as they are run */
    size_t first_dirty;           /* none before it in that order is */
    uint8_t next_base;
    bool incomplete, memory_failed;
    hvc_value_id body_stack; /* the stack pointer in the function's body, as far as it was known
                                before control was lost; UNDEFINED: it may be anywhere */
    bool lost; /* a jump could not be followed: it may lead to any block, so that nothing is known
                  at the start of one, and everything is decoded */
    bool lost_now;  /* the pass under way met such a jump */
    bool strays;    /* a pass met such a jump */
    bool anywhere;  /* of one nothing is known at all, or from outside: control may arrive at any
                       instruction */
    unsigned round; /* how often the graph was built */
    bool new_roots; /* a jump table showed targets that are not in the graph yet */
    /* While recording: */
    hvc_flow *flow;
    hvc_arena *results;
    bool recording, unsure;
    bool addresses;                 /* record the addresses that are formed, too */
    hvc_slot given[FLOW_MAX_GIVEN]; /* stored near the stack pointer in this block */
    unsigned given_count;
    flow_frame *frame; /* NULL: not noted */
} flow_job;

/* flow.c */
/* A stack base that was not given out yet; 0 when there is none left. */
uint8_t flow_new_base(flow_job *job);
/* The state where nothing is known, not even where the stack is. */
void flow_lost_state(const flow_job *job, hvc_state *state);

/* flow_graph.c */
bool flow_inside(const flow_job *job, uint32_t rva);
/* The instruction that starts at rva; NULL when none was decoded there. */
flow_insn *flow_insn_at(const flow_job *job, uint32_t rva, uint32_t *ret_index);
/* Decodes everything reachable from entry and roots, and marks the blocks' starts. */
bool flow_decode(flow_job *job);
/* Adds the map's labels, and the wanted parts that are still undecoded, as orphans, and decodes
 * them. */
bool flow_decode_orphans(flow_job *job);
bool flow_make_blocks(flow_job *job);
/* flow_order.c: after flow_make_blocks. */
bool flow_order_blocks(flow_job *job);
/* flow_graph.c */
bool flow_add_root(flow_job *job, uint32_t rva);

typedef HVC_VECTOR(uint32_t) flow_targets;

/* flow_step.c */
typedef struct flow_successors {
    uint32_t targets[2]; /* RVAs inside the function */
    hvc_state *states[2];
    unsigned count;
    flow_targets table; /* of a jump through a table: every target gets states[0] */
} flow_successors;

/* Runs a block's instructions on state and tells where it goes on; states of two ways out are kept
 * in scratch (room for one). */
void flow_run_block(flow_job *job, const flow_block *block, hvc_state *state, hvc_state *scratch,
                    flow_successors *ret_successors);

/* flow_record.c */
void flow_record_call(flow_job *job, const flow_insn *insn, hvc_state *state, hvc_value_id target,
                      uint32_t memory, bool guarded, bool tail);
void flow_record_store(flow_job *job, const flow_insn *insn, hvc_value_id address, int32_t offset,
                       uint8_t size, hvc_value_id value);
/* The store that was recorded last may go below its address, too. */
void flow_record_downwards(flow_job *job);
void flow_record_read(flow_job *job, const flow_insn *insn, uint64_t address);
void flow_record_blind(flow_job *job, const flow_insn *insn, uint32_t from);
void flow_record_address(flow_job *job, uint64_t address);
void flow_record_hidden(flow_job *job, hvc_value_id value);
/* The same, unless the next call takes it off the stack as an argument. */
void flow_record_argument(flow_job *job, const hvc_term *place, hvc_value_id value);
/* A call takes size bytes off the stack from the stack pointer sp on. */
void flow_record_popped(flow_job *job, const hvc_term *sp, int32_t size);
/* No call took what is left. */
void flow_record_unpopped(flow_job *job);
/* A value went where it is not followed. */
void flow_record_kept_value(flow_job *job, hvc_value_id value);
/* What before holds in the frame and after does no more: a callee could read it. */
void flow_record_kept(flow_job *job, const hvc_state *before, const hvc_state *after);
/* A value was put into size bytes of the frame. */
void flow_record_frame_store(flow_job *job, const hvc_term *place, uint8_t size,
                             hvc_value_id value);
/* The bytes of the frame from base + low up to base + high are read, and it is not known what was
 * there. */
void flow_record_frame_read(flow_job *job, uint8_t base, int32_t low, int32_t high);
/* Whether a value that is loaded is only called, which shows at the call, or used up otherwise. */
bool flow_frame_is_called(const flow_job *job, const flow_insn *insn, const hvc_op *load);
/* A callee may read what got out of the frame: state before and after the call. */
void flow_record_frame_out(flow_job *job, const hvc_state *before, const hvc_state *after);
/* Values that were put where the frame was read so went where they are not followed. */
void flow_record_frame_end(flow_job *job);
/* Control goes on in code that is not looked at, which may use all that registers and frame hold.
 */
void flow_record_left(flow_job *job, const hvc_state *state);
void flow_record_control(flow_job *job, const flow_insn *insn, uint32_t number, hvc_value_id value);
void flow_record_return(flow_job *job, const hvc_state *state);
/* How many of a call's arguments may be known at most: behind these nothing is known of the stack.
 */
unsigned flow_argument_count(const hvc_values *values, const hvc_isa *isa, const hvc_state *state,
                             bool tail);
hvc_value_id flow_argument(hvc_values *values, const hvc_isa *isa, const hvc_state *state,
                           unsigned n, bool tail);

/* flow_table.c */
/* The targets of an indirect jump by way of a table, all of them in job's ranges; false when they
 * are not all, or none. */
bool flow_list_table(flow_job *job, hvc_value_id value, flow_targets *ret_targets);
/* The same, and makes them places where code starts; all instructions are when some targets are in
 * no table that was found. */
bool flow_table_targets(flow_job *job, hvc_value_id value, flow_targets *ret_targets);

#endif
