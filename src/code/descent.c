/* Recursive descent: decodes control flow only, each byte at most once. */
#include "code/map_builder.h"

#include "base/limits.h"

/* Functions are longer than this on average, in real code by far. */
enum { SHORT_FUNCTION = 8 };

bool hvc_builder_add_point(hvc_map_builder *builder, uint32_t rva, uint32_t sources)
{
    if (sources == HVC_FROM_POINTER) { /* many pointers may lead to one place */
        const hvc_exec_range *range = hvc_exec_at(&builder->exec, rva);
        uint32_t slot = range->slot + (rva - range->rva);
        if (hvc_place_in(builder->pointed, slot))
            return true;
        hvc_place_add(builder->pointed, slot);
    }
    hvc_point *point = hvc_vector_add(&builder->scratch, &builder->points);
    if (point == NULL)
        return false;
    *point = (hvc_point){rva, sources};
    return true;
}

bool hvc_builder_add_label(hvc_map_builder *builder, uint32_t rva)
{
    uint32_t *label = hvc_vector_add(&builder->scratch, &builder->labels);
    if (label == NULL)
        return false;
    *label = rva;
    return true;
}

static bool push(hvc_map_builder *builder, uint32_t rva)
{
    uint32_t *item = hvc_vector_add(&builder->scratch, &builder->work);
    if (item == NULL)
        return false;
    *item = rva;
    return true;
}

/* The place of rva if it may be decoded; NULL range when not. */
static const hvc_exec_range *decodable(const hvc_map_builder *builder, uint32_t rva,
                                       uint32_t *ret_slot)
{
    const hvc_exec_range *range = hvc_exec_at(&builder->exec, rva);
    if (range == NULL)
        return NULL;
    *ret_slot = range->slot + (rva - range->rva);
    if (hvc_place_in(builder->opaque, *ret_slot))
        return NULL;
    if (builder->isa == &hvc_isa_arm64 && rva % 4 != 0)
        return NULL;
    /* What a sweep comes across may be data, which must not cut up what is known to be code. */
    if (builder->sweeping && hvc_place_in(builder->covered, *ret_slot) &&
        !hvc_place_in(builder->starts, *ret_slot))
        return NULL;
    return range;
}

static bool go_to(hvc_map_builder *builder, uint32_t from_slot, uint32_t rva)
{
    uint32_t slot;
    if (decodable(builder, rva, &slot) == NULL) {
        /* Into the middle of a told function, perhaps. */
        const hvc_exec_range *range = hvc_exec_at(&builder->exec, rva);
        return range == NULL || !hvc_place_in(builder->opaque, range->slot + (rva - range->rva)) ||
               hvc_builder_add_label(builder, rva);
    }
    hvc_edge *edge = hvc_vector_add(&builder->scratch, &builder->edges);
    if (edge == NULL)
        return false;
    *edge = (hvc_edge){from_slot, slot};
    hvc_place_add(builder->leaders, slot);
    return hvc_place_in(builder->starts, slot) || push(builder, rva);
}

/* Adds a start that decoding came upon, while there are not more of them than code can have. */
static bool add_found(hvc_map_builder *builder, uint32_t rva, uint32_t sources)
{
    if (builder->found_starts >= builder->exec.slots / SHORT_FUNCTION + 256)
        return true;
    builder->found_starts++;
    return hvc_builder_add_point(builder, rva, sources);
}

static bool call(hvc_map_builder *builder, uint32_t rva)
{
    uint32_t slot;
    if (decodable(builder, rva, &slot) == NULL || hvc_place_in(builder->called, slot))
        return true;
    bool visited = hvc_place_in(builder->starts, slot);
    hvc_place_add(builder->called, slot);
    if (builder->sweeping && visited && hvc_place_in(builder->sure, slot) &&
        !hvc_place_in(builder->leaders, slot))
        return hvc_builder_add_label(builder,
                                     rva); /* no start on the word of what may be no call */
    hvc_place_add(builder->leaders, slot);
    return add_found(builder, rva, HVC_FROM_CALL) && (visited || push(builder, rva));
}

static bool is_relocated(const hvc_map_builder *builder, uint32_t slot)
{
    return builder->relocated != NULL && hvc_place_in(builder->relocated, slot);
}

/* The RVA that the 4 bytes of an absolute address mean. */
static bool absolute(const hvc_map_builder *builder, const uint8_t *bytes, uint32_t *ret_rva)
{
    return hvc_image_rva_of(builder->image, hvc_le32(bytes), ret_rva);
}

