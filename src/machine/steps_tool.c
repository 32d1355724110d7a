/* The readiness tool's own steps, but for the drivers. */
#include <string.h>

#include "machine/steps.h"

/* AvailableSecurityProperties, RequiredSecurityProperties */
enum {
    PROPERTY_HYPERVISOR = 1,
    PROPERTY_SECURE_BOOT = 2,
    PROPERTY_MOR = 4,
    PROPERTY_NX = 5,
    PROPERTY_SMM = 6,
};
enum { HSTI_LEAST_SIZE = 512, VBS_RUNS = 2 };

/* What Windows itself lists decides; without its list, what the firmware said. */
static hvc_step_result property(hvc_checking *checking, uint64_t number, hvc_fact_id otherwise)
{
    hvc_answer listed = hvc_ask_listed(checking, HVC_FACT_DG_AVAILABLE, number);
    if (listed != HVC_ANSWER_UNKNOWN)
        return hvc_because(checking, listed == HVC_ANSWER_YES ? HVC_STEP_PASS : HVC_STEP_FAIL,
                           "AvailableSecurityProperties %s %llu",
                           listed == HVC_ANSWER_YES ? "lists" : "does not list",
                           (unsigned long long)number);
    hvc_answer answer = hvc_ask(checking, otherwise);
    if (answer == HVC_ANSWER_UNKNOWN)
        return hvc_unknown(checking, otherwise);
    return hvc_because(checking, answer == HVC_ANSWER_YES ? HVC_STEP_PASS : HVC_STEP_FAIL,
                       "%s tells so",
                       hvc_safe(checking, hvc_fact_of(checking->facts, otherwise)->source));
}

hvc_step_result hvc_check_secure_boot(hvc_checking *checking)
{
    hvc_answer on = hvc_ask(checking, HVC_FACT_FIRMWARE_SECURE_BOOT);
    if (on != HVC_ANSWER_UNKNOWN)
        return on == HVC_ANSWER_YES ? HVC_STEP_PASS : HVC_STEP_FAIL;
    return property(checking, PROPERTY_SECURE_BOOT, HVC_FACT_FIRMWARE_SECURE_BOOT);
}

hvc_step_result hvc_check_hsti(hvc_checking *checking)
{
    uint64_t size = 0, count = 0;
    bool has_size = hvc_ask_number(checking, HVC_FACT_FIRMWARE_HSTI_SIZE, &size);
    bool has_count = hvc_ask_number(checking, HVC_FACT_FIRMWARE_HSTI_COUNT, &count);
    hvc_answer passed = hvc_ask(checking, HVC_FACT_FIRMWARE_HSTI_PASSED);
    const hvc_fact *blob = hvc_fact_of(checking->facts, HVC_FACT_FIRMWARE_HSTI_BLOB);
    if (!has_size && !has_count) {
        /* Windows was asked, and gave nothing; elsewhere nobody could ask. */
        if (strcmp(checking->facts->host, "windows") == 0 &&
            hvc_fact_of(checking->facts, HVC_FACT_FIRMWARE_HSTI_SIZE)->state ==
                HVC_FACT_UNAVAILABLE)
            hvc_say(checking, HVC_TONE_RED, "Instantiate-HSTI failed");
        return hvc_unknown(checking, HVC_FACT_FIRMWARE_HSTI_SIZE);
    }
    hvc_say(checking, HVC_TONE_PLAIN, "Copying HSTITest.dll");
    if (has_count)
        hvc_say(checking, HVC_TONE_PLAIN, "HSTI Duple Count: %llu", (unsigned long long)count);
    if (has_size)
        hvc_say(checking, HVC_TONE_PLAIN, "HSTI Blob size: %llu", (unsigned long long)size);
    if (blob->state == HVC_FACT_KNOWN)
        hvc_say(checking, HVC_TONE_PLAIN, "String: %s", hvc_safe(checking, blob->text));
    if (passed != HVC_ANSWER_UNKNOWN)
        hvc_say(checking, HVC_TONE_PLAIN, "HSTIStatus: %s",
                passed == HVC_ANSWER_YES ? "True" : "False");
    if ((has_count && count == 0) || (has_size && size <= HSTI_LEAST_SIZE)) {
        hvc_say(checking, HVC_TONE_YELLOW, "HSTI is absent");
        checking->step.warning = "HSTI is absent";
        return HVC_STEP_FAIL;
    }
    if (!has_count)
        return hvc_unknown(checking, HVC_FACT_FIRMWARE_HSTI_COUNT);
    if (!has_size)
        return hvc_unknown(checking, HVC_FACT_FIRMWARE_HSTI_SIZE);
    if (passed == HVC_ANSWER_UNKNOWN)
        return hvc_unknown(checking, HVC_FACT_FIRMWARE_HSTI_PASSED);
    if (passed == HVC_ANSWER_YES)
        return HVC_STEP_PASS;
    bool hlk = checking->options->hlk;
    hvc_say(checking, hlk ? HVC_TONE_RED : HVC_TONE_YELLOW, "HSTI validation failed");
    if (hlk)
        checking->step.critical = "HSTI validation failed";
    else
        checking->step.warning = "HSTI is absent";
    return HVC_STEP_FAIL;
}

