/* Which references are found. */
#include "code_sample.h"

static hvc_xrefs to_ranges(code_sample *it, const hvc_xref_range *ranges, size_t count)
{
    hvc_error error = {0};
    hvc_xrefs xrefs = {0};
    assert_int_equal(
        hvc_xrefs_to_ranges(it->image, it->isa, ranges, count, NULL, &it->arena, &xrefs, &error),
        HVC_OK);
    return xrefs;
}

static hvc_xrefs to_range(code_sample *it, uint32_t low, uint32_t high)
{
    hvc_xref_range range = {.low = low, .high = high};
    hvc_xrefs xrefs = to_ranges(it, &range, 1);
    for (size_t i = 0; i < xrefs.items.count; i++)
        assert_true(xrefs.items.items[i].to >= low && xrefs.items.items[i].to < high);
    return xrefs;
}

static void expect_sorted(const hvc_xrefs *xrefs)
{
    for (size_t i = 1; i < xrefs->items.count; i++) {
        const hvc_xref *a = &xrefs->items.items[i - 1], *b = a + 1;
        assert_true(
            a->to < b->to ||
            (a->to == b->to && (a->from < b->from || (a->from == b->from && a->kind != b->kind))));
    }
}

/* A RIP-relative operand at every distance from the beginning and the end of the section. */
static void test_x64_addresses(void **state)
{
    (void)state;
    for (uint32_t shift = 0; shift < 24; shift++) {
        code_sample it;
        code_init(&it, HVC_MACHINE_AMD64);
        code_put_rel(&it, TEXT + shift, "ff 15", RDATA + 0x18);           /* call [RDATA + 18] */
        code_put_rel(&it, TEXT + TEXT_SIZE - 30 + shift, "8b 0d", RDATA); /* mov ecx, [RDATA] */
        code_put_rel(&it, 0x1800 + shift, "c7 05", DATA + 0x40 - 4);      /* an immediate follows */
        code_put(&it, 0x1806 + shift, "00 02 00 00");
        code_put_rel(&it, 0x1900 + shift, "c5 fa 6f 05", RDATA + 0x100); /* vmovdqu */
        code_put_rel(&it, 0x1a00 + shift, "8b 8d", DATA);                /* [rbp + ...]: no */
        code_xrefs(&it);
        assert_true(has_xref(&it.xrefs, HVC_XREF_ADDRESS, TEXT + shift + 2, RDATA + 0x18));
        assert_true(has_xref(&it.xrefs, HVC_XREF_ADDRESS, TEXT + TEXT_SIZE - 28 + shift, RDATA));
        assert_true(has_xref(&it.xrefs, HVC_XREF_ADDRESS, 0x1802 + shift, DATA + 0x3c));
        assert_true(has_xref(&it.xrefs, HVC_XREF_ADDRESS, 0x1904 + shift, RDATA + 0x100));
        assert_false(has_xref(&it.xrefs, HVC_XREF_ADDRESS, 0x1a02 + shift, DATA));
        expect_sorted(&it.xrefs);

        hvc_xrefs near = to_range(&it, RDATA, RDATA + 0x20);
        assert_int_equal(near.items.count, 2);
        assert_true(has_xref(&near, HVC_XREF_ADDRESS, TEXT + shift + 2, RDATA + 0x18));
        assert_int_equal(to_range(&it, RDATA + 1, RDATA + 0x18).items.count, 0);
        assert_int_equal(to_range(&it, RDATA + 0x18, RDATA + 0x19).items.count, 1);
        assert_int_equal(to_range(&it, RDATA + 0x18, RDATA + 0x18).items.count, 0);
        assert_int_equal(to_range(&it, RDATA + 0x18, RDATA).items.count, 0);
        code_free(&it);
    }
}

/* An operand that the section's end cuts off is none, and the very last byte may be anything. */
static void test_x64_section_end(void **state)
{
    (void)state;
    for (uint32_t left = 1; left <= 8; left++) {
        code_sample it;
        code_init(&it, HVC_MACHINE_AMD64);
        uint8_t *end = builder_at(&it.builder, TEXT + TEXT_SIZE - left, left);
        memset(end, 0, left);
        end[0] = 0x05;
        code_xrefs(&it);
        assert_int_equal(count_xrefs(&it.xrefs, HVC_XREF_ADDRESS), left >= 5);
        code_free(&it);
        code_init(&it, HVC_MACHINE_AMD64);
        end = builder_at(&it.builder, TEXT + TEXT_SIZE - left, left);
        memset(end, 0xe8, left);
        code_xrefs(&it);
        code_free(&it);
    }
}

static void test_x64_calls_and_jumps(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_AMD64);
    builder_put32(&it.builder, RDATA, 1);
    code_told_x64(&it, 0x1100, 0x1200, RDATA);
    code_told_x64(&it, 0x1200, 0x1240, RDATA);
    code_put_rel(&it, 0x1100, "e8", 0x1200);
    code_put_rel(&it, 0x1110, "e8", 0x1180);    /* into itself */
    code_put_rel(&it, 0x1120, "e8", RDATA);     /* no code there */
    code_put_rel(&it, 0x1130, "e9", 0x1180);    /* stays */
    code_put_rel(&it, 0x1140, "e9", 0x1200);    /* leaves */
    code_put_rel(&it, 0x1150, "0f 85", 0x1210); /* leaves */
    code_put_rel(&it, 0x1160, "0f 85", 0x1100); /* stays */
    code_put(&it, 0x11f0, "75 10 eb 0c e3 fc"); /* jne 1202, jmp 1200, jrcxz 11f2 */
    code_put_rel(&it, 0x1300, "e9", 0x1302);    /* in no function's range but its own */
    code_xrefs(&it);
    assert_true(has_xref(&it.xrefs, HVC_XREF_CALL, 0x1101, 0x1200));
    assert_true(has_xref(&it.xrefs, HVC_XREF_CALL, 0x1111, 0x1180));
    assert_false(has_xref(&it.xrefs, HVC_XREF_CALL, 0x1121, RDATA));
    assert_false(has_xref(&it.xrefs, HVC_XREF_JUMP, 0x1131, 0x1180));
    assert_true(has_xref(&it.xrefs, HVC_XREF_JUMP, 0x1141, 0x1200));
    assert_true(has_xref(&it.xrefs, HVC_XREF_JUMP, 0x1152, 0x1210));
    assert_false(has_xref(&it.xrefs, HVC_XREF_JUMP, 0x1162, 0x1100));
    assert_true(has_xref(&it.xrefs, HVC_XREF_JUMP, 0x11f1, 0x1202));
    assert_true(has_xref(&it.xrefs, HVC_XREF_JUMP, 0x11f3, 0x1200));
    assert_false(has_xref(&it.xrefs, HVC_XREF_JUMP, 0x11f5, 0x11f2));
    expect_sorted(&it.xrefs);
    code_free(&it);
}

