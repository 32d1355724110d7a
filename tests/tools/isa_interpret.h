/* Runs the operations that an instruction is lowered to on numbers: the meaning of isa.h, written
 * down once more and independently of the analysis, for tests to hold against a processor. Every
 * bit of a register is known or not; what an operation computes from anything unknown is unknown.
 */
#ifndef TESTS_ISA_INTERPRET_H
#define TESTS_ISA_INTERPRET_H

#include "code/isa.h"

typedef struct isa_write {
    uint64_t address;
    unsigned size;
    bool known;
    uint64_t value; /* when known; size is then 8 at most */
} isa_write;

typedef struct isa_machine {
    unsigned pointer_size;
    uint64_t value[HVC_REG_COUNT], known[HVC_REG_COUNT]; /* known: mask of bits */

    /* Conditions EQ..NOT_NEGATIVE as they were before the instruction. */
    bool initial[HVC_COND_OTHER];
    enum { FLAGS_INITIAL, FLAGS_COMPARE, FLAGS_TEST, FLAGS_RESULT, FLAGS_UNKNOWN } flags;
    uint64_t a, b;
    unsigned flags_size;

    /* Memory before the instruction; false when it cannot be read. */
    bool (*read)(void *context, uint64_t address, void *bytes, unsigned size);
    void *context;

    isa_write writes[HVC_MAX_OPS];
    unsigned write_count;
    bool writes_anywhere; /* CLOBBER_MEMORY, or a segment that is not told */

    /* How it goes on: the kind of the last CALL, JUMP, BRANCH, RETURN or TRAP that is taken,
     * HVC_OP_COUNT for the next instruction. taken: -1 when it is not known whether a BRANCH is. */
    hvc_op_kind flow;
    int taken;
    bool target_known;
    uint64_t target;
    uint32_t immediate;
} isa_machine;

/* 1 when condition holds, 0 when it does not, -1 when that is not known. */
int isa_holds(const isa_machine *machine, hvc_condition condition);

void isa_run(isa_machine *machine, const hvc_insn *insn);

#endif
