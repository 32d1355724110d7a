/* What a report of System Information (msinfo32) says, as facts. Its labels and words are known in
 * English (either spelling of virtualization); of a report in another language only what no
 * language changes is read, and everything else is unavailable. */
#include "base/error.h"
#include "machine/nfo.h"
#include "machine/probe.h"

/* A row whose label is known. */
typedef struct line {
    hvc_facts_builder *builder;
    const char *value;  /* as the report has it */
    const char *source; /* "msinfo32: Secure Boot State" */
    char words[512];    /* value in the form that simplify makes */
} line;

/* Lower case, hyphens as blanks, one blank for many, and -z- for the British -s-; cut at size. */
static void simplify(const char *text, char *out, size_t size)
{
    size_t used = 0;
    for (; *text != 0 && used + 1 < size; text++) {
        char c = *text >= 'A' && *text <= 'Z' ? (char)(*text + ('a' - 'A')) : *text;
        if (c == '-' || c == '\t')
            c = ' ';
        if (c == ' ' && (used == 0 || out[used - 1] == ' '))
            continue;
        out[used++] = c;
    }
    while (used > 0 && out[used - 1] == ' ')
        used--;
    out[used] = 0;
    for (char *at = out; (at = strstr(at, "virtualisation")) != NULL; at++)
        at[8] = 'z';
}

static void not_known(const line *at, hvc_fact_id fact)
{
    const char *why =
        hvc_arena_printf(&at->builder->arena, "%s has a value that is not known", at->source);
    if (why != NULL)
        hvc_fact_set_unavailable(at->builder, fact, why);
}

typedef struct word {
    const char *text;
    uint32_t number;
} word;

/* Exact words to numbers; UINT32_MAX when it is none of them. */
static uint32_t number_of(const char *text, const word *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, words[i].text) == 0)
            return words[i].number;
    }
    return UINT32_MAX;
}
#define NUMBER_OF(text, words) number_of((text), (words), sizeof(words) / sizeof((words)[0]))

static const word yes_no[] = {{"yes", 1}, {"no", 0}};
static const word properties[] = {
    {"base virtualization support", 1},
    {"secure boot", 2},
    {"dma protection", 3},
    {"secure memory overwrite", 4},
    {"uefi code readonly", 5},
    {"smm security mitigations 1.0", 6},
    {"mode based execution control", 7},
    {"apic virtualization", 8},
};
static const word services[] = {
    {"credential guard", 1},
    {"hypervisor enforced code integrity", 2},
    {"secure launch", 3},
    {"smm firmware measurement", 4},
    {"kernel mode hardware enforced stack protection", 5},
    {"kernel mode hardware enforced stack protection (audit mode)", 6},
    {"hypervisor enforced paging translation", 7},
};

static void set_yes_no(const line *at, hvc_fact_id fact)
{
    uint32_t number = NUMBER_OF(at->words, yes_no);
    if (number == UINT32_MAX)
        not_known(at, fact);
    else
        hvc_fact_set_bool(at->builder, fact, number == 1, at->source);
}

/* Names with commas between. One name that is not known makes the list one that is not known. */
static void set_list(line *at, hvc_fact_id fact, const word *words, size_t count)
{
    uint64_t numbers[16];
    size_t found = 0;
    for (char *name = at->words; *name != 0;) {
        char *comma = strchr(name, ',');
        char *end = comma != NULL ? comma : name + strlen(name);
        char *next = comma != NULL ? comma + 1 : end;
        *end = 0;
        name += *name == ' ';
        uint32_t number = number_of(name, words, count);
        if (number == UINT32_MAX || found == sizeof(numbers) / sizeof(numbers[0])) {
            not_known(at, fact);
            return;
        }
        numbers[found++] = number;
        name = next;
    }
    if (found == 0)
        numbers[found++] = 0; /* as Win32_DeviceGuard says that there is none */
    hvc_fact_set_numbers(at->builder, fact, numbers, found, at->source);
}
#define SET_LIST(at, fact, words)                                                                  \
    set_list((at), (fact), (words), sizeof(words) / sizeof((words)[0]))

