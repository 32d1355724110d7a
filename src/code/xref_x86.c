/* x86 and x64 instructions start at any byte, so every byte is looked at as if one did: a candidate
 * costs a reader of the instruction more than a compare here, but decoding everything costs far
 * more. */
#include "code/xref_scan.h"

bool hvc_x86_may_store(const uint8_t *bytes, bool is_32bit)
{
    /* mov, and what reads, changes and writes */
    static const uint8_t opcodes[] = {0x88, 0x89, 0xc6, 0xc7, 0x80, 0x81, 0x83, 0x86, 0x87, 0xfe,
                                      0x08, 0x09, 0x20, 0x21, 0x30, 0x31, 0xb0, 0xb1, 0xc0, 0xc1};
    if (is_32bit && (bytes[1] == 0xa2 || bytes[1] == 0xa3))
        return true;
    return (bytes[1] & 0xc7) == 0x05 && memchr(opcodes, bytes[0], sizeof(opcodes)) != NULL;
}

/* What a byte may be the beginning (or the ModRM byte) of. */
enum {
    MARK_CALL = 1,   /* E8 rel32 */
    MARK_JUMP = 2,   /* E9 rel32 */
    MARK_ESCAPE = 3, /* 0F, before 8x rel32 */
    MARK_SHORT = 4,  /* EB, 7x, E0 to E3: rel8 */
    MARK_MODRM = 5,  /* x64: disp32 relative to the instruction pointer */
};

#define EACH_BYTE UINT64_C(0x0101010101010101)

/* A ModRM byte with mod 0 and rm 5 stands right before every RIP-relative disp32. Bit 7 of each
 * byte of the result is set where bytes has one. */
static uint64_t find_modrm(uint64_t bytes)
{
    uint64_t wrong = (bytes & EACH_BYTE * 0xc7) ^ EACH_BYTE * 0x05; /* 0 where it is one */
    uint64_t low = EACH_BYTE * 0x7f;
    return ~(((wrong & low) + low) | wrong | low);
}

/* A disp32 behind the ModRM byte at offset at of the range. */
static bool add_address(hvc_xref_scan *scan, const hvc_exec_range *range, uint32_t at)
{
    uint32_t from = range->rva + at + 1, to = from + 4 + hvc_le32(range->bytes + at + 1);
    bool stores;
    if (!hvc_xref_wanted(scan, to, &stores) ||
        (stores && (at == 0 || !hvc_x86_may_store(range->bytes + at - 1, false))))
        return true;
    return hvc_xref_add(scan, (hvc_xref){.from = from, .to = to, .kind = HVC_XREF_ADDRESS});
}

bool hvc_scan_x64_addresses(hvc_xref_scan *scan)
{
    for (size_t i = 0; i < scan->exec.count; i++) {
        const hvc_exec_range *range = &scan->exec.items[i];
        uint32_t at = 0;
        for (; at + 12 <= range->size; at += 8) {
            uint64_t hits = find_modrm(hvc_le64(range->bytes + at));
            for (; hits != 0; hits &= hits - 1) {
                if (!add_address(scan, range, at + (uint32_t)__builtin_ctzll(hits) / 8))
                    return false;
            }
        }
        for (; at + 5 <= range->size; at++) {
            if ((range->bytes[at] & 0xc7) == 0x05 && !add_address(scan, range, at))
                return false;
        }
    }
    return true;
}

static void fill_marks(uint8_t marks[256], bool x64)
{
    memset(marks, 0, 256);
    for (unsigned i = 0; x64 && i < 256; i++) {
        if ((i & 0xc7) == 0x05)
            marks[i] = MARK_MODRM;
    }
    for (unsigned i = 0x70; i <= 0x7f; i++)
        marks[i] = MARK_SHORT;
    for (unsigned i = 0xe0; i <= 0xe3; i++)
        marks[i] = MARK_SHORT;
    marks[0xeb] = MARK_SHORT;
    marks[0xe8] = MARK_CALL;
    marks[0xe9] = MARK_JUMP;
    marks[0x0f] = MARK_ESCAPE;
}

/* A pass over one range, with the function that the bytes stand in. */
typedef struct code_walk {
    hvc_xref_scan *scan;
    const hvc_exec_range *range;
    const hvc_code_function *function, *end;
    hvc_places based; /* x64: begins of the groups that form the image's own base address */
    bool any_based;
} code_walk;

/* The function that holds rva, which only grows from call to call within a range; NULL when none
 * does. */
static const hvc_code_function *function_of(code_walk *it, uint32_t rva)
{
    while (it->function < it->end && it->function->end <= rva)
        it->function++;
    return it->function < it->end && it->function->begin <= rva ? it->function : NULL;
}

