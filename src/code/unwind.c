/* What the exception data tells about functions: where they are, which fragments belong together,
 * and which handlers and filters it refers to. */
#include "code/map_builder.h"

#include "base/limits.h"
#include "code/radix.h"

enum {
    FLAG_EHANDLER = 1,
    FLAG_UHANDLER = 2,
    FLAG_CHAININFO = 4,
    SCOPE_RECORD = 16,   /* begin, end, handler or filter, target */
    EXECUTE_HANDLER = 1, /* stands for a filter that always says yes */
};

/* Reads an x64 unwind header; *ret_after is the RVA behind its codes. */
static bool read_x64_header(const hvc_image *image, uint32_t unwind, unsigned *ret_flags,
                            uint32_t *ret_after)
{
    uint32_t header;
    if (!hvc_image_u32(image, unwind, &header))
        return false;
    unsigned version = header & 7, codes = header >> 16 & 0xff;
    if (version != 1 && version != 2)
        return false;
    *ret_flags = header >> 3 & 0x1f;
    *ret_after = unwind + 4 + (codes + 1) / 2 * 4;
    return true;
}

/* The begin of the function that a chained fragment belongs to. */
static uint32_t follow_chain(const hvc_image *image, uint32_t begin, uint32_t unwind)
{
    unsigned flags;
    uint32_t after;
    for (unsigned i = 0; i < HVC_MAX_UNWIND_CHAIN; i++) {
        if (!read_x64_header(image, unwind, &flags, &after) || (flags & FLAG_CHAININFO) == 0)
            return begin;
        if (!hvc_image_u32(image, after, &begin) || !hvc_image_u32(image, after + 8, &unwind))
            return begin;
    }
    return begin;
}

static bool in_code(const hvc_map_builder *builder, uint32_t rva)
{
    return hvc_exec_at(&builder->exec, rva) != NULL;
}

/* The scope table of C code (__try): the handler's own data, so it is recognised by making sense.
 * *budget is how many records may still be read from this image. */
static bool read_scope_table(hvc_map_builder *builder, uint32_t rva, uint64_t *budget)
{
    uint32_t count;
    if (!hvc_image_u32(builder->image, rva, &count) || count == 0 || count > HVC_MAX_SCOPES ||
        count > *budget)
        return true;
    *budget -= count;
    hvc_span table = hvc_image_span(builder->image, rva + 4, (uint64_t)count * SCOPE_RECORD);
    if (table.size < (size_t)count * SCOPE_RECORD)
        return true;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *record = table.data + (size_t)i * SCOPE_RECORD;
        uint32_t begin = hvc_le32(record), end = hvc_le32(record + 4);
        uint32_t handler = hvc_le32(record + 8), target = hvc_le32(record + 12);
        if (begin > end || !in_code(builder, begin) ||
            (handler > EXECUTE_HANDLER && !in_code(builder, handler)) ||
            (target != 0 && !in_code(builder, target)))
            return true;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *record = table.data + (size_t)i * SCOPE_RECORD;
        uint32_t handler = hvc_le32(record + 8), target = hvc_le32(record + 12);
        if (handler > EXECUTE_HANDLER && !hvc_builder_add_point(builder, handler, HVC_FROM_POINTER))
            return false;
        if (target != 0 && !hvc_builder_add_label(builder, target))
            return false;
    }
    return true;
}

static bool read_handler(hvc_map_builder *builder, uint32_t rva, uint64_t *budget)
{
    uint32_t handler;
    if (!hvc_image_u32(builder->image, rva, &handler) || !in_code(builder, handler))
        return true;
    return hvc_builder_add_point(builder, handler, HVC_FROM_POINTER) &&
           read_scope_table(builder, rva + 4, budget);
}

