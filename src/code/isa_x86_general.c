/* x86 and x64: instructions that isa_x86_lower.c does not know, lowered by what Zydis says that
 * they write. Where Zydis says too little (string pointers, instructions that enter the system or a
 * guest), the effects are added by name. */
#include <Zydis/Zydis.h>

#include "code/isa_x86.h"

enum {
    T0 = HVC_REG_T0,
};

static const hvc_operand nothing = {.kind = HVC_OPERAND_NONE};

typedef struct x86_general {
    hvc_insn *insn;
    ZydisMachineMode mode;
    uint8_t pointer;
    ZydisDecodedInstruction in;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
} x86_general;

/* The number of the general register that reg is, or is part of; HVC_REG_NONE for others. */
static unsigned general_register(const x86_general *x, ZydisRegister reg)
{
    ZydisRegister whole = ZydisRegisterGetLargestEnclosing(x->mode, reg);
    ZydisRegisterClass kind = ZydisRegisterGetClass(whole);
    if (kind != ZYDIS_REGCLASS_GPR64 && kind != ZYDIS_REGCLASS_GPR32)
        return HVC_REG_NONE;
    return (unsigned)ZydisRegisterGetId(whole);
}

static bool is_full_width(const x86_general *x, ZydisRegister reg)
{
    return ZydisRegisterGetWidth(x->mode, reg) == 8 * x->pointer;
}

static bool writes(const ZydisDecodedOperand *operand)
{
    return (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
}

/* The address of a memory operand, false when an hvc_memory cannot tell it. */
static bool operand_address(const x86_general *x, const ZydisDecodedOperand *operand,
                            hvc_memory *ret_memory)
{
    const ZydisDecodedOperandMem *mem = &operand->mem;
    hvc_memory memory = {.base = HVC_REG_NONE,
                         .index = HVC_REG_NONE,
                         .segment =
                             mem->segment == ZYDIS_REGISTER_FS || mem->segment == ZYDIS_REGISTER_GS,
                         .displacement = mem->disp.value};
    if (mem->type != ZYDIS_MEMOP_TYPE_MEM || x->in.address_width != 8 * x->pointer)
        return false;
    if (mem->base == ZYDIS_REGISTER_RIP) {
        memory.displacement =
            (int64_t)((uint64_t)memory.displacement + x->insn->address + x->in.length);
    } else if (mem->base != ZYDIS_REGISTER_NONE) {
        if (!is_full_width(x, mem->base))
            return false;
        memory.base = (uint8_t)general_register(x, mem->base);
    }
    if (mem->index != ZYDIS_REGISTER_NONE) {
        if (!is_full_width(x, mem->index))
            return false;
        memory.index = (uint8_t)general_register(x, mem->index);
        memory.scale = mem->scale;
    }
    if (memory.base == HVC_REG_NONE && memory.index == HVC_REG_NONE && x->pointer == 4)
        memory.displacement &= UINT32_MAX;
    *ret_memory = memory;
    return true;
}

/* Writes from an operand's address on, how far is not told. */
static void clobber_from(const x86_general *x, const ZydisDecodedOperand *operand)
{
    hvc_memory memory;
    if (!operand_address(x, operand, &memory) || memory.segment || memory.index != HVC_REG_NONE ||
        memory.base == HVC_REG_NONE)
        memory = hvc_address(HVC_REG_NONE, 0);
    hvc_emit_clobber_from(x->insn, memory);
}

static bool is_string(const x86_general *x)
{
    return x->in.meta.category == ZYDIS_CATEGORY_STRINGOP ||
           x->in.meta.category == ZYDIS_CATEGORY_IOSTRINGOP;
}

static bool repeats(const x86_general *x)
{
    ZydisInstructionAttributes prefixes =
        ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE;
    return (x->in.attributes & prefixes) != 0;
}

/* Whether a bit's number in a register reaches beyond the memory operand, to either side. */
static bool is_bit_string(const x86_general *x)
{
    switch (x->in.mnemonic) {
    case ZYDIS_MNEMONIC_BTS:
    case ZYDIS_MNEMONIC_BTR:
    case ZYDIS_MNEMONIC_BTC:
        return x->operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER;
    default:
        return false;
    }
}

static void write_memory(x86_general *x)
{
    for (unsigned i = 0; i < x->in.operand_count; i++) {
        const ZydisDecodedOperand *operand = &x->operands[i];
        hvc_memory memory;
        if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY || !writes(operand))
            continue;
        unsigned size = operand->size / 8u;
        if (is_bit_string(x))
            hvc_emit_clobber_memory(x->insn, HVC_REG_NONE);
        else if (repeats(x) || size == 0 || size > 64 || !operand_address(x, operand, &memory))
            clobber_from(x, operand);
        else
            hvc_emit_store(x->insn, size, memory, nothing);
    }
}

