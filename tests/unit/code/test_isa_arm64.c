/* What ARM64 instructions are lowered to. That the operations mean what a processor does is shown
 * by tests/tools/isa_emulate.c; here is that they are as precise as the analysis needs, class by
 * class. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "isa_text.h"

#define ADDRESS UINT64_C(0x401000)

typedef struct lowering {
    const char *bytes; /* in hexadecimal */
    const char *text;  /* in assembly language, for the reader */
    const char *operations;
} lowering;

static const lowering moves[] = {
    {"00408052", "mov w0, #512", "r0:4 = 0x200"},
    {"01008092", "mov x1, #-1", "r1:8 = 0xffffffffffffffff"},
    {"8246a2d2", "movz x2, #0x1234, lsl #16", "r2:8 = 0x12340000"},
    {"03008012", "movn w3, #0", "r3:4 = 0xffffffff"},
    {"02cfcaf2", "movk x2, #0x5678, lsl #32",
     "r2:8 = and r2, 0xffff0000ffffffff; r2:8 = or r2, 0x567800000000"},
    {"e00313aa", "mov x0, x19", "r0:8 = r19"},
    {"e003132a", "mov w0, w19", "r0:4 = r19"},
    {"fd030091", "mov x29, sp", "r29:8 = r31"},
    {"1f000091", "mov sp, x0", "r31:8 = r0"},
    {"e003212a", "mvn w0, w1", "r0:4 = not r1"},
};

static const lowering sums[] = {
    {"20400091", "add x0, x1, #0x10", "r0:8 = add r1, 0x10"},
    {"00044011", "add w0, w0, #1, lsl #12", "r0:4 = add r0, 0x1000"},
    {"2000028b", "add x0, x1, x2", "r0:8 = add r1, r2"},
    {"200c028b", "add x0, x1, x2, lsl #3", "t1:8 = shl r2, 0x3; r0:8 = add r1, t1"},
    {"e04b218b", "add x0, sp, w1, uxtw #2",
     "t1:8 = zero-extend r1, 0x20; t1:8 = shl t1, 0x2; r0:8 = add r31, t1"},
    {"20c0228b", "add x0, x1, w2, sxtw", "t1:8 = sign-extend r2, 0x20; r0:8 = add r1, t1"},
    {"ff0301d1", "sub sp, sp, #0x40", "r31:8 = sub r31, 0x40"},
    {"2000024b", "sub w0, w1, w2", "r0:4 = sub r1, r2"},
    {"e003014b", "neg w0, w1", "r0:4 = neg r1"},
};

static const lowering sum_flags[] = {
    {"20040031", "adds w0, w1, #1", "compare:4 r1, 0xffffffff; r0:4 = add r1, 0x1"},
    {"2000022b", "adds w0, w1, w2", "r0:4 = add r1, r2; result:4 r0"},
    {"200400f1", "subs x0, x1, #1", "compare:8 r1, 0x1; r0:8 = sub r1, 0x1"},
    {"1f140071", "cmp w0, #5", "compare:4 r0, 0x5"},
    {"1f0001eb", "cmp x0, x1", "compare:8 r0, r1"},
    {"1f0021eb", "cmp x0, w1, uxtb", "t1:8 = zero-extend r1, 0x8; compare:8 r0, t1"},
    {"1f040031", "cmn w0, #1", "compare:4 r0, 0xffffffff"},
    {"1f000031", "cmn w0, #0", "t0:4 = add r0, 0x0; result:4 t0"},
    {"1f00012b", "cmn w0, w1", "t0:4 = add r0, r1; result:4 t0"},
    {"2000029a", "adc x0, x1, x2", "escape:8 r1, r2; r0:8 = ?"},
    {"2000027a", "sbcs w0, w1, w2", "r0:4 = ?; flags"},
};

