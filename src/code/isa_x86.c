/* x86 and x64: taking instructions apart. See isa_x86.h. */
#include "code/isa_x86.h"

/* What follows an opcode and what is special about its operands. */
enum {
    M = 0x0001,   /* ModRM */
    B = 0x0002,   /* operands of one byte */
    I8 = 0x0004,  /* imm8, sign-extended */
    IZ = 0x0008,  /* imm16 with 66, else imm32 */
    IW = 0x0010,  /* imm16 */
    IV = 0x0020,  /* as IZ, imm64 with REX.W */
    IP = 0x0040,  /* an address of pointer size */
    P = 0x0080,   /* operands of pointer size: a 66 prefix is not for us */
    R = 0x0100,   /* REP and REPNE are for us, segments are not */
    X32 = 0x0200, /* an instruction of ours on x86 alone */
    X64 = 0x0400, /* on x64 alone */
    /* mandatory prefixes of vector instructions that are for us */
    V0 = 0x1000,
    V66 = 0x2000,
    VF3 = 0x4000,
    VF2 = 0x8000,
    V = V0 | V66,
    VS = V0 | V66 | VF3 | VF2,
};

typedef struct x86_opcode {
    uint8_t kind;
    uint16_t flags;
} x86_opcode;

#define ALU_ROW(at)                                                                                \
    [at] = {HVC_X86_ALU, M | B}, [at + 1] = {HVC_X86_ALU, M}, [at + 2] = {HVC_X86_ALU, M | B},     \
    [at + 3] = {HVC_X86_ALU, M}, [at + 4] = {HVC_X86_ALU, B | I8}, [at + 5] = {HVC_X86_ALU, IZ}
#define EIGHT(at, kind, flags)                                                                     \
    [at] = {kind, flags}, [at + 1] = {kind, flags}, [at + 2] = {kind, flags},                      \
    [at + 3] = {kind, flags}, [at + 4] = {kind, flags}, [at + 5] = {kind, flags},                  \
    [at + 6] = {kind, flags}, [at + 7] = {kind, flags}

