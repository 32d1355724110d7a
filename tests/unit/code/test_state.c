/* What is known at a point: slots of the stack that overlap, addresses that get out, what foreign
 * writes leave, and what two ways that meet have in common. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "code/state.h"

static hvc_values values;
static hvc_state here, there;

static int set_up(void **state)
{
    (void)state;
    memset(&here, 0, sizeof(here));
    memset(&there, 0, sizeof(there));
    here.live = there.live = true;
    return hvc_values_init(&values, 8) == HVC_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    hvc_values_free(&values);
    return 0;
}

static hvc_value_id number(uint64_t n)
{
    return hvc_value_const(&values, n);
}

static hvc_value_id address(int32_t offset)
{
    return hvc_value_stack(&values, 0, offset);
}

static void store(int32_t offset, uint8_t size, uint64_t n)
{
    hvc_state_store(&values, &here, 0, offset, size, number(n));
}

static hvc_value_id load(int32_t offset, uint8_t size)
{
    return hvc_state_load(&values, &here, 0, offset, size);
}

static bool is_unknown(hvc_value_id value)
{
    return hvc_value_is_unknown(&values, value);
}

/* Into a state that has no more slots than it must have. */
static bool join(bool widen)
{
    unsigned room = hvc_state_room(&here, &there);
    hvc_state *kept = malloc(hvc_state_bytes(room));
    assert_non_null(kept);
    hvc_state_copy(kept, &here);
    bool changed = hvc_state_join(&values, &hvc_isa_x64, kept, &there, 1, widen);
    assert_true(kept->slot_count <= room);
    hvc_state_copy(&here, kept);
    free(kept);
    return changed;
}

static void test_store_and_load(void **state)
{
    (void)state;
    assert_true(is_unknown(load(-8, 8)));
    store(-8, 8, 0x1122334455667788);
    assert_int_equal(load(-8, 8), number(0x1122334455667788));
    assert_int_equal(load(-8, 4), number(0x55667788));
    assert_int_equal(load(-6, 2), number(0x5566));
    assert_int_equal(load(-1, 1), number(0x11));
    assert_true(is_unknown(load(-12, 8)));
    assert_true(is_unknown(load(-4, 8)));
    /* two slots are not put together */
    store(-16, 8, 1);
    assert_true(is_unknown(load(-12, 8)));
    assert_int_equal(load(-16, 8), number(1));
    store(-8, 8, 2);
    assert_int_equal(load(-8, 8), number(2));
    assert_int_equal(here.slot_count, 2);
}

static void test_above_the_return_address(void **state)
{
    (void)state;
    assert_int_equal(load(0x28, 8), hvc_value_entry_stack(&values, 0x28, 8));
    store(0x28, 8, 5);
    assert_int_equal(load(0x28, 8), number(5));
    assert_int_equal(load(0x30, 8), hvc_value_entry_stack(&values, 0x30, 8));
    /* overwritten in part: what is left is no longer as at entry */
    store(0x2C, 8, 6);
    assert_int_equal(load(0x2C, 8), number(6));
    assert_true(is_unknown(load(0x28, 4)));
    assert_true(here.entry_lost);
}

static void test_partial_stores(void **state)
{
    (void)state;
    store(-8, 8, 0x1122334455667788);
    store(-8, 1, 0xAA);
    assert_int_equal(load(-8, 8), number(0x11223344556677AA));
    store(-4, 2, 0xBBCC);
    assert_int_equal(load(-8, 8), number(0x1122BBCC556677AA));
    store(-1, 1, 0xFF);
    assert_int_equal(load(-8, 8), number(0xFF22BBCC556677AA));
    /* over an end: only what was written now is known */
    store(-12, 8, 3);
    assert_int_equal(load(-12, 8), number(3));
    assert_true(is_unknown(load(-4, 4)));
    assert_true(is_unknown(load(-8, 8)));
    /* over both ends */
    store(-32, 2, 1);
    store(-28, 2, 2);
    hvc_state_store(&values, &here, 0, -32, 16,
                    hvc_value_unknown(&values, HVC_UNKNOWN_INSTRUCTION));
    assert_true(is_unknown(load(-32, 2)));
    assert_true(is_unknown(load(-28, 2)));
}

