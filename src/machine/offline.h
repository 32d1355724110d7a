/* What the parts of the offline probe share. */
#ifndef MACHINE_OFFLINE_H
#define MACHINE_OFFLINE_H

#include "base/file.h"
#include "machine/facts.h"
#include "machine/hive.h"
#include "machine/tree.h"

/* A hive of the tree; hive is NULL when it cannot be relied on, and why says so. */
typedef struct hvc_offline_hive {
    const char *name; /* "SYSTEM" */
    hvc_bytes bytes;
    hvc_hive *hive;
    const char *why;
} hvc_offline_hive;

typedef struct hvc_offline {
    hvc_facts_builder *builder;
    hvc_tree *tree;
    hvc_arena arena; /* texts of the probe */
    hvc_offline_hive system, software, bcd;
    char control_set[16];        /* "ControlSet001", "" when it is not certain */
    const char *control_set_why; /* then */
    const char *system_root;     /* the Windows folder in Windows' words: "C:\\Windows" */
} hvc_offline;

/* A value that was looked up. Data lies in the hive's image or the probe's arena. */
typedef enum hvc_offline_state {
    HVC_OFFLINE_KNOWN,
    HVC_OFFLINE_ABSENT,
    HVC_OFFLINE_UNREADABLE,
} hvc_offline_state;

typedef struct hvc_offline_value {
    hvc_offline_state state;
    uint32_t type;
    hvc_span data;
    uint64_t number;  /* of a REG_DWORD or REG_QWORD */
    const char *text; /* of a REG_SZ or REG_EXPAND_SZ, else NULL */
    const char *why;  /* UNREADABLE */
} hvc_offline_value;

enum { HVC_REG_SZ = 1, HVC_REG_EXPAND_SZ = 2, HVC_REG_DWORD = 4, HVC_REG_QWORD = 11 };

/* Opens the hive at path below the root with its logs; why is set when that fails. */
hvc_status hvc_offline_open(hvc_offline *o, hvc_offline_hive *hive, const char *name,
                            const char *path, hvc_error *error);

/* The key that facts name path: "CurrentControlSet" is replaced by the current one. NULL in
 * *ret_path and *ret_why when that is not known. */
hvc_status hvc_offline_path(hvc_offline *o, const char *path, const char **ret_path,
                            const char **ret_why, hvc_error *error);

/* Looks a value up; path is below the hive, its CurrentControlSet replaced. HVC_E_MEMORY is the
 * only failure. */
hvc_status hvc_offline_look(hvc_offline *o, hvc_offline_hive *hive, const char *path,
                            const char *name, hvc_offline_value *ret_value, hvc_error *error);
hvc_status hvc_offline_value_of(hvc_offline *o, hvc_offline_hive *hive, const hvc_hive_key *key,
                                const char *name, hvc_offline_value *ret_value, hvc_error *error);

/* The parts. Each fails for lack of memory only. */
hvc_status hvc_offline_keys(hvc_offline *o, hvc_error *error);
hvc_status hvc_offline_system(hvc_offline *o, hvc_error *error);
hvc_status hvc_offline_services(hvc_offline *o, hvc_error *error);
hvc_status hvc_offline_boot(hvc_offline *o, hvc_error *error);
hvc_status hvc_offline_events(hvc_offline *o, hvc_error *error);

#endif
