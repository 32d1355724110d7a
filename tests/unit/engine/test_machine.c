/* The drivers of a machine: each file once, boot-start, what could not be read, reasons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "machine/machine.h"
#include "tiny_image.h"

static char folder[] = "/tmp/hvcheck-test-machine-XXXXXX";

static const char *path_of(char *path, size_t size, const char *name)
{
    assert_true(snprintf(path, size, "%s/%s", folder, name) < (int)size);
    return path;
}

static void write_image(const char *name, const tiny_options *options, size_t size)
{
    uint8_t bytes[TINY_SIZE];
    char path[256];
    tiny_image(options, bytes);
    FILE *file = fopen(path_of(path, sizeof(path), name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void add_service(hvc_machine *machine, const char *name, const char *file, uint32_t type,
                        uint32_t start)
{
    char path[256];
    const hvc_service service = {
        .name = name,
        .image_path = file,
        .file = file != NULL && file[0] != '?' ? path_of(path, sizeof(path), file) : NULL,
        .type = type,
        .start = start};
    hvc_facts_add_service(&machine->builder, &service);
}

static const hvc_machine_driver *find(const hvc_facts *facts, const char *module)
{
    for (size_t i = 0; i < facts->driver_count; i++)
        if (strcmp(facts->drivers[i].module, module) == 0)
            return &facts->drivers[i];
    return NULL;
}

static void test_scan(void **state)
{
    (void)state;
    const tiny_options clean = {.import_count = 0};
    const tiny_options guilty = {.text_characteristics = 0xE0000020};
    write_image("Clean.SYS", &clean, TINY_SIZE);
    write_image("guilty.sys", &guilty, TINY_SIZE);
    write_image("short.sys", &clean, 100);
    hvc_machine *machine = calloc(1, sizeof(*machine));
    assert_non_null(machine);
    hvc_facts_init(&machine->builder, "offline", folder);
    add_service(machine, "a", "Clean.SYS", 1, 3);
    add_service(machine, "b", "Clean.SYS", 2, 0);
    add_service(machine, "c", "guilty.sys", 8, 1);
    add_service(machine, "d", "short.sys", 1, 3);
    add_service(machine, "program", "guilty.sys", 16, 0); /* loads no driver */
    add_service(machine, "missing", "?\\Drivers\\Missing.sys", 1, 0);
    add_service(machine, "disabled", "?gone.sys", 1, 4);
    assert_int_equal(hvc_facts_finish(&machine->builder), HVC_OK);
    hvc_error error = {0};
    assert_int_equal(hvc_machine_scan(machine, NULL, &error), HVC_OK);
    const hvc_facts *facts = hvc_machine_facts(machine);
    assert_true(facts->has_drivers);
    assert_int_equal(facts->driver_count, 4);

    const hvc_machine_driver *driver = find(facts, "clean.sys");
    assert_non_null(driver);
    assert_true(driver->examined && driver->boot_start);
    assert_int_equal(driver->load, HVC_VERDICT_PASS);
    assert_int_equal(strlen(driver->sha256), 64);
    assert_null(driver->error);
    driver = find(facts, "guilty.sys");
    assert_non_null(driver);
    assert_true(driver->examined && !driver->boot_start);
    assert_int_equal(driver->counters[HVC_COUNTER_EXECUTE_WRITE], 1);
    assert_int_equal(driver->load, HVC_VERDICT_FAIL);
    assert_memory_equal(driver->reason, "HVC3", 4);
    driver = find(facts, "short.sys");
    assert_non_null(driver);
    assert_false(driver->examined);
    assert_true(driver->error[0] != '\0');
    assert_int_equal(driver->load, HVC_VERDICT_UNDETERMINED);
    driver = find(facts, "missing.sys");
    assert_non_null(driver);
    assert_true(driver->boot_start && !driver->examined);

    /* What is known already stays. */
    assert_int_equal(hvc_machine_scan(machine, NULL, &error), HVC_OK);
    assert_int_equal(facts->driver_count, 4);
    hvc_machine_free(machine);
    hvc_machine_free(NULL);
}

static void test_nothing_to_scan(void **state)
{
    (void)state;
    hvc_machine *machine = calloc(1, sizeof(*machine));
    assert_non_null(machine);
    hvc_facts_init(&machine->builder, "linux", "");
    assert_int_equal(hvc_facts_finish(&machine->builder), HVC_OK);
    assert_int_equal(hvc_machine_scan(machine, NULL, NULL), HVC_OK);
    assert_false(hvc_machine_facts(machine)->has_drivers);
    machine->builder.facts.has_services = true;
    assert_int_equal(hvc_machine_scan(machine, NULL, NULL), HVC_OK);
    assert_true(hvc_machine_facts(machine)->has_drivers);
    assert_int_equal(hvc_machine_facts(machine)->driver_count, 0);
    hvc_machine_free(machine);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"Clean.SYS", "guilty.sys", "short.sys"};
    char path[256];
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        unlink(path_of(path, sizeof(path), names[i]));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan),
        cmocka_unit_test(test_nothing_to_scan),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
