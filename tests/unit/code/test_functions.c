/* Which functions are found, and by what. */
#include "code_sample.h"

#include "code/step.h"

enum {
    E = HVC_FROM_EXCEPTION,
    ENTRY = HVC_FROM_ENTRY,
    EXPORT = HVC_FROM_EXPORT,
    GUARD = HVC_FROM_GUARD,
    POINTER = HVC_FROM_POINTER,
    CALL = HVC_FROM_CALL,
    SWEEP = HVC_FROM_SWEEP,
};

/* A pointer without a relocation. */
static void code_address(code_sample *it, uint32_t rva, uint32_t target)
{
    builder_put32(&it->builder, rva, (uint32_t)it->builder.headers.image_base + target);
}

static void test_x64_exception_data(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_AMD64);
    /* unwind data: version 1, no codes; the second one chained to the first */
    builder_put32(&it.builder, RDATA, 1);
    builder_put32(&it.builder, RDATA + 0x10, 1 | 4 << 3);
    builder_put32(&it.builder, RDATA + 0x14, 0x1100);
    builder_put32(&it.builder, RDATA + 0x18, 0x1140);
    builder_put32(&it.builder, RDATA + 0x1c, RDATA);
    /* chained to the chained one, behind two unwind codes */
    builder_put32(&it.builder, RDATA + 0x20, 1 | 4 << 3 | 2 << 16);
    builder_put32(&it.builder, RDATA + 0x28, 0x1180);
    builder_put32(&it.builder, RDATA + 0x2c, 0x1190);
    builder_put32(&it.builder, RDATA + 0x30, RDATA + 0x10);
    /* chained to itself */
    builder_put32(&it.builder, RDATA + 0x40, 1 | 4 << 3);
    builder_put32(&it.builder, RDATA + 0x44, 0x1280);
    builder_put32(&it.builder, RDATA + 0x48, 0x1290);
    builder_put32(&it.builder, RDATA + 0x4c, RDATA + 0x40);

    code_told_x64(&it, 0x1200, 0x1240, RDATA); /* out of order */
    code_told_x64(&it, 0x1100, 0x1140, RDATA);
    code_told_x64(&it, 0x1180, 0x1190, RDATA + 0x10);
    code_told_x64(&it, 0x11c0, 0x11d0, RDATA + 0x20);
    code_told_x64(&it, 0x1230, 0x1260, RDATA); /* overlaps the one before */
    code_told_x64(&it, 0x1280, 0x1290, RDATA + 0x40);
    code_told_x64(&it, RDATA, RDATA + 0x10, RDATA);  /* not executable */
    code_told_x64(&it, 0x2ff0, RDATA + 0x10, RDATA); /* leaves the section */
    code_map(&it);

    expect_function(&it, 0x1100, 0x1140, E);
    expect_group(&it, 0x1100, 0x1100);
    expect_function(&it, 0x1180, 0x1190, E);
    expect_group(&it, 0x1180, 0x1100);
    expect_group(&it, 0x11c0, 0x1100);
    expect_function(&it, 0x1200, 0x1230, E);
    expect_function(&it, 0x1230, 0x1260, E);
    expect_group(&it, 0x1280, 0x1280);
    for (size_t n = 0; n < 3; n++)
        assert_int_equal(hvc_function_part(&it.map, 0x1100, n)->begin,
                         ((uint32_t[]){0x1100, 0x1180, 0x11c0})[n]);
    assert_null(hvc_function_part(&it.map, 0x1100, 3));
    assert_int_equal(hvc_function_part(&it.map, 0x1280, 0)->begin, 0x1280);
    assert_null(hvc_function_part(&it.map, 0x1280, 1));
    expect_function(&it, 0x2ff0, 0x3000, E);
    expect_no_function(&it, 0x1140);
    expect_no_function(&it, 0x10ff);
    expect_no_function(&it, RDATA);
    assert_int_equal(it.map.functions.count, 7);
    code_free(&it);
}

