/* Carrying plans out: one back end per file. Each makes a backup folder first, with an undo file in
 * it, and fails without having changed anything that it can help. */
#ifndef MACHINE_APPLY_H
#define MACHINE_APPLY_H

#include <hvcheck/plan.h>

#include "machine/replace.h"

/* Names in a backup folder. */
#define HVC_BACKUP_UNDO   "undo.reg"
#define HVC_BACKUP_SUMS   "SHA256SUMS"
#define HVC_BACKUP_POLICY "SIPolicy.p7b"

typedef struct hvc_apply_options {
    const char *root;          /* apply_hive.c: the folder that holds the Windows folder */
    const char *backup;        /* a folder that is made; it must not exist */
    uint64_t filetime;         /* now */
    const hvc_file_hook *hook; /* NULL but in tests */
} hvc_apply_options;

typedef struct hvc_apply_result {
    bool changed; /* false: everything was so already; there is no backup then */
    /* Windows: what became of the features. */
    bool feature_tried, feature_done;
} hvc_apply_result;

/* apply_hive.c: the SYSTEM hive and the policy file of a Windows that does not run. Changes of
 * other kinds are left to whoever runs that Windows. A refused plan is HVC_E_ARGUMENT. */
hvc_status hvc_apply_hive(const hvc_plan *plan, const hvc_apply_options *options,
                          hvc_apply_result *ret_result, hvc_error *error);
/* apply_windows.c: the running Windows; elsewhere HVC_E_UNSUPPORTED. */
hvc_status hvc_apply_windows(const hvc_plan *plan, const hvc_apply_options *options,
                             hvc_apply_result *ret_result, hvc_error *error);
/* Whether the running Windows has a policy file, and its SHA-256 ("" when not known). */
void hvc_running_policy(hvc_policy_state *ret_state, char ret_sha256[65]);
/* Restarts the running Windows in 30 seconds, as the readiness tool does. */
hvc_status hvc_restart_windows(hvc_error *error);

#endif