/* An address in a slot that is changed in part is no address any more, and has got out. */
static void test_address_overwritten_in_part(void **state)
{
    (void)state;
    hvc_state_store(&values, &here, 0, -8, 8, address(-0x40));
    store(-8, 1, 0);
    assert_true(is_unknown(load(-8, 8)));
    assert_int_equal(here.escape_count, 1);
    assert_int_equal(here.escaped[0].low, HVC_STATE_BOTTOM);
    assert_int_equal(here.escaped[0].high, 0);
}

static void test_foreign_write(void **state)
{
    (void)state;
    store(-0x10, 8, 1);
    store(-0x20, 8, 2);
    store(-0x28, 8, 3);
    hvc_state_foreign_write(&values, &here);
    assert_int_equal(load(-0x10, 8), number(1)); /* nobody knows where it is */
    hvc_state_escape_sized(&values, &here, address(-0x20), 8);
    hvc_state_foreign_write(&values, &here);
    assert_int_equal(load(-0x10, 8), number(1));
    assert_true(is_unknown(load(-0x20, 8)));
    assert_int_equal(load(-0x28, 8), number(3));
    assert_int_equal(load(8, 8), hvc_value_entry_stack(&values, 8, 8));
    /* written again, it is forgotten again: the address is still out */
    store(-0x20, 8, 4);
    hvc_state_foreign_write(&values, &here);
    assert_true(is_unknown(load(-0x20, 8)));
    /* an object of unknown size reaches up to the return address */
    store(-0x20, 8, 4);
    hvc_state_escape_sized(&values, &here, address(-0x20), HVC_STATE_UPWARDS);
    hvc_state_foreign_write(&values, &here);
    assert_true(is_unknown(load(-0x20, 8)));
    assert_true(is_unknown(load(-0x10, 8)));
    assert_int_equal(load(-0x28, 8), number(3));
    assert_false(here.entry_lost);
    /* and a place in it may be what is known of it */
    hvc_state_escape(&values, &here, address(-0x20));
    hvc_state_foreign_write(&values, &here);
    assert_true(is_unknown(load(-0x28, 8)));
    assert_false(here.entry_lost);
    /* one above it reaches over all the caller's */
    hvc_state_escape(&values, &here, address(8));
    hvc_state_foreign_write(&values, &here);
    assert_true(is_unknown(load(8, 8)));
}

/* Only an address gets out, also inside a set or an operation. */
static void test_what_escapes(void **state)
{
    (void)state;
    hvc_state_escape(&values, &here, number(7));
    hvc_state_escape(&values, &here, hvc_value_entry(&values, 1));
    assert_int_equal(here.escape_count, 0);
    hvc_state_escape(&values, &here, hvc_value_join(&values, number(0), address(-0x18)));
    assert_int_equal(here.escape_count, 1);
    assert_int_equal(here.escaped[0].low, HVC_STATE_BOTTOM);
    hvc_state_escape(&values, &here, hvc_value_stack(&values, 2, -0x18));
    assert_int_equal(here.escape_count, 1);
    assert_true(here.escaped_other);
}

/* What lies in memory that foreign code reads lets out what it points to. */
static void test_address_in_an_escaped_slot(void **state)
{
    (void)state;
    hvc_state_store(&values, &here, 0, -0x10, 8, address(-0x40));
    store(-0x40, 8, 1);
    store(-0x48, 8, 2);
    hvc_state_escape_sized(&values, &here, address(-0x10), 8);
    hvc_state_foreign_write(&values, &here);
    assert_true(is_unknown(load(-0x40, 8)));
    assert_true(is_unknown(load(-0x48, 8)));
}

/* What lies below the stack pointer is no object. */
static void test_moved_stack_pointer(void **state)
{
    (void)state;
    hvc_state_escape_sized(&values, &here, address(-0x40), 8);
    hvc_state_escape_sized(&values, &here, address(-0x20), 8);
    hvc_state_set_stack(&values, &here, 4, address(-0x1C));
    assert_int_equal(here.regs[4], address(-0x1C));
    assert_int_equal(here.escape_count, 1);
    assert_int_equal(here.escaped[0].low, -0x1C);
    assert_int_equal(here.escaped[0].high, -0x18);
    hvc_state_set_stack(&values, &here, 4, hvc_value_stack(&values, 1, 0));
    assert_int_equal(here.escape_count, 1);
}

