/* What a value is as a target of a call: an import, or a function of the image. */
#include <string.h>

#include "code/analysis.h"

enum { TARGET_DEPTH = 4 };

static bool const_rva(const hvc_analysis *analysis, hvc_value_id value, uint32_t *ret_rva)
{
    uint64_t address;
    return hvc_value_is_const(&analysis->values, value, &address) &&
           hvc_image_rva_of(analysis->image, address, ret_rva);
}

static hvc_target resolve(hvc_analysis *analysis, const hvc_flow *flow, hvc_value_id value,
                          unsigned depth);

/* A pointer kept in a global: what the image stores there, when that is one thing. */
static hvc_target resolve_pointer(hvc_analysis *analysis, uint32_t rva, unsigned depth)
{
    hvc_target unknown = {.kind = HVC_TARGET_UNKNOWN}, found = unknown;
    const hvc_section *section = hvc_image_section_at(analysis->image, rva);
    uint64_t address;
    if (section == NULL || depth > TARGET_DEPTH)
        return unknown;
    if ((section->characteristics & HVC_SCN_MEM_WRITE) == 0) {
        if (hvc_image_pointer(analysis->image, rva, &address) &&
            hvc_image_rva_of(analysis->image, address, &found.rva)) {
            found.kind = HVC_TARGET_FUNCTION;
        }
        return found;
    }
    hvc_global global;
    hvc_global_look(analysis, rva, analysis->isa->pointer_size, &global);
    /* Other writers than these would make the call a call of something else as well; the value that
     * a known writer stored is called all the same. */
    for (unsigned i = 0; i < global.count; i++) {
        uint64_t number;
        if (hvc_value_is_const(&analysis->values, global.writers[i].store->value, &number) &&
            number == 0)
            continue;
        hvc_target one =
            resolve(analysis, global.writers[i].flow, global.writers[i].store->value, depth + 1);
        if (one.kind == HVC_TARGET_UNKNOWN)
            continue;
        if (found.kind != HVC_TARGET_UNKNOWN &&
            (found.kind != one.kind || found.import != one.import || found.rva != one.rva))
            return unknown;
        found = one;
    }
    return found;
}

static hvc_target resolve(hvc_analysis *analysis, const hvc_flow *flow, hvc_value_id value,
                          unsigned depth)
{
    hvc_target target = {.kind = HVC_TARGET_UNKNOWN};
    hvc_term term = *hvc_term_of(&analysis->values, value);
    uint32_t rva;
    (void)flow;
    if (const_rva(analysis, value, &rva)) {
        target.kind = hvc_analysis_thunk(analysis, rva, &target.import) ? HVC_TARGET_IMPORT
                                                                        : HVC_TARGET_FUNCTION;
        target.rva = rva;
    } else if (hvc_analysis_import_of(analysis, value, &target.import)) {
        target.kind = HVC_TARGET_IMPORT;
    } else if (term.kind == HVC_TERM_LOAD && const_rva(analysis, term.a, &rva)) {
        target = resolve_pointer(analysis, rva + (uint32_t)term.offset, depth);
    }
    return target;
}

hvc_target hvc_resolve_target(hvc_analysis *analysis, const hvc_flow *flow, hvc_value_id value)
{
    return resolve(analysis, flow, value, 0);
}
