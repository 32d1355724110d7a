#include "code/windows.h"

#include "code/radix.h"

bool hvc_windows_add(hvc_windows *windows, hvc_arena *arena, uint32_t low, uint32_t high)
{
    if (low >= high)
        return true;
    hvc_window *window = hvc_vector_add(arena, &windows->items);
    if (window == NULL)
        return false;
    *window = (hvc_window){low, high};
    return true;
}

bool hvc_windows_finish(hvc_windows *windows, hvc_arena *arena)
{
    hvc_window *items = windows->items.items;
    size_t count = windows->items.count, kept = 0;
    if (count == 0)
        return true;
    if (!hvc_radix_sort(items, count, sizeof(*items), offsetof(hvc_window, low), arena))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || items[kept - 1].high < items[i].low)
            items[kept++] = items[i];
        else if (items[kept - 1].high < items[i].high)
            items[kept - 1].high = items[i].high;
    }
    windows->items.count = kept;
    windows->page_count = ((items[kept - 1].high - 1) >> HVC_WINDOW_PAGE_BITS) + 1;
    windows->pages = hvc_arena_array(arena, windows->page_count / 64 + 1, sizeof(uint64_t));
    if (windows->pages == NULL)
        return false;
    for (size_t i = 0; i < kept; i++) {
        uint32_t last = (items[i].high - 1) >> HVC_WINDOW_PAGE_BITS;
        for (uint32_t page = items[i].low >> HVC_WINDOW_PAGE_BITS; page <= last; page++)
            windows->pages[page / 64] |= UINT64_C(1) << page % 64;
    }
    return true;
}
