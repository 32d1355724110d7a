/* ACPI tables: what they say, and every way in which their bytes can be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "machine/acpi.h"

typedef struct table {
    uint8_t bytes[512];
    size_t size;
} table;

static void put(table *it, const void *bytes, size_t size)
{
    assert_true(it->size + size <= sizeof(it->bytes));
    memcpy(it->bytes + it->size, bytes, size);
    it->size += size;
}

static void put16(table *it, unsigned value)
{
    put(it, (uint8_t[]){(uint8_t)value, (uint8_t)(value >> 8)}, 2);
}

static void put32(table *it, uint32_t value)
{
    put16(it, value & 0xffff);
    put16(it, value >> 16);
}

static void begin(table *it, const char *signature)
{
    *it = (table){{0}, 0};
    put(it, signature, 4);
    it->size = 36;
}

/* Length and checksum, as they have to be. */
static hvc_span finish(table *it)
{
    uint8_t sum = 0;
    it->bytes[4] = (uint8_t)it->size;
    it->bytes[5] = (uint8_t)(it->size >> 8);
    it->bytes[9] = 0;
    for (size_t i = 0; i < it->size; i++)
        sum = (uint8_t)(sum + it->bytes[i]);
    it->bytes[9] = (uint8_t)-sum;
    return (hvc_span){it->bytes, it->size};
}

static void structure(table *it, unsigned type, unsigned length, unsigned flags)
{
    size_t at = it->size;
    put16(it, type);
    put16(it, length);
    put(it, (uint8_t[]){(uint8_t)flags}, 1);
    assert_true(at + length <= sizeof(it->bytes));
    it->size = at + length;
}

static void begin_dmar(table *it, unsigned flags)
{
    begin(it, "DMAR");
    put(it, (uint8_t[]){38, (uint8_t)flags}, 2);
    it->size = 48;
}

static void test_header(void **state)
{
    (void)state;
    table it;
    begin(&it, "WSMT");
    put32(&it, 7);
    hvc_span good = finish(&it), whole = {NULL, 0};
    hvc_error error = {0};
    assert_int_equal(hvc_acpi_table(good, "WSMT", &whole, &error), HVC_OK);
    assert_int_equal(whole.size, 40);
    /* What lies behind the table does not belong to it. */
    it.bytes[40] = 0xee;
    assert_int_equal(hvc_acpi_table((hvc_span){it.bytes, 60}, "WSMT", &whole, &error), HVC_OK);
    assert_int_equal(whole.size, 40);

    whole = (hvc_span){NULL, 0};
    assert_int_equal(hvc_acpi_table(good, "DMAR", &whole, &error), HVC_E_MALFORMED);
    assert_non_null(strstr(error.message, "signature"));
    for (size_t size = 0; size < 40; size++)
        assert_int_equal(hvc_acpi_table((hvc_span){it.bytes, size}, "WSMT", &whole, &error),
                         HVC_E_MALFORMED);
    it.bytes[4] = 35;
    assert_int_equal(hvc_acpi_table(good, "WSMT", &whole, &error), HVC_E_MALFORMED);
    assert_non_null(strstr(error.message, "length 35"));
    finish(&it);
    for (size_t i = 10; i < 40; i++) {
        it.bytes[i] ^= 0x10;
        assert_int_equal(hvc_acpi_table(good, "WSMT", &whole, &error), HVC_E_MALFORMED);
        assert_non_null(strstr(error.message, "checksum"));
        it.bytes[i] ^= 0x10;
    }
    assert_null(whole.data);
}

static void test_dmar(void **state)
{
    (void)state;
    table it;
    hvc_acpi_dmar dmar;
    hvc_error error = {0};
    begin_dmar(&it, HVC_DMAR_INTERRUPT_REMAPPING | HVC_DMAR_DMA_OPT_IN);
    structure(&it, 0, 24, 0);
    structure(&it, 0, 16, 1);
    structure(&it, 1, 32, 0);
    structure(&it, 4, 20, 0);
    structure(&it, 77, 4, 0);
    assert_int_equal(hvc_acpi_read_dmar(finish(&it), &dmar, &error), HVC_OK);
    assert_int_equal(dmar.flags, 5);
    assert_int_equal(dmar.units, 2);
    assert_true(dmar.include_all);
    assert_int_equal(dmar.reserved_regions, 1);

    begin_dmar(&it, 0);
    assert_int_equal(hvc_acpi_read_dmar(finish(&it), &dmar, &error), HVC_OK);
    assert_int_equal(dmar.units, 0);
    assert_false(dmar.include_all);
}

