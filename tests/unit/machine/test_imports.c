/* Facts from what Windows saved: Win32_DeviceGuard as JSON, and reports of msinfo32. */
#include "machine_test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "machine/probe.h"
#include "machine/text.h"

static hvc_facts_builder builder;
static hvc_error error;

static int set_up(void **state)
{
    (void)state;
    hvc_facts_init(&builder, "imported", "sample");
    error = (hvc_error){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_false(builder.misused);
    hvc_facts_free(&builder);
    return 0;
}

static const hvc_fact *fact(hvc_fact_id id)
{
    return &builder.facts.items[id];
}

static void assert_bool(hvc_fact_id id, bool value)
{
    assert_int_equal(fact(id)->state, HVC_FACT_KNOWN);
    assert_int_equal(fact(id)->flag, value);
    assert_true(fact(id)->source[0] != 0);
}

static void assert_number(hvc_fact_id id, uint64_t value)
{
    assert_int_equal(fact(id)->state, HVC_FACT_KNOWN);
    assert_true(fact(id)->number == value);
}

static void assert_text(hvc_fact_id id, const char *value)
{
    assert_int_equal(fact(id)->state, HVC_FACT_KNOWN);
    assert_string_equal(fact(id)->text, value);
}

static void assert_unavailable(hvc_fact_id id, const char *why)
{
    assert_int_equal(fact(id)->state, HVC_FACT_UNAVAILABLE);
    if (strstr(fact(id)->why, why) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", hvc_fact_info_of(id)->name, fact(id)->why, why);
}

/* The digits of a list in one text: "1234". */
static void assert_numbers(hvc_fact_id id, const char *digits)
{
    assert_int_equal(fact(id)->state, HVC_FACT_KNOWN);
    assert_int_equal(fact(id)->number_count, strlen(digits));
    for (size_t i = 0; digits[i] != 0; i++)
        assert_true(fact(id)->numbers[i] == (uint64_t)(digits[i] - '0'));
}

/* UTF-16 of ASCII or Latin-1 text that is given as UTF-8. */
static void utf16(hvc_buffer *out, const char *text, bool mark, bool big)
{
    if (mark)
        hvc_buffer_put(out, big ? "\xfe\xff" : "\xff\xfe", 2);
    for (size_t size = strlen(text); size > 0;) {
        unsigned c;
        size_t used = hvc_utf8_decode(text, size, &c);
        assert_true(used > 0 && c < 0x10000);
        uint8_t unit[2] = {(uint8_t)c, (uint8_t)(c >> 8)};
        if (big)
            unit[0] = (uint8_t)(c >> 8), unit[1] = (uint8_t)c;
        hvc_buffer_put(out, unit, 2);
        text += used;
        size -= used;
    }
}

static hvc_span span_of(const char *text)
{
    return (hvc_span){(const uint8_t *)text, strlen(text)};
}

static hvc_status json(const char *text)
{
    return hvc_import_device_guard_json(&builder, span_of(text), &error);
}

static const char running[] =
    "{\r\n    \"InstanceIdentifier\":  \"4ff40742-2649-41b8-bdd1-e80fad1cce80\",\r\n"
    "    \"Version\":  \"1.0\",\r\n    \"AvailableSecurityProperties\":  [1, 2, 3, 5, 6, 7, 8],\r\n"
    "    \"CodeIntegrityPolicyEnforcementStatus\":  2,\r\n"
    "    \"RequiredSecurityProperties\":  [\r\n 1,\r\n 2\r\n ],\r\n"
    "    \"SecurityServicesConfigured\":  [2, 1],\r\n    \"SecurityServicesRunning\":  [2],\r\n"
    "    \"SmmIsolationLevel\":  20,\r\n    \"UsermodeCodeIntegrityPolicyEnforcementStatus\":  "
    "0,\r\n"
    "    \"VirtualizationBasedSecurityStatus\":  2,\r\n    \"PSComputerName\":  null,\r\n"
    "    \"CimSystemProperties\":  {\"ServerName\": \"PC17\"}\r\n}\r\n";

static void assert_running(void)
{
    assert_number(HVC_FACT_DG_VBS_STATUS, 2);
    assert_numbers(HVC_FACT_DG_AVAILABLE, "1235678");
    assert_numbers(HVC_FACT_DG_REQUIRED, "12");
    assert_numbers(HVC_FACT_DG_CONFIGURED, "12");
    assert_numbers(HVC_FACT_DG_RUNNING, "2");
    assert_number(HVC_FACT_DG_CI_POLICY, 2);
    assert_number(HVC_FACT_DG_UMCI_POLICY, 0);
    assert_number(HVC_FACT_DG_SMM_LEVEL, 20);
    assert_unavailable(HVC_FACT_TPM_PRESENT, "does not tell");
    assert_string_equal(builder.facts.label, "PC17");
}

static void test_json(void **state)
{
    (void)state;
    if (json(running) == HVC_E_UNSUPPORTED)
        skip();
    assert_running();
    assert_true(hvc_is_device_guard_json(span_of(running)));
    assert_false(hvc_is_nfo(span_of(running)));
}

/* As Windows PowerShell redirects it (UTF-16 with a mark), as others do, and an array of one. */
static void test_json_encodings(void **state)
{
    (void)state;
    if (json(running) == HVC_E_UNSUPPORTED)
        skip();
    for (unsigned i = 0; i < 6; i++) {
        hvc_buffer bytes = HVC_BUFFER_INIT, text = HVC_BUFFER_INIT;
        hvc_buffer_printf(&text, i == 5 ? "[\r\n%s]\r\n" : "%s", running);
        hvc_buffer_put(&text, "", 1);
        if (i < 4)
            utf16(&bytes, text.data, i < 2, i % 2 == 1);
        else
            hvc_buffer_printf(&bytes, "\xef\xbb\xbf%s", text.data);
        hvc_span span = {(const uint8_t *)bytes.data, bytes.size};
        hvc_facts_free(&builder);
        hvc_facts_init(&builder, "imported", "sample");
        assert_int_equal(hvc_import_device_guard_json(&builder, span, &error), HVC_OK);
        assert_running();
        assert_true(hvc_is_device_guard_json(span));
        hvc_buffer_free(&bytes);
        hvc_buffer_free(&text);
    }
}

/* A property that is missing, null or of another type is not known; the others are. */
static void test_json_gaps(void **state)
{
    (void)state;
    if (json("{\"VirtualizationBasedSecurityStatus\": 1, \"SecurityServicesRunning\": null,"
             "\"SecurityServicesConfigured\": {\"value\": [2], \"Count\": 1},"
             "\"AvailableSecurityProperties\": \"1 2\", \"RequiredSecurityProperties\": [1, -1],"
             "\"CodeIntegrityPolicyEnforcementStatus\": 3,"
             "\"UsermodeCodeIntegrityPolicyEnforcementStatus\": 1.5}") == HVC_E_UNSUPPORTED)
        skip();
    assert_number(HVC_FACT_DG_VBS_STATUS, 1);
    assert_unavailable(HVC_FACT_DG_RUNNING, "SecurityServicesRunning is null");
    assert_numbers(HVC_FACT_DG_CONFIGURED, "2");
    assert_unavailable(HVC_FACT_DG_AVAILABLE, "no list");
    assert_unavailable(HVC_FACT_DG_REQUIRED, "what is no number");
    assert_unavailable(HVC_FACT_DG_CI_POLICY, "not documented");
    assert_unavailable(HVC_FACT_DG_UMCI_POLICY, "is no number");
    assert_unavailable(HVC_FACT_DG_SMM_LEVEL, "is not there");
}

static void test_json_refusals(void **state)
{
    (void)state;
    if (json("{}") == HVC_E_UNSUPPORTED)
        skip();
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "[{\"SecurityServicesRunning\":[2]},{\"SecurityServicesRunning\":[2]}]",
        "{\"SecurityServicesRunning\":[2],\"SecurityServicesRunning\":[]}",
        "{\"Name\":\"x\"}",
        "7",
        "{\"SecurityServicesRunning\":[2]} x",
        "\xff\xfe{",
        "{\"a\":\"\xc3\"}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        error.message[0] = 0;
        assert_int_equal(json(bad[i]), HVC_E_MALFORMED);
        assert_true(error.message[0] != 0);
    }
    for (unsigned id = 0; id < HVC_FACT_COUNT; id++)
        assert_int_equal(fact((hvc_fact_id)id)->state, HVC_FACT_UNASKED);
    /* Half a character, half a pair. */
    assert_int_equal(hvc_import_device_guard_json(
                         &builder, (hvc_span){(const uint8_t *)"\xff\xfe{\0}", 5}, &error),
                     HVC_E_MALFORMED);
    assert_int_equal(
        hvc_import_device_guard_json(
            &builder, (hvc_span){(const uint8_t *)"\xff\xfe\"\0\0\xd8\"\0", 8}, &error),
        HVC_E_MALFORMED);
    assert_true(error.has_offset && error.offset == 4);
}

#define ROW(item, value)                                                                           \
    "<Data><Item><![CDATA[" item "]]></Item><Value><![CDATA[" value "]]></Value></Data>\n"
#define HEAD(category)                                                                             \
    "<?xml version=\"1.0\"?>\n<MsInfo>\n<Metadata>\n<Version>8.0</Version>\n"                      \
    "<CreationUTC>11/25/26 10:11:12</CreationUTC>\n</Metadata>\n<Category name=\"" category        \
    "\">\n"
#define VARIABLES                                                                                  \
    "<Category name=\"Software Environment\"><Category name=\"Environment Variables\">"            \
    "<Data><Variable>PROCESSOR_IDENTIFIER</Variable><Value>Forged Family 1 Model 1 Stepping 1, "   \
    "Nobody</Value><User_Name>PC\\me</User_Name></Data>"                                           \
    "<Data><Variable><![CDATA[PROCESSOR_IDENTIFIER]]></Variable><Value><![CDATA[Intel64 Family 6 " \
    "Model 140 Stepping 1, GenuineIntel]]></Value><User_Name><![CDATA[<SYSTEM>]]></User_Name>"     \
    "</Data><Data><Variable>PROCESSOR_ARCHITECTURE</Variable><Value>AMD64</Value>"                 \
    "<User_Name><![CDATA[<SYSTEM>]]></User_Name></Data></Category></Category>"
#define TAIL "</Category>\n</MsInfo>\n"

static const char english[] = HEAD("System Summary") ROW("OS Name", "Microsoft Windows 11 Pro") ROW(
    "Version", "10.0.26100 Build 26100") ROW("System Name", "PC18") ROW("System Manufacturer",
                                                                        "Contoso")
    ROW("System Model", "Book 9") ROW("System Type", "x64-based PC") ROW(
        "Processor", "11th Gen Intel(R) Core(TM) i7-1185G7 @ 3.00GHz, 2995 Mhz, 4 Core(s)")
        ROW("BIOS Mode", "UEFI") ROW("Secure Boot State", "On") ROW(
            "Installed Physical Memory (RAM)",
            "16.0 GB") ROW("Total Physical Memory",
                           "15.7 GB") ROW("Kernel DMA Protection",
                                          "On") ROW("Virtualization-based security", "Running")
            ROW("Virtualization-based security Required Security Properties", "") ROW(
                "Virtualization-based security Available Security Properties",
                "Base Virtualization Support, Secure Boot, DMA Protection, Secure Memory "
                "Overwrite, "
                "UEFI Code Readonly, SMM Security Mitigations 1.0, Mode Based Execution Control, "
                "APIC Virtualization") ROW("Virtualization-based security Services Configured",
                                           "Credential Guard, Hypervisor enforced Code Integrity")
                ROW("Virtualization-based security Services Running",
                    "Credential Guard, Hypervisor enforced Code Integrity, "
                    "Hypervisor-Enforced Paging Translation") ROW("App Control for Business policy",
                                                                  "Enforced")
                    ROW("App Control for Business user mode policy", "Audit") ROW(
                        "A hypervisor has been detected. Features required for Hyper-V will not be "
                        "displayed.",
                        "") "<Category name=\"Components\"><Category name=\"Storage\"><Category "
                            "name=\"Disks\">" ROW("Description",
                                                  "Disk drive") ROW("Media Type", "Fixed hard disk")
                                ROW("Size", "476.94 GB (512,105,932,800 bytes)") ROW(
                                    "Partition Size",
                                    "100.00 MB (104,857,600 bytes)") "</Category></Category></"
                                                                     "Category>" VARIABLES
                                                                     "<Category name=\"Software "
                                                                     "Environment\"><Category "
                                                                     "name=\"System Drivers\">"
                                                                     "<Data><Name>acpi</"
                                                                     "Name><Description>ACPI</"
                                                                     "Description><File>c:"
                                                                     "\\windows\\acpi.sys</File>"
                                                                     "<Type>Kernel "
                                                                     "Driver</Type><Started>Yes</"
                                                                     "Started><Start_Mode>Boot</"
                                                                     "Start_Mode></Data>"
                                                                     "<Data><Name>bam</"
                                                                     "Name><Description>x</"
                                                                     "Description><File>Not "
                                                                     "Available</File>"
                                                                     "<Type>File System "
                                                                     "Driver</"
                                                                     "Type><Start_Mode>Disabled</"
                                                                     "Start_Mode></Data>"
                                                                     "</Category></Category>" TAIL;

static hvc_status nfo(const char *text)
{
    return hvc_import_nfo(&builder, span_of(text), &error);
}

static void assert_english(void)
{
    assert_string_equal(builder.facts.label, "PC18");
    assert_text(HVC_FACT_OS_NAME, "Windows 11 Pro");
    assert_number(HVC_FACT_OS_MAJOR, 10);
    assert_number(HVC_FACT_OS_MINOR, 0);
    assert_number(HVC_FACT_OS_BUILD, 26100);
    assert_text(HVC_FACT_OS_ARCHITECTURE, "x64");
    assert_text(HVC_FACT_MACHINE_MODEL, "Book 9");
    assert_text(HVC_FACT_CPU_NAME, "11th Gen Intel(R) Core(TM) i7-1185G7 @ 3.00GHz");
    assert_text(HVC_FACT_CPU_VENDOR, "GenuineIntel");
    assert_number(HVC_FACT_CPU_FAMILY, 6);
    assert_number(HVC_FACT_CPU_MODEL, 140);
    assert_bool(HVC_FACT_FIRMWARE_UEFI, true);
    assert_bool(HVC_FACT_FIRMWARE_SECURE_BOOT, true);
    assert_bool(HVC_FACT_FIRMWARE_SECURE_BOOT_CAPABLE, true);
    assert_bool(HVC_FACT_FIRMWARE_DMA_OPT_IN, true);
    assert_number(HVC_FACT_MACHINE_MEMORY, UINT64_C(16) << 30);
    assert_number(HVC_FACT_MACHINE_DISK, UINT64_C(512105932800));
    assert_number(HVC_FACT_DG_VBS_STATUS, 2);
    assert_numbers(HVC_FACT_DG_REQUIRED, "0");
    assert_numbers(HVC_FACT_DG_AVAILABLE, "12345678");
    assert_numbers(HVC_FACT_DG_CONFIGURED, "12");
    assert_numbers(HVC_FACT_DG_RUNNING, "127");
    assert_number(HVC_FACT_DG_CI_POLICY, 2);
    assert_number(HVC_FACT_DG_UMCI_POLICY, 1);
    assert_bool(HVC_FACT_HYPERVISOR_PRESENT, true);
    assert_unavailable(HVC_FACT_CPU_SLAT, "does not tell");
    assert_unavailable(HVC_FACT_MACHINE_VIRTUAL, "proves nothing");
    assert_unavailable(HVC_FACT_TPM_PRESENT, "does not tell");
    assert_true(builder.facts.has_services);
    assert_int_equal(hvc_facts_finish(&builder), HVC_OK);
    assert_int_equal(builder.facts.service_count, 2);
    assert_string_equal(builder.facts.services[0].image_path, "c:\\windows\\acpi.sys");
    assert_int_equal(builder.facts.services[0].start, 0);
    assert_int_equal(builder.facts.services[1].type, 2);
    assert_int_equal(builder.facts.services[1].start, 4);
    assert_null(builder.facts.services[1].image_path);
}

static void test_nfo(void **state)
{
    (void)state;
    if (nfo(english) == HVC_E_UNSUPPORTED)
        skip();
    assert_english();
    assert_true(hvc_is_nfo(span_of(english)));
    assert_false(hvc_is_device_guard_json(span_of(english)));
    for (unsigned i = 0; i < 2; i++) {
        hvc_buffer bytes = HVC_BUFFER_INIT;
        utf16(&bytes, english, true, i == 1);
        hvc_span span = {(const uint8_t *)bytes.data, bytes.size};
        hvc_facts_free(&builder);
        hvc_facts_init(&builder, "imported", "sample");
        assert_int_equal(hvc_import_nfo(&builder, span, &error), HVC_OK);
        assert_english();
        assert_true(hvc_is_nfo(span));
        hvc_buffer_free(&bytes);
    }
}

static void test_nfo_not_enabled(void **state)
{
    (void)state;
    if (nfo(HEAD("System Summary") ROW("OS Name", "Microsoft Windows 10 Home")
                ROW("BIOS Mode", "Legacy") ROW("Secure Boot State", "Unsupported")
                    ROW("System Model",
                        "VMware Virtual Platform") ROW("Installed Physical Memory (RAM)", "7,85 GB")
                        ROW("Kernel DMA Protection", "Off") ROW("Virtualization-based security",
                                                                "Not enabled")
                            ROW("Hyper-V - VM Monitor Mode Extensions", "Yes")
                                ROW("Hyper-V - Second Level Address Translation Extensions", "Yes")
                                    ROW("Hyper-V - Virtualization Enabled in Firmware", "No")
                                        ROW("Hyper-V - Data Execution Protection", "Yes")
                                            TAIL) == HVC_E_UNSUPPORTED)
        skip();
    assert_text(HVC_FACT_OS_NAME, "Windows 10 Home");
    assert_bool(HVC_FACT_FIRMWARE_UEFI, false);
    assert_bool(HVC_FACT_FIRMWARE_SECURE_BOOT, false);
    assert_unavailable(HVC_FACT_FIRMWARE_SECURE_BOOT_CAPABLE, "Unsupported");
    assert_bool(HVC_FACT_MACHINE_VIRTUAL, true);
    assert_number(HVC_FACT_MACHINE_MEMORY, (UINT64_C(785) << 30) / 100);
    assert_unavailable(HVC_FACT_FIRMWARE_DMA_OPT_IN, "off");
    assert_number(HVC_FACT_DG_VBS_STATUS, 0);
    assert_numbers(HVC_FACT_DG_RUNNING, "0");
    assert_unavailable(HVC_FACT_DG_AVAILABLE, "only where");
    assert_bool(HVC_FACT_CPU_VIRTUALIZATION, true);
    assert_bool(HVC_FACT_CPU_SLAT, true);
    assert_bool(HVC_FACT_CPU_NX, true);
    assert_bool(HVC_FACT_FIRMWARE_VIRTUALIZATION, false);
    assert_bool(HVC_FACT_HYPERVISOR_PRESENT, false);
    assert_false(builder.facts.has_services);
}

/* Windows 10 1607 and its neighbours; British English. */
static void test_nfo_spellings(void **state)
{
    (void)state;
    if (nfo(HEAD("System Summary") ROW("OS Name", "Microsoft Windows 10 Enterprise")
                ROW("Device Guard Virtualization based security",
                    "Enabled but not running") ROW("Device Guard Required Security Properties",
                                                   "Base Virtualization Support, Secure Boot")
                    ROW("Device Guard Available Security Properties", "Base Virtualization Support")
                        ROW("Device Guard Security Services Configured", "Credential Guard")
                            ROW("Device Guard Security Services Running", "")
                                ROW("Device Guard Code Integrity Policy", "Audit")
                                    TAIL) == HVC_E_UNSUPPORTED)
        skip();
    assert_number(HVC_FACT_DG_VBS_STATUS, 1);
    assert_numbers(HVC_FACT_DG_REQUIRED, "12");
    assert_numbers(HVC_FACT_DG_AVAILABLE, "1");
    assert_numbers(HVC_FACT_DG_CONFIGURED, "1");
    assert_numbers(HVC_FACT_DG_RUNNING, "0");
    assert_number(HVC_FACT_DG_CI_POLICY, 1);

    tear_down(NULL);
    set_up(NULL);
    assert_int_equal(nfo(HEAD("System Summary") ROW("OS Name", "Microsoft Windows 11 Home")
                             ROW("Virtualisation-based security", "Running")
                                 ROW("Virtualisation-based security available security properties",
                                     "Base Virtualisation Support, APIC Virtualisation")
                                     ROW("Virtualisation-based security services configured",
                                         "Something New, "
                                         "Credential Guard") TAIL),
                     HVC_OK);
    assert_number(HVC_FACT_DG_VBS_STATUS, 2);
    assert_numbers(HVC_FACT_DG_AVAILABLE, "18");
    assert_unavailable(HVC_FACT_DG_CONFIGURED, "not known");
}

static void test_nfo_german(void **state)
{
    (void)state;
    if (nfo(HEAD(
            "System\xc3\xbc"
            "bersicht") "<Data><Element>Betriebssystemname</Element><Wert>Microsoft Windows 11 "
                        "Pro</Wert></Data>"
                        "<Data><Element>Version</Element><Wert>10.0.22631 Build 22631</Wert></Data>"
                        "<Data><Element>BIOS-Modus</Element><Wert>UEFI</Wert></Data>"
                        "<Data><Element>Virtualisierungsbasierte "
                        "Sicherheit</Element><Wert>L\xc3\xa4uft</Wert>"
                        "</Data>" VARIABLES TAIL) == HVC_E_UNSUPPORTED)
        skip();
    assert_number(HVC_FACT_OS_BUILD, 22631);
    assert_bool(HVC_FACT_FIRMWARE_UEFI, true);
    assert_text(HVC_FACT_CPU_VENDOR, "GenuineIntel");
    assert_text(HVC_FACT_OS_ARCHITECTURE, "x64");
    assert_unavailable(HVC_FACT_DG_VBS_STATUS, "not in English");
    assert_unavailable(HVC_FACT_DG_VBS_STATUS, "System\xc3\xbc"
                                               "bersicht");
    assert_unavailable(HVC_FACT_FIRMWARE_SECURE_BOOT, "not in English");
    assert_unavailable(HVC_FACT_OS_NAME, "not in English");
}

/* Values that are no size, no version, no list: nothing is made up. */
static void test_nfo_odd_values(void **state)
{
    (void)state;
    static const char *const sizes[] = {"1,024 MB", "16 384 MB", "GB",           "16.0",
                                        "16.0 GiB", "-1 GB",     "999999.99 TB", ""};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        hvc_buffer text = HVC_BUFFER_INIT;
        hvc_buffer_puts(&text, HEAD("System Summary") "<Data><Item>Installed Physical Memory (RAM)"
                                                      "</Item><Value>");
        hvc_buffer_printf(&text, "%s</Value></Data>%s", sizes[i],
                          ROW("OS Name", "x") ROW("Secure Boot State", "Maybe")
                              ROW("Version", "10.0.26100 Build 26101") TAIL);
        hvc_status status = nfo(text.data);
        hvc_buffer_free(&text);
        if (status == HVC_E_UNSUPPORTED)
            skip();
        assert_int_equal(status, HVC_OK);
        if (strcmp(sizes[i], "999999.99 TB") == 0)
            assert_true(fact(HVC_FACT_MACHINE_MEMORY)->state != HVC_FACT_KNOWN);
        assert_unavailable(HVC_FACT_MACHINE_MEMORY, "not known");
        assert_unavailable(HVC_FACT_FIRMWARE_SECURE_BOOT, "not known");
        assert_unavailable(HVC_FACT_OS_BUILD, "does not tell");
    }
}