static void test_x64_gaps(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_AMD64);
    builder_put32(&it.builder, RDATA, 1);
    code_told_x64(&it, 0x1100, 0x1180, RDATA);
    uint32_t at = code_put_rel(&it, 0x1100, "e8", 0x1200); /* call a leaf */
    at = code_put_rel(&it, at, "48 8d 05", 0x1220);        /* lea rax, of another */
    at = code_put_rel(&it, at, "48 8d 0d", 0x1100);        /* lea rcx, of itself */
    at = code_put_rel(&it, at, "4c 8d 15", 0x1120);        /* lea r10, of a place inside */
    at = code_put_rel(&it, at, "48 8d 0d", 0x1300);        /* lea rcx, of a text */
    at = code_put_rel(&it, at, "0f 84", 0x1250);           /* je to a shared end */
    code_put(&it, at, "eb fe");
    code_put(&it, 0x1200, "33 c0 c3");                 /* xor eax, eax; ret */
    code_put_rel(&it, 0x1220, "ff 25", RDATA + 0x100); /* jmp [thunk] */
    code_put(&it, 0x1240, "b8 01 00 00 00 eb 09");     /* pointer; jmp 1250 */
    code_put(&it, 0x1250, "c3");
    code_put(&it, 0x1260, "48 ff c1 75 fb c3");                   /* nothing leads here */
    code_put(&it, 0x1300, "44 72 69 76 65 72 45 6e 74 72 79 00"); /* "DriverEntry" */
    code_pointer(&it, RDATA + 0x200, 0x1240);
    code_map(&it);

    expect_function(&it, 0x1100, 0x1180, E | POINTER);
    expect_function(&it, 0x1200, 0x1203, CALL);
    expect_function(&it, 0x1220, 0x1226, POINTER);
    expect_function(&it, 0x1240, 0x1247, POINTER);
    expect_function(&it, 0x1250, 0x1251, CALL);
    expect_function(&it, 0x1260, 0x1266, SWEEP);
    expect_no_function(&it, 0x1300);
    expect_no_function(&it, 0x1190);
    assert_true(has_label(&it, 0x1120));
    assert_false(has_label(&it, 0x1100));
    code_free(&it);
}

static void test_x64_handlers(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_AMD64);
    /* EHANDLER, two codes; handler; scope table of two records */
    static const uint32_t unwind[] = {1 | 1 << 3 | 2 << 16,
                                      0,
                                      0x1400,
                                      2,
                                      0x1100,
                                      0x1110,
                                      0x1440,
                                      0x1130,
                                      0x1110,
                                      0x1120,
                                      1,
                                      0x1138};
    for (unsigned i = 0; i < 12; i++)
        builder_put32(&it.builder, RDATA + 4 * i, unwind[i]);
    /* the same with a record that makes no sense */
    for (unsigned i = 0; i < 12; i++)
        builder_put32(&it.builder, RDATA + 0x40 + 4 * i, i == 11 ? 0x9999999 : unwind[i]);
    builder_put32(&it.builder, RDATA + 0x40 + 4 * 6, 0x1460);
    builder_put32(&it.builder, RDATA + 0x80, 1);
    code_told_x64(&it, 0x1100, 0x1140, RDATA);
    code_told_x64(&it, 0x1180, 0x11a0, RDATA + 0x40);
    code_told_x64(&it, 0x1440, 0x1450, RDATA + 0x80);
    code_put(&it, 0x1400, "c3");
    code_map(&it);

    expect_function(&it, 0x1400, 0x1401, POINTER);
    expect_function(&it, 0x1440, 0x1450, E | POINTER);
    assert_true(has_label(&it, 0x1130));
    assert_true(has_label(&it, 0x1138));
    expect_no_function(&it, 0x1460);
    code_free(&it);
}

static void test_entry_exports_guard(void **state)
{
    (void)state;
    code_sample it;
    static const char *const names[] = {"One", "Two", "Far=NTOSKRNL.Near"};
    code_init(&it, HVC_MACHINE_AMD64);
    builder_put32(&it.builder, RDATA, 1);
    code_told_x64(&it, 0x1100, 0x1110, RDATA);
    code_put(&it, 0x1200, "c3");
    code_put(&it, 0x1210, "c3");
    code_put(&it, 0x1300, "c3");
    it.builder.headers.entry_point = 0x1300;
    unsigned exports = builder_add_section(&it.builder, ".edata", BUILDER_RDATA, 0x1000);
    builder_exports(&it.builder, exports, names, 3, 0x1200);
    /* load configuration: GuardCFFunctionTable, its count, GuardFlags with one more byte per entry
     */
    uint32_t config = RDATA + 0x100;
    builder_put32(&it.builder, config, 0x94);
    builder_put64(&it.builder, config + 0x80, it.builder.headers.image_base + RDATA + 0x200);
    builder_put64(&it.builder, config + 0x88, 3);
    builder_put32(&it.builder, config + 0x90, 0x10000500);
    builder_put32(&it.builder, RDATA + 0x200, 0x1100);
    builder_put32(&it.builder, RDATA + 0x205, 0x1300);
    builder_put32(&it.builder, RDATA + 0x20a, 0x7777777);
    builder_directory(&it.builder, HVC_DIR_LOAD_CONFIG, config, 0x94);
    code_map(&it);

    expect_function(&it, 0x1100, 0x1110, E | GUARD);
    expect_function(&it, 0x1200, 0x1201, EXPORT);
    expect_function(&it, 0x1210, 0x1211, EXPORT);
    expect_function(&it, 0x1300, 0x1301, ENTRY | GUARD);
    code_free(&it);
}

