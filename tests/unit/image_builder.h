/* Makes PE images in memory for tests: valid ones, to be damaged afterwards by the test.
 *
 * A builder holds header fields and sections of a fixed virtual size. Contents are reserved in a
 * section and written by RVA, so that everything may point to everything. builder_finish lays the
 * file out. */
#ifndef TESTS_UNIT_IMAGE_BUILDER_H
#define TESTS_UNIT_IMAGE_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvcheck/image.h>

enum {
    BUILDER_MAX_SECTIONS = 8,
    /* Where things stand in every built file. */
    BUILDER_NT = 0x100,
    BUILDER_FILE_HEADER = BUILDER_NT + 4,
    BUILDER_OPTIONAL = BUILDER_NT + 24,
    BUILDER_TEXT = HVC_SCN_CNT_CODE | HVC_SCN_MEM_EXECUTE | HVC_SCN_MEM_READ,
    BUILDER_RDATA = HVC_SCN_CNT_INITIALIZED_DATA | HVC_SCN_MEM_READ,
};
#define BUILDER_DATA (BUILDER_RDATA | HVC_SCN_MEM_WRITE)

typedef struct builder_section {
    char name[9];
    uint32_t characteristics;
    uint32_t rva, virtual_size;
    uint8_t *bytes; /* virtual_size of them */
    uint32_t used;  /* bytes that are reserved */
    /* Filled in by builder_finish, unless the test has set them. */
    uint32_t file_offset, raw_size;
    bool fixed_layout; /* keep file_offset and raw_size as they are */
} builder_section;

typedef struct image_builder {
    hvc_headers headers; /* written as they stand, but for sizes that builder_finish knows */
    builder_section sections[BUILDER_MAX_SECTIONS];
    unsigned section_count;
    uint8_t rich[256]; /* raw bytes behind the DOS header */
    uint32_t rich_size;
    uint8_t *tail; /* appended behind the sections: overlay, certificates */
    size_t tail_size;
    bool tail_is_certificates;
} image_builder;

/* An image of machine without sections: native subsystem, alignments 0x1000 and 0x200. */
void builder_init(image_builder *builder, uint16_t machine);
void builder_free(image_builder *builder);

/* Adds a section behind the last one; its number. */
unsigned builder_add_section(image_builder *builder, const char *name, uint32_t characteristics,
                             uint32_t virtual_size);
/* Reserves zeroed bytes; their RVA. */
uint32_t builder_reserve(image_builder *builder, unsigned section, uint32_t size,
                         uint32_t alignment);
/* The bytes at an RVA that was reserved. */
uint8_t *builder_at(image_builder *builder, uint32_t rva, uint32_t size);
void builder_put(image_builder *builder, uint32_t rva, const void *bytes, uint32_t size);
void builder_put16(image_builder *builder, uint32_t rva, uint16_t value);
void builder_put32(image_builder *builder, uint32_t rva, uint32_t value);
void builder_put64(image_builder *builder, uint32_t rva, uint64_t value);
/* 4 or 8 bytes, by the image's width. */
void builder_put_pointer(image_builder *builder, uint32_t rva, uint64_t value);
/* A NUL-terminated text; its RVA. */
uint32_t builder_text(image_builder *builder, unsigned section, const char *text);
void builder_directory(image_builder *builder, hvc_directory_index index, uint32_t rva,
                       uint32_t size);

/* Imports: "#12" is ordinal 12. The IAT goes to its own section and becomes directory 12. */
typedef struct builder_module {
    const char *name;
    const char *const *functions; /* NULL ends */
} builder_module;

void builder_imports(image_builder *builder, unsigned section, const builder_module *modules,
                     unsigned count);
void builder_delay_imports(image_builder *builder, unsigned section, const builder_module *modules,
                           unsigned count, bool absolute);
/* Exports, sorted by the caller: "Name", or "Name=DLL.Function" for a forwarder, NULL for an export
 * by ordinal alone; function i has RVA first_rva + 16 * i. */
void builder_exports(image_builder *builder, unsigned section, const char *const *names,
                     unsigned count, uint32_t first_rva);
/* Relocation blocks; entries are type << 12 | offset, padded to a multiple of 4 bytes. */
typedef struct builder_block {
    uint32_t page;
    const uint16_t *entries;
    uint32_t count;
} builder_block;

void builder_relocs(image_builder *builder, unsigned section, const builder_block *blocks,
                    unsigned count);
/* A version resource with file version 1.2.3.4, product version 5.6.7.8 and pairs of key, value
 * (UTF-8 of the basic plane), NULL ends. */
void builder_version(image_builder *builder, unsigned section, const char *const *pairs);
/* A debug directory with an RSDS entry and, when repro, a repro entry. */
void builder_debug(image_builder *builder, unsigned section, const char *pdb, bool repro);
/* A Rich header of count records of (product << 16 | build, uses). */
void builder_rich(image_builder *builder, const uint32_t (*records)[2], unsigned count);
/* Bytes behind the sections. */
void builder_tail(image_builder *builder, const void *bytes, size_t size, bool certificates);

/* Everything at once, with no anomaly: what mutations and fuzzing start from. */
void builder_full_driver(image_builder *builder, uint16_t machine);

/* The file, malloc'd, with a right checksum. The builder may be finished again after changes. */
uint8_t *builder_finish(image_builder *builder, size_t *ret_size);

/* Changing a finished file. */
void bytes_put16(uint8_t *bytes, size_t offset, uint16_t value);
void bytes_put32(uint8_t *bytes, size_t offset, uint32_t value);
uint32_t bytes_get32(const uint8_t *bytes, size_t offset);
/* File offset of a data directory's entry and of a section header. */
size_t builder_directory_offset(const image_builder *builder, hvc_directory_index index);
size_t builder_section_offset(const image_builder *builder, unsigned section);
/* File offset of an RVA in the finished file. */
size_t builder_file_offset(const image_builder *builder, uint32_t rva);

#endif