static const x86_opcode one_byte[256] = {
    ALU_ROW(0x00),
    ALU_ROW(0x08),
    ALU_ROW(0x10),
    ALU_ROW(0x18),
    ALU_ROW(0x20),
    ALU_ROW(0x28),
    ALU_ROW(0x30),
    ALU_ROW(0x38),
    EIGHT(0x40, HVC_X86_INC_DEC_REG, X32),
    EIGHT(0x48, HVC_X86_INC_DEC_REG, X32),
    EIGHT(0x50, HVC_X86_PUSH_REG, P),
    EIGHT(0x58, HVC_X86_POP_REG, P),
    [0x63] = {HVC_X86_MOVSXD, M | X64},
    [0x68] = {HVC_X86_PUSH_IMM, P | IZ},
    [0x69] = {HVC_X86_IMUL_IMM, M | IZ},
    [0x6a] = {HVC_X86_PUSH_IMM, P | I8},
    [0x6b] = {HVC_X86_IMUL_IMM, M | I8},
    EIGHT(0x70, HVC_X86_JCC, P | I8),
    EIGHT(0x78, HVC_X86_JCC, P | I8),
    [0x80] = {HVC_X86_ALU_IMM, M | B | I8},
    [0x81] = {HVC_X86_ALU_IMM, M | IZ},
    [0x83] = {HVC_X86_ALU_IMM, M | I8},
    [0x84] = {HVC_X86_TEST, M | B},
    [0x85] = {HVC_X86_TEST, M},
    [0x86] = {HVC_X86_XCHG, M | B},
    [0x87] = {HVC_X86_XCHG, M},
    [0x88] = {HVC_X86_MOV_STORE, M | B},
    [0x89] = {HVC_X86_MOV_STORE, M},
    [0x8a] = {HVC_X86_MOV_LOAD, M | B},
    [0x8b] = {HVC_X86_MOV_LOAD, M},
    [0x8d] = {HVC_X86_LEA, M},
    [0x8f] = {HVC_X86_POP_RM, M | P},
    EIGHT(0x90, HVC_X86_XCHG_RAX, 0),
    [0x98] = {HVC_X86_CBW, 0},
    [0x99] = {HVC_X86_CWD, 0},
    [0xa0] = {HVC_X86_MOV_OFFSET, B | IP},
    [0xa1] = {HVC_X86_MOV_OFFSET, IP},
    [0xa2] = {HVC_X86_MOV_OFFSET, B | IP},
    [0xa3] = {HVC_X86_MOV_OFFSET, IP},
    [0xa4] = {HVC_X86_STRING, B | R},
    [0xa5] = {HVC_X86_STRING, R},
    [0xa6] = {HVC_X86_STRING, B | R},
    [0xa7] = {HVC_X86_STRING, R},
    [0xa8] = {HVC_X86_TEST_IMM, B | I8},
    [0xa9] = {HVC_X86_TEST_IMM, IZ},
    [0xaa] = {HVC_X86_STRING, B | R},
    [0xab] = {HVC_X86_STRING, R},
    [0xac] = {HVC_X86_STRING, B | R},
    [0xad] = {HVC_X86_STRING, R},
    [0xae] = {HVC_X86_STRING, B | R},
    [0xaf] = {HVC_X86_STRING, R},
    EIGHT(0xb0, HVC_X86_MOV_REG_IMM, B | I8),
    EIGHT(0xb8, HVC_X86_MOV_REG_IMM, IV),
    [0xc0] = {HVC_X86_SHIFT, M | B | I8},
    [0xc1] = {HVC_X86_SHIFT, M | I8},
    [0xc2] = {HVC_X86_RET, P | IW},
    [0xc3] = {HVC_X86_RET, P},
    [0xc6] = {HVC_X86_MOV_IMM, M | B | I8},
    [0xc7] = {HVC_X86_MOV_IMM, M | IZ},
    [0xc9] = {HVC_X86_LEAVE, P},
    [0xcc] = {HVC_X86_INT3, P},
    [0xd0] = {HVC_X86_SHIFT, M | B},
    [0xd1] = {HVC_X86_SHIFT, M},
    [0xd2] = {HVC_X86_SHIFT, M | B},
    [0xd3] = {HVC_X86_SHIFT, M},
    [0xe0] = {HVC_X86_LOOP, P | I8},
    [0xe1] = {HVC_X86_LOOP, P | I8},
    [0xe2] = {HVC_X86_LOOP, P | I8},
    [0xe3] = {HVC_X86_LOOP, P | I8},
    [0xe8] = {HVC_X86_CALL, P | IZ},
    [0xe9] = {HVC_X86_JMP, P | IZ},
    [0xeb] = {HVC_X86_JMP, P | I8},
    [0xf6] = {HVC_X86_GROUP3, M | B},
    [0xf7] = {HVC_X86_GROUP3, M},
    [0xfc] = {HVC_X86_NOP, P}, /* cld */
    [0xfe] = {HVC_X86_GROUP4, M | B},
    [0xff] = {HVC_X86_GROUP5, M},
};

