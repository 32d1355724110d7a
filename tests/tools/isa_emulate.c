/* Holds what instructions are lowered to against a processor: runs single instructions under
 * Unicorn on random registers and memory, and interprets their operations on the same. Every
 * register that the operations leave known must have its value, every other register and all memory
 * that they do not name must be as before, and conditions must hold where they are said to.
 *
 * isa_emulate x86|x64|arm64 COUNT SEED [FILE...]: COUNT instructions from random bytes and as many
 * from the executable sections of each image FILE (or from a file of bare code, NAME.bin). Prints
 * TAP. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicorn/unicorn.h>

#include <hvcheck/image.h>

#include "isa_interpret.h"
#include "pe/image.h"

enum {
    PAGE = 4096,
    SLOT = 4096,
    SLOTS = 2048,
    MAX_PAGES = 64,
    MAX_REPORTS = 40,
};

#define CODE_BASE UINT64_C(0x40000000)

typedef struct emulator {
    const hvc_isa *isa;
    uc_engine *uc;
    uc_context *fresh;
    unsigned register_count;
    int registers[33], flags, pc; /* Unicorn's numbers */
    uint64_t random;
    uint64_t pages[MAX_PAGES];
    unsigned page_count;
    unsigned slot;
    uint64_t run, skipped, failed, told; /* told: registers that were written and known */
} emulator;

static uint64_t random_number(emulator *e)
{
    e->random ^= e->random << 13;
    e->random ^= e->random >> 7;
    e->random ^= e->random << 17;
    return e->random * UINT64_C(0x2545f4914f6cdd1d);
}

/* What memory that nobody has written holds. Mostly small numbers, so that loads are not all alike.
 */
static uint8_t pattern(uint64_t address)
{
    uint64_t x = (address >> 3) * UINT64_C(0x9e3779b97f4a7c15);
    return (address >> 3 & 3) == 0 && (address & 7) != 0 ? 0 : (uint8_t)(x >> (8 * (address & 7)));
}

static bool map_page(emulator *e, uint64_t address)
{
    uint8_t bytes[PAGE];
    uint64_t page = address & ~UINT64_C(0xfff);
    if (e->page_count == MAX_PAGES || uc_mem_map(e->uc, page, PAGE, UC_PROT_ALL) != UC_ERR_OK)
        return false;
    for (unsigned i = 0; i < PAGE; i++)
        bytes[i] = pattern(page + i);
    uc_mem_write(e->uc, page, bytes, PAGE);
    e->pages[e->page_count++] = page;
    return true;
}

static bool on_unmapped(uc_engine *uc, uc_mem_type type, uint64_t address, int size, int64_t value,
                        void *context)
{
    emulator *e = context;
    (void)uc;
    (void)value;
    if (type == UC_MEM_FETCH_UNMAPPED) /* where it goes on is of no interest */
        return false;
    bool mapped = map_page(e, address);
    uint64_t last = address + (uint64_t)(size > 0 ? size - 1 : 0);
    if (mapped && (last ^ address) & ~UINT64_C(0xfff))
        map_page(e, last);
    return mapped;
}