/* The file offset of the 4 bytes at rva. */
static bool offset_of(const hvc_map_builder *builder, uint32_t rva, uint32_t *ret_offset)
{
    hvc_span word = hvc_image_span(builder->image, rva, 4);
    if (word.size < 4)
        return false;
    *ret_offset = (uint32_t)(word.data - builder->image->file.data);
    return true;
}

bool hvc_builder_in_table(const hvc_map_builder *builder, uint32_t rva)
{
    uint32_t offset;
    return offset_of(builder, rva, &offset) && hvc_place_in(builder->table_bytes, offset);
}

/* The code that element rva of a jump table leads to. */
static bool read_element(const hvc_map_builder *builder, uint32_t rva, uint32_t *ret_target)
{
    uint32_t offset, slot;
    const hvc_exec_range *inside = hvc_exec_at(&builder->exec, rva);
    if (inside != NULL && builder->relocated != NULL &&
        !is_relocated(builder, inside->slot + (rva - inside->rva)))
        return false;
    return offset_of(builder, rva, &offset) &&
           absolute(builder, builder->image->file.data + offset, ret_target) &&
           decodable(builder, *ret_target, &slot) != NULL;
}

/* Whether a table lies among the code behind its jump. There compilers put all tables of a
 * function, one behind the other, so that it ends where no relocated pointer to the code before it
 * follows. */
static bool ends_by_itself(const hvc_map_builder *builder, uint32_t jump_slot, uint32_t rva)
{
    const hvc_exec_range *inside = hvc_exec_at(&builder->exec, rva);
    return builder->relocated != NULL && inside != NULL && jump_slot >= inside->slot &&
           jump_slot < inside->slot + (rva - inside->rva);
}

/* Follows a jump through the pointers at rva: at most limit (0: not known), as many as lead to code
 * and, among code of an image with relocations, are relocated. */
static bool follow_table(hvc_map_builder *builder, uint32_t jump_slot, uint32_t rva, uint32_t limit)
{
    uint32_t at = rva, target, offset;
    bool open = limit == 0 && ends_by_itself(builder, jump_slot, rva);
    for (uint32_t i = 0; (open || i < limit) && i < HVC_MAX_JUMP_TABLE; i++, at += 4) {
        if (!read_element(builder, at, &target) || hvc_builder_in_table(builder, at) ||
            (open && (target >= rva ||
                      hvc_exec_at(&builder->exec, target) != hvc_exec_at(&builder->exec, rva))))
            break; /* every element is followed once */
        if (!push(builder, target))
            return false;
        if (offset_of(builder, at, &offset))
            hvc_places_add_range(builder->table_bytes, offset, 4);
        const hvc_exec_range *inside = hvc_exec_at(&builder->exec, at);
        if (inside != NULL && inside->size - (at - inside->rva) >= 4)
            hvc_places_add_range(builder->covered, inside->slot + (at - inside->rva), 4);
    }
    if (at == rva)
        return true;
    hvc_jump_table *table = hvc_vector_add(&builder->scratch, &builder->tables);
    if (table == NULL)
        return false;
    *table = (hvc_jump_table){rva, at, jump_slot};
    return true;
}

/* Where the relocated words of an x86 instruction point. False when one stands where no operand is:
 * then the bytes are no instruction. */
static bool operands_fit(const hvc_map_builder *builder, const hvc_step *step, uint32_t slot)
{
    if (builder->relocated == NULL)
        return true;
    uint32_t next = hvc_places_next(builder->relocated, slot, slot + step->length, true);
    while (next < slot + step->length) {
        uint32_t offset = next - slot;
        if (offset == 0 || (offset != step->displacement && offset != step->immediate))
            return false;
        next = hvc_places_next(builder->relocated, next + 1, slot + step->length, true);
    }
    return true;
}

/* What is known on a straight line of x86 code about an array of pointers that a jump may go
 * through. */
typedef struct table_guess {
    uint32_t rva;      /* its first element; 0 when none was seen */
    uint32_t compared; /* with what a register was compared last */
    uint32_t limit;    /* the index is below; 0 when not known */
    uint32_t number;   /* that a register holds, or that was just pushed */
    uint8_t reg;       /* which holds it; HVC_REG_NONE: none */
    bool pushed;
} table_guess;