/* Arrays are indexed from the image's base where a function has formed that. */
static void test_x64_based(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_AMD64);
    builder_put32(&it.builder, RDATA, 1);
    builder_put32(&it.builder, RDATA + 0x10, 1 | 4 << 3); /* chained to the first function */
    builder_put32(&it.builder, RDATA + 0x14, 0x1100);
    builder_put32(&it.builder, RDATA + 0x18, 0x1140);
    builder_put32(&it.builder, RDATA + 0x1c, RDATA);
    code_told_x64(&it, 0x1100, 0x1140, RDATA);
    code_told_x64(&it, 0x1140, 0x1180, RDATA);
    code_told_x64(&it, 0x1180, 0x11c0, RDATA + 0x10);
    code_put_rel(&it, 0x1100, "48 8d 0d", 0);      /* lea rcx, ImageBase */
    code_put(&it, 0x1110, "89 84 91 40 50 00 00"); /* mov [rcx + rdx * 4 + DATA + 40], eax */
    code_put(&it, 0x1120, "8b 81 48 50 00 00");    /* mov eax, [rcx + DATA + 48] */
    code_put(&it, 0x1130, "8b 81 48 00 00 00");    /* an offset into a structure */
    code_put(&it, 0x1150, "8b 81 48 50 00 00");    /* another function */
    code_put(&it, 0x1190, "8b 81 50 50 00 00");    /* a fragment of the first */
    code_xrefs(&it);
    assert_true(has_xref(&it.xrefs, HVC_XREF_BASED, 0x1113, DATA + 0x40));
    assert_true(has_xref(&it.xrefs, HVC_XREF_BASED, 0x1122, DATA + 0x48));
    assert_true(has_xref(&it.xrefs, HVC_XREF_BASED, 0x1192, DATA + 0x50));
    assert_false(has_xref(&it.xrefs, HVC_XREF_BASED, 0x1132, 0x48));
    assert_false(has_xref(&it.xrefs, HVC_XREF_BASED, 0x1152, DATA + 0x48));
    code_free(&it);
}

static void test_64_pointers(void **state)
{
    (void)state;
    static const uint16_t machines[] = {HVC_MACHINE_AMD64, HVC_MACHINE_ARM64};
    for (unsigned i = 0; i < 2; i++) {
        code_sample it;
        code_init(&it, machines[i]);
        code_pointer(&it, DATA, TEXT + 8);
        code_pointer(&it, DATA + 0x13, RDATA);  /* not aligned */
        code_pointer(&it, TEXT + 0x40, DATA);   /* among the code */
        code_pointer(&it, RDATA + 0xffc, DATA); /* across a page */
        code_pointer(&it, DATA + 0x40, 0);
        builder_put64(&it.builder, DATA + 0x40, 0x1234); /* relocated, but outside the image */
        builder_put64(&it.builder, DATA + 0x80, it.builder.headers.image_base + DATA);
        code_xrefs(&it);
        assert_true(has_xref(&it.xrefs, HVC_XREF_POINTER, DATA, TEXT + 8));
        assert_true(has_xref(&it.xrefs, HVC_XREF_POINTER, DATA + 0x13, RDATA));
        assert_true(has_xref(&it.xrefs, HVC_XREF_POINTER, TEXT + 0x40, DATA));
        assert_true(has_xref(&it.xrefs, HVC_XREF_POINTER, RDATA + 0xffc, DATA));
        assert_int_equal(count_xrefs(&it.xrefs, HVC_XREF_POINTER), 4);
        code_free(&it);

        code_init(&it, machines[i]);
        builder_put64(&it.builder, DATA + 0x80, it.builder.headers.image_base + DATA);
        builder_put64(&it.builder, DATA + 0x90, it.builder.headers.image_base + 0x100000);
        code_xrefs(&it);
        assert_true(has_xref(&it.xrefs, HVC_XREF_POINTER, DATA + 0x80, DATA));
        assert_int_equal(count_xrefs(&it.xrefs, HVC_XREF_POINTER), 1);
        code_free(&it);
    }
}

static void test_x86(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_I386);
    it.builder.headers.entry_point = 0x1100;
    uint32_t at = code_put_address(&it, 0x1100, "ff 15", RDATA); /* call [RDATA] */
    at = code_put_address(&it, at, "c7 05", DATA);               /* mov [DATA], imm */
    code_put(&it, at, "00 02 00 00 c3");
    code_pointer(&it, DATA + 0x10, RDATA + 4);
    code_put_rel(&it, 0x1120, "e8", 0x1100);
    builder_put32(&it.builder, DATA + 0x20, 0x400000 + RDATA); /* not relocated */
    code_xrefs(&it);
    assert_true(has_xref(&it.xrefs, HVC_XREF_ADDRESS, 0x1102, RDATA));
    assert_true(has_xref(&it.xrefs, HVC_XREF_ADDRESS, 0x1108, DATA));
    assert_true(has_xref(&it.xrefs, HVC_XREF_POINTER, DATA + 0x10, RDATA + 4));
    assert_true(has_xref(&it.xrefs, HVC_XREF_CALL, 0x1121, 0x1100));
    assert_false(has_xref(&it.xrefs, HVC_XREF_POINTER, DATA + 0x20, RDATA));
    expect_sorted(&it.xrefs);
    hvc_xrefs near = to_range(&it, RDATA, RDATA + 8);
    assert_int_equal(near.items.count, 2);
    assert_true(has_xref(&near, HVC_XREF_ADDRESS, 0x1102, RDATA));
    assert_true(has_xref(&near, HVC_XREF_POINTER, DATA + 0x10, RDATA + 4));
    code_free(&it);

    /* without relocations, any word with such a value */
    code_init(&it, HVC_MACHINE_I386);
    code_put(&it, 0x1101, "ff 15 00 30 40 00");
    builder_put32(&it.builder, DATA + 0x23, 0x400000 + RDATA);
    code_xrefs(&it);
    assert_true(has_xref(&it.xrefs, HVC_XREF_ADDRESS, 0x1103, RDATA));
    assert_true(has_xref(&it.xrefs, HVC_XREF_POINTER, DATA + 0x23, RDATA));
    assert_int_equal(to_range(&it, RDATA, RDATA + 4).items.count, 2);
    code_free(&it);
}

/* Everything that completes an address behind adrp. Offsets are scaled by the size of the access.
 */
