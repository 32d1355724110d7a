/* Ranges of RVAs that something is looked for in: many addresses are asked about, and most lie in
 * none. */
#ifndef CODE_ZONES_H
#define CODE_ZONES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

typedef struct hvc_zone {
    uint32_t low, high; /* high is exclusive */
} hvc_zone;

enum { HVC_ZONE_PAGE_BITS = 12 };

/* A zeroed hvc_zones is one without zones. */
typedef struct hvc_zones {
    HVC_VECTOR(hvc_zone) items; /* once finished: ascending, none touches another */
    uint64_t *pages;            /* bits: a zone has a part in the page */
    uint32_t page_count;
} hvc_zones;

/* Adds [low, high), unless it is empty. False when memory is exhausted. */
bool hvc_zones_add(hvc_zones *zones, hvc_arena *arena, uint32_t low, uint32_t high);
/* To be called when all are added, before the first question. False when memory is exhausted.
 * What the zones are kept in lives in arena; so does what sorting them takes. */
bool hvc_zones_finish(hvc_zones *zones, hvc_arena *arena);

/* The first zone that ends behind rva; NULL when there is none. */
static inline const hvc_zone *hvc_zone_behind(const hvc_zones *zones, uint32_t rva)
{
    size_t low = 0, high = zones->items.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zones->items.items[middle].high <= rva)
            low = middle + 1;
        else
            high = middle;
    }
    return low < zones->items.count ? &zones->items.items[low] : NULL;
}

static inline bool hvc_zone_page(const hvc_zones *zones, uint32_t page)
{
    return page < zones->page_count && (zones->pages[page / 64] >> page % 64 & 1) != 0;
}

static inline bool hvc_zones_hold(const hvc_zones *zones, uint32_t rva)
{
    if (!hvc_zone_page(zones, rva >> HVC_ZONE_PAGE_BITS))
        return false;
    const hvc_zone *zone = hvc_zone_behind(zones, rva);
    return zone != NULL && zone->low <= rva;
}

/* Whether a zone has a part in the page (4 KiB) that begins at rva, wherever that is. */
static inline bool hvc_zones_near(const hvc_zones *zones, uint32_t rva)
{
    uint32_t page = rva >> HVC_ZONE_PAGE_BITS, size = 1 << HVC_ZONE_PAGE_BITS;
    if (rva % size == 0)
        return hvc_zone_page(zones, page);
    if (!hvc_zone_page(zones, page) && !hvc_zone_page(zones, page + 1))
        return false;
    const hvc_zone *zone = hvc_zone_behind(zones, rva);
    return zone != NULL && zone->low < (uint64_t)rva + size;
}

#endif
