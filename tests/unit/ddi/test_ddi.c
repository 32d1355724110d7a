/* The table of DDIs against what is known independently of it, the look-ups, and the predicates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <hvcheck/ddi.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Every DDI that Microsoft's page on driver compatibility names. */
static const char *const page[] = {
    "ExAllocatePool",
    "ExAllocatePoolWithQuota",
    "ExAllocatePoolWithQuotaTag",
    "ExAllocatePoolWithTag",
    "ExAllocatePoolWithTagPriority",
    "ExInitializeNPagedLookasideList",
    "ExInitializeLookasideListEx",
    "MmAllocateContiguousMemory",
    "MmAllocateContiguousMemorySpecifyCache",
    "MmAllocateContiguousMemorySpecifyCacheNode",
    "MmAllocateContiguousNodeMemory",
    "MmCopyMemory",
    "MmMapIoSpace",
    "MmMapLockedPages",
    "MmMapLockedPagesSpecifyCache",
    "MmProtectMdlSystemAddress",
    "ZwAllocateVirtualMemory",
    "ZwCreateSection",
    "ZwMapViewOfSection",
    "NtCreateSection",
    "NtMapViewOfSection",
    "ClfsCreateMarshallingArea",
    "NdisAllocateMemoryWithTagPriority",
    "StorPortGetDataInBufferSystemAddress",
    "StorPortGetSystemAddress",
    "ChangerClassAllocatePool",
    "DxgkCbMapMemory",
    "VideoPortAllocatePool",
    "IMiniportDMus::NewStream",
    "IMiniportMidi::NewStream",
    "IMiniportWaveCyclic::NewStream",
    "IPortWavePci::NewMasterDmaChannel",
    "IMiniportWavePci::NewStream",
    "PcNewDmaChannel",
    "PcNewResourceList",
    "PcNewResourceSublist",
    "FltAllocatePoolAlignedWithTag",
    "FltAllocateContext",
    "WdfLookasideListCreate",
    "WdfMemoryCreate",
    "WdfDeviceAllocAndQueryProperty",
    "WdfDeviceAllocAndQueryPropertyEx",
    "WdfFdoInitAllocAndQueryProperty",
    "WdfFdoInitAllocAndQueryPropertyEx",
    "WdfIoTargetAllocAndQueryTargetProperty",
    "WdfRegistryQueryMemory",
};

static const hvc_ddi *ddi(const char *name)
{
    const hvc_ddi *found = hvc_ddi_find(name);

    if (found == NULL)
        fail_msg("%s is not in the table", name);
    return found;
}

static void page_is_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(page); i++) {
        if (!ddi(page[i])->on_page)
            fail_msg("%s is on the page", page[i]);
    }
    size_t count, on_page = 0;
    const hvc_ddi *all = hvc_ddis(&count);
    for (size_t i = 0; i < count; i++)
        on_page += all[i].on_page;
    assert_int_equal(on_page, COUNT(page));
}

/* Argument, x86 offset, counter and kind as the functions' prototypes and the sources of Verifier's
 * checks have them. */
