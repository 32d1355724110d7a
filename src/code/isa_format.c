/* Instructions as text, for evidence. x86 and x64 through Zydis; for ARM64 the instructions that
 * call sites and their arguments are made of, and the bare word for the rest. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include <Zydis/Zydis.h>

#include "code/isa_arm64.h"

typedef struct isa_text {
    char *data;
    size_t size, used;
} isa_text;

__attribute__((format(printf, 2, 3))) static void put(isa_text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text->data + text->used, text->size - text->used, format, args);
    va_end(args);
    if (n > 0)
        text->used = (size_t)n < text->size - text->used ? text->used + (size_t)n : text->size - 1;
}

/* A register; 31 is the stack pointer or the zero register. */
static void put_register(isa_text *text, unsigned number, bool wide, bool sp)
{
    if (number == 31)
        put(text, "%s", sp ? (wide ? "sp" : "wsp") : (wide ? "xzr" : "wzr"));
    else
        put(text, "%c%u", wide ? 'x' : 'w', number);
}

static void put_target(isa_text *text, uint64_t address, uint32_t offset, unsigned bits)
{
    put(text, "0x%" PRIx64, address + (uint64_t)(hvc_sign_extend(offset, bits) * 4));
}

static void put_condition(isa_text *text, unsigned number)
{
    static const char names[16][3] = {"eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc",
                                      "hi", "ls", "ge", "lt", "gt", "le", "al", "nv"};
    put(text, "%s", names[number & 15]);
}

static void put_shift(isa_text *text, uint32_t word)
{
    static const char names[4][4] = {"lsl", "lsr", "asr", "ror"};
    if (hvc_bits(word, 15, 10) != 0)
        put(text, ", %s #%u", names[hvc_bits(word, 23, 22)], hvc_bits(word, 15, 10));
}

static bool put_branch(isa_text *text, uint32_t word, uint64_t address)
{
    bool wide = hvc_bit(word, 31);
    if (hvc_bits(word, 30, 26) == 5) {
        put(text, "%s ", wide ? "bl" : "b");
        put_target(text, address, hvc_bits(word, 25, 0), 26);
    } else if (hvc_bits(word, 31, 24) == 0x54 && !hvc_bit(word, 4)) {
        put(text, "b.");
        put_condition(text, word & 15);
        put(text, " ");
        put_target(text, address, hvc_bits(word, 23, 5), 19);
    } else if (hvc_bits(word, 30, 25) == 0x1a) {
        put(text, "%s ", hvc_bit(word, 24) ? "cbnz" : "cbz");
        put_register(text, word & 31, wide, false);
        put(text, ", ");
        put_target(text, address, hvc_bits(word, 23, 5), 19);
    } else if (hvc_bits(word, 30, 25) == 0x1b) {
        put(text, "%s ", hvc_bit(word, 24) ? "tbnz" : "tbz");
        put_register(text, word & 31, wide, false);
        put(text, ", #%u, ", (unsigned)wide << 5 | hvc_bits(word, 23, 19));
        put_target(text, address, hvc_bits(word, 18, 5), 14);
    } else if ((word & 0xff9ffc1f) == 0xd61f0000 && hvc_bits(word, 22, 21) < 3) {
        static const char names[3][4] = {"br", "blr", "ret"};
        unsigned opc = hvc_bits(word, 22, 21), rn = hvc_bits(word, 9, 5);
        put(text, "%s", names[opc]);
        if (opc != 2 || rn != HVC_ARM64_LR) {
            put(text, " ");
            put_register(text, rn, true, false);
        }
    } else if ((word & 0xffe0001f) == 0xd4200000) {
        put(text, "brk #0x%x", hvc_bits(word, 20, 5));
    } else if ((word & 0xffe0001f) == 0xd4000001) {
        put(text, "svc #0x%x", hvc_bits(word, 20, 5));
    } else if (word == 0xd503201f) {
        put(text, "nop");
    } else if (word == 0xd503237f || word == 0xd50323ff) {
        put(text, "%s", word == 0xd503237f ? "pacibsp" : "autibsp");
    } else {
        return false;
    }
    return true;
}

