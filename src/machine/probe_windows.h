/* The parts of the probe of a running Windows, one for each kind of source. Each adds what it knows
 * to the builder, and why it could not know the rest; none fails. Newer functions of the system are
 * resolved when they are needed: an old Windows, or wine, does without. */
#ifndef MACHINE_PROBE_WINDOWS_H
#define MACHINE_PROBE_WINDOWS_H

#include <windows.h>

#include "base/span.h"
#include "machine/facts.h"

/* UTF-8 in the arena. "" when memory is exhausted (the arena knows). */
const char *hvc_zones_string(hvc_arena *arena, const wchar_t *text, size_t length);

/* A function of a library of the system, NULL when it is not there. */
typedef void (*hvc_zones_function)(void);
hvc_zones_function hvc_zones_resolve(const wchar_t *library, const char *name);

/* Why something is not known: "WHAT: the text of the error code". In the arena. */
const char *hvc_zones_why(hvc_arena *arena, const char *what, unsigned long code);

/* windows_registry.c. Keys as in hvc_registry_value, always of the 64-bit view. */
LSTATUS hvc_zones_open_key(const char *key, HKEY *ret_key);
/* The data in the arena; ERROR_FILE_NOT_FOUND when there is no such value. */
LSTATUS hvc_zones_value(hvc_arena *arena, HKEY key, const char *name, uint32_t *ret_type,
                        hvc_span *ret_data);
/* A REG_SZ or REG_EXPAND_SZ; NULL when there is none. */
const char *hvc_zones_text_value(hvc_arena *arena, const char *key, const char *name);
bool hvc_zones_number_value(hvc_arena *arena, const char *key, const char *name,
                            uint32_t *ret_number);
void hvc_zones_keys(hvc_facts_builder *builder);

/* windows_services.c */
void hvc_zones_services(hvc_facts_builder *builder);

/* windows_os.c: version, edition, role, elevation, memory, disk, maker and model. */
void hvc_zones_os(hvc_facts_builder *builder);

/* windows_system.c: NtQuerySystemInformation. */
void hvc_zones_system(hvc_facts_builder *builder);
/* The identifier of the boot entry that started Windows. */
bool hvc_zones_boot_entry(GUID *ret_entry);
/* What NtQuerySystemInformation answers, grown to what it wants; NTSTATUS. */
long hvc_zones_query(hvc_arena *arena, unsigned information_class, hvc_span *ret_answer);

/* windows_verifier.c: Verifier's flags and, when wanted, its counters. */
void hvc_zones_verifier(hvc_facts_builder *builder, bool counters);

/* windows_firmware.c: firmware variables, ACPI tables, TPM, boot entry. */
void hvc_zones_firmware(hvc_facts_builder *builder);

/* windows_processor.c: what the processor says of itself, and Windows of it. */
void hvc_zones_processor(hvc_facts_builder *builder);

/* windows_wmi.c */
void hvc_zones_wmi(hvc_facts_builder *builder);

#endif
