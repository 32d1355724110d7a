/* @title   the ways in which compilers and assembler make an argument
 * @calls
 * @tool    lld mingw
 * @opt     O0 O1 O2 Os
 * @libs    ntoskrnl-calls
 */
#include "calls.h"

FIXTURE

#define ALLOC(type) ExAllocatePoolWithTag(type, 24, TAG)
#define UNKNOWN     ((ULONG)sink)
#define POOL(function, values, judgement, ...)                                                     \
    CALL_EXPECT(function, "ExAllocatePoolWithTag", values, judgement, "iat", ALLOC(__VA_ARGS__))

/* What the compiler selects. */
POOL(select_mixed, "0, 0x200", "possible", UNKNOWN ? NonPagedPool : NonPagedPoolNx)
POOL(select_other, "0, 0x200", "possible", UNKNOWN ? NonPagedPoolNx : NonPagedPool)
POOL(select_good, "1, 0x200", "ok", UNKNOWN == 3 ? PagedPool : NonPagedPoolNx)
POOL(select_bad, "0, 4", "violation", UNKNOWN > 3 ? NonPagedPool : 4)
POOL(select_bits, "0x200, 0x600", "ok", NonPagedPoolNx | (UNKNOWN ? POOL_ZERO_ALLOCATION : 0))
POOL(select_sum, "0x200, 0x201", "ok", NonPagedPoolNx + (UNKNOWN != 0))
POOL(select_paged, "0, 1", "possible", UNKNOWN != 7)
POOL(select_three, "0, 1, 0x200", "possible",
     UNKNOWN == 1   ? NonPagedPool
     : UNKNOWN == 2 ? PagedPool
                    : NonPagedPoolNx)
POOL(select_signed, "0x200, 0x400", "possible", (LONG)UNKNOWN < 0 ? 0x200 : 0x400)
CALL_EXPECT(select_flags, "ExAllocatePool2", "0x40, 0x100", "ok", "iat",
            ExAllocatePool2(UNKNOWN ? POOL_FLAG_NON_PAGED : POOL_FLAG_PAGED, 24, TAG))
CALL_EXPECT(select_flags_bad, "ExAllocatePool2", "0x40, 0x80", "possible", "iat",
            ExAllocatePool2(UNKNOWN ? POOL_FLAG_NON_PAGED : POOL_FLAG_NON_PAGED_EXECUTE, 24, TAG))
CALL_EXPECT(select_protection, "MmProtectMdlSystemAddress", "4, 0x40", "possible", "iat",
            MmProtectMdlSystemAddress(0, UNKNOWN ? PAGE_READWRITE : PAGE_EXECUTE_READWRITE))
CALL_EXPECT(select_priority, "MmMapLockedPagesSpecifyCache", "0x10, 0x40000010", "possible", "iat",
            MmMapLockedPagesSpecifyCache(0, 0, 1, 0, 1,
                                         NormalPagePriority | (UNKNOWN ? MdlMappingNoExecute : 0)))
CALL_EXPECT(select_priority_good, "MmMapLockedPagesSpecifyCache", "0x40000010, 0x40000020", "ok",
            "iat",
            MmMapLockedPagesSpecifyCache(0, 0, 1, 0, 1,
                                         (UNKNOWN ? NormalPagePriority : HighPagePriority) |
                                             MdlMappingNoExecute))

/* Bits decide even where the value is not known. */
POOL(bit_set, "open *", "ok", UNKNOWN | 0x200)
POOL(bit_paged, "open *", "ok", UNKNOWN | 1)
POOL(bits_clear, "open *", "violation|undetermined", UNKNOWN & ~0x201u)
POOL(bits_free, "open *", "undetermined", UNKNOWN & ~0x200u)
POOL(bits_all, "open *", "undetermined", UNKNOWN)
POOL(bit_masked, "0, 0x200 or open", "possible|undetermined", UNKNOWN & 0x200)
POOL(bits_shifted, "0, 0x200 or open", "possible|undetermined", (UNKNOWN & 1) << 9)
CALL_EXPECT(bits_protection, "MmProtectMdlSystemAddress", "open *", "ok", "iat",
            MmProtectMdlSystemAddress(0, UNKNOWN & 0xf0f))
