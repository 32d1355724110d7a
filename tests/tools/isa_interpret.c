#include "isa_interpret.h"

typedef struct number {
    uint64_t value;
    bool known;
} number;

static uint64_t mask(unsigned size)
{
    return size >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1;
}

static int64_t signed_value(uint64_t value, unsigned bits)
{
    uint64_t sign = UINT64_C(1) << (bits - 1);
    value &= bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
    return (int64_t)((value ^ sign) - sign);
}

static number get(const isa_machine *machine, const hvc_operand *operand, unsigned size)
{
    if (operand->kind == HVC_OPERAND_CONST)
        return (number){operand->value & mask(size), true};
    if (operand->kind == HVC_OPERAND_REG && operand->reg < HVC_REG_COUNT)
        return (number){machine->value[operand->reg] & mask(size),
                        (~machine->known[operand->reg] & mask(size)) == 0};
    return (number){0, false};
}

static void put(isa_machine *machine, const hvc_op *op, number result)
{
    if (op->dst >= HVC_REG_COUNT)
        return;
    uint64_t bits = mask(op->size), kept = op->merge ? ~bits : 0;
    uint64_t *value = &machine->value[op->dst], *known = &machine->known[op->dst];
    *value = (*value & kept) | (result.known ? result.value & bits : 0);
    *known = (op->merge ? *known & kept : ~bits) | (result.known ? bits : 0);
}

static uint64_t byte_swap(uint64_t x, unsigned size)
{
    uint64_t r = 0;
    for (unsigned i = 0; i < size; i++)
        r |= (x >> 8 * i & 0xff) << 8 * (size - 1 - i);
    return r;
}

/* Shifts by y, which is below bits. */
static uint64_t shift(hvc_alu alu, uint64_t x, uint64_t y, unsigned bits)
{
    switch (alu) {
    case HVC_ALU_SHL:
        return x << y;
    case HVC_ALU_SHR:
        return x >> y;
    case HVC_ALU_SAR:
        return (uint64_t)(signed_value(x, bits) >> y);
    default:
        return y == 0 ? x : x >> y | x << (bits - y);
    }
}

static uint64_t combine(hvc_alu alu, uint64_t x, uint64_t y, unsigned size)
{
    switch (alu) {
    case HVC_ALU_ADD:
        return x + y;
    case HVC_ALU_SUB:
        return x - y;
    case HVC_ALU_AND:
        return x & y;
    case HVC_ALU_OR:
        return x | y;
    case HVC_ALU_XOR:
        return x ^ y;
    case HVC_ALU_MUL:
        return x * y;
    case HVC_ALU_NOT:
        return ~x;
    case HVC_ALU_NEG:
        return 0 - x;
    case HVC_ALU_SIGN_EXTEND:
        return (uint64_t)signed_value(x, (unsigned)y);
    case HVC_ALU_ZERO_EXTEND:
        return y >= 64 ? x : x & ((UINT64_C(1) << y) - 1);
    default:
        return byte_swap(x, size);
    }
}

static number compute(hvc_alu alu, number a, number b, unsigned size)
{
    bool one_operand = alu == HVC_ALU_NOT || alu == HVC_ALU_NEG || alu == HVC_ALU_BYTE_SWAP;
    bool shifts =
        alu == HVC_ALU_SHL || alu == HVC_ALU_SHR || alu == HVC_ALU_SAR || alu == HVC_ALU_ROR;
    if (!a.known || (!b.known && !one_operand))
        return (number){0, false};
    if (shifts && b.value >= 8u * size)
        return (number){0, false}; /* isa.h: counts are below */
    uint64_t result =
        shifts ? shift(alu, a.value, b.value, 8 * size) : combine(alu, a.value, b.value, size);
    return (number){result & mask(size), true};
}

static number address(const isa_machine *machine, const hvc_memory *memory)
{
    uint64_t sum = (uint64_t)memory->displacement;
    bool known = true;
    if (memory->base != HVC_REG_NONE) {
        sum += machine->value[memory->base];
        known = machine->known[memory->base] == UINT64_MAX;
    }
    if (memory->index != HVC_REG_NONE) {
        sum += machine->value[memory->index] * memory->scale;
        known = known && machine->known[memory->index] == UINT64_MAX;
    }
    return (number){sum & mask(machine->pointer_size), known};
}

static bool overlaps(const isa_machine *machine, uint64_t from, unsigned size)
{
    if (machine->writes_anywhere)
        return true;
    for (unsigned i = 0; i < machine->write_count; i++) {
        const isa_write *write = &machine->writes[i];
        if (from - write->address < write->size || write->address - from < size)
            return true;
    }
    return false;
}

static number load(const isa_machine *machine, const hvc_op *op)
{
    number from = address(machine, &op->memory);
    uint64_t value = 0;
    if (op->memory.segment || !from.known || op->memory_size > 8 ||
        overlaps(machine, from.value, op->memory_size) ||
        !machine->read(machine->context, from.value, &value, op->memory_size))
        return (number){0, false};
    if (op->sign_extend)
        value = (uint64_t)signed_value(value, 8u * op->memory_size);
    return (number){value & mask(op->size), true};
}

static void store(isa_machine *machine, const hvc_op *op)
{
    number to = address(machine, &op->memory);
    if (op->memory.segment || !to.known || machine->write_count == HVC_MAX_OPS) {
        machine->writes_anywhere = true;
        return;
    }
    number value = {0, false};
    if (op->memory_size <= 8)
        value = get(machine, &op->a, op->memory_size);
    machine->writes[machine->write_count++] = (isa_write){
        .address = to.value, .size = op->memory_size, .known = value.known, .value = value.value};
}