static void test_arm64(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_ARM64);
    /* packed: flag 1, length in words << 2; flag 2 is a fragment */
    code_told_arm64(&it, 0x1100, 1 | 16 << 2);
    code_told_arm64(&it, 0x1140, 2 | 4 << 2); /* right behind: of the function before it */
    code_told_arm64(&it, 0x1160, 2 | 4 << 2); /* on its own */
    code_told_arm64(&it, 0x1180, RDATA);
    /* 8 words, one epilog in the header, one code word, an exception handler with a scope */
    static const uint32_t unwind[] = {
        8 | 1 << 20 | 1 << 21 | 1u << 27, 0xe4e4e4e4, 0x1300, 1, 0x1180, 0x1190, 1, 0x1198};
    for (unsigned i = 0; i < 8; i++)
        builder_put32(&it.builder, RDATA + 4 * i, unwind[i]);
    uint32_t at = arm64_branch(&it, 0x1100, ARM64_BL, 0x1200);
    at = arm64_adrp(&it, at, 8, 0x1220);
    at = arm64_add(&it, at, 8, 8, 0x1220);
    at = arm64_adrp(&it, at, 9, 0x1180);
    at = arm64_add(&it, at, 0, 9, 0x1180);
    at = arm64_adrp(&it, at, 10, 0x1120);
    at = arm64_add(&it, at, 10, 31, 0x48); /* no page any more */
    at = arm64_add(&it, at, 1, 10, 0x1120);
    arm64_branch(&it, at, ARM64_B, 0x1240);
    for (uint32_t leaf = 0x1200; leaf < 0x1280; leaf += 0x20)
        arm64_word(&it, leaf, (uint32_t)ARM64_RET);
    arm64_word(&it, 0x1300, (uint32_t)ARM64_RET);
    code_map(&it);

    expect_function(&it, 0x1100, 0x1140, E);
    expect_group(&it, 0x1140, 0x1100);
    expect_group(&it, 0x1160, 0x1160);
    expect_function(&it, 0x1180, 0x11a0, E | POINTER);
    assert_true(has_label(&it, 0x1198));
    assert_false(has_label(&it, 0x1120));
    expect_function(&it, 0x1200, 0x1204, CALL);
    expect_function(&it, 0x1220, 0x1224, POINTER);
    expect_function(&it, 0x1240, 0x1244, CALL);
    expect_function(&it, 0x1260, 0x1264, SWEEP);
    expect_function(&it, 0x1300, 0x1304, POINTER);
    expect_no_function(&it, 0x1204);
    code_free(&it);
}

static void test_x86_descent(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_I386);
    it.builder.headers.entry_point = 0x1100;
    uint32_t at = code_put(&it, 0x1100, "55 8b ec");
    at = code_put_rel(&it, at, "e8", 0x1200);
    at = code_put_address(&it, at, "68", 0x1240); /* push offset callback */
    at = code_put_address(&it, at, "a1", DATA);   /* mov eax, [global] */
    at = code_put_rel(&it, at, "0f 84", 0x1280);  /* je far away */
    at = code_put(&it, at, "5d c3");
    uint32_t entry_end = at;
    code_put(&it, 0x1200, "83 f8 03 76 03 33 c0 c3 40 c3"); /* jbe over a return */
    code_put(&it, 0x1240, "c2 08 00");
    uint32_t far_end = code_put_rel(&it, 0x1280, "e9", at - 2); /* back into the entry */
    code_put(&it, 0x12c0, "8b ff 55 8b ec 5d c3");              /* nothing leads here */
    code_put(&it, 0x12e0, "33 c0 c3");                          /* a pointer in data does */
    code_pointer(&it, DATA + 0x10, 0x12e0);
    code_map(&it);

    expect_function(&it, 0x1100, entry_end, ENTRY);
    expect_function(&it, 0x1200, 0x120a, CALL);
    expect_function(&it, 0x1240, 0x1243, POINTER);
    expect_function(&it, 0x1280, far_end, 0);
    expect_group(&it, 0x1280, 0x1100);
    expect_function(&it, 0x12c0, 0x12c7, SWEEP);
    expect_function(&it, 0x12e0, 0x12e3, POINTER);
    assert_int_equal(it.map.functions.count, 6);
    code_free(&it);
}

