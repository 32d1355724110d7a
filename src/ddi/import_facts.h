/* What a call of a kernel function leaves in its caller's registers, stack and memory: how many
 * bytes of arguments it takes off the x86 stack, whether it returns, and through which arguments it
 * writes how much. The table is generated from data/imports.tsv. A function that is not in it may
 * do anything. */
#ifndef DDI_IMPORT_FACTS_H
#define DDI_IMPORT_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include <hvcheck/text.h>

enum { HVC_FACTS_OUTS = 6 };

typedef struct hvc_import_facts {
    const char *name;
    int16_t x86_stack; /* bytes of arguments that the callee pops; 0 for cdecl; -1 not known */
    bool x86_fastcall; /* its first two arguments are in ecx and edx there */
    bool no_return;
    bool pure; /* writes no memory that its caller can see, and keeps no pointer to any */
    /* The function writes only through these of its pointer arguments (now or later, at most size
     * bytes from where they point) and through no pointer found in memory behind them: */
    bool outs_known;
    uint8_t out_count;
    struct {
        uint8_t argument; /* index from 0; on x86 the index of the stack word */
        uint16_t
            size; /* bytes on 64-bit Windows, an upper bound for all versions; 0: not bounded */
    } outs[HVC_FACTS_OUTS];
} hvc_import_facts;

/* By exact name; NULL when nothing is known. No allocation; logarithmic or better. */
const hvc_import_facts *hvc_import_facts_of(hvc_text name);

#endif