static void choose_registers(emulator *e)
{
    static const int x86[] = {UC_X86_REG_EAX, UC_X86_REG_ECX, UC_X86_REG_EDX, UC_X86_REG_EBX,
                              UC_X86_REG_ESP, UC_X86_REG_EBP, UC_X86_REG_ESI, UC_X86_REG_EDI};
    static const int x64[] = {UC_X86_REG_RAX, UC_X86_REG_RCX, UC_X86_REG_RDX, UC_X86_REG_RBX,
                              UC_X86_REG_RSP, UC_X86_REG_RBP, UC_X86_REG_RSI, UC_X86_REG_RDI};
    if (e->isa == &hvc_isa_arm64) {
        e->register_count = 32;
        for (int i = 0; i < 29; i++)
            e->registers[i] = UC_ARM64_REG_X0 + i;
        e->registers[29] = UC_ARM64_REG_X29;
        e->registers[30] = UC_ARM64_REG_X30;
        e->registers[31] = UC_ARM64_REG_SP;
        e->flags = UC_ARM64_REG_NZCV;
        e->pc = UC_ARM64_REG_PC;
        return;
    }
    bool wide = e->isa == &hvc_isa_x64;
    e->register_count = wide ? 16 : 8;
    for (int i = 0; i < 8; i++)
        e->registers[i] = wide ? x64[i] : x86[i];
    for (int i = 8; i < 16; i++)
        e->registers[i] = UC_X86_REG_R8 + i - 8;
    e->flags = UC_X86_REG_EFLAGS;
    e->pc = wide ? UC_X86_REG_RIP : UC_X86_REG_EIP;
}

static bool start(emulator *e)
{
    bool arm = e->isa == &hvc_isa_arm64;
    uc_hook hook;
    /* Unicorn takes functions as pointers to data, which C alone does not allow */
    union {
        bool (*function)(uc_engine *, uc_mem_type, uint64_t, int, int64_t, void *);
        void *data;
    } handler = {on_unmapped};
    e->slot = 0;
    if (uc_open(arm ? UC_ARCH_ARM64 : UC_ARCH_X86,
                arm                      ? UC_MODE_LITTLE_ENDIAN
                : e->isa == &hvc_isa_x64 ? UC_MODE_64
                                         : UC_MODE_32,
                &e->uc) != UC_ERR_OK)
        return false;
    if (arm) {
        uint64_t enabled = UINT64_C(3) << 20;
        uc_ctl_set_cpu_model(e->uc, UC_CPU_ARM64_MAX);
        uc_reg_write(e->uc, UC_ARM64_REG_CPACR_EL1, &enabled);
    }
    return uc_mem_map(e->uc, CODE_BASE, SLOT * SLOTS, UC_PROT_ALL) == UC_ERR_OK &&
           uc_hook_add(e->uc, &hook, UC_HOOK_MEM_UNMAPPED, handler.data, e, 1, 0) == UC_ERR_OK &&
           uc_context_alloc(e->uc, &e->fresh) == UC_ERR_OK &&
           uc_context_save(e->uc, e->fresh) == UC_ERR_OK;
}

static void stop(emulator *e)
{
    uc_context_free(e->fresh);
    uc_close(e->uc);
}

/* The interpreter's view of memory: as it was before. */
static bool read_memory(void *context, uint64_t address, void *bytes, unsigned size)
{
    emulator *e = context;
    for (unsigned i = 0; i < size; i++) {
        uint64_t at = address + i;
        if (e->isa->pointer_size == 4)
            at &= UINT32_MAX;
        if (at - CODE_BASE < SLOT * SLOTS) {
            if (uc_mem_read(e->uc, at, (uint8_t *)bytes + i, 1) != UC_ERR_OK)
                return false;
        } else {
            ((uint8_t *)bytes)[i] = pattern(at);
        }
    }
    return true;
}

static uint64_t random_value(emulator *e)
{
    uint64_t number = random_number(e);
    switch (random_number(e) % 8) {
    case 0:
        return number % 32;
    case 1:
        return number % 2 ? UINT64_MAX : UINT64_C(1) << number / 2 % 64;
    case 2:
        return number;
    case 3:
        return number >> 32;
    case 4:
        return (number % 16 - 8);
    default:
        return UINT64_C(0x20000000) + number % 0x8000000;
    }
}

