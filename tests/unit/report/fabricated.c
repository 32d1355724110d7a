#include "fabricated.h"

#include <string.h>

#define HOSTILE "\033[31m\"<>&\\\n\r\xff\xc3\xa4\xe2\x80\xae\x7f,=1"

static const hvc_rule rule = {
    .id = "HVC2003",
    .name = "execute-write-section",
    .title = "A section is both writable and executable",
    .judge = HVC_JUDGE_VERIFIER,
    .level = HVC_LEVEL_ERROR,
    .counter = HVC_COUNTER_EXECUTE_WRITE,
    .since = "1507",
    .fix = "split code and data",
    .text = "",
};
static const hvc_rule advice = {
    .id = "HVC4001",
    .name = "advice",
    .title = "Some advice",
    .judge = HVC_JUDGE_PRACTICE,
    .level = HVC_LEVEL_NOTE,
    .counter = HVC_COUNTER_NONE,
    .since = "1507",
    .fix = "do it",
    .text = "",
};

void fabricated_driver(hvc_driver *driver)
{
    static const hvc_place places[] = {{0x1ff9, 0x5f9, 10}, {UINT32_MAX, UINT64_MAX, 3}};
    static const char *const evidence[] = {"mov ecx, 0x200", HOSTILE};
    static const hvc_finding findings[] = {
        {.rule = &rule,
         .level = HVC_LEVEL_ERROR,
         .message = "section .te\\x01xt is writable and executable",
         .location = {true, true, 0x1000, 0x400, HOSTILE, "sub_1000", "file.c:12"},
         .fix = "split code and data",
         .count = 3,
         .places = places,
         .place_count = 2,
         .place_total = 70,
         .evidence = evidence,
         .evidence_count = 2},
        {.rule = &advice, .level = HVC_LEVEL_NOTE, .message = "first", .fix = "do it"},
        {.rule = &advice, .level = HVC_LEVEL_NOTE, .message = "second", .fix = "do it"},
    };
    static const uint8_t raw[8] = ".text";
    static hvc_section sections[1];
    static const char *const names[] = {HOSTILE};
    static hvc_imported_ddi ddis[3];
    static hvc_call_site sites[3];
    static const hvc_value values[] = {{0, "NonPagedPool"}, {0x200, "NonPagedPoolNx"}};
    static const hvc_anomaly anomalies[] = {
        {"odd-thing", HVC_ANOMALY_NOTE, 4, "an odd thing"},
        {"bad-thing", HVC_ANOMALY_DOUBT, UINT64_MAX, HOSTILE},
    };
    memcpy(sections[0].raw_name, raw, sizeof(raw));
    sections[0].name = (hvc_text){names[0], strlen(names[0])};
    sections[0].rva = 0x1000;
    sections[0].virtual_size = 0xFFFFFFFF;
    sections[0].characteristics = 0xE0000020;
    ddis[0] =
        (hvc_imported_ddi){hvc_ddi_find("ExAllocatePoolWithTag"), "NTOSKRNL.exe", 0x2100, false};
    ddis[1] = (hvc_imported_ddi){hvc_ddi_find("MmMapIoSpace"), HOSTILE, 0x2108, true};
    ddis[2] = ddis[0];
    sites[0] = (hvc_call_site){.rva = 0x1010,
                               .file_offset = 0x410,
                               .ddi = ddis[0].ddi,
                               .form = "import",
                               .function = HOSTILE,
                               .function_rva = 0x1000,
                               .section = ".text",
                               .values = values,
                               .value_count = 2,
                               .origin = "constant",
                               .judgement = HVC_JUDGEMENT_POSSIBLE,
                               .harmless = true,
                               .evidence = evidence,
                               .evidence_count = 2};
    sites[1] = (hvc_call_site){.ddi = ddis[0].ddi,
                               .form = "hoisted",
                               .written = "ExAllocatePoolZero",
                               .open = "parameter of an exported function",
                               .judgement = HVC_JUDGEMENT_UNDETERMINED};
    sites[2] =
        (hvc_call_site){.ddi = ddis[1].ddi, .form = "import", .judgement = HVC_JUDGEMENT_ADVICE};
    *driver = (hvc_driver){
        .path = "dir/" HOSTILE ".sys",
        .size = 4096,
        .arch = HVC_ARCH_ARM64,
        .kind = HVC_IMAGE_DRIVER,
        .identity = {HOSTILE, "1.2.3.4", HOSTILE, HOSTILE, HOSTILE, HOSTILE, "{GUID}", 7, 8, true},
        .counters = {1, 2, 3, 4, 5, 6, 12345678901},
        .undetermined = {1, 0, 0},
        .verifier = HVC_VERDICT_FAIL,
        .load = HVC_VERDICT_FAIL,
        .load_since = "1607",
        .nx_opt_in = "none",
        .has_code_analysis = true,
        .sections = sections,
        .section_names = names,
        .section_count = 1,
        .findings = findings,
        .finding_count = 3,
        .finding_total = 4,
        .ddis = ddis,
        .ddi_count = 3,
        .call_sites = sites,
        .call_site_count = 3,
        .anomalies = anomalies,
        .anomaly_count = 2,
        .anomaly_total = 300,
    };
    for (size_t i = 0; i < sizeof(driver->sha256); i++)
        driver->sha256[i] = (uint8_t)(i * 8);
}

void fabricated_plain(hvc_driver *driver)
{
    *driver = (hvc_driver){
        .path = "plain.sys",
        .size = 1,
        .arch = HVC_ARCH_X64,
        .kind = HVC_IMAGE_DRIVER,
        .verifier = HVC_VERDICT_PASS,
        .load = HVC_VERDICT_PASS,
    };
}

void fabricated_error(hvc_input_error *error)
{
    *error =
        (hvc_input_error){HOSTILE, {HVC_E_TRUNCATED, true, 0x99, "the section table " HOSTILE}};
}
