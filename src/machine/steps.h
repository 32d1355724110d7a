/* The steps of a judgement: a table of rows, and what the functions of its rows are given. */
#ifndef MACHINE_STEPS_H
#define MACHINE_STEPS_H

#include <hvcheck/machine.h>

#include "base/arena.h"
#include "machine/facts.h"

/* One step in work: its check reads facts and options, and says what it has to say. */
typedef struct hvc_checking {
    const hvc_facts *facts;
    const hvc_readiness_options *options;
    hvc_arena *arena;
    HVC_VECTOR(hvc_line) lines;
    hvc_step step;
} hvc_checking;

typedef enum hvc_answer { HVC_ANSWER_NO, HVC_ANSWER_YES, HVC_ANSWER_UNKNOWN } hvc_answer;

/* For the readiness tool's steps a check's FAIL means "absent": the row says how bad that is. */
typedef hvc_step_result hvc_check(hvc_checking *checking);

typedef enum hvc_weight { HVC_WEIGHT_CRITICAL, HVC_WEIGHT_WARNING } hvc_weight;

/* The scopes in which a step runs, as bits. */
enum {
    HVC_IN_ALL = 1 << HVC_SCOPE_ALL,
    HVC_IN_HVCI = 1 << HVC_SCOPE_HVCI,
    HVC_IN_DG = 1 << HVC_SCOPE_DG,
    HVC_IN_CG = 1 << HVC_SCOPE_CG,
    HVC_IN_EVERY = 15,
    HVC_IN_CODE = HVC_IN_ALL | HVC_IN_HVCI | HVC_IN_DG, /* what code integrity needs */
    HVC_IN_CREDENTIALS = HVC_IN_ALL | HVC_IN_CG,
};

typedef struct hvc_step_row {
    const char *id, *name;
    const char *subject; /* what could not be determined */
    unsigned scopes;
    hvc_check *check;
    const char *capability;  /* NULL: the readiness tool writes none */
    const char *pass, *fail; /* lines; NULL: the check says its own */
    const char *hint;        /* a second line behind fail */
    const char *listed;      /* in the summary; NULL: as fail */
    hvc_weight weight, hlk_weight;
    bool own, decides; /* decides: of own steps; the readiness tool's decide when critical */
} hvc_step_row;

/* Every step, in the order of the output. */
const hvc_step_row *hvc_step_rows(size_t *ret_count);
/* Runs one row. False when memory is exhausted. */
bool hvc_step_run(const hvc_step_row *row, const hvc_facts *facts,
                  const hvc_readiness_options *options, hvc_arena *arena, hvc_step *ret_step);

/* For checks. */
void hvc_say(hvc_checking *checking, hvc_tone tone, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Sets the reason, and returns the result. */
hvc_step_result hvc_because(hvc_checking *checking, hvc_step_result result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Undetermined, because this fact is not known. */
hvc_step_result hvc_unknown(hvc_checking *checking, hvc_fact_id id);
/* A BOOL fact; whether a NUMBERS fact lists a number. */
hvc_answer hvc_ask(const hvc_checking *checking, hvc_fact_id id);
hvc_answer hvc_ask_listed(const hvc_checking *checking, hvc_fact_id id, uint64_t number);
/* The number of a NUMBER fact; false when it is not known. */
bool hvc_ask_number(const hvc_checking *checking, hvc_fact_id id, uint64_t *ret_number);
/* A text from the facts, safe for a terminal. Never NULL. */
const char *hvc_safe(hvc_checking *checking, const char *text);

/* A driver as the readiness tool sees it. */
typedef enum hvc_driver_class {
    HVC_CLASS_PASSED_OVER, /* Windows' own, or no driver at all */
    HVC_CLASS_COMPATIBLE,
    HVC_CLASS_INCOMPATIBLE,
    HVC_CLASS_UNDETERMINED,
} hvc_driver_class;
hvc_driver_class hvc_machine_driver_class(const hvc_machine_driver *driver);
/* Verifier's count where it told one, else ours. */
uint64_t hvc_machine_driver_count(const hvc_machine_driver *driver, hvc_counter counter);

/* Whether the facts are of a virtual machine, as the readiness tool or a probe sees it. */
bool hvc_facts_virtual(const hvc_facts *facts);

/* The checks, one a row. */
hvc_check hvc_check_drivers, hvc_check_secure_boot, hvc_check_hsti, hvc_check_architecture,
    hvc_check_edition, hvc_check_virtualization, hvc_check_tpm, hvc_check_mor, hvc_check_nx,
    hvc_check_smm;
hvc_check hvc_check_boot_drivers, hvc_check_verifier_counts, hvc_check_events;
hvc_check hvc_check_uefi, hvc_check_slat, hvc_check_dma, hvc_check_mbec, hvc_check_debugger,
    hvc_check_test_signing, hvc_check_hypervisor_launch, hvc_check_s_mode,
    hvc_check_domain_controller, hvc_check_default_processor, hvc_check_default_memory,
    hvc_check_default_disk;
hvc_check hvc_check_mat, hvc_check_blocklist, hvc_check_policy, hvc_check_uefi_lock,
    hvc_check_mandatory, hvc_check_ci_policy, hvc_check_vbs;

#endif