/* The conditions by the flags themselves. */
static void conditions(const emulator *e, uint64_t flags, bool *ret)
{
    bool arm = e->isa == &hvc_isa_arm64;
    bool c = flags >> (arm ? 29 : 0) & 1, z = flags >> (arm ? 30 : 6) & 1;
    bool n = flags >> (arm ? 31 : 7) & 1, v = flags >> (arm ? 28 : 11) & 1;
    bool below = arm ? !c : c;
    ret[HVC_COND_EQ] = z;
    ret[HVC_COND_NE] = !z;
    ret[HVC_COND_ULT] = below;
    ret[HVC_COND_UGE] = !below;
    ret[HVC_COND_ULE] = below || z;
    ret[HVC_COND_UGT] = !below && !z;
    ret[HVC_COND_NEGATIVE] = n;
    ret[HVC_COND_NOT_NEGATIVE] = !n;
    ret[HVC_COND_SLT] = n != v;
    ret[HVC_COND_SGE] = n == v;
    ret[HVC_COND_SLE] = z || n != v;
    ret[HVC_COND_SGT] = !z && n == v;
}

static uint64_t read_register(emulator *e, int reg)
{
    uint64_t value = 0;
    uc_reg_read(e->uc, reg, &value);
    return e->isa->pointer_size == 4 ? value & UINT32_MAX : value;
}

static void prepare(emulator *e, isa_machine *machine, const hvc_insn *insn, bool repeats)
{
    uint64_t flags = random_number(e);
    flags = e->isa == &hvc_isa_arm64 ? flags & UINT64_C(0xf0000000) : (flags & 0xcd5) | 2;
    *machine = (isa_machine){.pointer_size = e->isa->pointer_size,
                             .flags = FLAGS_INITIAL,
                             .read = read_memory,
                             .context = e};
    uc_context_restore(e->uc, e->fresh);
    uc_reg_write(e->uc, e->flags, &flags);
    conditions(e, flags, machine->initial);
    for (unsigned i = 0; i < e->register_count; i++) {
        uint64_t value = random_value(e);
        if (i == e->isa->stack_pointer)
            value = UINT64_C(0x30000000) + random_number(e) % 0x10000 * 16;
        if (repeats && i == 1)
            value = random_number(e) % 6;
        if (e->isa->pointer_size == 4)
            value &= UINT32_MAX;
        uc_reg_write(e->uc, e->registers[i], &value);
        machine->value[i] = value;
        machine->known[i] = UINT64_MAX;
    }
    (void)insn;
}

static bool fail(emulator *e, const hvc_insn *insn, const uint8_t *bytes, const char *what,
                 uint64_t expected, uint64_t found)
{
    if (++e->failed <= MAX_REPORTS) {
        char text[128];
        hvc_isa_format(e->isa, (hvc_span){bytes, insn->length}, insn->address, text, sizeof(text));
        printf("# %s (", text);
        for (unsigned i = 0; i < insn->length; i++)
            printf("%02x", bytes[i]);
        printf("): %s is 0x%" PRIx64 ", should be 0x%" PRIx64 "\n", what, found, expected);
    }
    return false;
}

static bool covered(const isa_machine *machine, uint64_t address)
{
    for (unsigned i = 0; i < machine->write_count; i++)
        if (address - machine->writes[i].address < machine->writes[i].size)
            return true;
    return machine->writes_anywhere;
}

static bool check_memory(emulator *e, const isa_machine *machine, const hvc_insn *insn,
                         const uint8_t *bytes)
{
    uint8_t page[PAGE];
    for (unsigned i = 0; i < e->page_count; i++) {
        if (uc_mem_read(e->uc, e->pages[i], page, PAGE) != UC_ERR_OK)
            return true;
        for (unsigned offset = 0; offset < PAGE; offset++) {
            uint64_t at = e->pages[i] + offset;
            if (page[offset] != pattern(at) && !covered(machine, at))
                return fail(e, insn, bytes, "a byte of memory", pattern(at), page[offset]);
        }
    }
    for (unsigned i = 0; i < machine->write_count; i++) {
        const isa_write *write = &machine->writes[i];
        uint64_t stored = 0;
        bool last = i + 1 == machine->write_count;
        if (write->known && last && !machine->writes_anywhere &&
            uc_mem_read(e->uc, write->address, &stored, write->size) == UC_ERR_OK &&
            stored != write->value)
            return fail(e, insn, bytes, "stored memory", write->value, stored);
    }
    return true;
}