/* Behind 0F. */
static const x86_opcode two_byte[256] = {
    [0x0b] = {HVC_X86_UD2, P},
    [0x10] = {HVC_X86_VECTOR, M | VS},
    [0x11] = {HVC_X86_VECTOR_STORE, M | VS},
    [0x14] = {HVC_X86_VECTOR, M | V},
    [0x1f] = {HVC_X86_NOP, M},
    [0x28] = {HVC_X86_VECTOR, M | V},
    [0x29] = {HVC_X86_VECTOR_STORE, M | V},
    [0x2e] = {HVC_X86_VECTOR_FLAGS, M | V},
    [0x2f] = {HVC_X86_VECTOR_FLAGS, M | V},
    EIGHT(0x40, HVC_X86_CMOV, M),
    EIGHT(0x48, HVC_X86_CMOV, M),
    [0x51] = {HVC_X86_VECTOR, M | VS},
    [0x54] = {HVC_X86_VECTOR, M | V},
    [0x55] = {HVC_X86_VECTOR, M | V},
    [0x56] = {HVC_X86_VECTOR, M | V},
    [0x57] = {HVC_X86_VECTOR, M | V},
    [0x58] = {HVC_X86_VECTOR, M | VS},
    [0x59] = {HVC_X86_VECTOR, M | VS},
    [0x5a] = {HVC_X86_VECTOR, M | VS},
    [0x5b] = {HVC_X86_VECTOR, M | V | VF3},
    [0x5c] = {HVC_X86_VECTOR, M | VS},
    [0x5d] = {HVC_X86_VECTOR, M | VS},
    [0x5e] = {HVC_X86_VECTOR, M | VS},
    [0x5f] = {HVC_X86_VECTOR, M | VS},
    [0x6f] = {HVC_X86_VECTOR, M | V66 | VF3},
    [0x7f] = {HVC_X86_VECTOR_STORE, M | V66 | VF3},
    EIGHT(0x80, HVC_X86_JCC, P | IZ),
    EIGHT(0x88, HVC_X86_JCC, P | IZ),
    EIGHT(0x90, HVC_X86_SETCC, M | B),
    EIGHT(0x98, HVC_X86_SETCC, M | B),
    [0xa3] = {HVC_X86_BT, M},
    [0xaf] = {HVC_X86_IMUL, M},
    [0xb6] = {HVC_X86_MOVX, M},
    [0xb7] = {HVC_X86_MOVX, M},
    [0xba] = {HVC_X86_BIT_IMM, M | I8},
    [0xbe] = {HVC_X86_MOVX, M},
    [0xbf] = {HVC_X86_MOVX, M},
    [0xc0] = {HVC_X86_XADD, M | B},
    [0xc1] = {HVC_X86_XADD, M},
    EIGHT(0xc8, HVC_X86_BSWAP, 0),
    [0xef] = {HVC_X86_VECTOR, M | V66},
};

/* Prefixes that were read. */
typedef struct x86_prefixes {
    bool operand16, segment;
    uint8_t repeat;
    uint8_t rex; /* the byte, 0 without */
} x86_prefixes;

static int64_t signed32(const uint8_t *p)
{
    return (int32_t)hvc_le32(p);
}

/* The ModRM byte at p, with SIB and displacement; *ret_rip tells that the displacement counts from
 * the next instruction. Returns the byte behind. */
static const uint8_t *read_modrm(hvc_x86 *x, const uint8_t *p, uint8_t rex, bool *ret_rip)
{
    unsigned mod = *p >> 6, rm = *p & 7;
    x->digit = *p >> 3 & 7;
    x->reg = (uint8_t)(x->digit | (rex & 4) << 1);
    p++;
    *ret_rip = false;
    if (mod == 3) {
        x->rm = (uint8_t)(rm | (rex & 1) << 3);
        return p;
    }
    x->is_memory = true;
    hvc_memory *memory = &x->memory;
    unsigned base = rm;
    if (rm == 4) {
        unsigned sib = *p++;
        unsigned index = (sib >> 3 & 7) | (rex & 2u) << 2;
        base = sib & 7;
        if (index != 4) {
            memory->index = (uint8_t)index;
            memory->scale = (uint8_t)(1u << (sib >> 6));
        }
    }
    if (mod == 0 && base == 5) {
        memory->displacement = signed32(p);
        if (rm == 5)
            *ret_rip = x->pointer == 8;
        if (x->pointer == 4 && memory->index == HVC_REG_NONE)
            memory->displacement &= UINT32_MAX;
        return p + 4;
    }
    memory->base = (uint8_t)(base | (rex & 1) << 3);
    if (mod == 1) {
        memory->displacement = (int8_t)*p;
        return p + 1;
    }
    if (mod == 2) {
        memory->displacement = signed32(p);
        return p + 4;
    }
    return p;
}

