/* What a driver's code does: every call of an impacted DDI, and what its deciding argument can be.
 */
#ifndef CODE_CODE_H
#define CODE_CODE_H

#include <stdbool.h>
#include <stddef.h>

#include <hvcheck/driver.h>

#include "base/arena.h"
#include "pe/image.h"

/* What code does that the rules for compatible code forbid. */
typedef enum hvc_practice {
    HVC_PRACTICE_DYNAMIC_CODE,
    HVC_PRACTICE_CODE_MODIFICATION,
    HVC_PRACTICE_DATA_AS_CODE,
} hvc_practice;

typedef struct hvc_code_note {
    hvc_practice kind;
    bool possible; /* not proven */
    uint32_t rva;
    const char *function;
    const char *message; /* one line */
} hvc_code_note;

typedef struct hvc_code_report {
    bool examined; /* false: no code analysis for this architecture, or nothing to look for */
    const hvc_call_site *call_sites; /* ascending by RVA */
    size_t call_site_count;
    const hvc_code_note *notes; /* ascending by RVA */
    size_t note_count;
    const char *nx_opt_in;        /* "none", "runtime", "unconditional"; NULL when not examined */
    const char *undetermined_why; /* why the code as a whole cannot be judged (packed...); NULL */
} hvc_code_report;

/* Examines the code of an image. Texts and lists of *ret_report live in results; nothing else is
 * kept. evidence: add disassembly to each call site. HVC_E_MEMORY or HVC_OK. */
hvc_status hvc_code_examine(const hvc_image *image, bool evidence, hvc_arena *results,
                            hvc_code_report *ret_report, hvc_error *error);

#endif