static const struct expected {
    const char *name;
    int argument, x86_stack;
    hvc_counter counter;
    hvc_value_kind kind;
    hvc_predicate predicate;
} expected[] = {
#define POOL(name, argument, x86)                                                                  \
    {                                                                                              \
        name, argument, x86, HVC_COUNTER_POOL_TYPE, HVC_VALUE_POOL_TYPE, HVC_PREDICATE_POOL_TYPE   \
    }
#define PAGE(name, argument, x86)                                                                  \
    {                                                                                              \
        name, argument, x86, HVC_COUNTER_PAGE_PROTECTION, HVC_VALUE_PAGE_PROTECTION,               \
            HVC_PREDICATE_PAGE_EXECUTE                                                             \
    }
#define MAP(name, argument, x86)                                                                   \
    {                                                                                              \
        name, argument, x86, HVC_COUNTER_PAGE_MAPPING, HVC_VALUE_PAGE_PRIORITY,                    \
            HVC_PREDICATE_NO_EXECUTE_FLAG                                                          \
    }
#define FLAGS(name)                                                                                \
    {                                                                                              \
        name, 0, 0, HVC_COUNTER_POOL_TYPE, HVC_VALUE_POOL_FLAGS, HVC_PREDICATE_POOL_EXECUTE        \
    }
#define CACHE(name, argument, x86)                                                                 \
    {                                                                                              \
        name, argument, x86, HVC_COUNTER_NONE, HVC_VALUE_CACHING_TYPE, HVC_PREDICATE_CACHED        \
    }
#define NOTHING(name)                                                                              \
    {                                                                                              \
        name, -1, -1, HVC_COUNTER_NONE, HVC_VALUE_NONE, HVC_PREDICATE_NONE                         \
    }
    POOL("ExAllocatePool", 0, 0),
    POOL("ExAllocatePoolWithQuota", 0, 0),
    POOL("ExAllocatePoolWithQuotaTag", 0, 0),
    POOL("ExAllocatePoolWithTag", 0, 0),
    POOL("ExAllocatePoolWithTagPriority", 0, 0),
    POOL("ExAllocatePoolZero", 0, 0),
    POOL("ExAllocatePoolPriorityUninitialized", 0, 0),
    POOL("ExInitializeLookasideListEx", 3, 12),
    POOL("ExAllocateCacheAwareRundownProtection", 0, 0),
    POOL("FsRtlAllocatePoolWithQuotaTag", 0, 0),
    POOL("ClfsCreateMarshallingArea", 1, 4),
    POOL("ChangerClassAllocatePool", 0, 0),
    POOL("IPortWavePci::NewMasterDmaChannel", 3, 12),
    POOL("PcNewDmaChannel", 2, 8),
    POOL("PcNewResourceList", 2, 8),
    POOL("PcNewResourceSublist", 2, 8),
    POOL("FltAllocatePoolAlignedWithTag", 1, 4),
    POOL("FltAllocateContext", 3, 12),
    POOL("WdfLookasideListCreate", 3, 12),
    POOL("WdfMemoryCreate", 2, 8),
    POOL("WdfDeviceAllocAndQueryProperty", 3, 12),
    POOL("WdfDeviceAllocAndQueryPropertyEx", 3, 12),
    POOL("WdfFdoInitAllocAndQueryProperty", 3, 12),
    POOL("WdfFdoInitAllocAndQueryPropertyEx", 3, 12),
    POOL("WdfIoTargetAllocAndQueryTargetProperty", 3, 12),
    POOL("WdfRegistryQueryMemory", 3, 12),
    {"VideoPortAllocatePool", 1, 4, HVC_COUNTER_POOL_TYPE, HVC_VALUE_VP_POOL_TYPE,
     HVC_PREDICATE_POOL_TYPE},
    {"ExInitializeNPagedLookasideList", 3, 12, HVC_COUNTER_POOL_TYPE, HVC_VALUE_LOOKASIDE_FLAGS,
     HVC_PREDICATE_POOL_TYPE},
    {"SeAssignSecurity", 6, 24, HVC_COUNTER_NONE, HVC_VALUE_POOL_TYPE, HVC_PREDICATE_POOL_TYPE},
    {"SeAssignSecurityEx", 8, 32, HVC_COUNTER_NONE, HVC_VALUE_POOL_TYPE, HVC_PREDICATE_POOL_TYPE},
    FLAGS("ExAllocatePool2"),
    FLAGS("ExAllocatePool3"),
    PAGE("MmAllocateContiguousNodeMemory", 4, 0x1c),
    PAGE("MmProtectMdlSystemAddress", 1, 4),
    PAGE("ZwCreateSection", 4, 16),
    PAGE("NtCreateSection", 4, 16),
    PAGE("MmCreateSection", 4, 16),
    PAGE("ZwMapViewOfSection", 9, 36),
    PAGE("NtMapViewOfSection", 9, 36),
    PAGE("MmMapViewOfSection", 9, 36),
    PAGE("ZwAllocateVirtualMemory", 5, 20),
    PAGE("ZwProtectVirtualMemory", 3, 12),
    PAGE("MmMapIoSpaceEx", 2, 12),
    MAP("MmMapLockedPagesSpecifyCache", 5, 20),
    MAP("MmGetSystemAddressForMdlSafe", 5, 20),
    CACHE("MmAllocateContiguousMemorySpecifyCache", 4, 0x1c),
    CACHE("MmAllocateContiguousMemorySpecifyCacheNode", 4, 0x1c),
    CACHE("StorPortAllocateContiguousMemorySpecifyCacheNode", 6, 0x24),
    NOTHING("MmMapIoSpace"),
    NOTHING("MmMapLockedPages"),
    NOTHING("MmAllocateContiguousMemory"),
    NOTHING("MmCopyMemory"),
    NOTHING("NdisAllocateMemoryWithTagPriority"),
    NOTHING("StorPortGetSystemAddress"),
    NOTHING("DxgkCbMapMemory"),
    NOTHING("IMiniportDMus::NewStream"),
};