static const lowering logical[] = {
    {"201c0012", "and w0, w1, #0xff", "r0:4 = and r1, 0xff"},
    {"20001732", "orr w0, w1, #0x200", "r0:4 = or r1, 0x200"},
    {"e0030232", "orr w0, wzr, #0x40000000", "r0:4 = 0x40000000"},
    {"20cc04d2", "eor x0, x1, #0xf0f0f0f0f0f0f0f0", "r0:8 = xor r1, 0xf0f0f0f0f0f0f0f0"},
    {"1fec7c92", "and sp, x0, #0xfffffffffffffff0", "r31:8 = and r0, 0xfffffffffffffff0"},
    {"1f000072", "tst w0, #1", "result:4 r0, 0x1"},
    {"20040072", "ands w0, w1, #3", "r0:4 = and r1, 0x3; result:4 r0"},
    {"2000220a", "bic w0, w1, w2", "t0:4 = not r2; r0:4 = and r1, t0"},
    {"2000222a", "orn w0, w1, w2", "t0:4 = not r2; r0:4 = or r1, t0"},
    {"1f0001ea", "tst x0, x1", "result:8 r0, r1"},
};

static const lowering addresses[] = {
    {"80000010", "adr x0, #16", "r0:8 = 0x401010"},
    {"000000d0", "adrp x0, #8192", "r0:8 = 0x403000"},
};

static const lowering bitfields[] = {
    {"201c0053", "uxtb w0, w1", "r0:4 = and r1, 0xff"},
    {"203c0053", "uxth w0, w1", "r0:4 = and r1, 0xffff"},
    {"207c4093", "sxtw x0, w1", "r0:8 = sign-extend r1, 0x20"},
    {"201c0013", "sxtb w0, w1", "r0:4 = sign-extend r1, 0x8"},
    {"206c1c53", "lsl w0, w1, #4", "r0:4 = shl r1, 0x4"},
    {"20fc4cd3", "lsr x0, x1, #12", "r0:8 = shr r1, 0xc"},
    {"207c0313", "asr w0, w1, #3", "r0:4 = sar r1, 0x3"},
    {"202c0453", "ubfx w0, w1, #4, #8", "t0:4 = shr r1, 0x4; r0:4 = and t0, 0xff"},
    {"202c0413", "sbfx w0, w1, #4, #8", "t0:4 = shl r1, 0x14; r0:4 = sar t0, 0x18"},
    {"201c7cd3", "ubfiz x0, x1, #4, #8", "t0:8 = and r1, 0xff; r0:8 = shl t0, 0x4"},
    {"201c7c93", "sbfiz x0, x1, #4, #8", "t0:8 = shl r1, 0x38; r0:8 = sar t0, 0x34"},
    {"201c1c33", "bfi w0, w1, #4, #8",
     "t0:4 = and r1, 0xff; t0:4 = shl t0, 0x4; r0:4 = and r0, 0xfffff00f; r0:4 = or r0, t0"},
    {"202c0433", "bfxil w0, w1, #4, #8",
     "t0:4 = shr r1, 0x4; t0:4 = and t0, 0xff; r0:4 = and r0, 0xffffff00; r0:4 = or r0, t0"},
    {"20148113", "ror w0, w1, #5", "r0:4 = ror r1, 0x5"},
    {"2020c293", "extr x0, x1, x2, #8",
     "t0:8 = shr r2, 0x8; t1:8 = shl r1, 0x38; r0:8 = or t0, t1"},
};

static const lowering shifts[] = {
    {"2020c21a", "lsl w0, w1, w2", "t0:4 = and r2, 0x1f; r0:4 = shl r1, t0"},
    {"2028c29a", "asr x0, x1, x2", "t0:8 = and r2, 0x3f; r0:8 = sar r1, t0"},
    {"202cc21a", "ror w0, w1, w2", "r0:4 = ?"},
};