static void test_ranges_of_escapes(void **state)
{
    (void)state;
    hvc_state_escape_sized(&values, &here, address(-0x40), 8);
    hvc_state_escape_sized(&values, &here, address(-0x30), 8);
    assert_int_equal(here.escape_count, 2);
    hvc_state_escape_sized(&values, &here, address(-0x38), 8); /* closes the gap */
    assert_int_equal(here.escape_count, 1);
    assert_int_equal(here.escaped[0].low, -0x40);
    assert_int_equal(here.escaped[0].high, -0x28);
    for (int32_t i = 1; i <= HVC_STATE_ESCAPES; i++)
        hvc_state_escape_sized(&values, &here, address(-0x40 - 0x20 * i), 8);
    /* no room: one range over all */
    assert_int_equal(here.escape_count, 1);
    assert_int_equal(here.escaped[0].low, -0x40 - 0x20 * HVC_STATE_ESCAPES);
    assert_int_equal(here.escaped[0].high, -0x28);
}

static void test_forget(void **state)
{
    (void)state;
    store(-0x18, 8, 1);
    store(-0x10, 8, 2);
    store(-8, 8, 3);
    hvc_state_forget(&values, &here, 0, -0x0C, -8);
    assert_int_equal(load(-0x18, 8), number(1));
    assert_true(is_unknown(load(-0x10, 8)));
    assert_int_equal(load(-8, 8), number(3));
    assert_false(here.entry_lost);
    hvc_state_forget(&values, &here, 0, -8, 8);
    assert_true(here.entry_lost);
    assert_true(is_unknown(load(0x20, 8)));
}

/* A base that is not the entry's lies somewhere in the frame. */
static void test_bases(void **state)
{
    (void)state;
    store(-0x10, 8, 1);
    store(8, 8, 9);
    hvc_state_store(&values, &here, 1, -8, 8, number(2)); /* a push: below what was in use */
    assert_int_equal(load(-0x10, 8), number(1));
    assert_int_equal(hvc_state_load(&values, &here, 1, -8, 8), number(2));
    hvc_state_store(&values, &here, 1, 0x20, 8, number(3)); /* above: may be any slot */
    assert_true(is_unknown(load(-0x10, 8)));
    assert_int_equal(load(8, 8), number(9)); /* of the caller: not of the frame */
    assert_int_equal(hvc_state_load(&values, &here, 1, 0x20, 8), number(3));
    assert_int_equal(hvc_state_load(&values, &here, 1, -8, 8), number(2));
    hvc_state_store(&values, &here, 2, -8, 8, number(4)); /* two such bases may be one place */
    assert_true(is_unknown(hvc_state_load(&values, &here, 1, 0x20, 8)));
    assert_true(is_unknown(hvc_state_load(&values, &here, 1, -8, 8)));
    store(-0x30, 8, 5); /* the frame itself: may be what lies above the base */
    assert_int_equal(hvc_state_load(&values, &here, 2, -8, 8), number(4));
    hvc_state_store(&values, &here, 2, 0, 8, number(6));
    store(-0x30, 8, 7);
    assert_true(is_unknown(hvc_state_load(&values, &here, 2, 0, 8)));
    /* an address on such a base gets out: foreign code may write there */
    hvc_state_escape(&values, &here, hvc_value_stack(&values, 2, -8));
    hvc_state_foreign_write(&values, &here);
    assert_true(is_unknown(hvc_state_load(&values, &here, 2, -8, 8)));
    assert_true(is_unknown(load(-0x30, 8)));
    assert_int_equal(load(8, 8), number(9));
}

static void test_no_room(void **state)
{
    (void)state;
    for (int32_t i = 0; i < HVC_STATE_SLOTS; i++)
        store(-8 * (i + 1), 8, (uint64_t)i);
    assert_int_equal(load(-8 * HVC_STATE_SLOTS, 8), number(HVC_STATE_SLOTS - 1));
    hvc_state_store(&values, &here, 0, -0x1000, 8, address(-0x2000));
    assert_true(is_unknown(load(-0x1000, 8)));
    assert_int_equal(here.escape_count, 1);
    assert_false(here.entry_lost);
    store(0x20, 8, 1);
    assert_true(is_unknown(load(0x20, 8)));
    store(-8, 8, 77); /* one that is there has room */
    assert_int_equal(load(-8, 8), number(77));
}

