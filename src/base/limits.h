/* Every bound on what a file can make us do. A bound that is reached becomes an anomaly or an error
 * that names it; nothing is dropped in silence. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* Input */
#define HVC_MAX_FILE_SIZE  (UINT64_C(1) << 31) /* 2 GiB: larger than any image Windows maps */
#define HVC_MAX_PATH_DEPTH 64                  /* folders below a folder that was given */

/* Plans */
#define HVC_MAX_UNDO_BYTES (16 << 20)
#define HVC_MAX_UNDO_LINES 65536
#define HVC_MAX_KEY_DEPTH  512 /* as Windows allows */

/* PE image */
#define HVC_MAX_SECTIONS        1024 /* Windows itself stops at 96 */
#define HVC_MAX_DIRECTORIES     16
#define HVC_MAX_IMPORT_MODULES  1024
#define HVC_MAX_IMPORTS         65536 /* functions, over all modules */
#define HVC_MAX_EXPORTS         65536
#define HVC_MAX_NAME            4096 /* bytes of one name in a file: symbol, module, PDB path */
#define HVC_MAX_RESOURCE_DEPTH  3
#define HVC_MAX_RESOURCE_NODES  4096
#define HVC_MAX_DEBUG_ENTRIES   64
#define HVC_MAX_CERTIFICATES    64
#define HVC_MAX_RICH_ENTRIES    256
#define HVC_MAX_VERSION_STRINGS 256
#define HVC_MAX_DYNAMIC_RELOCS  4096
#define HVC_MAX_CODE_RANGES     65536
#define HVC_MAX_ANOMALIES       256 /* listed; all are counted */

/* Code */
#define HVC_MAX_UNWIND_CHAIN 32   /* entries from a fragment to its function */
#define HVC_MAX_SCOPES       4096 /* __try blocks of one function */
#define HVC_MAX_JUMP_TABLE   4096 /* entries of one */
#define HVC_MAX_CODE_PAGES   4096 /* pages that one ARM64 register may point to in an image */

/* Machine */
#define HVC_MAX_HIVE_VALUE   (UINT32_C(16) << 20) /* bytes of one registry value */
#define HVC_MAX_FOLDER_NAMES 262144               /* names in one folder of a Windows tree */
#define HVC_MAX_KEY_VALUES   4096                 /* values of one key among the facts */
#define HVC_MAX_KEY_DATA     65536                /* bytes of one value among the facts */
#define HVC_MAX_SERVICES     16384
#define HVC_MAX_CI_EVENTS    4096   /* the newest */
#define HVC_MAX_CHUNK_WORK   262144 /* tokens, or 16 bytes of text, in one chunk of an event log */

/* Findings and report */
#define HVC_MAX_LISTED_LOCATIONS 64   /* places listed under one finding; all are counted */
#define HVC_MAX_FINDINGS         4096 /* listed; all are counted */
#define HVC_MAX_REPORT_BYTES     (UINT64_C(16) << 20)

/* Facts of a machine */
#define HVC_MAX_FACTS_BYTES    (UINT64_C(64) << 20) /* of a file that holds facts */
#define HVC_MAX_FACT_ENTRIES   65536                /* of one list: values, services, drivers... */
#define HVC_MAX_FACT_TEXT      65536                /* bytes of one text */
#define HVC_MAX_FACT_NUMBERS   256                  /* in one fact */
#define HVC_MAX_REGISTRY_DATA  (1 << 20)            /* bytes of one value */
#define HVC_MAX_SYSTEM_FILE    (1 << 20)            /* bytes of a file in /proc or /sys */
#define HVC_MAX_SYSTEM_ENTRIES 4096                 /* names in a folder there */
#define HVC_MAX_NFO_DEPTH      32                   /* categories in each other */
#define HVC_MAX_NFO_ROWS       65536
#define HVC_MAX_NFO_CELL       4096 /* bytes of one cell */

/* Work */
#define HVC_MAX_JOBS 256

#endif
