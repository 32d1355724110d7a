/* x64 and ARM64: what code refers to, looked for without knowing where instructions or functions
 * are. What the exception data tells of needs no more than to know whether its address is taken;
 * for the rest, direct calls and jumps and formed addresses tell where functions start. */
#include "code/arm64_words.h"
#include "code/map_builder.h"

/* rva is called or jumped to (CALL) or its address is formed (POINTER). range is where the scan is.
 */
static bool refer(hvc_map_builder *builder, const hvc_exec_range *range, uint32_t rva,
                  uint32_t sources)
{
    if (rva - range->rva >= range->size) {
        range = hvc_exec_at(&builder->exec, rva);
        if (range == NULL)
            return true;
    }
    uint32_t slot = range->slot + (rva - range->rva);
    if (sources == HVC_FROM_CALL) {
        if (hvc_place_in(builder->opaque, slot) || hvc_place_in(builder->called, slot))
            return true;
        uint8_t first = range->bytes[rva - range->rva];
        if (builder->isa == &hvc_isa_x64 && (first == 0xcc || first == 0))
            return true; /* filling */
        hvc_place_add(builder->called, slot);
    }
    return hvc_builder_add_point(builder, rva, sources);
}

/* Bytes that begin something of interest in x64 code: call, jmp, the escape before jcc, lea. */
static bool is_x64_mark(uint8_t byte)
{
    return (byte & 0xfe) == 0xe8 || byte == 0x0f || byte == 0x8d;
}

static bool scan_x64(hvc_map_builder *builder, const hvc_exec_range *range)
{
    const uint8_t *bytes = range->bytes;
    for (uint32_t at = 0; at + 6 <= range->size; at++) {
        if (!is_x64_mark(bytes[at]))
            continue;
        uint32_t skip = 1, sources = HVC_FROM_CALL;
        if (bytes[at] == 0x0f) {
            if ((bytes[at + 1] & 0xf0) != 0x80)
                continue;
            skip = 2;
        } else if (bytes[at] == 0x8d) {
            if ((bytes[at + 1] & 0xc7) != 0x05) /* not relative to the instruction pointer */
                continue;
            skip = 2;
            sources = HVC_FROM_POINTER;
        }
        uint32_t target = range->rva + at + skip + 4 + hvc_le32(bytes + at + skip);
        if (!refer(builder, range, target, sources))
            return false;
    }
    return true;
}

/* Whether a branch to rva tells nothing new: it lies in a function that was told of. */
static inline bool is_known(const hvc_map_builder *builder, const hvc_exec_range *range,
                            uint32_t rva)
{
    return rva - range->rva < range->size &&
           hvc_place_in(builder->opaque, range->slot + (rva - range->rva));
}

/* An address is formed by adrp and, nearly always soon after it, add. */
static bool scan_arm64(hvc_map_builder *builder, const hvc_exec_range *range)
{
    enum { WANTED = HVC_ARM64_BRANCH | HVC_ARM64_ADR | HVC_ARM64_ADD };
    uint8_t marks[256];
    uint32_t pages[32] = {0}; /* what adrp gave each register last; 0 when nothing */
    uint32_t size = range->size / 4 * 4;
    hvc_arm64_fill_marks(marks);
    for (uint32_t at = 0; at < size; at += 4) {
        uint8_t mark = marks[range->bytes[at + 3]];
        if ((mark & WANTED) == 0)
            continue;
        uint32_t word = hvc_le32(range->bytes + at), rva = range->rva + at, target;
        if (mark == HVC_ARM64_BRANCH) {
            if (hvc_arm64_branch_target(word, rva, &target) && !is_known(builder, range, target) &&
                !refer(builder, range, target, HVC_FROM_CALL))
                return false;
        } else if (mark == HVC_ARM64_ADR) {
            if (hvc_arm64_is_adrp(word))
                pages[word & 31] = hvc_arm64_adrp_page(word, rva);
        } else if (hvc_arm64_is_add(word)) {
            unsigned d = word & 31, n = word >> 5 & 31;
            target = pages[n] + (word >> 10 & 0xfff);
            if (pages[n] != 0 && !refer(builder, range, target, HVC_FROM_POINTER))
                return false;
            if (d == n)
                pages[n] = 0;
        }
    }
    return true;
}

bool hvc_builder_scan_code(hvc_map_builder *builder)
{
    bool arm64 = builder->isa == &hvc_isa_arm64, done = true;
    for (size_t i = 0; i < builder->exec.count && done; i++) {
        const hvc_exec_range *range = &builder->exec.items[i];
        done = arm64 ? scan_arm64(builder, range) : scan_x64(builder, range);
    }
    return done;
}
