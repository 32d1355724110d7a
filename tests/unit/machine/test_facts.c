/* Gathering facts: who wins, what is absent and what is only not known, orders, ownership. */
#include <string.h>

#include "machine_test.h"

static void test_table(void **state)
{
    (void)state;
    for (int i = 0; i < HVC_FACT_COUNT; i++) {
        const hvc_fact_info *info = hvc_fact_info_of((hvc_fact_id)i);
        assert_non_null(info->name);
        assert_true(info->meaning[0] != '\0');
        assert_non_null(strchr(info->name, '.'));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(info->name, hvc_fact_info_of((hvc_fact_id)j)->name);
    }
    assert_string_equal(hvc_fact_info_of(HVC_FACT_FIRMWARE_SECURE_BOOT)->name,
                        "firmware.secure_boot");
    assert_int_equal(hvc_fact_info_of(HVC_FACT_DG_AVAILABLE)->type, HVC_FACT_TYPE_NUMBERS);
}

static void test_first_source_wins(void **state)
{
    (void)state;
    hvc_facts_builder builder;
    hvc_facts_init(&builder, "linux", "pc17");
    const hvc_fact *fact = hvc_fact_of(&builder.facts, HVC_FACT_CPU_SLAT);
    assert_int_equal(fact->state, HVC_FACT_UNASKED);
    hvc_fact_set_unavailable(&builder, HVC_FACT_CPU_SLAT, "no such file");
    hvc_fact_set_unavailable(&builder, HVC_FACT_CPU_SLAT, "another reason");
    assert_int_equal(fact->state, HVC_FACT_UNAVAILABLE);
    assert_string_equal(fact->why, "no such file");
    hvc_fact_set_bool(&builder, HVC_FACT_CPU_SLAT, true, "/proc/cpuinfo");
    hvc_fact_set_bool(&builder, HVC_FACT_CPU_SLAT, false, "somewhere else");
    hvc_fact_set_unavailable(&builder, HVC_FACT_CPU_SLAT, "too late");
    assert_int_equal(fact->state, HVC_FACT_KNOWN);
    assert_true(fact->flag);
    assert_null(fact->why);
    assert_string_equal(fact->source, "/proc/cpuinfo");

    char text[] = "GenuineIntel";
    hvc_fact_set_text(&builder, HVC_FACT_CPU_VENDOR, NULL, "cpuid");
    assert_int_equal(hvc_fact_of(&builder.facts, HVC_FACT_CPU_VENDOR)->state, HVC_FACT_UNASKED);
    hvc_fact_set_text(&builder, HVC_FACT_CPU_VENDOR, text, "cpuid");
    memset(text, 'x', sizeof(text) - 1);
    assert_string_equal(hvc_fact_of(&builder.facts, HVC_FACT_CPU_VENDOR)->text, "GenuineIntel");

    const uint64_t numbers[] = {7, 1, 3};
    hvc_fact_set_numbers(&builder, HVC_FACT_DG_AVAILABLE, numbers, 3, "Win32_DeviceGuard");
    hvc_fact_set_numbers(&builder, HVC_FACT_DG_RUNNING, NULL, 0, "Win32_DeviceGuard");
    const hvc_fact *available = hvc_fact_of(&builder.facts, HVC_FACT_DG_AVAILABLE);
    assert_int_equal(available->number_count, 3);
    assert_int_equal(available->numbers[0], 1);
    assert_int_equal(available->numbers[2], 7);
    const hvc_fact *running = hvc_fact_of(&builder.facts, HVC_FACT_DG_RUNNING);
    assert_int_equal(running->state, HVC_FACT_KNOWN);
    assert_int_equal(running->number_count, 0);
    assert_int_equal(hvc_facts_finish(&builder), HVC_OK);
    assert_string_equal(builder.facts.host, "linux");
    assert_string_equal(builder.facts.label, "pc17");
    hvc_facts_free(&builder);
    hvc_facts_free(NULL);
}

static void test_wrong_type_is_noticed(void **state)
{
    (void)state;
    hvc_facts_builder builder;
    hvc_facts_init(&builder, "linux", "");
    hvc_fact_set_number(&builder, HVC_FACT_CPU_SLAT, 1, "a probe");
    assert_int_equal(hvc_fact_of(&builder.facts, HVC_FACT_CPU_SLAT)->state, HVC_FACT_UNASKED);
    assert_int_equal(hvc_facts_finish(&builder), HVC_E_INTERNAL);
    hvc_facts_free(&builder);
}

#define GUARD "SYSTEM\\CurrentControlSet\\Control\\DeviceGuard"