/* The call pushes, or sets the link register, and the return pops: isa.h leaves that to whoever
 * follows the operation. */
static void apply_convention(const emulator *e, isa_machine *machine, uint64_t next)
{
    uint8_t link = e->isa->link_register, sp = e->isa->stack_pointer;
    unsigned size = e->isa->pointer_size;
    if (machine->flow == HVC_OP_CALL && link != HVC_REG_NONE) {
        machine->value[link] = next;
    } else if (machine->flow == HVC_OP_CALL) {
        machine->value[sp] -= size;
        if (machine->write_count < HVC_MAX_OPS)
            machine->writes[machine->write_count++] =
                (isa_write){machine->value[sp], size, true, next};
    } else if (machine->flow == HVC_OP_RETURN && link == HVC_REG_NONE) {
        machine->value[sp] += size + machine->immediate;
    }
    if (size == 4)
        machine->value[sp] &= UINT32_MAX;
}

static bool check_flow(emulator *e, const isa_machine *machine, const hvc_insn *insn,
                       const uint8_t *bytes)
{
    uint64_t next = insn->address + insn->length, pc = read_register(e, e->pc);
    if (machine->flow == HVC_OP_COUNT)
        return pc == next || fail(e, insn, bytes, "next instruction", next, pc);
    if (machine->flow == HVC_OP_BRANCH) {
        if (machine->taken < 0)
            return pc == next || pc == machine->target ||
                   fail(e, insn, bytes, "branch", machine->target, pc);
        uint64_t expected = machine->taken ? machine->target : next;
        return pc == expected || fail(e, insn, bytes, "branch", expected, pc);
    }
    if ((machine->flow == HVC_OP_CALL || machine->flow == HVC_OP_JUMP) && machine->target_known)
        return pc == machine->target || fail(e, insn, bytes, "target", machine->target, pc);
    return true;
}

static bool check(emulator *e, isa_machine *machine, const hvc_insn *insn, const uint8_t *bytes)
{
    apply_convention(e, machine, insn->address + insn->length);
    for (unsigned i = 0; i < e->register_count; i++) {
        uint64_t found = read_register(e, e->registers[i]);
        char name[32];
        if (((found ^ machine->value[i]) & machine->known[i]) != 0) {
            snprintf(name, sizeof(name), "register %u", i);
            return fail(e, insn, bytes, name, machine->value[i], found);
        }
    }
    bool after[HVC_COND_OTHER];
    conditions(e, read_register(e, e->flags), after);
    for (unsigned i = 0; i < HVC_COND_OTHER; i++) {
        char name[32];
        int holds = isa_holds(machine, (hvc_condition)i);
        if (holds >= 0 && holds != after[i]) {
            snprintf(name, sizeof(name), "condition %u", i);
            return fail(e, insn, bytes, name, (uint64_t)holds, after[i]);
        }
    }
    return check_flow(e, machine, insn, bytes) && check_memory(e, machine, insn, bytes);
}

/* Instructions that a bare processor cannot run: calls of the system, and what stops or traps. */
static bool runs(const hvc_insn *insn)
{
    for (unsigned i = 0; i < insn->op_count; i++) {
        const hvc_op *op = &insn->ops[i];
        if (op->kind == HVC_OP_TRAP || op->kind == HVC_OP_CONTROL_WRITE)
            return false;
        if (op->kind == HVC_OP_CLOBBER && op->dst == HVC_REG_T0) /* unknown pointers */
            return false;
    }
    return true;
}

/* x86's opcodes, without and behind 0F, that change how the emulator itself runs (descriptor
 * tables, segments, debug and model specific registers), far transfers, and what it does not
 * survive. */
