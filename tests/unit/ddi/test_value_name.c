/* The symbolic names of argument values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <hvcheck/ddi.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

typedef struct named {
    uint64_t value;
    const char *name;
} named;

static void check(hvc_value_kind kind, const named *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[400];
        size_t length = hvc_value_name(kind, cases[i].value, name, sizeof(name));

        assert_string_equal(name, cases[i].name);
        assert_int_equal(length, strlen(name));
    }
}

static void pool_types(void **state)
{
    static const named cases[] = {
        {0, "NonPagedPool"},
        {1, "PagedPool"},
        {2, "NonPagedPoolMustSucceed"},
        {3, "DontUseThisType"},
        {4, "NonPagedPoolCacheAligned"},
        {5, "PagedPoolCacheAligned"},
        {6, "NonPagedPoolCacheAlignedMustS"},
        {7, "MaxPoolType"},
        {32, "NonPagedPoolSession"},
        {33, "PagedPoolSession"},
        {34, "NonPagedPoolMustSucceedSession"},
        {35, "DontUseThisTypeSession"},
        {36, "NonPagedPoolCacheAlignedSession"},
        {37, "PagedPoolCacheAlignedSession"},
        {38, "NonPagedPoolCacheAlignedMustSSession"},
        {512, "NonPagedPoolNx"},
        {516, "NonPagedPoolNxCacheAligned"},
        {544, "NonPagedPoolSessionNx"},
        {8, "NonPagedPool | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE"},
        {0x11, "PagedPool | POOL_RAISE_IF_ALLOCATION_FAILURE"},
        {0x101, "PagedPool | POOL_COLD_ALLOCATION"},
        {0x400, "NonPagedPool | POOL_ZERO_ALLOCATION"},
        {0x600, "NonPagedPoolNx | POOL_ZERO_ALLOCATION"},
        {0x604, "NonPagedPoolNxCacheAligned | POOL_ZERO_ALLOCATION"},
        {0x608, "NonPagedPoolNx | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE | POOL_ZERO_ALLOCATION"},
        {0x201, "PagedPool | POOL_NX_ALLOCATION"},
        {0x202, "NonPagedPoolMustSucceed | POOL_NX_ALLOCATION"},
        {0x1000, "0x1000"},
        {0x1400, "0x1000 | POOL_ZERO_ALLOCATION"},
        {39, "0x27"},
        {UINT64_C(0x123456789AB0), "0x1234567898A0 | POOL_RAISE_IF_ALLOCATION_FAILURE | "
                                   "POOL_NX_ALLOCATION"},
    };

    (void)state;
    check(HVC_VALUE_POOL_TYPE, cases, COUNT(cases));
}

static void flags(void **state)
{
    static const named pool[] = {
        {0, "0"},
        {0x40, "POOL_FLAG_NON_PAGED"},
        {0x42, "POOL_FLAG_UNINITIALIZED | POOL_FLAG_NON_PAGED"},
        {0x80, "POOL_FLAG_NON_PAGED_EXECUTE"},
        {0x101, "POOL_FLAG_USE_QUOTA | POOL_FLAG_PAGED"},
        {0x6C, "POOL_FLAG_SESSION | POOL_FLAG_CACHE_ALIGNED | POOL_FLAG_RAISE_ON_FAILURE | "
               "POOL_FLAG_NON_PAGED"},
        {UINT64_C(0x100000040), "POOL_FLAG_NON_PAGED | POOL_FLAG_SPECIAL_POOL"},
        {UINT64_C(0x8000000000000040), "POOL_FLAG_NON_PAGED | 0x8000000000000000"},
        {0x1800, "0x1800"},
    };
    static const named lookaside[] = {
        {0, "0"},
        {0x10, "POOL_RAISE_IF_ALLOCATION_FAILURE"},
        {0x200, "POOL_NX_ALLOCATION"},
        {0x210, "POOL_RAISE_IF_ALLOCATION_FAILURE | POOL_NX_ALLOCATION"},
        {0x201, "POOL_NX_ALLOCATION | 0x1"},
    };

    (void)state;
    check(HVC_VALUE_POOL_FLAGS, pool, COUNT(pool));
    check(HVC_VALUE_LOOKASIDE_FLAGS, lookaside, COUNT(lookaside));
}

static void protections(void **state)
{
    static const named cases[] = {
        {0, "0"},
        {1, "PAGE_NOACCESS"},
        {2, "PAGE_READONLY"},
        {4, "PAGE_READWRITE"},
        {8, "PAGE_WRITECOPY"},
        {0x10, "PAGE_EXECUTE"},
        {0x20, "PAGE_EXECUTE_READ"},
        {0x40, "PAGE_EXECUTE_READWRITE"},
        {0x80, "PAGE_EXECUTE_WRITECOPY"},
        {0x104, "PAGE_READWRITE | PAGE_GUARD"},
        {0x204, "PAGE_READWRITE | PAGE_NOCACHE"},
        {0x240, "PAGE_EXECUTE_READWRITE | PAGE_NOCACHE"},
        {0x404, "PAGE_READWRITE | PAGE_WRITECOMBINE"},
        {0x40000040, "PAGE_EXECUTE_READWRITE | PAGE_TARGETS_INVALID"},
        {0x80000002, "PAGE_READONLY | PAGE_REVERT_TO_FILE_MAP"},
        {0x100004, "PAGE_READWRITE | 0x100000"},
    };

    (void)state;
    check(HVC_VALUE_PAGE_PROTECTION, cases, COUNT(cases));
}

static void priorities(void **state)
{
    static const named cases[] = {
        {0, "LowPagePriority"},
        {16, "NormalPagePriority"},
        {32, "HighPagePriority"},
        {0x40000000, "LowPagePriority | MdlMappingNoExecute"},
        {0x40000010, "NormalPagePriority | MdlMappingNoExecute"},
        {0x40000020, "HighPagePriority | MdlMappingNoExecute"},
        {0x80000010, "NormalPagePriority | MdlMappingNoWrite"},
        {0xC0000020, "HighPagePriority | MdlMappingNoExecute | MdlMappingNoWrite"},
        {0x20000010, "NormalPagePriority | MdlMappingWithGuardPtes"},
        {0x11, "0x11"},
        {0x40000030, "0x30 | MdlMappingNoExecute"},
    };

    (void)state;
    check(HVC_VALUE_PAGE_PRIORITY, cases, COUNT(cases));
}

static void enumerations(void **state)
{
    static const named caching[] = {
        {0, "MmNonCached"},
        {1, "MmCached"},
        {2, "MmWriteCombined"},
        {3, "MmHardwareCoherentCached"},
        {4, "MmNonCachedUnordered"},
        {5, "MmUSWCCached"},
        {6, "MmMaximumCacheType"},
        {0xFFFFFFFF, "MmNotMapped"},
        {7, "0x7"},
        {UINT64_C(0x100000001), "0x100000001"},
    };
    static const named video[] = {
        {0, "VpNonPagedPool"},          {1, "VpPagedPool"}, {4, "VpNonPagedPoolCacheAligned"},
        {5, "VpPagedPoolCacheAligned"}, {2, "0x2"},         {512, "0x200"},
    };
    static const named none[] = {{0, "0x0"}, {0xABCD, "0xABCD"}};

    (void)state;
    check(HVC_VALUE_CACHING_TYPE, caching, COUNT(caching));
    check(HVC_VALUE_VP_POOL_TYPE, video, COUNT(video));
    check(HVC_VALUE_NONE, none, COUNT(none));
    check(HVC_VALUE_COUNT, none, COUNT(none));
}

/* As snprintf: cut, terminated, and telling how long the whole name is. */
static void names_are_cut(void **state)
{
    const char *whole = "NonPagedPoolNx | POOL_ZERO_ALLOCATION";

    (void)state;
    for (size_t size = 0; size <= strlen(whole) + 2; size++) {
        char name[64];

        memset(name, '#', sizeof(name));
        assert_int_equal(hvc_value_name(HVC_VALUE_POOL_TYPE, 0x600, name, size), strlen(whole));
        assert_int_equal(name[size], '#');
        if (size == 0)
            continue;
        size_t kept = size - 1 < strlen(whole) ? size - 1 : strlen(whole);
        assert_memory_equal(name, whole, kept);
        assert_int_equal(name[kept], '\0');
    }
    assert_int_equal(hvc_value_name(HVC_VALUE_POOL_TYPE, 0x600, NULL, 0), strlen(whole));
}

static void kinds_have_names(void **state)
{
    (void)state;
    assert_string_equal(hvc_value_kind_name(HVC_VALUE_POOL_TYPE), "POOL_TYPE");
    assert_string_equal(hvc_value_kind_name(HVC_VALUE_POOL_FLAGS), "POOL_FLAGS");
    assert_string_equal(hvc_value_kind_name(HVC_VALUE_PAGE_PRIORITY), "MM_PAGE_PRIORITY");
    assert_string_equal(hvc_value_kind_name(HVC_VALUE_CACHING_TYPE), "MEMORY_CACHING_TYPE");
    for (int i = 0; i <= HVC_VALUE_COUNT; i++)
        assert_non_null(hvc_value_kind_name((hvc_value_kind)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_types),       cmocka_unit_test(flags),
        cmocka_unit_test(protections),      cmocka_unit_test(priorities),
        cmocka_unit_test(enumerations),     cmocka_unit_test(names_are_cut),
        cmocka_unit_test(kinds_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
