/* For test_facts_json.py. Without an argument: prints made-up facts with everything in them. With a
 * file: reads it as facts and prints them again; what is wrong goes to standard error. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "machine/facts.h"

#define GUARD "SYSTEM\\CurrentControlSet\\Control\\DeviceGuard"

static void add_value(hvc_facts_builder *builder, const char *name, uint32_t type, const void *data,
                      size_t size)
{
    const hvc_registry_value value = {GUARD, name, type, data, size};
    hvc_facts_add_value(builder, &value);
}

static void add_registry(hvc_facts_builder *builder)
{
    hvc_facts_add_key(builder, GUARD, HVC_KEY_READ, NULL);
    hvc_facts_add_key(builder, GUARD "\\Absent", HVC_KEY_ABSENT, NULL);
    hvc_facts_add_key(builder, "SOFTWARE\\Policies", HVC_KEY_UNREADABLE, "access \"denied\"\n");
    add_value(builder, "Dword", 4, "\xFE\xFF\xFF\xFF", 4);
    add_value(builder, "ShortDword", 4, "\1\2", 2);
    add_value(builder, "", 1, "d\0e\0f\0\xE4\0\x3D\xD8\0\xDE\1\0\0\0", 16);
    add_value(builder, "Expand", 2, "%\0\0\0", 4);
    add_value(builder, "Empty", 1, "\0\0", 2);
    add_value(builder, "Nothing", 1, "", 0);
    add_value(builder, "NoNul", 1, "a\0", 2);
    add_value(builder, "Odd", 1, "a\0\0", 3);
    add_value(builder, "InnerNul", 1, "a\0\0\0b\0\0\0", 8);
    add_value(builder, "HighAlone", 1, "\x3D\xD8\0\0", 4);
    add_value(builder, "HighThenLetter", 1,
              "\x3D\xD8"
              "a\0\0\0",
              6);
    add_value(builder, "LowAlone", 1, "\0\xDE\0\0", 4);
    add_value(builder, "Multi", 7, "a\0\0\0\0\0", 6);
    add_value(builder, "Qword", 11, "\1\2\3\4\5\6\7\x80", 8);
}

static void add_everything(hvc_facts_builder *builder)
{
    static const uint64_t numbers[] = {7, 0, 2};
    for (int i = 0; i < HVC_FACT_COUNT; i++) {
        hvc_fact_id id = (hvc_fact_id)i;
        switch (hvc_fact_info_of(id)->type) {
        case HVC_FACT_TYPE_BOOL:
            hvc_fact_set_bool(builder, id, i % 2 == 0, "a \"source\"\\");
            break;
        case HVC_FACT_TYPE_NUMBER:
            hvc_fact_set_number(builder, id, i % 2 == 0 ? INT64_MAX : 0, "b");
            break;
        case HVC_FACT_TYPE_TEXT:
            hvc_fact_set_text(builder, id, "t\xC3\xA4xt\x1b[31m", "c");
            break;
        case HVC_FACT_TYPE_NUMBERS:
            hvc_fact_set_numbers(builder, id, numbers, i % 2 == 0 ? 3 : 0, "d");
            break;
        }
    }
    add_registry(builder);
    const hvc_service services[] = {
        {"disk", "System32\\drivers\\disk.sys", "/mnt/disk.sys", "Boot Bus", 1, 0},
        {"bare", NULL, NULL, NULL, 8, 4}};
    hvc_facts_add_service(builder, &services[0]);
    hvc_facts_add_service(builder, &services[1]);
    hvc_machine_driver driver = {.module = "a.sys",
                                 .path = "/mnt/a.sys",
                                 .sha256 = "00ff",
                                 .signer = "CN=X",
                                 .boot_start = true,
                                 .examined = true,
                                 .has_verifier_counters = true,
                                 .verifier = HVC_VERDICT_FAIL,
                                 .load = HVC_VERDICT_UNDETERMINED,
                                 .reason = "why"};
    for (unsigned i = 0; i < HVC_COUNTER_COUNT; i++) {
        driver.counters[i] = i;
        driver.verifier_counters[i] = 100 + i;
    }
    hvc_facts_add_driver(builder, &driver);
    driver = (hvc_machine_driver){.module = "b.sys",
                                  .windows_signed = true,
                                  .error = "gone",
                                  .verifier = HVC_VERDICT_NOT_APPLICABLE};
    hvc_facts_add_driver(builder, &driver);
    const hvc_ci_event events[] = {{3087, 133000000000000000, "\\Device\\x.sys", 0xC000007B},
                                   {3073, UINT64_MAX, "y", 0}};
    hvc_facts_add_event(builder, &events[0]);
    hvc_facts_add_event(builder, &events[1]);
}

int main(int argc, char **argv)
{
    hvc_facts_builder builder;
    hvc_facts_init(&builder, "windows", "PC-17");
    hvc_error error = {0};
    hvc_status status = HVC_OK;
    hvc_bytes bytes = HVC_BYTES_INIT;
    if (argc > 1) {
        status = hvc_file_read(argv[1], &bytes, &error);
        if (status == HVC_OK)
            status = hvc_import_facts(&builder, hvc_bytes_span(&bytes), &error);
    } else {
        add_everything(&builder);
    }
    if (status == HVC_OK)
        status = hvc_facts_finish(&builder);
    hvc_buffer out = HVC_BUFFER_INIT;
    if (status == HVC_OK) {
        hvc_facts_write(&builder.facts, &out);
        fwrite(out.data, 1, out.size, stdout);
    } else {
        fprintf(stderr, "%s: %s\n", hvc_status_id(status), error.message);
    }
    hvc_buffer_free(&out);
    hvc_bytes_free(&bytes);
    hvc_facts_free(&builder);
    return status == HVC_OK ? 0 : 1;
}