CALL_EXPECT(bits_priority, "MmMapLockedPagesSpecifyCache", "open *", "ok", "iat",
            MmMapLockedPagesSpecifyCache(0, 0, 1, 0, 1, UNKNOWN | MdlMappingNoExecute))

/* What branches prove. */
EXPECT(fact_equal, "ExAllocatePoolWithTag", "5", "ok", "iat")
ROOT(fact_equal)
{
    ULONG type = UNKNOWN;
    if (type == 5)
        KEEP(ALLOC(type));
}

EXPECT(fact_equal_bad, "ExAllocatePoolWithTag", "4", "violation", "iat")
ROOT(fact_equal_bad)
{
    ULONG type = UNKNOWN;
    if (type != 4)
        return;
    KEEP(ALLOC(type));
}

EXPECT(fact_zero, "ExAllocatePoolWithTag", "0", "violation", "iat")
ROOT(fact_zero)
{
    ULONG type = UNKNOWN;
    if (!type)
        KEEP(ALLOC(type));
}

EXPECT(fact_not_zero, "ExAllocatePoolWithTag", "open *", "undetermined", "iat")
ROOT(fact_not_zero)
{
    ULONG type = UNKNOWN;
    if (type)
        KEEP(ALLOC(type));
}

EXPECT(fact_two, "ExAllocatePoolWithTag", "0, 0x200 or open", "possible|undetermined", "iat")
ROOT(fact_two)
{
    ULONG type = UNKNOWN;
    if (type == 0 || type == 0x200)
        KEEP(ALLOC(type));
}

/* The fact is about another value than the one that is passed. */
EXPECT(fact_other, "ExAllocatePoolWithTag", "open *", "undetermined", "iat")
ROOT(fact_other)
{
    ULONG type = UNKNOWN;
    if (UNKNOWN == 0x200)
        KEEP(ALLOC(type));
}

/* A narrower comparison proves nothing of the upper bits. */
EXPECT(fact_narrow, "ExAllocatePoolWithTag", "open *", "undetermined", "iat")
ROOT(fact_narrow)
{
    ULONG type = UNKNOWN;
    if ((UCHAR)type == 5)
        KEEP(ALLOC(type & ~1u));
}

EXPECT(switch_types, "ExAllocatePoolWithTag", "0, 1, 0x200, 0x204", "possible", "iat")
ROOT(switch_types)
{
    ULONG type;
    switch (UNKNOWN) {
    case 1:
        type = PagedPool;
        break;
    case 2:
        type = NonPagedPoolNx;
        break;
    case 9:
        type = 0x204;
        break;
    default:
        type = NonPagedPool;
    }
    KEEP(ALLOC(type));
}

EXPECT(switch_dense, "ExAllocatePoolWithTag", "1, 3, 5, 0x200, 0x201, 0x203, 0x205", "ok", "iat")
ROOT(switch_dense)
{
    ULONG type = 0x201;
    switch (UNKNOWN) {
    case 0:
        type = 1;
        KEEP(7);
        break;
    case 1:
        type = 0x200;
        KEEP(8);
        break;
    case 2:
        type = 5;
        KEEP(9);
        break;
    case 3:
        type = 3;
        KEEP(6);
        break;
    case 4:
        type = 0x203;
        KEEP(5);
        break;
    case 5:
        type = 0x205;
        KEEP(4);
        break;
    }
    KEEP(ALLOC(type));
}

EXPECT(switch_case, "ExAllocatePoolWithTag", "0x200", "ok", "iat")
ROOT(switch_case)
{
    ULONG type = UNKNOWN;
    switch (type) {
    case 0x200:
        KEEP(ALLOC(type));
        break;
    case 7:
        KEEP(7);
        break;
    case 11:
        KEEP(8);
        break;
    }
}

