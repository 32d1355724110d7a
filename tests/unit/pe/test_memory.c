/* Memory that runs out: whichever allocation fails, opening fails cleanly, or needed no more. */
#include "pe_test.h"

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

/* How many allocations opening takes. */
static int allocations(const sample *it)
{
    for (int n = 0; n < 1000; n++) {
        hvc_image *image = NULL;
        hvc_error error = {0};
        allowed = n;
        hvc_status status = hvc_image_open(it->bytes, it->size, &image, &error);
        allowed = -1;
        if (status == HVC_OK) {
            hvc_image_free(image);
            return n;
        }
        assert_int_equal(status, HVC_E_MEMORY);
        assert_int_equal(error.status, HVC_E_MEMORY);
        assert_null(image);
    }
    return -1;
}

static void test_every_allocation(void **state)
{
    (void)state;
    static const uint16_t machines[] = {HVC_MACHINE_AMD64, HVC_MACHINE_I386, HVC_MACHINE_ARM64};
    for (unsigned i = 0; i < 3; i++) {
        sample it;
        sample_full(&it, machines[i]);
        sample_finish(&it);
        assert_true(allocations(&it) >= 2);
        sample_free(&it);
    }
}

/* Images that need many blocks: imports, exports, code ranges and anomalies by the hundred. */
static void test_large_images(void **state)
{
    (void)state;
    sample it;
    sample_empty(&it, HVC_MACHINE_AMD64);
    const char *functions[601];
    for (unsigned i = 0; i < 600; i++)
        functions[i] = i % 2 == 0 ? "#1" : "F";
    functions[600] = NULL;
    const builder_module module = {"ntoskrnl.exe", functions};
    builder_imports(&it.builder, 1, &module, 1);
    sample_load(&it);
    assert_true(allocations(&it) >= 4);

    uint32_t functions_rva = builder_reserve(&it.builder, 2, 0x1f00, 4);
    for (uint32_t i = 0; i < 0x1f00; i += 4)
        builder_put32(&it.builder, functions_rva + i, 0x900000 + i);
    uint32_t table = builder_reserve(&it.builder, 1, 40, 4);
    builder_put32(&it.builder, table + 20, 0x1f00 / 4);
    builder_put32(&it.builder, table + 28, functions_rva);
    builder_directory(&it.builder, HVC_DIR_EXPORT, table, 40);
    sample_load(&it);
    size_t count;
    hvc_image_anomalies(it.image, &count, NULL);
    assert_int_equal(count, 256);
    assert_true(allocations(&it) >= 6);
    sample_free(&it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation),
        cmocka_unit_test(test_large_images),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
