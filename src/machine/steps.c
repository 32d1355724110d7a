/* The table of steps, and running one. */
#include "machine/steps.h"

#include <stdarg.h>
#include <string.h>

#include "base/buffer.h"

/* The texts of the readiness tool's steps are an interface: scripts match them. */
static const hvc_step_row rows[] = {
    {.id = "drivers",
     .name = "Driver Compat",
     .subject = "Driver compatibility",
     .scopes = HVC_IN_CODE,
     .check = hvc_check_drivers,
     .pass = "No Incompatible Drivers found",
     .listed = "Incompatible HVCI Kernel Driver Modules found",
     .weight = HVC_WEIGHT_WARNING},
    {.id = "secure-boot",
     .name = "Secure boot present",
     .subject = "Secure Boot",
     .scopes = HVC_IN_EVERY,
     .check = hvc_check_secure_boot,
     .capability = "SecureBoot",
     .pass = "Secure Boot is present",
     .fail = "Secure Boot is absent / not enabled.",
     .hint = "If Secure Boot is supported on the system, enable Secure Boot in the BIOS and run "
             "the script again.",
     .listed = "Secure boot validation failed."},
    {.id = "hsti",
     .name = "MS UEFI HSTI tests",
     .subject = "HSTI",
     .scopes = HVC_IN_ALL,
     .check = hvc_check_hsti,
     .pass = "HSTI validation successful",
     .weight = HVC_WEIGHT_WARNING,
     .hlk_weight = HVC_WEIGHT_WARNING},
    {.id = "architecture",
     .name = "OS Architecture",
     .subject = "The OS architecture",
     .scopes = HVC_IN_EVERY,
     .check = hvc_check_architecture,
     .pass = "64 bit arch....."},
    {.id = "edition",
     .name = "Supported OS SKU",
     .subject = "The OS SKU",
     .scopes = HVC_IN_EVERY,
     .check = hvc_check_edition,
     .capability = "OSSKU",
     .fail = "This PC edition is Unsupported for Device Guard",
     .listed = "OS SKU unsupported"},
    {.id = "virtualization",
     .name = "Virtualization Firmware",
     .subject = "Virtualization firmware",
     .scopes = HVC_IN_EVERY,
     .check = hvc_check_virtualization,
     .capability = "Virtualization",
     .pass = "Virtualization firmware check passed",
     .fail = "Virtualization firmware check failed.",
     .hint = "If Virtualization firmware is supported on the system, enable Virtualization "
             "firmware in the BIOS and run the script again."},
    {.id = "tpm",
     .name = "TPM version",
     .subject = "The TPM",
     .scopes = HVC_IN_CREDENTIALS,
     .check = hvc_check_tpm,
     .capability = "TPM",
     .fail = "TPM is absent or not ready for use",
     .weight = HVC_WEIGHT_WARNING},
    {.id = "secure-mor",
     .name = "Secure MOR",
     .subject = "Secure MOR",
     .scopes = HVC_IN_CREDENTIALS,
     .check = hvc_check_mor,
     .capability = "SecureMOR",
     .pass = "Secure MOR is available",
     .fail = "Secure MOR is absent",
     .weight = HVC_WEIGHT_WARNING},
    {.id = "nx-protector",
     .name = "NX Protector",
     .subject = "NX Protector",
     .scopes = HVC_IN_EVERY,
     .check = hvc_check_nx,
     .capability = "UEFINX",
     .pass = "NX Protector is available",
     .fail = "NX Protector is absent",
     .weight = HVC_WEIGHT_WARNING,
     .hlk_weight = HVC_WEIGHT_WARNING},
    {.id = "smm-mitigation",
     .name = "SMM Mitigation",
     .subject = "SMM Mitigation",
     .scopes = HVC_IN_EVERY,
     .check = hvc_check_smm,
     .capability = "SMMProtections",
     .pass = "SMM Mitigation is available",
     .fail = "SMM Mitigation is absent",
     .weight = HVC_WEIGHT_WARNING,
     .hlk_weight = HVC_WEIGHT_WARNING},

#define OWN(id_, name_, scopes_, check_, decides_)                                                 \
    {                                                                                              \
        .id = id_, .name = name_, .subject = name_, .scopes = scopes_, .check = check_,            \
        .own = true, .decides = decides_                                                           \
    }
    OWN("boot-drivers", "Boot-start drivers", HVC_IN_CODE, hvc_check_boot_drivers, true),
    OWN("verifier", "Driver Verifier's own counts", HVC_IN_CODE, hvc_check_verifier_counts, false),
    OWN("ci-events", "Code Integrity events", HVC_IN_CODE, hvc_check_events, false),
    OWN("uefi", "UEFI", HVC_IN_EVERY, hvc_check_uefi, true),
    OWN("slat", "Second level address translation", HVC_IN_EVERY, hvc_check_slat, true),
    OWN("dma-protection", "DMA protection", HVC_IN_EVERY, hvc_check_dma, false),
    OWN("mbec", "Mode-based execution control", HVC_IN_CODE, hvc_check_mbec, false),
    OWN("hypervisor-launch", "Hypervisor launch", HVC_IN_EVERY, hvc_check_hypervisor_launch, false),
    OWN("kernel-debugger", "Kernel debugger", HVC_IN_EVERY, hvc_check_debugger, false),
    OWN("test-signing", "Test signing", HVC_IN_EVERY, hvc_check_test_signing, false),
    OWN("s-mode", "S mode", HVC_IN_EVERY, hvc_check_s_mode, false),
    OWN("domain-controller", "Domain controller", HVC_IN_CREDENTIALS, hvc_check_domain_controller,
        false),
    OWN("memory-attributes", "HVCIMATRequired", HVC_IN_CODE, hvc_check_mat, false),
    OWN("vbs", "Virtualization-based security", HVC_IN_EVERY, hvc_check_vbs, false),
    OWN("policy", "Group policy", HVC_IN_EVERY, hvc_check_policy, true),
    OWN("ci-policy", "Code Integrity policy", HVC_IN_CODE, hvc_check_ci_policy, false),
    OWN("uefi-lock", "UEFI lock", HVC_IN_EVERY, hvc_check_uefi_lock, false),
    OWN("mandatory", "Mandatory mode", HVC_IN_EVERY, hvc_check_mandatory, false),
    OWN("driver-blocklist", "Vulnerable driver blocklist", HVC_IN_CODE, hvc_check_blocklist, false),
    OWN("default-processor", "Default enablement: processor", HVC_IN_CODE,
        hvc_check_default_processor, false),
    OWN("default-memory", "Default enablement: memory", HVC_IN_CODE, hvc_check_default_memory,
        false),
    OWN("default-disk", "Default enablement: disk", HVC_IN_CODE, hvc_check_default_disk, false),
#undef OWN
};