static bool is_dangerous(const uint8_t *opcode, bool wide)
{
    static const uint8_t one[] = {0x07, 0x17, 0x1f, 0x8e, 0xc4, 0xc5,
                                  0x9a, 0xca, 0xcb, 0xcf, 0xea, 0x9d /* popf */,
                                  0xf1, 0xf4};
    static const uint8_t two[] = {0x00, 0x01, 0x07 /* sysret */, 0x21, 0x23, 0x30, 0x35,
                                  0xa1, 0xa9, 0xaa /* rsm */,    0xb2, 0xb4, 0xb5};
    unsigned digit = opcode[1] >> 3 & 7;
    if (*opcode == 0x8f) /* or XOP */
        return digit != 0;
    if (*opcode == 0xff)
        return digit == 3 || digit == 5;
    if (*opcode != 0x0f)
        return memchr(one, *opcode, sizeof(one)) != NULL;
    /* shld and shrd relative to the instruction pointer: forgets the imm8 */
    if ((opcode[1] == 0xa4 || opcode[1] == 0xac) && wide && (opcode[2] & 0xc7) == 0x05)
        return true;
    return memchr(two, opcode[1], sizeof(two)) != NULL;
}

static bool is_branch(const uint8_t *opcode)
{
    static const uint8_t branches[] = {0xe0, 0xe1, 0xe2, 0xe3, 0xe8, 0xe9, 0xeb};
    unsigned digit = opcode[1] >> 3 & 7;
    return (*opcode & 0xf0) == 0x70 || memchr(branches, *opcode, sizeof(branches)) != NULL ||
           (*opcode == 0x0f && (opcode[1] & 0xf0) == 0x80) ||
           (*opcode == 0xff && digit >= 2 && digit <= 5);
}

typedef struct prefixes {
    bool rex, operand16, repeat;
    bool behind_rex; /* one stands behind REX, which is then ignored */
} prefixes;

/* Reads an instruction's prefixes; returns the byte behind. */
static const uint8_t *read_prefixes(const emulator *e, const uint8_t *bytes, prefixes *ret)
{
    static const uint8_t legacy[] = {0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x64,
                                     0x65, 0x26, 0x2e, 0x36, 0x3e};
    *ret = (prefixes){0};
    for (unsigned i = 0; i < 12; i++, bytes++) {
        if (e->isa == &hvc_isa_x64 && (*bytes & 0xf0) == 0x40) {
            ret->rex = true;
            continue;
        }
        if (memchr(legacy, *bytes, sizeof(legacy)) == NULL)
            break;
        ret->behind_rex = ret->behind_rex || ret->rex;
        ret->operand16 = ret->operand16 || *bytes == 0x66;
        ret->repeat = ret->repeat || *bytes == 0xf2 || *bytes == 0xf3;
    }
    return bytes;
}

/* Besides dangerous ones, what the emulator is known to do otherwise than processors: REX before
 * other prefixes, 66 with branches, lahf with REX, ret with 8000h bytes and more. */
static bool is_left_alone(const emulator *e, const uint8_t *bytes)
{
    if (e->isa == &hvc_isa_arm64) { /* half-precision vectors that the emulator dies of */
        uint32_t word = hvc_le32(bytes);
        return (word & 0x9f60c400) == 0x0e400400 || (word & 0x8f7e0c00) == 0x0e780800;
    }
    prefixes found;
    const uint8_t *opcode = read_prefixes(e, bytes, &found);
    bool wide = e->isa == &hvc_isa_x64, returns = *opcode == 0xc2 || *opcode == 0xc3;
    if (found.behind_rex || (found.rex && *opcode == 0x9f) ||
        (*opcode == 0xc2 && opcode[2] >= 0x80))
        return true;
    /* it takes 66 for the mandatory prefix even if F2 or F3 is there */
    if (found.operand16 &&
        ((wide && is_branch(opcode)) || returns || (found.repeat && *opcode == 0x0f)))
        return true;
    return is_dangerous(opcode, wide);
}