/* A jump table in .rdata is followed as far as the comparison before it allows: the pointers behind
 * it are those of functions. */
static void test_x86_jump_table(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_I386);
    it.builder.headers.entry_point = 0x1100;
    uint32_t at = code_put(&it, 0x1100, "8b 45 08 83 f8 02 77 20"); /* cmp eax, 2; ja 1128 */
    at = code_put_address(&it, at, "ff 24 85", RDATA + 0x40);       /* jmp [eax * 4 + table] */
    code_put(&it, 0x1110, "40 c3 40 40 c3 c3");
    code_put(&it, 0x1128, "33 c0 c3");
    code_put(&it, 0x1180, "c3");
    code_pointer(&it, RDATA + 0x40, 0x1110);
    code_pointer(&it, RDATA + 0x44, 0x1112);
    code_pointer(&it, RDATA + 0x48, 0x1115);
    code_pointer(&it, RDATA + 0x4c, 0x1180);
    /* the same in .text, right behind the function */
    at = code_put(&it, 0x1200, "83 f9 01 77 09");
    at = code_put_address(&it, at, "ff 24 8d", 0x1210);
    code_put(&it, at, "c3 90 90 90");
    code_pointer(&it, 0x1210, 0x120c);
    code_pointer(&it, 0x1214, 0x1230);
    code_put(&it, 0x1230, "c3");
    code_pointer(&it, DATA, 0x1200);
    code_map(&it);

    expect_function(&it, 0x1100, 0x112b, ENTRY);
    expect_function(&it, 0x1180, 0x1181, POINTER);
    expect_function(&it, 0x1200, 0x1231, POINTER); /* the table lies inside */
    assert_int_equal(it.map.functions.count, 3);
    code_free(&it);
}

/* The number that an index is compared with may come in a register, by push and pop or by mov. */
static void test_x86_bound_in_register(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_I386);
    it.builder.headers.entry_point = 0x1100;
    /* cmp dl, 0; jne 1130; push 2; dec eax; pop ebx; cmp eax, ebx; ja 1130 */
    uint32_t at = code_put(&it, 0x1100, "80 fa 00 75 2b 6a 02 48 5b 3b c3 77 23");
    code_put_address(&it, at, "ff 24 85", RDATA + 0x40);
    code_put(&it, 0x1120, "40 c3 40 40 c3 c3");
    code_put(&it, 0x1130, "33 c0 c3");
    code_put(&it, 0x1180, "c3");
    code_pointer(&it, RDATA + 0x40, 0x1120);
    code_pointer(&it, RDATA + 0x44, 0x1122);
    code_pointer(&it, RDATA + 0x48, 0x1125);
    code_pointer(&it, RDATA + 0x4c, 0x1180);
    /* cmp edx, 5; mov edi, 1; cmp ecx, edi; ja 1220 */
    at = code_put(&it, 0x1200, "83 fa 05 bf 01 00 00 00 39 f9 77 14");
    code_put_address(&it, at, "ff 24 8d", RDATA + 0x60);
    code_put(&it, 0x1220, "c3 c3 c3");
    code_put(&it, 0x1240, "c3");
    code_pointer(&it, RDATA + 0x60, 0x1221);
    code_pointer(&it, RDATA + 0x64, 0x1222);
    code_pointer(&it, RDATA + 0x68, 0x1240);
    code_pointer(&it, DATA, 0x1200);
    code_map(&it);

    expect_function(&it, 0x1100, 0x1133, ENTRY);
    expect_function(&it, 0x1180, 0x1181, POINTER);
    expect_function(&it, 0x1200, 0x1223, POINTER);
    expect_function(&it, 0x1240, 0x1241, POINTER);
    assert_int_equal(it.map.functions.count, 4);
    code_free(&it);
}