static void test_nfo_refusals(void **state)
{
    (void)state;
    if (nfo(english) == HVC_E_UNSUPPORTED)
        skip();
    tear_down(NULL);
    set_up(NULL);
    static const char *const bad[] = {
        "",
        "<MsInfo>",
        "<MsInfo/>",
        "<Other><Category name=\"System Summary\"/></Other>",
        "<!DOCTYPE MsInfo [<!ENTITY a \"b\">]><MsInfo><Category name=\"&a;\"/></MsInfo>",
        "<MsInfo><Category name=\"x\"></MsInfo></Category>",
        "<?xml version=\"1.0\" encoding=\"utf-16\"?><MsInfo><Category name=\"x\"/></MsInfo>",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        error.message[0] = 0;
        assert_int_equal(nfo(bad[i]), HVC_E_MALFORMED);
        assert_true(error.message[0] != 0);
    }
    for (size_t size = 0; size + 2 < sizeof(english); size += 1 + size / 16) {
        uint8_t *copy = malloc(size > 0 ? size : 1);
        assert_non_null(copy);
        memcpy(copy, english, size);
        assert_int_equal(hvc_import_nfo(&builder, (hvc_span){copy, size}, &error), HVC_E_MALFORMED);
        free(copy);
    }
    for (unsigned id = 0; id < HVC_FACT_COUNT; id++)
        assert_int_equal(fact((hvc_fact_id)id)->state, HVC_FACT_UNASKED);
}

