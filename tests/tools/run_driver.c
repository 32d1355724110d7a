/* Runs a driver image of the tests under Unicorn, with random inputs, and tells with which values
 * it calls the functions whose argument decides.
 *
 * run_driver SEED RUNS IMAGE...
 * Runs each image RUNS times from its entry point, and then whatever it left in the driver object
 * or gave to a function of the kernel as a routine to call. Functions of the kernel do nothing but
 * what breaks wrong beliefs: they return random numbers, change every register that a call may
 * change, the stack that belongs to them and what is behind pointers given to them for a result.
 * Prints lines: image INDEX call RVA CALLER NAME VALUE   RVA of the instruction that went to the
 * function, RVA of the call that the function returns behind (another one after a tail jump or a
 * thunk), value of the deciding argument, all but the name in hexadecimal; every line once stop RVA
 * ERROR               a run did not come to its end; ERROR is Unicorn's number, 0 for the limit */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicorn/unicorn.h>

#include <hvcheck/image.h>

#include "code/isa.h"
#include "pe/image.h"

enum {
    PAGE = 4096,
    STACK_SIZE = 0x40000,
    OBJECT_SIZE = 0x10000,
    STUB_SIZE = 16,
    MAX_IMPORTS = 64,
    MAX_ROUTINES = 32,
    MAX_CALLS = 8192,
    MAX_ARGUMENTS = 10,
    HISTORY = 64,
    INSTRUCTION_LIMIT = 200000,
};

#define STACK   UINT64_C(0x50000000)
#define OBJECTS UINT64_C(0x60000000)
#define STUBS   UINT64_C(0x70000000)
#define EXIT    UINT64_C(0x71000000)

/* What a function of the kernel takes. Its words are those of x86's stack. */
typedef struct known_import {
    const char *name;
    int8_t argument; /* that decides, -1: none */
    uint8_t bits;    /* of it */
    uint8_t words;   /* that it takes from x86's stack */
    int8_t result;   /* the argument that points to its result, -1: none */
    int8_t routine;  /* the argument that it calls later, -1: none */
} known_import;

static const known_import known[] = {
    {"ExAllocatePool", 0, 32, 2, -1, -1},
    {"ExAllocatePoolWithTag", 0, 32, 3, -1, -1},
    {"ExAllocatePool2", 0, 64, 4, -1, -1},
    {"MmMapLockedPagesSpecifyCache", 5, 32, 6, -1, -1},
    {"MmProtectMdlSystemAddress", 1, 32, 2, -1, -1},
    {"ZwCreateSection", 4, 32, 7, 0, -1},
    {"ZwMapViewOfSection", 9, 32, 10, 2, -1},
    {"RtlRandomEx", -1, 0, 1, 0, -1},
    {"KeQueryTimeIncrement", -1, 0, 0, -1, -1},
    {"IoInitializeTimer", -1, 0, 3, -1, 1},
    {"DbgPrint", -1, 0, 0, -1, -1},
    {"MmGetSystemRoutineAddress", -1, 0, 1, -1, -1}, /* its result leads to one of these */
};

typedef struct call {
    uint32_t rva, caller;
    const known_import *import;
    uint64_t value;
} call;

typedef struct machine {
    const hvc_isa *isa;
    hvc_image *image;
    uint64_t base, size, entry;
    uc_engine *uc;
    uint64_t random;
    const known_import *imports[MAX_IMPORTS];
    unsigned import_count;
    int arguments[8], result, sp, link;
    int volatiles[32];
    unsigned volatile_count;
    /* instructions that ran last: address and length */
    struct {
        uint64_t address;
        uint32_t size;
    } history[HISTORY];
    unsigned history_at;
    uint64_t routines[MAX_ROUTINES];
    unsigned routine_count;
    call calls[MAX_CALLS];
    unsigned call_count;
} machine;

static uint64_t random_number(machine *m)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return m->random * UINT64_C(0x2545f4914f6cdd1d);
}