/* Without a comparison nothing tells where the table ends: its targets are kept apart. */
static void test_x86_open_jump_table(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_I386);
    it.builder.headers.entry_point = 0x1100;
    code_put_address(&it, 0x1100, "83 e0 01 ff 24 85", RDATA + 0x40);
    code_put(&it, 0x1110, "40 c3 c3");
    code_pointer(&it, RDATA + 0x40, 0x1110);
    code_pointer(&it, RDATA + 0x44, 0x1112);
    code_map(&it);
    expect_function(&it, 0x1100, 0x110a, ENTRY);
    expect_function(&it, 0x1110, 0x1112, POINTER);
    expect_function(&it, 0x1112, 0x1113, POINTER);
    code_free(&it);
}

/* Right behind the function's code it ends where no pointer to that code follows. */
static void test_x86_open_jump_table_in_code(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_I386);
    it.builder.headers.entry_point = 0x1100;
    code_put_address(&it, 0x1100, "83 e0 01 ff 24 85", 0x1114);
    code_put(&it, 0x1110, "40 c3 40 c3");
    code_pointer(&it, 0x1114, 0x1110);
    code_pointer(&it, 0x1118, 0x1112);
    code_pointer(&it, 0x111c, 0x1130); /* another one's */
    code_put(&it, 0x1130, "c3");
    code_map(&it);
    expect_function(&it, 0x1100, 0x111c, ENTRY);
    expect_function(&it, 0x1130, 0x1131, POINTER | SWEEP);
    code_free(&it);
}

/* Bytes that a relocation says are a pointer are no opcodes. */
static void test_x86_relocations_are_no_code(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_I386);
    it.builder.headers.entry_point = 0x1100;
    code_put_rel(&it, 0x1100, "e8", 0x1200); /* does not return: data follows */
    code_pointer(&it, 0x1105, 0x1300);
    code_put(&it, 0x1200, "0f 0b");
    code_put(&it, 0x1300, "c3");
    code_map(&it);
    expect_function(&it, 0x1100, 0x1105, ENTRY);
    expect_no_function(&it, 0x1106);
    code_free(&it);
}

static void test_x86_without_relocations(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_I386);
    it.builder.headers.entry_point = 0x1100;
    uint32_t at = code_put(&it, 0x1100, "68");
    builder_put32(&it.builder, at, 0x401240); /* push offset callback */
    code_put(&it, at + 4, "c3");
    code_put(&it, 0x1240, "c2 08 00");
    code_put(&it, 0x1260, "c3");
    builder_put32(&it.builder, DATA + 4, 0x401260);
    code_map(&it);
    expect_function(&it, 0x1100, 0x1106, ENTRY);
    expect_function(&it, 0x1240, 0x1243, POINTER);
    expect_function(&it, 0x1260, 0x1261, POINTER);
    code_free(&it);
}

/* Filters and handlers of __try, which only a scope table points to, and what the load
 * configuration lists as a handler, are functions. */