static void test_nfo_bounds(void **state)
{
    (void)state;
    hvc_buffer text = HVC_BUFFER_INIT;
    hvc_buffer_puts(&text, "<MsInfo>");
    for (unsigned i = 0; i < HVC_MAX_NFO_DEPTH; i++)
        hvc_buffer_puts(&text, "<Category name=\"x\">");
    hvc_buffer_put(&text, "", 1);
    hvc_status status = nfo(text.data);
    if (status == HVC_E_UNSUPPORTED) {
        hvc_buffer_free(&text);
        skip();
    }
    assert_int_equal(status, HVC_E_LIMIT);
    hvc_buffer_clear(&text);
    hvc_buffer_puts(&text, HEAD("System Summary"));
    for (unsigned i = 0; i <= HVC_MAX_NFO_ROWS; i++)
        hvc_buffer_puts(&text, "<Data/>");
    hvc_buffer_puts(&text, TAIL);
    hvc_buffer_put(&text, "", 1);
    assert_int_equal(nfo(text.data), HVC_E_LIMIT);
    /* A cell that is too long has no text; the report is read. */
    hvc_buffer_clear(&text);
    hvc_buffer_puts(&text,
                    HEAD("System Summary") ROW("OS Name", "x") "<Data><Item>System Model</Item>"
                                                               "<Value>");
    for (unsigned i = 0; i <= HVC_MAX_NFO_CELL / 16; i++)
        hvc_buffer_puts(&text, "0123456789abcdef");
    hvc_buffer_puts(&text, "</Value></Data>" TAIL);
    hvc_buffer_put(&text, "", 1);
    assert_int_equal(nfo(text.data), HVC_OK);
    assert_text(HVC_FACT_OS_NAME, "x");
    assert_true(fact(HVC_FACT_MACHINE_MODEL)->state != HVC_FACT_KNOWN ||
                fact(HVC_FACT_MACHINE_MODEL)->text[0] == 0);
    hvc_buffer_free(&text);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_json),
        CASE(test_json_encodings),
        CASE(test_json_gaps),
        CASE(test_json_refusals),
        CASE(test_nfo),
        CASE(test_nfo_not_enabled),
        CASE(test_nfo_spellings),
        CASE(test_nfo_german),
        CASE(test_nfo_odd_values),
        CASE(test_nfo_refusals),
        CASE(test_nfo_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
