/* The x86 and x64 encodings that are read without Zydis are read as Zydis reads them: over every
 * opcode with every ModRM byte and the prefixes that compilers use, an instruction that the direct
 * way accepts has the same length, writes the same registers, memory and flags, and goes on at the
 * same places as the general way says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include <Zydis/Zydis.h>

#include "code/isa_x86.h"

#define ADDRESS UINT64_C(0x401000)

/* What an instruction writes, as the operations say. */
typedef struct effects {
    uint32_t registers;
    bool flags, memory, anywhere;
    unsigned flow; /* the kind of operation that ends it, 0 for none */
    uint64_t target;
} effects;

static effects effects_of(const hvc_insn *insn)
{
    effects e = {0};
    for (unsigned i = 0; i < insn->op_count; i++) {
        const hvc_op *op = &insn->ops[i];
        if (op->dst < HVC_REG_MACHINE)
            e.registers |= UINT32_C(1) << op->dst;
        switch (op->kind) {
        case HVC_OP_COMPARE:
        case HVC_OP_TEST:
        case HVC_OP_RESULT:
        case HVC_OP_CLOBBER_FLAGS:
            e.flags = true;
            break;
        case HVC_OP_CLOBBER_MEMORY:
            e.anywhere = true;
            break;
        case HVC_OP_STORE:
            e.memory = true;
            break;
        case HVC_OP_CALL:
        case HVC_OP_JUMP:
        case HVC_OP_RETURN:
        case HVC_OP_TRAP:
            e.flow = op->kind;
            e.target = op->a.kind == HVC_OPERAND_CONST ? op->a.value : op->immediate;
            break;
        case HVC_OP_BRANCH:
            e.flow = op->kind;
            e.target = op->target;
            break;
        default:
            break;
        }
    }
    return e;
}