static bool reads(const ZydisDecodedOperand *operand)
{
    return (operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
}

/* What is read ends up in registers that are not modelled, or in what becomes unknown. */
static void escape_read(x86_general *x)
{
    hvc_operand first = nothing;
    for (unsigned i = 0; i < x->in.operand_count; i++) {
        const ZydisDecodedOperand *operand = &x->operands[i];
        hvc_memory memory;
        if (!reads(operand))
            continue;
        if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER) {
            ZydisRegister reg = operand->reg.value;
            unsigned number = general_register(x, reg);
            if (number == HVC_REG_NONE || number == HVC_X86_RSP || !is_full_width(x, reg))
                continue;
            if (first.kind == HVC_OPERAND_NONE) {
                first = hvc_reg(number);
            } else {
                hvc_emit_escape(x->insn, first, hvc_reg(number));
                first = nothing;
            }
        } else if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY) {
            unsigned size = operand->size / 8u;
            if (!operand_address(x, operand, &memory))
                hvc_emit_escape_memory(x->insn, 0, hvc_address(HVC_REG_NONE, 0));
            else
                hvc_emit_escape_memory(x->insn, repeats(x) || size > 64 ? 0 : size, memory);
        }
    }
    if (first.kind != HVC_OPERAND_NONE)
        hvc_emit_escape(x->insn, first, nothing);
}

static void clobber(x86_general *x, ZydisRegister reg)
{
    unsigned number = general_register(x, reg);
    if (number == HVC_REG_NONE)
        return;
    unsigned size = ZydisRegisterGetWidth(x->mode, reg) / 8u;
    if (reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH)
        size = 2;
    /* leave with 66 writes all of the stack pointer, and what bswap does to 16 bits is not defined
     */
    if (number == HVC_X86_RSP || x->in.mnemonic == ZYDIS_MNEMONIC_BSWAP)
        size = x->pointer;
    if (size < 4)
        hvc_emit_clobber(x->insn, size, number)->merge = true;
    else
        hvc_emit_clobber(x->insn, x->pointer, number);
}

/* Registers and flags that Zydis knows to be written, string pointers besides. */
static void write_registers(x86_general *x)
{
    for (unsigned i = 0; i < x->in.operand_count; i++) {
        const ZydisDecodedOperand *operand = &x->operands[i];
        if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER && writes(operand))
            clobber(x, operand->reg.value);
        if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY && is_string(x))
            clobber(x, operand->mem.base);
    }
    const ZydisAccessedFlags *flags = x->in.cpu_flags;
    ZydisAccessedFlagsMask conditions =
        ZYDIS_CPUFLAG_CF | ZYDIS_CPUFLAG_ZF | ZYDIS_CPUFLAG_SF | ZYDIS_CPUFLAG_OF;
    if ((flags->modified | flags->set_0 | flags->set_1 | flags->undefined) & conditions)
        hvc_emit_clobber_flags(x->insn);
}

/* Everything but the stack pointer that a push, a pop or a transfer moves. */
static void write_all(x86_general *x)
{
    escape_read(x);
    write_memory(x);
    write_registers(x);
}

static void adjust_sp(x86_general *x, int64_t by)
{
    hvc_emit_alu(x->insn, HVC_ALU_ADD, x->pointer, HVC_X86_RSP, hvc_reg(HVC_X86_RSP),
                 hvc_const((uint64_t)by, x->pointer));
}

/* How many bytes a push, pop or enter moves: those of its hidden operand on the stack. */
static unsigned stack_bytes(const x86_general *x)
{
    for (unsigned i = 0; i < x->in.operand_count; i++) {
        const ZydisDecodedOperand *operand = &x->operands[i];
        if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
            operand->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN)
            return operand->size / 8u;
    }
    return 0;
}

static void lower_push(x86_general *x)
{
    unsigned size = stack_bytes(x);
    hvc_emit_store(x->insn, size, hvc_address(HVC_X86_RSP, -(int64_t)size), nothing);
    adjust_sp(x, -(int64_t)size);
}

