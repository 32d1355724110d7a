/* Memory that runs out: whichever allocation fails, a probe or an import fails cleanly. */
#include "machine_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine/probe.h"

void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__real_malloc(size_t size);
void *__real_realloc(void *memory, size_t size);

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

void *__wrap_realloc(void *memory, size_t size)
{
    return refuse() ? NULL : __real_realloc(memory, size);
}

typedef hvc_status work(hvc_facts_builder *builder, hvc_error *error);

/* How many allocations the work needs; every failure before is one of memory. */
static int allocations(work *it)
{
    for (int n = 0; n < 1000; n++) {
        hvc_facts_builder builder;
        hvc_error error = {0};
        hvc_facts_init(&builder, "test", "test");
        allowed = n;
        hvc_status status = it(&builder, &error);
        if (status == HVC_OK)
            status = hvc_facts_finish(&builder);
        allowed = -1;
        hvc_facts_free(&builder);
        if (status == HVC_OK)
            return n;
        if (status == HVC_E_UNSUPPORTED)
            skip();
        assert_int_equal(status, HVC_E_MEMORY);
    }
    return -1;
}

static hvc_status read_json(hvc_facts_builder *builder, hvc_error *error)
{
    static const char text[] =
        "{\"SecurityServicesRunning\":[1,2],\"AvailableSecurityProperties\":[9]}";
    return hvc_import_device_guard_json(builder,
                                        (hvc_span){(const uint8_t *)text, sizeof(text) - 1}, error);
}

static hvc_status read_nfo(hvc_facts_builder *builder, hvc_error *error)
{
    static const char text[] =
        "<MsInfo><Category name=\"System Summary\"><Data><Item>OS "
        "Name</Item><Value>W</Value></Data>"
        "<Data><Item>Secure Boot State</Item><Value>On</Value></Data></Category></MsInfo>";
    return hvc_import_nfo(builder, (hvc_span){(const uint8_t *)text, sizeof(text) - 1}, error);
}

static char folder[] = "/tmp/hvcheck-test-memory-XXXXXX";

static hvc_status look(hvc_facts_builder *builder, hvc_error *error)
{
    const hvc_probe_options options = {.sysroot = folder};
    return hvc_probe_linux(builder, &options, error);
}

static void test_imports(void **state)
{
    (void)state;
    assert_true(allocations(read_json) >= 1);
    assert_true(allocations(read_nfo) >= 2);
}

static void test_linux(void **state)
{
    (void)state;
    char path[128], large[20000];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/proc", folder);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof(path), "%s/proc/cpuinfo", folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    memset(large, ' ', sizeof(large));
    fputs("vendor_id\t: GenuineIntel\nflags\t\t: lm nx vmx\nvmx flags\t: ept\nbugs\t\t:", file);
    fwrite(large, 1, sizeof(large), file);
    assert_int_equal(fclose(file), 0);
    int count = allocations(look);
    unlink(path);
    snprintf(path, sizeof(path), "%s/proc", folder);
    rmdir(path);
    rmdir(folder);
    assert_true(count >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_imports),
                                       cmocka_unit_test(test_linux)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