static void test_arm64_forms(void **state)
{
    (void)state;
    static const struct {
        uint32_t word;
        unsigned scale;
    } forms[] = {
        {0x39400000, 0}, {0x39000000, 0}, {0x39800000, 0}, /* ldrb, strb, ldrsb */
        {0x79400000, 1}, {0x79000000, 1},                  /* ldrh, strh */
        {0xb9400000, 2}, {0xb9000000, 2}, {0xb9800000, 2}, /* ldr w, str w, ldrsw */
        {0xf9400000, 3}, {0xf9000000, 3}, {0xf9800000, 3}, /* ldr x, str x, prfm */
        {0x3d400000, 0}, {0x7d400000, 1}, {0xbd400000, 2}, /* ldr b, h, s */
        {0xfd400000, 3}, {0x3dc00000, 4}, {0x3d800000, 4}, /* ldr d, ldr q, str q */
    };
    for (unsigned i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        code_sample it;
        uint32_t target = RDATA + (0x123u << forms[i].scale) % 0x1000;
        target &= ~((1u << forms[i].scale) - 1);
        code_init(&it, HVC_MACHINE_ARM64);
        uint32_t at = arm64_adrp(&it, TEXT, 9, target);
        at = arm64_word(&it, at, 0xaa0203e1); /* mov x1, x2 */
        arm64_access(&it, at, forms[i].word | 5, 9, forms[i].scale, target);
        arm64_word(&it, at + 4, (uint32_t)ARM64_RET);
        code_xrefs(&it);
        assert_true(has_xref(&it.xrefs, HVC_XREF_ADDRESS, at, target));
        unsigned pointers = forms[i].scale == 4 ? 2 : 1; /* that it may read */
        assert_int_equal(count_xrefs(&it.xrefs, HVC_XREF_ADDRESS), pointers);
        assert_int_equal(to_range(&it, target + 1, target + 0x1000).items.count, pointers - 1);
        if (forms[i].word >> 24 == 0xf9) /* it may read a pointer */
            assert_int_equal(to_range(&it, target, target + 1).items.count, 1);
        code_free(&it);
    }
}

/* Functions that hold none of the forms by which a pointer is read are passed over. */
static void test_arm64_sieve(void **state)
{
    (void)state;
    static const uint32_t reads[] = {
        0xf9400d20, /* ldr x0, [x9, #0x18] */
        0xf8418120, /* ldur x0, [x9, #0x18] */
        0xf8418d20, /* ldr x0, [x9, #0x18]! */
        0xa941012a, /* ldp x10, x0, [x9, #0x10] */
        0xa941812a, /* ldp x10, x0, [x9, #0x18] */
        0xa8c1812a, /* ldp x10, x0, [x9], #0x18: at x9, but who knows */
        0x91006120, /* add x0, x9, #0x18 */
        0x3dc00520, /* ldr q0, [x9, #0x10] */
        0x3cc18120, /* ldur q0, [x9, #0x18] */
        0x3cc10120, /* ldur q0, [x9, #0x10] */
        0xad400520, /* ldp q0, q1, [x9] */
    };
    enum { COUNT = sizeof(reads) / sizeof(*reads), BEHIND = 5 };
    for (unsigned i = 0; i < COUNT; i++) {
        code_sample it;
        code_init(&it, HVC_MACHINE_ARM64);
        uint32_t at = arm64_adrp(&it, TEXT, 9, DATA);
        at = arm64_word(&it, at, 0xf9401121); /* ldr x1, [x9, #0x20] */
        at = arm64_word(&it, at, 0xa9418be1); /* ldp x1, x2, [sp, #0x18] */
        at = arm64_word(&it, at, reads[i]);
        arm64_word(&it, at, (uint32_t)ARM64_RET);
        code_load(&it);
        assert_int_equal(to_range(&it, DATA + 0x18, DATA + 0x20).items.count, i != BEHIND);
        assert_int_equal(to_range(&it, DATA + 0x40, DATA + 0x48).items.count, 0);
        code_free(&it);
    }
}

typedef struct asked {
    uint32_t begin, end;
    unsigned count;
    bool wanted;
} asked;

static bool is_wanted(void *context, uint32_t begin, uint32_t end)
{
    asked *it = context;
    it->begin = begin;
    it->end = end;
    it->count++;
    return it->wanted;
}

/* Code is asked for only where nothing but a filtered range may be referred to. */
static void test_arm64_filter(void **state)
{
    (void)state;
    code_sample it;
    hvc_error error = {0};
    code_init(&it, HVC_MACHINE_ARM64);
    code_told_arm64(&it, TEXT, 1 | 4 << 2);
    code_told_arm64(&it, TEXT + 0x40, 1 | 8 << 2);
    code_told_arm64(&it, TEXT + 0x80, 1 | 4 << 2);
    uint32_t at = arm64_adrp(&it, TEXT + 0x40, 9, DATA);
    arm64_word(&it, at, 0xf9400d20); /* ldr x0, [x9, #0x18] */
    at = arm64_adrp(&it, TEXT + 0x80, 9, DATA);
    at = arm64_word(&it, at, 0xf9400d20);
    arm64_word(&it, at, 0xf9401120); /* ldr x0, [x9, #0x20] */
    code_load(&it);
    const hvc_xref_range ranges[] = {{.low = DATA + 0x18, .high = DATA + 0x20, .filtered = true},
                                     {.low = DATA + 0x20, .high = DATA + 0x28}};
    for (unsigned wanted = 0; wanted < 2; wanted++) {
        asked questions = {.wanted = wanted};
        const hvc_xref_filter filter = {is_wanted, &questions};
        hvc_xrefs xrefs = {0};
        assert_int_equal(
            hvc_xrefs_to_ranges(it.image, it.isa, ranges, 2, &filter, &it.arena, &xrefs, &error),
            HVC_OK);
        assert_int_equal(questions.count, 1);
        assert_int_equal(questions.begin, TEXT + 0x40);
        assert_int_equal(questions.end, TEXT + 0x80);
        assert_int_equal(has_xref(&xrefs, HVC_XREF_ADDRESS, TEXT + 0x44, DATA + 0x18), wanted);
        assert_true(has_xref(&xrefs, HVC_XREF_ADDRESS, TEXT + 0x84, DATA + 0x18));
        assert_true(has_xref(&xrefs, HVC_XREF_ADDRESS, TEXT + 0x88, DATA + 0x20));
    }
    code_free(&it);
}