/* pushad: the stack pointer goes with the others, as it is in front. */
static void lower_push_all(x86_general *x)
{
    for (unsigned reg = HVC_X86_RAX; reg <= HVC_X86_RDI; reg++)
        hvc_emit_store(x->insn, x->pointer,
                       hvc_address(HVC_X86_RSP, -(int64_t)(reg + 1) * x->pointer), hvc_reg(reg));
    adjust_sp(x, -8 * (int64_t)x->pointer);
}

/* popad: passes over the stack pointer that pushad stored. */
static void lower_pop_all(x86_general *x)
{
    for (unsigned reg = HVC_X86_RAX; reg <= HVC_X86_RDI; reg++)
        if (reg != HVC_X86_RSP)
            hvc_emit_load(x->insn, x->pointer, x->pointer, reg,
                          hvc_address(HVC_X86_RSP, (int64_t)(HVC_X86_RDI - reg) * x->pointer));
    adjust_sp(x, 8 * (int64_t)x->pointer);
}

static void lower_pop(x86_general *x)
{
    hvc_emit_escape_memory(x->insn, stack_bytes(x), hvc_address(HVC_X86_RSP, 0));
    adjust_sp(x, (int64_t)stack_bytes(x));
    for (unsigned i = 0; i < x->in.operand_count; i++) {
        const ZydisDecodedOperand *operand = &x->operands[i];
        if (!writes(operand) || operand->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN)
            continue;
        if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER)
            clobber(x, operand->reg.value);
        else if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY)
            clobber_from(x, operand);
    }
    if (x->in.mnemonic == ZYDIS_MNEMONIC_POPA) { /* only halves, which nobody writes */
        for (unsigned reg = HVC_X86_RAX; reg <= HVC_X86_RDI; reg++)
            if (reg != HVC_X86_RSP)
                hvc_emit_clobber(x->insn, x->pointer, reg);
    }
    if (x->in.cpu_flags->modified != 0)
        hvc_emit_clobber_flags(x->insn);
}

static void lower_enter(x86_general *x)
{
    uint64_t frame = x->operands[0].imm.value.u & 0xffff;
    if (x->operands[1].imm.value.u != 0 || stack_bytes(x) != x->pointer) {
        hvc_emit_clobber_memory(x->insn, HVC_REG_NONE); /* below the stack pointer */
        hvc_emit_clobber(x->insn, x->pointer, HVC_X86_RSP);
        hvc_emit_clobber(x->insn, x->pointer, HVC_X86_RBP);
        return;
    }
    int64_t down = -(int64_t)x->pointer;
    hvc_emit_store(x->insn, x->pointer, hvc_address(HVC_X86_RSP, down), hvc_reg(HVC_X86_RBP));
    adjust_sp(x, down);
    hvc_emit_move(x->insn, x->pointer, HVC_X86_RBP, hvc_reg(HVC_X86_RSP));
    if (frame != 0)
        adjust_sp(x, -(int64_t)frame);
}

static bool lower_stack(x86_general *x)
{
    if (x->in.mnemonic == ZYDIS_MNEMONIC_PUSHAD) {
        lower_push_all(x);
        return true;
    }
    if (x->in.mnemonic == ZYDIS_MNEMONIC_POPAD) {
        lower_pop_all(x);
        return true;
    }
    if (x->in.mnemonic == ZYDIS_MNEMONIC_PUSHA) {
        for (unsigned reg = HVC_X86_RAX; reg <= HVC_X86_RDI; reg += 2)
            hvc_emit_escape(x->insn, hvc_reg(reg), hvc_reg(reg + 1));
        adjust_sp(x, -(int64_t)stack_bytes(x));
        hvc_emit_clobber_memory(x->insn, HVC_X86_RSP);
        return true;
    }
    if (x->in.mnemonic == ZYDIS_MNEMONIC_ENTER) {
        lower_enter(x);
        return true;
    }
    if (x->in.meta.category == ZYDIS_CATEGORY_PUSH && stack_bytes(x) != 0) {
        lower_push(x);
        return true;
    }
    if (x->in.meta.category == ZYDIS_CATEGORY_POP && stack_bytes(x) != 0) {
        lower_pop(x);
        return true;
    }
    return false;
}

