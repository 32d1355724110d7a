/* Arithmetic and conditions on plain numbers. */
#include "code/value.h"

static int64_t sign_extend(uint64_t value, unsigned bits)
{
    if (bits == 0 || bits >= 64)
        return (int64_t)value;
    uint64_t sign = UINT64_C(1) << (bits - 1);
    value &= (sign << 1) - 1;
    return (int64_t)((value ^ sign) - sign);
}

uint64_t hvc_alu_compute(hvc_alu alu, uint64_t a, uint64_t b, uint8_t size)
{
    uint64_t mask = hvc_size_mask(size);
    unsigned bits = 8u * size;
    if (alu != HVC_ALU_SIGN_EXTEND && alu != HVC_ALU_ZERO_EXTEND)
        b &= mask;
    a &= mask;
    switch (alu) {
    case HVC_ALU_ADD:
        return (a + b) & mask;
    case HVC_ALU_SUB:
        return (a - b) & mask;
    case HVC_ALU_AND:
        return a & b;
    case HVC_ALU_OR:
        return a | b;
    case HVC_ALU_XOR:
        return a ^ b;
    case HVC_ALU_SHL:
        return b >= bits ? 0 : (a << b) & mask;
    case HVC_ALU_SHR:
        return b >= bits ? 0 : a >> b;
    case HVC_ALU_SAR:
        return (uint64_t)(sign_extend(a, bits) >> (b >= bits ? bits - 1 : b)) & mask;
    case HVC_ALU_ROR:
        b %= bits;
        return b == 0 ? a : (a >> b | a << (bits - b)) & mask;
    case HVC_ALU_MUL:
        return (a * b) & mask;
    case HVC_ALU_NOT:
        return ~a & mask;
    case HVC_ALU_NEG:
        return (0 - a) & mask;
    case HVC_ALU_SIGN_EXTEND:
        return (uint64_t)sign_extend(a, (unsigned)b) & mask;
    case HVC_ALU_ZERO_EXTEND:
        return b >= 64 ? a : a & ((UINT64_C(1) << b) - 1);
    case HVC_ALU_BYTE_SWAP: {
        uint64_t swapped = 0;
        for (unsigned i = 0; i < size; i++)
            swapped = swapped << 8 | (a >> (8 * i) & 0xFF);
        return swapped;
    }
    case HVC_ALU_COUNT:
        break;
    }
    return 0;
}

bool hvc_condition_holds(hvc_condition condition, bool test, uint64_t a, uint64_t b, uint8_t size,
                         bool *ret_known)
{
    uint64_t mask = hvc_size_mask(size);
    a &= mask;
    b &= mask;
    if (test) {
        a &= b;
        b = 0;
    }
    int64_t sa = sign_extend(a, 8u * size), sb = sign_extend(b, 8u * size);
    *ret_known = true;
    switch (condition) {
    case HVC_COND_EQ:
        return a == b;
    case HVC_COND_NE:
        return a != b;
    case HVC_COND_ULT:
        return a < b;
    case HVC_COND_ULE:
        return a <= b;
    case HVC_COND_UGT:
        return a > b;
    case HVC_COND_UGE:
        return a >= b;
    case HVC_COND_SLT:
        return sa < sb;
    case HVC_COND_SLE:
        return sa <= sb;
    case HVC_COND_SGT:
        return sa > sb;
    case HVC_COND_SGE:
        return sa >= sb;
    case HVC_COND_NEGATIVE:
        return sign_extend((a - b) & mask, 8u * size) < 0;
    case HVC_COND_NOT_NEGATIVE:
        return sign_extend((a - b) & mask, 8u * size) >= 0;
    default:
        *ret_known = false;
        return false;
    }
}