static void test_arm64_more_forms(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_ARM64);
    uint32_t at = arm64_adrp(&it, TEXT, 9, DATA);
    uint32_t add = at;
    at = arm64_add(&it, at, 10, 9, DATA + 0x48);
    uint32_t load = at;
    at = arm64_word(&it, at, 0xf9400540); /* ldr x0, [x10, #8]: what add gave is followed */
    uint32_t pair = at;
    at = arm64_word(&it, at, 0xa9420520); /* ldp x0, x1, [x9, #0x20] */
    uint32_t quads = at;
    at = arm64_word(&it, at, 0xad010520); /* stp q0, q1, [x9, #0x20] */
    uint32_t before = at;
    at = arm64_word(&it, at, 0xf8010d20); /* str x0, [x9, #0x10]!: moves x9 */
    uint32_t behind = at;
    at = arm64_word(&it, at, 0xf8408520); /* ldr x0, [x9], #8: at x9, then moves it */
    uint32_t unscaled = at;
    at = arm64_word(&it, at, 0xf85f8120); /* ldur x0, [x9, #-8] */
    uint32_t exclusive = at;
    at = arm64_word(&it, at, 0xc85ffd20); /* ldaxr x0, [x9] */
    uint32_t atomic = at;
    at = arm64_word(&it, at, 0xf8200121);              /* ldadd x0, x1, [x9] */
    uint32_t copied = arm64_word(&it, at, 0xaa0903e3); /* mov x3, x9 */
    at = arm64_word(&it, copied, 0xb9400460);          /* ldr w0, [x3, #4] */
    uint32_t back = at;
    at = arm64_word(&it, at, 0xd1001125); /* sub x5, x9, #4 */
    uint32_t near = at;
    at = arm64_word(&it, at, 0x10000084); /* adr x4, 16 further */
    uint32_t literal = at;
    at = arm64_word(&it, at, 0x58000066); /* ldr x6, 12 further */
    arm64_word(&it, at, (uint32_t)ARM64_RET);
    code_xrefs(&it);
    const hvc_xrefs *xrefs = &it.xrefs;
    assert_true(has_xref(xrefs, HVC_XREF_ADDRESS, add, DATA + 0x48));
    assert_true(has_xref(xrefs, HVC_XREF_ADDRESS, load, DATA + 0x50));
    assert_true(has_xref(xrefs, HVC_XREF_ADDRESS, pair, DATA + 0x20));
    assert_true(has_xref(xrefs, HVC_XREF_ADDRESS, pair, DATA + 0x28));
    assert_true(has_xref(xrefs, HVC_XREF_ADDRESS, quads, DATA + 0x20));
    assert_true(has_xref(xrefs, HVC_XREF_ADDRESS, quads, DATA + 0x30));
    assert_true(has_xref(xrefs, HVC_XREF_ADDRESS, quads, DATA + 0x38));
    assert_true(has_xref(xrefs, HVC_XREF_ADDRESS, before, DATA + 0x10));
    assert_true(has_xref(xrefs, HVC_XREF_ADDRESS, behind, DATA + 0x10));
    assert_true(has_xref(xrefs, HVC_XREF_ADDRESS, unscaled, DATA + 0x10));
    assert_true(has_xref(xrefs, HVC_XREF_ADDRESS, exclusive, DATA + 0x18));
    assert_true(has_xref(xrefs, HVC_XREF_ADDRESS, atomic, DATA + 0x18));
    assert_true(has_xref(xrefs, HVC_XREF_ADDRESS, copied, DATA + 0x1c));
    assert_true(has_xref(xrefs, HVC_XREF_ADDRESS, back, DATA + 0x14));
    assert_true(has_xref(xrefs, HVC_XREF_ADDRESS, near, near + 16));
    assert_true(has_xref(xrefs, HVC_XREF_ADDRESS, literal, literal + 12));
    assert_int_equal(count_xrefs(xrefs, HVC_XREF_ADDRESS), 17);
    expect_sorted(xrefs);
    code_free(&it);
}

/* Registers lose what they hold when they are written, and the volatile ones over a call. */
static void test_arm64_lost_registers(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_ARM64);
    uint32_t at = arm64_adrp(&it, TEXT, 8, DATA);
    at = arm64_word(&it, at, 0x52800008); /* mov w8, #0 */
    at = arm64_access(&it, at, (uint32_t)ARM64_LDR | 1, 8, 3, DATA + 8);
    at = arm64_adrp(&it, at, 8, DATA);
    at = arm64_adrp(&it, at, 20, DATA);
    at = arm64_word(&it, at, 0xd63f0000);                                   /* blr x0 */
    at = arm64_access(&it, at, (uint32_t)ARM64_LDR | 1, 8, 3, DATA + 0x10); /* not from adrp */
    uint32_t kept = at;
    at = arm64_access(&it, at, (uint32_t)ARM64_LDR | 20, 20, 3, DATA + 0x18);
    at = arm64_access(&it, at, (uint32_t)ARM64_LDR | 1, 20, 3, DATA + 0x20); /* loaded over */
    uint32_t store = arm64_adrp(&it, at, 9, DATA);
    at =
        arm64_access(&it, store, (uint32_t)ARM64_STR | 9, 9, 3, DATA + 0x28); /* stores x9 itself */
    uint32_t again = at;
    at = arm64_access(&it, at, (uint32_t)ARM64_STR | 0, 9, 3, DATA + 0x30);
    at = arm64_word(&it, at, 0xfa490100); /* ccmp x8, x9, #0, eq: writes no x0 to x15 */
    uint32_t behind = at;
    at = arm64_access(&it, at, (uint32_t)ARM64_STR | 0, 9, 3, DATA + 0x38);
    arm64_word(&it, at, (uint32_t)ARM64_RET);
    code_xrefs(&it);
    assert_true(has_xref(&it.xrefs, HVC_XREF_ADDRESS, kept, DATA + 0x18));
    assert_true(has_xref(&it.xrefs, HVC_XREF_ADDRESS, store, DATA + 0x28));
    assert_true(has_xref(&it.xrefs, HVC_XREF_ADDRESS, again, DATA + 0x30));
    assert_true(has_xref(&it.xrefs, HVC_XREF_ADDRESS, behind, DATA + 0x38));
    assert_int_equal(count_xrefs(&it.xrefs, HVC_XREF_ADDRESS), 4);
    code_free(&it);
}

/* adrp stands where the straight line to its use does not pass: before a jump, in the block behind.
 */