/* Joins and loops. */
EXPECT(join, "ExAllocatePoolWithTag", "0x200, 0x201", "ok", "iat")
ROOT(join)
{
    ULONG type = NonPagedPoolNx;
    if (UNKNOWN > 5) {
        KEEP(3);
        type = 0x201;
    }
    KEEP(4);
    KEEP(ALLOC(type));
}

EXPECT(loop_same, "ExAllocatePoolWithTag", "0x200", "ok", "iat")
ROOT(loop_same)
{
    ULONG type = NonPagedPoolNx;
    while (UNKNOWN)
        KEEP(ALLOC(type));
}

EXPECT(loop_changes, "ExAllocatePoolWithTag", "0, 0x200", "possible", "iat")
ROOT(loop_changes)
{
    ULONG type = NonPagedPoolNx;
    while (UNKNOWN) {
        KEEP(ALLOC(type));
        type = NonPagedPool;
    }
}

EXPECT(loop_retry, "ExAllocatePoolWithTag", "1, 0x200", "ok", "iat")
ROOT(loop_retry)
{
    ULONG type = PagedPool;
    ULONG_PTR memory;
    while ((memory = (ULONG_PTR)ALLOC(type)) == 0 && UNKNOWN)
        type = NonPagedPoolNx;
    KEEP(memory);
}

/* A value that is counted up takes too many numbers to list. */
EXPECT(loop_counts, "ExAllocatePoolWithTag", "open *", "undetermined", "iat")
ROOT(loop_counts)
{
    for (ULONG type = 0; type < UNKNOWN; type++)
        KEEP(ALLOC(type));
}

/* Values that outlive calls. */
EXPECT(across_calls, "ExAllocatePoolWithTag", "0, 0x200", "possible", "iat")
ROOT(across_calls)
{
    ULONG type = UNKNOWN ? NonPagedPool : NonPagedPoolNx;
    KEEP(KeGetCurrentProcessorNumberEx(0));
    KEEP(KeGetCurrentProcessorNumberEx(0));
    KEEP(ALLOC(type));
}

EXPECT(call_in_arguments, "ExAllocatePoolWithTag", "0x200", "ok", "iat")
ROOT(call_in_arguments)
{
    KEEP(ExAllocatePoolWithTag(NonPagedPoolNx, KeGetCurrentProcessorNumberEx(0), TAG));
}

EXPECT(calls_nested, "ExAllocatePoolWithTag", "0, 0x200", "possible", "iat sites=2")
ROOT(calls_nested)
{
    KEEP(ExAllocatePoolWithTag(NonPagedPool, (SIZE_T)ALLOC(NonPagedPoolNx), TAG));
}

EXPECT(many_live, "ExAllocatePoolWithTag", "0x200, 0x400", "possible", "iat")
ROOT(many_live)
{
    ULONG a = UNKNOWN, b = UNKNOWN, c = UNKNOWN, d = UNKNOWN, e = UNKNOWN, f = UNKNOWN;
    ULONG type = UNKNOWN ? 0x200 : 0x400, g = UNKNOWN, h = UNKNOWN;
    KEEP(KeGetCurrentProcessorNumberEx(0));
    KEEP(ExAllocatePoolWithTag(type, a + b * c + d * e + f * g + h, TAG));
    KEEP(a ^ b ^ c ^ d ^ e ^ f ^ g ^ h);
}

/* Locals in memory. */
typedef struct REQUEST {
    ULONG Size, Type, Tag;
} REQUEST;

EXPECT(local_field, "ExAllocatePoolWithTag", "0x200", "ok", "iat")
ROOT(local_field)
{
    volatile REQUEST request;
    request.Size = 32;
    request.Type = NonPagedPoolNx;
    request.Tag = TAG;
    KEEP(ExAllocatePoolWithTag(request.Type, request.Size, request.Tag));
}

