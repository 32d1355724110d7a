/* The kernel functions whose use decides about memory integrity, and what each demands. The table
 * is generated from data/ddi/, whose rows name the source of each fact. */
#ifndef HVCHECK_DDI_H
#define HVCHECK_DDI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvcheck/export.h>
#include <hvcheck/rule.h>
#include <hvcheck/text.h>

HVC_BEGIN_DECLS

/* How a driver gets at a DDI. */
typedef enum hvc_ddi_via {
    HVC_VIA_IMPORT,    /* imports it by name */
    HVC_VIA_INLINE,    /* a header expands it to a call of target */
    HVC_VIA_WDF,       /* KMDF function table, by index */
    HVC_VIA_EXTENDED,  /* StorPortExtendedFunction (target), by function code */
    HVC_VIA_METHOD,    /* COM method, by virtual table slot: the driver calls it */
    HVC_VIA_INBOUND,   /* COM method that the driver implements and Windows calls */
    HVC_VIA_INTERFACE, /* structure of function pointers, by byte offset */
    HVC_VIA_INTERNAL,  /* not reachable for drivers, or not a function: kept for explain */
    HVC_VIA_COUNT
} hvc_ddi_via;

/* A slot, or a version, that no public source tells. */
#define HVC_DDI_UNKNOWN UINT32_MAX

/* What kind of number the deciding argument is: tells how to name its values. */
typedef enum hvc_value_kind {
    HVC_VALUE_NONE,
    HVC_VALUE_POOL_TYPE,
    HVC_VALUE_POOL_FLAGS,
    HVC_VALUE_LOOKASIDE_FLAGS,
    HVC_VALUE_PAGE_PROTECTION,
    HVC_VALUE_PAGE_PRIORITY,
    HVC_VALUE_CACHING_TYPE,
    HVC_VALUE_VP_POOL_TYPE,
    HVC_VALUE_COUNT
} hvc_value_kind;

/* "POOL_TYPE": the type's name as the headers have it. Static. */
HVC_API const char *hvc_value_kind_name(hvc_value_kind kind);

/* When a value of the deciding argument is guilty. */
typedef enum hvc_predicate {
    HVC_PREDICATE_NONE,
    HVC_PREDICATE_POOL_TYPE,       /* (v & 0x201) == 0 */
    HVC_PREDICATE_NO_NX_FLAG,      /* (v & 0x200) == 0 */
    HVC_PREDICATE_POOL_EXECUTE,    /* (v & 0x80) != 0 */
    HVC_PREDICATE_PAGE_EXECUTE,    /* (v & 0xF0) != 0 */
    HVC_PREDICATE_NO_EXECUTE_FLAG, /* (v & 0x40000000) == 0 */
    HVC_PREDICATE_CACHED,          /* v == 1: advice, no counter */
    HVC_PREDICATE_COUNT
} hvc_predicate;

typedef struct hvc_ddi {
    const char *name;
    const char *module; /* "ntoskrnl.exe" */
    hvc_ddi_via via;
    const char *target;  /* INLINE and EXTENDED: the function called instead; otherwise NULL */
    uint32_t slot;       /* WDF index, function code, virtual table slot, byte offset on 64-bit;
                            0 where none applies, or HVC_DDI_UNKNOWN */
    uint32_t slot_x86;   /* INTERFACE: byte offset on x86; otherwise equal to slot */
    uint32_t since_wdf;  /* WDF: minor version of KMDF 1.x that has it first, or HVC_DDI_UNKNOWN */
    hvc_counter counter; /* HVC_COUNTER_NONE: advice at most */
    bool confirmed;      /* that Verifier counts it was observed or documented */
    int argument;        /* index of the deciding argument, -1 when none */
    hvc_value_kind kind;
    hvc_predicate predicate;
    int x86_stack; /* byte offset of the argument from ESP just before the call; -1 when none */
    bool wide;     /* the argument is 64 bits wide also on x86 */
    bool on_page;  /* Microsoft's page lists it */
    bool advice;   /* it asks for executable memory in a way that no counter catches */
    const char *demands;   /* one line: what the argument must be, or why there is nothing to set */
    const char *nx_opt_in; /* what POOL_NX_OPTIN does to it; NULL when nothing */
    const char *behaviour; /* what Windows and Verifier do */
    const char *remediation; /* what to do instead */
    const char *source;      /* where the facts are from */
} hvc_ddi;

/* All DDIs, sorted by name. */
HVC_API const hvc_ddi *hvc_ddis(size_t *ret_count);
/* By name, ignoring case; NULL when there is none. */
HVC_API const hvc_ddi *hvc_ddi_find(const char *name);
/* The DDI that an import of this name is (via IMPORT only, case-sensitive), or NULL. */
HVC_API const hvc_ddi *hvc_ddi_of_import(hvc_text name);
/* True when value is guilty by the DDI's predicate; false where it has none. */
HVC_API bool hvc_ddi_violates(const hvc_ddi *ddi, uint64_t value);
/* "import", "inline", "wdf"... Static. */
HVC_API const char *hvc_ddi_via_name(hvc_ddi_via via);
/* The predicate as a C expression over v: "(v & 0x201) == 0". Static; NULL for NONE. */
HVC_API const char *hvc_predicate_text(hvc_predicate predicate);

/* Writes the symbolic name of a value ("NonPagedPoolNx | POOL_ZERO_ALLOCATION"; "0x1234" where
 * there is none) to buffer, NUL-terminated, cut at size. Returns the length without cutting, as
 * snprintf. */
HVC_API size_t hvc_value_name(hvc_value_kind kind, uint64_t value, char *buffer, size_t size);

HVC_END_DECLS

#endif