static const uint8_t *read_immediate(hvc_x86 *x, const uint8_t *p, unsigned flags, unsigned rex)
{
    if (flags & I8) {
        x->imm = (uint64_t)(int8_t)*p;
        return p + 1;
    }
    if (flags & IW) {
        x->imm = hvc_le16(p);
        return p + 2;
    }
    if ((flags & IV && rex & 8) || (flags & IP && x->pointer == 8)) {
        x->imm = hvc_le64(p);
        return p + 8;
    }
    if (flags & IP) {
        x->imm = hvc_le32(p);
        return p + 4;
    }
    /* REX.W wins over 66 */
    if (flags & (IZ | IV) && x->size == 2) {
        x->imm = (uint64_t)(int16_t)hvc_le16(p);
        return p + 2;
    }
    if (flags & (IZ | IV)) {
        x->imm = (uint64_t)signed32(p);
        return p + 4;
    }
    return p;
}

/* Whether an encoding with these prefixes is for the direct way. */
static bool prefixes_fit(const x86_opcode *opcode, const x86_prefixes *prefixes, bool long_mode)
{
    unsigned flags = opcode->flags;
    if (flags & (long_mode ? X32 : X64))
        return false;
    if (flags & VS) {
        unsigned given = V0;
        if (prefixes->repeat != 0) {
            if (prefixes->operand16)
                return false;
            given = prefixes->repeat == 0xf3 ? VF3 : VF2;
        } else if (prefixes->operand16) {
            given = V66;
        }
        return (flags & given) != 0;
    }
    if (flags & P && prefixes->operand16)
        return false;
    if (flags & R)
        return !prefixes->segment;
    return prefixes->repeat == 0;
}

static const uint8_t *read_prefixes(const uint8_t *p, bool long_mode, x86_prefixes *ret_prefixes)
{
    x86_prefixes prefixes = {0};
    /* each kind once, in the order in which compilers write them: segment, 66, F2 or F3, REX */
    if (*p == 0x64 || *p == 0x65) {
        prefixes.segment = true;
        p++;
    }
    if (*p == 0x66) {
        prefixes.operand16 = true;
        p++;
    }
    if (*p == 0xf2 || *p == 0xf3)
        prefixes.repeat = *p++;
    if (long_mode && (*p & 0xf0) == 0x40)
        prefixes.rex = *p++;
    *ret_prefixes = prefixes;
    return p;
}

/* The prefixes 66, 67, F0, F2, F3, 2E, 36, 3E, 26, 64, 65 and (x64) REX are no opcodes: their
 * entries in one_byte are HVC_X86_GENERAL, so that prefixes in any other order are declined. 40..4F
 * is: X32. */