static void test_dmar_damage(void **state)
{
    (void)state;
    static const struct {
        unsigned type, length, size; /* of the table behind its header */
    } bad[] = {{0, 0, 16},     {0, 3, 16}, {0, 15, 15}, {1, 23, 23}, {0, 17, 16},
               {9, 65535, 16}, {9, 4, 5},  {9, 4, 7},   {0, 0, 1},   {0, 0, 3}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        table it;
        hvc_acpi_dmar dmar = {.units = 99};
        hvc_error error = {0};
        begin_dmar(&it, 1);
        put16(&it, bad[i].type);
        put16(&it, bad[i].length);
        it.size = 48 + bad[i].size;
        assert_int_equal(hvc_acpi_read_dmar(finish(&it), &dmar, &error), HVC_E_MALFORMED);
        assert_true(error.has_offset && error.offset >= 48);
        assert_int_equal(dmar.units, 99);
    }
    table it;
    hvc_acpi_dmar dmar;
    hvc_error error = {0};
    begin(&it, "DMAR");
    it.size = 47;
    assert_int_equal(hvc_acpi_read_dmar(finish(&it), &dmar, &error), HVC_E_MALFORMED);
}

static void ivrs_block(table *it, unsigned type, unsigned length)
{
    structure(it, type, length, 0);
}

static void test_ivrs(void **state)
{
    (void)state;
    table it;
    hvc_acpi_ivrs ivrs;
    hvc_error error = {0};
    begin(&it, "IVRS");
    put32(&it, 0x203043);
    it.size = 48;
    ivrs_block(&it, 0x10, 24);
    ivrs_block(&it, 0x10, 52);
    ivrs_block(&it, 0x11, 40);
    ivrs_block(&it, 0x11, 44);
    ivrs_block(&it, 0x40, 40);
    ivrs_block(&it, 0x21, 32);
    assert_int_equal(hvc_acpi_read_ivrs(finish(&it), &ivrs, &error), HVC_OK);
    assert_int_equal(ivrs.info, 0x203043);
    assert_true((ivrs.info & HVC_IVRS_DMA_REMAP) != 0);
    assert_int_equal(ivrs.units, 2);
    assert_int_equal(ivrs.memory_blocks, 1);

    static const struct {
        unsigned type, length;
    } bad[] = {{0x10, 23}, {0x11, 39}, {0x40, 24}, {0x20, 31}, {0x90, 3}, {0x90, 0}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        begin(&it, "IVRS");
        it.size = 48;
        put16(&it, bad[i].type);
        put16(&it, bad[i].length);
        it.size = 48 + (bad[i].length < 4 ? 4 : bad[i].length);
        assert_int_equal(hvc_acpi_read_ivrs(finish(&it), &ivrs, &error), HVC_E_MALFORMED);
        assert_int_equal(error.offset, 48);
    }
}

static void test_wsmt_and_tpm2(void **state)
{
    (void)state;
    table it;
    hvc_error error = {0};
    uint32_t flags = 99;
    begin(&it, "WSMT");
    put32(&it, HVC_WSMT_FIXED_COMM_BUFFERS | HVC_WSMT_SYSTEM_RESOURCE_PROTECTION);
    assert_int_equal(hvc_acpi_read_wsmt(finish(&it), &flags, &error), HVC_OK);
    assert_int_equal(flags, 5);
    it.size = 39;
    assert_int_equal(hvc_acpi_read_wsmt(finish(&it), &flags, &error), HVC_E_MALFORMED);

    hvc_acpi_tpm2 tpm2;
    begin(&it, "TPM2");
    put32(&it, 1);
    put32(&it, 0xfed40040);
    put32(&it, 0);
    put32(&it, 7);
    assert_int_equal(hvc_acpi_read_tpm2(finish(&it), &tpm2, &error), HVC_OK);
    assert_int_equal(tpm2.platform_class, 1);
    assert_int_equal(tpm2.start_method, 7);
    assert_true(tpm2.control_area == 0xfed40040);
    it.size = 51;
    assert_int_equal(hvc_acpi_read_tpm2(finish(&it), &tpm2, &error), HVC_E_MALFORMED);
}

/* Every cut of a good table is refused, and read in a block of exactly its size. */
static void test_cuts(void **state)
{
    (void)state;
    table it;
    begin_dmar(&it, 5);
    structure(&it, 0, 24, 1);
    structure(&it, 1, 24, 1);
    hvc_span whole = finish(&it);
    for (size_t size = 0; size < whole.size; size++) {
        uint8_t *copy = malloc(size > 0 ? size : 1);
        assert_non_null(copy);
        memcpy(copy, whole.data, size);
        hvc_acpi_dmar dmar;
        hvc_error error = {0};
        assert_int_equal(hvc_acpi_read_dmar((hvc_span){copy, size}, &dmar, &error),
                         HVC_E_MALFORMED);
        assert_true(error.message[0] != 0);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header),        cmocka_unit_test(test_dmar),
        cmocka_unit_test(test_dmar_damage),   cmocka_unit_test(test_ivrs),
        cmocka_unit_test(test_wsmt_and_tpm2), cmocka_unit_test(test_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