static const lowering conditional[] = {
    {"2000821a", "csel w0, w1, w2, eq", "r0:4 = eq ? r1 : r2"},
    {"e0079f1a", "cset w0, ne", "r0:4 = eq ? 0x0 : 0x1"},
    {"e0239fda", "csetm x0, lo", "r0:8 = uge ? 0x0 : 0xffffffffffffffff"},
    {"20a4821a", "csinc w0, w1, w2, ge", "t0:4 = add r2, 0x1; r0:4 = sge ? r1 : t0"},
    {"208082da", "csinv x0, x1, x2, hi", "t0:8 = not r2; r0:8 = ugt ? r1 : t0"},
    {"20b4825a", "csneg w0, w1, w2, lt", "t0:4 = neg r2; r0:4 = slt ? r1 : t0"},
    {"2014819a", "cinc x0, x1, eq", "t0:8 = add r1, 0x1; r0:8 = ne ? r1 : t0"},
    {"0018457a", "ccmp w0, #5, #0, ne", "flags"},
};

static const lowering products[] = {
    {"207c021b", "mul w0, w1, w2", "r0:4 = mul r1, r2"},
    {"200c029b", "madd x0, x1, x2, x3", "t0:8 = mul r1, r2; r0:8 = add r3, t0"},
    {"208c029b", "msub x0, x1, x2, x3", "t0:8 = mul r1, r2; r0:8 = sub r3, t0"},
    {"207c229b", "smull x0, w1, w2",
     "t0:8 = sign-extend r1, 0x20; t1:8 = sign-extend r2, 0x20; r0:8 = mul t0, t1"},
    {"200ca29b", "umaddl x0, w1, w2, x3",
     "t0:8 = zero-extend r1, 0x20; t1:8 = zero-extend r2, 0x20; t0:8 = mul t0, t1; "
     "r0:8 = add r3, t0"},
    {"207cc29b", "umulh x0, x1, x2", "r0:8 = ?"},
    {"2008c21a", "udiv w0, w1, w2", "r0:4 = ?"},
};

static const lowering reversals[] = {
    {"2008c05a", "rev w0, w1", "r0:4 = byte-swap r1"},
    {"200cc0da", "rev x0, x1", "r0:8 = byte-swap r1"},
    {"2004c05a", "rev16 w0, w1", "r0:4 = ?"},
    {"2010c05a", "clz w0, w1", "r0:4 = ?"},
};

static const lowering loads[] = {
    {"200040f9", "ldr x0, [x1]", "r0:8 = load8 [r1]"},
    {"200840b9", "ldr w0, [x1, #8]", "r0:4 = load4 [r1+0x8]"},
    {"208c5ff8", "ldr x0, [x1, #-8]!", "r0:8 = load8 [r1-0x8]; r1:8 = add r1, 0xfffffffffffffff8"},
    {"208440f8", "ldr x0, [x1], #8", "r0:8 = load8 [r1]; r1:8 = add r1, 0x8"},
    {"207862f8", "ldr x0, [x1, x2, lsl #3]", "r0:8 = load8 [r1+r2*8]"},
    {"20d862b8", "ldr w0, [x1, w2, sxtw #2]",
     "t1:8 = sign-extend r2, 0x20; r0:4 = load4 [r1+t1*4]"},
    {"00010058", "ldr x0, #32", "r0:8 = load8 [0x401020]"},
    {"00010098", "ldrsw x0, #32", "r0:8 = load4s [0x401020]"},
    {"20004039", "ldrb w0, [x1]", "r0:4 = load1 [r1]"},
    {"20008039", "ldrsb x0, [x1]", "r0:8 = load1s [r1]"},
    {"2000c039", "ldrsb w0, [x1]", "r0:4 = load1s [r1]"},
    {"20044079", "ldrh w0, [x1, #2]", "r0:4 = load2 [r1+0x2]"},
    {"200480b9", "ldrsw x0, [x1, #4]", "r0:8 = load4s [r1+0x4]"},
    {"3f0040f9", "ldr xzr, [x1]", ""},
};

