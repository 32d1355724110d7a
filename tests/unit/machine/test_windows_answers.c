/* What Windows' kernel answers with, as bytes: Verifier's counters and the results of HSTI. No
 * Windows is needed to read them. */
#include "machine_test.h"

#include <stdlib.h>
#include <string.h>

#include "machine/hsti.h"
#include "machine/verifier.h"

enum { ADDRESS = 0x10000, ROOM = 4096 };

typedef struct answer {
    uint8_t bytes[ROOM];
    size_t size;
} answer;

static void put(uint8_t *at, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* An entry of a kernel with pointers of that size; its name stands behind it. */
static void add_entry(answer *self, unsigned pointer, const char *name, size_t body, bool last)
{
    uint8_t *entry = self->bytes + self->size;
    size_t length = strlen(name), total = (body + 2 * length + 7) & ~(size_t)7;
    unsigned counters = pointer == 8 ? 0xE8 : 0xA8, more = pointer == 8 ? 0xFC : 0xBC;
    assert_true(self->size + total <= ROOM);
    put(entry, last ? 0 : total, 4);
    put(entry + 4, 0x02000000, 4);
    put(entry + 0x18, 2 * length, 2);
    put(entry + (pointer == 8 ? 0x20 : 0x1C), ADDRESS + self->size + body, pointer);
    for (unsigned i = 0; i < 7; i++)
        if ((i < 5 ? counters + 4 * i : more + 4 * (i - 5)) + 4 <= body)
            put(entry + (i < 5 ? counters + 4 * i : more + 4 * (i - 5)), i + 1, 4);
    for (size_t i = 0; i < length; i++)
        put(entry + body + 2 * i, (uint8_t)name[i], 2);
    self->size += total;
}

static hvc_span span_of(const answer *self)
{
    return (hvc_span){self->bytes, self->size};
}

static void check_layout(unsigned pointer, size_t whole, size_t old)
{
    answer made = {{0}, 0};
    hvc_arena arena = HVC_ARENA_INIT;
    hvc_verified it;
    uint64_t at = 0;
    bool damaged = true;
    add_entry(&made, pointer, "ACPI.sys", whole, false);
    add_entry(&made, pointer, "a.sys", old, true);
    assert_true(hvc_verifier_next(&arena, span_of(&made), ADDRESS, pointer, &at, &it, &damaged));
    assert_string_equal(it.name, "ACPI.sys");
    assert_int_equal(it.level, 0x02000000);
    assert_true(it.has_counters);
    for (unsigned i = 0; i < HVC_COUNTER_COUNT; i++)
        assert_int_equal(it.counters[i], i + 1);
    /* The first kernels end behind five counters: the name there is no counter. */
    assert_true(hvc_verifier_next(&arena, span_of(&made), ADDRESS, pointer, &at, &it, &damaged));
    assert_string_equal(it.name, "a.sys");
    assert_true(it.has_counters);
    assert_int_equal(it.counters[HVC_COUNTER_ALIGNMENT], 5);
    assert_int_equal(it.counters[HVC_COUNTER_RELOCS], 0);
    assert_int_equal(it.counters[HVC_COUNTER_IAT], 0);
    assert_false(hvc_verifier_next(&arena, span_of(&made), ADDRESS, pointer, &at, &it, &damaged));
    assert_false(damaged);
    hvc_arena_free(&arena);
}

static void test_verifier_layouts(void **state)
{
    (void)state;
    check_layout(8, 0x108, 0xFC);
    check_layout(4, 0xC4, 0xBC);
}

/* However it is cut, nothing outside is read and no name is invented. */
static void test_verifier_damage(void **state)
{
    (void)state;
    answer made = {{0}, 0};
    add_entry(&made, 8, "ACPI.sys", 0x108, true);
    for (size_t size = 0; size < made.size; size++) {
        uint8_t *cut = malloc(size + 1);
        assert_non_null(cut);
        memcpy(cut, made.bytes, size);
        hvc_arena arena = HVC_ARENA_INIT;
        hvc_verified it;
        uint64_t at = 0;
        bool damaged = false;
        bool found =
            hvc_verifier_next(&arena, (hvc_span){cut, size}, ADDRESS, 8, &at, &it, &damaged);
        assert_int_equal(found, size >= 0x108 + 16);
        assert_int_equal(damaged, size > 0 && !found);
        hvc_arena_free(&arena);
        free(cut);
    }
    /* A name before the answer, or an entry that ends in its own middle. */
    answer bad = made;
    hvc_arena arena = HVC_ARENA_INIT;
    hvc_verified it;
    uint64_t at = 0;
    bool damaged = false;
    put(bad.bytes + 0x20, ADDRESS - 8, 8);
    assert_false(hvc_verifier_next(&arena, span_of(&bad), ADDRESS, 8, &at, &it, &damaged));
    assert_true(damaged);
    bad = made;
    put(bad.bytes, 8, 4);
    assert_false(hvc_verifier_next(&arena, span_of(&bad), ADDRESS, 8, &at, &it, &damaged));
    assert_true(damaged);
    assert_int_equal(at, 0);
    hvc_arena_free(&arena);
}

/* A structure of HSTI: three sets of one byte. */
static void add_hsti(answer *self, uint8_t required, uint8_t verified)
{
    uint8_t *at = self->bytes + self->size;
    put(at, 1, 4);
    put(at + 4, 1, 4);
    put(at + 520, 1, 4);
    at[524] = required;
    at[525] = required;
    at[526] = verified;
    put(at + 527, 'x', 2);
    put(at + 529, 0, 2);
    self->size += 531;
}

static const hvc_fact *fact_after(hvc_facts_builder *builder, const answer *blob, hvc_fact_id id)
{
    hvc_facts_free(builder);
    hvc_facts_init(builder, "windows", "test");
    hvc_facts_set_hsti(builder, span_of(blob), "test");
    return hvc_fact_of(&builder->facts, id);
}

static void test_hsti(void **state)
{
    (void)state;
    hvc_facts_builder builder;
    hvc_facts_init(&builder, "windows", "test");
    answer blob = {{0}, 0};
    assert_int_equal(fact_after(&builder, &blob, HVC_FACT_FIRMWARE_HSTI_COUNT)->number, 0);
    assert_false(fact_after(&builder, &blob, HVC_FACT_FIRMWARE_HSTI_PASSED)->flag);
    add_hsti(&blob, 0x0F, 0x1F);
    add_hsti(&blob, 0x03, 0x03);
    const hvc_fact *fact = fact_after(&builder, &blob, HVC_FACT_FIRMWARE_HSTI_COUNT);
    assert_int_equal(fact->state, HVC_FACT_KNOWN);
    assert_int_equal(fact->number, 2);
    assert_true(fact_after(&builder, &blob, HVC_FACT_FIRMWARE_HSTI_PASSED)->flag);
    assert_int_equal(fact_after(&builder, &blob, HVC_FACT_FIRMWARE_HSTI_SIZE)->number, blob.size);
    fact = fact_after(&builder, &blob, HVC_FACT_FIRMWARE_HSTI_BLOB);
    assert_int_equal(strlen(fact->text), 3 * blob.size);
    assert_memory_equal(fact->text, "01,00,00,00,", 12);
    /* A bit that is required and not verified. */
    add_hsti(&blob, 0x04, 0x03);
    assert_false(fact_after(&builder, &blob, HVC_FACT_FIRMWARE_HSTI_PASSED)->flag);
    assert_int_equal(fact_after(&builder, &blob, HVC_FACT_FIRMWARE_HSTI_COUNT)->number, 3);
    /* Bytes behind the last one: then the form is not known, and nothing passed or failed. */
    blob.size++;
    assert_int_equal(fact_after(&builder, &blob, HVC_FACT_FIRMWARE_HSTI_PASSED)->state,
                     HVC_FACT_UNAVAILABLE);
    assert_int_equal(fact_after(&builder, &blob, HVC_FACT_FIRMWARE_HSTI_COUNT)->state,
                     HVC_FACT_UNAVAILABLE);
    assert_int_equal(fact_after(&builder, &blob, HVC_FACT_FIRMWARE_HSTI_SIZE)->number, blob.size);
    hvc_facts_free(&builder);
}

static void test_hsti_cut(void **state)
{
    (void)state;
    hvc_facts_builder builder;
    hvc_facts_init(&builder, "windows", "test");
    answer blob = {{0}, 0};
    add_hsti(&blob, 1, 1);
    for (size_t size = 1; size < 531; size++) {
        answer cut = blob;
        cut.size = size;
        assert_int_equal(fact_after(&builder, &cut, HVC_FACT_FIRMWARE_HSTI_PASSED)->state,
                         HVC_FACT_UNAVAILABLE);
    }
    hvc_facts_free(&builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verifier_layouts),
        cmocka_unit_test(test_verifier_damage),
        cmocka_unit_test(test_hsti),
        cmocka_unit_test(test_hsti_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
