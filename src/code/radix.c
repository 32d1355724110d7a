#include "code/radix.h"

#include <string.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

static uint32_t key_at(const uint8_t *item, size_t key_offset)
{
    uint32_t key;
    memcpy(&key, item + key_offset, sizeof(key));
    return key;
}

/* Whether the records are in order; *ret_bits has every bit in which keys differ from the first. */
static bool examine(const uint8_t *items, size_t count, size_t size, size_t key_offset,
                    uint32_t *ret_bits)
{
    uint32_t first = key_at(items, key_offset), previous = first, bits = 0;
    bool sorted = true;
    for (size_t i = 1; i < count; i++) {
        uint32_t key = key_at(items + i * size, key_offset);
        bits |= key ^ first;
        sorted = sorted && key >= previous;
        previous = key;
    }
    *ret_bits = bits;
    return sorted;
}

static void pass(const uint8_t *from, uint8_t *to, size_t count, size_t size, size_t key_offset,
                 unsigned shift)
{
    uint32_t place[DIGITS] = {0};
    for (size_t i = 0; i < count; i++)
        place[key_at(from + i * size, key_offset) >> shift & (DIGITS - 1)]++;
    uint32_t sum = 0;
    for (size_t i = 0; i < DIGITS; i++) {
        uint32_t here = place[i];
        place[i] = sum;
        sum += here;
    }
    for (size_t i = 0; i < count; i++) {
        const uint8_t *item = from + i * size;
        uint8_t *slot = to + place[key_at(item, key_offset) >> shift & (DIGITS - 1)]++ * size;
        switch (size) { /* a copy of known size is a move or two */
        case 8:
            memcpy(slot, item, 8);
            break;
        case 12:
            memcpy(slot, item, 12);
            break;
        default:
            memcpy(slot, item, size);
            break;
        }
    }
}

bool hvc_radix_sort(void *items, size_t count, size_t size, size_t key_offset, hvc_arena *scratch)
{
    uint32_t bits;
    if (count < 2 || examine(items, count, size, key_offset, &bits))
        return true;
    uint8_t *room = hvc_arena_take(scratch, count * size);
    if (room == NULL)
        return false;
    uint8_t *from = items, *to = room;
    for (unsigned shift = 0; shift < 32; shift += DIGIT_BITS) {
        if ((bits >> shift & (DIGITS - 1)) == 0)
            continue;
        pass(from, to, count, size, key_offset, shift);
        uint8_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, count * size);
    hvc_arena_give_back(scratch, room, count * size);
    return true;
}
