#include "code/zones.h"

#include "code/radix.h"

bool hvc_zones_add(hvc_zones *zones, hvc_arena *arena, uint32_t low, uint32_t high)
{
    if (low >= high)
        return true;
    hvc_zone *zone = hvc_vector_add(arena, &zones->items);
    if (zone == NULL)
        return false;
    *zone = (hvc_zone){low, high};
    return true;
}

bool hvc_zones_finish(hvc_zones *zones, hvc_arena *arena)
{
    hvc_zone *items = zones->items.items;
    size_t count = zones->items.count, kept = 0;
    if (count == 0)
        return true;
    if (!hvc_radix_sort(items, count, sizeof(*items), offsetof(hvc_zone, low), arena))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || items[kept - 1].high < items[i].low)
            items[kept++] = items[i];
        else if (items[kept - 1].high < items[i].high)
            items[kept - 1].high = items[i].high;
    }
    zones->items.count = kept;
    zones->page_count = ((items[kept - 1].high - 1) >> HVC_ZONE_PAGE_BITS) + 1;
    zones->pages = hvc_arena_array(arena, zones->page_count / 64 + 1, sizeof(uint64_t));
    if (zones->pages == NULL)
        return false;
    for (size_t i = 0; i < kept; i++) {
        uint32_t last = (items[i].high - 1) >> HVC_ZONE_PAGE_BITS;
        for (uint32_t page = items[i].low >> HVC_ZONE_PAGE_BITS; page <= last; page++)
            zones->pages[page / 64] |= UINT64_C(1) << page % 64;
    }
    return true;
}
