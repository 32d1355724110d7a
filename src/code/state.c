#include "code/state.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

void hvc_state_copy(hvc_state *to, const hvc_state *from)
{
    memcpy(to, from, hvc_state_bytes(from->slot_count));
}

static size_t first_slot(const hvc_state *state, uint8_t base, int32_t offset)
{
    size_t low = 0, high = state->slot_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const hvc_slot *slot = &state->slots[middle];
        if (slot->base < base || (slot->base == base && slot->offset < offset))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void remove_slots(hvc_state *state, size_t first, size_t count)
{
    if (count == 0)
        return;
    memmove(&state->slots[first], &state->slots[first + count],
            (state->slot_count - first - count) * sizeof(state->slots[0]));
    state->slot_count = (uint16_t)(state->slot_count - count);
}

/* Adds [low, high) to the parts that got out. When there is no room, or ranges meet, they become
 * one. */
static void add_escape(hvc_state *state, int32_t low, int32_t high)
{
    for (unsigned i = 0; i < state->escape_count; i++) {
        if (low > state->escaped[i].high || high < state->escaped[i].low)
            continue;
        if (low >= state->escaped[i].low && high <= state->escaped[i].high)
            return;
        low = low < state->escaped[i].low ? low : state->escaped[i].low;
        high = high > state->escaped[i].high ? high : state->escaped[i].high;
        state->escaped[i] = state->escaped[--state->escape_count];
        i = UINT_MAX; /* the larger range may meet others: start over */
    }
    if (state->escape_count == HVC_STATE_ESCAPES) {
        for (unsigned i = 0; i < HVC_STATE_ESCAPES; i++) {
            low = low < state->escaped[i].low ? low : state->escaped[i].low;
            high = high > state->escaped[i].high ? high : state->escaped[i].high;
        }
        state->escape_count = 0;
    }
    state->escaped[state->escape_count].low = low;
    state->escaped[state->escape_count].high = high;
    state->escape_count++;
}

void hvc_state_set_stack(const hvc_values *values, hvc_state *state, uint8_t reg,
                         hvc_value_id value)
{
    unsigned kept = 0;
    const hvc_term *sp = hvc_term_of(values, value);
    hvc_state_set(state, reg, value);
    if (sp->kind != HVC_TERM_STACK || sp->reg != 0)
        return;
    for (unsigned i = 0; i < state->escape_count; i++) {
        if (state->escaped[i].high <= sp->offset)
            continue;
        state->escaped[kept] = state->escaped[i];
        if (state->escaped[kept].low < sp->offset)
            state->escaped[kept].low = sp->offset;
        kept++;
    }
    state->escape_count = (uint8_t)kept;
}

void hvc_state_escape_sized(const hvc_values *values, hvc_state *state, hvc_value_id value,
                            int32_t size)
{
    size_t count;
    const hvc_value_id *members = hvc_value_members(values, &value, &count);
    for (size_t i = 0; i < count; i++) {
        const hvc_term *term = hvc_term_of(values, members[i]);
        if (term->kind == HVC_TERM_OP) {
            hvc_state_escape(values, state, term->a);
            hvc_state_escape(values, state, term->b);
        }
        if (term->kind != HVC_TERM_STACK)
            continue;
        int32_t whole = term->offset < 0 ? 0 : INT32_MAX;
        int32_t bottom = term->offset < 0 ? HVC_STATE_BOTTOM : 0;
        if (term->reg == 0) {
            add_escape(state, size != 0 ? term->offset : bottom,
                       size > 0 && size < whole - term->offset ? term->offset + size : whole);
        } else { /* wherever that is in the frame */
            state->escaped_other = true;
            add_escape(state, HVC_STATE_BOTTOM, 0);
        }
    }
}

static void insert_slot(hvc_values *values, hvc_state *state, size_t at, hvc_slot slot)
{
    if (state->slot_count == HVC_STATE_SLOTS) {
        /* No room: the new slot is forgotten at once, and an address in it has got out of sight.
         * Above the return address a missing slot would mean "as at entry". */
        hvc_state_escape(values, state, slot.value);
        if (slot.base == 0 && slot.offset >= 0)
            state->entry_lost = true;
        return;
    }
    memmove(&state->slots[at + 1], &state->slots[at],
            (state->slot_count - at) * sizeof(state->slots[0]));
    state->slots[at] = slot;
    state->slot_count++;
}

/* Slots that [low, high) overlaps: the first one and how many. */
static size_t overlapping(const hvc_state *state, uint8_t base, int32_t low, int64_t high,
                          size_t *ret_count)
{
    size_t first = first_slot(state, base, low);
    if (first > 0 && state->slots[first - 1].base == base &&
        (int64_t)state->slots[first - 1].offset + state->slots[first - 1].size > low)
        first--;
    size_t end = first;
    while (end < state->slot_count && state->slots[end].base == base &&
           state->slots[end].offset < high)
        end++;
    *ret_count = end - first;
    return first;
}

static void forget_places(hvc_state *state, uint8_t base, int64_t low, int64_t high)
{
    hvc_place_of *flags = &state->flags.place;
    if (flags->kind == 2 && flags->reg_or_base == base && flags->offset < high &&
        flags->offset + flags->size > low)
        flags->kind = 0;
    for (uint64_t left = state->loaded; left != 0; left &= left - 1) {
        const hvc_place_of *origin = &state->origin[__builtin_ctzll(left)];
        if (origin->reg_or_base == base && origin->offset < high &&
            origin->offset + origin->size > low)
            state->loaded &= ~(left & -left);
    }
}

/* Bases other than the entry's stand for a stack pointer whose distance from it is not known: a
 * write above such a base may hit any slot of the frame, one below it (a push) only what was dead
 * before. */
static void alias_bases(const hvc_values *values, hvc_state *state, uint8_t base, int64_t high)
{
    size_t kept = 0;
    if (state->slot_count == 0 ||
        (state->slots[0].base == base && state->slots[state->slot_count - 1].base == base))
        return; /* no other bases */
    for (size_t i = 0; i < state->slot_count; i++) {
        hvc_slot slot = state->slots[i];
        bool hit = base == 0
                       ? slot.base != 0 && slot.offset + slot.size > 0
                       : slot.base != base && (slot.base != 0 || (slot.offset < 0 && high > 0));
        if (hit) {
            hvc_state_escape(values, state, slot.value);
            forget_places(state, slot.base, slot.offset, (int64_t)slot.offset + slot.size);
        } else {
            state->slots[kept++] = slot;
        }
    }
    state->slot_count = (uint16_t)kept;
}

void hvc_state_forget(hvc_values *values, hvc_state *state, uint8_t base, int32_t low, int32_t high)
{
    alias_bases(values, state, base, high);
    size_t count, first = overlapping(state, base, low, high, &count);
    for (size_t i = first; i < first + count; i++)
        hvc_state_escape(values, state, state->slots[i].value);
    forget_places(state, base, low, high);
    if (base == 0 && high > 0) {
        /* Above the return address a missing slot means "as at entry": keep them, as unknown. */
        state->entry_lost = true;
    }
    remove_slots(state, first, count);
}

bool hvc_state_holds(const hvc_state *state, uint8_t base, int32_t low, int32_t high)
{
    size_t count = 0;
    if (base == 0 && high > 0 && !state->entry_lost)
        return true; /* as at entry */
    if (state->slot_count > 0)
        overlapping(state, base, low, high, &count);
    return count > 0;
}

bool hvc_state_has(const hvc_state *state, uint8_t base, int32_t offset, uint8_t size)
{
    size_t count, first = overlapping(state, base, offset, (int64_t)offset + size, &count);
    if (count == 0)
        return base == 0 && offset >= 0 && !state->entry_lost;
    return count == 1 && state->slots[first].offset == offset && state->slots[first].size == size;
}

hvc_value_id hvc_state_load(hvc_values *values, const hvc_state *state, uint8_t base,
                            int32_t offset, uint8_t size)
{
    size_t count, first = overlapping(state, base, offset, (int64_t)offset + size, &count);
    if (count == 1 && size <= 8) {
        const hvc_slot *slot = &state->slots[first];
        int32_t skip = offset - slot->offset;
        if (skip == 0 && slot->size == size)
            return slot->value;
        if (skip >= 0 && skip + size <= slot->size && slot->size <= 8) {
            hvc_value_id value = slot->value;
            if (skip > 0)
                value = hvc_value_alu(values, HVC_ALU_SHR, value,
                                      hvc_value_const(values, 8u * (unsigned)skip), 8);
            return hvc_value_truncate(values, value, size);
        }
    }
    if (count == 0 && base == 0 && offset >= 0 && !state->entry_lost && size <= 8)
        return hvc_value_entry_stack(values, offset, size);
    return hvc_value_unknown(values, HVC_UNKNOWN_FRAME);
}

/* Puts value into a part of a slot; false when the slot cannot hold that. */
static bool store_inside(hvc_values *values, hvc_slot *slot, int32_t offset, uint8_t size,
                         hvc_value_id value)
{
    if (hvc_term_of(values, slot->value)->kind == HVC_TERM_STACK ||
        hvc_term_of(values, value)->kind == HVC_TERM_STACK)
        return false;
    unsigned shift = 8u * (unsigned)(offset - slot->offset);
    uint64_t hole = hvc_size_mask(size) << shift;
    hvc_value_id rest =
        hvc_value_alu(values, HVC_ALU_AND, slot->value,
                      hvc_value_const(values, ~hole & hvc_size_mask(slot->size)), 8);
    hvc_value_id part = hvc_value_alu(values, HVC_ALU_SHL, hvc_value_truncate(values, value, size),
                                      hvc_value_const(values, shift), 8);
    slot->value =
        shift == 0 ? hvc_value_truncate(values, hvc_value_insert(values, slot->value, value, size),
                                        slot->size)
                   : hvc_value_alu(values, HVC_ALU_OR, rest, part, 8);
    return true;
}

void hvc_state_store(hvc_values *values, hvc_state *state, uint8_t base, int32_t offset,
                     uint8_t size, hvc_value_id value)
{
    alias_bases(values, state, base, (int64_t)offset + size);
    size_t count, first = overlapping(state, base, offset, (int64_t)offset + size, &count);
    forget_places(state, base, offset, (int64_t)offset + size);
    if (count == 1 && state->slots[first].offset == offset && state->slots[first].size == size) {
        state->slots[first].value = value;
        return;
    }
    if (count == 1 && state->slots[first].offset <= offset && state->slots[first].size <= 8 &&
        offset + size <= state->slots[first].offset + state->slots[first].size &&
        store_inside(values, &state->slots[first], offset, size, value))
        return;
    for (size_t i = first; i < first + count; i++)
        hvc_state_escape(values, state, state->slots[i].value);
    /* What is overwritten only in part is forgotten whole. Above the return address a missing slot
     * would mean "as at entry", so the rest of it becomes unknown for good. */
    if (base == 0 && count > 0)
        for (size_t i = first; i < first + count; i++)
            if (state->slots[i].offset >= 0 &&
                (state->slots[i].offset < offset ||
                 state->slots[i].offset + state->slots[i].size > offset + size))
                state->entry_lost = true;
    remove_slots(state, first, count);
    insert_slot(values, state, first_slot(state, base, offset),
                (hvc_slot){.offset = offset, .base = base, .size = size, .value = value});
}

static bool same_escapes(const hvc_state *a, const hvc_state *b)
{
    return a->escape_count == b->escape_count &&
           memcmp(a->escaped, b->escaped, a->escape_count * sizeof(a->escaped[0])) == 0;
}

void hvc_state_foreign_write(hvc_values *values, hvc_state *state)
{
    /* Forgetting a slot may let a further address out, so repeat until nothing more does. */
    for (bool more = true; more;) {
        hvc_state before;
        memcpy(before.escaped, state->escaped, sizeof(before.escaped));
        before.escape_count = state->escape_count;
        for (unsigned i = 0; i < state->escape_count; i++)
            hvc_state_forget(values, state, 0, state->escaped[i].low, state->escaped[i].high);
        more = !same_escapes(&before, state);
    }
    if (state->escaped_other) {
        size_t first = first_slot(state, 1, INT32_MIN);
        for (size_t i = first; i < state->slot_count; i++)
            hvc_state_escape(values, state, state->slots[i].value);
        remove_slots(state, first, state->slot_count - first);
        for (uint64_t left = state->loaded; left != 0; left &= left - 1)
            if (state->origin[__builtin_ctzll(left)].reg_or_base != 0)
                state->loaded &= ~(left & -left);
        if (state->flags.place.kind == 2 && state->flags.place.reg_or_base != 0)
            state->flags.place.kind = 0;
    }
}

static bool same_place(const hvc_place_of *a, const hvc_place_of *b)
{
    return a->kind == b->kind && (a->kind == 0 || (a->reg_or_base == b->reg_or_base &&
                                                   a->size == b->size && a->offset == b->offset));
}

/* Joins two values; an address that gets lost in the join has got out of sight. */
static hvc_value_id join_values(hvc_values *values, hvc_state *to, hvc_value_id a, hvc_value_id b,
                                bool widen)
{
    hvc_value_id joined = hvc_value_join(values, a, b);
    uint8_t kind = hvc_term_of(values, a)->kind;
    widen = widen && joined != a &&
            (kind == HVC_TERM_SET || kind == HVC_TERM_PART || hvc_value_is_unknown(values, a));
    if (widen) {
        joined = hvc_value_unknown(values, HVC_UNKNOWN_MERGE);
        hvc_value_note_lost(values, a);
        hvc_value_note_lost(values, b);
    }
    if (hvc_value_why(values, joined) != HVC_UNKNOWN_NONE) {
        hvc_state_escape(values, to, a);
        hvc_state_escape(values, to, b);
    }
    return joined;
}

/* Whether slot lies before the place of other. */
static bool lies_before(const hvc_slot *slot, const hvc_slot *other)
{
    return slot->base != other->base ? slot->base < other->base : slot->offset < other->offset;
}

/* The slots of to, with what from holds there. */
static bool join_own_slots(hvc_values *values, hvc_state *to, const hvc_state *from, bool widen)
{
    bool changed = false;
    size_t kept = 0, k = 0;
    for (size_t i = 0; i < to->slot_count; i++) {
        hvc_slot slot = to->slots[i];
        while (k < from->slot_count && lies_before(&from->slots[k], &slot))
            k++;
        const hvc_slot *same = k < from->slot_count ? &from->slots[k] : NULL;
        hvc_value_id other;
        if (same != NULL && !lies_before(&slot, same) && same->size == slot.size) {
            other = same->value;
        } else {
            other = hvc_state_load(values, from, slot.base, slot.offset, slot.size);
            bool above = slot.base == 0 && slot.offset >= 0;
            if (slot.size > 8 || (!above && hvc_value_is_unknown(values, other))) {
                hvc_state_escape(values, to, slot.value);
                changed = true;
                continue;
            }
        }
        if (other != slot.value) {
            hvc_value_id joined = join_values(values, to, slot.value, other, widen);
            changed |= joined != slot.value;
            slot.value = joined;
        }
        to->slots[kept++] = slot;
    }
    to->slot_count = (uint16_t)kept;
    return changed;
}

/* Slots of from alone: below the return address they are simply not known; above it, missing in to
 * means "as at entry" there. */
static bool join_other_slots(hvc_values *values, hvc_state *to, const hvc_state *from, bool widen)
{
    bool changed = false;
    size_t same = 0;
    for (size_t k = 0; k < from->slot_count; k++) {
        const hvc_slot *slot = &from->slots[k];
        size_t count;
        while (same < to->slot_count && lies_before(&to->slots[same], slot))
            same++;
        if (same < to->slot_count && !lies_before(slot, &to->slots[same]))
            continue;
        overlapping(to, slot->base, slot->offset, (int64_t)slot->offset + slot->size, &count);
        if (count == 0 && slot->base == 0 && slot->offset >= 0 && !to->entry_lost) {
            hvc_value_id entry = slot->size <= 8
                                     ? hvc_value_entry_stack(values, slot->offset, slot->size)
                                     : hvc_value_unknown(values, HVC_UNKNOWN_FRAME);
            hvc_state_store(values, to, 0, slot->offset, slot->size,
                            join_values(values, to, entry, slot->value, widen));
            changed = true;
        } else {
            hvc_state_escape(values, to, slot->value);
        }
    }
    return changed;
}

/* Whether both hold something at the same places. */
static bool same_places(const hvc_state *a, const hvc_state *b)
{
    if (a->slot_count != b->slot_count)
        return false;
    for (size_t i = 0; i < a->slot_count; i++)
        if (a->slots[i].offset != b->slots[i].offset || a->slots[i].base != b->slots[i].base ||
            a->slots[i].size != b->slots[i].size)
            return false;
    return true;
}

static bool join_slots(hvc_values *values, hvc_state *to, const hvc_state *from, bool widen)
{
    bool changed = false;
    if (!same_places(to, from)) {
        changed = join_own_slots(values, to, from, widen);
        return join_other_slots(values, to, from, widen) || changed;
    }
    for (size_t i = 0; i < to->slot_count; i++) {
        hvc_value_id own = to->slots[i].value, other = from->slots[i].value;
        if (own == other)
            continue;
        to->slots[i].value = join_values(values, to, own, other, widen);
        changed |= to->slots[i].value != own;
    }
    return changed;
}

static bool join_flags(hvc_flags *to, const hvc_flags *from)
{
    if (to->kind == HVC_FLAGS_UNKNOWN)
        return false;
    if (to->kind != from->kind || to->size != from->size || to->a != from->a || to->b != from->b) {
        *to = (hvc_flags){.kind = HVC_FLAGS_UNKNOWN};
        return true;
    }
    hvc_flags before = *to;
    if (!same_place(&to->place, &from->place))
        to->place.kind = 0;
    if (to->copy != from->copy)
        to->copy = 0;
    if (to->difference != from->difference)
        to->difference = 0;
    return to->place.kind != before.place.kind || to->copy != before.copy ||
           to->difference != before.difference;
}

/* The two ways left the stack pointer at different places: from here on it has a base of its own,
 * "where it is at this point". A loop that comes back to the point with another stack pointer
 * leaves it unknown. */
static hvc_value_id join_stack_pointers(hvc_values *values, hvc_value_id a, hvc_value_id b,
                                        uint8_t join_base)
{
    const hvc_term *from = hvc_term_of(values, b);
    if (join_base == 0 || hvc_value_is_unknown(values, a) || from->kind != HVC_TERM_STACK ||
        from->reg == join_base)
        return hvc_value_unknown(values, HVC_UNKNOWN_FLOW);
    return hvc_value_stack(values, join_base, 0);
}

bool hvc_state_join(hvc_values *values, const hvc_isa *isa, hvc_state *to, const hvc_state *from,
                    uint8_t join_base, bool widen)
{
    if (!from->live)
        return false;
    if (!to->live) {
        hvc_state_copy(to, from);
        for (unsigned reg = HVC_REG_T0; reg < HVC_REG_COUNT; reg++)
            to->regs[reg] = HVC_VALUE_UNDEFINED;
        to->loaded &= UINT32_MAX;
        return true;
    }
    bool changed = false;
    hvc_state before;
    memcpy(before.escaped, to->escaped, sizeof(before.escaped));
    before.escape_count = to->escape_count;
    before.escaped_other = to->escaped_other;
    before.entry_lost = to->entry_lost;
    for (uint64_t left = to->loaded; left != 0; left &= left - 1) {
        unsigned reg = (unsigned)__builtin_ctzll(left);
        if ((from->loaded & left & -left) != 0 && same_place(&to->origin[reg], &from->origin[reg]))
            continue;
        to->loaded &= ~(left & -left);
        changed = true;
    }
    for (unsigned reg = 0; reg < HVC_REG_MACHINE; reg++) {
        if (to->regs[reg] == from->regs[reg])
            continue;
        hvc_value_id joined =
            reg == isa->stack_pointer
                ? join_stack_pointers(values, to->regs[reg], from->regs[reg], join_base)
                : join_values(values, to, to->regs[reg], from->regs[reg], widen);
        if (joined != to->regs[reg]) {
            to->regs[reg] = joined;
            changed = true;
        }
    }
    changed |= join_slots(values, to, from, widen);
    changed |= join_flags(&to->flags, &from->flags);
    for (unsigned i = 0; i < from->escape_count; i++)
        add_escape(to, from->escaped[i].low, from->escaped[i].high);
    to->escaped_other |= from->escaped_other;
    to->entry_lost |= from->entry_lost;
    return changed || !same_escapes(&before, to) || before.escaped_other != to->escaped_other ||
           before.entry_lost != to->entry_lost;
}