static void test_registry(void **state)
{
    (void)state;
    hvc_facts_builder builder;
    hvc_facts_init(&builder, "offline", "");
    hvc_facts_add_key(&builder, "SYSTEM\\Select", HVC_KEY_UNREADABLE, "damaged");
    hvc_facts_add_key(&builder, GUARD, HVC_KEY_UNREADABLE, "locked");
    hvc_facts_add_key(&builder, GUARD, HVC_KEY_READ, NULL);
    hvc_facts_add_key(&builder, GUARD "\\Scenarios", HVC_KEY_ABSENT, NULL);
    add_dword(&builder, GUARD, "Locked", 0);
    add_dword(&builder, GUARD, "EnableVirtualizationBasedSecurity", 0x81020304);
    add_dword(&builder, "system\\currentcontrolset\\control\\DEVICEGUARD", "locked", 7);
    const hvc_registry_value text = {GUARD, "Text", 1, (const uint8_t *)"a\0\0\0", 4};
    hvc_facts_add_value(&builder, &text);
    assert_int_equal(hvc_facts_finish(&builder), HVC_OK);
    const hvc_facts *facts = &builder.facts;
    assert_int_equal(facts->key_count, 3);
    assert_int_equal(facts->value_count, 3);
    assert_string_equal(facts->values[0].name, "EnableVirtualizationBasedSecurity");

    hvc_fact fact = hvc_facts_dword(facts, GUARD, "enablevirtualizationbasedsecurity");
    assert_int_equal(fact.state, HVC_FACT_KNOWN);
    assert_int_equal(fact.number, 0x81020304);
    fact = hvc_facts_dword(facts, GUARD, "Locked"); /* the first that was added */
    assert_int_equal(fact.state, HVC_FACT_KNOWN);
    assert_int_equal(fact.number, 0);
    assert_int_equal(hvc_facts_dword(facts, GUARD, "Mandatory").state, HVC_FACT_UNASKED);
    assert_int_equal(hvc_facts_dword(facts, GUARD, "Text").state, HVC_FACT_UNAVAILABLE);
    assert_int_equal(hvc_facts_dword(facts, GUARD "\\Scenarios", "a").state, HVC_FACT_UNASKED);
    assert_int_equal(hvc_facts_dword(facts, GUARD "\\scenarios\\X", "a").state, HVC_FACT_UNASKED);
    assert_int_equal(hvc_facts_dword(facts, GUARD "\\ScenariosX", "a").state, HVC_FACT_UNAVAILABLE);
    fact = hvc_facts_dword(facts, "SYSTEM\\Select", "Current");
    assert_int_equal(fact.state, HVC_FACT_UNAVAILABLE);
    assert_string_equal(fact.why, "damaged");
    assert_int_equal(hvc_facts_key(facts, GUARD)->state, HVC_KEY_READ);
    assert_null(hvc_facts_key(facts, "SYSTEM"));
    assert_null(hvc_facts_value(facts, GUARD, "Mandatory"));
    hvc_facts_free(&builder);
}

/* Lists are sorted, what compares equal stays in the order of adding, and a finished builder takes
 * more. */
static void test_lists(void **state)
{
    (void)state;
    hvc_facts_builder builder;
    hvc_facts_init(&builder, "windows", "");
    const hvc_service services[] = {{.name = "storahci", .group = "SCSI miniport", .type = 1},
                                    {.name = "ACPI", .image_path = "a", .file = "b", .start = 3},
                                    {.name = "StorAHCI", .type = 2}};
    for (size_t i = 0; i < 3; i++)
        hvc_facts_add_service(&builder, &services[i]);
    assert_true(builder.facts.has_services && !builder.facts.has_drivers);
    assert_int_equal(hvc_facts_finish(&builder), HVC_OK);
    const hvc_facts *facts = &builder.facts;
    assert_int_equal(facts->service_count, 3);
    assert_string_equal(facts->services[0].name, "ACPI");
    assert_int_equal(facts->services[0].start, 3);
    assert_string_equal(facts->services[0].file, "b");
    assert_string_equal(facts->services[1].name, "storahci");
    assert_string_equal(facts->services[1].group, "SCSI miniport");
    assert_null(facts->services[1].image_path);
    assert_int_equal(facts->services[2].type, 2);

    for (unsigned i = 0; i < 40; i++) {
        hvc_machine_driver driver = {.module = i % 2 == 0 ? "b.sys" : "a.sys", .path = "p"};
        driver.counters[HVC_COUNTER_IAT] = i;
        hvc_facts_add_driver(&builder, &driver);
        const hvc_ci_event event = {3087, i % 3, "x", i};
        hvc_facts_add_event(&builder, &event);
    }
    assert_int_equal(hvc_facts_finish(&builder), HVC_OK);
    assert_int_equal(facts->driver_count, 40);
    for (unsigned i = 0; i < 20; i++) {
        assert_string_equal(facts->drivers[i].module, "a.sys");
        assert_int_equal(facts->drivers[i].counters[HVC_COUNTER_IAT], 2 * i + 1);
        assert_int_equal(facts->drivers[20 + i].counters[HVC_COUNTER_IAT], 2 * i);
    }
    for (unsigned i = 1; i < 40; i++)
        assert_true(facts->events[i - 1].time < facts->events[i].time ||
                    facts->events[i - 1].status < facts->events[i].status);
    assert_int_equal(facts->service_count, 3);
    hvc_facts_free(&builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),    cmocka_unit_test(test_first_source_wins),
        cmocka_unit_test(test_registry), cmocka_unit_test(test_wrong_type_is_noticed),
        cmocka_unit_test(test_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