static bool is_repeated_string(const emulator *e, const uint8_t *bytes)
{
    if (e->isa == &hvc_isa_arm64)
        return false;
    prefixes found;
    const uint8_t *opcode = read_prefixes(e, bytes, &found);
    return found.repeat &&
           ((*opcode >= 0xa4 && *opcode <= 0xaf) || (*opcode >= 0x6c && *opcode <= 0x6f));
}

/* The emulator keeps its translation of a place: each instruction gets a new one, where no short
 * branch of another has been. */
static uint64_t next_place(emulator *e)
{
    if (e->slot == SLOTS) {
        stop(e);
        if (!start(e))
            exit(2);
    }
    return CODE_BASE + (uint64_t)e->slot++ * SLOT + SLOT / 2;
}

static void count_told(emulator *e, const isa_machine *machine, const hvc_insn *insn)
{
    for (unsigned i = 0; i < insn->op_count; i++)
        e->told +=
            insn->ops[i].dst < HVC_REG_MACHINE && machine->known[insn->ops[i].dst] == UINT64_MAX;
}

static void try_instruction(emulator *e, const uint8_t *bytes, size_t size)
{
    hvc_insn insn;
    isa_machine machine;
    uint64_t address = next_place(e);
    e->page_count = 0;
    bool valid = e->isa->decode((hvc_span){bytes, size}, address, &insn);
    /* x86's emulator runs encodings that processors do not */
    if (is_left_alone(e, bytes) || (valid ? !runs(&insn) : e->isa != &hvc_isa_arm64)) {
        e->skipped++;
        return;
    }
    bool repeats = is_repeated_string(e, bytes);
    if (uc_mem_write(e->uc, address, bytes, insn.length) != UC_ERR_OK)
        return;
    prepare(e, &machine, &insn, repeats);
    isa_run(&machine, &insn);
    uc_err error =
        uc_emu_start(e->uc, address, repeats ? address + insn.length : 0, 0, repeats ? 8 : 1);
    uint64_t pc = read_register(e, e->pc);
    bool left = pc != address || machine.flow != HVC_OP_COUNT;
    /* a fetch behind the instruction may fail, the instruction itself has then run */
    bool ran = error == UC_ERR_OK || (error == UC_ERR_FETCH_UNMAPPED && left);
    /* writing to the code around it makes the emulator translate anew, and stop before */
    for (unsigned i = 0; i < machine.write_count; i++)
        ran = ran && machine.writes[i].address - CODE_BASE + SLOT > SLOT * (SLOTS + 1);
    ran = ran && (!machine.writes_anywhere || left || pc != address);
    if (error == UC_ERR_OK && !valid)
        fail(e, &insn, bytes, "valid", 0, 1);
    if (!ran || !valid || (repeats && pc != address + insn.length)) {
        e->skipped++;
    } else {
        e->run++;
        count_told(e, &machine, &insn);
        check(e, &machine, &insn, bytes);
    }
    for (unsigned i = 0; i < e->page_count; i++)
        uc_mem_unmap(e->uc, e->pages[i], PAGE);
}

/* Bytes that are an instruction more often than chance makes them. */
static void random_bytes(emulator *e, uint8_t *bytes)
{
    static const uint8_t starts[] = {0x66, 0x48, 0x4c, 0x41, 0x49, 0x0f,
                                     0xf3, 0xf2, 0x64, 0x67, 0xf0};
    for (unsigned i = 0; i < 16; i++)
        bytes[i] = (uint8_t)(random_number(e) >> 40);
    if (e->isa == &hvc_isa_arm64) {
        /* data processing and loads rather than vectors */
        static const uint8_t groups[] = {0x10, 0x12, 0x0a, 0x1a, 0x0b, 0x1b, 0x08, 0x18,
                                         0x28, 0x38, 0x39, 0x29, 0x14, 0x11, 0x13};
        unsigned kind = bytes[4] % 32;
        if (kind < sizeof(groups))
            bytes[3] = (uint8_t)((bytes[3] & 0xe0) | (groups[kind] & 0x1f));
        return;
    }
    unsigned at = 0;
    for (unsigned i = 0; i < 3 && random_number(e) % 2 == 0; i++)
        bytes[at++] = starts[random_number(e) % sizeof(starts)];
    /* small displacements keep addresses in reach */
    if (random_number(e) % 2 == 0)
        memset(bytes + at + 4, 0, 3);
}