static void show(const uint8_t *bytes, unsigned length, bool long_mode, const char *what)
{
    char text[64 + 1] = "";
    for (unsigned i = 0; i < length && i < 16; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    fail_msg("%s %s: %s", long_mode ? "x64" : "x86", text, what);
}

static bool writes(const ZydisDecodedOperand *operand)
{
    return (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
}

/* What Zydis says of where an operand lies, as isa.h would. */
static hvc_memory memory_of(const ZydisDecodedInstruction *in, const ZydisDecodedOperand *operand,
                            bool long_mode)
{
    hvc_memory memory = {.base = HVC_REG_NONE,
                         .index = HVC_REG_NONE,
                         .segment = operand->mem.segment == ZYDIS_REGISTER_FS ||
                                    operand->mem.segment == ZYDIS_REGISTER_GS,
                         .displacement = operand->mem.disp.value};
    if (operand->mem.base == ZYDIS_REGISTER_RIP)
        memory.displacement += (int64_t)(ADDRESS + in->length);
    else if (operand->mem.base != ZYDIS_REGISTER_NONE)
        memory.base = (uint8_t)ZydisRegisterGetId(operand->mem.base);
    if (operand->mem.index != ZYDIS_REGISTER_NONE) {
        memory.index = (uint8_t)ZydisRegisterGetId(operand->mem.index);
        memory.scale = operand->mem.scale;
    }
    if (!long_mode && memory.base == HVC_REG_NONE && memory.index == HVC_REG_NONE)
        memory.displacement &= UINT32_MAX;
    /* pushes store below the stack pointer */
    if (operand->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN && memory.base == HVC_X86_RSP)
        memory.displacement = -(int64_t)(operand->size / 8u);
    return memory;
}

static bool same_memory(const hvc_memory *a, const hvc_memory *b)
{
    return a->base == b->base && a->index == b->index && a->scale == b->scale &&
           a->segment == b->segment && a->displacement == b->displacement;
}

/* The memory that Zydis says is written must be in a store of that address and size, or in what is
 * told to be written without its length. */
static bool stores(const hvc_insn *insn, const ZydisDecodedInstruction *in,
                   const ZydisDecodedOperand *operand, bool long_mode)
{
    hvc_memory wanted = memory_of(in, operand, long_mode);
    for (unsigned i = 0; i < insn->op_count; i++) {
        const hvc_op *op = &insn->ops[i];
        if (op->kind == HVC_OP_CALL) /* pushes by itself */
            return true;
        if (op->kind == HVC_OP_CLOBBER_MEMORY &&
            (op->memory.base == HVC_REG_NONE || same_memory(&op->memory, &wanted)))
            return true;
        if (op->kind == HVC_OP_STORE && op->memory_size == operand->size / 8u &&
            same_memory(&op->memory, &wanted))
            return true;
    }
    return false;
}

/* Loads have the address, the segment and the size of the operand that is read. */
static bool loads(const hvc_insn *insn, const ZydisDecodedOperand *operand)
{
    bool found = false;
    for (unsigned i = 0; i < insn->op_count; i++) {
        const hvc_op *op = &insn->ops[i];
        if (op->kind == HVC_OP_LOAD && op->memory_size * 8u == operand->size)
            found = true;
        else if (op->kind == HVC_OP_LOAD)
            return false;
    }
    return found;
}

static bool is_high_byte(const ZydisDecodedOperand *operand)
{
    return operand->reg.value >= ZYDIS_REGISTER_AH && operand->reg.value <= ZYDIS_REGISTER_BH;
}

/* The general registers that Zydis says are written. */
static uint32_t registers_of(const ZydisDecodedInstruction *in, const ZydisDecodedOperand *operands,
                             ZydisMachineMode mode, const effects *own)
{
    bool by_convention = own->flow == HVC_OP_CALL || own->flow == HVC_OP_RETURN;
    uint32_t written = 0;
    for (unsigned i = 0; i < in->operand_count; i++) {
        const ZydisDecodedOperand *operand = &operands[i];
        bool hidden = operand->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN;
        if (operand->type != ZYDIS_OPERAND_TYPE_REGISTER || !writes(operand) ||
            (hidden && by_convention))
            continue;
        ZydisRegister whole = ZydisRegisterGetLargestEnclosing(mode, operand->reg.value);
        ZydisRegisterClass kind = ZydisRegisterGetClass(whole);
        if (kind == ZYDIS_REGCLASS_GPR64 || kind == ZYDIS_REGCLASS_GPR32)
            written |= UINT32_C(1) << ZydisRegisterGetId(whole);
    }
    return written;
}

static const char *compare_memory(const ZydisDecodedInstruction *in,
                                  const ZydisDecodedOperand *operands, bool long_mode,
                                  const hvc_insn *insn)
{
    for (unsigned i = 0; i < in->operand_count; i++) {
        const ZydisDecodedOperand *operand = &operands[i];
        if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY)
            continue;
        if (writes(operand) && !stores(insn, in, operand, long_mode))
            return "a memory write is missing";
        if (!writes(operand) && in->mnemonic == ZYDIS_MNEMONIC_MOV && !is_high_byte(&operands[0]) &&
            !loads(insn, operand))
            return "a load is missing";
    }
    return NULL;
}

static bool writes_flags(const ZydisDecodedInstruction *in)
{
    ZydisAccessedFlagsMask conditions =
        ZYDIS_CPUFLAG_CF | ZYDIS_CPUFLAG_ZF | ZYDIS_CPUFLAG_SF | ZYDIS_CPUFLAG_OF;
    const ZydisAccessedFlags *flags = in->cpu_flags;
    return ((flags->modified | flags->set_0 | flags->set_1 | flags->undefined) & conditions) != 0;
}

static const char *compare_with_zydis(const uint8_t *bytes, unsigned length, bool long_mode,
                                      const hvc_insn *insn)
{
    ZydisMachineMode mode = long_mode ? ZYDIS_MACHINE_MODE_LONG_64 : ZYDIS_MACHINE_MODE_LEGACY_32;
    ZydisDecoder decoder;
    ZydisDecodedInstruction in;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    ZydisDecoderInit(&decoder, mode, long_mode ? ZYDIS_STACK_WIDTH_64 : ZYDIS_STACK_WIDTH_32);
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, 16, &in, operands)))
        return "Zydis knows no such instruction";
    if (in.length != length)
        return "another length";
    effects own = effects_of(insn);
    uint32_t written = registers_of(&in, operands, mode, &own);
    if (written & ~own.registers)
        return "a register is missing";
    /* Zydis does not list the pointers of string instructions; xchg rax, rax is a nop */
    if (own.registers & ~written && in.meta.category != ZYDIS_CATEGORY_STRINGOP)
        return "a register too many";
    if (writes_flags(&in) != own.flags)
        return own.flags ? "flags too many" : "the flags are missing";
    return compare_memory(&in, operands, long_mode, insn);
}

static const char *compare_with_general(const uint8_t *bytes, unsigned length, bool long_mode,
                                        const hvc_insn *insn)
{
    hvc_insn general = {.address = ADDRESS};
    if (!hvc_x86_decode_general((hvc_span){bytes, 16}, long_mode, &general) ||
        general.length != length)
        return "the general way has another length";
    effects own = effects_of(insn), other = effects_of(&general);
    if (own.registers != other.registers)
        return "the general way writes other registers";
    if (own.flags != other.flags)
        return "the general way writes other flags";
    if ((own.memory || own.anywhere) != (other.memory || other.anywhere))
        return "the general way writes other memory";
    if (own.flow != other.flow || own.target != other.target)
        return "the general way goes on elsewhere";
    return NULL;
}