/* An address that meets something of which nothing is known has got out, on whichever way it came.
 */
static void test_join_unknown(void **state)
{
    (void)state;
    hvc_state_set(&here, 1, hvc_value_unknown(&values, HVC_UNKNOWN_MEMORY));
    hvc_state_copy(&there, &here);
    hvc_state_set(&there, 1, address(-0x80));
    assert_true(join(false));
    assert_int_equal(here.escape_count, 1);
    hvc_state_set(&there, 1, address(-0x80));
    hvc_state_set(&here, 1, address(-0x80));
    here.escape_count = 0;
    hvc_state_set(&there, 1, hvc_value_unknown(&values, HVC_UNKNOWN_MEMORY));
    assert_true(join(false));
    assert_int_equal(here.escape_count, 1);
}

/* An address that steps through the frame and is given up may have gone anywhere in it. */
static void test_join_steps(void **state)
{
    (void)state;
    hvc_state_set(&here, 1, address(-0x80));
    hvc_state_copy(&there, &here);
    hvc_state_set(&there, 1, address(-0x78));
    assert_true(join(true));
    assert_int_equal(here.escape_count, 0);
    hvc_state_set(&there, 1, address(-0x70));
    assert_true(join(true));
    assert_int_equal(hvc_value_why(&values, here.regs[1]), HVC_UNKNOWN_MERGE);
    assert_int_equal(here.escape_count, 1);
    assert_true(here.escaped[0].low < -0x1000);
}

static void test_join_registers(void **state)
{
    (void)state;
    for (uint8_t reg = 0; reg < 3; reg++)
        hvc_state_set(&here, reg, number(reg));
    hvc_state_copy(&there, &here);
    assert_false(join(false));
    hvc_state_set(&there, 1, number(0x200));
    hvc_state_set(&there, HVC_REG_T0, number(1)); /* dead between instructions */
    assert_true(join(false));
    assert_int_equal(here.regs[0], number(0));
    assert_int_equal(here.regs[1], hvc_value_join(&values, number(1), number(0x200)));
    assert_false(join(false)); /* it settles */
    hvc_state_set(&there, 2, number(9));
    assert_true(join(true)); /* what differs for the first time may be all */
    assert_int_equal(here.regs[2], hvc_value_join(&values, number(2), number(9)));
    assert_false(join(true));
    hvc_state_set(&there, 2, number(16));
    assert_true(join(true));
    assert_int_equal(hvc_value_why(&values, here.regs[2]), HVC_UNKNOWN_MERGE);
    assert_false(join(true));
    /* from nowhere, and to nowhere */
    there.live = false;
    hvc_state_set(&there, 0, number(5));
    assert_false(join(false));
    assert_int_equal(here.regs[0], number(0));
    there.live = true;
    here.live = false;
    assert_true(join(false));
    assert_int_equal(here.regs[0], number(5));
    assert_true(here.live);
    assert_int_equal(here.regs[HVC_REG_T0], HVC_VALUE_UNDEFINED);
}

static void test_join_slots(void **state)
{
    (void)state;
    store(-8, 8, 1);
    store(-0x10, 8, 2);
    store(0x20, 8, 3);
    hvc_state_store(&values, &there, 0, -8, 8, number(4));
    hvc_state_store(&values, &there, 0, -0x18, 8, address(-0x40));
    hvc_state_store(&values, &there, 0, 0x28, 4, number(5));
    hvc_state_escape_sized(&values, &there, address(0x60), 8);
    assert_true(join(false));
    assert_int_equal(load(-8, 8), hvc_value_join(&values, number(1), number(4)));
    assert_true(is_unknown(load(-0x10, 8))); /* known on one way only */
    assert_true(is_unknown(load(-0x18, 8)));
    /* above, the other way left it as at entry */
    assert_int_equal(load(0x20, 8),
                     hvc_value_join(&values, number(3), hvc_value_entry_stack(&values, 0x20, 8)));
    assert_int_equal(load(0x28, 4),
                     hvc_value_join(&values, number(5), hvc_value_entry_stack(&values, 0x28, 4)));
    /* the address that is lost here, and what got out there */
    assert_int_equal(here.escape_count, 2);
    assert_int_equal(here.escaped[0].low, HVC_STATE_BOTTOM);
    assert_int_equal(here.escaped[0].high, 0);
    assert_int_equal(here.escaped[1].low, 0x60);
    assert_int_equal(here.escaped[1].high, 0x68);
    assert_false(join(false));
    there.entry_lost = true;
    assert_true(join(false));
    assert_true(is_unknown(load(0x40, 8)));
    there.escaped_other = true;
    assert_true(join(false));
    assert_true(here.escaped_other);
    assert_false(join(false));
}

