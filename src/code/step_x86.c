/* x86 and x64. The encodings that compilers write most are taken apart by a table of lengths;
 * Zydis, in its minimal mode, does the others. What an instruction does to control is then told
 * from its opcode. */
#include <Zydis/Zydis.h>

#include "code/step.h"

/* The parts of an instruction that matter here. */
typedef struct parts {
    uint8_t map; /* 1: one-byte opcodes, 2: behind 0F, 0: others, none of which goes elsewhere */
    uint8_t opcode, length;
    bool has_modrm, is_nop;
    uint8_t modrm, sib;
    uint8_t displacement, displacement_size; /* offset and bytes; size 0 when there is none */
    uint8_t immediate, immediate_size;
} parts;

enum {
    OK = 1,
    M = OK | 2,  /* ModRM */
    B = OK | 4,  /* imm8 */
    Z = OK | 8,  /* imm16 with prefix 66, else imm32 */
    W = OK | 16, /* imm16 */
    S = OK | 32, /* x86 alone */
    R = OK | 64, /* relative: not with prefix 66 */
    V = OK | 128 /* imm64 with REX.W, else as Z */
};

#define EIGHT(at, flags)                                                                           \
    [at] = flags, [at + 1] = flags, [at + 2] = flags, [at + 3] = flags, [at + 4] = flags,          \
    [at + 5] = flags, [at + 6] = flags, [at + 7] = flags
#define ALU_ROW(at) [at] = M, [at + 1] = M, [at + 2] = M, [at + 3] = M, [at + 4] = B, [at + 5] = Z

static const uint8_t one_byte[256] = {
    ALU_ROW(0x00),   ALU_ROW(0x08),      ALU_ROW(0x10),      ALU_ROW(0x18),  ALU_ROW(0x20),
    ALU_ROW(0x28),   ALU_ROW(0x30),      ALU_ROW(0x38),      EIGHT(0x40, S), EIGHT(0x48, S),
    EIGHT(0x50, OK), EIGHT(0x58, OK),    [0x68] = Z,         [0x69] = M | Z, [0x6a] = B,
    [0x6b] = M | B,  EIGHT(0x70, B | R), EIGHT(0x78, B | R), [0x80] = M | B, [0x81] = M | Z,
    [0x83] = M | B,  [0x84] = M,         [0x85] = M,         [0x86] = M,     [0x87] = M,
    [0x88] = M,      [0x89] = M,         [0x8a] = M,         [0x8b] = M,     [0x8d] = M,
    EIGHT(0x90, OK), [0x98] = OK,        [0x99] = OK,        [0xa8] = B,     [0xa9] = Z,
    EIGHT(0xb0, B),  EIGHT(0xb8, V),     [0xc0] = M | B,     [0xc1] = M | B, [0xc2] = W,
    [0xc3] = OK,     [0xc6] = M | B,     [0xc7] = M | Z,     [0xc9] = OK,    [0xcc] = OK,
    [0xcd] = B,      [0xd0] = M,         [0xd1] = M,         [0xd2] = M,     [0xd3] = M,
    [0xe8] = Z | R,  [0xe9] = Z | R,     [0xeb] = B | R,     [0xf6] = M,     [0xf7] = M,
    [0xfe] = M,      [0xff] = M,
};

static const uint8_t two_byte[256] = {
    [0x10] = M,     [0x11] = M,     [0x1f] = M, [0x28] = M,         [0x29] = M,
    EIGHT(0x40, M), EIGHT(0x48, M), [0x57] = M, EIGHT(0x80, Z | R), EIGHT(0x88, Z | R),
    EIGHT(0x90, M), EIGHT(0x98, M), [0xa3] = M, [0xaf] = M,         [0xb6] = M,
    [0xb7] = M,     [0xbe] = M,     [0xbf] = M,
};

