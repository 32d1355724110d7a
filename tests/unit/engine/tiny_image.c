#include "tiny_image.h"

#include <string.h>

enum {
    OPTIONAL = TINY_NT + 24,
    OPTIONAL_SIZE = 240,
    SECTIONS = OPTIONAL + OPTIONAL_SIZE,
    TEXT_OFFSET = 0x400,
    TEXT_RVA = 0x1000,
    RDATA_OFFSET = 0x600,
    RDATA_RVA = 0x2000,
    RDATA_SIZE = TINY_SIZE - RDATA_OFFSET,
    /* in .rdata: descriptors, then for each import its lookup table, IAT and names */
    IAT = 0x100,
    LOOKUP = 0x200,
    NAMES = 0x300,
    NAME_SIZE = 0x80,
};

static void put(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static void put_section(uint8_t *at, const char *name, uint32_t rva, uint32_t size, uint32_t offset,
                        uint32_t characteristics)
{
    memcpy(at, name, strlen(name));
    put(at + 8, size, 4);
    put(at + 12, rva, 4);
    put(at + 16, size, 4);
    put(at + 20, offset, 4);
    put(at + 36, characteristics, 4);
}

static void put_import(uint8_t *rdata, size_t index, const tiny_import *import)
{
    uint8_t *descriptor = rdata + index * 20;
    uint32_t names = (uint32_t)(NAMES + index * NAME_SIZE);
    uint32_t slots = (uint32_t)(index * 16);
    uint64_t thunk = UINT64_C(0x8000000000000000) | import->ordinal;
    if (import->name != NULL) {
        thunk = RDATA_RVA + names + 0x20;
        memcpy(rdata + names + 0x22, import->name, strlen(import->name));
    }
    memcpy(rdata + names, import->module, strlen(import->module));
    put(rdata + LOOKUP + slots, thunk, 8);
    put(rdata + IAT + slots, thunk, 8);
    put(descriptor, RDATA_RVA + LOOKUP + slots, 4);
    put(descriptor + 12, RDATA_RVA + names, 4);
    put(descriptor + 16, RDATA_RVA + IAT + slots, 4);
}

void tiny_image(const tiny_options *options, uint8_t *bytes)
{
    memset(bytes, 0, TINY_SIZE);
    memcpy(bytes, "MZ", 2);
    put(bytes + 0x3c, TINY_NT, 4);
    memcpy(bytes + TINY_NT, "PE\0\0", 4);
    put(bytes + TINY_NT + 4, 0x8664, 2);
    put(bytes + TINY_NT + 6, 2, 2);
    put(bytes + TINY_NT + 20, OPTIONAL_SIZE, 2);
    put(bytes + TINY_NT + 22, 0x0022, 2);
    uint8_t *optional = bytes + OPTIONAL;
    put(optional, 0x20b, 2);
    put(optional + 16, TEXT_RVA, 4);
    put(optional + 24, UINT64_C(0x140000000), 8);
    put(optional + 32, 0x1000, 4);
    put(optional + 36, 0x200, 4);
    put(optional + 40, 10, 2);
    put(optional + 48, 10, 2);
    put(optional + 56, 0x3000, 4);
    put(optional + 60, TEXT_OFFSET, 4);
    put(optional + 68, options->subsystem != 0 ? options->subsystem : 1, 2);
    put(optional + 70, 0x4160, 2);
    put(optional + 108, 16, 4);
    uint8_t *directories = optional + 112;
    if (options->import_count > 0) {
        put(directories + 8, RDATA_RVA, 4);
        put(directories + 12, (options->import_count + 1) * 20, 4);
        put(directories + 12 * 8, RDATA_RVA + IAT, 4);
        put(directories + 12 * 8 + 4, options->import_count * 16, 4);
    }
    put_section(bytes + SECTIONS, ".text", TEXT_RVA, RDATA_OFFSET - TEXT_OFFSET, TEXT_OFFSET,
                options->text_characteristics != 0 ? options->text_characteristics : 0x60000020);
    put_section(bytes + SECTIONS + 40, ".rdata", RDATA_RVA, RDATA_SIZE, RDATA_OFFSET, 0x40000040);
    bytes[TEXT_OFFSET] = 0xc3;
    for (size_t i = 0; i < options->import_count; i++)
        put_import(bytes + RDATA_OFFSET, i, &options->imports[i]);
}