static void arguments_are_right(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(expected); i++) {
        const struct expected *want = &expected[i];
        const hvc_ddi *have = ddi(want->name);

        if (have->argument != want->argument || have->x86_stack != want->x86_stack ||
            have->counter != want->counter || have->kind != want->kind ||
            have->predicate != want->predicate)
            fail_msg("%s differs: argument %d, x86 %d, counter %d, kind %d, predicate %d",
                     want->name, have->argument, have->x86_stack, (int)have->counter,
                     (int)have->kind, (int)have->predicate);
        if (have->wide != (want->kind == HVC_VALUE_POOL_FLAGS))
            fail_msg("%s: wide is wrong", want->name);
    }
}

static void ways_are_right(void **state)
{
    static const struct {
        const char *name;
        hvc_ddi_via via;
        uint32_t slot, slot_x86, since_wdf;
        const char *target;
    } ways[] = {
        {"ExAllocatePoolWithTag", HVC_VIA_IMPORT, 0, 0, 0, NULL},
        {"ExAllocatePoolQuotaZero", HVC_VIA_INLINE, 0, 0, 0, "ExAllocatePoolWithQuotaTag"},
        {"NdisInitializeNPagedLookasideList", HVC_VIA_INLINE, 0, 0, 0,
         "ExInitializeNPagedLookasideList"},
        {"WdfMemoryCreate", HVC_VIA_WDF, 0x600 / 8, 0x300 / 4, 0, NULL},
        {"WdfLookasideListCreate", HVC_VIA_WDF, 0x630 / 8, 0x318 / 4, 0, NULL},
        {"WdfDeviceAllocAndQueryProperty", HVC_VIA_WDF, 0x290 / 8, 0x148 / 4, 0, NULL},
        {"WdfFdoInitAllocAndQueryProperty", HVC_VIA_WDF, 0x3f8 / 8, 0x1fc / 4, 0, NULL},
        {"WdfIoTargetAllocAndQueryTargetProperty", HVC_VIA_WDF, 0x580 / 8, 0x2c0 / 4, 0, NULL},
        {"WdfRegistryQueryMemory", HVC_VIA_WDF, 0x760 / 8, 0x3b0 / 4, 0, NULL},
        {"WdfDeviceAllocAndQueryPropertyEx", HVC_VIA_WDF, 0xd90 / 8, 0x6c8 / 4, 13, NULL},
        {"WdfFdoInitAllocAndQueryPropertyEx", HVC_VIA_WDF, 0xda8 / 8, 0x6d4 / 4, 13, NULL},
        {"WdfDeviceAllocAndQueryInterfaceProperty", HVC_VIA_WDF, HVC_DDI_UNKNOWN, HVC_DDI_UNKNOWN,
         HVC_DDI_UNKNOWN, NULL},
        {"StorPortAllocatePool", HVC_VIA_EXTENDED, 0, 0, 0, "StorPortExtendedFunction"},
        {"StorPortGetSystemAddress", HVC_VIA_EXTENDED, 5, 5, 0, "StorPortExtendedFunction"},
        {"StorPortGetDataInBufferSystemAddress", HVC_VIA_EXTENDED, 43, 43, 0,
         "StorPortExtendedFunction"},
        {"DxgkCbMapMemory", HVC_VIA_INTERFACE, 0x28, 0x18, 0, NULL},
        {"IPortWavePci::NewMasterDmaChannel", HVC_VIA_METHOD, 7, 7, 0, NULL},
        {"IMiniportDMus::NewStream", HVC_VIA_INBOUND, 7, 7, 0, NULL},
        {"IMiniportMidi::NewStream", HVC_VIA_INBOUND, 7, 7, 0, NULL},
        {"IMiniportWaveCyclic::NewStream", HVC_VIA_INBOUND, 6, 6, 0, NULL},
        {"IMiniportWavePci::NewStream", HVC_VIA_INBOUND, 6, 6, 0, NULL},
        {"ExAllocatePoolWithQuotaZero", HVC_VIA_INTERNAL, 0, 0, 0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        const hvc_ddi *have = ddi(ways[i].name);

        assert_int_equal(have->via, ways[i].via);
        assert_int_equal(have->slot, ways[i].slot);
        assert_int_equal(have->slot_x86, ways[i].slot_x86);
        assert_int_equal(have->since_wdf, ways[i].since_wdf);
        if (ways[i].target == NULL)
            assert_null(have->target);
        else
            assert_string_equal(have->target, ways[i].target);
    }
}

static void advice_is_for_what_no_counter_catches(void **state)
{
    static const char *const advice[] = {
        "MmAllocateContiguousMemory",
        "MmAllocateContiguousMemorySpecifyCache",
        "MmAllocateContiguousMemorySpecifyCacheNode",
        "MmMapIoSpace",
        "MmMapLockedPages",
    };
    size_t count, with_advice = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(advice); i++)
        assert_true(ddi(advice[i])->advice);
    const hvc_ddi *all = hvc_ddis(&count);
    for (size_t i = 0; i < count; i++)
        with_advice += all[i].advice;
    assert_int_equal(with_advice, COUNT(advice));
}

