#include "code/exec.h"

bool hvc_exec_build(const hvc_image *image, hvc_arena *arena, hvc_exec *ret_exec)
{
    hvc_exec exec = {.items =
                         hvc_arena_array(arena, image->region_count + 1, sizeof(hvc_exec_range))};
    if (exec.items == NULL)
        return false;
    uint64_t room = image->file.size < UINT32_MAX / 2 ? image->file.size : UINT32_MAX / 2;
    for (size_t i = 0; i < image->region_count; i++) {
        const hvc_region *region = &image->regions[i];
        if (region->section == HVC_NO_SECTION || region->size == 0)
            continue;
        if ((image->sections.items[region->section].characteristics & HVC_SCN_MEM_EXECUTE) == 0)
            continue;
        uint32_t size = region->size;
        if (size > room - exec.slots) {
            size = (uint32_t)(room - exec.slots);
            exec.cut = true;
        }
        if (size == 0)
            continue;
        exec.items[exec.count++] =
            (hvc_exec_range){region->rva, size, exec.slots, image->file.data + region->offset};
        exec.slots += size;
    }
    *ret_exec = exec;
    return true;
}

void hvc_places_add_range(hvc_places places, uint32_t slot, uint32_t count)
{
    while (count > 0) {
        uint32_t bit = slot % 64, here = 64 - bit;
        if (here > count)
            here = count;
        uint64_t mask = here == 64 ? ~UINT64_C(0) : ((UINT64_C(1) << here) - 1) << bit;
        places[slot / 64] |= mask;
        slot += here;
        count -= here;
    }
}

uint32_t hvc_places_next(const uint64_t *places, uint32_t slot, uint32_t end, bool in)
{
    while (slot < end) {
        uint64_t word = in ? places[slot / 64] : ~places[slot / 64];
        word >>= slot % 64;
        if (word != 0) {
            slot += (uint32_t)__builtin_ctzll(word);
            return slot < end ? slot : end;
        }
        slot = (slot / 64 + 1) * 64;
    }
    return end;
}