static void set_flags(isa_machine *machine, const hvc_op *op)
{
    number a = get(machine, &op->a, op->size), b = a;
    if (op->b.kind != HVC_OPERAND_NONE)
        b = get(machine, &op->b, op->size);
    machine->a = a.value;
    machine->b = b.value;
    machine->flags_size = op->size;
    if (!a.known || !b.known)
        machine->flags = FLAGS_UNKNOWN;
    else if (op->kind == HVC_OP_COMPARE)
        machine->flags = FLAGS_COMPARE;
    else
        machine->flags = op->kind == HVC_OP_TEST ? FLAGS_TEST : FLAGS_RESULT;
}

int isa_holds(const isa_machine *machine, hvc_condition condition)
{
    if (condition >= HVC_COND_OTHER || machine->flags == FLAGS_UNKNOWN)
        return -1;
    if (machine->flags == FLAGS_INITIAL)
        return machine->initial[condition];
    unsigned bits = 8 * machine->flags_size;
    uint64_t a = machine->a, b = machine->b;
    if (machine->flags != FLAGS_COMPARE) {
        a &= b;
        b = 0;
    }
    uint64_t difference = (a - b) & mask(machine->flags_size);
    int64_t x = signed_value(a, bits), y = signed_value(b, bits);
    bool result = machine->flags == FLAGS_RESULT;
    switch (condition) {
    case HVC_COND_EQ:
        return difference == 0;
    case HVC_COND_NE:
        return difference != 0;
    case HVC_COND_NEGATIVE:
        return signed_value(difference, bits) < 0;
    case HVC_COND_NOT_NEGATIVE:
        return signed_value(difference, bits) >= 0;
    case HVC_COND_ULT:
        return result ? -1 : a < b;
    case HVC_COND_ULE:
        return result ? -1 : a <= b;
    case HVC_COND_UGT:
        return result ? -1 : a > b;
    case HVC_COND_UGE:
        return result ? -1 : a >= b;
    case HVC_COND_SLT:
        return result ? -1 : x < y;
    case HVC_COND_SLE:
        return result ? -1 : x <= y;
    case HVC_COND_SGT:
        return result ? -1 : x > y;
    case HVC_COND_SGE:
        return result ? -1 : x >= y;
    default:
        return -1;
    }
}

static void select(isa_machine *machine, const hvc_op *op)
{
    number a = get(machine, &op->a, op->size), b = get(machine, &op->b, op->size);
    int holds = isa_holds(machine, (hvc_condition)op->condition);
    number result = holds == 1 ? a : b;
    if (holds < 0)
        result.known = a.known && b.known && a.value == b.value;
    put(machine, op, result);
}

static int branch_holds(const isa_machine *machine, const hvc_op *op)
{
    number a = get(machine, &op->a, op->size), b = get(machine, &op->b, op->size);
    bool bit = b.value < 64 && (a.value >> b.value & 1) != 0;
    switch (op->condition) {
    case HVC_COND_ZERO:
        return a.known ? a.value == 0 : -1;
    case HVC_COND_NOT_ZERO:
        return a.known ? a.value != 0 : -1;
    case HVC_COND_BIT_CLEAR:
        return a.known ? !bit : -1;
    case HVC_COND_BIT_SET:
        return a.known ? bit : -1;
    default:
        return isa_holds(machine, (hvc_condition)op->condition);
    }
}

static void transfer(isa_machine *machine, const hvc_op *op)
{
    machine->flow = (hvc_op_kind)op->kind;
    machine->immediate = op->immediate;
    if (op->kind == HVC_OP_BRANCH) {
        machine->taken = branch_holds(machine, op);
        machine->target = op->target;
        machine->target_known = true;
    } else {
        number target = get(machine, &op->a, machine->pointer_size);
        machine->target = target.value;
        machine->target_known = target.known;
    }
}

static void run(isa_machine *machine, const hvc_op *op)
{
    switch (op->kind) {
    case HVC_OP_MOVE:
        put(machine, op, get(machine, &op->a, op->size));
        return;
    case HVC_OP_ALU: {
        /* the number of bits to extend from is no operand of the instruction's size */
        bool extends = op->alu == HVC_ALU_SIGN_EXTEND || op->alu == HVC_ALU_ZERO_EXTEND;
        put(machine, op,
            compute((hvc_alu)op->alu, get(machine, &op->a, op->size),
                    get(machine, &op->b, extends ? 8 : op->size), op->size));
        return;
    }
    case HVC_OP_LOAD:
        put(machine, op, load(machine, op));
        return;
    case HVC_OP_STORE:
        store(machine, op);
        return;
    case HVC_OP_SELECT:
        select(machine, op);
        return;
    case HVC_OP_COMPARE:
    case HVC_OP_TEST:
    case HVC_OP_RESULT:
        set_flags(machine, op);
        return;
    case HVC_OP_CLOBBER:
        put(machine, op, (number){0, false});
        return;
    case HVC_OP_CLOBBER_FLAGS:
        machine->flags = FLAGS_UNKNOWN;
        return;
    case HVC_OP_CLOBBER_MEMORY:
        machine->writes_anywhere = true;
        return;
    case HVC_OP_CALL:
    case HVC_OP_JUMP:
    case HVC_OP_BRANCH:
    case HVC_OP_RETURN:
    case HVC_OP_TRAP:
        transfer(machine, op);
        return;
    default: /* HVC_OP_CONTROL_WRITE: no general register */
        return;
    }
}

void isa_run(isa_machine *machine, const hvc_insn *insn)
{
    machine->flow = HVC_OP_COUNT;
    machine->taken = 0;
    machine->write_count = 0;
    machine->writes_anywhere = false;
    for (unsigned i = 0; i < insn->op_count; i++)
        run(machine, &insn->ops[i]);
}