/* Numbers that programs compare with, more often than others. */
static uint64_t random_input(machine *m)
{
    static const uint32_t numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 64, 512, 1024, 0x40000010, 16};
    uint64_t number = random_number(m);
    if (number % 4 == 0)
        return number >> 16;
    return numbers[(number >> 8) % (sizeof(numbers) / sizeof(numbers[0]))];
}

static uint64_t get(machine *m, int reg)
{
    uint64_t value = 0;
    uc_reg_read(m->uc, reg, &value);
    return m->isa->pointer_size == 4 ? value & UINT32_MAX : value;
}

static void set(machine *m, int reg, uint64_t value)
{
    uc_reg_write(m->uc, reg, &value);
}

static uint64_t peek(machine *m, uint64_t address)
{
    uint64_t value = 0;
    uc_mem_read(m->uc, address, &value, m->isa->pointer_size);
    return value;
}

static void poke(machine *m, uint64_t address, uint64_t value, unsigned size)
{
    uc_mem_write(m->uc, address, &value, size);
}

static void fill(machine *m, uint64_t address, size_t size)
{
    for (size_t at = 0; at < size; at += 8)
        poke(m, address + at, random_input(m), 8);
}

static bool is_code(const machine *m, uint64_t address)
{
    size_t count;
    const hvc_section *sections = hvc_image_sections(m->image, &count);
    for (size_t i = 0; i < count; i++)
        if (sections[i].characteristics & HVC_SCN_MEM_EXECUTE &&
            address - m->base - sections[i].rva < sections[i].virtual_size)
            return true;
    return false;
}

static void add_routine(machine *m, uint64_t address)
{
    if (is_code(m, address) && m->routine_count < MAX_ROUTINES)
        m->routines[m->routine_count++] = address;
}

/* The address of an argument on the stack, when a function has just been entered; 0 in a register.
 */
static uint64_t stack_argument(machine *m, unsigned index)
{
    uint64_t sp = get(m, m->sp);
    unsigned size = m->isa->pointer_size, in_registers = m->isa->argument_register_count;
    if (index < in_registers)
        return 0;
    if (m->isa == &hvc_isa_arm64)
        return sp + 8 * (index - in_registers);
    return sp + size + m->isa->stack_argument_offset + size * (index - in_registers);
}

static uint64_t argument(machine *m, unsigned index)
{
    uint64_t address = stack_argument(m, index);
    return address == 0 ? get(m, m->arguments[index]) : peek(m, address);
}

static void note_call(machine *m, const known_import *import, uint64_t from, uint64_t back)
{
    call found = {.rva = (uint32_t)(from - m->base), .import = import};
    for (unsigned i = 0; i < HISTORY; i++) {
        unsigned at = (m->history_at + HISTORY - 1 - i) % HISTORY;
        if (m->history[at].address + m->history[at].size == back) {
            found.caller = (uint32_t)(m->history[at].address - m->base);
            break;
        }
    }
    found.value = argument(m, (unsigned)import->argument);
    if (import->bits == 32)
        found.value &= UINT32_MAX;
    else if (m->isa->pointer_size == 4) /* two slots */
        found.value |= argument(m, (unsigned)import->argument + 1) << 32;
    for (unsigned i = 0; i < m->call_count; i++) {
        const call *other = &m->calls[i];
        if (other->rva == found.rva && other->caller == found.caller &&
            other->import == found.import && other->value == found.value)
            return;
    }
    if (m->call_count < MAX_CALLS)
        m->calls[m->call_count++] = found;
}

/* The function of the kernel that a UNICODE_STRING names; 0 for none. */
static uint64_t find_routine(machine *m, uint64_t string)
{
    unsigned size = m->isa->pointer_size, length = 0;
    uint64_t buffer = peek(m, string + size);
    char name[64] = "";
    uc_mem_read(m->uc, string, &length, 2);
    for (unsigned i = 0; i < length / 2 && i + 1 < sizeof(name); i++)
        uc_mem_read(m->uc, buffer + 2 * i, &name[i], 1);
    for (unsigned i = 0; i < m->import_count; i++)
        if (strcmp(m->imports[i]->name, name) == 0)
            return STUBS + (uint64_t)STUB_SIZE * i;
    return 0;
}

