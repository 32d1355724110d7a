/* Whether what registers hold is of no more use where control goes. */
#include "code/quick.h"

enum {
    LOOK_AHEAD = 160, /* instructions, on all ways together */
    MAX_DEPTH = 16,   /* branches on one way */
};

typedef struct walk {
    sites_job *job;
    const hvc_state *state; /* what the registers hold */
    unsigned left;
} walk;

static uint32_t bit_of(uint8_t reg)
{
    return reg < HVC_REG_MACHINE ? UINT32_C(1) << reg : 0;
}

static uint32_t bit_of_operand(const hvc_operand *operand)
{
    return operand->kind == HVC_OPERAND_REG ? bit_of(operand->reg) : 0;
}

/* Whether an operation only reads an entry of KMDF's table that does not matter, from the table
 * that a register holds. */
static bool reads_other_entry(const walk *w, const hvc_op *op)
{
    hvc_analysis *analysis = w->job->analysis;
    uint8_t pointer = analysis->isa->pointer_size, base = op->memory.base;
    uint32_t index;
    if (op->kind != HVC_OP_LOAD || op->memory.index != HVC_REG_NONE || op->memory.segment ||
        base >= HVC_REG_MACHINE || op->memory_size != pointer ||
        op->memory.displacement != (int32_t)op->memory.displacement)
        return false;
    hvc_value_id entry = hvc_value_load(&analysis->values, w->state->regs[base],
                                        (int32_t)op->memory.displacement, pointer, false);
    return hvc_wdf_index(analysis, entry, &index) && sites_wdf_ddi(w->job, entry) == NULL;
}

static uint32_t arguments_of(const hvc_isa *isa)
{
    uint32_t registers = 0;
    for (unsigned n = 0; n < isa->argument_register_count; n++)
        registers |= bit_of(isa->argument_registers[n]);
    /* 32-bit functions have conventions of their own. */
    return isa->pointer_size == 4 ? isa->volatile_registers : registers;
}

/* What an operation reads of the registers. */
static uint32_t read_by(const walk *w, const hvc_op *op, uint32_t registers)
{
    const hvc_isa *isa = w->job->analysis->isa;
    uint32_t reads = bit_of_operand(&op->a) | bit_of_operand(&op->b);
    bool memory = op->kind == HVC_OP_LOAD || op->kind == HVC_OP_STORE ||
                  op->kind == HVC_OP_CLOBBER_MEMORY || op->kind == HVC_OP_ESCAPE_MEMORY;
    if (memory && !reads_other_entry(w, op))
        reads |= bit_of(op->memory.base) | bit_of(op->memory.index);
    if (op->kind == HVC_OP_CALL)
        reads |= arguments_of(isa);
    if (op->kind == HVC_OP_RETURN)
        reads |= bit_of(isa->return_register);
    return reads & registers;
}

/* What is left of the registers behind an operation that control goes on behind. */
static uint32_t left_by(const walk *w, const hvc_op *op, uint32_t registers)
{
    switch (op->kind) {
    case HVC_OP_MOVE:
    case HVC_OP_ALU:
    case HVC_OP_LOAD:
    case HVC_OP_SELECT:
    case HVC_OP_CLOBBER:
        return op->merge ? registers : registers & ~bit_of(op->dst);
    case HVC_OP_CALL:
        /* A compiler that sees what is called keeps values in whatever that leaves alone. */
        return op->a.kind == HVC_OPERAND_CONST
                   ? registers
                   : registers & ~w->job->analysis->isa->volatile_registers;
    default:
        return registers;
    }
}

static bool dies(walk *w, uint32_t rva, uint32_t registers, unsigned depth);

/* The same for the place that an instruction goes to. */
static bool dies_beyond(walk *w, uint64_t address, uint32_t registers, unsigned depth)
{
    uint32_t rva;
    return depth < MAX_DEPTH && hvc_image_rva_of(w->job->analysis->image, address, &rva) &&
           dies(w, rva, registers, depth + 1);
}

static bool dies(walk *w, uint32_t rva, uint32_t registers, unsigned depth)
{
    const hvc_analysis *analysis = w->job->analysis;
    const hvc_isa *isa = analysis->isa;
    while (registers != 0) {
        hvc_insn insn;
        if (w->left-- == 0 || !isa->decode(hvc_image_span(analysis->image, rva, isa->max_length),
                                           analysis->image->headers.image_base + rva, &insn)) {
            w->left = 0;
            return false;
        }
        for (unsigned i = 0; i < insn.op_count; i++) {
            const hvc_op *op = &insn.ops[i];
            if (read_by(w, op, registers) != 0)
                return false;
            if (op->kind == HVC_OP_RETURN || op->kind == HVC_OP_TRAP)
                return true;
            if (op->kind == HVC_OP_JUMP)
                return op->a.kind == HVC_OPERAND_CONST &&
                       dies_beyond(w, op->a.value, registers, depth);
            if (op->kind == HVC_OP_BRANCH && !dies_beyond(w, op->target, registers, depth))
                return false;
            registers = left_by(w, op, registers);
        }
        rva += insn.length;
    }
    return true;
}

bool quick_dies_at(sites_job *job, const hvc_state *state, uint32_t rva, uint32_t registers)
{
    walk w = {.job = job, .state = state, .left = LOOK_AHEAD};
    return dies(&w, rva, registers, 0);
}