static void test_arm64_moved_adrp(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_ARM64);
    code_told_arm64(&it, TEXT, 1 | 32 << 2);
    code_told_arm64(&it, TEXT + 0x80, 1 | 32 << 2);
    uint32_t at = arm64_branch(&it, TEXT, ARM64_B, TEXT + 0x20);
    uint32_t loop = at;
    at = arm64_access(&it, at, (uint32_t)ARM64_LDR | 0, 21, 3, DATA + 8);
    arm64_branch19(&it, at, (uint32_t)ARM64_CBZ | 1, TEXT + 0x20);
    at = arm64_adrp(&it, TEXT + 0x20, 21, DATA);
    arm64_branch(&it, at, ARM64_B, loop);
    /* the register of another function is another register */
    at = arm64_branch(&it, TEXT + 0x80, ARM64_B, TEXT + 0x84);
    at = arm64_access(&it, at, (uint32_t)ARM64_LDR | 0, 21, 3, DATA + 0x10);
    arm64_word(&it, at, (uint32_t)ARM64_RET);
    code_xrefs(&it);
    assert_true(has_xref(&it.xrefs, HVC_XREF_ADDRESS, loop, DATA + 8));
    assert_int_equal(count_xrefs(&it.xrefs, HVC_XREF_ADDRESS), 1);
    hvc_xrefs near = to_range(&it, DATA, DATA + 0x10);
    assert_int_equal(near.items.count, 1);
    assert_true(has_xref(&near, HVC_XREF_ADDRESS, loop, DATA + 8));
    code_free(&it);
}

/* Where a register may hold anything, its copy may too: also what the copy itself holds elsewhere,
 * as the other register may be given that by a copy that is seen later. */
static void test_arm64_copied_anything(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_ARM64);
    code_told_arm64(&it, TEXT, 1 | 32 << 2);
    uint32_t at = arm64_adrp(&it, TEXT, 8, DATA);
    at = arm64_adrp(&it, at, 9, RDATA);
    at = arm64_word(&it, at, 0xd61f0200); /* br x16 */
    at = arm64_word(&it, at, 0xaa0003e8); /* mov x8, x0 */
    uint32_t perhaps = at;
    at = arm64_access(&it, at, (uint32_t)ARM64_LDR | 1, 8, 3, DATA + 8);
    at = arm64_word(&it, at, 0xaa0903e8); /* mov x8, x9 */
    uint32_t copied = at;
    at = arm64_access(&it, at, (uint32_t)ARM64_LDR | 1, 8, 3, RDATA + 0x10);
    arm64_word(&it, at, (uint32_t)ARM64_RET);
    code_xrefs(&it);
    assert_true(has_xref(&it.xrefs, HVC_XREF_ADDRESS, copied, RDATA + 0x10));
    assert_true(has_xref(&it.xrefs, HVC_XREF_ADDRESS, perhaps, DATA + 8));
    code_free(&it);
}

/* Behind a call that may not return, control may come from a branch instead. A pair that is loaded
 * writes both of its registers. */
static void test_arm64_straight_lines(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_ARM64);
    code_told_arm64(&it, TEXT, 1 | 32 << 2);
    uint32_t at = arm64_adrp(&it, TEXT, 20, DATA);
    at = arm64_branch19(&it, at, (uint32_t)ARM64_CBZ | 1, TEXT + 0x10);
    at = arm64_word(&it, at, 0x52800014); /* mov w20, #0 */
    uint32_t behind = arm64_branch(&it, at, (uint32_t)ARM64_BL, TEXT + 0x80);
    at = arm64_access(&it, behind, (uint32_t)ARM64_LDR | 0, 20, 3, DATA + 8);
    at = arm64_adrp(&it, at, 20, DATA);
    at = arm64_word(&it, at, 0xa9405020); /* ldp x0, x20, [x1] */
    at = arm64_access(&it, at, (uint32_t)ARM64_LDR | 0, 20, 3, DATA + 0x10);
    arm64_word(&it, at, (uint32_t)ARM64_RET);
    code_xrefs(&it);
    assert_int_equal(behind, TEXT + 0x10);
    assert_true(has_xref(&it.xrefs, HVC_XREF_ADDRESS, behind, DATA + 8));
    assert_int_equal(count_xrefs(&it.xrefs, HVC_XREF_ADDRESS), 1);
    code_free(&it);
}

/* 1: there is a reference for certain, 0: perhaps, -1: none. */
static int certainty(const code_sample *it, uint32_t from, uint32_t to)
{
    for (size_t i = 0; i < it->xrefs.items.count; i++) {
        const hvc_xref *xref = &it->xrefs.items.items[i];
        if (xref->from == from && xref->to == to && xref->kind == HVC_XREF_ADDRESS)
            return xref->certain;
    }
    return -1;
}

/* ldr x0, [x20, ...] behind two ways: one with adrp x20, DATA, and one with these instructions. The
 * last of them is at TEXT + 0x3c. */
static int behind_ways(const uint32_t *others, size_t count)
{
    code_sample it;
    code_init(&it, HVC_MACHINE_ARM64);
    code_told_arm64(&it, TEXT, 1 | 32 << 2);
    uint32_t at = arm64_branch19(&it, TEXT, (uint32_t)ARM64_CBZ | 1, TEXT + 0x20);
    at = arm64_adrp(&it, at, 20, DATA);
    arm64_branch(&it, at, ARM64_B, TEXT + 0x40);
    for (at = TEXT + 0x20; at < TEXT + 0x40; at += 4)
        arm64_word(&it, at, 0xd503201f); /* nop */
    for (size_t i = 0; i < count; i++)
        arm64_word(&it, TEXT + 0x40 - (uint32_t)(4 * (count - i)), others[i]);
    at = arm64_access(&it, TEXT + 0x40, (uint32_t)ARM64_LDR | 0, 20, 3, DATA + 8);
    arm64_word(&it, at, (uint32_t)ARM64_RET);
    arm64_word(&it, TEXT + 0x800, (uint32_t)ARM64_RET);
    code_xrefs(&it);
    int found = certainty(&it, TEXT + 0x40, DATA + 8);
    code_free(&it);
    return found;
}

/* Whether all ways to a reference make it one. */
static void test_arm64_certain(void **state)
{
    (void)state;
    enum { PAGES = (DATA - TEXT) >> 12, BL = (0x800 - 0x3c) / 4, NOP = (int)0xd503201f };
    const uint32_t page = 0x90000000 | (PAGES & 3) << 29 | PAGES >> 2 << 5 | 20; /* adrp x20 */
    assert_int_equal(behind_ways((const uint32_t[]){page}, 1), 1);
    assert_int_equal(behind_ways((const uint32_t[]){page, 0x94000000 | BL}, 2), 1);
    assert_int_equal(behind_ways((const uint32_t[]){page, (uint32_t)ARM64_RET}, 2), 1);
    assert_int_equal(behind_ways((const uint32_t[]){0xaa0003f4}, 1), 0);      /* mov x20, x0 */
    assert_int_equal(behind_ways((const uint32_t[]){page + (1 << 5)}, 1), 0); /* another page */
    assert_int_equal(behind_ways((const uint32_t[]){page, 0xaa0003f4}, 2), 0);
}