/* A function of the kernel has been entered. It returns by the instruction that stands there. */
static void serve(machine *m, const known_import *import)
{
    uint64_t from = m->history[(m->history_at + HISTORY - 1) % HISTORY].address;
    uint64_t back = m->link != 0 ? get(m, m->link) : peek(m, get(m, m->sp));
    uint64_t values[MAX_ARGUMENTS];
    for (unsigned i = 0; i < MAX_ARGUMENTS; i++)
        values[i] = argument(m, i);
    uint64_t result = random_input(m);
    if (strcmp(import->name, "MmGetSystemRoutineAddress") == 0)
        result = find_routine(m, values[0]);
    if (import->argument >= 0)
        note_call(m, import, from, back);
    if (import->routine >= 0)
        add_routine(m, values[import->routine]);
    if (import->result >= 0)
        poke(m, values[import->result], random_input(m),
             import->argument >= 0 ? m->isa->pointer_size : 4);
    /* arguments on the stack, and x64's room for those in registers, belong to the callee */
    uint64_t sp = get(m, m->sp);
    for (unsigned i = 0; m->isa == &hvc_isa_x64 && i < 4; i++)
        poke(m, sp + 8 + 8 * i, random_number(m), 8);
    for (unsigned i = 0; i < import->words; i++)
        if (stack_argument(m, i) != 0 && (m->isa != &hvc_isa_x86 || import->words != 0))
            poke(m, stack_argument(m, i), random_number(m), m->isa->pointer_size);
    for (unsigned i = 0; i < m->volatile_count; i++)
        if (m->volatiles[i] != m->link)
            set(m, m->volatiles[i], random_number(m));
    set(m, m->result, result);
}

static void on_code(uc_engine *uc, uint64_t address, uint32_t size, void *context)
{
    machine *m = context;
    (void)uc;
    if (address - STUBS < STUB_SIZE * MAX_IMPORTS) {
        serve(m, m->imports[(address - STUBS) / STUB_SIZE]);
        return;
    }
    m->history[m->history_at].address = address;
    m->history[m->history_at].size = size;
    m->history_at = (m->history_at + 1) % HISTORY;
}

/* x86's stack at a stub: ret with as many bytes as the function takes. */
static void write_stub(machine *m, unsigned index, const known_import *import)
{
    uint64_t at = STUBS + (uint64_t)STUB_SIZE * index;
    unsigned taken = m->isa == &hvc_isa_x86 ? import->words * 4u : 0;
    if (m->isa == &hvc_isa_arm64)
        poke(m, at, 0xd65f03c0, 4);
    else
        poke(m, at, taken != 0 ? 0xc2 | taken << 8 : 0xc3, 3);
}

static void add_stub(machine *m, const known_import *import)
{
    write_stub(m, m->import_count, import);
    m->imports[m->import_count++] = import;
}

static const known_import *find_import(hvc_text name)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strlen(known[i].name) == name.size && memcmp(known[i].name, name.data, name.size) == 0)
            return &known[i];
    return NULL;
}

static bool bind(machine *m)
{
    size_t count;
    const hvc_import *imports = hvc_image_imports(m->image, &count);
    m->import_count = 0;
    for (size_t i = 0; i < count; i++) {
        const known_import *import = find_import(imports[i].name);
        if (import == NULL || m->import_count == MAX_IMPORTS) {
            fprintf(stderr, "run_driver: what %.*s does is not known\n", (int)imports[i].name.size,
                    imports[i].name.data);
            return false;
        }
        poke(m, m->base + imports[i].slot, STUBS + (uint64_t)STUB_SIZE * m->import_count,
             m->isa->pointer_size);
        add_stub(m, import);
    }
    /* the others may be looked up by name */
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (m->import_count < MAX_IMPORTS)
            add_stub(m, &known[i]);
    return true;
}