/* Adds a jump from the operand at rva from, when it leaves its function for code. */
static bool add_jump(code_walk *it, uint32_t from, uint32_t to)
{
    const hvc_code_function *function = function_of(it, from);
    if (function != NULL && to >= function->begin && to < function->end)
        return true;
    if (hvc_exec_at(&it->scan->exec, to) == NULL)
        return true;
    return hvc_xref_add(it->scan, (hvc_xref){.from = from, .to = to, .kind = HVC_XREF_JUMP});
}

/* lea of the image's base, which operands of the same function then start from. */
static void note_base(code_walk *it, uint32_t rva)
{
    const hvc_code_function *function = function_of(it, rva);
    const hvc_exec_range *range =
        function == NULL ? NULL : hvc_exec_at(&it->scan->exec, function->group);
    if (range == NULL)
        return;
    hvc_place_add(it->based, range->slot + (function->group - range->rva));
    it->any_based = true;
}

static bool add_marked(code_walk *it, uint32_t at, uint8_t mark)
{
    const uint8_t *bytes = it->range->bytes + at;
    uint32_t rva = it->range->rva + at, rest = it->range->size - at;
    if (mark == MARK_SHORT) {
        if (rest < 2)
            return true;
        return add_jump(it, rva + 1, rva + 2 + (uint32_t)(int32_t)(int8_t)bytes[1]);
    }
    uint32_t skip = mark == MARK_ESCAPE ? 2 : 1;
    if (rest < skip + 4 || (mark == MARK_ESCAPE && (bytes[1] & 0xf0) != 0x80))
        return true;
    uint32_t from = rva + skip, to = from + 4 + hvc_le32(bytes + skip);
    if (mark == MARK_MODRM) {
        if (to == 0 && at > 0 && bytes[-1] == 0x8d)
            note_base(it, rva);
        return add_address(it->scan, it->range, at);
    }
    if (mark != MARK_CALL)
        return add_jump(it, from, to);
    return hvc_exec_at(&it->scan->exec, to) == NULL ||
           hvc_xref_add(it->scan, (hvc_xref){.from = from, .to = to, .kind = HVC_XREF_CALL});
}

/* x64: [register + disp32], with or without an index, in [rva, end) of a range. */
static bool scan_based(hvc_xref_scan *scan, const hvc_exec_range *range, uint32_t rva, uint32_t end)
{
    uint32_t stop = end - range->rva;
    for (uint32_t at = rva - range->rva; at + 6 <= stop; at++) {
        uint8_t modrm = range->bytes[at];
        if ((modrm & 0xc0) != 0x80)
            continue;
        uint32_t skip = (modrm & 7) == 4 ? 2 : 1; /* an SIB byte follows */
        uint32_t to = hvc_le32(range->bytes + at + skip);
        /* Offsets into the headers are offsets into structures. */
        if (to < scan->image->headers.size_of_headers || !hvc_zones_hold(&scan->all, to))
            continue;
        if (!hvc_xref_add(
                scan, (hvc_xref){.from = range->rva + at + skip, .to = to, .kind = HVC_XREF_BASED}))
            return false;
    }
    return true;
}

static bool scan_all_based(code_walk *it, const hvc_function_map *map)
{
    hvc_xref_scan *scan = it->scan;
    for (size_t i = 0; i < map->functions.count; i++) {
        const hvc_code_function *function = &map->functions.items[i];
        const hvc_exec_range *range = hvc_exec_at(&scan->exec, function->begin);
        const hvc_exec_range *group = hvc_exec_at(&scan->exec, function->group);
        if (range == NULL || group == NULL || function->end - range->rva > range->size ||
            !hvc_place_in(it->based, group->slot + (function->group - group->rva)))
            continue;
        if (!scan_based(scan, range, function->begin, function->end))
            return false;
    }
    return true;
}

bool hvc_scan_x86_code(hvc_xref_scan *scan, const hvc_function_map *map)
{
    uint8_t marks[256];
    bool x64 = scan->isa == &hvc_isa_x64;
    code_walk it = {.scan = scan,
                    .function = map->functions.items,
                    .end = map->functions.items + map->functions.count,
                    .based = hvc_places_new(&scan->scratch, &scan->exec)};
    if (it.based == NULL)
        return false;
    fill_marks(marks, x64);
    for (size_t i = 0; i < scan->exec.count; i++) {
        const uint8_t *bytes = scan->exec.items[i].bytes;
        it.range = &scan->exec.items[i];
        for (uint32_t at = 0, size = it.range->size; at < size; at++) {
            if (marks[bytes[at]] != 0 && !add_marked(&it, at, marks[bytes[at]]))
                return false;
        }
    }
    return !it.any_based || scan_all_based(&it, map);
}
