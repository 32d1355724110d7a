/* Driver Verifier's own counters, as the kernel hands them out. */
#ifndef MACHINE_VERIFIER_H
#define MACHINE_VERIFIER_H

#include "machine/facts.h"

/* One driver that Verifier checks. */
typedef struct hvc_verified {
    uint32_t level;    /* Verifier's flags */
    const char *name;  /* "ACPI.sys"; in the arena */
    bool has_counters; /* all seven; kernels that do not count two of them yet have them as 0 */
    uint64_t counters[HVC_COUNTER_COUNT];
} hvc_verified;

/* Reads the entry at *at of an answer that lies at address in the kernel's view of this process
 * (names are pointers into it); pointers of pointer_size 4 or 8. *at moves to the next entry,
 * behind the answer after the last. False when there is none, or it is not as it should be: then
 * *ret_damaged tells. */
bool hvc_verifier_next(hvc_arena *arena, hvc_span answer, uint64_t address, unsigned pointer_size,
                       uint64_t *at, hvc_verified *ret_entry, bool *ret_damaged);

#endif