static void choose_registers(machine *m)
{
    static const int x86[] = {UC_X86_REG_EAX, UC_X86_REG_ECX, UC_X86_REG_EDX};
    static const int x64[] = {UC_X86_REG_RAX, UC_X86_REG_RCX, UC_X86_REG_RDX, UC_X86_REG_R8,
                              UC_X86_REG_R9,  UC_X86_REG_R10, UC_X86_REG_R11};
    m->link = 0;
    m->volatile_count = 0;
    if (m->isa == &hvc_isa_arm64) {
        for (int i = 0; i < 8; i++)
            m->arguments[i] = UC_ARM64_REG_X0 + i;
        for (int i = 0; i < 18; i++)
            m->volatiles[m->volatile_count++] = UC_ARM64_REG_X0 + i;
        m->result = UC_ARM64_REG_X0;
        m->sp = UC_ARM64_REG_SP;
        m->link = UC_ARM64_REG_X30;
        return;
    }
    bool wide = m->isa == &hvc_isa_x64;
    for (unsigned i = 0; i < (wide ? 7u : 3u); i++)
        m->volatiles[m->volatile_count++] = wide ? x64[i] : x86[i];
    for (unsigned i = 0; wide && i < 4; i++)
        m->arguments[i] = x64[i + 1];
    m->result = wide ? UC_X86_REG_RAX : UC_X86_REG_EAX;
    m->sp = wide ? UC_X86_REG_RSP : UC_X86_REG_ESP;
}

static bool start(machine *m)
{
    uc_hook hook;
    /* Unicorn takes functions as pointers to data, which C alone does not allow */
    union {
        void (*function)(uc_engine *, uint64_t, uint32_t, void *);
        void *data;
    } handler = {on_code};
    bool arm = m->isa == &hvc_isa_arm64;
    uint64_t size = (m->size + PAGE - 1) / PAGE * PAGE;
    choose_registers(m);
    if (uc_open(arm ? UC_ARCH_ARM64 : UC_ARCH_X86,
                arm                      ? UC_MODE_LITTLE_ENDIAN
                : m->isa == &hvc_isa_x64 ? UC_MODE_64
                                         : UC_MODE_32,
                &m->uc) != UC_ERR_OK)
        return false;
    if (arm) {
        uint64_t enabled = UINT64_C(3) << 20;
        uc_reg_write(m->uc, UC_ARM64_REG_CPACR_EL1, &enabled);
    }
    return uc_mem_map(m->uc, m->base, size, UC_PROT_ALL) == UC_ERR_OK &&
           uc_mem_map(m->uc, STACK, STACK_SIZE, UC_PROT_ALL) == UC_ERR_OK &&
           uc_mem_map(m->uc, OBJECTS, OBJECT_SIZE, UC_PROT_ALL) == UC_ERR_OK &&
           uc_mem_map(m->uc, STUBS, PAGE, UC_PROT_ALL) == UC_ERR_OK &&
           uc_mem_map(m->uc, EXIT, PAGE, UC_PROT_ALL) == UC_ERR_OK &&
           uc_hook_add(m->uc, &hook, UC_HOOK_CODE, handler.data, m, 1, 0) == UC_ERR_OK;
}

static void load(machine *m)
{
    size_t count;
    const hvc_section *sections = hvc_image_sections(m->image, &count);
    for (size_t i = 0; i < count; i++) {
        hvc_span bytes = hvc_image_span(m->image, sections[i].rva, sections[i].virtual_size);
        for (uint64_t at = 0; at < sections[i].virtual_size; at += 8)
            poke(m, m->base + sections[i].rva + at, 0, 8);
        uc_mem_write(m->uc, m->base + sections[i].rva, bytes.data, bytes.size);
    }
}

