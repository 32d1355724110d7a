/* The checks of all rules, and what several of them share. */
#ifndef RULES_CHECKS_H
#define RULES_CHECKS_H

#include "rules/rule.h"

/* Index of each rule in hvc_rule_table. */
enum {
#define HVC_RULE(id, name) HVC_RULE_INDEX_##id,
#include "rules/rules.list"
#undef HVC_RULE
    HVC_RULE_COUNT
};

/* Generated from data/rules/, in the order of rules.list. */
extern const hvc_rule hvc_rule_table[HVC_RULE_COUNT];

#define HVC_RULE(id, name)                                                                         \
    void hvc_rule_##name(const hvc_evidence *evidence, const hvc_rule *rule,                       \
                         hvc_findings *findings);
#include "rules/rules.list"
#undef HVC_RULE

#define HVC_PAGE_SIZE 0x1000u

/* A finding for each note of one kind. */
void hvc_check_code_notes(const hvc_evidence *evidence, hvc_practice kind, const hvc_rule *rule,
                          hvc_findings *findings);

/* The section's own place: its start, and where its data lies in the file, if it has any. */
hvc_location hvc_locate_section(const hvc_findings *findings, const hvc_section *section);
/* A place in the headers, which have no section. */
hvc_location hvc_locate_header(uint64_t file_offset);

/* File offsets of header fields. */
enum hvc_header_field {
    HVC_FIELD_CHARACTERISTICS,
    HVC_FIELD_SECTION_ALIGNMENT,
    HVC_FIELD_DLL_CHARACTERISTICS,
};
uint64_t hvc_header_offset(const hvc_image *image, enum hvc_header_field field);

/* Adds a finding about a header field when DllCharacteristics lacks a bit. */
void hvc_check_dll_bit(const hvc_evidence *evidence, const hvc_rule *rule, hvc_findings *findings,
                       uint16_t bit, const char *name);

/* One finding for each call site that is, or may be, guilty of the rule's counter. */
void hvc_check_call_sites(const hvc_evidence *evidence, const hvc_rule *rule,
                          hvc_findings *findings);

/* INIT in any case, and nothing behind it: compared as Windows compares the header's eight bytes.
 */
bool hvc_section_is_init(const hvc_section *section);

static inline bool hvc_section_has(const hvc_section *section, uint32_t characteristics)
{
    return (section->characteristics & characteristics) == characteristics;
}

/* Writable and executable. */
static inline bool hvc_section_is_wx(const hvc_section *section)
{
    return hvc_section_has(section, HVC_SCN_MEM_WRITE | HVC_SCN_MEM_EXECUTE);
}

static inline bool hvc_directory_present(const hvc_image *image, hvc_directory_index index)
{
    const hvc_directory *directory = &image->headers.directories[index];
    return directory->rva != 0 && directory->size != 0;
}

#endif
