/* Ranges of RVAs that something is looked for in: many addresses are asked about, and most lie in
 * none. */
#ifndef CODE_WINDOWS_H
#define CODE_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

typedef struct hvc_window {
    uint32_t low, high; /* high is exclusive */
} hvc_window;

enum { HVC_WINDOW_PAGE_BITS = 12 };

/* A zeroed hvc_windows is one without windows. */
typedef struct hvc_windows {
    HVC_VECTOR(hvc_window) items; /* once finished: ascending, none touches another */
    uint64_t *pages;              /* bits: a window has a part in the page */
    uint32_t page_count;
} hvc_windows;

/* Adds [low, high), unless it is empty. False when memory is exhausted. */
bool hvc_windows_add(hvc_windows *windows, hvc_arena *arena, uint32_t low, uint32_t high);
/* To be called when all are added, before the first question. False when memory is exhausted.
 * What the windows are kept in lives in arena; so does what sorting them takes. */
bool hvc_windows_finish(hvc_windows *windows, hvc_arena *arena);

/* The first window that ends behind rva; NULL when there is none. */
static inline const hvc_window *hvc_window_behind(const hvc_windows *windows, uint32_t rva)
{
    size_t low = 0, high = windows->items.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (windows->items.items[middle].high <= rva)
            low = middle + 1;
        else
            high = middle;
    }
    return low < windows->items.count ? &windows->items.items[low] : NULL;
}

static inline bool hvc_window_page(const hvc_windows *windows, uint32_t page)
{
    return page < windows->page_count && (windows->pages[page / 64] >> page % 64 & 1) != 0;
}

static inline bool hvc_windows_hold(const hvc_windows *windows, uint32_t rva)
{
    if (!hvc_window_page(windows, rva >> HVC_WINDOW_PAGE_BITS))
        return false;
    const hvc_window *window = hvc_window_behind(windows, rva);
    return window != NULL && window->low <= rva;
}

/* Whether a window has a part in the page (4 KiB) that begins at rva, wherever that is. */
static inline bool hvc_windows_near(const hvc_windows *windows, uint32_t rva)
{
    uint32_t page = rva >> HVC_WINDOW_PAGE_BITS, size = 1 << HVC_WINDOW_PAGE_BITS;
    if (rva % size == 0)
        return hvc_window_page(windows, page);
    if (!hvc_window_page(windows, page) && !hvc_window_page(windows, page + 1))
        return false;
    const hvc_window *window = hvc_window_behind(windows, rva);
    return window != NULL && window->low < (uint64_t)rva + size;
}

#endif