/* Calls and jumps with prefixes that the direct way does not take, and far ones. */
static void lower_transfer(x86_general *x, hvc_op_kind kind)
{
    const ZydisDecodedOperand *operand = &x->operands[0];
    hvc_memory memory;
    uint64_t target;
    /* 66 cuts the instruction pointer to 16 bits: wherever that leads, it is not this code */
    if (x->in.operand_width == 16 && kind == HVC_OP_CALL) {
        lower_push(x);
        kind = HVC_OP_JUMP;
    }
    bool near_pointer =
        x->in.meta.branch_type != ZYDIS_BRANCH_TYPE_FAR && x->in.operand_width == 8 * x->pointer;
    if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
        ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&x->in, operand, x->insn->address, &target))) {
        /* a call of the next instruction only pushes, whatever its prefixes */
        if (kind == HVC_OP_CALL && target == x->insn->address + x->in.length)
            lower_push(x);
        else
            hvc_emit_transfer(x->insn, kind, x->pointer, hvc_const(target, x->pointer));
    } else if (near_pointer && operand->type == ZYDIS_OPERAND_TYPE_REGISTER) {
        hvc_emit_transfer(x->insn, kind, x->pointer,
                          hvc_reg(general_register(x, operand->reg.value)));
    } else if (near_pointer && operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
               operand_address(x, operand, &memory)) {
        hvc_emit_load(x->insn, x->pointer, x->pointer, T0, memory);
        hvc_emit_transfer(x->insn, kind, x->pointer, hvc_reg(T0));
    } else {
        hvc_emit_transfer_unknown(x->insn, kind, x->pointer);
    }
}

static bool lower_branch(x86_general *x)
{
    uint64_t target;
    const ZydisDecodedInstruction *in = &x->in;
    if (in->meta.category != ZYDIS_CATEGORY_COND_BR)
        return false;
    write_registers(x); /* the count of loop, eax of xbegin */
    if (!ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(in, &x->operands[0], x->insn->address, &target))) {
        hvc_emit_transfer_unknown(x->insn, HVC_OP_JUMP, x->pointer);
        return true;
    }
    bool jcc = (in->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && (in->opcode & 0xf0) == 0x70) ||
               (in->opcode_map == ZYDIS_OPCODE_MAP_0F && (in->opcode & 0xf0) == 0x80);
    hvc_emit_branch(x->insn, jcc ? hvc_x86_condition(in->opcode) : HVC_COND_OTHER,
                    hvc_truncate(target, x->pointer));
    return true;
}

/* int 2Ch (assertion) and int 2Dh (debugger service) come back, and so does every other one;
 * Windows goes on one byte behind int 2Dh, where compilers put an int3. */
static void lower_int(x86_general *x, unsigned vector)
{
    switch (vector) {
    case 0x03:
    case 0x29:
        hvc_emit_trap(x->insn, vector);
        return;
    case 0x2c:
        return;
    case 0x2d:
        hvc_emit_clobber(x->insn, x->pointer, HVC_X86_RAX);
        hvc_emit_branch(x->insn, HVC_COND_OTHER,
                        hvc_truncate(x->insn->address + x->in.length + 1u, x->pointer));
        return;
    default:
        hvc_emit_transfer_unknown(x->insn, HVC_OP_CALL, x->pointer);
        return;
    }
}

static bool lower_flow(x86_general *x)
{
    switch (x->in.mnemonic) {
    case ZYDIS_MNEMONIC_CALL:
        lower_transfer(x, HVC_OP_CALL);
        return true;
    case ZYDIS_MNEMONIC_JMP:
        lower_transfer(x, HVC_OP_JUMP);
        return true;
    case ZYDIS_MNEMONIC_RET:
        hvc_emit_return(x->insn, x->operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE
                                     ? (uint32_t)x->operands[0].imm.value.u & 0xffff
                                     : 0);
        return true;
    case ZYDIS_MNEMONIC_IRET:
    case ZYDIS_MNEMONIC_IRETD:
    case ZYDIS_MNEMONIC_IRETQ:
    case ZYDIS_MNEMONIC_SYSRET:
    case ZYDIS_MNEMONIC_SYSEXIT:
    case ZYDIS_MNEMONIC_RSM:
    case ZYDIS_MNEMONIC_UIRET:
        hvc_emit_return(x->insn, 0);
        return true;
    case ZYDIS_MNEMONIC_INT3:
        hvc_emit_trap(x->insn, 3);
        return true;
    case ZYDIS_MNEMONIC_UD0:
    case ZYDIS_MNEMONIC_UD1:
    case ZYDIS_MNEMONIC_UD2:
        hvc_emit_trap(x->insn, 6);
        return true;
    case ZYDIS_MNEMONIC_INT:
        lower_int(x, (unsigned)x->operands[0].imm.value.u & 0xff);
        return true;
    case ZYDIS_MNEMONIC_SYSCALL:
    case ZYDIS_MNEMONIC_SYSENTER:
    case ZYDIS_MNEMONIC_VMCALL:
    case ZYDIS_MNEMONIC_VMMCALL:
    case ZYDIS_MNEMONIC_TDCALL:
    case ZYDIS_MNEMONIC_SEAMCALL:
    case ZYDIS_MNEMONIC_SEAMOPS:
    case ZYDIS_MNEMONIC_GETSEC:
    case ZYDIS_MNEMONIC_ENCLS:
    case ZYDIS_MNEMONIC_ENCLU:
    case ZYDIS_MNEMONIC_ENCLV:
    case ZYDIS_MNEMONIC_PCONFIG:
        hvc_emit_transfer_unknown(x->insn, HVC_OP_CALL, x->pointer);
        hvc_emit_clobber(x->insn, x->pointer, HVC_X86_RBX);
        return true;
    case ZYDIS_MNEMONIC_VMRUN: /* back with the guest's registers */
    case ZYDIS_MNEMONIC_SKINIT:
    case ZYDIS_MNEMONIC_SEAMRET:
        hvc_emit_transfer_unknown(x->insn, HVC_OP_JUMP, x->pointer);
        return true;
    default:
        return lower_branch(x);
    }
}