hvc_step_result hvc_check_architecture(hvc_checking *checking)
{
    const hvc_fact *fact = hvc_fact_of(checking->facts, HVC_FACT_OS_ARCHITECTURE);
    if (fact->state != HVC_FACT_KNOWN)
        return hvc_unknown(checking, HVC_FACT_OS_ARCHITECTURE);
    if (strcmp(fact->text, "x64") == 0 || strcmp(fact->text, "arm64") == 0)
        return HVC_STEP_PASS;
    bool x86 = strcmp(fact->text, "x86") == 0;
    hvc_say(checking, HVC_TONE_RED, x86 ? "32 bit arch...." : "Unknown architecture");
    checking->step.critical =
        x86 ? "32 Bit OS, OS Architecture failure.." : "Unknown OS, OS Architecture failure..";
    return HVC_STEP_FAIL;
}

/* The readiness tool looks for English words in the product's name. EditionID is the same in every
 * language. */
static bool has_edition(const char *edition)
{
    static const char *const starts[] = {"Enterprise", "Education", "IoT", "Server", "Pro", "Core"};
    for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
        if (strncmp(edition, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

static bool has_name(const char *name)
{
    static const char *const words[] = {"Enterprise",     "Education", "IoT",
                                        "Windows Server", "Pro",       "Home"};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strstr(name, words[i]) != NULL)
            return true;
    return false;
}

static bool is_domain_controller(const hvc_checking *checking)
{
    uint64_t role = 0;
    return hvc_ask_number(checking, HVC_FACT_OS_DOMAIN_ROLE, &role) && (role == 4 || role == 5);
}

hvc_step_result hvc_check_edition(hvc_checking *checking)
{
    const hvc_fact *name = hvc_fact_of(checking->facts, HVC_FACT_OS_NAME);
    const hvc_fact *edition = hvc_fact_of(checking->facts, HVC_FACT_OS_EDITION);
    bool has = edition->state == HVC_FACT_KNOWN;
    if (!has && name->state != HVC_FACT_KNOWN)
        return hvc_unknown(checking, HVC_FACT_OS_EDITION);
    bool supported = (has && has_edition(edition->text)) ||
                     (name->state == HVC_FACT_KNOWN && has_name(name->text));
    if (!supported && !has)
        return hvc_because(checking, HVC_STEP_UNDETERMINED,
                           "the product's name \"%s\" does not tell, and its EditionID is not "
                           "known",
                           hvc_safe(checking, name->text));
    if (!supported)
        return HVC_STEP_FAIL;
    hvc_say(checking, HVC_TONE_GREEN, "This PC edition is Supported for DeviceGuard");
    hvc_scope scope = checking->options->scope;
    if (scope != HVC_SCOPE_HVCI && scope != HVC_SCOPE_DG && is_domain_controller(checking))
        hvc_say(checking, HVC_TONE_RED,
                "This PC is configured as a Domain Controller, Credential Guard is not supported "
                "on DC.");
    return HVC_STEP_PASS;
}

hvc_step_result hvc_check_domain_controller(hvc_checking *checking)
{
    uint64_t role = 0;
    if (!hvc_ask_number(checking, HVC_FACT_OS_DOMAIN_ROLE, &role))
        return hvc_unknown(checking, HVC_FACT_OS_DOMAIN_ROLE);
    if (!is_domain_controller(checking))
        return hvc_because(checking, HVC_STEP_PASS, "it is none");
    return hvc_because(checking,
                       checking->options->scope == HVC_SCOPE_CG ? HVC_STEP_FAIL : HVC_STEP_WARN,
                       "Credential Guard is not supported on a domain controller");
}

hvc_step_result hvc_check_virtualization(hvc_checking *checking)
{
    uint64_t vbs = 0;
    hvc_answer hypervisor = hvc_ask(checking, HVC_FACT_HYPERVISOR_PRESENT);
    if (hypervisor != HVC_ANSWER_YES &&
        (hvc_ask_listed(checking, HVC_FACT_DG_AVAILABLE, PROPERTY_HYPERVISOR) == HVC_ANSWER_YES ||
         (hvc_ask_number(checking, HVC_FACT_DG_VBS_STATUS, &vbs) && vbs == VBS_RUNS)))
        hypervisor = HVC_ANSWER_YES;
    if (hypervisor == HVC_ANSWER_YES)
        return HVC_STEP_PASS;
    hvc_answer processor = hvc_ask(checking, HVC_FACT_CPU_VIRTUALIZATION);
    hvc_answer firmware = hvc_ask(checking, HVC_FACT_FIRMWARE_VIRTUALIZATION);
    if (processor == HVC_ANSWER_YES && firmware == HVC_ANSWER_YES)
        return HVC_STEP_PASS;
    if (processor != HVC_ANSWER_NO && firmware != HVC_ANSWER_NO)
        return hvc_unknown(checking, processor == HVC_ANSWER_UNKNOWN
                                         ? HVC_FACT_CPU_VIRTUALIZATION
                                         : HVC_FACT_FIRMWARE_VIRTUALIZATION);
    if (hypervisor == HVC_ANSWER_UNKNOWN)
        return hvc_unknown(checking, HVC_FACT_HYPERVISOR_PRESENT);
    return hvc_because(checking, HVC_STEP_FAIL, "%s",
                       processor == HVC_ANSWER_NO ? "the processor has no virtualization"
                                                  : "virtualization is off in the firmware");
}

hvc_step_result hvc_check_tpm(hvc_checking *checking)
{
    hvc_answer present = hvc_ask(checking, HVC_FACT_TPM_PRESENT);
    const hvc_fact *version = hvc_fact_of(checking->facts, HVC_FACT_TPM_VERSION);
    if (present == HVC_ANSWER_UNKNOWN)
        return hvc_unknown(checking, HVC_FACT_TPM_PRESENT);
    if (present == HVC_ANSWER_NO)
        return HVC_STEP_FAIL;
    if (version->state != HVC_FACT_KNOWN)
        return hvc_unknown(checking, HVC_FACT_TPM_VERSION);
    if (strncmp(version->text, "2.", 2) == 0) {
        hvc_say(checking, HVC_TONE_GREEN, "TPM 2.0 is present.");
        return HVC_STEP_PASS;
    }
    if (strncmp(version->text, "1.", 2) != 0)
        return hvc_because(checking, HVC_STEP_UNDETERMINED, "its version \"%s\" is not known",
                           hvc_safe(checking, version->text));
    if (checking->options->hlk) {
        hvc_say(checking, HVC_TONE_GREEN, "TPM 1.2 is present.");
        return HVC_STEP_PASS;
    }
    static const char preferred[] = "TPM 1.2 is Present. TPM 2.0 is Preferred.";
    hvc_say(checking, HVC_TONE_YELLOW, "%s", preferred);
    checking->step.warning = preferred;
    return HVC_STEP_WARN;
}

hvc_step_result hvc_check_mor(hvc_checking *checking)
{
    return property(checking, PROPERTY_MOR, HVC_FACT_FIRMWARE_MOR_LOCK);
}

hvc_step_result hvc_check_nx(hvc_checking *checking)
{
    return property(checking, PROPERTY_NX, HVC_FACT_FIRMWARE_NX);
}

hvc_step_result hvc_check_smm(hvc_checking *checking)
{
    return property(checking, PROPERTY_SMM, HVC_FACT_FIRMWARE_SMM);
}