static const lowering stores[] = {
    {"e00700f9", "str x0, [sp, #8]", "store8 [r31+0x8], r0"},
    {"1f0400b9", "str wzr, [x0, #4]", "store4 [r0+0x4], 0x0"},
    {"20040039", "strb w0, [x1, #1]", "store1 [r1+0x1], r0"},
    {"e00f1ff8", "str x0, [sp, #-16]!",
     "store8 [r31-0x10], r0; r31:8 = add r31, 0xfffffffffffffff0"},
    {"a0c31fb8", "stur w0, [x29, #-4]", "store4 [r29-0x4], r0"},
};

static const lowering pairs[] = {
    {"fd7bbea9", "stp x29, x30, [sp, #-32]!",
     "store8 [r31-0x20], r29; store8 [r31-0x18], r30; r31:8 = add r31, 0xffffffffffffffe0"},
    {"40040129", "stp w0, w1, [x2, #8]", "store4 [r2+0x8], r0; store4 [r2+0xc], r1"},
    {"fd7bc2a8", "ldp x29, x30, [sp], #32",
     "r29:8 = load8 [r31]; r30:8 = load8 [r31+0x8]; r31:8 = add r31, 0x20"},
    {"000440a9", "ldp x0, x1, [x0]", "r1:8 = load8 [r0+0x8]; r0:8 = load8 [r0]"},
    {"010040a9", "ldp x1, x0, [x0]", "r1:8 = load8 [r0]; r0:8 = load8 [r0+0x8]"},
    {"40044069", "ldpsw x0, x1, [x2]", "r0:8 = load4s [r2]; r1:8 = load4s [r2+0x4]"},
};

static const lowering vector_memory[] = {
    {"0004803d", "str q0, [x0, #16]", "store16 [r0+0x10], ?"},
    {"0000c03d", "ldr q0, [x0]", "escape16 [r0]"},
    {"e00701ad", "stp q0, q1, [sp, #32]", "store16 [r31+0x20], ?; store16 [r31+0x30], ?"},
    {"208400fc", "str d0, [x1], #8", "store8 [r1], ?; r1:8 = add r1, 0x8"},
    {"00a09f4c", "st1 {v0.16b, v1.16b}, [x0], #32", "store32 [r0], ?; r0:8 = add r0, 0x20"},
};

static const lowering atomics[] = {
    {"20fcdf88", "ldar w0, [x1]", "r0:4 = load4 [r1]"},
    {"20fc9fc8", "stlr x0, [x1]", "store8 [r1], r0"},
    {"207c5fc8", "ldxr x0, [x1]", "r0:8 = load8 [r1]"},
    {"207c02c8", "stxr w2, x0, [x1]", "escape8 [r1]; escape:8 r0; store8 [r1], ?; r2:8 = ?"},
    {"22fce0c8", "casal x0, x2, [x1]", "escape8 [r1]; escape:8 r2; store8 [r1], ?; r0:8 = ?"},
    {"2280e0b8", "swpal w0, w2, [x1]", "t0:4 = load4 [r1]; store4 [r1], r0; r2:8 = t0"},
    {"2200e0b8", "ldaddal w0, w2, [x1]", "escape:8 r0; store4 [r1], ?; r2:8 = ?"},
    {"3f0020b8", "stadd w0, [x1]", "escape:8 r0; store4 [r1], ?"},
};

static const lowering transfers[] = {
    {"10000014", "b #64", "jump 0x401040"},
    {"10000094", "bl #64", "call 0x401040"},
    {"f0ffff97", "bl #-64", "call 0x400fc0"},
    {"00021fd6", "br x16", "jump r16"},
    {"00013fd6", "blr x8", "call r8"},
    {"c0035fd6", "ret", "return 0"},
    {"20015fd6", "ret x9", "jump r9"},
    {"40000054", "b.eq #8", "eq -> 0x401008"},
    {"48000054", "b.hi #8", "ugt -> 0x401008"},
    {"46000054", "b.vs #8", "other -> 0x401008"},
    {"4e000054", "b.al", "jump 0x401008"},
    {"40000034", "cbz w0, #8", "zero:4 r0 -> 0x401008"},
    {"400000b5", "cbnz x0, #8", "not-zero:8 r0 -> 0x401008"},
    {"5f000034", "cbz wzr", "jump 0x401008"},
    {"40001836", "tbz w0, #3, #8", "bit-clear:8 r0, 0x3 -> 0x401008"},
    {"400040b7", "tbnz x0, #40, #8", "bit-set:8 r0, 0x28 -> 0x401008"},
};