EXPECT(local_field_bad, "ExAllocatePoolWithTag", "0", "violation", "iat")
ROOT(local_field_bad)
{
    volatile REQUEST request = {32, NonPagedPoolNx, TAG};
    KEEP(request.Tag);
    request.Type = NonPagedPool;
    KEEP(ExAllocatePoolWithTag(request.Type, request.Size, request.Tag));
}

EXPECT(local_pointer, "ExAllocatePoolWithTag", "0x200", "ok", "iat")
ROOT(local_pointer)
{
    volatile ULONG type = NonPagedPool;
    volatile ULONG *pointer = &type;
    *pointer = NonPagedPoolNx;
    KEEP(ALLOC(type));
}

/* One byte of it is written. */
EXPECT(local_part, "ExAllocatePoolWithTag", "0x204", "ok", "iat")
ROOT(local_part)
{
    volatile ULONG type = 0x201;
    *(volatile UCHAR *)&type = 4;
    KEEP(ALLOC(type));
}

EXPECT(local_part_bad, "ExAllocatePoolWithTag", "4", "violation", "iat")
ROOT(local_part_bad)
{
    volatile ULONG type = 0x204;
    ((volatile UCHAR *)&type)[1] = 0;
    KEEP(ALLOC(type));
}

/* Written at an index that is not known: any of them may be the one. */
EXPECT(local_index, "ExAllocatePoolWithTag", "open *", "undetermined|possible", "iat")
ROOT(local_index)
{
    volatile ULONG types[4] = {0x200, 0x200, 0x200, 0x200};
    types[UNKNOWN] = UNKNOWN;
    KEEP(ALLOC(types[2]));
}

/* Its address is known to a function that writes elsewhere, and to one that may write it. */
EXPECT(local_beside, "ExAllocatePoolWithTag", "0x200", "ok", "iat")
ROOT(local_beside)
{
    volatile ULONG type = NonPagedPoolNx;
    ULONG major = 0, minor = 0;
    PsGetVersion(&major, &minor, 0, 0);
    KEEP(major + minor);
    KEEP(ALLOC(type));
}

EXPECT(local_escapes, "ExAllocatePoolWithTag", "open *", "undetermined|possible", "iat")
ROOT(local_escapes)
{
    ULONG type = NonPagedPoolNx;
    ((void (*)(ULONG *))sink)(&type);
    KEEP(ALLOC(type));
}

EXPECT(local_escaped_before, "ExAllocatePoolWithTag", "open *", "undetermined|possible", "iat")
ROOT(local_escaped_before)
{
    ULONG type = NonPagedPoolNx;
    sink = (ULONG_PTR)&type;
    ((void (*)(void))sink)();
    KEEP(ALLOC(type));
}

/* By the version of Windows: memory integrity exists from Windows 10 on. */
EXPECT(version_rtl, "ExAllocatePoolWithTag", "0x200", "ok", "iat")
ROOT(version_rtl)
{
    OSVERSIONINFOW version;
    ULONG type = NonPagedPool;
    version.Size = sizeof(version);
    RtlGetVersion(&version);
    if (version.Major > 6 || (version.Major == 6 && version.Minor >= 2))
        type = NonPagedPoolNx;
    KEEP(ALLOC(type));
}

EXPECT(version_ps, "ExAllocatePoolWithTag", "0x200", "ok", "iat")
ROOT(version_ps)
{
    ULONG major = 0, minor = 0;
    PsGetVersion(&major, &minor, 0, 0);
    KEEP(ALLOC(major > 6 ? NonPagedPoolNx : NonPagedPool));
}

EXPECT(version_ntddi, "ExAllocatePoolWithTag", "0x200", "ok", "iat")
ROOT(version_ntddi)
{
    KEEP(ALLOC(RtlIsNtDdiVersionAvailable(0x06020000) ? NonPagedPoolNx : NonPagedPool));
}