static unsigned long try_bytes(const uint8_t *bytes, bool long_mode)
{
    hvc_insn insn = {.address = ADDRESS};
    unsigned length = hvc_x86_decode_direct(bytes, long_mode, &insn);
    if (length == 0)
        return 0;
    if (insn.op_count > HVC_MAX_OPS)
        show(bytes, length, long_mode, "too many operations");
    const char *difference = compare_with_zydis(bytes, length, long_mode, &insn);
    if (difference == NULL)
        difference = compare_with_general(bytes, length, long_mode, &insn);
    if (difference != NULL)
        show(bytes, length, long_mode, difference);
    return 1;
}

static const char *const prefixes[] = {
    "",     "\x66", "\xf2", "\xf3", "\x64",     "\x65\x66", "\x40",     "\x48",
    "\x41", "\x45", "\x4f", "\x42", "\x66\x44", "\x66\x48", "\xf3\x4a", "\x64\x48",
};

static const uint8_t tails[][8] = {
    {0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0},
    {0xfe, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00},
};

/* One opcode after every prefix, with all ModRM bytes, and all SIB bytes for a few of them. */
static unsigned long try_opcode(const char *prefix, bool two_bytes, unsigned opcode, bool long_mode)
{
    unsigned long tried = 0;
    for (unsigned modrm = 0; modrm < 256; modrm++) {
        bool has_sib = (modrm & 7) == 4 && modrm < 0xc0;
        unsigned step = !has_sib ? 256 : (opcode & 0xf) == 0xb ? 1 : 37;
        for (unsigned sib = 0; sib < 256; sib += step) {
            uint8_t bytes[24] = {0};
            unsigned at = 0;
            while (prefix[at] != '\0') {
                bytes[at] = (uint8_t)prefix[at];
                at++;
            }
            if (two_bytes)
                bytes[at++] = 0x0f;
            bytes[at++] = (uint8_t)opcode;
            bytes[at++] = (uint8_t)modrm;
            if (has_sib)
                bytes[at++] = (uint8_t)sib;
            memcpy(bytes + at, tails[(modrm + sib) & 1], sizeof(tails[0]));
            tried += try_bytes(bytes, long_mode);
        }
    }
    return tried;
}

static unsigned long try_all(bool long_mode)
{
    unsigned long tried = 0;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        for (unsigned opcode = 0; opcode < 512; opcode++)
            tried += try_opcode(prefixes[i], opcode >= 256, opcode & 0xff, long_mode);
    return tried;
}

static void test_x86(void **state)
{
    (void)state;
    unsigned long tried = try_all(false);
    assert_true(tried > 200000);
}

static void test_x64(void **state)
{
    (void)state;
    unsigned long tried = try_all(true);
    assert_true(tried > 500000);
}

/* Prefixes in any number and order, and everything else, at random. */
static void test_random(void **state)
{
    static const uint8_t starts[] = {0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e, 0x36, 0x3e,
                                     0x26, 0x64, 0x65, 0x40, 0x48, 0x4c, 0x0f, 0x8f};
    uint64_t random = 88172645463325252;
    unsigned long tried = 0;
    (void)state;
    for (unsigned i = 0; i < 400000; i++) {
        uint8_t bytes[16];
        for (unsigned j = 0; j < sizeof(bytes); j++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            bytes[j] = (uint8_t)(random >> 32);
            if (j < 3 && random & 0x100000)
                bytes[j] = starts[random >> 24 & 15];
        }
        tried += try_bytes(bytes, i & 1);
    }
    assert_true(tried > 40000);
}

/* A truncated instruction is none, and nothing behind the bytes given is read. */
static void test_truncated(void **state)
{
    static const uint8_t bytes[] = {0x64, 0x48, 0xc7, 0x84, 0x24, 0x78, 0x56,
                                    0x34, 0x12, 0x01, 0x02, 0x03, 0x04};
    hvc_insn insn;
    (void)state;
    for (size_t size = 0; size < sizeof(bytes); size++) {
        uint8_t *copy = test_malloc(size + 1);
        memcpy(copy, bytes, size);
        assert_false(hvc_isa_x64.decode((hvc_span){copy, size}, ADDRESS, &insn));
        assert_int_equal(insn.length, 1);
        assert_int_equal(insn.op_count, 0);
        assert_false(insn.valid);
        test_free(copy);
    }
    assert_true(hvc_isa_x64.decode((hvc_span){bytes, sizeof(bytes)}, ADDRESS, &insn));
    assert_int_equal(insn.length, sizeof(bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_x86),
        cmocka_unit_test(test_x64),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_truncated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