/* Calls a routine of the driver with objects and numbers. */
static void call_routine(machine *m, uint64_t address)
{
    uint64_t sp = STACK + STACK_SIZE - 0x1000;
    unsigned size = m->isa->pointer_size;
    fill(m, sp - 0x2000, 0x2400);
    for (unsigned i = 0; i < m->volatile_count; i++)
        set(m, m->volatiles[i], random_number(m));
    for (unsigned i = 0; i < 4; i++) {
        uint64_t value = i == 0 ? OBJECTS : i == 1 ? OBJECTS + 0x4000 : random_input(m);
        if (i < m->isa->argument_register_count)
            set(m, m->arguments[i], value);
        else
            poke(m, sp + size * i, value, size);
    }
    if (m->link != 0) {
        set(m, m->link, EXIT);
        set(m, m->sp, sp);
    } else {
        poke(m, sp - size, EXIT, size);
        set(m, m->sp, sp - size);
    }
    uc_err error = uc_emu_start(m->uc, address, EXIT, 0, INSTRUCTION_LIMIT);
    uint64_t pc = 0;
    uc_reg_read(m->uc,
                m->link != 0             ? (int)UC_ARM64_REG_PC
                : m->isa == &hvc_isa_x64 ? (int)UC_X86_REG_RIP
                                         : (int)UC_X86_REG_EIP,
                &pc);
    if (error != UC_ERR_OK || pc != EXIT)
        printf("stop %" PRIx64 " %d\n",
               m->history[(m->history_at + HISTORY - 1) % HISTORY].address - m->base, (int)error);
}

static bool run_once(machine *m)
{
    unsigned size = m->isa->pointer_size;
    load(m);
    if (!bind(m))
        return false;
    fill(m, OBJECTS, OBJECT_SIZE);
    m->routine_count = 0;
    call_routine(m, m->entry);
    /* DriverUnload and the dispatch routines */
    for (unsigned i = 0; i < 29; i++)
        add_routine(m, peek(m, OBJECTS + (size == 8 ? 0x68u : 0x34u) + size * i));
    for (unsigned i = 0; i < 2 * m->routine_count; i++)
        call_routine(m, m->routines[random_number(m) % m->routine_count]);
    return true;
}

static uint8_t *read_file(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        return NULL;
    long size = ftell(file);
    rewind(file);
    if (size > 0 && (bytes = malloc((size_t)size)) != NULL)
        *ret_size = fread(bytes, 1, (size_t)size, file);
    fclose(file);
    return bytes;
}

static bool run_image(machine *m, const char *path, unsigned runs)
{
    size_t size = 0;
    uint8_t *bytes = read_file(path, &size);
    bool fine = false;
    if (bytes == NULL || hvc_image_open(bytes, size, &m->image, NULL) != HVC_OK) {
        free(bytes);
        return false;
    }
    const hvc_headers *headers = hvc_image_headers(m->image);
    m->isa = hvc_isa_of(hvc_image_arch(m->image));
    m->base = headers->image_base;
    m->size = headers->size_of_image;
    m->entry = m->base + headers->entry_point;
    m->call_count = 0;
    if (m->isa != NULL && start(m)) {
        fine = true;
        for (unsigned i = 0; fine && i < runs; i++)
            fine = run_once(m);
        for (unsigned i = 0; i < m->call_count; i++)
            printf("call %" PRIx32 " %" PRIx32 " %s %" PRIx64 "\n", m->calls[i].rva,
                   m->calls[i].caller, m->calls[i].import->name, m->calls[i].value);
        uc_close(m->uc);
    }
    hvc_image_free(m->image);
    free(bytes);
    return fine;
}

int main(int argc, char **argv)
{
    static machine m;
    if (argc < 4)
        return 2;
    for (int i = 3; i < argc; i++) {
        m.random = strtoull(argv[1], NULL, 0) * 2 + 1;
        printf("image %d\n", i - 3);
        if (!run_image(&m, argv[i], (unsigned)strtoul(argv[2], NULL, 0)))
            return 1;
    }
    return 0;
}
