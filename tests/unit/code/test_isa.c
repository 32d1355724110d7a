/* The descriptions of the instruction sets, instructions as text, and what isa.h promises of every
 * operation (through the fuzz target, on random bytes). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "isa_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void test_architectures(void **state)
{
    (void)state;
    assert_ptr_equal(hvc_isa_of(HVC_ARCH_X86), &hvc_isa_x86);
    assert_ptr_equal(hvc_isa_of(HVC_ARCH_X64), &hvc_isa_x64);
    assert_ptr_equal(hvc_isa_of(HVC_ARCH_ARM64), &hvc_isa_arm64);
    /* the code that is native to these is ARM64's */
    assert_ptr_equal(hvc_isa_of(HVC_ARCH_ARM64EC), &hvc_isa_arm64);
    assert_ptr_equal(hvc_isa_of(HVC_ARCH_ARM64X), &hvc_isa_arm64);
    assert_null(hvc_isa_of(HVC_ARCH_ARM));
    assert_null(hvc_isa_of(HVC_ARCH_UNKNOWN));
}

static void test_conventions(void **state)
{
    static const uint8_t x64_arguments[] = {1, 2, 8, 9};
    (void)state;
    assert_int_equal(hvc_isa_x64.argument_register_count, 4);
    assert_memory_equal(hvc_isa_x64.argument_registers, x64_arguments, 4);
    assert_int_equal(hvc_isa_x64.stack_argument_offset, 0x20);
    assert_int_equal(hvc_isa_x64.volatile_registers, 0x0f07);
    assert_int_equal(hvc_isa_x86.argument_register_count, 0);
    assert_int_equal(hvc_isa_x86.stack_argument_offset, 0);
    assert_int_equal(hvc_isa_x86.volatile_registers, 7);
    assert_int_equal(hvc_isa_arm64.argument_register_count, 8);
    assert_int_equal(hvc_isa_arm64.stack_argument_offset, 0);
    assert_int_equal(hvc_isa_arm64.volatile_registers, 0x4003ffff);
    assert_int_equal(hvc_isa_arm64.link_register, 30);
    assert_int_equal(hvc_isa_arm64.stack_pointer, 31);
}

typedef struct formatted {
    const char *bytes;
    const char *text;
} formatted;

static void check_format(const hvc_isa *isa, const formatted *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[16];
        size_t size = isa_bytes(wanted[i].bytes, bytes, sizeof(bytes));
        char text[64];
        hvc_isa_format(isa, (hvc_span){bytes, size}, 0x401000, text, sizeof(text));
        assert_string_equal(text, wanted[i].text);
    }
}

static void test_format_x64(void **state)
{
    static const formatted wanted[] = {
        {"b900020000", "mov ecx, 0x200"},
        {"488b0510000000", "mov rax, [0x401017]"},
        {"48ff1500100000", "call [0x402007]"},
        {"e8fbefffff", "call 0x400000"},
        {"4889442428", "mov [rsp+0x28], rax"},
        {"06", "(bad)"},
        {"", "(bad)"},
    };
    (void)state;
    check_format(&hvc_isa_x64, wanted, sizeof(wanted) / sizeof(wanted[0]));
}

static void test_format_x86(void **state)
{
    static const formatted wanted[] = {
        {"6800020000", "push 0x200"},
        {"ff1500504080", "call [0x80405000]"},
        {"8b4508", "mov eax, [ebp+0x8]"},
    };
    (void)state;
    check_format(&hvc_isa_x86, wanted, sizeof(wanted) / sizeof(wanted[0]));
}

static void test_format_arm64(void **state)
{
    static const formatted wanted[] = {
        {"00408052", "mov w0, #0x200"},
        {"e00313aa", "mov x0, x19"},
        {"fd030091", "mov x29, sp"},
        {"000000d0", "adrp x0, 0x403000"},
        {"80000010", "adr x0, 0x401010"},
        {"20400091", "add x0, x1, #0x10"},
        {"200c028b", "add x0, x1, x2, lsl #3"},
        {"1f140071", "cmp w0, #0x5"},
        {"20001732", "orr w0, w1, #0x200"},
        {"02cfcaf2", "movk x2, #0x5678, lsl #32"},
        {"200840b9", "ldr w0, [x1, #0x8]"},
        {"208c5ff8", "ldr x0, [x1, #-0x8]!"},
        {"208440f8", "ldr x0, [x1], #0x8"},
        {"207862f8", "ldr x0, [x1, x2, lsl #3]"},
        {"200480b9", "ldrsw x0, [x1, #0x4]"},
        {"00010058", "ldr x0, 0x401020"},
        {"fd7bbea9", "stp x29, x30, [sp, #-0x20]!"},
        {"fd7bc2a8", "ldp x29, x30, [sp], #0x20"},
        {"a0c31fb8", "stur w0, [x29, #-0x4]"},
        {"10000094", "bl 0x401040"},
        {"00013fd6", "blr x8"},
        {"c0035fd6", "ret"},
        {"48000054", "b.hi 0x401008"},
        {"400000b5", "cbnz x0, 0x401008"},
        {"400040b7", "tbnz x0, #40, 0x401008"},
        {"2000821a", "csel w0, w1, w2, eq"},
        {"e0079f1a", "cset w0, ne"},
        {"60003ed4", "brk #0xf003"},
        {"1f2003d5", "nop"},
        {"7f2303d5", "pacibsp"},
        {"2008c21a", ".inst 0x1ac20820"},
        {"0000c052", ".inst 0x52c00000"},
        {"0000", "(bad)"},
    };
    (void)state;
    check_format(&hvc_isa_arm64, wanted, sizeof(wanted) / sizeof(wanted[0]));
}

/* Text is cut at the buffer's size, wherever that is. */
static void test_format_cut(void **state)
{
    static const uint8_t call[] = {0xff, 0x15, 0, 0x10, 0, 0}, add[] = {0x20, 0x0c, 0x02, 0x8b};
    const char *whole = "call [0x402006]", *sum = "add x0, x1, x2, lsl #3";
    char text[64];
    (void)state;
    for (size_t size = 1; size < sizeof(text); size++) {
        hvc_isa_format(&hvc_isa_x64, (hvc_span){call, sizeof(call)}, 0x401000, text, size);
        assert_int_equal(strlen(text), strlen(whole) < size ? strlen(whole) : size - 1);
        assert_memory_equal(text, whole, strlen(text));
        hvc_isa_format(&hvc_isa_arm64, (hvc_span){add, sizeof(add)}, 0x401000, text, size);
        assert_int_equal(strlen(text), strlen(sum) < size ? strlen(sum) : size - 1);
        assert_memory_equal(text, sum, strlen(text));
    }
}

static void test_promises(void **state)
{
    uint64_t random = 0x2545f4914f6cdd1d;
    uint8_t bytes[512];
    (void)state;
    for (unsigned run = 0; run < 300; run++) {
        for (size_t i = 0; i < sizeof(bytes); i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            bytes[i] = (uint8_t)(random >> 24);
        }
        LLVMFuzzerTestOneInput(bytes, sizeof(bytes));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_architectures), cmocka_unit_test(test_conventions),
        cmocka_unit_test(test_format_x64),    cmocka_unit_test(test_format_x86),
        cmocka_unit_test(test_format_arm64),  cmocka_unit_test(test_format_cut),
        cmocka_unit_test(test_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