/* Where the handler of an ARM64 unwind record stands: behind epilog scopes and unwind codes. */
static bool find_arm64_handler(const hvc_image *image, uint32_t unwind, uint32_t *ret_rva)
{
    uint32_t header, extension;
    if (!hvc_image_u32(image, unwind, &header) || (header >> 20 & 1) == 0)
        return false;
    uint32_t epilogs = header >> 22 & 0x1f, code_words = header >> 27, at = unwind + 4;
    if (epilogs == 0 && code_words == 0) {
        if (!hvc_image_u32(image, at, &extension))
            return false;
        epilogs = extension & 0xffff;
        code_words = extension >> 16 & 0xff;
        at += 4;
    }
    if (header >> 21 & 1) /* the one epilog is told in the header itself */
        epilogs = 0;
    *ret_rva = at + (epilogs + code_words) * 4;
    return true;
}

static bool read_handlers(hvc_map_builder *builder, const hvc_function *function, uint64_t *budget)
{
    unsigned flags;
    uint32_t at;
    if (function->unwind == 0)
        return true;
    if (builder->isa == &hvc_isa_arm64) {
        if (!find_arm64_handler(builder->image, function->unwind, &at))
            return true;
    } else if (!read_x64_header(builder->image, function->unwind, &flags, &at) ||
               (flags & FLAG_CHAININFO) != 0 || (flags & (FLAG_EHANDLER | FLAG_UHANDLER)) == 0) {
        return true;
    }
    return read_handler(builder, at, budget);
}

static bool is_told(const hvc_map_builder *builder, uint32_t begin)
{
    size_t low = 0, high = builder->told.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (builder->told.items[middle].begin < begin)
            low = middle + 1;
        else
            high = middle;
    }
    return low < builder->told.count && builder->told.items[low].begin == begin;
}

/* Sorts what was told and makes it disjoint: a function ends where the next one begins. */
static bool settle(hvc_map_builder *builder)
{
    hvc_code_function *items = builder->told.items;
    size_t count = builder->told.count, kept = 0;
    if (!hvc_radix_sort(items, count, sizeof(*items), offsetof(hvc_code_function, begin),
                        &builder->scratch))
        return false;
    for (size_t i = 0; i < count; i++) {
        hvc_code_function *last = kept > 0 ? &items[kept - 1] : NULL;
        if (last != NULL && last->begin == items[i].begin) {
            if (items[i].end > last->end)
                last->end = items[i].end;
            continue;
        }
        if (last != NULL && last->end > items[i].begin)
            last->end = items[i].begin;
        items[kept++] = items[i];
    }
    builder->told.count = kept;
    bool arm64 = builder->isa == &hvc_isa_arm64;
    for (size_t i = 0; i < kept; i++) {
        const hvc_exec_range *range = hvc_exec_at(&builder->exec, items[i].begin);
        uint32_t slot = range->slot + (items[i].begin - range->rva);
        hvc_places_add_range(builder->opaque, slot, items[i].end - items[i].begin);
        hvc_places_add_range(builder->covered, slot, items[i].end - items[i].begin);
        /* An ARM64 fragment does not name its function; it stands behind it. */
        if (arm64 && items[i].group == 0)
            items[i].group =
                i > 0 && items[i - 1].end == items[i].begin ? items[i - 1].group : items[i].begin;
        if (items[i].group != items[i].begin && !is_told(builder, items[i].group))
            items[i].group = items[i].begin;
    }
    return true;
}

bool hvc_builder_read_unwind(hvc_map_builder *builder)
{
    const hvc_image *image = builder->image;
    bool x64 = builder->isa == &hvc_isa_x64;
    uint64_t scopes = image->file.size / SCOPE_RECORD;
    hvc_function_iterator iterator = hvc_function_begin(image);
    hvc_function function;
    while (hvc_function_next(&iterator, &function)) {
        const hvc_exec_range *range = hvc_exec_at(&builder->exec, function.begin);
        if (range == NULL || function.end <= function.begin)
            continue;
        hvc_code_function *told = hvc_vector_add(&builder->scratch, &builder->told);
        if (told == NULL)
            return false;
        uint32_t room = range->size - (function.begin - range->rva);
        *told =
            (hvc_code_function){function.begin, function.end, function.begin, HVC_FROM_EXCEPTION};
        if (told->end - told->begin > room)
            told->end = told->begin + room;
        if (function.chained)
            told->group = x64 ? follow_chain(image, function.begin, function.unwind) : 0;
        if (!read_handlers(builder, &function, &scopes))
            return false;
    }
    return settle(builder);
}