/* Whether the reg field makes an instruction of the opcode that the table is for. */
static bool extension_fits(const parts *it)
{
    unsigned reg = it->modrm >> 3 & 7, memory = it->modrm < 0xc0;
    switch (it->map == 1 ? it->opcode : 0) {
    case 0x8d:
        return memory;
    case 0xc6:
    case 0xc7:
        return reg == 0;
    case 0xfe:
        return reg < 2;
    case 0xff:
        return reg != 3 && reg != 5 && reg != 7;
    default:
        return true;
    }
}

/* Reads ModRM, SIB and displacement at offset at; returns the offset behind. */
static uint8_t read_modrm(const uint8_t *bytes, uint8_t at, parts *it)
{
    it->has_modrm = true;
    it->modrm = bytes[at++];
    unsigned mod = it->modrm >> 6, base = it->modrm & 7;
    if (mod == 3)
        return at;
    if (base == 4) {
        it->sib = bytes[at++];
        base = it->sib & 7;
    }
    if (mod == 1)
        it->displacement_size = 1;
    else if (mod == 2 || base == 5)
        it->displacement_size = 4;
    it->displacement = at;
    return at + it->displacement_size;
}

/* The immediate's size. */
static uint8_t immediate_size(unsigned flags, uint8_t rex, bool short_operand)
{
    if (flags & B & ~OK)
        return 1;
    if (flags & W & ~OK)
        return 2;
    if (flags & V & ~OK && rex & 8)
        return 8;
    if (flags & (Z | V) & ~OK)
        return short_operand && !(rex & 8) ? 2 : 4;
    return 0;
}

/* Takes the frequent encodings apart. bytes has 16 readable bytes. False: not one of them. */
static bool take_apart(const uint8_t *bytes, bool long_mode, parts *it)
{
    uint8_t at = 0, rex = 0;
    bool short_operand = bytes[0] == 0x66;
    if (short_operand)
        at++;
    if (long_mode && (bytes[at] & 0xf0) == 0x40)
        rex = bytes[at++];
    it->map = bytes[at] == 0x0f ? 2 : 1;
    if (it->map == 2)
        at++;
    it->opcode = bytes[at++];
    unsigned flags = it->map == 2 ? two_byte[it->opcode] : one_byte[it->opcode];
    if ((flags & OK) == 0 || ((flags & S & ~OK) != 0 && long_mode) ||
        ((flags & R & ~OK) != 0 && short_operand))
        return false;
    if (flags & M & ~OK) {
        at = read_modrm(bytes, at, it);
        if (!extension_fits(it))
            return false;
        /* test r/m, imm shares its opcode with instructions that have none */
        if (it->map == 1 && (it->opcode & 0xfe) == 0xf6 && (it->modrm >> 3 & 7) < 2)
            flags |= it->opcode == 0xf6 ? B : Z;
    }
    it->immediate = at;
    it->immediate_size = immediate_size(flags, rex, short_operand);
    it->length = at + it->immediate_size;
    /* nop is 90, except that REX.B makes it an exchange */
    it->is_nop = it->map == 1 ? it->opcode == 0x90 && !(rex & 1) : it->opcode == 0x1f;
    return true;
}

static bool decode_by_zydis(hvc_span bytes, bool long_mode, parts *it)
{
    ZydisDecoder decoder = {
        .machine_mode = long_mode ? ZYDIS_MACHINE_MODE_LONG_64 : ZYDIS_MACHINE_MODE_LEGACY_32,
        .stack_width = long_mode ? ZYDIS_STACK_WIDTH_64 : ZYDIS_STACK_WIDTH_32,
    };
    ZydisDecodedInstruction insn;
    decoder.decoder_mode[ZYDIS_DECODER_MODE_MINIMAL] = ZYAN_TRUE;
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, bytes.data, bytes.size, &insn)))
        return false;
    *it = (parts){
        .opcode = insn.opcode,
        .length = insn.length,
        .has_modrm = (insn.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0,
        .is_nop = insn.mnemonic == ZYDIS_MNEMONIC_NOP,
        .displacement = insn.raw.disp.offset,
        .displacement_size = insn.raw.disp.size / 8,
        .immediate = insn.raw.imm[0].offset,
        .immediate_size = insn.raw.imm[0].size / 8,
    };
    if (it->has_modrm)
        it->modrm = bytes.data[insn.raw.modrm.offset];
    if (insn.raw.sib.offset != 0)
        it->sib = bytes.data[insn.raw.sib.offset];
    if (insn.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY) {
        if (insn.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT)
            it->map = 1;
        else if (insn.opcode_map == ZYDIS_OPCODE_MAP_0F)
            it->map = 2;
    }
    return true;
}

