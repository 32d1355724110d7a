/* Building plans: what plan.c, refuse.c and undo.c share, and the forms in which a plan is written.
 */
#ifndef MACHINE_PLAN_H
#define MACHINE_PLAN_H

#include <hvcheck/plan.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "machine/apply.h"
#include "machine/facts.h"
#include "machine/settings.h"

typedef struct hvc_plan_builder {
    hvc_plan plan; /* first: a plan is freed through it */
    hvc_arena arena;
    const hvc_facts *facts;
    const hvc_plan_request *request;
    HVC_VECTOR(hvc_change) changes;
    HVC_VECTOR(hvc_refusal) refusals;
    HVC_VECTOR(const char *) notes;
} hvc_plan_builder;

/* plan.c */
hvc_plan_builder *hvc_plan_begin(const hvc_facts *facts, const hvc_plan_request *request);
/* Adds refusals, notes and the restart, and publishes the lists; takes the builder. */
hvc_status hvc_plan_finish(hvc_plan_builder *builder, hvc_plan **ret_plan, hvc_error *error);
void hvc_plan_note(hvc_plan_builder *builder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Adds a change of the registry unless the facts say that it is so already. value: SET_VALUE. */
void hvc_plan_registry(hvc_plan_builder *builder, hvc_change_kind kind, const char *key,
                       const hvc_registry_value *value, const char *name, const char *why);
/* What a comment of an undo file says of the policy file (HVC_UNDO_...), as a change; other
 * comments say nothing. False when memory is exhausted. */
#define HVC_UNDO_POLICY_ABSENT "hvcheck: the policy file was absent"
#define HVC_UNDO_POLICY_KEPT   "hvcheck: the policy file is kept beside this file"
bool hvc_plan_undo_file(hvc_plan_builder *builder, const char *comment);

/* refuse.c */
void hvc_plan_refuse(hvc_plan_builder *builder);
bool hvc_plan_overrides_known(const hvc_plan_request *request, hvc_error *error);

/* Whether a change is one of the registry. */
bool hvc_change_is_registry(const hvc_change *change);
/* Whether the change is carried out from here: on the running Windows all but the restart and the
 * boot entry, elsewhere registry and files. */
bool hvc_change_done_here(const hvc_plan *plan, const hvc_change *change);

/* Forms. The text is for people, with the readiness tool's lines. result: what carrying it out came
 * to; NULL: it was not. */
void hvc_plan_write_text(const hvc_plan *plan, const hvc_apply_result *result, hvc_buffer *out);
void hvc_plan_write_json(const hvc_plan *plan, hvc_buffer *out);
/* Lines for cmd.exe, CRLF. */
void hvc_plan_write_commands(const hvc_plan *plan, hvc_buffer *out);
/* A .reg file: UTF-16LE with a byte order mark, CRLF. */
void hvc_plan_write_reg(const hvc_plan *plan, hvc_buffer *out);

/* plan_value.c: "REG_DWORD"; a value's data for people ("1", "\"text\"", "01 02 ..."). */
const char *hvc_registry_type_name(uint32_t type);
void hvc_registry_value_text(const hvc_registry_value *value, hvc_buffer *out);

#endif
