/* Machines: gathering what is known of one, and judging whether it can turn memory integrity (HVCI)
 * and Credential Guard on. The first steps are those of Microsoft's readiness tool, in its words;
 * the others are this library's own. */
#ifndef HVCHECK_MACHINE_H
#define HVCHECK_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvcheck/evaluate.h>
#include <hvcheck/export.h>
#include <hvcheck/facts.h>
#include <hvcheck/report.h>
#include <hvcheck/status.h>

HVC_BEGIN_DECLS

/* Facts of one machine, and the memory they lie in. */
typedef struct hvc_machine hvc_machine;

typedef struct hvc_probe_options {
    const char *root;    /* offline: the folder that holds the Windows folder */
    const char *sysroot; /* linux: stands before every path; NULL: the running system */
    bool with_verifier;  /* windows: also Verifier's live counters */
} hvc_probe_options;

/* Looks at a machine: with root at the Windows tree there, with sysroot at a Linux system there,
 * with both at both, else at the machine that this runs on. options may be NULL. */
HVC_API hvc_status hvc_machine_probe(const hvc_probe_options *options, hvc_machine **ret_machine,
                                     hvc_error *error);
/* Reads recorded facts, by their content: a facts file (data/schema/facts-1.json),
 * Win32_DeviceGuard as PowerShell writes it as JSON, or a report of msinfo32 (.nfo). label names
 * the machine unless the file does. */
HVC_API hvc_status hvc_machine_read(const void *bytes, size_t size, const char *label,
                                    hvc_machine **ret_machine, hvc_error *error);
/* What is known; it belongs to the machine. */
HVC_API const hvc_facts *hvc_machine_facts(const hvc_machine *machine);
/* Evaluates the files of the machine's driver services and adds the judgements to its facts. Does
 * nothing when the services were not gathered, or the drivers are known already. options may be
 * NULL. */
HVC_API hvc_status hvc_machine_scan(hvc_machine *machine, const hvc_options *options,
                                    hvc_error *error);
HVC_API void hvc_machine_free(hvc_machine *machine);

/* What is to be turned on: the readiness tool's -HVCI, -DG and -CG, or none of them. */
typedef enum hvc_scope { HVC_SCOPE_ALL, HVC_SCOPE_HVCI, HVC_SCOPE_DG, HVC_SCOPE_CG } hvc_scope;

/* "all", "hvci", "dg", "cg". Static. */
HVC_API const char *hvc_scope_name(hvc_scope scope);

typedef enum hvc_step_result {
    HVC_STEP_PASS,
    HVC_STEP_WARN,         /* it works, but not as well, or something is to be known */
    HVC_STEP_FAIL,         /* it keeps the machine from it */
    HVC_STEP_UNDETERMINED, /* the facts do not tell: reason */
    HVC_STEP_SKIPPED,      /* it does not apply to this machine: reason */
    HVC_STEP_RESULT_COUNT
} hvc_step_result;

/* "pass", "warn", "fail", "undetermined", "skipped". Static. */
HVC_API const char *hvc_step_result_name(hvc_step_result result);

typedef enum hvc_tone {
    HVC_TONE_PLAIN,
    HVC_TONE_GREEN,
    HVC_TONE_YELLOW,
    HVC_TONE_RED,
    HVC_TONE_LOG /* only for the log */
} hvc_tone;

/* A line of the readiness tool's output; names in it are escaped already. */
typedef struct hvc_line {
    hvc_tone tone;
    const char *text;
} hvc_line;

typedef struct hvc_step {
    const char *id;   /* "secure-boot" */
    const char *name; /* "Secure boot present" */
    bool own;         /* the readiness tool does not have it */
    bool decides;     /* when undetermined, the whole is */
    hvc_step_result result;
    const char *reason; /* one line; NULL when there is nothing to add */
    const hvc_line *lines;
    size_t line_count;
    const char *critical;   /* what the summary lists as what prevents; NULL */
    const char *warning;    /* what it lists as a quality that is absent; NULL */
    const char *capability; /* value below DeviceGuard\Capabilities; NULL */
    bool has_value;         /* capability and its value are known */
    uint32_t value;
} hvc_step;

