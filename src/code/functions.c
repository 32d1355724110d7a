/* Which functions an image has: gathers what says where code starts, and leaves what the exception
 * data does not describe to the descent. */
#include "code/functions.h"

#include "base/error.h"
#include "code/map_builder.h"
#include "code/pointers.h"
#include "code/radix.h"

static bool add_if_code(hvc_map_builder *builder, uint32_t rva, uint32_t sources)
{
    return hvc_exec_at(&builder->exec, rva) == NULL || hvc_builder_add_point(builder, rva, sources);
}

/* A table of RVAs, each followed by more bytes. */
static bool add_table(hvc_map_builder *builder, uint32_t rva, uint32_t count, uint32_t stride,
                      uint32_t sources, bool labels)
{
    if (rva == 0 || stride < 4)
        return true;
    hvc_span table = hvc_image_span(builder->image, rva, (uint64_t)count * stride);
    for (size_t at = 0; at + 4 <= table.size; at += stride) {
        uint32_t entry = hvc_le32(table.data + at);
        if (!labels) {
            if (!add_if_code(builder, entry, sources))
                return false;
        } else if (hvc_exec_at(&builder->exec, entry) != NULL &&
                   !hvc_builder_add_label(builder, entry)) {
            return false;
        }
    }
    return true;
}

static bool add_headers(hvc_map_builder *builder)
{
    const hvc_image *image = builder->image;
    const hvc_load_config *config = &image->load_config;
    if (image->headers.entry_point != 0 &&
        !add_if_code(builder, image->headers.entry_point, HVC_FROM_ENTRY))
        return false;
    for (size_t i = 0; i < image->exports.count; i++) {
        if (image->exports.items[i].rva != 0 &&
            !add_if_code(builder, image->exports.items[i].rva, HVC_FROM_EXPORT))
            return false;
    }
    uint32_t stride = config->guard_cf_stride;
    return add_table(builder, config->guard_cf_table, config->guard_cf_count, stride,
                     HVC_FROM_GUARD, false) &&
           add_table(builder, config->seh_table, config->seh_count, 4, HVC_FROM_POINTER, false) &&
           add_table(builder, config->guard_long_jump_table, config->guard_long_jump_count, stride,
                     0, true) &&
           add_table(builder, config->guard_eh_table, config->guard_eh_count, stride, 0, true);
}

/* A pointer of the image: x64 and ARM64 take it for the beginning of a function. */
static bool take_pointer(void *context, uint32_t from, uint32_t to)
{
    hvc_map_builder *builder = context;
    (void)from;
    return add_if_code(builder, to, HVC_FROM_POINTER);
}

/* Linkers put literals among the code too. Few functions read like text; they are then swept. */
static bool is_text(const hvc_map_builder *builder, const hvc_point *point)
{
    const hvc_exec_range *range = hvc_exec_at(&builder->exec, point->rva);
    uint32_t at = point->rva - range->rva;
    return point->sources == HVC_FROM_POINTER &&
           hvc_text_length(range->bytes + at, range->size - at) != 0;
}

/* Hands the points that fall into told functions to these; what is left are starts. */
static bool distribute(hvc_map_builder *builder)
{
    if (!hvc_builder_sort_points(builder))
        return false;
    size_t kept = 0, next = 0;
    for (size_t i = 0; i < builder->points.count; i++) {
        hvc_point point = builder->points.items[i];
        while (next < builder->told.count && builder->told.items[next].end <= point.rva)
            next++;
        hvc_code_function *told = next < builder->told.count ? &builder->told.items[next] : NULL;
        if (told == NULL || point.rva < told->begin) {
            if (!is_text(builder, &point))
                builder->points.items[kept++] = point;
        } else if (point.rva == told->begin) {
            told->sources |= (uint8_t)point.sources;
        } else if (!hvc_builder_add_label(builder, point.rva)) {
            return false;
        }
    }
    builder->points.count = kept;
    return true;
}

/* Descends from the points of the given sources that are there now. */
static bool descend_from(hvc_map_builder *builder, uint32_t wanted)
{
    for (size_t i = 0, count = builder->points.count; i < count; i++) {
        hvc_point point = builder->points.items[i];
        if ((point.sources & wanted) != 0 && !hvc_builder_descend(builder, point.rva))
            return false;
    }
    return true;
}