unsigned hvc_x86_decode_direct(const uint8_t *data, bool long_mode, hvc_insn *insn)
{
    x86_prefixes prefixes;
    const uint8_t *p = read_prefixes(data, long_mode, &prefixes);
    const x86_opcode *opcode = &one_byte[*p];
    if (*p == 0x0f)
        opcode = &two_byte[*++p];
    if (opcode->kind == HVC_X86_GENERAL || !prefixes_fit(opcode, &prefixes, long_mode))
        return 0;
    hvc_x86 x = {
        .insn = insn,
        .pointer = long_mode ? 8 : 4,
        .opcode = *p++,
        .repeat = prefixes.repeat,
        .rex = prefixes.rex != 0,
        .operand16 = prefixes.operand16,
        .memory = {.base = HVC_REG_NONE, .index = HVC_REG_NONE, .segment = prefixes.segment}};
    unsigned flags = opcode->flags;
    if (flags & B)
        x.size = 1;
    else if (prefixes.rex & 8)
        x.size = 8;
    else
        x.size = prefixes.operand16 ? 2 : 4;
    bool rip = false;
    if (flags & M)
        p = read_modrm(&x, p, prefixes.rex, &rip);
    else
        x.rm = (uint8_t)((x.opcode & 7) | (prefixes.rex & 1) << 3);
    if (opcode->kind == HVC_X86_GROUP3 && x.digit == 0)
        flags |= flags & B ? I8 : IZ;
    p = read_immediate(&x, p, flags, prefixes.rex);
    if (flags & P)
        x.size = x.pointer;
    /* a segment without memory operand is a hint or an oddity */
    if (prefixes.segment && !x.is_memory && !(flags & IP))
        return 0;
    x.next = insn->address + (uint64_t)(p - data);
    if (rip)
        x.memory.displacement = (int64_t)((uint64_t)x.memory.displacement + x.next);
    if (!hvc_x86_lower(&x, (hvc_x86_class)opcode->kind)) {
        insn->op_count = 0;
        return 0;
    }
    return (unsigned)(p - data);
}

static bool decode(hvc_span bytes, uint64_t address, bool long_mode, hvc_insn *ret_insn)
{
    uint8_t padded[16];
    const uint8_t *data = bytes.data;
    ret_insn->address = address;
    ret_insn->op_count = 0;
    if (bytes.size < sizeof(padded)) {
        if (bytes.size == 0)
            return hvc_insn_invalid(ret_insn, 1);
        memset(padded, 0, sizeof(padded));
        memcpy(padded, bytes.data, bytes.size);
        data = padded;
    }
    unsigned length = hvc_x86_decode_direct(data, long_mode, ret_insn);
    if (length == 0)
        return hvc_x86_decode_general(bytes, long_mode, ret_insn);
    if (length > bytes.size)
        return hvc_insn_invalid(ret_insn, 1);
    return hvc_insn_finish(ret_insn, length, long_mode ? 8 : 4);
}

static bool decode_x86(hvc_span bytes, uint64_t address, hvc_insn *ret_insn)
{
    return decode(bytes, address, false, ret_insn);
}

static bool decode_x64(hvc_span bytes, uint64_t address, hvc_insn *ret_insn)
{
    return decode(bytes, address, true, ret_insn);
}

#define BIT(number) (UINT32_C(1) << (number))

const hvc_isa hvc_isa_x86 = {
    .name = "x86",
    .pointer_size = 4,
    .stack_pointer = HVC_X86_RSP,
    .frame_pointer = HVC_X86_RBP,
    .return_register = HVC_X86_RAX,
    .link_register = HVC_REG_NONE,
    .argument_register_count = 0,
    .stack_argument_offset = 0,
    .volatile_registers = BIT(HVC_X86_RAX) | BIT(HVC_X86_RCX) | BIT(HVC_X86_RDX),
    .min_length = 1,
    .max_length = HVC_X86_MAX_LENGTH,
    .decode = decode_x86,
};

const hvc_isa hvc_isa_x64 = {
    .name = "x64",
    .pointer_size = 8,
    .stack_pointer = HVC_X86_RSP,
    .frame_pointer = HVC_X86_RBP,
    .return_register = HVC_X86_RAX,
    .link_register = HVC_REG_NONE,
    .argument_register_count = 4,
    .argument_registers = {HVC_X86_RCX, HVC_X86_RDX, 8, 9},
    .stack_argument_offset = 0x20,
    .volatile_registers = BIT(HVC_X86_RAX) | BIT(HVC_X86_RCX) | BIT(HVC_X86_RDX) | BIT(8) | BIT(9) |
                          BIT(10) | BIT(11),
    .min_length = 1,
    .max_length = HVC_X86_MAX_LENGTH,
    .decode = decode_x64,
};
