/* What instructions are lowered to, for other programs to compare with other disassemblers.
 *
 * isa_dump x86|x64|arm64 ADDRESS FILE [OFFSET SIZE]
 * Decodes SIZE bytes of FILE from OFFSET on as code at ADDRESS, without a gap: an invalid
 * instruction takes one byte (x86, x64) or four (ARM64). Prints a line for each: address, length,
 * whether it is valid, the mask of general registers that are written, and a word of letters for
 * the rest: f flags, m memory, c call, j jump, b branch, r return, t trap, - none. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "code/isa.h"

static char letter(const hvc_op *op)
{
    switch (op->kind) {
    case HVC_OP_COMPARE:
    case HVC_OP_TEST:
    case HVC_OP_RESULT:
    case HVC_OP_CLOBBER_FLAGS:
        return 'f';
    case HVC_OP_STORE:
    case HVC_OP_CLOBBER_MEMORY:
        return 'm';
    case HVC_OP_CALL:
        return 'c';
    case HVC_OP_JUMP:
        return 'j';
    case HVC_OP_BRANCH:
        return 'b';
    case HVC_OP_RETURN:
        return 'r';
    case HVC_OP_TRAP:
        return 't';
    default:
        return '-';
    }
}

static void dump(const hvc_isa *isa, hvc_span code, uint64_t address)
{
    size_t at = 0;
    while (at < code.size) {
        hvc_insn insn;
        char letters[HVC_MAX_OPS + 1] = "";
        uint32_t registers = 0;
        isa->decode((hvc_span){code.data + at, code.size - at}, address + at, &insn);
        for (unsigned i = 0; i < insn.op_count; i++) {
            char c = letter(&insn.ops[i]);
            if (insn.ops[i].dst < HVC_REG_MACHINE)
                registers |= UINT32_C(1) << insn.ops[i].dst;
            size_t length = strlen(letters);
            if (c != '-' && strchr(letters, c) == NULL)
                letters[length] = c;
        }
        printf("%" PRIx64 " %u %d %" PRIx32 " %s\n", insn.address, insn.length, insn.valid,
               registers, letters[0] == '\0' ? "-" : letters);
        at += insn.length;
    }
}

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 6)
        return 2;
    const hvc_isa *isa = strcmp(argv[1], "x86") == 0     ? &hvc_isa_x86
                         : strcmp(argv[1], "x64") == 0   ? &hvc_isa_x64
                         : strcmp(argv[1], "arm64") == 0 ? &hvc_isa_arm64
                                                         : NULL;
    FILE *file = fopen(argv[3], "rb");
    if (isa == NULL || file == NULL || fseek(file, 0, SEEK_END) != 0)
        return 2;
    long whole = ftell(file);
    long offset = argc == 6 ? strtol(argv[4], NULL, 0) : 0;
    long size = argc == 6 ? strtol(argv[5], NULL, 0) : whole;
    if (offset < 0 || offset > whole || size < 0 || size > whole - offset ||
        fseek(file, offset, SEEK_SET) != 0)
        return 2;
    uint8_t *bytes = malloc((size_t)size + 1);
    if (bytes == NULL || fread(bytes, 1, (size_t)size, file) != (size_t)size)
        return 3;
    fclose(file);
    dump(isa, (hvc_span){bytes, (size_t)size}, strtoull(argv[2], NULL, 0));
    free(bytes);
    return 0;
}