/* add, sub, cmp, cmn with an immediate or a shifted register. */
static void put_add_sub(isa_text *text, uint32_t word, bool immediate)
{
    bool wide = hvc_bit(word, 31), sub = hvc_bit(word, 30), sets = hvc_bit(word, 29);
    unsigned rd = word & 31, rn = hvc_bits(word, 9, 5);
    if (immediate && !sets && hvc_bits(word, 22, 10) == 0 && !sub && (rd == 31 || rn == 31)) {
        put(text, "mov ");
        put_register(text, rd, wide, true);
        put(text, ", ");
        put_register(text, rn, wide, true);
        return;
    }
    if (sets && rd == 31) {
        put(text, "%s ", sub ? "cmp" : "cmn");
    } else {
        put(text, "%s%s ", sub ? "sub" : "add", sets ? "s" : "");
        put_register(text, rd, wide, immediate && !sets);
        put(text, ", ");
    }
    put_register(text, rn, wide, immediate);
    put(text, ", ");
    if (immediate) {
        put(text, "#0x%x", hvc_bits(word, 21, 10) << (hvc_bit(word, 22) ? 12 : 0));
    } else {
        put_register(text, hvc_bits(word, 20, 16), wide, false);
        put_shift(text, word);
    }
}

static void put_logical(isa_text *text, uint32_t word)
{
    static const char names[8][4] = {"and", "bic", "orr", "orn", "eor", "eon", "ands", "bics"};
    unsigned opc = hvc_bits(word, 30, 29) << 1 | hvc_bits(word, 21, 21);
    bool wide = hvc_bit(word, 31);
    unsigned rd = word & 31, rn = hvc_bits(word, 9, 5);
    if (rn == 31 && (opc == 2 || opc == 3)) {
        put(text, "%s ", opc == 2 ? "mov" : "mvn");
        put_register(text, rd, wide, false);
    } else if (opc == 6 && rd == 31) {
        put(text, "tst ");
        put_register(text, rn, wide, false);
    } else {
        put(text, "%.4s ", names[opc]);
        put_register(text, rd, wide, false);
        put(text, ", ");
        put_register(text, rn, wide, false);
    }
    put(text, ", ");
    put_register(text, hvc_bits(word, 20, 16), wide, false);
    put_shift(text, word);
}

/* Instructions whose whole effect is one number: the lowering has worked it out. */
static bool put_constant(isa_text *text, const hvc_insn *insn, uint32_t word)
{
    const hvc_op *op = &insn->ops[0];
    if (insn->op_count != 1 || op->kind != HVC_OP_MOVE || op->a.kind != HVC_OPERAND_CONST)
        return false;
    const char *name = "mov";
    if (hvc_bits(word, 28, 24) == 0x10)
        name = hvc_bit(word, 31) ? "adrp" : "adr";
    put(text, "%s ", name);
    put_register(text, op->dst, op->size == 8, true);
    put(text, ", %s0x%" PRIx64, name[0] == 'm' ? "#" : "", op->a.value);
    return true;
}

