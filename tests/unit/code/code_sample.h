/* What the tests of functions and references share: a small image whose code a test writes byte by
 * byte. */
#ifndef TESTS_UNIT_CODE_SAMPLE_H
#define TESTS_UNIT_CODE_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "code/functions.h"
#include "code/isa.h"
#include "code/xref.h"
#include "image_builder.h"

enum {
    TEXT = 0x1000, /* .text, filled with int3 (ARM64: zeros) */
    TEXT_SIZE = 0x2000,
    RDATA = 0x3000,
    DATA = 0x5000,
    MAX_RELOCS = 256,
};

typedef struct code_sample {
    image_builder builder;
    uint16_t machine;
    uint16_t relocs[MAX_RELOCS][2]; /* page number, entry */
    unsigned reloc_count;
    uint32_t told; /* bytes of exception data so far */
    uint8_t *bytes;
    size_t size;
    hvc_image *image;
    const hvc_isa *isa;
    hvc_arena arena;
    hvc_function_map map;
    hvc_xrefs xrefs;
} code_sample;

void code_init(code_sample *it, uint16_t machine);
void code_free(code_sample *it);

/* Bytes given as hexadecimal digits and blanks. Returns the RVA behind them. */
uint32_t code_put(code_sample *it, uint32_t rva, const char *hex);
/* Bytes as above and behind them the distance from its own end to target. */
uint32_t code_put_rel(code_sample *it, uint32_t rva, const char *hex, uint32_t target);
/* Bytes as above and behind them the address of target, with a relocation. */
uint32_t code_put_address(code_sample *it, uint32_t rva, const char *hex, uint32_t target);
/* A relocated pointer to target. */
void code_pointer(code_sample *it, uint32_t rva, uint32_t target);
/* Exception data: x64 (begin, end, unwind) and ARM64 (begin, unwind word). */
void code_told_x64(code_sample *it, uint32_t begin, uint32_t end, uint32_t unwind);
void code_told_arm64(code_sample *it, uint32_t begin, uint32_t unwind);

/* ARM64 instructions; each returns the RVA behind. */
uint32_t arm64_word(code_sample *it, uint32_t rva, uint32_t word);
uint32_t arm64_adrp(code_sample *it, uint32_t rva, unsigned d, uint32_t target);
uint32_t arm64_add(code_sample *it, uint32_t rva, unsigned d, unsigned n, uint32_t target);
/* A load or store whose scaled 12-bit offset is that of target in its page. */
uint32_t arm64_access(code_sample *it, uint32_t rva, uint32_t word, unsigned n, unsigned scale,
                      uint32_t target);
/* bl, b: word without its offset. */
uint32_t arm64_branch(code_sample *it, uint32_t rva, uint32_t word, uint32_t target);
/* b.cond, cbz, cbnz: word without its offset. */
uint32_t arm64_branch19(code_sample *it, uint32_t rva, uint32_t word, uint32_t target);

enum {
    ARM64_BL = (int)0x94000000,
    ARM64_B = 0x14000000,
    ARM64_CBZ = (int)0xb4000000, /* + register */
    ARM64_RET = (int)0xd65f03c0,
    ARM64_LDR = (int)0xf9400000, /* + register: 64 bits */
    ARM64_STR = (int)0xf9000000,
};

/* Lays the file out and opens it. */
void code_load(code_sample *it);
/* Builds the map. */
void code_map(code_sample *it);
/* Builds the map and all references. */
void code_xrefs(code_sample *it);

/* A function begins at begin and ends at end; its sources are exactly these. */
void expect_function(const code_sample *it, uint32_t begin, uint32_t end, unsigned sources);
void expect_group(const code_sample *it, uint32_t begin, uint32_t group);
void expect_no_function(const code_sample *it, uint32_t rva);
bool has_label(const code_sample *it, uint32_t rva);
/* What holds for every map. */
void expect_sound_map(const code_sample *it);

bool has_xref(const hvc_xrefs *xrefs, hvc_xref_kind kind, uint32_t from, uint32_t to);
/* How many references of this kind there are. */
size_t count_xrefs(const hvc_xrefs *xrefs, hvc_xref_kind kind);

#endif