static void unconfirmed_stays_said(void **state)
{
    size_t count;
    const hvc_ddi *all = hvc_ddis(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        if (all[i].counter == HVC_COUNTER_NONE)
            assert_false(all[i].confirmed);
        else if (!all[i].confirmed && strstr(all[i].behaviour, "unconfirmed") == NULL)
            fail_msg("%s does not say that its counting is unconfirmed", all[i].name);
    }
    assert_true(ddi("ExAllocatePool")->confirmed);
    assert_true(ddi("WdfMemoryCreate")->confirmed);
    assert_false(ddi("FltAllocateContext")->confirmed);
    assert_false(ddi("PcNewDmaChannel")->confirmed);
    assert_false(ddi("ClfsCreateMarshallingArea")->confirmed);
}

static void check_line(const char *name, const char *text)
{
    if (text == NULL || text[0] == '\0' || strchr(text, '\n') != NULL)
        fail_msg("%s: a text is missing or is not one line", name);
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

static void rows_are_whole_and_sorted(void **state)
{
    size_t count;
    const hvc_ddi *all = hvc_ddis(&count);

    (void)state;
    assert_true(count > COUNT(page));
    for (size_t i = 0; i < count; i++) {
        const hvc_ddi *row = &all[i];

        check_line(row->name, row->module);
        check_line(row->name, row->demands);
        check_line(row->name, row->behaviour);
        check_line(row->name, row->remediation);
        check_line(row->name, row->source);
        if (row->nx_opt_in != NULL)
            check_line(row->name, row->nx_opt_in);
        assert_int_equal(row->argument >= 0, row->predicate != HVC_PREDICATE_NONE);
        assert_int_equal(row->argument >= 0, row->kind != HVC_VALUE_NONE);
        assert_int_equal(row->argument >= 0, row->x86_stack >= 0);
        assert_true(row->argument >= -1 && row->x86_stack >= -1);
        if (i == 0)
            continue;
        const char *a = all[i - 1].name, *b = row->name;
        while (*a != '\0' && lower(*a) == lower(*b)) {
            a++;
            b++;
        }
        if (lower(*a) >= lower(*b))
            fail_msg("%s does not sort behind %s", row->name, all[i - 1].name);
    }
}

static void found_by_name_in_any_case(void **state)
{
    size_t count;
    const hvc_ddi *all = hvc_ddis(&count);
    char name[128];

    (void)state;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(all[i].name);

        assert_true(length < sizeof(name) - 1);
        for (size_t k = 0; k <= length; k++) {
            char c = all[i].name[k];
            name[k] = (char)(k % 2 == 0 ? lower(c) : c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
        }
        assert_ptr_equal(hvc_ddi_find(all[i].name), &all[i]);
        assert_ptr_equal(hvc_ddi_find(name), &all[i]);
        name[length] = '~';
        name[length + 1] = '\0';
        assert_null(hvc_ddi_find(name));
    }
    assert_null(hvc_ddi_find(""));
    assert_null(hvc_ddi_find("ExAllocatePoo"));
    assert_null(hvc_ddi_find("zzzz"));
    assert_null(hvc_ddi_find("\x80\xff"));
}

static hvc_text text(const char *bytes, size_t size)
{
    return (hvc_text){bytes, size};
}

static void found_by_import_exactly(void **state)
{
    size_t count;
    const hvc_ddi *all = hvc_ddis(&count);
    char name[128];

    (void)state;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(all[i].name);
        const hvc_ddi *want = all[i].via == HVC_VIA_IMPORT ? &all[i] : NULL;

        assert_ptr_equal(hvc_ddi_of_import(text(all[i].name, length)), want);
        /* Nothing but the whole name, in its own case. */
        memcpy(name, all[i].name, length);
        name[length] = 'X';
        const hvc_ddi *longer = hvc_ddi_of_import(text(name, length + 1));
        assert_true(longer == NULL || strlen(longer->name) == length + 1);
        const hvc_ddi *shorter = hvc_ddi_of_import(text(name, length - 1));
        assert_true(shorter == NULL || strlen(shorter->name) == length - 1);
        name[0] = (char)lower(name[0]);
        assert_null(hvc_ddi_of_import(text(name, length)));
        /* The name may lie in the middle of other bytes. */
        if (want != NULL) {
            memcpy(name + 1, all[i].name, length);
            name[length + 1] = 'e';
            assert_ptr_equal(hvc_ddi_of_import(text(name + 1, length)), want);
        }
    }
    assert_null(hvc_ddi_of_import(text(NULL, 0)));
    assert_null(hvc_ddi_of_import(text("", 0)));
    assert_null(hvc_ddi_of_import(text("ExFreePool", 10)));
    assert_null(hvc_ddi_of_import(text("ExAllocatePool\0WithTag", 22)));
    assert_null(hvc_ddi_of_import(text("\0", 1)));
}

