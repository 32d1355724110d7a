/* What is known of one driver after its evaluation: the model that every report is written from.
 * Plain data, read-only, owned by the hvc_driver; texts are NUL-terminated and may hold any bytes
 * that the file holds: whoever prints them escapes them. */
#ifndef HVCHECK_DRIVER_H
#define HVCHECK_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvcheck/ddi.h>
#include <hvcheck/export.h>
#include <hvcheck/image.h>
#include <hvcheck/rule.h>
#include <hvcheck/status.h>

HVC_BEGIN_DECLS

typedef struct hvc_location {
    bool has_rva, has_file_offset;
    uint32_t rva;
    uint64_t file_offset;
    const char *section;  /* NULL when in none */
    const char *function; /* "DriverEntry", "sub_1040"; NULL when in none */
    const char *source;   /* "file.c:12"; NULL when not known */
} hvc_location;

/* One of many places that a finding stands for (relocation entries). */
typedef struct hvc_place {
    uint32_t rva;
    uint64_t file_offset;
    uint32_t value; /* for a relocation: its type */
} hvc_place;

typedef struct hvc_finding {
    const hvc_rule *rule;
    hvc_level level;
    const char *message; /* one line, with the raw numbers that decided */
    hvc_location location;
    const char *fix; /* one line */
    uint64_t count;  /* what it adds to its rule's counter; 0 when to none */
    const hvc_place *places;
    size_t place_count;
    uint64_t place_total;        /* all of them; only HVC_MAX_LISTED_LOCATIONS are listed */
    const char *const *evidence; /* lines, on request */
    size_t evidence_count;
} hvc_finding;

/* An impacted DDI that the image imports. */
typedef struct hvc_imported_ddi {
    const hvc_ddi *ddi;
    const char *module; /* as the image spells it */
    uint32_t slot;      /* RVA of the IAT entry */
    bool delay;
} hvc_imported_ddi;

typedef enum hvc_judgement {
    HVC_JUDGEMENT_OK,           /* every possible value is allowed */
    HVC_JUDGEMENT_VIOLATION,    /* every possible value is guilty */
    HVC_JUDGEMENT_POSSIBLE,     /* some possible values are guilty */
    HVC_JUDGEMENT_UNDETERMINED, /* the values are not known */
    HVC_JUDGEMENT_ADVICE,       /* nothing that a counter could catch, but better not used so */
    HVC_JUDGEMENT_COUNT
} hvc_judgement;

/* "ok", "violation", "possible", "undetermined", "advice". Static. */
HVC_API const char *hvc_judgement_name(hvc_judgement judgement);

typedef struct hvc_value {
    uint64_t number;
    const char *name; /* symbolic, never NULL */
} hvc_value;

typedef struct hvc_call_site {
    uint32_t rva;
    uint32_t file_offset;
    const hvc_ddi *ddi;
    const char *form; /* "import", "hoisted", "thunk", "tail", "wdf"... */
    const char
        *written; /* the inline form that the programmer wrote, NULL when none is recognised */
    const char *function; /* enclosing function */
    uint32_t function_rva;
    const char *section;
    const hvc_value *values; /* of the deciding argument: all that it can be, or, when open, those
                                that are known */
    size_t value_count;
    const char *origin; /* "constant", "global", "parameter"... */
    const char *open;   /* why there may be other values; NULL when there are none */
    hvc_judgement judgement;
    bool harmless; /* counted by Verifier, yet never executable (a user-mode mapping) */
    const char *const *evidence;
    size_t evidence_count;
} hvc_call_site;

typedef struct hvc_identity {
    const char *original_name, *version, *company, *product, *description; /* NULL when absent */
    const char *pdb;      /* path in the debug directory */
    const char *pdb_guid; /* "{XXXXXXXX-...}", NULL when absent */
    uint32_t pdb_age;
    uint32_t timestamp;
    bool reproducible; /* the timestamp is a hash */
} hvc_identity;

typedef struct hvc_driver {
    const char *path; /* as given; a member of a package is "pkg.cab!/a.sys" */
    uint64_t size;
    uint8_t sha256[32];
    hvc_arch arch;
    hvc_image_kind kind;
    hvc_identity identity;
    uint64_t counters[HVC_COUNTER_COUNT];
    uint64_t undetermined[HVC_CALL_COUNTER_COUNT]; /* call sites, or imports, not judged */
    hvc_verdict verifier, load;
    const char *load_since; /* Windows version that refuses it first; NULL unless load fails */
    const char *undetermined_why; /* one line; NULL unless a verdict is undetermined */
    const char *nx_opt_in;        /* "none", "runtime", "unconditional"; NULL when not examined */
    bool has_code_analysis;       /* call_sites were looked for */

    const hvc_section *sections;
    const char *const *section_names; /* parallel to sections, NUL-terminated */
    size_t section_count;
    const hvc_finding *findings;
    size_t finding_count;
    uint64_t finding_total;
    const hvc_imported_ddi *ddis;
    size_t ddi_count;
    const hvc_call_site *call_sites;
    size_t call_site_count;
    const hvc_anomaly *anomalies;
    size_t anomaly_count, anomaly_total;
} hvc_driver;

/* Compatible: both verdicts pass. */
HVC_API bool hvc_driver_compatible(const hvc_driver *driver);

HVC_END_DECLS

#endif