static void on_vbs(line *at)
{
    static const word states[] = {
        {"not enabled", 0}, {"enabled but not running", 1}, {"running", 2}};
    uint32_t state = NUMBER_OF(at->words, states);
    if (state == UINT32_MAX) {
        not_known(at, HVC_FACT_DG_VBS_STATUS);
        return;
    }
    hvc_fact_set_number(at->builder, HVC_FACT_DG_VBS_STATUS, state, at->source);
    if (state == 0)
        hvc_fact_set_numbers(at->builder, HVC_FACT_DG_RUNNING, (uint64_t[]){0}, 1, at->source);
}

static void on_available(line *at)
{
    SET_LIST(at, HVC_FACT_DG_AVAILABLE, properties);
}

static void on_required(line *at)
{
    SET_LIST(at, HVC_FACT_DG_REQUIRED, properties);
}

static void on_configured(line *at)
{
    SET_LIST(at, HVC_FACT_DG_CONFIGURED, services);
}

static void on_running(line *at)
{
    SET_LIST(at, HVC_FACT_DG_RUNNING, services);
}

static const word policies[] = {{"off", 0}, {"audit", 1}, {"enforced", 2}};

static void set_policy(const line *at, hvc_fact_id fact)
{
    uint32_t number = NUMBER_OF(at->words, policies);
    if (number == UINT32_MAX)
        not_known(at, fact);
    else
        hvc_fact_set_number(at->builder, fact, number, at->source);
}

static void on_ci_policy(line *at)
{
    set_policy(at, HVC_FACT_DG_CI_POLICY);
}

static void on_umci_policy(line *at)
{
    set_policy(at, HVC_FACT_DG_UMCI_POLICY);
}

static void on_secure_boot(line *at)
{
    static const word states[] = {{"off", 0}, {"on", 1}, {"unsupported", 2}};
    uint32_t state = NUMBER_OF(at->words, states);
    if (state == UINT32_MAX) {
        not_known(at, HVC_FACT_FIRMWARE_SECURE_BOOT);
        not_known(at, HVC_FACT_FIRMWARE_SECURE_BOOT_CAPABLE);
        return;
    }
    hvc_fact_set_bool(at->builder, HVC_FACT_FIRMWARE_SECURE_BOOT, state == 1, at->source);
    /* Windows that was not started by UEFI says Unsupported of any firmware. */
    if (state == 2)
        hvc_fact_set_unavailable(
            at->builder, HVC_FACT_FIRMWARE_SECURE_BOOT_CAPABLE,
            "msinfo32 says Unsupported, also of a firmware that was not asked by UEFI");
    else
        hvc_fact_set_bool(at->builder, HVC_FACT_FIRMWARE_SECURE_BOOT_CAPABLE, true, at->source);
}

static void on_dma(line *at)
{
    /* On needs the firmware's flag. Off has other causes too. */
    if (strcmp(at->words, "on") == 0)
        hvc_fact_set_bool(at->builder, HVC_FACT_FIRMWARE_DMA_OPT_IN, true, at->source);
    else
        hvc_fact_set_unavailable(
            at->builder, HVC_FACT_FIRMWARE_DMA_OPT_IN,
            "msinfo32 says that kernel DMA protection is off, not what the firmware does");
}

static void on_bios_mode(line *at)
{
    static const word modes[] = {{"uefi", 1}, {"legacy", 0}};
    uint32_t mode = NUMBER_OF(at->words, modes);
    if (mode == UINT32_MAX)
        not_known(at, HVC_FACT_FIRMWARE_UEFI);
    else
        hvc_fact_set_bool(at->builder, HVC_FACT_FIRMWARE_UEFI, mode == 1, at->source);
}

static void on_virtualization(line *at)
{
    set_yes_no(at, HVC_FACT_CPU_VIRTUALIZATION);
}

static void on_slat(line *at)
{
    set_yes_no(at, HVC_FACT_CPU_SLAT);
}

static void on_firmware_virtualization(line *at)
{
    /* The lines about Hyper-V are there only while no hypervisor runs. */
    set_yes_no(at, HVC_FACT_FIRMWARE_VIRTUALIZATION);
    hvc_fact_set_bool(at->builder, HVC_FACT_HYPERVISOR_PRESENT, false, at->source);
}

static void on_nx(line *at)
{
    /* No may also come from a setting of the firmware. */
    if (strcmp(at->words, "yes") == 0)
        hvc_fact_set_bool(at->builder, HVC_FACT_CPU_NX, true, at->source);
    else
        not_known(at, HVC_FACT_CPU_NX);
}