static bool build_64(hvc_map_builder *builder)
{
    if (!hvc_pointers_each(builder->image, take_pointer, builder) ||
        !hvc_builder_scan_code(builder))
        return false;
    if (!distribute(builder) || !descend_from(builder, ~(uint32_t)HVC_FROM_CALL))
        return false;
    hvc_builder_doubt(builder); /* what only looks like a call is no proof */
    return descend_from(builder, HVC_FROM_CALL);
}

static bool take_x86_pointer(void *context, uint32_t from, uint32_t to)
{
    hvc_map_builder *builder = context;
    const hvc_exec_range *at = hvc_exec_at(&builder->exec, from);
    /* Pointers among the code are operands or data: the descent tells which. */
    if (at != NULL) {
        if (builder->relocated != NULL)
            hvc_place_add(builder->relocated, at->slot + (from - at->rva));
        return true;
    }
    if (hvc_exec_at(&builder->exec, to) == NULL)
        return true;
    hvc_code_pointer *pointer = hvc_vector_add(&builder->scratch, &builder->pointers);
    if (pointer == NULL)
        return false;
    *pointer = (hvc_code_pointer){to, from};
    return true;
}

/* Whether a pointer may lead to code; *ret_slot is where. */
static bool may_lead_to_code(const hvc_map_builder *builder, const hvc_code_pointer *pointer,
                             uint32_t *ret_slot)
{
    const hvc_exec_range *range = hvc_exec_at(&builder->exec, pointer->to);
    uint32_t slot = range->slot + (pointer->to - range->rva);
    *ret_slot = slot;
    if (hvc_place_in(builder->data, slot) ||
        (builder->relocated != NULL && hvc_place_in(builder->relocated, slot)))
        return false;
    /* Covered otherwise: a known jump table, or the inside of an instruction. */
    return !hvc_place_in(builder->covered, slot) || hvc_place_in(builder->starts, slot);
}

/* How long a text must be to be none of code. Functions begin with pushes, whose opcodes are
 * letters and whose operands, pool tags, may be; few begin with other characters. */
static uint32_t shortest_text(uint8_t first)
{
    bool pushes = (first >= 0x50 && first <= 0x57) || first == 0x68 || first == 0x6A;
    return pushes ? 24 : 8; /* the NUL included */
}

/* Old drivers keep their texts among the code. What reads like one is data. */
static bool skip_text(hvc_map_builder *builder, const hvc_code_pointer *pointer, uint32_t slot)
{
    const hvc_exec_range *range = hvc_exec_at(&builder->exec, pointer->to);
    uint32_t at = pointer->to - range->rva;
    uint32_t length = hvc_text_length(range->bytes + at, range->size - at);
    if (length < shortest_text(range->bytes[at]) || hvc_place_in(builder->covered, slot) ||
        (builder->relocated != NULL &&
         hvc_places_next(builder->relocated, slot, slot + length, true) < slot + length))
        return false;
    hvc_place_add(builder->data, slot);
    hvc_places_add_range(builder->covered, slot, length);
    return true;
}

/* The code that a pointer at rva, among the code, leads to; false when it is none. */
static bool pointer_among_code(const hvc_map_builder *builder, uint32_t rva, uint32_t *ret_to)
{
    const hvc_exec_range *range = hvc_exec_at(&builder->exec, rva);
    uint64_t address;
    return range != NULL && hvc_image_pointer(builder->image, rva, &address) &&
           hvc_image_rva_of(builder->image, address, ret_to) &&
           hvc_exec_at(&builder->exec, *ret_to) != NULL &&
           (builder->relocated == NULL ||
            hvc_place_in(builder->relocated, range->slot + (rva - range->rva)));
}

static bool add_pointer(hvc_map_builder *builder, uint32_t from)
{
    uint32_t to;
    hvc_code_pointer *pointer = hvc_vector_add(&builder->scratch, &builder->pointers);
    if (pointer == NULL || !pointer_among_code(builder, from, &to))
        return false;
    *pointer = (hvc_code_pointer){to, from};
    return true;
}

