/* The registry and the policy file of a Windows that does not run: what plans for it ask before,
 * and what carries them out reads. Nothing is written. */
#ifndef MACHINE_OFFLINE_TARGET_H
#define MACHINE_OFFLINE_TARGET_H

#include <hvcheck/plan.h>

#include "base/arena.h"
#include "base/file.h"
#include "machine/hive.h"
#include "machine/registry.h"
#include "machine/tree.h"

enum { HVC_HIVE_FILES = 3 }; /* SYSTEM, SYSTEM.LOG1, SYSTEM.LOG2 */

typedef struct hvc_offline_target {
    hvc_arena arena;
    hvc_tree *tree;
    const char *paths[HVC_HIVE_FILES]; /* on this host; NULL: absent */
    hvc_bytes files[HVC_HIVE_FILES];
    hvc_hive *hive;
    uint32_t control_set;        /* Select\Current */
    const char *stale, *unclear; /* as in hvc_plan_request */
    const char *policy_folder;   /* on this host; NULL: absent */
    const char *policy_path;     /* NULL: absent */
    hvc_bytes policy;
    hvc_policy_state policy_state;
    char policy_sha256[65]; /* "" when there is none */
} hvc_offline_target;

/* root: the folder that holds the Windows folder. HVC_E_IO when there is no SYSTEM hive,
 * HVC_E_MALFORMED and its kin when it cannot be used. Close it in any case of success. */
hvc_status hvc_offline_target_open(const char *root, hvc_offline_target *ret_target,
                                   hvc_error *error);
void hvc_offline_target_close(hvc_offline_target *target);
/* The name of a hive file, as backups have it. */
const char *hvc_hive_file_name(int index);
/* Hex SHA-256 and a NUL. */
hvc_status hvc_sha256_text(hvc_span bytes, char ret_text[65], hvc_error *error);

/* A key of the registry ("SYSTEM\\CurrentControlSet\\...") as a path in the hive, in the arena;
 * NULL when it is in another hive, or memory is exhausted. */
char *hvc_hive_path(hvc_arena *arena, const char *key, uint32_t control_set);
/* The hive as an hvc_registry; context: the target. */
hvc_registry hvc_offline_registry(hvc_offline_target *target);

#endif