EXPECT(version_build, "ExAllocatePoolWithTag", "0, 0x200", "possible", "iat")
ROOT(version_build)
{
    OSVERSIONINFOW version;
    version.Size = sizeof(version);
    RtlGetVersion(&version);
    KEEP(ALLOC(version.Build > 19041 ? NonPagedPoolNx : NonPagedPool));
}

/* Instructions that a compiler may or may not pick. */
#define MADE(function, values, judgement, inputs, ...)                                             \
    EXPECT(function, "ExAllocatePoolWithTag", values, judgement, "iat")                            \
    ROOT(function)                                                                                 \
    {                                                                                              \
        ULONG type;                                                                                \
        __asm__ volatile(__VA_ARGS__ inputs);                                                      \
        KEEP(ALLOC(type));                                                                         \
    }
#define NOTHING : "=&r"(type) :
#define GIVEN   : "=&r"(type) : "r"(UNKNOWN)
#define BOTH    : "=&r"(type) : "r"(UNKNOWN), "r"(4)
#define CLOCK   : "=&a"(type) : : "edx"
#define BYTE    : "=&Q"(type) :
#define FLAG    : "=&Q"(type) : "r"(UNKNOWN)

#if defined(__x86_64__)
#define WIDE "q"
#else
#define WIDE
#endif

#if defined(__i386__) || defined(__x86_64__)
MADE(asm_xor, "0", "violation", NOTHING, "xorl %0, %0")
MADE(asm_sub, "0", "violation", NOTHING, "subl %0, %0")
MADE(asm_lea, "0x200", "ok", NOTHING, "xorl %0, %0\n\tleal 0x200(%" WIDE "0), %0")
MADE(asm_lea_bad, "2", "violation", NOTHING, "movl $1, %0\n\tleal 1(%" WIDE "0), %0")
MADE(asm_bts, "0x204", "ok", NOTHING, "movl $4, %0\n\tbtsl $9, %0")
MADE(asm_btr, "4", "violation", NOTHING, "movl $0x204, %0\n\tbtrl $9, %0")
MADE(asm_or_minus, "0xffffffff", "ok", NOTHING, "orl $-1, %0")
MADE(asm_and_zero, "0", "violation", NOTHING, "andl $0, %0")
MADE(asm_inc, "0x201", "ok", NOTHING, "movl $0x200, %0\n\tincl %0")
MADE(asm_dec_bad, "4", "violation", NOTHING, "movl $5, %0\n\tdecl %0")
MADE(asm_shl, "0x200", "ok", NOTHING, "movl $1, %0\n\tshll $9, %0")
MADE(asm_shr_bad, "4", "violation", NOTHING, "movl $0x200, %0\n\tshrl $7, %0")
MADE(asm_not, "0xfffffdff", "ok", NOTHING, "movl $0x200, %0\n\tnotl %0")
MADE(asm_neg_bad, "4", "violation", NOTHING, "movl $-4, %0\n\tnegl %0")
MADE(asm_imul, "0x200", "ok", NOTHING, "movl $0x80, %0\n\timull $4, %0, %0")
MADE(asm_sbb, "0, 0x200", "possible", GIVEN, "cmpl $1, %1\n\tsbbl %0, %0\n\tandl $0x200, %0")
MADE(asm_sbb_sum, "0x200, 0x201", "ok", GIVEN, "cmpl $1, %1\n\tsbbl %0, %0\n\taddl $0x201, %0")
MADE(asm_neg_sbb, "0, 0x200", "possible", GIVEN,
     "movl %1, %0\n\tnegl %0\n\tsbbl %0, %0\n\tandl $0x200, %0")
MADE(asm_set, "0, 0x200", "possible", FLAG,
     "xorl %0, %0\n\ttestl %1, %1\n\tsetne %b0\n\tshll $9, %0")
MADE(asm_set_wide, "0, 0x200", "possible", FLAG,
     "testl %1, %1\n\tsetne %b0\n\tmovzbl %b0, %0\n\tshll $9, %0")