static const lowering authentication[] = {
    {"7f2303d5", "pacibsp", "r30:8 = ?"}, {"ff2303d5", "autibsp", "r30:8 = ?"},
    {"ff0f5fd6", "retab", "return 0"},    {"01081fd7", "braa x0, x1", "jump r0"},
    {"1f083fd6", "blraaz x0", "call r0"},
};

static const lowering system[] = {
    {"210000d4", "svc #1", "t0:8 = ?; call t0"},
    {"60003ed4", "brk #0xf003", "trap 0xf003"},
    {"20003ed4", "brk #0xf001", ""},
    {"40003ed4", "brk #0xf002", "r0:8 = ?"},
    {"200040d4", "hlt #1", "trap 0x1"},
    {"00000000", "udf #0", "trap 0x0"},
    {"80d038d5", "mrs x0, tpidr_el1", "r0:8 = ?"},
    {"001018d5", "msr sctlr_el1, x0", ""},
    {"00421bd5", "msr nzcv, x0", "flags"},
    {"00423bd5", "mrs x0, nzcv", "r0:8 = ?"},
    {"000080f9", "prfm pldl1keep, [x0]", ""},
    {"20740bd5", "dc zva, x0", "memory anywhere"},
    {"207e0bd5", "dc civac, x0", ""},
    {"bf3b03d5", "dmb ish", ""},
    {"df3f03d5", "isb", ""},
    {"1f2003d5", "nop", ""},
    {"030000d4", "smc #0", "t0:8 = ?; call t0"},
    {"e0039fd6", "eret", "return 0"},
};

static const lowering vectors[] = {
    {"0000669e", "fmov x0, d0", "r0:8 = ?"},   {"0000679e", "fmov d0, x0", "escape:8 r0"},
    {"0000381e", "fcvtzs w0, s0", "r0:4 = ?"}, {"003c0c0e", "umov w0, v0.s[1]", "r0:8 = ?"},
    {"0020211e", "fcmp s0, s1", "flags"},      {"0000221e", "scvtf s0, w0", ""},
    {"2028621e", "fadd d0, d1, d2", ""},
};

static const lowering others[] = {
    {"201c20f8", "ldraa x0, [x1, #8]!", "escape0 [0x0]; r0:8 = ?; r1:8 = ?"},
    {"e343c1da", "xpaci x3", "escape:8 r3; r3:8 = ?"},
    {"2030c29a", "pacga x0, x1, x2", "escape:8 r1, r2; r0:8 = ?"},
    {"201420d9", "stg x0, [x1], #16", "r1:8 = add r1, 0x10"},
    {"218440f8", "ldr x1, [x1], #8 unpredictable", "r1:8 = ?"},
    {"0000c052", "movz w hw 2", "invalid"},
    {"00fc0012", "bitmask ones", "invalid"},
};

static void check(const hvc_isa *isa, const lowering *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[16];
        size_t size = isa_bytes(wanted[i].bytes, bytes, sizeof(bytes));
        hvc_insn insn;
        char text[512];
        isa->decode((hvc_span){bytes, size}, ADDRESS, &insn);
        isa_text(&insn, text, sizeof(text));
        if (strcmp(text, wanted[i].operations) != 0)
            fail_msg("%s (%s): %s\n  instead of %s", wanted[i].text, wanted[i].bytes, text,
                     wanted[i].operations);
        if (insn.valid)
            assert_int_equal(insn.length, size);
    }
}

static void test_moves(void **state)
{
    (void)state;
    check(&hvc_isa_arm64, moves, sizeof(moves) / sizeof(moves[0]));
}