typedef struct file_bytes {
    uint8_t *data;
    size_t size;
} file_bytes;

static file_bytes read_file(const char *path)
{
    file_bytes bytes = {NULL, 0};
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        return bytes;
    long size = ftell(file);
    rewind(file);
    if (size > 0 && (bytes.data = malloc((size_t)size)) != NULL)
        bytes.size = fread(bytes.data, 1, (size_t)size, file);
    fclose(file);
    return bytes;
}

/* Instructions of a range of code, from a random place on. */
static void sample(emulator *e, hvc_span code, uint64_t count)
{
    if (code.size < 32)
        return;
    size_t at = 0;
    for (uint64_t i = 0; i < count; i++) {
        hvc_insn insn;
        if (i % 64 == 0)
            at = random_number(e) % (code.size - 16) & ~(size_t)(e->isa->min_length - 1);
        if (at + 16 > code.size)
            at = 0;
        e->isa->decode((hvc_span){code.data + at, code.size - at}, 0, &insn);
        try_instruction(e, code.data + at, 16);
        at += insn.length;
    }
}

static void sample_file(emulator *e, const char *path, uint64_t count)
{
    file_bytes file = read_file(path);
    hvc_image *image;
    size_t length = strlen(path);
    if (length > 4 && strcmp(path + length - 4, ".bin") == 0) {
        sample(e, (hvc_span){file.data, file.size}, count);
    } else if (hvc_image_open(file.data, file.size, &image, NULL) == HVC_OK) {
        size_t sections;
        const hvc_section *section = hvc_image_sections(image, &sections);
        for (size_t i = 0; i < sections; i++)
            if (hvc_isa_of(hvc_image_arch(image)) == e->isa &&
                section[i].characteristics & HVC_SCN_MEM_EXECUTE)
                sample(e, hvc_image_span(image, section[i].rva, UINT32_MAX), count);
        hvc_image_free(image);
    }
    free(file.data);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    emulator e = {.isa = strcmp(argv[1], "x86") == 0   ? &hvc_isa_x86
                         : strcmp(argv[1], "x64") == 0 ? &hvc_isa_x64
                                                       : &hvc_isa_arm64,
                  .random = strtoull(argv[3], NULL, 0) * 2 + 1};
    uint64_t count = strtoull(argv[2], NULL, 0);
    choose_registers(&e);
    if (!start(&e)) {
        printf("1..0 # SKIP no emulator\n");
        return 0;
    }
    for (uint64_t i = 0; i < count; i++) {
        uint8_t bytes[16];
        random_bytes(&e, bytes);
        try_instruction(&e, bytes, sizeof(bytes));
    }
    for (int i = 4; i < argc; i++)
        sample_file(&e, argv[i], count);
    stop(&e);
    printf("# %" PRIu64 " ran, %" PRIu64 " skipped, %" PRIu64 " registers told\n", e.run, e.skipped,
           e.told);
    /* a test that runs nothing shows nothing */
    bool enough = e.run >= count / 8 && e.told >= e.run / 8;
    printf("1..2\n%s 1 - %s as the processor does\n", e.failed == 0 ? "ok" : "not ok", argv[1]);
    printf("%s 2 - %s enough instructions ran\n", enough ? "ok" : "not ok", argv[1]);
    return e.failed != 0 || !enough;
}