static void on_hypervisor(line *at)
{
    hvc_fact_set_bool(at->builder, HVC_FACT_HYPERVISOR_PRESENT, true, at->source);
}

static void on_os_name(line *at)
{
    static const char maker[] = "Microsoft ";
    const char *name = at->value;
    if (strncmp(name, maker, sizeof(maker) - 1) == 0)
        name += sizeof(maker) - 1;
    hvc_fact_set_text(at->builder, HVC_FACT_OS_NAME, name, at->source);
}

static void on_system_name(line *at)
{
    const char *name = hvc_arena_strdup(&at->builder->arena, at->value);
    if (name != NULL && name[0] != 0)
        at->builder->facts.label = name;
}

static void on_manufacturer(line *at)
{
    hvc_fact_set_text(at->builder, HVC_FACT_MACHINE_MANUFACTURER, at->value, at->source);
}

static void on_model(line *at)
{
    hvc_fact_set_text(at->builder, HVC_FACT_MACHINE_MODEL, at->value, at->source);
    /* A model without the word is no proof of a real machine. */
    if (strstr(at->words, "virtual") != NULL)
        hvc_fact_set_bool(at->builder, HVC_FACT_MACHINE_VIRTUAL, true, at->source);
    else
        hvc_fact_set_unavailable(
            at->builder, HVC_FACT_MACHINE_VIRTUAL,
            "the model in the report names no virtual machine, which proves nothing");
}

static void on_system_type(line *at)
{
    static const struct {
        const char *beginning, *name;
    } types[] = {{"x64 based", "x64"}, {"x86 based", "x86"}, {"arm64 based", "arm64"}};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strncmp(at->words, types[i].beginning, strlen(types[i].beginning)) == 0) {
            hvc_fact_set_text(at->builder, HVC_FACT_OS_ARCHITECTURE, types[i].name, at->source);
            return;
        }
    }
    not_known(at, HVC_FACT_OS_ARCHITECTURE);
}

/* "NAME, 2112 Mhz, 4 Core(s), 8 Logical Processor(s)" */
static void on_processor(line *at)
{
    const char *end = at->value;
    while ((end = strchr(end, ',')) != NULL) {
        const char *p = end + 1;
        p += *p == ' ';
        const char *digits = p;
        while (*p >= '0' && *p <= '9')
            p++;
        if (p > digits && (strncmp(p, " Mhz,", 5) == 0 || strncmp(p, " MHz,", 5) == 0))
            break;
        end++;
    }
    char *name = hvc_arena_text(
        &at->builder->arena,
        (hvc_text){at->value, end != NULL ? (size_t)(end - at->value) : strlen(at->value)});
    hvc_fact_set_text(at->builder, HVC_FACT_CPU_NAME, name, at->source);
}

/* "15.8 GB" or "15,8 GB": three figures, so no grouping of digits; false for anything else. */
static bool read_size(const char *text, uint64_t *ret_bytes)
{
    uint64_t hundredths = 0;
    unsigned whole = 0, decimals = 0;
    for (; *text >= '0' && *text <= '9' && whole < 6; text++, whole++)
        hundredths = hundredths * 10 + (uint64_t)(*text - '0');
    if (*text == '.' || *text == ',') {
        for (text++; *text >= '0' && *text <= '9' && decimals < 3; text++, decimals++)
            hundredths = hundredths * 10 + (uint64_t)(*text - '0');
    }
    if (whole == 0 || decimals > 2)
        return false;
    for (; decimals < 2; decimals++)
        hundredths *= 10;
    if (strncmp(text, "\xc2\xa0", 2) == 0)
        text += 2;
    else if (*text == ' ')
        text++;
    unsigned shift = strcmp(text, "MB") == 0   ? 20
                     : strcmp(text, "GB") == 0 ? 30
                     : strcmp(text, "TB") == 0 ? 40
                                               : 0;
    if (shift == 0 || hundredths > UINT64_MAX >> shift)
        return false;
    *ret_bytes = (hundredths << shift) / 100;
    return true;
}

static void on_memory(line *at)
{
    uint64_t bytes;
    if (read_size(at->value, &bytes))
        hvc_fact_set_number(at->builder, HVC_FACT_MACHINE_MEMORY, bytes, at->source);
    else
        not_known(at, HVC_FACT_MACHINE_MEMORY);
}

