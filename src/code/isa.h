/* One small set of operations that x86, x64 and ARM64 instructions lower to. The value analysis
 * sees only these; the instruction sets are told apart in isa_x86*.c and isa_arm64*.c and nowhere
 * else.
 *
 * Soundness comes first: lowering may lose what an instruction computes (HVC_OP_CLOBBER), but never
 * what it may write. Every general register, the flags and the memory that an instruction may
 * change appear in its operations, and every one that may end up where it is not followed: ESCAPE.
 * Vector and floating-point registers are not modelled; what goes to them is an ESCAPE, what they
 * move to a general register is a CLOBBER of it, what they move to memory is a STORE of an unknown
 * value.
 *
 * The operations of an instruction run in their order, each on what those before it left.
 * - COMPARE and TEST take their operands' values where they stand; the next operation may overwrite
 *   these registers (sub: COMPARE, then ALU). Conditions refer to the last COMPARE, TEST or RESULT.
 *   After COMPARE and TEST all conditions but OTHER are exact; after RESULT only EQ, NE, NEGATIVE
 * and NOT_NEGATIVE are, the others may be true or false; after CLOBBER_FLAGS all may.
 * - CALL stands for the call and the return from it: it leaves the stack pointer as it was, and the
 *   return address (pushed, or put into the link register) is no operation of its own. Whoever
 * follows the call applies the convention: volatile_registers, flags and memory are then unknown.
 * An instruction that enters the system (syscall, svc, vmcall, int 2Eh) is a CALL of an unknown
 * pointer.
 * - RETURN likewise does not move the stack pointer.
 * - CLOBBER makes size bytes unknown and treats the rest of the register as any other write does.
 * - Shift counts are below 8 * size. */
#ifndef CODE_ISA_H
#define CODE_ISA_H

#include <stdbool.h>
#include <stdint.h>

#include <hvcheck/image.h>

#include "base/span.h"

/* Registers by number. x86 and x64: rax rcx rdx rbx rsp rbp rsi rdi r8..r15 = 0..15. ARM64: x0..x30
 * = 0..30, sp = 31; the zero register is the constant 0 as a source and HVC_REG_NONE as a
 * destination. Temporaries carry a value between the operations of one instruction and are dead
 * behind it. */
enum {
    HVC_REG_MACHINE = 32, /* machine registers are below */
    HVC_REG_T0 = 32,
    HVC_REG_T1,
    HVC_REG_T2,
    HVC_REG_T3,
    HVC_REG_COUNT,
    HVC_REG_NONE = 0xff,
};

typedef enum hvc_op_kind {
    HVC_OP_MOVE,          /* dst = a */
    HVC_OP_ALU,           /* dst = alu(a, b) */
    HVC_OP_LOAD,          /* dst = memory; memory_size bytes, zero- or sign-extended to size */
    HVC_OP_STORE,         /* memory = a; memory_size bytes; a NONE stores an unknown value */
    HVC_OP_SELECT,        /* dst = condition ? a : b */
    HVC_OP_COMPARE,       /* flags = those of a - b */
    HVC_OP_TEST,          /* flags = those of a & b compared with 0: no carry, no overflow */
    HVC_OP_RESULT,        /* flags: zero and sign of a & b (of a when b is NONE); carry and overflow
                             are unknown */
    HVC_OP_CALL,          /* call a (CONST: address; REG: pointer) */
    HVC_OP_JUMP,          /* jump to a */
    HVC_OP_BRANCH,        /* condition ? jump to target : next instruction */
    HVC_OP_RETURN,        /* return; immediate bytes of arguments are popped (x86) */
    HVC_OP_CLOBBER,       /* dst = unknown */
    HVC_OP_CLOBBER_FLAGS, /* flags = unknown */
    HVC_OP_CLOBBER_MEMORY, /* writes memory at an address or of a length that is not told: from
                              memory.base + displacement upwards; anywhere when base is
                              HVC_REG_NONE. Repeated string stores are upwards by the convention
                              that the direction flag is clear. */
    HVC_OP_ESCAPE,         /* a and b, or parts of them, go where they are not followed: into a
                              register that is not modelled, or into what another operation makes
                              unknown */
    HVC_OP_ESCAPE_MEMORY,  /* and so do memory_size bytes of memory; 0: from there upwards */
    HVC_OP_TRAP, /* does not continue behind: int3, ud2, int 29h, brk, ARM64's hlt; immediate
                    is the vector (x86) or the number in the instruction */
    HVC_OP_CONTROL_WRITE, /* writes control register number immediate from a (x86: 0 is CR0) */
    HVC_OP_COUNT
} hvc_op_kind;

typedef enum hvc_alu {
    HVC_ALU_ADD,
    HVC_ALU_SUB,
    HVC_ALU_AND,
    HVC_ALU_OR,
    HVC_ALU_XOR,
    HVC_ALU_SHL,
    HVC_ALU_SHR,
    HVC_ALU_SAR,
    HVC_ALU_ROR,
    HVC_ALU_MUL,
    HVC_ALU_NOT,         /* of a; b NONE */
    HVC_ALU_NEG,         /* of a; b NONE */
    HVC_ALU_SIGN_EXTEND, /* of the low b bits of a (b CONST) */
    HVC_ALU_ZERO_EXTEND, /* of the low b bits of a (b CONST) */
    HVC_ALU_BYTE_SWAP,
    HVC_ALU_COUNT
} hvc_alu;

