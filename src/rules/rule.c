/* The table of rules, running them, and what they do with what they find. */
#include "rules/rule.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "rules/checks.h"

static const hvc_rule_check checks[HVC_RULE_COUNT] = {
#define HVC_RULE(id, name) hvc_rule_##name,
#include "rules/rules.list"
#undef HVC_RULE
};

const hvc_rule *hvc_rules(size_t *ret_count)
{
    *ret_count = HVC_RULE_COUNT;
    return hvc_rule_table;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool same_name(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

const hvc_rule *hvc_rule_find(const char *id_or_name)
{
    for (size_t i = 0; i < HVC_RULE_COUNT; i++) {
        const hvc_rule *rule = &hvc_rule_table[i];
        if (same_name(rule->id, id_or_name) || same_name(rule->name, id_or_name))
            return rule;
    }
    return NULL;
}

void hvc_rules_run(const hvc_evidence *evidence, hvc_findings *findings)
{
    for (size_t i = 0; i < HVC_RULE_COUNT; i++)
        checks[i](evidence, &hvc_rule_table[i], findings);
}

hvc_finding *hvc_find(hvc_findings *findings, const hvc_rule *rule, uint64_t count,
                      const char *format, ...)
{
    findings->total++;
    if (rule->counter < HVC_COUNTER_COUNT)
        findings->counters[rule->counter] += count;
    if (findings->list.count >= HVC_MAX_FINDINGS)
        return NULL;

    va_list args;
    va_start(args, format);
    const char *message = hvc_arena_vprintf(findings->arena, format, args);
    va_end(args);
    if (message == NULL)
        return NULL;
    hvc_finding *finding = hvc_vector_add(findings->arena, &findings->list);
    if (finding == NULL)
        return NULL;
    *finding = (hvc_finding){
        .rule = rule,
        .level = rule->level,
        .message = message,
        .fix = rule->fix,
        .count = count,
    };
    return finding;
}

/* The name as the file has it: whoever prints a location escapes it. */
static const char *section_name(const hvc_findings *findings, const hvc_section *section)
{
    return hvc_arena_text(findings->arena, section->name);
}

hvc_location hvc_locate(const hvc_findings *findings, uint32_t rva)
{
    hvc_location location = {.has_rva = true, .rva = rva};
    uint32_t offset;

    if (hvc_image_file_offset(findings->image, rva, &offset)) {
        location.has_file_offset = true;
        location.file_offset = offset;
    }
    const hvc_section *section = hvc_image_section_at(findings->image, rva);
    if (section != NULL)
        location.section = section_name(findings, section);
    return location;
}

hvc_location hvc_locate_section(const hvc_findings *findings, const hvc_section *section)
{
    return (hvc_location){
        .has_rva = true,
        .rva = section->rva,
        .has_file_offset = section->data_size > 0,
        .file_offset = section->data_size > 0 ? section->data_offset : 0,
        .section = section_name(findings, section),
    };
}

hvc_location hvc_locate_header(uint64_t file_offset)
{
    return (hvc_location){.has_file_offset = true, .file_offset = file_offset};
}

uint64_t hvc_header_offset(const hvc_image *image, enum hvc_header_field field)
{
    uint64_t file_header = (uint64_t)image->headers.nt_offset + 4;
    uint64_t optional_header = file_header + 20;

    switch (field) {
    case HVC_FIELD_CHARACTERISTICS:
        return file_header + 18;
    case HVC_FIELD_SECTION_ALIGNMENT:
        return optional_header + 32;
    case HVC_FIELD_DLL_CHARACTERISTICS:
        return optional_header + 70;
    }
    return image->headers.nt_offset;
}

const char *hvc_section_label(const hvc_findings *findings, const hvc_section *section)
{
    hvc_buffer buffer = HVC_BUFFER_INIT;

    if (section->name.size == 0)
        return "without a name";
    hvc_buffer_escaped(&buffer, section->name);
    const char *label = NULL;
    if (buffer.failed)
        findings->arena->failed = true; /* the evaluation fails by it */
    else
        label = hvc_arena_text(findings->arena, (hvc_text){buffer.data, buffer.size});
    hvc_buffer_free(&buffer);
    return label != NULL ? label : "?";
}

bool hvc_section_is_init(const hvc_section *section)
{
    static const char name[8] = "init";

    for (size_t i = 0; i < sizeof(name); i++) {
        if (lower((char)section->raw_name[i]) != name[i])
            return false;
    }
    return true;
}

void hvc_check_dll_bit(const hvc_evidence *evidence, const hvc_rule *rule, hvc_findings *findings,
                       uint16_t bit, const char *name)
{
    uint16_t characteristics = evidence->image->headers.dll_characteristics;

    if ((characteristics & bit) != 0)
        return;
    hvc_finding *finding =
        hvc_find(findings, rule, 0, "DllCharacteristics 0x%04X lacks %s (0x%04X)", characteristics,
                 name, bit);
    if (finding != NULL)
        finding->location =
            hvc_locate_header(hvc_header_offset(evidence->image, HVC_FIELD_DLL_CHARACTERISTICS));
}