const hvc_step_row *hvc_step_rows(size_t *ret_count)
{
    *ret_count = sizeof(rows) / sizeof(*rows);
    return rows;
}

void hvc_say(hvc_checking *checking, hvc_tone tone, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = hvc_arena_vprintf(checking->arena, format, args);
    va_end(args);
    hvc_line *line = text != NULL ? hvc_vector_add(checking->arena, &checking->lines) : NULL;
    if (line != NULL)
        *line = (hvc_line){tone, text};
}

hvc_step_result hvc_because(hvc_checking *checking, hvc_step_result result, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    checking->step.reason = hvc_arena_vprintf(checking->arena, format, args);
    va_end(args);
    return result;
}

hvc_step_result hvc_unknown(hvc_checking *checking, hvc_fact_id id)
{
    const hvc_fact *fact = hvc_fact_of(checking->facts, id);
    const char *name = hvc_fact_info_of(id)->name;
    if (fact->state == HVC_FACT_UNAVAILABLE)
        return hvc_because(checking, HVC_STEP_UNDETERMINED, "%s is not known: %s", name,
                           hvc_safe(checking, fact->why));
    return hvc_because(checking, HVC_STEP_UNDETERMINED, "%s is not known: nothing told it", name);
}

hvc_answer hvc_ask(const hvc_checking *checking, hvc_fact_id id)
{
    const hvc_fact *fact = hvc_fact_of(checking->facts, id);
    if (fact->state != HVC_FACT_KNOWN)
        return HVC_ANSWER_UNKNOWN;
    return fact->flag ? HVC_ANSWER_YES : HVC_ANSWER_NO;
}