/* Whether the entry whose handler stands at rva is met for the first time: a handler of a damaged
 * table may be the table itself. */
static bool is_new_scope(hvc_map_builder *builder, uint32_t rva)
{
    const hvc_exec_range *range = hvc_exec_at(&builder->exec, rva);
    uint32_t slot = range->slot + (rva - range->rva);
    bool known = hvc_place_in(builder->scopes, slot);
    hvc_place_add(builder->scopes, slot);
    return !known;
}

/* The filters and handlers of a scope table among the code, as drivers have it whose constants were
 * merged into it: entries of an enclosing level, a filter or none, and a handler. Elsewhere they
 * are pointers like others. */
static bool follow_scopes(hvc_map_builder *builder, uint32_t rva)
{
    enum { ENTRY = 12, COOKIES = 16, MAX_SCOPES = 256 };
    uint32_t outermost, level, filter, to;
    if (!hvc_image_u32(builder->image, rva, &outermost))
        return true;
    if (outermost != UINT32_MAX) { /* _except_handler4: cookies first, and another end */
        rva += COOKIES;
        if (!hvc_image_u32(builder->image, rva, &outermost) || outermost != UINT32_MAX - 1)
            return true;
    }
    for (uint32_t i = 0; i < MAX_SCOPES; i++, rva += ENTRY) {
        if (!hvc_image_u32(builder->image, rva, &level) || (level != outermost && level >= i) ||
            !hvc_image_u32(builder->image, rva + 4, &filter) ||
            (filter != 0 && !pointer_among_code(builder, rva + 4, &to)) ||
            !pointer_among_code(builder, rva + 8, &to) || !is_new_scope(builder, rva + 8))
            return true;
        if ((filter != 0 && !add_pointer(builder, rva + 4)) || !add_pointer(builder, rva + 8))
            return false;
    }
    return true;
}

/* Decodes what pointers point to, and then makes starts of it, unless it is read as data or jump
 * tables alone lead there. Which tables there are is known only when all is decoded. */
static bool follow_pointers(hvc_map_builder *builder)
{
    bool sure = builder->relocated != NULL;
    uint32_t slot;
    if (!hvc_radix_sort(builder->pointers.items, builder->pointers.count, sizeof(hvc_code_pointer),
                        offsetof(hvc_code_pointer, to), &builder->scratch))
        return false;
    for (size_t i = 0; i < builder->pointers.count; i++) { /* grows as code is found */
        hvc_code_pointer pointer = builder->pointers.items[i];
        if (!follow_scopes(builder, pointer.to))
            return false;
        if (!may_lead_to_code(builder, &pointer, &slot) || hvc_place_in(builder->starts, slot) ||
            skip_text(builder, &pointer, slot))
            continue; /* without relocations, the value of an address inside known code is an
                         accident */
        if (!hvc_builder_descend(builder, pointer.to) ||
            (!sure && !hvc_builder_add_point(builder, pointer.to, HVC_FROM_POINTER)))
            return false;
    }
    for (size_t i = 0; sure && i < builder->pointers.count; i++) {
        const hvc_code_pointer *pointer = &builder->pointers.items[i];
        if (!may_lead_to_code(builder, pointer, &slot) || !hvc_place_in(builder->starts, slot) ||
            hvc_builder_in_table(builder, pointer->from))
            continue;
        hvc_place_add(builder->leaders, slot);
        if (!hvc_builder_add_point(builder, pointer->to, HVC_FROM_POINTER))
            return false;
    }
    return true;
}

static bool build_x86(hvc_map_builder *builder)
{
    builder->scopes = hvc_places_new(&builder->scratch, &builder->exec);
    if (builder->scopes == NULL)
        return false;
    if (hvc_image_is_relocated(builder->image)) {
        builder->relocated = hvc_places_new(&builder->scratch, &builder->exec);
        if (builder->relocated == NULL)
            return false;
    }
    return hvc_pointers_each(builder->image, take_x86_pointer, builder) &&
           hvc_builder_sort_points(builder) && descend_from(builder, ~UINT32_C(0)) &&
           follow_pointers(builder);
}

typedef struct marker {
    hvc_map_builder *builder;
    hvc_function_map *map;
} marker;