typedef enum hvc_condition {
    /* on the flags of the last COMPARE or TEST */
    HVC_COND_EQ,
    HVC_COND_NE,
    HVC_COND_ULT,
    HVC_COND_ULE,
    HVC_COND_UGT,
    HVC_COND_UGE,
    HVC_COND_SLT,
    HVC_COND_SLE,
    HVC_COND_SGT,
    HVC_COND_SGE,
    HVC_COND_NEGATIVE,
    HVC_COND_NOT_NEGATIVE,
    HVC_COND_OTHER, /* a condition on flags that is not modelled (overflow, parity...) */
    /* on the operands of the BRANCH itself, flags untouched (cbz, tbz, jrcxz) */
    HVC_COND_ZERO,      /* a == 0 */
    HVC_COND_NOT_ZERO,  /* a != 0 */
    HVC_COND_BIT_CLEAR, /* bit b of a is 0 */
    HVC_COND_BIT_SET,   /* bit b of a is 1 */
    HVC_COND_COUNT
} hvc_condition;

typedef enum hvc_operand_kind {
    HVC_OPERAND_NONE,
    HVC_OPERAND_REG,
    HVC_OPERAND_CONST
} hvc_operand_kind;

typedef struct hvc_operand {
    uint8_t kind;
    uint8_t reg;
    uint64_t value; /* CONST: the whole number, sign-extended where the instruction does */
} hvc_operand;

/* address = base + index * scale + displacement, modulo the pointer size. With neither base nor
 * index the displacement is the absolute virtual address (RIP-relative operands are resolved to
 * that). A write to an address that this cannot tell (16-bit addressing, or 32-bit on x64) is a
 * CLOBBER_MEMORY. */
typedef struct hvc_memory {
    uint8_t base, index; /* HVC_REG_NONE when absent */
    uint8_t scale;
    bool segment; /* relative to FS or GS: never the image, never the stack */
    int64_t displacement;
} hvc_memory;

/* Operands are read truncated to size bytes; the result is truncated to size bytes and then, unless
 * merge, zero-extended to the whole register. merge keeps the register's higher bytes (x86 writes
 * of 8 and 16 bits). */
typedef struct hvc_op {
    uint8_t kind; /* hvc_op_kind */
    uint8_t alu;  /* hvc_alu */
    uint8_t condition;
    uint8_t size;        /* 1, 2, 4, 8 */
    uint8_t memory_size; /* LOAD, STORE: 1..64; ESCAPE_MEMORY */
    bool sign_extend;    /* LOAD */
    bool merge;
    uint8_t dst;
    hvc_operand a, b;
    hvc_memory memory;  /* LOAD, STORE, CLOBBER_MEMORY, ESCAPE_MEMORY */
    uint64_t target;    /* BRANCH: absolute virtual address */
    uint32_t immediate; /* RETURN, CONTROL_WRITE, TRAP */
} hvc_op;

/* As many operations as the longest lowering needs: pushad. */
#define HVC_MAX_OPS 9

typedef struct hvc_insn {
    uint64_t address;
    uint8_t length;
    uint8_t op_count; /* 0: does nothing that is modelled (nop, prefetch, vector arithmetic) */
    bool valid;       /* false: the bytes are no instruction; length is then 1 (x86) or 4 (ARM64) */
    hvc_op ops[HVC_MAX_OPS];
} hvc_insn;

/* What the analysis must know of an instruction set and of Windows' calling convention on it. */
typedef struct hvc_isa {
    const char *name;
    uint8_t pointer_size;
    uint8_t stack_pointer, frame_pointer, return_register;
    uint8_t link_register; /* ARM64: lr; HVC_REG_NONE where calls push */
    uint8_t argument_register_count;
    uint8_t argument_registers[8];
    uint8_t stack_argument_offset;  /* bytes from SP, just before the call, to the first argument
                                       that  is not in a register (x64: 0x20, above the home area) */
    uint32_t volatile_registers;    /* bit per register that a call may change */
    uint8_t min_length, max_length; /* of an instruction */
    /* Decodes one instruction at the start of bytes. Always fills *ret_insn; false when !valid. */
    bool (*decode)(hvc_span bytes, uint64_t address, hvc_insn *ret_insn);
} hvc_isa;

extern const hvc_isa hvc_isa_x86, hvc_isa_x64, hvc_isa_arm64;

/* The instruction set of an architecture; NULL for those without code analysis (ARM). ARM64EC and
 * ARM64X hold code of two: see hvc_image_code_ranges. */
const hvc_isa *hvc_isa_of(hvc_arch arch);

/* Writes the instruction as text for evidence ("mov ecx, 0x200"), cut at size, NUL-terminated. */
void hvc_isa_format(const hvc_isa *isa, hvc_span bytes, uint64_t address, char *buffer,
                    size_t size);

#endif