/* A value that the readiness tool writes below DeviceGuard\Capabilities (REG_DWORD). */
typedef struct hvc_capability {
    const char *name;
    uint32_t value;
} hvc_capability;

typedef struct hvc_readiness_options {
    hvc_scope scope;
    bool hlk;        /* the stricter view of the Hardware Lab Kit */
    const char *log; /* name of the log that the output points to; NULL: none */
} hvc_readiness_options;

typedef struct hvc_readiness {
    const char *label, *host; /* of the facts */
    hvc_readiness_options options;
    bool on_virtual_machine;
    bool before_redstone;  /* Windows 10 1511 or older, for certain */
    const hvc_step *steps; /* the readiness tool's, then our own */
    size_t step_count;
    const hvc_capability *capabilities;
    size_t capability_count;
    hvc_step_result tool_result; /* of the readiness tool's steps: pass, warn, fail, undetermined */
    hvc_step_result result;      /* of all steps */
    int exit_code;               /* 0 capable, 1 not capable, 5 undetermined */
    uint64_t drivers, compatible, incompatible, undetermined, windows_signed; /* drivers: examined,
                                    and of those that are not signed by Windows how many are what */
} hvc_readiness;

/* Judges facts, and nothing else. The facts must outlive the result. options may be NULL. */
HVC_API hvc_status hvc_readiness_new(const hvc_facts *facts, const hvc_readiness_options *options,
                                     hvc_readiness **ret_readiness, hvc_error *error);
HVC_API void hvc_readiness_free(hvc_readiness *readiness);

typedef enum hvc_running_state {
    HVC_RUNNING_NO,
    HVC_RUNNING_YES,
    HVC_RUNNING_UNKNOWN
} hvc_running_state;

/* "no", "yes", "unknown". Static. */
HVC_API const char *hvc_running_state_name(hvc_running_state state);

/* What runs now: the readiness tool's -Ready. */
typedef struct hvc_running {
    const char *label, *host;
    hvc_scope scope;
    bool on_virtual_machine;
    hvc_running_state credential_guard, hvci, config_ci;
    bool config_ci_enforced;   /* else audit mode, when it runs */
    hvc_running_state all;     /* of what scope asks for */
    const char *why;           /* something is unknown: one line; NULL otherwise */
    hvc_capability capability; /* name NULL when there is none to write */
    int exit_code;             /* 0 all run, 1 not all do, 5 undetermined */
} hvc_running;

/* Judges facts. The facts must outlive the result. */
HVC_API void hvc_running_judge(const hvc_facts *facts, hvc_scope scope, hvc_running *ret_running);

typedef struct hvc_machine_report_options {
    bool color;
    bool log; /* text: with the lines that only the log has */
} hvc_machine_report_options;

/* Writes the facts as JSON. */
HVC_API hvc_status hvc_report_facts(const hvc_facts *facts, hvc_report_sink sink, void *context);
/* Write one machine as the readiness tool does. options may be NULL. */
HVC_API hvc_status hvc_report_capable_text(const hvc_readiness *readiness,
                                           const hvc_machine_report_options *options,
                                           hvc_report_sink sink, void *context);
HVC_API hvc_status hvc_report_ready_text(const hvc_running *running,
                                         const hvc_machine_report_options *options,
                                         hvc_report_sink sink, void *context);

/* Machines as one JSON document (data/schema/readiness-1.json): begin, then for each machine one
 * call, then end. Each hands its piece to the sink; started tells whether a machine stands there
 * already. facts are those that were judged. */
HVC_API hvc_status hvc_report_machines_begin(const char *verb, hvc_report_sink sink, void *context);
HVC_API hvc_status hvc_report_capable_json(const hvc_readiness *readiness, const hvc_facts *facts,
                                           bool started, hvc_report_sink sink, void *context);
HVC_API hvc_status hvc_report_ready_json(const hvc_running *running, bool started,
                                         hvc_report_sink sink, void *context);
HVC_API hvc_status hvc_report_machines_end(const hvc_input_error *errors, size_t error_count,
                                           bool started, hvc_report_sink sink, void *context);

HVC_END_DECLS

#endif
