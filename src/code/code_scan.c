/* x64 and ARM64: what code refers to, looked for without knowing where instructions or functions
 * are. What the exception data tells of needs no more than to know whether its address is taken;
 * for the rest, direct calls and jumps and formed addresses tell where functions start. */
#include "code/arm64_words.h"
#include "code/map_builder.h"

/* The told function that the scan is in, or the next one. */
typedef struct told_cursor {
    const hvc_code_function *at, *end;
} told_cursor;

static told_cursor first_told(const hvc_map_builder *builder)
{
    const hvc_code_function *told = builder->told.items;
    return (told_cursor){told, told + builder->told.count};
}

/* x64: whether an instruction of a told function begins at rva, as far as its instructions follow
 * each other. */
static bool begins_instruction(const hvc_map_builder *builder, const hvc_code_function *told,
                               uint32_t rva)
{
    uint32_t at = told->begin;
    while (at < rva) {
        hvc_step step;
        hvc_span bytes = hvc_image_span(builder->image, at, told->end - at);
        if (bytes.size == 0)
            break;
        builder->step(bytes, at, &step);
        if (step.kind == HVC_STEP_INVALID)
            return true; /* data in between: who knows */
        at += step.length;
    }
    return at == rva;
}

/* A jump at from may lead to rva, in a told function. From another function into the middle of it,
 * control arrives there in a way that the function itself does not show. */
static bool cross(hvc_map_builder *builder, told_cursor *here, uint32_t from, uint32_t rva)
{
    while (here->at < here->end && here->at->end <= from)
        here->at++;
    bool inside = here->at < here->end && here->at->begin <= from;
    if (inside && rva - here->at->begin < here->at->end - here->at->begin)
        return true;
    const hvc_code_function *told =
        hvc_function_find(builder->told.items, builder->told.count, rva);
    if (!inside || told == NULL || told->group == rva || told->group == here->at->group)
        return true; /* code that is not told of is decoded, and tells itself where it goes */
    return (builder->isa == &hvc_isa_x64 && !begins_instruction(builder, here->at, from)) ||
           hvc_builder_add_label(builder, rva);
}

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

/* Whether rva lies in a function that was told of, in the section that the scan is in. */
static inline bool is_known(const hvc_map_builder *builder, const hvc_exec_range *range,
                            uint32_t rva)
{
    return rva - range->rva < range->size &&
           hvc_place_in(builder->opaque, range->slot + (rva - range->rva));
}

/* Bytes that begin something of interest in x64 code: call, jmp, the escape before jcc, lea. */
static bool is_x64_mark(uint8_t byte)
{
    return (byte & 0xfe) == 0xe8 || byte == 0x0f || byte == 0x8d;
}

static bool scan_x64(hvc_map_builder *builder, const hvc_exec_range *range)
{
    const uint8_t *bytes = range->bytes;
    told_cursor here = first_told(builder);
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
        bool jumps = bytes[at] == 0xe9 || bytes[at] == 0x0f;
        if (jumps && is_known(builder, range, target)
                ? !cross(builder, &here, range->rva + at, target)
                : !refer(builder, range, target, sources))
            return false;
    }
    return true;
}

/* An address is formed by adrp and, nearly always soon after it, add. */
static bool scan_arm64(hvc_map_builder *builder, const hvc_exec_range *range)
{
    enum { WANTED = HVC_ARM64_BRANCH | HVC_ARM64_ADR | HVC_ARM64_ADD };
    uint8_t marks[256];
    uint32_t pages[32] = {0}; /* what adrp gave each register last; 0 when nothing */
    uint32_t size = range->size / 4 * 4;
    told_cursor here = first_told(builder);
    hvc_arm64_fill_marks(marks);
    for (uint32_t at = 0; at < size; at += 4) {
        uint8_t mark = marks[range->bytes[at + 3]];
        if ((mark & WANTED) == 0)
            continue;
        uint32_t word = hvc_le32(range->bytes + at), rva = range->rva + at, target;
        if (mark == HVC_ARM64_BRANCH) {
            if (hvc_arm64_branch_target(word, rva, &target) &&
                (!is_known(builder, range, target)
                     ? !refer(builder, range, target, HVC_FROM_CALL)
                     : (word & 0xfc000000) == 0x14000000 && /* b: others do not reach far enough */
                           !cross(builder, &here, rva, target)))
                return false;
        } else if (mark == HVC_ARM64_ADR) {
            if (hvc_arm64_is_adrp(word))
                pages[word & 31] = hvc_arm64_adrp_page(word, rva);
        } else if (hvc_arm64_is_add(word)) {
            unsigned d = word & 31, n = word >> 5 & 31;
            target = pages[n] + (word >> 10 & 0xfff);
            if (pages[n] != 0 && !refer(builder, range, target, HVC_FROM_POINTER))
                return false;
            pages[d] = 0;
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