static bool contains(const uint64_t *values, size_t count, uint64_t value)
{
    for (size_t i = 0; i < count; i++) {
        if (values[i] == value)
            return true;
    }
    return false;
}

/* The pool types as the page's counter names them, with every combination of the other flags. */
static void pool_types_are_judged(void **state)
{
    static const uint64_t bad[] = {0, 2, 4, 6, 32, 34, 36, 38};
    static const uint64_t good[] = {1, 3, 5, 7, 33, 35, 37, 39, 512, 513, 516, 544, 548};
    static const uint64_t flags[] = {0x8, 0x10, 0x100, 0x400, 0x800, 0x80000000};
    const hvc_ddi *pool = ddi("ExAllocatePoolWithTag");

    (void)state;
    for (unsigned mask = 0; mask < 1u << COUNT(flags); mask++) {
        uint64_t extra = 0;
        for (size_t i = 0; i < COUNT(flags); i++)
            extra |= mask >> i & 1 ? flags[i] : 0;
        for (size_t i = 0; i < COUNT(bad); i++)
            assert_true(hvc_ddi_violates(pool, bad[i] | extra));
        for (size_t i = 0; i < COUNT(good); i++)
            assert_false(hvc_ddi_violates(pool, good[i] | extra));
    }
    /* And every 16-bit value: guilty is what is even and has an even number of 512s. */
    for (uint64_t v = 0; v < 0x10000; v++) {
        assert_int_equal(hvc_ddi_violates(pool, v), v % 2 == 0 && v / 512 % 2 == 0);
        if (v < 64)
            assert_int_equal(hvc_ddi_violates(pool, v),
                             contains(bad, COUNT(bad), v & ~UINT64_C(0x18)));
    }
}

static void lookaside_flags_are_judged(void **state)
{
    static const struct {
        uint64_t value;
        bool guilty;
    } cases[] = {{0, true},     {0x10, true},   {0x200, false}, {0x210, false},
                 {0x400, true}, {0x600, false}, {0x100, true}};
    const hvc_ddi own = {.predicate = HVC_PREDICATE_NO_NX_FLAG};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(hvc_ddi_violates(ddi("ExInitializeNPagedLookasideList"), cases[i].value),
                         cases[i].guilty);
        assert_int_equal(hvc_ddi_violates(&own, cases[i].value), cases[i].guilty);
    }
    /* The two predicates differ only in odd values. */
    assert_false(hvc_ddi_violates(ddi("ExInitializeNPagedLookasideList"), 1));
    assert_true(hvc_ddi_violates(&own, 1));
}

static void pool_flags_are_judged(void **state)
{
    const hvc_ddi *pool = ddi("ExAllocatePool2");

    (void)state;
    for (uint64_t v = 0; v < 0x10000; v++)
        assert_int_equal(hvc_ddi_violates(pool, v), v / 128 % 2 == 1);
    assert_true(hvc_ddi_violates(pool, 0x80));
    assert_true(hvc_ddi_violates(pool, UINT64_C(0x100000082)));
    assert_false(hvc_ddi_violates(pool, 0x40));
    assert_false(hvc_ddi_violates(pool, 0x42));
    assert_false(hvc_ddi_violates(pool, 0x100));
    assert_false(hvc_ddi_violates(pool, UINT64_C(0x8000000000)));
}