/* The immediate, sign-extended. */
static uint32_t immediate_of(const parts *it, const uint8_t *bytes)
{
    const uint8_t *p = bytes + it->immediate;
    if (it->immediate_size == 1)
        return (uint32_t)(int32_t)(int8_t)*p;
    if (it->immediate_size == 2)
        return (uint32_t)(int32_t)(int16_t)hvc_le16(p);
    return it->immediate_size >= 4 ? hvc_le32(p) : 0;
}

static void classify_one_byte(const parts *it, const uint8_t *bytes, hvc_step *step)
{
    uint8_t reg = it->modrm >> 3 & 7;
    switch (it->opcode) {
    case 0xe0: /* loopne, loope, loop, jrcxz */
    case 0xe1:
    case 0xe2:
    case 0xe3:
        step->kind = HVC_STEP_BRANCH;
        break;
    case 0xc7: /* xbegin */
        if (it->modrm == 0xf8)
            step->kind = HVC_STEP_BRANCH;
        break;
    case 0xe8:
        step->kind = HVC_STEP_CALL;
        break;
    case 0xe9:
    case 0xeb:
        step->kind = HVC_STEP_JUMP;
        break;
    case 0xc2: /* ret, retf, iret, far jmp; hlt goes on after an interrupt */
    case 0xc3:
    case 0xca:
    case 0xcb:
    case 0xcf:
    case 0xea:
        step->kind = HVC_STEP_END;
        break;
    case 0xcc: /* int3 */
        step->kind = HVC_STEP_END;
        step->padding = true;
        break;
    case 0xcd: /* int 29h is __fastfail; int 2Dh may pass over a byte; others come back */
        if (immediate_of(it, bytes) == 0x29)
            step->kind = HVC_STEP_END;
        else if (immediate_of(it, bytes) == 0x2d)
            step->kind = HVC_STEP_BRANCH;
        break;
    case 0xff: /* jmp r/m, far jmp m */
        if (reg == 4 || reg == 5)
            step->kind = HVC_STEP_JUMP_INDIRECT;
        step->calls_register = reg == 2 && it->modrm >= 0xc0;
        break;
    default:
        if (it->opcode >= 0x70 && it->opcode <= 0x7f)
            step->kind = HVC_STEP_BRANCH;
        step->above = it->opcode == 0x77;
        step->above_or_equal = it->opcode == 0x73;
        break;
    }
}

/* What the opcode tells of the bound of a table's index. */
static hvc_step_role role_of(const parts *it)
{
    switch (it->opcode) {
    case 0x80: /* group 1 */
    case 0x81:
    case 0x83:
        return (it->modrm >> 3 & 7) == 7 ? HVC_STEP_COMPARES : HVC_STEP_NO_ROLE;
    case 0x3c: /* cmp al, imm; cmp eax, imm */
    case 0x3d:
        return HVC_STEP_COMPARES;
    case 0x39: /* cmp r/m, r and r, r/m */
    case 0x3b:
        return HVC_STEP_COMPARES_REGISTER;
    case 0x68:
    case 0x6a:
        return HVC_STEP_PUSHES;
    default:
        return (it->opcode & 0xf8) == 0x58   ? HVC_STEP_POPS
               : (it->opcode & 0xf8) == 0xb8 ? HVC_STEP_SETS
                                             : HVC_STEP_NO_ROLE;
    }
}

