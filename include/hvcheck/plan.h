/* Plans: what has to change on a machine to turn memory integrity and Credential Guard on or off.
 * A plan is computed from facts alone, says what is there now and what will be, and changes
 * nothing itself. */
#ifndef HVCHECK_PLAN_H
#define HVCHECK_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvcheck/export.h>
#include <hvcheck/facts.h>
#include <hvcheck/status.h>

HVC_BEGIN_DECLS

/* The version of data/schema/plan-1.json. */
#define HVC_PLAN_SCHEMA 1

typedef enum hvc_plan_action {
    HVC_PLAN_ENABLE,
    HVC_PLAN_DISABLE,
    HVC_PLAN_CLEAR,          /* the readiness tool's results, and Driver Verifier's settings */
    HVC_PLAN_RESET_VERIFIER, /* the latter alone */
    HVC_PLAN_UNDO,           /* an undo file: hvc_plan_undo */
} hvc_plan_action;

/* Whether a code integrity policy (SIPolicy.p7b) is installed; the facts do not tell. */
typedef enum hvc_policy_state {
    HVC_POLICY_UNKNOWN,
    HVC_POLICY_ABSENT,
    HVC_POLICY_PRESENT,
} hvc_policy_state;

/* What is asked for. Zeroed but for the action, it asks for everything. */
typedef struct hvc_plan_request {
    hvc_plan_action action;
    bool hvci, dg, cg;  /* these alone: memory integrity; it and the policy; Credential Guard */
    bool lock;          /* with UEFI lock, which the registry cannot take back */
    const char *policy; /* enable: the policy file to install; NULL: none */
    const char *policy_sha256; /* of that file, hex; NULL when not known */
    hvc_policy_state installed_policy;
    const char *installed_sha256; /* hex; NULL when not known */
    /* What the back end found in the way: why the hive's newest data is not known, and why it is
     * not clear which control set Windows will use. NULL: nothing. */
    const char *stale_hive, *unclear_control_set;
    const char *const *overrides; /* names of refusals to pass over */
    size_t override_count;
} hvc_plan_request;

typedef enum hvc_change_kind {
    HVC_CHANGE_SET_VALUE,
    HVC_CHANGE_DELETE_VALUE,
    HVC_CHANGE_CREATE_KEY, /* undo only: an empty key */
    HVC_CHANGE_DELETE_KEY,
    HVC_CHANGE_COPY_FILE,
    HVC_CHANGE_DELETE_FILE,
    HVC_CHANGE_ENABLE_FEATURE,
    HVC_CHANGE_DISABLE_FEATURE,
    HVC_CHANGE_OPT_OUT, /* a boot entry for one start, which takes the UEFI lock away */
    HVC_CHANGE_RESET_VERIFIER,
    HVC_CHANGE_REBOOT,
    HVC_CHANGE_KIND_COUNT
} hvc_change_kind;

/* "set-value", "delete-key" ...; static. */
HVC_API const char *hvc_change_kind_name(hvc_change_kind kind);

typedef enum hvc_old_state { HVC_OLD_UNKNOWN, HVC_OLD_ABSENT, HVC_OLD_KNOWN } hvc_old_state;

typedef struct hvc_change {
    hvc_change_kind kind;
    /* Registry: the key, spelled as in hvc_registry_value, and the value. Files: the target, below
     * the system's root ("Windows\\System32\\CodeIntegrity\\SIPolicy.p7b"). Features: its name. */
    const char *key, *name;
    hvc_old_state old_state;
    hvc_registry_value old_value; /* KNOWN */
    hvc_registry_value new_value; /* SET_VALUE */
    const char *file;             /* COPY_FILE: what is copied, on this host */
    const char *why;
    /* The same for cmd.exe on the Windows that is changed, one line each. */
    const char *const *commands;
    size_t command_count;
} hvc_change;

/* Why a plan is not to be carried out. */
typedef struct hvc_refusal {
    const char *name; /* "boot-drivers": what an override names */
    const char *text;
    bool overridden;
} hvc_refusal;

/* Every name of a refusal, with what it means; static. */
typedef struct hvc_refusal_info {
    const char *name, *meaning;
} hvc_refusal_info;
HVC_API const hvc_refusal_info *hvc_refusals(size_t *ret_count);

typedef struct hvc_plan {
    hvc_plan_action action;
    bool hvci, cg, policy; /* what it is about */
    bool lock;
    const char *label, *host;  /* of the facts */
    uint64_t build;            /* 0: not known */
    const hvc_change *changes; /* in the order in which they are carried out; empty: all is so */
    size_t change_count;
    const hvc_refusal *refusals;
    size_t refusal_count;
    bool refused; /* one of them is not overridden */
    const char *const *notes;
    size_t note_count;
} hvc_plan;

/* Computes a plan; it copies what it needs and outlives facts and request. HVC_E_ARGUMENT when an
 * override has no such name, HVC_E_UNSUPPORTED when this cannot be planned for this Windows at all.
 * Free with hvc_plan_free. */
HVC_API hvc_status hvc_plan_make(const hvc_facts *facts, const hvc_plan_request *request,
                                 hvc_plan **ret_plan, hvc_error *error);
/* The plan of an undo file (bytes of a .reg file that hvcheck wrote), for the machine as it is now;
 * request->policy is the policy file that was kept beside it. HVC_E_MALFORMED with the line when
 * it is no such file, or names keys that hvcheck never changes. */
HVC_API hvc_status hvc_plan_undo(const hvc_facts *facts, const hvc_plan_request *request,
                                 const void *bytes, size_t size, hvc_plan **ret_plan,
                                 hvc_error *error);
HVC_API void hvc_plan_free(hvc_plan *plan);

HVC_END_DECLS

#endif