MADE(asm_set_added, "0x200, 0x201", "ok", FLAG,
     "testl %1, %1\n\tsetne %b0\n\tmovzbl %b0, %0\n\taddl $0x200, %0")
MADE(asm_set_paged, "0x200, 0x201", "ok", FLAG, "movl $0x200, %0\n\ttestl %1, %1\n\tsetne %b0")
MADE(asm_cmov, "4, 0x200", "possible", BOTH, "movl $0x200, %0\n\ttestl %1, %1\n\tcmovzl %2, %0")
MADE(asm_byte, "0x204", "ok", BYTE, "movl $0x201, %0\n\tmovb $4, %b0")
MADE(asm_byte_bad, "4", "violation", BYTE, "movl $0x204, %0\n\tmovb $0, %h0")
MADE(asm_byte_high, "0x200", "ok", BYTE, "xorl %0, %0\n\tmovb $2, %h0")
MADE(asm_word_bad, "0x10004", "violation", BYTE, "movl $0x10200, %0\n\tmovw $4, %w0")
MADE(asm_byte_shift, "4", "violation", BYTE, "movl $1, %0\n\tshlb $2, %b0")
MADE(asm_byte_xor, "0x200", "ok", BYTE, "movl $0x20f, %0\n\txorb %b0, %b0")
MADE(asm_zero_extend, "1", "ok", BYTE, "movl $0x201, %0\n\tmovzbl %b0, %0")
MADE(asm_sign_extend_bad, "4", "violation", BYTE, "movl $0x204, %0\n\tmovsbl %b0, %0")
MADE(asm_sign_extend, "0xffffff80", "ok", BYTE, "movl $0x280, %0\n\tmovsbl %b0, %0")
#if defined(__x86_64__)
MADE(asm_push_pop, "0x200", "ok", NOTHING, "pushq $0x200\n\tpopq %q0")
MADE(asm_push_pop_bad, "4", "violation", NOTHING, "pushq $4\n\tpopq %q0")
MADE(asm_upper, "4", "violation", NOTHING, "movabsq $0x20000000004, %q0\n\tmovl %k0, %k0")
MADE(asm_upper_shift, "0x200 or open", "ok|undetermined", NOTHING,
     "movabsq $0x20000000000, %q0\n\tshrq $32, %q0")
#else
MADE(asm_push_pop, "0x200", "ok", NOTHING, "pushl $0x200\n\tpopl %0")
MADE(asm_push_pop_bad, "4", "violation", NOTHING, "pushl $4\n\tpopl %0")
#endif
MADE(asm_difference, "0, 0x200", "possible", GIVEN,
     "movl %1, %0\n\tsubl $7, %0\n\tje 1f\n\tmovl $0x200, %0\n1:")
MADE(asm_difference_good, "1, 0x200", "ok", GIVEN,
     "movl %1, %0\n\tsubl $7, %0\n\tjne 1f\n\tincl %0\n\tjmp 2f\n1:\tmovl $0x200, %0\n2:")
MADE(asm_difference_not, "open *", "undetermined", GIVEN,
     "movl %1, %0\n\tsubl $7, %0\n\tjne 1f\n\tmovl %1, %0\n1:")
MADE(asm_copy_tested, "1, 0x200", "ok", GIVEN,
     "movl %1, %0\n\ttestl %1, %1\n\tjne 1f\n\tincl %0\n\tjmp 2f\n1:\tmovl $0x200, %0\n2:")
MADE(asm_tested_copy, "0, 0x200", "possible", GIVEN,
     "testl %1, %1\n\tmovl %1, %0\n\tje 1f\n\tmovl $0x200, %0\n1:")
MADE(asm_tested_changed, "4, 0xffffffff or open", "undetermined|possible", GIVEN,
     "testl %1, %1\n\tmovl %1, %0\n\tnotl %0\n\tje 1f\n\tmovl $4, %0\n1:")