static void test_sums(void **state)
{
    (void)state;
    check(&hvc_isa_arm64, sums, sizeof(sums) / sizeof(sums[0]));
}

static void test_sum_flags(void **state)
{
    (void)state;
    check(&hvc_isa_arm64, sum_flags, sizeof(sum_flags) / sizeof(sum_flags[0]));
}

static void test_logical(void **state)
{
    (void)state;
    check(&hvc_isa_arm64, logical, sizeof(logical) / sizeof(logical[0]));
}

static void test_addresses(void **state)
{
    (void)state;
    check(&hvc_isa_arm64, addresses, sizeof(addresses) / sizeof(addresses[0]));
}

static void test_bitfields(void **state)
{
    (void)state;
    check(&hvc_isa_arm64, bitfields, sizeof(bitfields) / sizeof(bitfields[0]));
}

static void test_shifts(void **state)
{
    (void)state;
    check(&hvc_isa_arm64, shifts, sizeof(shifts) / sizeof(shifts[0]));
}

static void test_conditional(void **state)
{
    (void)state;
    check(&hvc_isa_arm64, conditional, sizeof(conditional) / sizeof(conditional[0]));
}

static void test_products(void **state)
{
    (void)state;
    check(&hvc_isa_arm64, products, sizeof(products) / sizeof(products[0]));
}

static void test_reversals(void **state)
{
    (void)state;
    check(&hvc_isa_arm64, reversals, sizeof(reversals) / sizeof(reversals[0]));
}

static void test_loads(void **state)
{
    (void)state;
    check(&hvc_isa_arm64, loads, sizeof(loads) / sizeof(loads[0]));
}

static void test_stores(void **state)
{
    (void)state;
    check(&hvc_isa_arm64, stores, sizeof(stores) / sizeof(stores[0]));
}

static void test_pairs(void **state)
{
    (void)state;
    check(&hvc_isa_arm64, pairs, sizeof(pairs) / sizeof(pairs[0]));
}

static void test_vector_memory(void **state)
{
    (void)state;
    check(&hvc_isa_arm64, vector_memory, sizeof(vector_memory) / sizeof(vector_memory[0]));
}

static void test_atomics(void **state)
{
    (void)state;
    check(&hvc_isa_arm64, atomics, sizeof(atomics) / sizeof(atomics[0]));
}

static void test_transfers(void **state)
{
    (void)state;
    check(&hvc_isa_arm64, transfers, sizeof(transfers) / sizeof(transfers[0]));
}

static void test_authentication(void **state)
{
    (void)state;
    check(&hvc_isa_arm64, authentication, sizeof(authentication) / sizeof(authentication[0]));
}

static void test_system(void **state)
{
    (void)state;
    check(&hvc_isa_arm64, system, sizeof(system) / sizeof(system[0]));
}

static void test_vectors(void **state)
{
    (void)state;
    check(&hvc_isa_arm64, vectors, sizeof(vectors) / sizeof(vectors[0]));
}

static void test_others(void **state)
{
    (void)state;
    check(&hvc_isa_arm64, others, sizeof(others) / sizeof(others[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moves),          cmocka_unit_test(test_sums),
        cmocka_unit_test(test_sum_flags),      cmocka_unit_test(test_logical),
        cmocka_unit_test(test_addresses),      cmocka_unit_test(test_bitfields),
        cmocka_unit_test(test_shifts),         cmocka_unit_test(test_conditional),
        cmocka_unit_test(test_products),       cmocka_unit_test(test_reversals),
        cmocka_unit_test(test_loads),          cmocka_unit_test(test_stores),
        cmocka_unit_test(test_pairs),          cmocka_unit_test(test_vector_memory),
        cmocka_unit_test(test_atomics),        cmocka_unit_test(test_transfers),
        cmocka_unit_test(test_authentication), cmocka_unit_test(test_system),
        cmocka_unit_test(test_vectors),        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
