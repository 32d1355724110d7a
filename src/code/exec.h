/* The bytes of an image that Windows would execute, and sets of places in them. */
#ifndef CODE_EXEC_H
#define CODE_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "pe/image.h"

/* A range of file bytes in an executable section. Places are numbered through all ranges without
 * holes, so that a set of places is a bit string: the place of rva is slot + (rva - range.rva). */
typedef struct hvc_exec_range {
    uint32_t rva, size;
    uint32_t slot;
    const uint8_t *bytes;
} hvc_exec_range;

typedef struct hvc_exec {
    hvc_exec_range *items; /* ascending, disjoint */
    size_t count;
    uint32_t slots; /* bytes in all ranges */
    bool cut;       /* sections share file bytes: what exceeds the file's size is left out */
} hvc_exec;

/* False when memory is exhausted. The ranges live in arena. */
bool hvc_exec_build(const hvc_image *image, hvc_arena *arena, hvc_exec *ret_exec);

/* The range that holds rva, or NULL. */
static inline const hvc_exec_range *hvc_exec_at(const hvc_exec *exec, uint32_t rva)
{
    size_t low = 0, high = exec->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rva < exec->items[middle].rva)
            high = middle;
        else if (rva - exec->items[middle].rva >= exec->items[middle].size)
            low = middle + 1;
        else
            return &exec->items[middle];
    }
    return NULL;
}

/* A set of places: one bit each, and one more so that the end of the last range is a place too. */
typedef uint64_t *hvc_places;

static inline hvc_places hvc_places_new(hvc_arena *arena, const hvc_exec *exec)
{
    return hvc_arena_array(arena, exec->slots / 64 + 1, sizeof(uint64_t));
}

static inline void hvc_places_free(hvc_arena *arena, const hvc_exec *exec, hvc_places places)
{
    hvc_arena_give_back(arena, places, (exec->slots / 64 + 1) * sizeof(uint64_t));
}

static inline bool hvc_place_in(const uint64_t *places, uint32_t slot)
{
    return places[slot / 64] >> (slot % 64) & 1;
}

static inline void hvc_place_add(hvc_places places, uint32_t slot)
{
    places[slot / 64] |= UINT64_C(1) << (slot % 64);
}

/* Adds [slot, slot + count). */
void hvc_places_add_range(hvc_places places, uint32_t slot, uint32_t count);
/* The first place at or behind slot and before end that is in the set (in true) or not in it; end
 * when there is none. */
uint32_t hvc_places_next(const uint64_t *places, uint32_t slot, uint32_t end, bool in);

#endif