/* x86: an operand in code that was only swept, or in no function's flow, takes an address too. */
static bool mark_pointer(void *context, uint32_t from, uint32_t to)
{
    marker *it = context;
    const hvc_code_function *function = hvc_function_at(it->map, to);
    if (function != NULL && function->begin == to &&
        hvc_exec_at(&it->builder->exec, from) != NULL && !hvc_builder_in_table(it->builder, from))
        it->map->functions.items[function - it->map->functions.items].sources |= HVC_FROM_POINTER;
    return true;
}

static uint32_t rva_of(const hvc_map_builder *builder, uint32_t slot)
{
    const hvc_exec_range *range = builder->exec.items;
    while (slot - range->slot >= range->size)
        range++;
    return range->rva + (slot - range->slot);
}

/* A jump from one function into the middle of another: control arrives there in a way that the
 * function itself does not show. */
static bool label_crossings(hvc_map_builder *builder, const hvc_function_map *map)
{
    for (size_t i = 0; i < builder->edges.count; i++) {
        uint32_t to = rva_of(builder, builder->edges.items[i].to);
        const hvc_code_function *from =
            hvc_function_at(map, rva_of(builder, builder->edges.items[i].from));
        const hvc_code_function *function = hvc_function_at(map, to);
        if (function != NULL && function->group != to &&
            (from == NULL || from->group != function->group) && !hvc_builder_add_label(builder, to))
            return false;
    }
    return true;
}

static bool finish_labels(hvc_map_builder *builder, hvc_arena *arena, hvc_function_map *map)
{
    size_t count = builder->labels.count;
    if (!hvc_radix_sort(builder->labels.items, count, sizeof(uint32_t), 0, &builder->scratch))
        return false;
    map->labels.items = hvc_arena_array(arena, count + 1, sizeof(uint32_t));
    if (map->labels.items == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        uint32_t label = builder->labels.items[i];
        const hvc_code_function *function = hvc_function_at(map, label);
        if ((function == NULL || function->group != label) &&
            (map->labels.count == 0 || map->labels.items[map->labels.count - 1] != label))
            map->labels.items[map->labels.count++] = label;
    }
    map->labels.capacity = count + 1;
    return true;
}

/* A fragment's group is a function of the map. What was found first as a function of its own may
 * have become a part of another since. */
static void finish_groups(hvc_function_map *map)
{
    for (size_t i = 0; i < map->functions.count; i++) {
        hvc_code_function *it = &map->functions.items[i];
        if (it->group == it->begin)
            continue;
        const hvc_code_function *group = hvc_function_at(map, it->group);
        if (group != NULL && group->begin != it->group)
            group = hvc_function_at(map, group->group);
        it->group = group != NULL && group->group == group->begin ? group->begin : it->begin;
    }
}

typedef struct part {
    uint32_t group, index;
} part;

typedef HVC_VECTOR(part) part_list;

static bool add_part(hvc_arena *scratch, part_list *list, uint32_t group, size_t index)
{
    part *item = hvc_vector_add(scratch, list);
    if (item != NULL)
        *item = (part){group, (uint32_t)index};
    return item != NULL;
}

static bool sort_parts(hvc_arena *scratch, part_list *list, size_t key_offset)
{
    return hvc_radix_sort(list->items, list->count, sizeof(part), key_offset, scratch);
}

static bool list_parts(hvc_map_builder *builder, hvc_arena *arena, hvc_function_map *map)
{
    hvc_arena *scratch = &builder->scratch;
    part_list list = {0};
    for (size_t i = 0; i < map->functions.count; i++) {
        const hvc_code_function *it = &map->functions.items[i];
        if (it->group != it->begin && !add_part(scratch, &list, it->group, i))
            return false;
    }
    if (!sort_parts(scratch, &list, offsetof(part, group)))
        return false;
    size_t fragments = list.count;
    for (size_t i = 0; i < fragments; i++) {
        uint32_t group = list.items[i].group;
        if ((i == 0 || list.items[i - 1].group != group) &&
            !add_part(scratch, &list, group,
                      (size_t)(hvc_function_at(map, group) - map->functions.items)))
            return false;
    }
    map->parts.items = hvc_arena_array(arena, list.count + 1, sizeof(uint32_t));
    if (map->parts.items == NULL || !sort_parts(scratch, &list, offsetof(part, index)) ||
        !sort_parts(scratch, &list, offsetof(part, group)))
        return false;
    for (size_t i = 0; i < list.count; i++)
        map->parts.items[i] = list.items[i].index;
    map->parts.count = list.count;
    map->parts.capacity = list.count + 1;
    return true;
}