static void test_x86_handlers(void **state)
{
    (void)state;
    for (unsigned relocated = 0; relocated < 2; relocated++) {
        code_sample it;
        code_init(&it, HVC_MACHINE_I386);
        it.builder.headers.entry_point = 0x1100;
        void (*point)(code_sample *, uint32_t, uint32_t) =
            relocated != 0 ? code_pointer : code_address;
        /* push offset scope table; push offset _except_handler3 */
        uint32_t at = code_put(&it, 0x1100, "55 8b ec 6a ff 68 00 00 00 00 68 00 00 00 00 c3");
        point(&it, 0x1106, RDATA + 0x40);
        point(&it, 0x110b, 0x1300);
        code_put(&it, 0x1110, "33 c0 c3");       /* a filter, right behind */
        code_put(&it, 0x1113, "8b 65 e8 eb e7"); /* its handler, which goes back into the middle */
        code_put(&it, 0x1120, "c3");             /* a termination handler */
        code_put(&it, 0x1300, "c3");
        code_put(&it, 0x1340, "c3");
        /* _except_handler4: four words of cookies before the entries */
        code_put(&it, 0x1200, "6a fe 68 00 00 00 00 c3");
        point(&it, 0x1203, RDATA + 0x80);
        code_put(&it, 0x1208, "40 c3");
        code_put(&it, 0x120a, "48 c3");
        point(&it, DATA, 0x1200);
        builder_put32(&it.builder, RDATA + 0x40, 0xFFFFFFFF);
        point(&it, RDATA + 0x44, 0x1110);
        point(&it, RDATA + 0x48, 0x1113);
        builder_put32(&it.builder, RDATA + 0x4c, 0);
        point(&it, RDATA + 0x54, 0x1120);
        builder_put32(&it.builder, RDATA + 0x80, 0xFFFFFFFE);
        builder_put32(&it.builder, RDATA + 0x90, 0xFFFFFFFE);
        point(&it, RDATA + 0x94, 0x1208);
        point(&it, RDATA + 0x98, 0x120a);
        /* SEHandlerTable and its count; one handler is no code */
        builder_put32(&it.builder, RDATA + 0x100, 0x48);
        point(&it, RDATA + 0x140, RDATA + 0x180);
        builder_put32(&it.builder, RDATA + 0x144, 2);
        builder_put32(&it.builder, RDATA + 0x180, 0x1340);
        builder_put32(&it.builder, RDATA + 0x184, 0x7777777);
        builder_directory(&it.builder, HVC_DIR_LOAD_CONFIG, RDATA + 0x100, 0x48);
        code_map(&it);

        expect_function(&it, 0x1100, at, ENTRY);
        expect_function(&it, 0x1110, 0x1113, POINTER);
        expect_function(&it, 0x1113, 0x1118, POINTER);
        expect_function(&it, 0x1120, 0x1121, POINTER);
        expect_function(&it, 0x1208, 0x120a, POINTER);
        expect_function(&it, 0x120a, 0x120c, POINTER);
        expect_function(&it, 0x1300, 0x1301, POINTER);
        expect_function(&it, 0x1340, 0x1341, POINTER);
        code_free(&it);
    }
}

/* A scope table among the code, whose handler the code before it runs into, which calls the rest.
 */
static void test_x86_scopes_among_code(void **state)
{
    (void)state;
    for (unsigned cookies = 0; cookies < 2; cookies++) {
        code_sample it;
        code_init(&it, HVC_MACHINE_I386);
        it.builder.headers.entry_point = 0x1100;
        uint32_t entry = cookies != 0 ? 0x1210 : 0x1200;
        uint32_t at = code_put_address(&it, 0x1100, "68", 0x1200);
        at = code_put_rel(&it, at, "e8", 0x1140);
        uint32_t handler = at;
        at = code_put(&it, at, "8b 5d 08");
        code_put_rel(&it, at, "e9", 0x1140);
        code_put(&it, 0x1140, "33 c0 c3");
        builder_put32(&it.builder, 0x1200, 0xFFFFFFFE);
        builder_put32(&it.builder, entry, cookies != 0 ? 0xFFFFFFFE : 0xFFFFFFFF);
        builder_put32(&it.builder, entry + 4, 0); /* no filter: a termination handler */
        code_pointer(&it, entry + 8, handler);
        builder_put32(&it.builder, entry + 12, 7); /* no level before it */
        code_pointer(&it, entry + 20, 0x1142);
        code_map(&it);
        expect_function(&it, 0x1100, handler, ENTRY);
        expect_function(&it, handler, at + 5, POINTER);
        expect_function(&it, 0x1140, 0x1143, CALL);
        code_free(&it);
    }
}

/* A scope table whose handler is the table. */
static void test_x86_scopes_of_itself(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_I386);
    it.builder.headers.entry_point = 0x1100;
    uint32_t end = code_put(&it, code_put_address(&it, 0x1100, "68", 0x1200), "c3");
    for (uint32_t at = 0x1200; at < 0x1218; at += 12) {
        builder_put32(&it.builder, at, 0xFFFFFFFF);
        code_pointer(&it, at + 4, 0x120c);
        code_pointer(&it, at + 8, 0x1200);
    }
    code_map(&it);
    expect_function(&it, 0x1100, end, ENTRY);
    code_free(&it);
}

static void test_no_code(void **state)
{
    (void)state;
    static const uint16_t machines[] = {HVC_MACHINE_AMD64, HVC_MACHINE_I386, HVC_MACHINE_ARM64};
    for (unsigned i = 0; i < 3; i++) {
        code_sample it;
        code_init(&it, machines[i]);
        code_map(&it);
        assert_int_equal(it.map.functions.count, 0);
        expect_no_function(&it, 0);
        expect_no_function(&it, UINT32_MAX);
        code_free(&it);

        code_init(&it, machines[i]);
        it.builder.sections[0].characteristics = BUILDER_RDATA;
        it.builder.headers.entry_point = TEXT;
        code_put(&it, TEXT, "c3");
        code_map(&it);
        assert_int_equal(it.map.functions.count, 0);
        code_free(&it);
    }
}