static void note_role(const parts *it, const uint8_t *bytes, hvc_step *step)
{
    step->role = (uint8_t)role_of(it);
    if (step->role == HVC_STEP_COMPARES_REGISTER && it->opcode == 0x39)
        step->reg = it->modrm >> 3 & 7;
    else if (step->role == HVC_STEP_COMPARES_REGISTER)
        step->reg = it->modrm >= 0xc0 ? it->modrm & 7 : HVC_REG_NONE;
    else if (step->role == HVC_STEP_POPS || step->role == HVC_STEP_SETS)
        step->reg = it->opcode & 7;
    if (step->role != HVC_STEP_NO_ROLE)
        step->number = immediate_of(it, bytes);
}

static void classify_two_byte(const parts *it, hvc_step *step)
{
    uint8_t opcode = it->opcode;
    step->above = opcode == 0x87;
    step->above_or_equal = opcode == 0x83;
    if (opcode >= 0x80 && opcode <= 0x8f)
        step->kind = HVC_STEP_BRANCH;
    else if (opcode == 0x0b || opcode == 0xb9 || opcode == 0xff) /* ud2, ud1, ud0 */
        step->kind = HVC_STEP_END;
    else if (opcode == 0x07 || opcode == 0x35 || opcode == 0xaa) /* sysret, sysexit, rsm */
        step->kind = HVC_STEP_END;
}

/* lea reg, [reg + 0]: how older compilers fill up to an alignment. */
static bool is_empty_lea(const parts *it, const uint8_t *bytes)
{
    uint8_t base = it->modrm & 7;
    if (base == 4) {
        if ((it->sib >> 3 & 7) != 4)
            return false;
        base = it->sib & 7;
    }
    if (it->modrm < 0x40 || base != (it->modrm >> 3 & 7))
        return false;
    for (unsigned i = 0; i < it->displacement_size; i++) {
        if (bytes[it->displacement + i] != 0)
            return false;
    }
    return true;
}

static void note_operands(const parts *it, const uint8_t *bytes, hvc_step *step)
{
    step->forms_address = it->map == 1 && it->opcode == 0x8d;
    step->padding = step->padding || it->is_nop || (step->forms_address && is_empty_lea(it, bytes));
    if (it->immediate_size == 4)
        step->immediate = it->immediate;
    if (it->displacement_size != 4)
        return;
    step->displacement = it->displacement;
    if (!it->has_modrm)
        return;
    /* [index * 4 + table] or [register + table] */
    unsigned mod = it->modrm >> 6;
    bool indexed =
        mod == 0 && (it->modrm & 7) == 4 && (it->sib & 7) == 5 && (it->sib >> 3 & 7) != 4;
    step->through_table = indexed || mod == 2;
}

static void decode(hvc_span bytes, uint32_t rva, bool long_mode, hvc_step *step)
{
    parts it = {0};
    *step = (hvc_step){.kind = HVC_STEP_INVALID, .length = 1};
    if ((bytes.size < 16 || !take_apart(bytes.data, long_mode, &it)) &&
        !decode_by_zydis(bytes, long_mode, &it))
        return;
    step->kind = HVC_STEP_NEXT;
    step->length = it.length;
    if (it.map == 1)
        classify_one_byte(&it, bytes.data, step);
    else if (it.map == 2)
        classify_two_byte(&it, step);
    if (step->kind != HVC_STEP_CALL && step->kind != HVC_STEP_BRANCH &&
        step->kind != HVC_STEP_JUMP) {
        note_operands(&it, bytes.data, step);
        if (it.map == 1 && !long_mode)
            note_role(&it, bytes.data, step);
        return;
    }
    bool debug_service = it.map == 1 && it.opcode == 0xcd;
    step->target = rva + it.length + (debug_service ? 1 : immediate_of(&it, bytes.data));
    if (it.immediate_size == 2) /* cuts the instruction pointer: no code of Windows does it */
        step->kind = HVC_STEP_INVALID;
}

void hvc_step_x86(hvc_span bytes, uint32_t rva, hvc_step *ret_step)
{
    decode(bytes, rva, false, ret_step);
}

void hvc_step_x64(hvc_span bytes, uint32_t rva, hvc_step *ret_step)
{
    decode(bytes, rva, true, ret_step);
}