/* Notes what an x86 instruction's absolute operands refer to. */
static bool note_operands(hvc_map_builder *builder, const hvc_exec_range *range,
                          const hvc_step *step, uint32_t slot, table_guess *guess)
{
    const uint8_t *bytes = range->bytes + (slot - range->slot);
    uint32_t rva = range->rva + (slot - range->slot), to;
    bool all = builder->relocated == NULL;
    if (step->displacement != 0 && (all || is_relocated(builder, slot + step->displacement)) &&
        absolute(builder, bytes + step->displacement, &to)) {
        const hvc_exec_range *target = hvc_exec_at(&builder->exec, to);
        if (step->through_table)
            guess->rva = to;
        if (target != NULL && !step->forms_address)
            hvc_place_add(builder->data, target->slot + (to - target->rva));
    }
    uint8_t operand = step->forms_address ? step->displacement : step->immediate;
    if (operand == 0 || builder->sweeping || !(all || is_relocated(builder, slot + operand)) ||
        !absolute(builder, bytes + operand, &to) || hvc_exec_at(&builder->exec, to) == NULL)
        return true;
    hvc_code_pointer *pointer = hvc_vector_add(&builder->scratch, &builder->pointers);
    if (pointer == NULL)
        return false;
    *pointer = (hvc_code_pointer){to, rva + operand};
    return true;
}

/* Notes with what an index may be compared: a number, or a register that was given one. What is
 * concluded from it too much or too little only cuts functions wrongly. */
static void note_bound(const hvc_step *step, table_guess *guess)
{
    switch (step->role) {
    case HVC_STEP_COMPARES:
        guess->compared = step->number;
        break;
    case HVC_STEP_COMPARES_REGISTER:
        /* Another register may well hold what it was compared with before. */
        if (step->reg != HVC_REG_NONE && step->reg == guess->reg)
            guess->compared = guess->number;
        break;
    case HVC_STEP_POPS:
        guess->reg = guess->pushed ? step->reg : guess->reg;
        guess->pushed = false;
        break;
    case HVC_STEP_SETS:
    case HVC_STEP_PUSHES:
        guess->pushed = step->role == HVC_STEP_PUSHES;
        guess->reg = guess->pushed ? HVC_REG_NONE : step->reg;
        guess->number = step->number;
        break;
    default:
        break;
    }
}

/* Follows where the instruction at slot leads. */
static bool follow(hvc_map_builder *builder, const hvc_step *step, uint32_t slot,
                   table_guess *guess)
{
    switch (step->kind) {
    case HVC_STEP_CALL:
        return call(builder, step->target);
    case HVC_STEP_BRANCH:
        if (step->above || step->above_or_equal)
            guess->limit = guess->compared + step->above;
        return go_to(builder, slot, step->target);
    case HVC_STEP_JUMP:
        return go_to(builder, slot, step->target);
    case HVC_STEP_JUMP_INDIRECT:
        return guess->rva == 0 || follow_table(builder, slot, guess->rva, guess->limit);
    default:
        note_bound(step, guess);
        return true;
    }
}

/* Decodes one straight line. */
static bool walk(hvc_map_builder *builder, const hvc_exec_range *range, uint32_t slot)
{
    uint32_t end = range->slot + range->size;
    bool x86 = builder->isa == &hvc_isa_x86;
    table_guess guess = {.reg = HVC_REG_NONE};
    hvc_place_add(builder->leaders, slot);
    while (slot < end && !hvc_place_in(builder->opaque, slot)) {
        if (hvc_place_in(builder->starts, slot))
            return true; /* goes on where something was decoded before */
        if (builder->sweeping && hvc_place_in(builder->covered, slot))
            break;
        hvc_step step;
        uint32_t rva = range->rva + (slot - range->slot);
        builder->step((hvc_span){range->bytes + (slot - range->slot), end - slot}, rva, &step);
        if (step.kind == HVC_STEP_INVALID ||
            hvc_place_in(builder->opaque, slot + step.length - 1) ||
            (x86 && !operands_fit(builder, &step, slot))) {
            builder->garbled = true;
            break;
        }
        hvc_place_add(builder->starts, slot);
        hvc_places_add_range(builder->covered, slot, step.length);
        if (x86 && (step.displacement != 0 || step.immediate != 0) &&
            !note_operands(builder, range, &step, slot, &guess))
            return false;
        if (!follow(builder, &step, slot, &guess))
            return false;
        slot += step.length;
        if (step.kind >= HVC_STEP_JUMP)
            break;
    }
    hvc_place_add(builder->ends, slot);
    return true;
}

static bool drain(hvc_map_builder *builder)
{
    while (builder->work.count > 0) {
        uint32_t rva = builder->work.items[--builder->work.count], slot;
        const hvc_exec_range *range = decodable(builder, rva, &slot);
        if (range == NULL)
            continue;
        hvc_place_add(builder->leaders, slot);
        if (!hvc_place_in(builder->starts, slot) && !walk(builder, range, slot))
            return false;
    }
    return true;
}

bool hvc_builder_descend(hvc_map_builder *builder, uint32_t rva)
{
    return push(builder, rva) && drain(builder);
}

/* So many printable characters are text without looking further. */
enum { LONG_TEXT = 128 };