/* An address that is on one way only is lost, and foreign code may know it. */
/* Slots above the return address that only one way wrote are there behind both. */
static void test_join_adds_slots(void **state)
{
    (void)state;
    store(-16, 8, 1);
    store(8, 8, 2);
    hvc_state_store(&values, &there, 0, -24, 8, number(3));
    hvc_state_store(&values, &there, 0, -16, 8, number(1));
    hvc_state_store(&values, &there, 0, 0, 8, number(4));
    hvc_state_store(&values, &there, 0, 16, 8, number(5));
    hvc_state_store(&values, &there, 1, -8, 8, number(6));
    assert_int_equal(there.slot_count, 5);
    assert_int_equal(hvc_state_room(&here, &there), 4);
    assert_true(join(false));
    assert_int_equal(here.slot_count, 4);
    here.live = false;
    here.slot_count = 0;
    assert_int_equal(hvc_state_room(&here, &there), 5);
    assert_true(join(false));
    assert_int_equal(here.slot_count, 5);
    /* Full states have no more than all. */
    for (int32_t i = 0; i < 2 * HVC_STATE_SLOTS; i++) {
        hvc_state_store(&values, &here, 0, 1000 + 8 * i, 8, number(7));
        hvc_state_store(&values, &there, 0, 5000 + 8 * i, 8, number(8));
    }
    assert_int_equal(hvc_state_room(&here, &there), HVC_STATE_SLOTS);
    assert_true(join(false));
}

static void test_join_loses_addresses(void **state)
{
    (void)state;
    hvc_state_store(&values, &here, 0, -8, 8, address(-0x40));
    assert_true(join(false));
    assert_int_equal(here.escape_count, 1);
    assert_int_equal(here.escaped[0].low, HVC_STATE_BOTTOM);
    hvc_state_set(&here, 3, address(0x80));
    hvc_state_set(&there, 3, hvc_value_unknown(&values, HVC_UNKNOWN_CALL));
    assert_true(join(false));
    assert_int_equal(here.escape_count, 1);
    assert_int_equal(here.escaped[0].high, INT32_MAX);
    /* in a set, it is still known where it is */
    hvc_state_set(&here, 4, address(-0x100));
    hvc_state_set(&there, 4, number(0));
    assert_true(join(false));
    assert_int_equal(here.escape_count, 1);
}

static void test_join_stack_pointers(void **state)
{
    uint8_t sp = hvc_isa_x64.stack_pointer;
    (void)state;
    hvc_state_set(&here, sp, address(-0x28));
    hvc_state_set(&there, sp, address(-0x28));
    assert_false(join(false));
    hvc_state_set(&there, sp, address(-0x30));
    assert_true(join(false));
    assert_int_equal(here.regs[sp], hvc_value_stack(&values, 1, 0));
    /* a loop that moves it */
    hvc_state_set(&there, sp, hvc_value_stack(&values, 1, -8));
    assert_true(join(false));
    assert_true(is_unknown(here.regs[sp]));
}

static void test_flags(void **state)
{
    (void)state;
    here.flags = (hvc_flags){.kind = HVC_FLAGS_COMPARE, .size = 4, .a = number(1), .b = number(2)};
    here.flags.place = (hvc_place_of){.kind = 1, .reg_or_base = 0, .size = 4};
    hvc_state_set_origin(&here, 0, (hvc_place_of){.kind = 2, .size = 4, .offset = -8});
    hvc_state_copy(&there, &here);
    assert_false(join(false));
    /* the register is overwritten: what was compared still lies in the slot that it came from */
    hvc_state_set(&here, 0, number(1));
    assert_int_equal(here.flags.place.kind, 2);
    assert_int_equal(here.flags.place.offset, -8);
    assert_int_equal(hvc_state_origin(&here, 0).kind, 0);
    store(-6, 1, 0); /* and now no longer */
    assert_int_equal(here.flags.place.kind, 0);
    assert_int_equal(here.flags.kind, HVC_FLAGS_COMPARE);
    /* a register of which the slot is overwritten comes from nowhere */
    hvc_state_set_origin(&here, 2, (hvc_place_of){.kind = 2, .size = 4, .offset = -0x10});
    store(-0x14, 4, 0);
    assert_int_equal(hvc_state_origin(&here, 2).kind, 2);
    store(-0x10, 4, 0);
    assert_int_equal(hvc_state_origin(&here, 2).kind, 0);
    there.flags.b = number(3);
    assert_true(join(false));
    assert_int_equal(here.flags.kind, HVC_FLAGS_UNKNOWN);
}

