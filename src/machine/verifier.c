#include "machine/verifier.h"

#include <string.h>

#include "machine/facts_json.h"

/* Where things are in an entry, by the size of a pointer. */
typedef struct layout {
    unsigned name;     /* UNICODE_STRING: length, room, pointer */
    unsigned pointer;  /* of the name */
    unsigned counters; /* five in a row */
    unsigned more;     /* the two that came later */
} layout;

static const layout wide = {0x18, 0x20, 0xE8, 0xFC}, narrow = {0x18, 0x1C, 0xA8, 0xBC};

enum { MAX_NAME_BYTES = 1024 };

/* UTF-16 in the answer, as text. NULL when it does not lie in it. */
static const char *name_at(hvc_arena *arena, hvc_span answer, uint64_t offset, uint32_t size)
{
    hvc_span bytes;
    if (size > MAX_NAME_BYTES || !hvc_span_sub(answer, offset, size, &bytes))
        return NULL;
    uint8_t *copy = hvc_arena_alloc(arena, bytes.size + 2);
    if (copy == NULL)
        return NULL;
    memcpy(copy, bytes.data, bytes.size);
    return hvc_registry_text(arena, copy, bytes.size + 2);
}

static uint64_t pointer_at(hvc_span answer, uint64_t offset, unsigned size)
{
    uint32_t half = 0;
    uint64_t whole = 0;
    if (size == 4 && hvc_span_u32(answer, offset, &half))
        whole = half;
    else if (size == 8)
        hvc_span_u64(answer, offset, &whole);
    return whole;
}

/* They are in the order of hvc_counter. */
static void read_counters(hvc_span answer, uint64_t entry, const layout *at, uint64_t end,
                          hvc_verified *verified)
{
    for (unsigned i = 0; i < HVC_COUNTER_COUNT; i++) {
        uint64_t offset = entry + (i < 5 ? at->counters + 4 * i : at->more + 4 * (i - 5));
        uint32_t value = 0;
        if (offset + 4 > end || !hvc_span_u32(answer, offset, &value)) {
            /* Not all kernels have the last two. */
            verified->has_counters = i >= 5;
            return;
        }
        verified->counters[i] = value;
    }
    verified->has_counters = true;
}

bool hvc_verifier_next(hvc_arena *arena, hvc_span answer, uint64_t address, unsigned pointer_size,
                       uint64_t *at, hvc_verified *ret_entry, bool *ret_damaged)
{
    const layout *place = pointer_size == 8 ? &wide : &narrow;
    const uint64_t entry = *at;
    uint32_t next = 0;
    uint16_t length = 0;
    hvc_verified verified = {.level = 0};
    *ret_damaged = false;
    if (entry >= answer.size)
        return false;
    *ret_damaged = true;
    if (!hvc_span_u32(answer, entry, &next) || !hvc_span_u32(answer, entry + 4, &verified.level) ||
        !hvc_span_u16(answer, entry + place->name, &length) ||
        !hvc_span_has(answer, entry + place->pointer, pointer_size) ||
        (next != 0 && next < place->counters))
        return false;
    uint64_t pointer = pointer_at(answer, entry + place->pointer, pointer_size);
    if (pointer < address)
        return false;
    verified.name = name_at(arena, answer, pointer - address, length);
    if (verified.name == NULL)
        return false;
    /* An entry ends where its name, the next entry or the answer begins or ends. */
    uint64_t end = next != 0 ? entry + next : answer.size;
    if (pointer - address > entry && pointer - address < end)
        end = pointer - address;
    read_counters(answer, entry, place, end, &verified);
    *ret_entry = verified;
    *ret_damaged = false;
    *at = next != 0 ? entry + next : answer.size;
    return true;
}