static void protections_are_judged(void **state)
{
    static const uint64_t guilty[] = {0x10, 0x20, 0x40, 0x80};
    static const uint64_t fine[] = {0, 1, 2, 4, 8};
    static const uint64_t modifiers[] = {0, 0x100, 0x200, 0x400, 0x600, 0x40000000, 0x80000000};
    const hvc_ddi *protect = ddi("ZwProtectVirtualMemory");

    (void)state;
    for (size_t m = 0; m < COUNT(modifiers); m++) {
        for (size_t i = 0; i < COUNT(guilty); i++)
            assert_true(hvc_ddi_violates(protect, guilty[i] | modifiers[m]));
        for (size_t i = 0; i < COUNT(fine); i++)
            assert_false(hvc_ddi_violates(protect, fine[i] | modifiers[m]));
    }
    for (uint64_t v = 0; v < 0x10000; v++)
        assert_int_equal(hvc_ddi_violates(protect, v), v % 256 >= 16);
}

static void priorities_are_judged(void **state)
{
    static const uint64_t priorities[] = {0, 16, 32};
    const hvc_ddi *map = ddi("MmMapLockedPagesSpecifyCache");

    (void)state;
    for (size_t i = 0; i < COUNT(priorities); i++) {
        assert_true(hvc_ddi_violates(map, priorities[i]));
        assert_true(hvc_ddi_violates(map, priorities[i] | 0x80000000));
        assert_true(hvc_ddi_violates(map, priorities[i] | 0x20000000));
        assert_false(hvc_ddi_violates(map, priorities[i] | 0x40000000));
        assert_false(hvc_ddi_violates(map, priorities[i] | 0xc0000000));
    }
}

static void other_predicates(void **state)
{
    const hvc_ddi *cached = ddi("MmAllocateContiguousMemorySpecifyCache");

    (void)state;
    for (uint64_t v = 0; v < 16; v++)
        assert_int_equal(hvc_ddi_violates(cached, v), v == 1);
    for (uint64_t v = 0; v < 16; v++)
        assert_int_equal(hvc_ddi_violates(ddi("VideoPortAllocatePool"), v), v % 2 == 0);
    assert_false(hvc_ddi_violates(ddi("MmMapIoSpace"), 0));
    assert_false(hvc_ddi_violates(ddi("MmMapIoSpace"), UINT64_MAX));
}

static void names_of_enumerations(void **state)
{
    static const char *const vias[] = {"import", "inline",  "wdf",       "extended",
                                       "method", "inbound", "interface", "internal"};

    (void)state;
    assert_int_equal(COUNT(vias), HVC_VIA_COUNT);
    for (unsigned i = 0; i < HVC_VIA_COUNT; i++)
        assert_string_equal(hvc_ddi_via_name((hvc_ddi_via)i), vias[i]);
    assert_non_null(hvc_ddi_via_name(HVC_VIA_COUNT));
    assert_null(hvc_predicate_text(HVC_PREDICATE_NONE));
    assert_string_equal(hvc_predicate_text(HVC_PREDICATE_POOL_TYPE), "(v & 0x201) == 0");
    assert_string_equal(hvc_predicate_text(HVC_PREDICATE_NO_NX_FLAG), "(v & 0x200) == 0");
    assert_string_equal(hvc_predicate_text(HVC_PREDICATE_POOL_EXECUTE), "(v & 0x80) != 0");
    assert_string_equal(hvc_predicate_text(HVC_PREDICATE_PAGE_EXECUTE), "(v & 0xF0) != 0");
    assert_string_equal(hvc_predicate_text(HVC_PREDICATE_NO_EXECUTE_FLAG), "(v & 0x40000000) == 0");
    assert_string_equal(hvc_predicate_text(HVC_PREDICATE_CACHED), "v == 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_is_complete),
        cmocka_unit_test(arguments_are_right),
        cmocka_unit_test(ways_are_right),
        cmocka_unit_test(advice_is_for_what_no_counter_catches),
        cmocka_unit_test(unconfirmed_stays_said),
        cmocka_unit_test(rows_are_whole_and_sorted),
        cmocka_unit_test(found_by_name_in_any_case),
        cmocka_unit_test(found_by_import_exactly),
        cmocka_unit_test(pool_types_are_judged),
        cmocka_unit_test(lookaside_flags_are_judged),
        cmocka_unit_test(pool_flags_are_judged),
        cmocka_unit_test(protections_are_judged),
        cmocka_unit_test(priorities_are_judged),
        cmocka_unit_test(other_predicates),
        cmocka_unit_test(names_of_enumerations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