static bool put_data(isa_text *text, const hvc_insn *insn, uint32_t word)
{
    bool wide = hvc_bit(word, 31);
    if (put_constant(text, insn, word))
        return true;
    if (hvc_bits(word, 28, 23) == 0x22) {
        put_add_sub(text, word, true);
    } else if (hvc_bits(word, 28, 24) == 0x0b && !hvc_bit(word, 21)) {
        put_add_sub(text, word, false);
    } else if (hvc_bits(word, 28, 24) == 0x0a) {
        put_logical(text, word);
    } else if (hvc_bits(word, 30, 23) == 0xe5) {
        put(text, "movk ");
        put_register(text, word & 31, wide, false);
        put(text, ", #0x%x, lsl #%u", hvc_bits(word, 20, 5), 16 * hvc_bits(word, 22, 21));
    } else if (hvc_bits(word, 28, 23) == 0x24 && insn->op_count > 0 &&
               insn->ops[0].b.kind == HVC_OPERAND_CONST) {
        static const char names[4][5] = {"and", "orr", "eor", "ands"};
        put(text, "%s ", names[hvc_bits(word, 30, 29)]);
        put_register(text, word & 31, wide, hvc_bits(word, 30, 29) != 3);
        put(text, ", ");
        put_register(text, hvc_bits(word, 9, 5), wide, false);
        put(text, ", #0x%" PRIx64, insn->ops[0].b.value);
    } else if ((word & 0x7fe00800) == 0x1a800000) {
        bool cset = hvc_bit(word, 10) && hvc_bits(word, 9, 5) == 31 && hvc_bits(word, 20, 16) == 31;
        put(text, "%s ", cset ? "cset" : hvc_bit(word, 10) ? "csinc" : "csel");
        put_register(text, word & 31, wide, false);
        if (cset) {
            put(text, ", ");
            put_condition(text, hvc_bits(word, 15, 12) ^ 1);
            return true;
        }
        put(text, ", ");
        put_register(text, hvc_bits(word, 9, 5), wide, false);
        put(text, ", ");
        put_register(text, hvc_bits(word, 20, 16), wide, false);
        put(text, ", ");
        put_condition(text, hvc_bits(word, 15, 12));
    } else {
        return false;
    }
    return true;
}

static void put_memory(isa_text *text, unsigned base, int64_t offset, unsigned mode)
{
    const char *sign = offset < 0 ? "-" : "";
    uint64_t amount = offset < 0 ? 0 - (uint64_t)offset : (uint64_t)offset;
    put(text, "[");
    put_register(text, base, true, true);
    if (mode == 1)
        put(text, "], #%s0x%" PRIx64, sign, amount);
    else if (offset != 0)
        put(text, ", #%s0x%" PRIx64 "]%s", sign, amount, mode == 3 ? "!" : "");
    else
        put(text, "]");
}

/* The letters behind ldr and str by the size of what is moved. */
static const char *width_of(unsigned size)
{
    static const char widths[4][2] = {"b", "h", "", ""};
    return widths[size & 3];
}

/* ldr, str and their like with a number as offset, or before or behind the access. */
static bool put_offset(isa_text *text, uint32_t word)
{
    unsigned size = hvc_bits(word, 31, 30), opc = hvc_bits(word, 23, 22);
    bool scaled = hvc_bit(word, 24), sign = opc > 1;
    unsigned mode = scaled ? 0 : hvc_bits(word, 11, 10);
    if (mode == 2 || (sign && size > 2) || (opc == 3 && size == 2))
        return false;
    put(text, "%s%s%s%s ", opc == 0 ? "st" : "ld", mode == 0 && !scaled ? "ur" : "r",
        sign ? "s" : "", sign && size == 2 ? "w" : width_of(size));
    put_register(text, word & 31, sign ? opc == 2 : size == 3, false);
    put(text, ", ");
    int64_t offset = scaled ? (int64_t)hvc_bits(word, 21, 10) << size
                            : hvc_sign_extend(hvc_bits(word, 20, 12), 9);
    put_memory(text, hvc_bits(word, 9, 5), offset, mode);
    return true;
}

/* The same with a 64-bit register as offset. */
static bool put_index(isa_text *text, uint32_t word)
{
    unsigned size = hvc_bits(word, 31, 30), opc = hvc_bits(word, 23, 22);
    if (hvc_bits(word, 11, 10) != 2 || hvc_bits(word, 15, 13) != 3 || opc > 1)
        return false;
    put(text, "%sr%s ", opc == 0 ? "st" : "ld", width_of(size));
    put_register(text, word & 31, size == 3, false);
    put(text, ", [");
    put_register(text, hvc_bits(word, 9, 5), true, true);
    put(text, ", ");
    put_register(text, hvc_bits(word, 20, 16), true, false);
    if (hvc_bit(word, 12) && size != 0)
        put(text, ", lsl #%u", size);
    put(text, "]");
    return true;
}