/* A call keeps the saved registers; one of the image's own functions may keep the others. */
static void test_arm64_certain_over_calls(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_ARM64);
    code_told_arm64(&it, TEXT, 1 | 32 << 2);
    uint32_t at = arm64_adrp(&it, TEXT, 20, DATA);
    at = arm64_adrp(&it, at, 8, DATA);
    at = arm64_branch(&it, at, (uint32_t)ARM64_BL, TEXT + 0x800);
    uint32_t saved = at;
    at = arm64_access(&it, at, (uint32_t)ARM64_LDR | 0, 20, 3, DATA + 8);
    uint32_t other = at;
    at = arm64_access(&it, at, (uint32_t)ARM64_LDR | 0, 8, 3, DATA + 16);
    at = arm64_word(&it, at, 0xd63f0000); /* blr x0 */
    uint32_t gone = at;
    at = arm64_access(&it, at, (uint32_t)ARM64_LDR | 0, 8, 3, DATA + 24);
    arm64_word(&it, at, (uint32_t)ARM64_RET);
    arm64_word(&it, TEXT + 0x800, (uint32_t)ARM64_RET);
    code_xrefs(&it);
    assert_int_equal(certainty(&it, saved, DATA + 8), 1);
    assert_int_equal(certainty(&it, other, DATA + 16), 0);
    assert_int_equal(certainty(&it, gone, DATA + 24), -1);
    code_free(&it);
}

/* What a loop changes is not certain at its head, although only the way in is seen before. */
static void test_arm64_certain_in_loop(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_ARM64);
    code_told_arm64(&it, TEXT, 1 | 32 << 2);
    uint32_t at = arm64_adrp(&it, TEXT, 20, DATA);
    at = arm64_adrp(&it, at, 21, DATA);
    uint32_t head = at;
    at = arm64_access(&it, at, (uint32_t)ARM64_LDR | 0, 20, 3, DATA + 8);
    at = arm64_access(&it, at, (uint32_t)ARM64_LDR | 0, 21, 3, DATA + 16);
    at = arm64_word(&it, at, 0xf9400294); /* ldr x20, [x20] */
    at = arm64_branch19(&it, at, (uint32_t)ARM64_CBZ | 0, head);
    arm64_word(&it, at, (uint32_t)ARM64_RET);
    code_xrefs(&it);
    assert_int_equal(certainty(&it, head, DATA + 8), 0);
    assert_int_equal(certainty(&it, head + 4, DATA + 16), 1);
    code_free(&it);
}

/* Behind a jump through a table; not when exceptions may lead there, too. flags: of the unwind
 * data's first word. */
static void table_jump(uint32_t flags, int expected)
{
    code_sample it;
    code_init(&it, HVC_MACHINE_ARM64);
    builder_put32(&it.builder, RDATA, 32 | flags);
    code_told_arm64(&it, TEXT, RDATA);
    uint32_t at = arm64_adrp(&it, TEXT, 20, DATA);
    at = arm64_adrp(&it, at, 8, DATA);
    at = arm64_word(&it, at, 0x8b080928); /* add x8, x9, x8, lsl #2 */
    at = arm64_word(&it, at, 0xd61f0100); /* br x8 */
    uint32_t first = at;
    at = arm64_access(&it, at, (uint32_t)ARM64_LDR | 0, 20, 3, DATA + 8);
    at = arm64_word(&it, at, (uint32_t)ARM64_RET);
    uint32_t second = at;
    at = arm64_access(&it, at, (uint32_t)ARM64_LDR | 0, 20, 3, DATA + 16);
    at = arm64_access(&it, at, (uint32_t)ARM64_LDR | 0, 8, 3, DATA + 24);
    arm64_word(&it, at, (uint32_t)ARM64_RET);
    code_xrefs(&it);
    assert_int_equal(certainty(&it, first, DATA + 8), expected);
    assert_int_equal(certainty(&it, second, DATA + 16), expected);
    assert_int_equal(certainty(&it, second + 4, DATA + 24), 0);
    code_free(&it);
}

static void test_arm64_certain_behind_table(void **state)
{
    (void)state;
    table_jump(1 << 21, 1);
    table_jump(1 << 21 | 1 << 20, 0);
}

/* An address that is formed, and what is done with it. */
static int formed(uint32_t use)
{
    code_sample it;
    code_init(&it, HVC_MACHINE_ARM64);
    code_told_arm64(&it, TEXT, 1 | 32 << 2);
    uint32_t at = arm64_adrp(&it, TEXT, 9, DATA), add = at;
    at = arm64_add(&it, at, 20, 9, DATA + 0x40);
    at = arm64_word(&it, at, use);
    at = arm64_word(&it, at, 0xf9400288); /* ldr x8, [x20] */
    at = arm64_word(&it, at, 0xd63f0100); /* blr x8 */
    arm64_word(&it, at, (uint32_t)ARM64_RET);
    code_xrefs(&it);
    int found = certainty(&it, add, DATA + 0x40);
    assert_int_equal(certainty(&it, add + 8, DATA + 0x40), use == 0xb9400294 ? -1 : 1);
    code_free(&it);
    return found;
}

static void test_arm64_certain_address(void **state)
{
    (void)state;
    assert_int_equal(formed(0xd503201f), 1); /* nop */
    assert_int_equal(formed(0xf9000289), 1); /* str x9, [x20] */
    assert_int_equal(formed(0xb9400294), 1); /* ldr w20, [x20]: it is gone then */
    assert_int_equal(formed(0xaa1403f5), 1); /* mov x21, x20: followed */
    assert_int_equal(formed(0xaa1403e1), 0); /* mov x1, x20, and the call */
    assert_int_equal(formed(0xf90003f4), 0); /* str x20, [sp] */
    assert_int_equal(formed(0xa90053f5), 0); /* stp x21, x20, [sp] */
    assert_int_equal(formed(0x8b140155), 0); /* add x21, x10, x20 */
    assert_int_equal(formed(0x9a9401b5), 0); /* csel x21, x13, x20, eq */
    assert_int_equal(formed(0x9e670280), 0); /* fmov d0, x20 */
}

