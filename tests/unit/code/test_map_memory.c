/* Memory that runs out: whichever allocation fails, functions and references fail cleanly. */
#include "code_sample.h"

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);

/* How many allocations still succeed; negative: all. */
static int allowed = -1;

static bool refuse(void)
{
    if (allowed < 0)
        return false;
    if (allowed == 0)
        return true;
    allowed--;
    return false;
}

void *__wrap_malloc(size_t size)
{
    return refuse() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refuse() ? NULL : __real_calloc(count, size);
}

typedef enum work { WORK_MAP, WORK_ALL, WORK_RANGE, WORK_COUNT } work;

static hvc_status run(code_sample *it, work what, hvc_arena *arena, hvc_error *error)
{
    hvc_function_map map = {0};
    hvc_xrefs xrefs = {0};
    if (what == WORK_MAP)
        return hvc_function_map_build(it->image, it->isa, arena, &map, error);
    if (what == WORK_ALL)
        return hvc_xrefs_build(it->image, it->isa, &it->map, arena, &xrefs, error);
    static const hvc_xref_range ranges[] = {{.low = RDATA, .high = RDATA + 0x1000},
                                            {.low = TEXT, .high = RDATA, .stores = true}};
    return hvc_xrefs_to_ranges(it->image, it->isa, ranges, 2, NULL, arena, &xrefs, error);
}

/* How many allocations it takes. */
static int allocations(code_sample *it, work what)
{
    for (int n = 0; n < 1000; n++) {
        hvc_arena arena = HVC_ARENA_INIT;
        hvc_error error = {0};
        allowed = n;
        hvc_status status = run(it, what, &arena, &error);
        allowed = -1;
        hvc_arena_free(&arena);
        if (status == HVC_OK)
            return n;
        assert_int_equal(status, HVC_E_MEMORY);
        assert_int_equal(error.status, HVC_E_MEMORY);
    }
    return -1;
}

/* Enough of everything that the lists have to grow. */
static void fill(code_sample *it)
{
    bool arm64 = it->machine == HVC_MACHINE_ARM64;
    for (uint32_t i = 0; i < 60; i++) {
        uint32_t at = TEXT + 0x80 * i;
        if (arm64) {
            code_told_arm64(it, at, i % 4 == 3 ? 2 | 8 << 2 : 1 | 8 << 2);
            at = arm64_adrp(it, at, i % 4 == 3 ? 19 : 8, RDATA);
            at = arm64_add(it, at, 8, 8, RDATA + 8 * i);
            arm64_access(it, at, (uint32_t)ARM64_LDR, 20, 3, RDATA + 8 * i);
            arm64_branch(it, TEXT + 0x80 * i + 0x40, (uint32_t)ARM64_BL, TEXT);
        } else {
            if (it->machine == HVC_MACHINE_AMD64)
                code_told_x64(it, at, at + 0x20, RDATA);
            code_put_rel(it, at, "48 8b 05", RDATA + 8 * i);
            at = code_put_rel(it, TEXT + 0x80 * i + 0x40, "e8", TEXT + 0x80 * ((i * 7) % 60));
            code_put(it, at, "75 02 90 90 83 f8 01 77 01 c3 c3");
        }
        code_pointer(it, DATA + 8 * i, TEXT + 0x80 * i + 0x40);
    }
}

static void test_every_allocation(void **state)
{
    (void)state;
    static const uint16_t machines[] = {HVC_MACHINE_AMD64, HVC_MACHINE_I386, HVC_MACHINE_ARM64};
    for (unsigned i = 0; i < 3; i++) {
        code_sample it;
        code_init(&it, machines[i]);
        fill(&it);
        code_map(&it);
        assert_true(it.map.functions.count >= 60);
        for (work what = 0; what < WORK_COUNT; what++)
            assert_true(allocations(&it, what) >= 2);
        code_free(&it);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
