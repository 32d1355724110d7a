/* Building hvc_facts: what probes call. Everything is copied into the builder's arena. */
#ifndef MACHINE_FACTS_H
#define MACHINE_FACTS_H

#include <hvcheck/facts.h>
#include <hvcheck/status.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/span.h"

typedef struct hvc_facts_builder {
    hvc_arena arena; /* owns everything that facts points to; failed set: out of memory */
    hvc_facts facts;
    HVC_VECTOR(hvc_registry_key) keys;
    HVC_VECTOR(hvc_registry_value) values;
    HVC_VECTOR(hvc_service) services;
    HVC_VECTOR(hvc_machine_driver) drivers;
    HVC_VECTOR(hvc_ci_event) events;
    bool misused; /* a fact was set as another type than it has: a defect of the probe */
} hvc_facts_builder;

void hvc_facts_init(hvc_facts_builder *builder, const char *host, const char *label);
/* Publishes the lists in builder->facts, sorted (keys and values by key then name,
 * case-insensitively; services by name; drivers by module, path; events by time). Of two entries
 * for one key or value the first counts; a key that was READ counts before others. May be called
 * again when more was added. HVC_E_MEMORY; HVC_E_INTERNAL when the builder was misused. */
hvc_status hvc_facts_finish(hvc_facts_builder *builder);
void hvc_facts_free(hvc_facts_builder *builder);

/* Each sets one fact; a fact that is KNOWN already stays as it is (the first source that knows
 * wins), an UNAVAILABLE one is replaced by a known one. A text that is NULL sets nothing; a
 * number above INT64_MAX, which JSON's readers have no room for, makes the fact unavailable. */
void hvc_fact_set_bool(hvc_facts_builder *builder, hvc_fact_id id, bool value, const char *source);
void hvc_fact_set_number(hvc_facts_builder *builder, hvc_fact_id id, uint64_t value,
                         const char *source);
void hvc_fact_set_text(hvc_facts_builder *builder, hvc_fact_id id, const char *value,
                       const char *source);
void hvc_fact_set_numbers(hvc_facts_builder *builder, hvc_fact_id id, const uint64_t *values,
                          size_t count, const char *source);
void hvc_fact_set_unavailable(hvc_facts_builder *builder, hvc_fact_id id, const char *why);

/* Each adds one entry; the last three also note that their list was gathered. A probe that gathers
 * such a list and finds nothing sets facts.has_services and so on itself. */
void hvc_facts_add_key(hvc_facts_builder *builder, const char *key, hvc_key_state state,
                       const char *why);
void hvc_facts_add_value(hvc_facts_builder *builder, const hvc_registry_value *value);
void hvc_facts_add_service(hvc_facts_builder *builder, const hvc_service *service);
void hvc_facts_add_driver(hvc_facts_builder *builder, const hvc_machine_driver *driver);
void hvc_facts_add_event(hvc_facts_builder *builder, const hvc_ci_event *event);

/* Lookups for the steps and plans. */
const hvc_fact *hvc_fact_of(const hvc_facts *facts, hvc_fact_id id);
/* The DWORD at key\name: KNOWN with number; UNASKED when absent (key or value); UNAVAILABLE when
 * the key was unreadable or never looked at, or the value is no DWORD. Keys and names compare
 * without case. A key below an absent one is absent too. */
hvc_fact hvc_facts_dword(const hvc_facts *facts, const char *key, const char *name);
const hvc_registry_value *hvc_facts_value(const hvc_facts *facts, const char *key,
                                          const char *name);
const hvc_registry_key *hvc_facts_key(const hvc_facts *facts, const char *key);
/* The registry's order of names (ASCII letters without case). Negative, zero or positive. */
int hvc_registry_compare(const char *a, const char *b);

/* The facts as JSON (data/schema/facts-1.json), and back: hvc_import_facts reads what
 * hvc_facts_write wrote without a loss, as far as texts are UTF-8. It may be called on a builder
 * like a probe; host and label become those of the file. HVC_E_MALFORMED for what is no facts
 * file, HVC_E_LIMIT, HVC_E_UNSUPPORTED in a build that reads no JSON, HVC_E_MEMORY. */
void hvc_facts_write(const hvc_facts *facts, hvc_buffer *out);
hvc_status hvc_import_facts(hvc_facts_builder *builder, hvc_span bytes, hvc_error *error);

#endif