/* What refers to a range without adrp: adr less than a page before it, and ldr literal. */
static void test_arm64_without_adrp(void **state)
{
    (void)state;
    enum { TO = RDATA + 0x1010 };
    code_sample it;
    code_init(&it, HVC_MACHINE_ARM64);
    uint32_t distance = TO - 0x18 - TEXT; /* adr x8: 0x18 before */
    uint32_t adr = 0x10000008 | (distance & 3) << 29 | distance >> 2 << 5;
    arm64_word(&it, TEXT, adr);
    arm64_word(&it, TEXT + 4, 0xf9400d00); /* ldr x0, [x8, #0x18] */
    arm64_word(&it, TEXT + 8, (uint32_t)ARM64_RET);
    code_told_arm64(&it, TEXT + 0x40, 1 | 4 << 2);
    distance = TO - 0x1000 - (TEXT + 0x40); /* a page before */
    arm64_word(&it, TEXT + 0x40, 0x10000008 | (distance & 3) << 29 | distance >> 2 << 5);
    arm64_word(&it, TEXT + 0x44, 0xf9480100); /* ldr x0, [x8, #0x1000] */
    arm64_word(&it, TEXT + 0x48, (uint32_t)ARM64_RET);
    code_told_arm64(&it, TEXT + 0x80, 1 | 4 << 2);
    distance = TO - (TEXT + 0x80);
    arm64_word(&it, TEXT + 0x80, 0x58000009 | distance / 4 << 5); /* ldr x9, TO */
    arm64_word(&it, TEXT + 0x84, (uint32_t)ARM64_RET);
    code_load(&it);
    hvc_xrefs near = to_range(&it, TO, TO + 8);
    assert_true(has_xref(&near, HVC_XREF_ADDRESS, TEXT + 4, TO));
    assert_true(has_xref(&near, HVC_XREF_ADDRESS, TEXT + 0x80, TO));
    assert_int_equal(near.items.count, 2);
    code_free(&it);
}

/* A fragment's registers come from wherever its function set them. */
static void test_arm64_fragment(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_ARM64);
    code_told_arm64(&it, TEXT, 1 | 8 << 2);
    code_told_arm64(&it, TEXT + 0x100, 2 | 4 << 2);
    uint32_t at = arm64_adrp(&it, TEXT, 22, DATA);
    arm64_branch(&it, at, ARM64_B, TEXT + 0x100);
    arm64_access(&it, TEXT + 0x100, (uint32_t)ARM64_STR | 0, 22, 3, DATA + 0x40);
    arm64_word(&it, TEXT + 0x104, (uint32_t)ARM64_RET);
    code_xrefs(&it);
    assert_true(has_xref(&it.xrefs, HVC_XREF_ADDRESS, TEXT + 0x100, DATA + 0x40));
    assert_true(has_xref(&it.xrefs, HVC_XREF_JUMP, at, TEXT + 0x100));
    code_free(&it);
}

static void test_arm64_branches(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_ARM64);
    code_told_arm64(&it, TEXT, 1 | 16 << 2);
    code_told_arm64(&it, TEXT + 0x40, 1 | 16 << 2);
    uint32_t at = arm64_branch(&it, TEXT, (uint32_t)ARM64_BL, TEXT + 0x40);
    at = arm64_branch19(&it, at, 0x54000001, TEXT + 0x10); /* b.ne: stays */
    uint32_t leaves = at;
    at = arm64_branch19(&it, at, (uint32_t)ARM64_CBZ | 3, TEXT + 0x44);
    uint32_t tests = at;
    at = arm64_word(&it, at, 0x37080000 | (TEXT + 0x48 - at) / 4 << 5); /* tbnz w0, #1 */
    uint32_t tail = at;
    arm64_branch(&it, at, ARM64_B, TEXT + 0x40);
    code_xrefs(&it);
    assert_true(has_xref(&it.xrefs, HVC_XREF_CALL, TEXT, TEXT + 0x40));
    assert_true(has_xref(&it.xrefs, HVC_XREF_JUMP, leaves, TEXT + 0x44));
    assert_true(has_xref(&it.xrefs, HVC_XREF_JUMP, tests, TEXT + 0x48));
    assert_true(has_xref(&it.xrefs, HVC_XREF_JUMP, tail, TEXT + 0x40));
    assert_int_equal(count_xrefs(&it.xrefs, HVC_XREF_JUMP), 3);
    assert_int_equal(count_xrefs(&it.xrefs, HVC_XREF_CALL), 1);
    code_free(&it);
}

/* More candidates than a bound allows are cut, and that is told. */
static void test_cut(void **state)
{
    (void)state;
    code_sample it;
    hvc_error error = {0};
    code_init(&it, HVC_MACHINE_ARM64);
    /* 1,024 pages for x8, and loads where it may be any of them */
    for (uint32_t i = 0; i < 0x400; i++)
        arm64_adrp(&it, TEXT + 4 * i, 8, i << 12);
    arm64_word(&it, TEXT + 0x1000, 0xd61f0200); /* br x16 */
    for (uint32_t at = TEXT + 0x1004; at < TEXT + TEXT_SIZE; at += 8) {
        arm64_word(&it, at, 0xf9000100); /* str x0, [x8] */
        arm64_word(&it, at + 4, 0xd61f0200);
    }
    code_load(&it);
    it.image->headers.size_of_image = 0x400000;
    assert_int_equal(hvc_function_map_build(it.image, it.isa, &it.arena, &it.map, &error), HVC_OK);
    assert_int_equal(hvc_xrefs_build(it.image, it.isa, &it.map, &it.arena, &it.xrefs, &error),
                     HVC_OK);
    assert_true(it.xrefs.cut);
    assert_true(it.xrefs.items.count > 10000);
    expect_sorted(&it.xrefs);
    code_free(&it);
}

/* Several ranges in one pass, each as if it were the only one: not in order, some of which touch,
 * overlap or hold nothing. */
static void expect_as_alone(code_sample *it, uint32_t first)
{
    const hvc_xref_range ranges[] = {
        {.low = DATA + 0x40, .high = DATA + 0x48},   {.low = first, .high = first},
        {.low = first + 8, .high = first},           {.low = DATA + 0x48, .high = DATA + 0x50},
        {.low = first, .high = first + 0x10},        {.low = first + 8, .high = first + 0x20},
        {.low = DATA + 0xff8, .high = DATA + 0x1008}};
    size_t count = sizeof(ranges) / sizeof(*ranges), all = 0;
    hvc_xrefs together = to_ranges(it, ranges, count);
    expect_sorted(&together);
    for (size_t i = 0; i < count; i++) {
        size_t found;
        const hvc_xref *part = hvc_xrefs_find(&together, ranges[i].low, ranges[i].high, &found);
        hvc_xrefs alone = to_range(it, ranges[i].low, ranges[i].high);
        assert_int_equal(found, alone.items.count);
        for (size_t k = 0; k < found; k++) {
            assert_int_equal(part[k].from, alone.items.items[k].from);
            assert_int_equal(part[k].to, alone.items.items[k].to);
        }
        all += found;
    }
    assert_true(all >= 7);
    assert_int_equal(to_ranges(it, ranges, 0).items.count, 0);
}