/* Random stores and foreign writes against plain bytes: what is known is right. */

enum { FRAME = 48, ROUNDS = 200, STEPS = 60 };

static uint64_t random_state;

static uint32_t next_random(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33);
}

static uint64_t read_bytes(const uint8_t *bytes, size_t size)
{
    uint64_t n = 0;
    for (size_t i = 0; i < size; i++)
        n |= (uint64_t)bytes[i] << 8 * i;
    return n;
}

/* Foreign code writes to all that it knows the address of. */
static void overwrite(uint8_t *bytes)
{
    for (int32_t at = 0; at < FRAME; at++)
        for (unsigned i = 0; i < here.escape_count; i++)
            if (at - FRAME >= here.escaped[i].low && at - FRAME < here.escaped[i].high)
                bytes[at] = (uint8_t)next_random();
}

static size_t check_loads(const uint8_t *bytes)
{
    size_t known = 0;
    for (uint8_t size = 1; size <= 8; size *= 2) {
        for (int32_t at = 0; at + size <= FRAME; at++) {
            uint64_t n;
            hvc_value_id value = load(at - FRAME, size);
            if (hvc_value_is_const(&values, value, &n)) {
                assert_int_equal(n, read_bytes(bytes + at, size));
                known++;
            } else {
                assert_true(is_unknown(value));
            }
        }
    }
    return known;
}

static void test_random_stores(void **state)
{
    size_t known = 0;
    (void)state;
    random_state = 1;
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint8_t bytes[FRAME] = {0};
        memset(&here, 0, sizeof(here));
        hvc_values_reset(&values);
        for (unsigned i = 0; i < STEPS; i++) {
            uint8_t size = (uint8_t)(1u << next_random() % 4);
            int32_t at = (int32_t)(next_random() % (unsigned)(FRAME - size + 1));
            if (next_random() % 3 != 0)
                at &= ~(size - 1);
            uint64_t n = ((uint64_t)next_random() << 32 | next_random()) & hvc_size_mask(size);
            if (next_random() % 16 == 0) {
                if (next_random() % 4 == 0)
                    hvc_state_escape_sized(&values, &here, address(at - FRAME), size);
                overwrite(bytes);
                hvc_state_foreign_write(&values, &here);
            } else {
                store(at - FRAME, size, n);
                for (uint8_t k = 0; k < size; k++)
                    bytes[at + k] = (uint8_t)(n >> 8 * k);
                assert_int_equal(load(at - FRAME, size), number(n));
            }
            for (size_t k = 1; k < here.slot_count; k++)
                assert_true(here.slots[k - 1].offset + here.slots[k - 1].size <=
                            here.slots[k].offset);
            known += check_loads(bytes);
        }
    }
    assert_true(known > (size_t)ROUNDS * STEPS * 10);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_store_and_load),
        TEST(test_above_the_return_address),
        TEST(test_partial_stores),
        TEST(test_address_overwritten_in_part),
        TEST(test_foreign_write),
        TEST(test_what_escapes),
        TEST(test_address_in_an_escaped_slot),
        TEST(test_moved_stack_pointer),
        TEST(test_ranges_of_escapes),
        TEST(test_forget),
        TEST(test_bases),
        TEST(test_no_room),
        TEST(test_join_unknown),
        TEST(test_join_steps),
        TEST(test_join_registers),
        TEST(test_join_slots),
        TEST(test_join_adds_slots),
        TEST(test_join_loses_addresses),
        TEST(test_join_stack_pointers),
        TEST(test_flags),
        TEST(test_random_stores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