/* Effects that Zydis leaves out. */
static void write_unlisted(x86_general *x)
{
    switch (x->in.mnemonic) {
    case ZYDIS_MNEMONIC_PAUSE: /* with REX.B, processors may exchange rax and r8 */
        if (x->in.attributes & ZYDIS_ATTRIB_HAS_REX) {
            hvc_emit_clobber(x->insn, 8, HVC_X86_RAX);
            hvc_emit_clobber(x->insn, 8, 8);
        }
        return;
    case ZYDIS_MNEMONIC_CLZERO: /* the whole line around the address */
    case ZYDIS_MNEMONIC_VMSAVE: /* physical addresses, or structures of the processor's */
    case ZYDIS_MNEMONIC_SENDUIPI:
    case ZYDIS_MNEMONIC_ENQCMD:
    case ZYDIS_MNEMONIC_ENQCMDS:
        hvc_emit_clobber_memory(x->insn, HVC_REG_NONE);
        return;
    case ZYDIS_MNEMONIC_MOV:
        if (x->operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
            ZydisRegisterGetClass(x->operands[0].reg.value) == ZYDIS_REGCLASS_CONTROL) {
            hvc_op *op = hvc_op_add(x->insn, HVC_OP_CONTROL_WRITE, x->pointer);
            op->a = hvc_reg(general_register(x, x->operands[1].reg.value));
            op->immediate = (uint32_t)ZydisRegisterGetId(x->operands[0].reg.value);
        }
        return;
    default:
        if (x->in.meta.category == ZYDIS_CATEGORY_PADLOCK) {
            hvc_emit_clobber_memory(x->insn, HVC_REG_NONE);
            hvc_emit_clobber(x->insn, x->pointer, HVC_X86_RSI);
            hvc_emit_clobber(x->insn, x->pointer, HVC_X86_RDI);
        }
        return;
    }
}

bool hvc_x86_decode_general(hvc_span bytes, bool long_mode, hvc_insn *insn)
{
    x86_general x; /* large: Zydis fills it in */
    x.insn = insn;
    x.mode = long_mode ? ZYDIS_MACHINE_MODE_LONG_64 : ZYDIS_MACHINE_MODE_LEGACY_32;
    x.pointer = long_mode ? 8 : 4;
    ZydisDecoder decoder;
    ZydisDecoderContext context;
    if (!ZYAN_SUCCESS(ZydisDecoderInit(&decoder, x.mode,
                                       long_mode ? ZYDIS_STACK_WIDTH_64 : ZYDIS_STACK_WIDTH_32)) ||
        !ZYAN_SUCCESS(
            ZydisDecoderDecodeInstruction(&decoder, &context, bytes.data, bytes.size, &x.in)) ||
        !ZYAN_SUCCESS(
            ZydisDecoderDecodeOperands(&decoder, &context, &x.in, x.operands, x.in.operand_count)))
        return hvc_insn_invalid(insn, 1);
    if (!lower_flow(&x) && !lower_stack(&x)) {
        write_unlisted(&x);
        write_all(&x);
    }
    return hvc_insn_finish(insn, x.in.length, x.pointer);
}