static bool put_pair(isa_text *text, uint32_t word)
{
    unsigned opc = hvc_bits(word, 31, 30), mode = hvc_bits(word, 24, 23);
    bool wide = opc == 2;
    if ((opc != 0 && !wide) || mode == 0)
        return false;
    put(text, "%s ", hvc_bit(word, 22) ? "ldp" : "stp");
    put_register(text, word & 31, wide, false);
    put(text, ", ");
    put_register(text, hvc_bits(word, 14, 10), wide, false);
    put(text, ", ");
    put_memory(text, hvc_bits(word, 9, 5),
               hvc_sign_extend(hvc_bits(word, 21, 15), 7) * (wide ? 8 : 4), mode);
    return true;
}

static bool put_literal(isa_text *text, uint32_t word, uint64_t address)
{
    if (hvc_bit(word, 24) || hvc_bit(word, 31))
        return false;
    put(text, "ldr ");
    put_register(text, word & 31, hvc_bit(word, 30), false);
    put(text, ", ");
    put_target(text, address, hvc_bits(word, 23, 5), 19);
    return true;
}

static bool put_load_store(isa_text *text, uint32_t word, uint64_t address)
{
    if (hvc_bit(word, 26))
        return false;
    switch (hvc_bits(word, 29, 27)) {
    case 3:
        return put_literal(text, word, address);
    case 5:
        return put_pair(text, word);
    case 7:
        return hvc_bit(word, 24) || !hvc_bit(word, 21) ? put_offset(text, word)
                                                       : put_index(text, word);
    default:
        return false;
    }
}

static void format_arm64(isa_text *text, hvc_span bytes, uint64_t address)
{
    hvc_insn insn;
    if (bytes.size < 4) {
        put(text, "(bad)");
        return;
    }
    uint32_t word = hvc_le32(bytes.data);
    bool valid = hvc_isa_arm64.decode(bytes, address, &insn);
    bool known = false;
    if (valid && hvc_bits(word, 28, 26) == 5)
        known = put_branch(text, word, address);
    else if (valid && (hvc_bits(word, 28, 26) == 4 || hvc_bits(word, 27, 25) == 5))
        known = put_data(text, &insn, word);
    else if (valid && hvc_bit(word, 27) && !hvc_bit(word, 25))
        known = put_load_store(text, word, address);
    if (!known)
        put(text, ".inst 0x%08" PRIx32, word);
}

static void format_x86(isa_text *text, hvc_span bytes, uint64_t address, bool long_mode)
{
    ZydisDecoder decoder;
    ZydisFormatter formatter;
    ZydisDecodedInstruction in;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    if (!ZYAN_SUCCESS(ZydisDecoderInit(
            &decoder, long_mode ? ZYDIS_MACHINE_MODE_LONG_64 : ZYDIS_MACHINE_MODE_LEGACY_32,
            long_mode ? ZYDIS_STACK_WIDTH_64 : ZYDIS_STACK_WIDTH_32)) ||
        !ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes.data, bytes.size, &in, operands)) ||
        !ZYAN_SUCCESS(ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL))) {
        put(text, "(bad)");
        return;
    }
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, ZYAN_FALSE);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE,
                              ZYDIS_PADDING_DISABLED);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_DISP_PADDING,
                              ZYDIS_PADDING_DISABLED);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_IMM_PADDING, ZYDIS_PADDING_DISABLED);
    /* Zydis fails, rather than cut, when its buffer is short: 256 bytes hold every instruction */
    char line[256];
    if (!ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&formatter, &in, operands,
                                                      in.operand_count_visible, line, sizeof(line),
                                                      address, NULL)))
        put(text, "(bad)");
    else
        put(text, "%s", line);
}

void hvc_isa_format(const hvc_isa *isa, hvc_span bytes, uint64_t address, char *buffer, size_t size)
{
    if (size == 0)
        return;
    buffer[0] = '\0';
    isa_text text = {.data = buffer, .size = size};
    if (isa == &hvc_isa_arm64)
        format_arm64(&text, bytes, address);
    else
        format_x86(&text, bytes, address, isa->pointer_size == 8);
}
