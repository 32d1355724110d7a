/* The inside of the x86 and x64 decoder. Two ways lead to the same operations:
 *
 * hvc_x86_decode_direct reads the encodings that compilers write, by tables of our own, and lowers
 * them precisely; it declines (returns 0) whatever it is not sure of. hvc_x86_decode_general takes
 * every other instruction through Zydis and lowers it by what Zydis says that it writes. The tests
 * compare the first with the second over all opcodes and addressing forms. */
#ifndef CODE_ISA_X86_H
#define CODE_ISA_X86_H

#include "code/isa_ops.h"

enum { HVC_X86_MAX_LENGTH = 15 };

enum {
    HVC_X86_RAX,
    HVC_X86_RCX,
    HVC_X86_RDX,
    HVC_X86_RBX,
    HVC_X86_RSP,
    HVC_X86_RBP,
    HVC_X86_RSI,
    HVC_X86_RDI,
};

/* An instruction taken apart. */
typedef struct hvc_x86 {
    hvc_insn *insn;
    uint64_t next;   /* address behind it */
    uint64_t imm;    /* sign-extended */
    uint8_t pointer; /* size of pointers: 4 or 8 */
    uint8_t opcode;  /* its last byte */
    uint8_t size;    /* of the operands: 1, 2, 4, 8 */
    uint8_t repeat;  /* F2 or F3, 0 without */
    bool rex;        /* has a REX prefix: byte registers 4..7 are spl, bpl, sil, dil */
    bool operand16;  /* has a 66 prefix */
    bool is_memory;  /* the r/m operand is memory */
    uint8_t digit;   /* the reg field without REX: extends the opcode */
    uint8_t reg, rm; /* register numbers; rm only when !is_memory */
    hvc_memory memory;
} hvc_x86;

/* How an encoding is lowered. */
typedef enum hvc_x86_class {
    HVC_X86_GENERAL, /* not here: hvc_x86_decode_general */
    HVC_X86_NOP,
    HVC_X86_ALU,
    HVC_X86_ALU_IMM,
    HVC_X86_INC_DEC_REG,
    HVC_X86_PUSH_REG,
    HVC_X86_POP_REG,
    HVC_X86_PUSH_IMM,
    HVC_X86_IMUL,
    HVC_X86_IMUL_IMM,
    HVC_X86_MOVSXD,
    HVC_X86_JCC,
    HVC_X86_TEST,
    HVC_X86_TEST_IMM,
    HVC_X86_XCHG,
    HVC_X86_XCHG_RAX,
    HVC_X86_MOV_STORE,
    HVC_X86_MOV_LOAD,
    HVC_X86_MOV_IMM,
    HVC_X86_MOV_REG_IMM,
    HVC_X86_MOV_OFFSET,
    HVC_X86_LEA,
    HVC_X86_POP_RM,
    HVC_X86_CBW,
    HVC_X86_CWD,
    HVC_X86_STRING,
    HVC_X86_SHIFT,
    HVC_X86_RET,
    HVC_X86_LEAVE,
    HVC_X86_INT3,
    HVC_X86_UD2,
    HVC_X86_LOOP,
    HVC_X86_CALL,
    HVC_X86_JMP,
    HVC_X86_GROUP3,
    HVC_X86_GROUP4,
    HVC_X86_GROUP5,
    HVC_X86_SETCC,
    HVC_X86_CMOV,
    HVC_X86_MOVX,
    HVC_X86_BT,
    HVC_X86_BIT_IMM,
    HVC_X86_BSWAP,
    HVC_X86_XADD,
    HVC_X86_VECTOR,       /* writes vector registers alone */
    HVC_X86_VECTOR_FLAGS, /* comiss and its like */
    HVC_X86_VECTOR_STORE,
} hvc_x86_class;

/* Both fill the operations, length and valid of *ret_insn, whose address is set and whose op_count
 * is 0. direct: bytes has at least 16 readable bytes at data; returns the length, or 0 when the
 * instruction is not for it (then op_count is still 0). general: true when the bytes are an
 * instruction. */
unsigned hvc_x86_decode_direct(const uint8_t *data, bool long_mode, hvc_insn *insn);
bool hvc_x86_decode_general(hvc_span bytes, bool long_mode, hvc_insn *insn);

/* Lowers x; false when this form is not for the direct way. */
bool hvc_x86_lower(hvc_x86 *x, hvc_x86_class kind);

/* The condition of jcc, setcc and cmovcc by the low four bits of their opcode. */
hvc_condition hvc_x86_condition(unsigned opcode);

#endif