hvc_answer hvc_ask_listed(const hvc_checking *checking, hvc_fact_id id, uint64_t number)
{
    const hvc_fact *fact = hvc_fact_of(checking->facts, id);
    if (fact->state != HVC_FACT_KNOWN)
        return HVC_ANSWER_UNKNOWN;
    for (size_t i = 0; i < fact->number_count; i++)
        if (fact->numbers[i] == number)
            return HVC_ANSWER_YES;
    return HVC_ANSWER_NO;
}

bool hvc_ask_number(const hvc_checking *checking, hvc_fact_id id, uint64_t *ret_number)
{
    const hvc_fact *fact = hvc_fact_of(checking->facts, id);
    if (fact->state != HVC_FACT_KNOWN)
        return false;
    *ret_number = fact->number;
    return true;
}

const char *hvc_safe(hvc_checking *checking, const char *text)
{
    if (text == NULL)
        return "";
    hvc_buffer buffer = HVC_BUFFER_INIT;
    hvc_buffer_escaped(&buffer, (hvc_text){text, strlen(text)});
    const char *safe = hvc_arena_text(checking->arena, (hvc_text){buffer.data, buffer.size});
    if (buffer.failed)
        checking->arena->failed = true;
    hvc_buffer_free(&buffer);
    return safe != NULL ? safe : "";
}

/* What the readiness tool says of a step, and what its summary lists. Checks whose texts depend on
 * more say them themselves. */
static void tell(hvc_checking *checking, const hvc_step_row *row, hvc_weight weight,
                 hvc_step_result found)
{
    hvc_step *step = &checking->step;
    if (found == HVC_STEP_PASS && row->pass != NULL)
        hvc_say(checking, HVC_TONE_GREEN, "%s", row->pass);
    if (found == HVC_STEP_UNDETERMINED) {
        hvc_say(checking, HVC_TONE_YELLOW, "%s could not be determined: %s", row->subject,
                step->reason != NULL ? step->reason : "");
        step->warning =
            hvc_arena_printf(checking->arena, "%s could not be determined", row->subject);
    }
    if (found != HVC_STEP_FAIL)
        return;
    hvc_tone tone = weight == HVC_WEIGHT_CRITICAL ? HVC_TONE_RED : HVC_TONE_YELLOW;
    if (row->fail != NULL)
        hvc_say(checking, tone, "%s", row->fail);
    if (row->hint != NULL)
        hvc_say(checking, tone, "%s", row->hint);
    const char *listed = row->listed != NULL ? row->listed : row->fail;
    if (weight == HVC_WEIGHT_CRITICAL && step->critical == NULL)
        step->critical = listed;
    if (weight == HVC_WEIGHT_WARNING && step->warning == NULL)
        step->warning = listed;
}

bool hvc_step_run(const hvc_step_row *row, const hvc_facts *facts,
                  const hvc_readiness_options *options, hvc_arena *arena, hvc_step *ret_step)
{
    hvc_checking checking = {.facts = facts, .options = options, .arena = arena};
    hvc_step *step = &checking.step;
    step->id = row->id;
    step->name = row->name;
    step->own = row->own;
    step->capability = row->capability;
    hvc_step_result found = row->check(&checking);
    step->result = found;
    if (row->own) {
        step->decides = row->decides;
    } else {
        hvc_weight weight = options->hlk ? row->hlk_weight : row->weight;
        step->decides = weight == HVC_WEIGHT_CRITICAL;
        tell(&checking, row, weight, found);
        if (found == HVC_STEP_FAIL && step->critical == NULL)
            step->result = HVC_STEP_WARN;
    }
    step->has_value = row->capability != NULL && found <= HVC_STEP_FAIL;
    step->value = found == HVC_STEP_FAIL ? 0 : 2;
    step->lines = checking.lines.items;
    step->line_count = checking.lines.count;
    *ret_step = *step;
    return !arena->failed;
}