/* Merges what was told and what was found. */
static bool finish(hvc_map_builder *builder, hvc_arena *arena, hvc_function_map *ret_map)
{
    size_t count = builder->told.count + builder->found.count, told = 0, found = 0;
    hvc_function_map map = {0};
    map.functions.items = hvc_arena_array(arena, count + 1, sizeof(hvc_code_function));
    if (map.functions.items == NULL)
        return false;
    map.functions.capacity = count + 1;
    while (map.functions.count < count) {
        bool take_told = found == builder->found.count ||
                         (told < builder->told.count &&
                          builder->told.items[told].begin < builder->found.items[found].begin);
        map.functions.items[map.functions.count++] =
            take_told ? builder->told.items[told++] : builder->found.items[found++];
    }
    finish_groups(&map);
    if (!label_crossings(builder, &map) || !finish_labels(builder, arena, &map) ||
        !list_parts(builder, arena, &map))
        return false;
    if (builder->relocated != NULL) {
        marker it = {builder, &map};
        hvc_pointers_each(builder->image, mark_pointer, &it);
    }
    *ret_map = map;
    return true;
}

static bool prepare(hvc_map_builder *builder)
{
    hvc_arena *scratch = &builder->scratch;
    if (!hvc_exec_build(builder->image, scratch, &builder->exec))
        return false;
    hvc_places *all[] = {&builder->opaque,  &builder->starts, &builder->covered,
                         &builder->leaders, &builder->ends,   &builder->called,
                         &builder->data,    &builder->sure,   &builder->pointed};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        *all[i] = hvc_places_new(scratch, &builder->exec);
        if (*all[i] == NULL)
            return false;
    }
    builder->table_bytes =
        hvc_arena_array(scratch, builder->image->file.size / 64 + 1, sizeof(uint64_t));
    return builder->table_bytes != NULL;
}

hvc_status hvc_function_map_build(const hvc_image *image, const hvc_isa *isa, hvc_arena *arena,
                                  hvc_function_map *ret_map, hvc_error *error)
{
    hvc_map_builder builder = {.image = image, .isa = isa, .step = hvc_step_decoder(isa)};
    bool done = prepare(&builder) && hvc_builder_read_unwind(&builder) && add_headers(&builder) &&
                (isa == &hvc_isa_x86 ? build_x86(&builder) : build_64(&builder)) &&
                hvc_builder_sweep(&builder) && hvc_builder_assign(&builder) &&
                finish(&builder, arena, ret_map);
    hvc_arena_free(&builder.scratch);
    return done ? HVC_OK : hvc_fail_memory(error);
}

const hvc_code_function *hvc_function_find(const hvc_code_function *functions, size_t count,
                                           uint32_t rva)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const hvc_code_function *function = &functions[middle];
        if (rva < function->begin)
            high = middle;
        else if (rva >= function->end)
            low = middle + 1;
        else
            return function;
    }
    return NULL;
}

const hvc_code_function *hvc_function_at(const hvc_function_map *map, uint32_t rva)
{
    return hvc_function_find(map->functions.items, map->functions.count, rva);
}

const hvc_code_function *hvc_function_part(const hvc_function_map *map, uint32_t group, size_t n)
{
    const hvc_code_function *functions = map->functions.items;
    size_t low = 0, high = map->parts.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (functions[map->parts.items[middle]].group < group)
            low = middle + 1;
        else
            high = middle;
    }
    size_t at = low + n;
    if (low < map->parts.count && functions[map->parts.items[low]].group == group)
        return at < map->parts.count && functions[map->parts.items[at]].group == group
                   ? &functions[map->parts.items[at]]
                   : NULL;
    const hvc_code_function *whole = n == 0 ? hvc_function_at(map, group) : NULL;
    return whole != NULL && whole->begin == group ? whole : NULL;
}