static const struct {
    const char *label; /* as simplify writes it */
    void (*set)(line *at);
} labels[] = {
    {"os name", on_os_name},
    {"system name", on_system_name},
    {"system manufacturer", on_manufacturer},
    {"system model", on_model},
    {"system type", on_system_type},
    {"processor", on_processor},
    {"bios mode", on_bios_mode},
    {"installed physical memory (ram)", on_memory},
    {"total physical memory", on_memory}, /* where the line before says that it is not available */
    {"secure boot state", on_secure_boot},
    {"kernel dma protection", on_dma},
    {"virtualization based security", on_vbs},
    {"virtualization based security required security properties", on_required},
    {"virtualization based security available security properties", on_available},
    {"virtualization based security services configured", on_configured},
    {"virtualization based security services running", on_running},
    {"device guard virtualization based security", on_vbs},
    {"device guard required security properties", on_required},
    {"device guard available security properties", on_available},
    {"device guard security services configured", on_configured},
    {"device guard security services running", on_running},
    {"device guard code integrity policy", on_ci_policy},
    {"device guard user mode code integrity policy", on_umci_policy},
    {"windows defender device guard code integrity policy", on_ci_policy},
    {"windows defender device guard user mode code integrity policy", on_umci_policy},
    {"windows defender application control policy", on_ci_policy},
    {"windows defender application control user mode policy", on_umci_policy},
    {"app control for business policy", on_ci_policy},
    {"app control for business user mode policy", on_umci_policy},
    {"hyper v vm monitor mode extensions", on_virtualization},
    {"hyper v second level address translation extensions", on_slat},
    {"hyper v virtualization enabled in firmware", on_firmware_virtualization},
    {"hyper v data execution protection", on_nx},
    {"a hypervisor has been detected. features required for hyper v will not be displayed.",
     on_hypervisor},
};

static void look_at_row(hvc_facts_builder *builder, const hvc_nfo_row *row)
{
    char label[128];
    simplify(row->item, label, sizeof(label));
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
        if (strcmp(label, labels[i].label) != 0)
            continue;
        line at = {.builder = builder, .value = row->value};
        simplify(row->value, at.words, sizeof(at.words));
        at.source = hvc_arena_printf(&builder->arena, "msinfo32: %s", row->item);
        if (at.source != NULL)
            labels[i].set(&at);
        return;
    }
}

static bool is_english(const hvc_nfo *nfo)
{
    for (size_t i = 0; i < nfo->row_count; i++) {
        if (strcmp(nfo->rows[i].item, "OS Name") == 0)
            return true;
    }
    return false;
}

/* Whatever no line told. */
static void explain_rest(hvc_facts_builder *builder, const hvc_nfo *nfo, bool english)
{
    const hvc_fact *vbs = &builder->facts.items[HVC_FACT_DG_VBS_STATUS];
    if (english && vbs->state == HVC_FACT_KNOWN && vbs->number == 0) {
        static const hvc_fact_id lists[] = {HVC_FACT_DG_AVAILABLE, HVC_FACT_DG_REQUIRED,
                                            HVC_FACT_DG_CONFIGURED};
        for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
            hvc_fact_set_unavailable(
                builder, lists[i],
                "msinfo32 lists it only where virtualization-based security is enabled");
    }
    const char *why = english ? "the report of msinfo32 does not tell it"
                              : hvc_arena_printf(&builder->arena,
                                                 "the report of msinfo32 is not in English (its "
                                                 "first category is \"%s\")",
                                                 nfo->category);
    if (why != NULL)
        hvc_facts_explain_rest(builder, why);
}

hvc_status hvc_import_nfo(hvc_facts_builder *builder, hvc_span bytes, hvc_error *error)
{
    hvc_arena arena = HVC_ARENA_INIT;
    hvc_nfo nfo;
    hvc_status status = hvc_nfo_read(&arena, bytes, &nfo, error);
    if (status == HVC_OK) {
        bool english = is_english(&nfo);
        for (size_t i = 0; english && i < nfo.row_count; i++)
            look_at_row(builder, &nfo.rows[i]);
        hvc_nfo_set_any_language(builder, &nfo);
        if (english)
            hvc_nfo_set_lists(builder, &nfo);
        explain_rest(builder, &nfo, english);
        if (builder->arena.failed)
            status = hvc_fail_memory(error);
    }
    hvc_arena_free(&arena);
    return status;
}