/* Whatever the bytes are, the map keeps its promises. */
static void test_random_code(void **state)
{
    (void)state;
    static const uint16_t machines[] = {HVC_MACHINE_AMD64, HVC_MACHINE_I386, HVC_MACHINE_ARM64};
    uint32_t seed = 1;
    for (unsigned round = 0; round < 300; round++) {
        code_sample it;
        code_init(&it, machines[round % 3]);
        uint8_t *text = builder_at(&it.builder, TEXT, TEXT_SIZE);
        for (unsigned i = 0; i < TEXT_SIZE; i++) {
            seed = seed * 1664525 + 1013904223;
            text[i] = (uint8_t)(seed >> 24);
        }
        for (unsigned i = 0; i < 40; i++) {
            seed = seed * 1664525 + 1013904223;
            uint32_t begin = TEXT + (seed >> 8) % 0x2100 / 4 * 4;
            if (machines[round % 3] == HVC_MACHINE_AMD64)
                code_told_x64(&it, begin, begin + 1 + (seed >> 3) % 200,
                              TEXT + (seed >> 12) % 0x1000);
            else if (machines[round % 3] == HVC_MACHINE_ARM64)
                code_told_arm64(&it, begin, seed >> 7);
            code_pointer(&it, DATA + 8 * i, TEXT + (seed >> 5) % TEXT_SIZE);
            if (machines[round % 3] == HVC_MACHINE_I386)
                code_pointer(&it, TEXT + (seed >> 9) % 0x1ff0, TEXT + (seed >> 2) % TEXT_SIZE);
        }
        it.builder.headers.entry_point = TEXT + seed % TEXT_SIZE;
        code_xrefs(&it);
        code_free(&it);
    }
}

/* Control arrives in the middle of a function from another one: by a jump, not by what only looks
 * like one or stays inside. */
static void test_crossing_jumps(void **state)
{
    (void)state;
    code_sample it;
    code_init(&it, HVC_MACHINE_I386);
    it.builder.headers.entry_point = 0x1100;
    code_put_rel(&it, 0x1100, "85 c0 0f 84", 0x1180); /* test eax, eax; je 1180 */
    code_put(&it, 0x1108, "40 40 40 c3");
    code_put_rel(&it, 0x1180, "40 e9", 0x1109); /* a function of its own by the pointer to it */
    code_pointer(&it, DATA, 0x1180);
    code_map(&it);
    expect_function(&it, 0x1180, 0x1186, POINTER);
    assert_true(has_label(&it, 0x1109));
    assert_int_equal(it.map.labels.count, 1);
    code_free(&it);

    code_init(&it, HVC_MACHINE_AMD64);
    builder_put32(&it.builder, RDATA, 1); /* unwind data: version 1, no codes */
    code_told_x64(&it, 0x1100, 0x1140, RDATA);
    code_told_x64(&it, 0x1180, 0x11c0, RDATA);
    uint32_t at = code_put_rel(&it, 0x1100, "85 c0 0f 84", 0x1110);
    code_put(&it, at, "c3");
    at = code_put_rel(&it, 0x1180, "e9", 0x1120);
    at = code_put_rel(&it, at, "0f 85", 0x1124);
    at = code_put_rel(&it, at, "e9", 0x1100);
    code_put_rel(&it, at, "48 b8 e9", 0x1130); /* mov rax: no jump stands in it */
    code_map(&it);
    assert_true(has_label(&it, 0x1120) && has_label(&it, 0x1124));
    assert_int_equal(it.map.labels.count, 2);
    code_free(&it);

    code_init(&it, HVC_MACHINE_ARM64);
    code_told_arm64(&it, 0x1100, 1 | 16 << 2);
    code_told_arm64(&it, 0x1180, 1 | 16 << 2);
    arm64_branch(&it, 0x1100, ARM64_B, 0x1110);
    arm64_branch(&it, 0x1180, ARM64_B, 0x1120);
    arm64_branch(&it, 0x1184, ARM64_B, 0x1100);
    code_map(&it);
    assert_true(has_label(&it, 0x1120));
    assert_int_equal(it.map.labels.count, 1);
    code_free(&it);
}