MADE(asm_clock, "open *", "undetermined", CLOCK, "movl $0x200, %0\n\trdtsc")
MADE(asm_rol, "0x200 or open", "ok|undetermined", NOTHING, "movl $0x80000000, %0\n\troll $10, %0")
MADE(asm_bswap, "0x200 or open", "ok|undetermined", NOTHING, "movl $0x20000, %0\n\tbswap %0")
#else
MADE(asm_movz, "0x200", "ok", NOTHING, "movz %w0, #0x200")
MADE(asm_movz_zero, "0", "violation", NOTHING, "mov %w0, wzr")
MADE(asm_movk, "0x40000004", "violation", NOTHING, "movz %w0, #4\n\tmovk %w0, #0x4000, lsl #16")
MADE(asm_movk_low, "0x10200", "ok", NOTHING, "movz %w0, #1, lsl #16\n\tmovk %w0, #0x200")
MADE(asm_movn, "0xfffffdff", "ok", NOTHING, "movn %w0, #0x200")
MADE(asm_orr, "0x200", "ok", NOTHING, "orr %w0, wzr, #0x200")
MADE(asm_orr_shift, "0x204", "ok", NOTHING, "movz %w0, #4\n\torr %w0, %w0, %w0, lsl #7")
MADE(asm_eor, "0", "violation", NOTHING, "movz %w0, #9\n\teor %w0, %w0, %w0")
MADE(asm_bic, "4", "violation", NOTHING, "movz %w0, #0x204\n\tand %w0, %w0, #0xfffffdff")
MADE(asm_add, "0x201", "ok", NOTHING, "movz %w0, #0x200\n\tadd %w0, %w0, #1")
MADE(asm_sub, "4", "violation", NOTHING, "movz %w0, #5\n\tsub %w0, %w0, #1")
MADE(asm_lsl, "0x200", "ok", NOTHING, "movz %w0, #1\n\tlsl %w0, %w0, #9")
MADE(asm_ubfx, "2", "violation", NOTHING, "movz %w0, #0x204\n\tubfx %w0, %w0, #8, #4")
MADE(asm_bfi, "0x204", "ok", NOTHING, "movz %w0, #4\n\tbfi %w0, %w0, #7, #4")
MADE(asm_csel, "0, 0x200", "possible", GIVEN,
     "movz %w0, #0x200\n\tcmp %w1, #0\n\tcsel %w0, %w0, wzr, eq")
MADE(asm_csinc, "0x200, 0x201", "ok", GIVEN,
     "movz %w0, #0x200\n\tcmp %w1, #0\n\tcsinc %w0, %w0, %w0, eq")
MADE(asm_csinv, "0xffffffff, 0x200", "ok", GIVEN,
     "movz %w0, #0x200\n\tcmp %w1, #0\n\tcsinv %w0, %w0, wzr, eq")
MADE(asm_cset, "0, 1", "possible", GIVEN, "cmp %w1, #7\n\tcset %w0, eq")
MADE(asm_cset_shift, "0, 0x200", "possible", GIVEN,
     "cmp %w1, #7\n\tcset %w0, eq\n\tlsl %w0, %w0, #9")
MADE(asm_difference, "0, 0x200", "possible", GIVEN,
     "subs %w0, %w1, #7\n\tb.eq 1f\n\tmovz %w0, #0x200\n1:")
MADE(asm_difference_added, "1, 0x200", "ok", GIVEN,
     "sub %w0, %w1, #14\n\tadds %w0, %w0, #7\n\tb.ne 1f\n\tadd %w0, %w0, #1\n\tb 2f\n1:\t"
     "movz %w0, #0x200\n2:")
MADE(asm_difference_not, "open *", "undetermined", GIVEN,
     "subs %w0, %w1, #7\n\tb.ne 1f\n\tmov %w0, %w1\n1:")
MADE(asm_copy_tested, "1, 0x200", "ok", GIVEN,
     "mov %w0, %w1\n\tcbnz %w1, 1f\n\tadd %w0, %w0, #1\n\tb 2f\n1:\tmovz %w0, #0x200\n2:")
