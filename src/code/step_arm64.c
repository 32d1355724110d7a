#include "code/arm64_words.h"
#include "code/step.h"

static void branch_or_system(uint32_t word, uint32_t rva, hvc_step *step)
{
    if (hvc_arm64_branch_target(word, rva, &step->target)) {
        if ((word & 0x7c000000) != 0x14000000)
            step->kind = HVC_STEP_BRANCH;
        else
            step->kind = word >> 31 ? HVC_STEP_CALL : HVC_STEP_JUMP;
    } else if ((word & 0xfe000000) == 0xd6000000) { /* br, blr, ret, eret and their signed forms */
        unsigned operation = word >> 21 & 7;
        if (operation == 0) {
            step->kind = HVC_STEP_JUMP_INDIRECT;
        } else if (operation != 1) {
            step->kind = HVC_STEP_END;
        } else {
            step->calls_register = true;
            step->called = word >> 5 & 31;
        }
    } else if ((word & 0xffe0001f) == 0xd4200000) { /* brk */
        step->kind = HVC_STEP_END;
        step->padding = true;
    } else if (word == 0xd503201f) { /* nop */
        step->padding = true;
    }
}

void hvc_step_arm64(hvc_span bytes, uint32_t rva, hvc_step *ret_step)
{
    *ret_step = (hvc_step){.kind = HVC_STEP_NEXT, .length = 4};
    if (bytes.size < 4) {
        ret_step->kind = HVC_STEP_INVALID;
        ret_step->length = (uint8_t)bytes.size;
        return;
    }
    uint32_t word = hvc_le32(bytes.data);
    unsigned group = word >> 25 & 15;
    if (word >> 16 == 0) { /* udf */
        ret_step->kind = HVC_STEP_END;
        ret_step->padding = word == 0;
    } else if (group == 0 || group == 1 || group == 3) {
        ret_step->kind = HVC_STEP_INVALID; /* not assigned, or of no use in a kernel (SME) */
    } else if ((group & 14) == 10) {
        branch_or_system(word, rva, ret_step);
    }
}

uint32_t hvc_step_over_arm64(hvc_span bytes)
{
    uint32_t at = 0;
    while (at + 4 <= bytes.size) {
        uint8_t top = bytes.data[at + 3];
        /* b, bl, b.cond, cbz, cbnz, tbz, tbnz, and what goes where a register says or traps */
        if ((top & 0x7c) == 0x14 || (top & 0x7c) == 0x34 || (top & 0xfc) == 0x54 || top == 0xd4 ||
            (top & 0xfe) == 0xd6)
            break;
        at += 4;
    }
    return at;
}