static void check_calls(const hvc_isa *isa, const hvc_step *step, const hvc_op *last,
                        hvc_span bytes)
{
    unsigned kind = last == NULL ? HVC_OP_COUNT : last->kind;
    bool by_register =
        kind == HVC_OP_CALL && last->a.kind == HVC_OPERAND_REG && last->a.reg < HVC_REG_MACHINE;
    assert_int_equal(step->calls_register, by_register);
    if (isa == &hvc_isa_arm64 && hvc_step_over_arm64((hvc_span){bytes.data, 4}) == 4)
        assert_true(kind == HVC_OP_TRAP || /* udf */
                    (step->kind == HVC_STEP_NEXT && kind != HVC_OP_CALL && kind != HVC_OP_JUMP));
}

/* What a step says agrees with the whole decoding of the same bytes, on random instructions. */
static void test_steps(void **state)
{
    (void)state;
    static const hvc_isa *const isas[] = {&hvc_isa_x86, &hvc_isa_x64, &hvc_isa_arm64};
    uint32_t seed = 7;
    unsigned compared = 0;
    for (unsigned round = 0; round < 600000; round++) {
        const hvc_isa *isa = isas[round % 3];
        uint8_t bytes[16];
        for (unsigned i = 0; i < 16; i++) {
            seed = seed * 1664525 + 1013904223;
            bytes[i] = (uint8_t)(seed >> 24);
        }
        hvc_insn insn;
        hvc_step step;
        hvc_span span = {bytes, 16};
        hvc_step_decoder(isa)(span, 0x1000, &step);
        if (!isa->decode(span, 0x1000, &insn) || step.kind == HVC_STEP_INVALID)
            continue; /* which bytes are instructions the other tests say */
        compared++;
        assert_int_equal(step.length, insn.length);
        const hvc_op *last = insn.op_count > 0 ? &insn.ops[insn.op_count - 1] : NULL;
        unsigned kind = last == NULL ? HVC_OP_COUNT : last->kind;
        bool direct = last != NULL && last->a.kind == HVC_OPERAND_CONST;
        if (step.kind == HVC_STEP_CALL) {
            assert_true(kind == HVC_OP_CALL && direct);
            assert_int_equal(step.target, (uint32_t)last->a.value);
        } else if (step.kind == HVC_STEP_JUMP) {
            assert_true(kind == HVC_OP_JUMP && direct);
            assert_int_equal(step.target, (uint32_t)last->a.value);
        } else if (step.kind == HVC_STEP_BRANCH && kind != HVC_OP_BRANCH) {
            /* b.al always jumps, cbnz xzr never does: following both ways loses nothing */
            assert_ptr_equal(isa, &hvc_isa_arm64);
            assert_true(kind == HVC_OP_COUNT || kind == HVC_OP_JUMP);
        } else if (step.kind == HVC_STEP_BRANCH) {
            assert_int_equal(kind, HVC_OP_BRANCH);
            assert_int_equal(step.target, (uint32_t)last->target);
        } else if (step.kind == HVC_STEP_NEXT) {
            assert_true(kind != HVC_OP_BRANCH && kind != HVC_OP_RETURN);
            assert_false(kind == HVC_OP_JUMP && direct);
        }
        check_calls(isa, &step, last, span);
    }
    assert_true(compared > 200000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_x64_exception_data),
        cmocka_unit_test(test_x64_gaps),
        cmocka_unit_test(test_x64_handlers),
        cmocka_unit_test(test_entry_exports_guard),
        cmocka_unit_test(test_arm64),
        cmocka_unit_test(test_x86_descent),
        cmocka_unit_test(test_x86_jump_table),
        cmocka_unit_test(test_x86_bound_in_register),
        cmocka_unit_test(test_x86_open_jump_table),
        cmocka_unit_test(test_x86_open_jump_table_in_code),
        cmocka_unit_test(test_x86_relocations_are_no_code),
        cmocka_unit_test(test_x86_without_relocations),
        cmocka_unit_test(test_x86_handlers),
        cmocka_unit_test(test_x86_scopes_among_code),
        cmocka_unit_test(test_x86_scopes_of_itself),
        cmocka_unit_test(test_no_code),
        cmocka_unit_test(test_random_code),
        cmocka_unit_test(test_crossing_jumps),
        cmocka_unit_test(test_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
