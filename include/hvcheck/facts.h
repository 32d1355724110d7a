/* What is known of one machine: the model that every readiness step and every plan judges, and that
 * travels as JSON (data/schema/facts-1.json). Probes fill it in; nothing else looks at a machine.
 * Plain data, read-only for its users, owned by the hvc_facts; texts are UTF-8. */
#ifndef HVCHECK_FACTS_H
#define HVCHECK_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvcheck/driver.h>
#include <hvcheck/export.h>

HVC_BEGIN_DECLS

/* One fact each: id, name in JSON, type, what it says. The list is facts.list. */
typedef enum hvc_fact_id {
#define HVC_FACT(id, name, type, meaning) HVC_FACT_##id,
#include <hvcheck/facts.list>
#undef HVC_FACT
    HVC_FACT_COUNT
} hvc_fact_id;

typedef enum hvc_fact_type {
    HVC_FACT_TYPE_BOOL,
    HVC_FACT_TYPE_NUMBER,
    HVC_FACT_TYPE_TEXT,
    HVC_FACT_TYPE_NUMBERS,
} hvc_fact_type;

typedef enum hvc_fact_state {
    HVC_FACT_UNASKED,     /* no probe looked */
    HVC_FACT_KNOWN,       /* the value, and source */
    HVC_FACT_UNAVAILABLE, /* a probe looked and could not tell: why. Never the same as "absent" */
} hvc_fact_state;

typedef struct hvc_fact {
    hvc_fact_state state;
    bool flag;               /* BOOL */
    uint64_t number;         /* NUMBER */
    const char *text;        /* TEXT */
    const uint64_t *numbers; /* NUMBERS, ascending */
    size_t number_count;
    const char *source; /* KNOWN: where it comes from ("/proc/cpuinfo", "Win32_DeviceGuard") */
    const char *why;    /* UNAVAILABLE: one line */
} hvc_fact;

typedef struct hvc_fact_info {
    const char *name; /* "firmware.secure_boot" */
    hvc_fact_type type;
    const char *meaning;
} hvc_fact_info;

/* Static; id below HVC_FACT_COUNT. */
HVC_API const hvc_fact_info *hvc_fact_info_of(hvc_fact_id id);

/* A registry value. Keys are spelled "SYSTEM\\CurrentControlSet\\Control\\DeviceGuard" and
 * "SOFTWARE\\Policies\\...", below HKEY_LOCAL_MACHINE; offline sources map CurrentControlSet to the
 * control set that Select\\Current names. */
typedef struct hvc_registry_value {
    const char *key, *name; /* name "" is the key's default value */
    uint32_t type;          /* REG_DWORD 4, REG_SZ 1 ... */
    const uint8_t *data;    /* as the registry holds it (UTF-16LE, little-endian) */
    size_t size;
} hvc_registry_value;

/* A key that a probe looked at. Only what is listed here is known: a value that is not in values[]
 * of a READ key is absent; of an UNREADABLE one it is not known. */
typedef enum hvc_key_state { HVC_KEY_ABSENT, HVC_KEY_READ, HVC_KEY_UNREADABLE } hvc_key_state;
typedef struct hvc_registry_key {
    const char *key;
    hvc_key_state state;
    const char *why; /* UNREADABLE */
} hvc_registry_key;

/* A driver service (type 1 kernel driver, 2 file system driver, 8 recognizer). */
typedef struct hvc_service {
    const char *name;
    const char *image_path; /* as the registry spells it; NULL when it has none */
    const char *file;       /* the file it means, as a path on this host; NULL when not found */
    const char *group;
    uint32_t type, start; /* start 0 boot, 1 system, 2 automatic, 3 on demand, 4 disabled */
} hvc_service;

/* One driver of the machine, judged from its file (as hvcheck scan does), or by Verifier. */
typedef struct hvc_machine_driver {
    const char *module;  /* file name in lower case, as the readiness tool prints it */
    const char *path;    /* on this host; NULL when only Verifier told of it */
    const char *sha256;  /* hex; NULL when the file was not read */
    const char *signer;  /* subject of its signer where known; NULL otherwise */
    bool boot_start;     /* a service starts it at boot (start 0) */
    bool windows_signed; /* the readiness tool passes over it */
    bool examined;       /* false: error says why there is no judgement */
    const char *error;
    uint64_t counters[HVC_COUNTER_COUNT];
    bool has_verifier_counters; /* Verifier's live counters (class 118), beside ours */
    uint64_t verifier_counters[HVC_COUNTER_COUNT];
    hvc_verdict verifier, load;
    const char *reason; /* one line why a verdict is not pass; NULL */
} hvc_machine_driver;

/* A Code Integrity event (live or offline log): Windows' own load verdict. */
typedef struct hvc_ci_event {
    uint32_t id;      /* 3072, 3073, 3087 ... */
    uint64_t time;    /* FILETIME, 0 when not known */
    const char *file; /* as the event names it */
    uint32_t status;  /* NTSTATUS, 0 when it has none */
} hvc_ci_event;

typedef struct hvc_facts {
    const char *host;  /* "windows", "offline", "linux", "imported" */
    const char *label; /* machine name, or the file or folder it was read from */
    hvc_fact items[HVC_FACT_COUNT];
    const hvc_registry_key *keys;
    size_t key_count;
    const hvc_registry_value *values;
    size_t value_count;
    bool has_services, has_drivers, has_events; /* these lists were gathered, even if empty */
    const hvc_service *services;
    size_t service_count;
    const hvc_machine_driver *drivers;
    size_t driver_count;
    const hvc_ci_event *events;
    size_t event_count;
} hvc_facts;

HVC_END_DECLS

#endif
