#include "code/arm64_refs.h"
#include "code/xref_scan.h"

typedef struct arm64_scan {
    hvc_xref_scan *scan;
    const hvc_code_function *function; /* the one that the walk is in, or the next one */
    const hvc_code_function *end;
} arm64_scan;

static bool take(void *context, const hvc_arm64_ref *ref)
{
    arm64_scan *it = context;
    if (ref->kind != HVC_XREF_ADDRESS) {
        if (ref->kind == HVC_XREF_JUMP) {
            while (it->function < it->end && it->function->end <= ref->from)
                it->function++;
            if (it->function < it->end && ref->from >= it->function->begin &&
                ref->to >= it->function->begin && ref->to < it->function->end)
                return true;
        }
        if (hvc_exec_at(&it->scan->exec, ref->to) == NULL)
            return true;
    }
    return hvc_xref_add(it->scan, (hvc_xref){ref->from, ref->to, ref->kind, ref->certain});
}

bool hvc_scan_arm64(hvc_xref_scan *scan, const hvc_function_map *map)
{
    arm64_scan it = {.scan = scan};
    bool cut = false;
    if (map != NULL) {
        it.function = map->functions.items;
        it.end = it.function + map->functions.count;
    }
    hvc_arm64_sieve sieve;
    if (map == NULL)
        hvc_arm64_sieve_init(&sieve, &scan->any, &scan->all, &scan->plain, &scan->filtered,
                             scan->filter);
    bool done = hvc_arm64_refs_each(scan->image, &scan->exec, &scan->any,
                                    scan->stores ? &scan->all : &scan->any,
                                    map == NULL ? &sieve : NULL, &scan->scratch, take, &it, &cut);
    scan->cut = scan->cut || cut;
    return done;
}
