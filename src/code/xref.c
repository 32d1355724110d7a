#include "code/xref.h"

#include "base/error.h"
#include "code/arm64_words.h"
#include "code/pointers.h"
#include "code/radix.h"
#include "code/xref_scan.h"

static bool begin_scan(hvc_xref_scan *scan, const hvc_image *image, const hvc_isa *isa,
                       const hvc_xref_range *ranges, size_t count)
{
    *scan = (hvc_xref_scan){.image = image, .isa = isa};
    /* Real images have a candidate for some 20 bytes. */
    scan->budget = image->file.size / 2 + 65536;
    for (size_t i = 0; i < count; i++) {
        uint32_t low = ranges[i].low, high = ranges[i].high;
        scan->stores |= ranges[i].stores;
        if (!hvc_zones_add(&scan->any, &scan->scratch, low, high) ||
            (!ranges[i].stores && !hvc_zones_add(&scan->all, &scan->scratch, low, high)) ||
            (!ranges[i].stores &&
             !hvc_zones_add(ranges[i].filtered ? &scan->filtered : &scan->plain, &scan->scratch,
                            low, high)))
            return false;
    }
    return hvc_zones_finish(&scan->any, &scan->scratch) &&
           hvc_zones_finish(&scan->all, &scan->scratch) &&
           hvc_zones_finish(&scan->plain, &scan->scratch) &&
           hvc_zones_finish(&scan->filtered, &scan->scratch) &&
           hvc_exec_build(image, &scan->scratch, &scan->exec);
}

/* Sorts what was found, without doubles, into the caller's arena. */
static bool end_scan(hvc_xref_scan *scan, hvc_arena *arena, hvc_xrefs *ret_xrefs)
{
    hvc_xref *found = scan->found.items;
    size_t count = scan->found.count;
    if (!hvc_radix_sort(found, count, sizeof(*found), offsetof(hvc_xref, from), &scan->scratch) ||
        !hvc_radix_sort(found, count, sizeof(*found), offsetof(hvc_xref, to), &scan->scratch))
        return false;
    hvc_xref *items = hvc_arena_array(arena, count + 1, sizeof(*items));
    if (items == NULL)
        return false;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || items[kept - 1].to != found[i].to ||
            items[kept - 1].from != found[i].from || items[kept - 1].kind != found[i].kind)
            items[kept++] = found[i];
        else
            items[kept - 1].certain &= found[i].certain;
    }
    *ret_xrefs = (hvc_xrefs){{items, kept, count + 1}, scan->cut || scan->exec.cut};
    return true;
}

hvc_status hvc_xrefs_to_ranges(const hvc_image *image, const hvc_isa *isa,
                               const hvc_xref_range *ranges, size_t count,
                               const hvc_xref_filter *filter, hvc_arena *arena,
                               hvc_xrefs *ret_xrefs, hvc_error *error)
{
    hvc_xref_scan scan;
    bool done = begin_scan(&scan, image, isa, ranges, count);
    scan.filter = filter;
    if (done && scan.any.items.count > 0) {
        if (isa == &hvc_isa_x64)
            done = hvc_scan_x64_addresses(&scan);
        else if (isa == &hvc_isa_arm64)
            done = hvc_scan_arm64(&scan, NULL);
        else
            done = hvc_scan_pointers(&scan);
    }
    done = done && end_scan(&scan, arena, ret_xrefs);
    hvc_arena_free(&scan.scratch);
    return done ? HVC_OK : hvc_fail_memory(error);
}

bool hvc_xref_may_store(const hvc_image *image, const hvc_isa *isa, uint32_t from)
{
    bool arm64 = isa == &hvc_isa_arm64;
    if (from < 2)
        return false;
    hvc_span bytes = hvc_image_span(image, arm64 ? from : from - 2, 4);
    if (bytes.size < 4)
        return false;
    return arm64 ? hvc_arm64_may_store(hvc_le32(bytes.data))
                 : hvc_x86_may_store(bytes.data, isa == &hvc_isa_x86);
}

/* Every kind of reference into the ranges, with functions that are known. */
static hvc_status build(const hvc_image *image, const hvc_isa *isa, const hvc_function_map *map,
                        const hvc_xref_range *ranges, size_t count, hvc_arena *arena,
                        hvc_xrefs *ret_xrefs, hvc_error *error)
{
    hvc_xref_scan scan;
    bool done =
        begin_scan(&scan, image, isa, ranges, count) &&
        (isa == &hvc_isa_arm64 ? hvc_scan_arm64(&scan, map) : hvc_scan_x86_code(&scan, map)) &&
        hvc_scan_pointers(&scan) && end_scan(&scan, arena, ret_xrefs);
    hvc_arena_free(&scan.scratch);
    return done ? HVC_OK : hvc_fail_memory(error);
}

hvc_status hvc_xrefs_build(const hvc_image *image, const hvc_isa *isa, const hvc_function_map *map,
                           hvc_arena *arena, hvc_xrefs *ret_xrefs, hvc_error *error)
{
    const hvc_xref_range everything = {.high = image->headers.size_of_image};
    return build(image, isa, map, &everything, 1, arena, ret_xrefs, error);
}

hvc_status hvc_xrefs_to_functions(const hvc_image *image, const hvc_isa *isa,
                                  const hvc_function_map *map, hvc_arena *arena,
                                  hvc_xrefs *ret_xrefs, hvc_error *error)
{
    HVC_VECTOR(hvc_xref_range) ranges = {0};
    for (size_t i = 0; i < map->functions.count; i++) {
        const hvc_code_function *it = &map->functions.items[i];
        hvc_xref_range *last = ranges.count == 0 ? NULL : &ranges.items[ranges.count - 1];
        if (last == NULL || it->begin - last->high > 4096)
            last = hvc_vector_add(arena, &ranges);
        if (last == NULL)
            return hvc_fail_memory(error);
        last->low = last->high == 0 ? it->begin : last->low;
        last->high = it->end;
    }
    return build(image, isa, map, ranges.items, ranges.count, arena, ret_xrefs, error);
}

static size_t lower_bound(const hvc_xrefs *xrefs, uint32_t to)
{
    size_t low = 0, high = xrefs->items.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (xrefs->items.items[middle].to < to)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const hvc_xref *hvc_xrefs_find(const hvc_xrefs *xrefs, uint32_t low, uint32_t high,
                               size_t *ret_count)
{
    size_t first = lower_bound(xrefs, low), last = lower_bound(xrefs, high);
    *ret_count = last > first ? last - first : 0;
    return xrefs->items.items + first;
}

static bool take_pointer(void *context, uint32_t from, uint32_t to)
{
    hvc_xref_scan *scan = context;
    bool stores;
    if (!hvc_xref_wanted(scan, to, &stores) ||
        (stores && !hvc_xref_may_store(scan->image, scan->isa, from)))
        return true;
    bool operand = scan->isa == &hvc_isa_x86 && hvc_exec_at(&scan->exec, from) != NULL;
    return hvc_xref_add(
        scan,
        (hvc_xref){.from = from, .to = to, .kind = operand ? HVC_XREF_ADDRESS : HVC_XREF_POINTER});
}

bool hvc_scan_pointers(hvc_xref_scan *scan)
{
    return hvc_pointers_each(scan->image, take_pointer, scan);
}