MADE(asm_tested_copy, "0, 0x200", "possible", GIVEN,
     "cmp %w1, #0\n\tmov %w0, %w1\n\tb.eq 1f\n\tmovz %w0, #0x200\n1:")
MADE(asm_tested_changed, "4, 0xffffffff or open", "undetermined|possible", GIVEN,
     "cmp %w1, #0\n\tmov %w0, %w1\n\tmvn %w0, %w0\n\tb.eq 1f\n\tmovz %w0, #4\n1:")
MADE(asm_stack_pair, "0x200", "ok", NOTHING,
     "movz %w0, #0x200\n\tstp %x0, xzr, [sp, #-16]!\n\tldp xzr, %x0, [sp]\n\tldr %x0, [sp], #16")
MADE(asm_system, "open *", "undetermined|possible", NOTHING,
     "movz %w0, #0x200\n\tmrs %x0, cntvct_el0")
#endif

/* Arguments pushed long before the call, with the stack moving in between. */
#if defined(__i386__)
EXPECT(push_early, "ExAllocatePoolWithTag", "0x200", "ok", "iat")
ROOT(push_early)
{
    __asm__ volatile("pushl $0x746c6143\n\tpushl $64\n\tpushl $0x200\n\t"
                     "pushl $0\n\tcall *__imp__KeGetCurrentProcessorNumberEx@4\n\t"
                     "testl %%eax, %%eax\n\tjz 1f\n\tnop\n1:\n\t"
                     "call *__imp__ExAllocatePoolWithTag@12" ::
                         : "eax", "ecx", "edx", "memory", "cc");
}

EXPECT(push_adjusted, "ExAllocatePoolWithTag", "4", "violation", "iat")
ROOT(push_adjusted)
{
    __asm__ volatile("pushl $0x746c6143\n\tpushl $64\n\tsubl $8, %%esp\n\tmovl $0x200, (%%esp)\n\t"
                     "movl $0x201, 4(%%esp)\n\taddl $8, %%esp\n\tpushl $4\n\t"
                     "call *__imp__ExAllocatePoolWithTag@12" ::
                         : "eax", "ecx", "edx", "memory", "cc");
}

/* The index of a jump table that a table of bytes gives. */
EXPECT(switch_bytes, "ExAllocatePoolWithTag", "0x200, 0x201", "ok", "iat")
ROOT(switch_bytes)
{
    ULONG type, which = UNKNOWN;
    __asm__ volatile("movl $0x200, %0\n\tcmpl $3, %1\n\tja 9f\n\tmovzbl 7f(%1), %1\n\t"
                     "jmp *8f(,%1,4)\n7:\t.byte 0, 1, 1, 0\n8:\t.long 1f, 2f\n"
                     "1:\tjmp 9f\n2:\tincl %0\n9:"
                     : "=&r"(type), "+r"(which));
    KEEP(ALLOC(type));
}

EXPECT(push_replaced, "ExAllocatePoolWithTag", "0x200", "ok", "iat")
ROOT(push_replaced)
{
    __asm__ volatile("pushl $0x746c6143\n\tpushl $64\n\tpushl $0\n\tmovl $0x200, (%%esp)\n\t"
                     "call *__imp__ExAllocatePoolWithTag@12" ::
                         : "eax", "ecx", "edx", "memory", "cc");
}

EXPECT(push_selected, "ExAllocatePoolWithTag", "0, 0x200", "possible", "iat")
ROOT(push_selected)
{
    __asm__ volatile(
        "pushl $0x746c6143\n\tpushl $64\n\tcmpl $3, %0\n\tjne 1f\n\tpushl $0\n\t"
        "jmp 2f\n1:\n\tpushl $0x200\n2:\n\tcall *__imp__ExAllocatePoolWithTag@12" ::"r"(UNKNOWN)
        : "eax", "ecx", "edx", "memory", "cc");
}
#endif