static void test_ranges(void **state)
{
    (void)state;
    static const uint32_t places[] = {RDATA,        RDATA + 8,    RDATA + 0x18, RDATA + 0x20,
                                      DATA + 0x38,  DATA + 0x40,  DATA + 0x48,  DATA + 0x50,
                                      DATA + 0xff8, DATA + 0x1000};
    static const uint16_t machines[] = {HVC_MACHINE_AMD64, HVC_MACHINE_I386, HVC_MACHINE_ARM64};
    for (unsigned i = 0; i < 3; i++) {
        code_sample it;
        code_init(&it, machines[i]);
        for (unsigned k = 0; k < sizeof(places) / sizeof(*places); k++) {
            uint32_t at = TEXT + 0x100 + 0x10 * k;
            if (machines[i] == HVC_MACHINE_AMD64) {
                code_put_rel(&it, at, "ff 15", places[k]);
            } else if (machines[i] == HVC_MACHINE_I386) {
                code_put_address(&it, at, "ff 15", places[k]);
            } else {
                arm64_adrp(&it, at, 8, places[k]);
                arm64_access(&it, at + 4, (uint32_t)ARM64_LDR | 1, 8, 3, places[k]);
                arm64_word(&it, at + 8, (uint32_t)ARM64_RET);
            }
        }
        code_load(&it);
        expect_as_alone(&it, RDATA);
        code_free(&it);
    }
}

/* Into ranges for stores no other references need be told; into one that is asked for otherwise
 * too, all. */
static void test_stores(void **state)
{
    (void)state;
    static const uint16_t machines[] = {HVC_MACHINE_AMD64, HVC_MACHINE_I386, HVC_MACHINE_ARM64};
    enum { TO = TEXT + 0x1800 };
    for (unsigned i = 0; i < 3; i++) {
        code_sample it;
        code_init(&it, machines[i]);
        uint32_t store = TEXT + 0x100, load = TEXT + 0x140, other = TEXT + 0x180;
        if (machines[i] == HVC_MACHINE_AMD64) {
            code_put_rel(&it, store, "88 05", TO); /* mov [TO], al */
            code_put_rel(&it, load, "8a 05", TO);  /* mov al, [TO] */
            code_put_rel(&it, other, "8a 05", TO + 0x80);
            store += 2, load += 2, other += 2;
        } else if (machines[i] == HVC_MACHINE_I386) {
            code_put_address(&it, store, "88 05", TO);
            code_put_address(&it, load, "8a 05", TO);
            code_put_address(&it, other, "8a 05", TO + 0x80);
            store += 2, load += 2, other += 2;
        } else {
            arm64_adrp(&it, TEXT, 19, TO);
            arm64_access(&it, TEXT + 4, (uint32_t)ARM64_STR, 19, 3, TO);
            arm64_access(&it, TEXT + 8, (uint32_t)ARM64_LDR, 19, 3, TO);
            arm64_access(&it, TEXT + 12, (uint32_t)ARM64_LDR, 19, 3, TO + 0x80);
            store = TEXT + 4, load = TEXT + 8, other = TEXT + 12;
        }
        code_load(&it);
        const hvc_xref_range ranges[] = {{.low = TEXT, .high = TEXT + TEXT_SIZE, .stores = true},
                                         {.low = TO, .high = TO + 8}};
        hvc_xrefs stores = to_ranges(&it, ranges, 1), both = to_ranges(&it, ranges, 2);
        assert_int_equal(stores.items.count, 1);
        assert_true(has_xref(&stores, HVC_XREF_ADDRESS, store, TO));
        assert_int_equal(both.items.count, 2);
        assert_true(has_xref(&both, HVC_XREF_ADDRESS, store, TO));
        assert_true(has_xref(&both, HVC_XREF_ADDRESS, load, TO));
        assert_true(hvc_xref_may_store(it.image, it.isa, store));
        assert_false(hvc_xref_may_store(it.image, it.isa, load));
        assert_false(hvc_xref_may_store(it.image, it.isa, other));
        assert_false(hvc_xref_may_store(it.image, it.isa, 1));
        assert_false(hvc_xref_may_store(it.image, it.isa, UINT32_MAX));
        code_free(&it);
    }
}

static void test_find(void **state)
{
    (void)state;
    hvc_xref items[] = {{9, 0x10, 0, 0}, {1, 0x20, 0, 0}, {5, 0x20, 1, 0}, {7, 0x30, 0, 0}};
    hvc_xrefs xrefs = {.items = {items, 4, 4}};
    size_t count;
    assert_ptr_equal(hvc_xrefs_find(&xrefs, 0x20, 0x21, &count), &items[1]);
    assert_int_equal(count, 2);
    assert_ptr_equal(hvc_xrefs_find(&xrefs, 0, UINT32_MAX, &count), &items[0]);
    assert_int_equal(count, 4);
    hvc_xrefs_find(&xrefs, 0x21, 0x30, &count);
    assert_int_equal(count, 0);
    hvc_xrefs_find(&xrefs, 0x30, 0x20, &count);
    assert_int_equal(count, 0);
    hvc_xrefs none = {0};
    hvc_xrefs_find(&none, 0, UINT32_MAX, &count);
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_x64_addresses),
        cmocka_unit_test(test_x64_section_end),
        cmocka_unit_test(test_x64_calls_and_jumps),
        cmocka_unit_test(test_x64_based),
        cmocka_unit_test(test_64_pointers),
        cmocka_unit_test(test_x86),
        cmocka_unit_test(test_arm64_forms),
        cmocka_unit_test(test_arm64_more_forms),
        cmocka_unit_test(test_arm64_lost_registers),
        cmocka_unit_test(test_arm64_moved_adrp),
        cmocka_unit_test(test_arm64_copied_anything),
        cmocka_unit_test(test_arm64_straight_lines),
        cmocka_unit_test(test_arm64_sieve),
        cmocka_unit_test(test_arm64_filter),
        cmocka_unit_test(test_arm64_certain),
        cmocka_unit_test(test_arm64_certain_over_calls),
        cmocka_unit_test(test_arm64_certain_in_loop),
        cmocka_unit_test(test_arm64_certain_behind_table),
        cmocka_unit_test(test_arm64_certain_address),
        cmocka_unit_test(test_arm64_without_adrp),
        cmocka_unit_test(test_arm64_fragment),
        cmocka_unit_test(test_arm64_branches),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_stores),
        cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