static bool is_printable(uint8_t byte)
{
    return (byte >= 0x20 && byte < 0x7f) || byte == '\t' || byte == '\n' || byte == '\r';
}

uint32_t hvc_text_length(const uint8_t *bytes, uint32_t size)
{
    uint32_t at = 0;
    if (size > LONG_TEXT)
        size = LONG_TEXT;
    while (at < size && is_printable(bytes[at]))
        at++;
    if (at >= 4 && (at == LONG_TEXT || (at < size && bytes[at] == 0)))
        return at < size ? at + 1 : at;
    at = 0;
    while (at + 2 <= size && is_printable(bytes[at]) && bytes[at + 1] == 0)
        at += 2;
    if (at >= 8 && (at == LONG_TEXT || (at + 2 <= size && bytes[at] == 0 && bytes[at + 1] == 0)))
        return at < size ? at + 2 : at;
    return 0;
}

/* Text that is too long to be code, 0 when there is none. */
static uint32_t text_here(const hvc_map_builder *builder, const hvc_exec_range *range,
                          uint32_t slot, uint32_t end)
{
    uint32_t length = hvc_text_length(range->bytes + (slot - range->slot), end - slot);
    if (length < 9 ||
        (builder->relocated != NULL &&
         hvc_places_next(builder->relocated, slot, slot + length, true) < slot + length))
        return 0;
    return length;
}

/* Whether nothing but filling stands at slot; how much of it. */
static uint32_t filling(const hvc_map_builder *builder, const hvc_exec_range *range, uint32_t slot)
{
    const uint8_t *bytes = range->bytes + (slot - range->slot);
    uint32_t rest = range->slot + range->size - slot;
    if (is_relocated(builder, slot))
        return rest < 4 ? rest : 4; /* a pointer among the code */
    if (builder->isa == &hvc_isa_arm64) {
        if (slot % 4 != range->slot % 4 || rest < 4)
            return 1;
    } else if (bytes[0] == 0xcc || bytes[0] == 0) {
        return 1;
    }
    if (bytes[0] == 0x8b && builder->isa != &hvc_isa_arm64)
        return 0; /* mov edi, edi begins a function */
    hvc_step step;
    builder->step((hvc_span){bytes, rest}, range->rva + (slot - range->slot), &step);
    return step.padding ? step.length : 0;
}

/* How far data that code reads may reach, when nothing tells: functions start at multiples of 16.
 */
static uint32_t data_length(const hvc_exec_range *range, uint32_t slot)
{
    uint32_t rva = range->rva + (slot - range->slot);
    return 16 - rva % 16;
}

/* One stretch of bytes that nothing covers. */
static bool sweep_gap(hvc_map_builder *builder, const hvc_exec_range *range, uint32_t slot,
                      uint32_t end)
{
    uint32_t last_end = UINT32_MAX;
    while (slot < end) {
        uint32_t skip = hvc_place_in(builder->covered, slot);
        if (skip == 0)
            skip = filling(builder, range, slot);
        if (skip == 0 && hvc_place_in(builder->data, slot))
            skip = data_length(range, slot);
        if (skip == 0)
            skip = text_here(builder, range, slot, end);
        if (skip != 0) {
            slot += skip;
            continue;
        }
        /* Right behind what is no code, without filling between, goes on the same. */
        uint32_t rva = range->rva + (slot - range->slot);
        bool same = slot == last_end && builder->garbled;
        builder->garbled = false;
        if (!same && !add_found(builder, rva, HVC_FROM_SWEEP))
            return false;
        if (!hvc_builder_descend(builder, rva))
            return false;
        if (!hvc_place_in(builder->covered, slot)) /* no instruction */
            hvc_place_add(builder->covered, slot);
        slot = hvc_places_next(builder->covered, slot, end, false);
        last_end = slot;
    }
    return true;
}

void hvc_builder_doubt(hvc_map_builder *builder)
{
    if (!builder->sweeping)
        memcpy(builder->sure, builder->starts,
               ((size_t)builder->exec.slots / 64 + 1) * sizeof(uint64_t));
    builder->sweeping = true;
}

bool hvc_builder_sweep(hvc_map_builder *builder)
{
    hvc_builder_doubt(builder);
    for (size_t i = 0; i < builder->exec.count; i++) {
        const hvc_exec_range *range = &builder->exec.items[i];
        uint32_t slot = range->slot, end = range->slot + range->size;
        while (slot < end) {
            slot = hvc_places_next(builder->covered, slot, end, false);
            uint32_t stop = hvc_places_next(builder->covered, slot, end, true);
            if (!sweep_gap(builder, range, slot, stop))
                return false;
            slot = stop;
        }
    }
    return true;
}
