#include "image_builder.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, FILE_ALIGNMENT = 512, SECTION_HEADER = 40 };

/* A test that misuses the builder is a broken test. */
static void demand(bool condition)
{
    if (!condition)
        abort();
}

static void *allocate(size_t size)
{
    void *memory = calloc(1, size != 0 ? size : 1);
    demand(memory != NULL);
    return memory;
}

static uint32_t align(uint32_t value, uint32_t alignment)
{
    return (value + alignment - 1) / alignment * alignment;
}

void bytes_put16(uint8_t *bytes, size_t offset, uint16_t value)
{
    bytes[offset] = (uint8_t)value;
    bytes[offset + 1] = (uint8_t)(value >> 8);
}

void bytes_put32(uint8_t *bytes, size_t offset, uint32_t value)
{
    bytes_put16(bytes, offset, (uint16_t)value);
    bytes_put16(bytes, offset + 2, (uint16_t)(value >> 16));
}

uint32_t bytes_get32(const uint8_t *bytes, size_t offset)
{
    return (uint32_t)bytes[offset] | (uint32_t)bytes[offset + 1] << 8 |
           (uint32_t)bytes[offset + 2] << 16 | (uint32_t)bytes[offset + 3] << 24;
}

void builder_init(image_builder *builder, uint16_t machine)
{
    memset(builder, 0, sizeof(*builder));
    hvc_headers *headers = &builder->headers;
    headers->machine = machine;
    headers->pe32_plus = machine != HVC_MACHINE_I386 && machine != HVC_MACHINE_ARMNT;
    headers->optional_header_size = headers->pe32_plus ? 240 : 224;
    headers->characteristics = HVC_FILE_EXECUTABLE_IMAGE;
    headers->timestamp = 0x5f000000;
    headers->image_base = headers->pe32_plus ? UINT64_C(0x140000000) : 0x400000;
    headers->section_alignment = PAGE;
    headers->file_alignment = FILE_ALIGNMENT;
    headers->os_major = headers->image_major = headers->subsystem_major = 10;
    headers->subsystem = 1;
    headers->dll_characteristics = HVC_DLL_NX_COMPAT | HVC_DLL_DYNAMIC_BASE;
    headers->directory_count = 16;
}

void builder_free(image_builder *builder)
{
    for (unsigned i = 0; i < builder->section_count; i++)
        free(builder->sections[i].bytes);
    free(builder->tail);
}

unsigned builder_add_section(image_builder *builder, const char *name, uint32_t characteristics,
                             uint32_t virtual_size)
{
    demand(builder->section_count < BUILDER_MAX_SECTIONS && strlen(name) <= 8);
    unsigned number = builder->section_count++;
    builder_section *section = &builder->sections[number];
    memcpy(section->name, name, strlen(name));
    section->characteristics = characteristics;
    section->rva = PAGE;
    if (number > 0)
        section->rva =
            align(section[-1].rva + section[-1].virtual_size, builder->headers.section_alignment);
    section->virtual_size = virtual_size;
    section->bytes = allocate(virtual_size);
    return number;
}

uint32_t builder_reserve(image_builder *builder, unsigned section, uint32_t size,
                         uint32_t alignment)
{
    builder_section *it = &builder->sections[section];
    it->used = align(it->used, alignment);
    demand(size <= it->virtual_size && it->used <= it->virtual_size - size);
    uint32_t rva = it->rva + it->used;
    it->used += size;
    return rva;
}

uint8_t *builder_at(image_builder *builder, uint32_t rva, uint32_t size)
{
    for (unsigned i = 0; i < builder->section_count; i++) {
        builder_section *section = &builder->sections[i];
        if (rva >= section->rva && rva - section->rva + size <= section->used)
            return section->bytes + (rva - section->rva);
    }
    abort();
}

void builder_put(image_builder *builder, uint32_t rva, const void *bytes, uint32_t size)
{
    memcpy(builder_at(builder, rva, size), bytes, size);
}

void builder_put16(image_builder *builder, uint32_t rva, uint16_t value)
{
    bytes_put16(builder_at(builder, rva, 2), 0, value);
}

void builder_put32(image_builder *builder, uint32_t rva, uint32_t value)
{
    bytes_put32(builder_at(builder, rva, 4), 0, value);
}

void builder_put64(image_builder *builder, uint32_t rva, uint64_t value)
{
    builder_put32(builder, rva, (uint32_t)value);
    builder_put32(builder, rva + 4, (uint32_t)(value >> 32));
}

static uint32_t pointer_size(const image_builder *builder)
{
    return builder->headers.pe32_plus ? 8 : 4;
}

void builder_put_pointer(image_builder *builder, uint32_t rva, uint64_t value)
{
    if (builder->headers.pe32_plus)
        builder_put64(builder, rva, value);
    else
        builder_put32(builder, rva, (uint32_t)value);
}

uint32_t builder_text(image_builder *builder, unsigned section, const char *text)
{
    uint32_t size = (uint32_t)strlen(text) + 1;
    uint32_t rva = builder_reserve(builder, section, size, 1);
    builder_put(builder, rva, text, size);
    return rva;
}

void builder_directory(image_builder *builder, hvc_directory_index index, uint32_t rva,
                       uint32_t size)
{
    builder->headers.directories[index] = (hvc_directory){rva, size};
}

/* Writes a table of functions with its names; names point above base. */
static void put_thunks(image_builder *builder, unsigned section, const char *const *functions,
                       uint32_t table, uint64_t base)
{
    uint32_t width = pointer_size(builder);
    for (unsigned i = 0; functions[i] != NULL; i++) {
        uint64_t value;
        if (functions[i][0] == '#') {
            value = (UINT64_C(1) << (width * 8 - 1)) | strtoul(functions[i] + 1, NULL, 10);
        } else {
            uint32_t hint = builder_reserve(builder, section, 2, 2);
            builder_put16(builder, hint, (uint16_t)(i + 1));
            builder_text(builder, section, functions[i]);
            value = base + hint;
        }
        builder_put_pointer(builder, table + i * width, value);
    }
}

static uint32_t function_count(const builder_module *module)
{
    uint32_t count = 0;
    while (module->functions[count] != NULL)
        count++;
    return count;
}

void builder_imports(image_builder *builder, unsigned section, const builder_module *modules,
                     unsigned count)
{
    uint32_t width = pointer_size(builder), slots = 0;
    for (unsigned i = 0; i < count; i++)
        slots += function_count(&modules[i]) + 1;
    uint32_t iat = builder_reserve(builder, section, slots * width, width);
    uint32_t directory = builder_reserve(builder, section, (count + 1) * 20, 4);
    builder_directory(builder, HVC_DIR_IAT, iat, slots * width);
    builder_directory(builder, HVC_DIR_IMPORT, directory, (count + 1) * 20);
    for (unsigned i = 0; i < count; i++) {
        uint32_t size = (function_count(&modules[i]) + 1) * width;
        uint32_t lookup = builder_reserve(builder, section, size, width);
        uint32_t descriptor = directory + i * 20;
        put_thunks(builder, section, modules[i].functions, lookup, 0);
        builder_put(builder, iat, builder_at(builder, lookup, size), size);
        builder_put32(builder, descriptor, lookup);
        builder_put32(builder, descriptor + 12, builder_text(builder, section, modules[i].name));
        builder_put32(builder, descriptor + 16, iat);
        iat += size;
    }
}

void builder_delay_imports(image_builder *builder, unsigned section, const builder_module *modules,
                           unsigned count, bool absolute)
{
    uint32_t width = pointer_size(builder);
    uint32_t directory = builder_reserve(builder, section, (count + 1) * 32, 4);
    uint64_t base = absolute ? builder->headers.image_base : 0;
    builder_directory(builder, HVC_DIR_DELAY_IMPORT, directory, (count + 1) * 32);
    for (unsigned i = 0; i < count; i++) {
        uint32_t size = (function_count(&modules[i]) + 1) * width, at = directory + i * 32;
        uint32_t lookup = builder_reserve(builder, section, size, width);
        uint32_t iat = builder_reserve(builder, section, size, width);
        uint32_t handle = builder_reserve(builder, section, width, width);
        put_thunks(builder, section, modules[i].functions, lookup, base);
        builder_put32(builder, at, absolute ? 0 : 1);
        builder_put32(builder, at + 4,
                      (uint32_t)base + builder_text(builder, section, modules[i].name));
        builder_put32(builder, at + 8, (uint32_t)base + handle);
        builder_put32(builder, at + 12, (uint32_t)base + iat);
        builder_put32(builder, at + 16, (uint32_t)base + lookup);
    }
}

void builder_exports(image_builder *builder, unsigned section, const char *const *names,
                     unsigned count, uint32_t first_rva)
{
    uint32_t named = 0;
    for (unsigned i = 0; i < count; i++)
        named += names[i] != NULL;
    uint32_t directory = builder_reserve(builder, section, 40, 4);
    uint32_t functions = builder_reserve(builder, section, count * 4, 4);
    uint32_t name_table = builder_reserve(builder, section, named * 4, 4);
    uint32_t ordinals = builder_reserve(builder, section, named * 2, 2);
    builder_put32(builder, directory + 12, builder_text(builder, section, "built.sys"));
    builder_put32(builder, directory + 16, 1);
    builder_put32(builder, directory + 20, count);
    builder_put32(builder, directory + 24, named);
    builder_put32(builder, directory + 28, functions);
    builder_put32(builder, directory + 32, name_table);
    builder_put32(builder, directory + 36, ordinals);
    for (unsigned i = 0; i < count; i++) {
        uint32_t rva = first_rva + 16 * i;
        if (names[i] != NULL) {
            const char *forwarder = strchr(names[i], '=');
            uint32_t text = builder_text(builder, section, names[i]);
            if (forwarder != NULL) {
                uint32_t length = (uint32_t)(forwarder - names[i]);
                *builder_at(builder, text + length, 1) = 0;
                rva = text + length + 1;
            }
            builder_put32(builder, name_table, text);
            builder_put16(builder, ordinals, (uint16_t)i);
            name_table += 4;
            ordinals += 2;
        }
        builder_put32(builder, functions + i * 4, rva);
    }
    builder_section *in = &builder->sections[section];
    builder_directory(builder, HVC_DIR_EXPORT, directory, in->rva + in->used - directory);
}

void builder_relocs(image_builder *builder, unsigned section, const builder_block *blocks,
                    unsigned count)
{
    uint32_t directory = builder_reserve(builder, section, 0, 4), size = 0;
    for (unsigned i = 0; i < count; i++) {
        uint32_t block = 8 + align(blocks[i].count, 2) * 2;
        uint32_t at = builder_reserve(builder, section, block, 4);
        builder_put32(builder, at, blocks[i].page);
        builder_put32(builder, at + 4, block);
        for (uint32_t k = 0; k < blocks[i].count; k++)
            builder_put16(builder, at + 8 + k * 2, blocks[i].entries[k]);
        size += block;
    }
    builder_directory(builder, HVC_DIR_BASERELOC, directory, size);
}

/* UTF-16 of a UTF-8 text of the basic plane, with its NUL. */
static void put_utf16(image_builder *builder, unsigned section, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    for (;;) {
        uint16_t unit = *p++;
        if (unit >= 0xe0) {
            unit = (uint16_t)((unit & 0x0f) << 12 | (p[0] & 0x3f) << 6 | (p[1] & 0x3f));
            p += 2;
        } else if (unit >= 0xc0) {
            unit = (uint16_t)((unit & 0x1f) << 6 | (p[0] & 0x3f));
            p++;
        }
        builder_put16(builder, builder_reserve(builder, section, 2, 2), unit);
        if (unit == 0)
            return;
    }
}

static uint32_t position(image_builder *builder, unsigned section, uint32_t alignment)
{
    return builder_reserve(builder, section, 0, alignment);
}

/* Begins a node of the version resource; its RVA. */
static uint32_t open_node(image_builder *builder, unsigned section, const char *key,
                          uint16_t value_length, uint16_t type)
{
    uint32_t rva = builder_reserve(builder, section, 6, 4);
    builder_put16(builder, rva + 2, value_length);
    builder_put16(builder, rva + 4, type);
    put_utf16(builder, section, key);
    return rva;
}

static void close_node(image_builder *builder, unsigned section, uint32_t rva)
{
    builder_put16(builder, rva, (uint16_t)(position(builder, section, 1) - rva));
}

static void put_version(image_builder *builder, unsigned section, const char *const *pairs)
{
    uint32_t root = open_node(builder, section, "VS_VERSION_INFO", 52, 0);
    uint32_t fixed = builder_reserve(builder, section, 52, 4);
    builder_put32(builder, fixed, 0xfeef04bd);
    builder_put32(builder, fixed + 4, 0x10000);
    builder_put32(builder, fixed + 8, 1 << 16 | 2);
    builder_put32(builder, fixed + 12, 3 << 16 | 4);
    builder_put32(builder, fixed + 16, 5 << 16 | 6);
    builder_put32(builder, fixed + 20, 7 << 16 | 8);
    uint32_t info = open_node(builder, section, "StringFileInfo", 0, 1);
    uint32_t strings = open_node(builder, section, "040904b0", 0, 1);
    for (unsigned i = 0; pairs[i] != NULL; i += 2) {
        uint32_t string = open_node(builder, section, pairs[i], 0, 1);
        uint32_t value = position(builder, section, 4);
        put_utf16(builder, section, pairs[i + 1]);
        builder_put16(builder, string + 2, (uint16_t)((position(builder, section, 1) - value) / 2));
        close_node(builder, section, string);
    }
    close_node(builder, section, strings);
    close_node(builder, section, info);
    close_node(builder, section, root);
}

void builder_version(image_builder *builder, unsigned section, const char *const *pairs)
{
    /* Three directories of one entry each, the data entry, the data. */
    static const uint32_t ids[3] = {16, 1, 0x409};
    uint32_t root = builder_reserve(builder, section, 3 * 24 + 16, 4);
    for (unsigned depth = 0; depth < 3; depth++) {
        uint32_t at = root + depth * 24, child = (depth + 1) * 24;
        builder_put16(builder, at + 14, 1);
        builder_put32(builder, at + 16, ids[depth]);
        builder_put32(builder, at + 20, depth < 2 ? child | UINT32_C(0x80000000) : child);
    }
    uint32_t data = position(builder, section, 4);
    put_version(builder, section, pairs);
    uint32_t end = position(builder, section, 1);
    builder_put32(builder, root + 72, data);
    builder_put32(builder, root + 76, end - data);
    builder_directory(builder, HVC_DIR_RESOURCE, root, end - root);
}

void builder_debug(image_builder *builder, unsigned section, const char *pdb, bool repro)
{
    uint32_t directory = builder_reserve(builder, section, repro ? 56 : 28, 4);
    uint32_t size = 24 + (uint32_t)strlen(pdb) + 1;
    uint32_t data = builder_reserve(builder, section, size, 4);
    builder_put(builder, data, "RSDS", 4);
    for (unsigned i = 0; i < 16; i++)
        *builder_at(builder, data + 4 + i, 1) = (uint8_t)(0xa0 + i);
    builder_put32(builder, data + 20, 7);
    builder_put(builder, data + 24, pdb, size - 24);
    builder_put32(builder, directory + 12, 2);
    builder_put32(builder, directory + 16, size);
    builder_put32(builder, directory + 20, data);
    if (repro)
        builder_put32(builder, directory + 28 + 12, 16);
    builder_directory(builder, HVC_DIR_DEBUG, directory, repro ? 56 : 28);
}

void builder_rich(image_builder *builder, const uint32_t (*records)[2], unsigned count)
{
    uint32_t size = 16 + count * 8 + 8;
    demand(size <= sizeof(builder->rich) && 0x40 + size <= BUILDER_NT);
    /* The key is a checksum over the DOS header, which holds MZ and e_lfanew alone, and the
     * records. */
    uint32_t key = 0x40 + 'M' + ((uint32_t)'Z' << 1);
    for (unsigned i = 0; i < count; i++) {
        uint32_t bits = records[i][1] % 32;
        key += bits == 0 ? records[i][0] : records[i][0] << bits | records[i][0] >> (32 - bits);
    }
    bytes_put32(builder->rich, 0, 0x536e6144 ^ key);
    for (unsigned i = 0; i < 3; i++)
        bytes_put32(builder->rich, 4 + i * 4, key);
    for (unsigned i = 0; i < count; i++) {
        bytes_put32(builder->rich, 16 + i * 8, records[i][0] ^ key);
        bytes_put32(builder->rich, 20 + i * 8, records[i][1] ^ key);
    }
    bytes_put32(builder->rich, size - 8, 0x68636952);
    bytes_put32(builder->rich, size - 4, key);
    builder->rich_size = size;
}

void builder_tail(image_builder *builder, const void *bytes, size_t size, bool certificates)
{
    free(builder->tail);
    builder->tail = allocate(size);
    memcpy(builder->tail, bytes, size);
    builder->tail_size = size;
    builder->tail_is_certificates = certificates;
}

size_t builder_directory_offset(const image_builder *builder, hvc_directory_index index)
{
    return BUILDER_OPTIONAL + (builder->headers.pe32_plus ? 112u : 96u) + (size_t)index * 8;
}

size_t builder_section_offset(const image_builder *builder, unsigned section)
{
    return BUILDER_OPTIONAL + builder->headers.optional_header_size +
           (size_t)section * SECTION_HEADER;
}

size_t builder_file_offset(const image_builder *builder, uint32_t rva)
{
    for (unsigned i = 0; i < builder->section_count; i++) {
        const builder_section *section = &builder->sections[i];
        if (rva >= section->rva && rva - section->rva < section->raw_size)
            return section->file_offset + (rva - section->rva);
    }
    abort();
}

static void write_headers(const image_builder *builder, uint8_t *file)
{
    const hvc_headers *headers = &builder->headers;
    file[0] = 'M';
    file[1] = 'Z';
    bytes_put32(file, 0x3c, BUILDER_NT);
    memcpy(file + 0x40, builder->rich, builder->rich_size);
    memcpy(file + BUILDER_NT, "PE", 2);
    uint8_t *p = file + BUILDER_FILE_HEADER;
    bytes_put16(p, 0, headers->machine);
    bytes_put16(p, 2, headers->section_count);
    bytes_put32(p, 4, headers->timestamp);
    bytes_put32(p, 8, headers->symbol_table);
    bytes_put32(p, 12, headers->symbol_count);
    bytes_put16(p, 16, headers->optional_header_size);
    bytes_put16(p, 18, headers->characteristics);
    p = file + BUILDER_OPTIONAL;
    bytes_put16(p, 0, headers->pe32_plus ? 0x20b : 0x10b);
    p[2] = headers->linker_major;
    p[3] = headers->linker_minor;
    bytes_put32(p, 4, headers->size_of_code);
    bytes_put32(p, 16, headers->entry_point);
    bytes_put32(p, headers->pe32_plus ? 24 : 28, (uint32_t)headers->image_base);
    if (headers->pe32_plus)
        bytes_put32(p, 28, (uint32_t)(headers->image_base >> 32));
    bytes_put32(p, 32, headers->section_alignment);
    bytes_put32(p, 36, headers->file_alignment);
    bytes_put16(p, 40, headers->os_major);
    bytes_put16(p, 42, headers->os_minor);
    bytes_put16(p, 44, headers->image_major);
    bytes_put16(p, 46, headers->image_minor);
    bytes_put16(p, 48, headers->subsystem_major);
    bytes_put16(p, 50, headers->subsystem_minor);
    bytes_put32(p, 56, headers->size_of_image);
    bytes_put32(p, 60, headers->size_of_headers);
    bytes_put16(p, 68, headers->subsystem);
    bytes_put16(p, 70, headers->dll_characteristics);
    uint32_t fixed = headers->pe32_plus ? 112 : 96;
    bytes_put32(p, fixed - 8, headers->loader_flags);
    bytes_put32(p, fixed - 4, headers->directory_count);
    for (unsigned i = 0; i < 16; i++) {
        bytes_put32(p, fixed + i * 8, headers->directories[i].rva);
        bytes_put32(p, fixed + i * 8 + 4, headers->directories[i].size);
    }
}

static void write_section(const image_builder *builder, unsigned number, uint8_t *file)
{
    const builder_section *section = &builder->sections[number];
    uint8_t *p = file + builder_section_offset(builder, number);
    memcpy(p, section->name, 8);
    bytes_put32(p, 8, section->virtual_size);
    bytes_put32(p, 12, section->rva);
    bytes_put32(p, 16, section->raw_size);
    bytes_put32(p, 20, section->file_offset);
    bytes_put32(p, 36, section->characteristics);
}

/* The plain form of the algorithm: a word at a time. */
static uint32_t checksum(const uint8_t *file, size_t size, size_t field)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < size; i += 2) {
        if (i == field || i == field + 2)
            continue;
        sum += file[i] | (i + 1 < size ? (uint32_t)file[i + 1] << 8 : 0);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum + (uint32_t)size;
}

uint8_t *builder_finish(image_builder *builder, size_t *ret_size)
{
    hvc_headers *headers = &builder->headers;
    uint32_t offset =
        align((uint32_t)builder_section_offset(builder, builder->section_count), FILE_ALIGNMENT);
    headers->section_count = (uint16_t)builder->section_count;
    headers->size_of_headers = offset;
    headers->size_of_image = PAGE;
    for (unsigned i = 0; i < builder->section_count; i++) {
        builder_section *section = &builder->sections[i];
        if (!section->fixed_layout) {
            section->raw_size = align(section->used, FILE_ALIGNMENT);
            section->file_offset = section->raw_size != 0 ? offset : 0;
        }
        if (section->raw_size != 0 && section->file_offset + section->raw_size > offset)
            offset = section->file_offset + section->raw_size;
        headers->size_of_image =
            align(section->rva + section->virtual_size, headers->section_alignment);
    }
    size_t size = offset + builder->tail_size;
    if (builder->tail_is_certificates)
        headers->directories[HVC_DIR_CERTIFICATE] =
            (hvc_directory){offset, (uint32_t)builder->tail_size};
    uint8_t *file = allocate(size);
    write_headers(builder, file);
    for (unsigned i = 0; i < builder->section_count; i++) {
        const builder_section *section = &builder->sections[i];
        write_section(builder, i, file);
        uint32_t copied =
            section->raw_size < section->virtual_size ? section->raw_size : section->virtual_size;
        if (copied != 0)
            memcpy(file + section->file_offset, section->bytes, copied);
    }
    if (builder->tail_size != 0)
        memcpy(file + offset, builder->tail, builder->tail_size);
    bytes_put32(file, BUILDER_OPTIONAL + 64, checksum(file, size, BUILDER_OPTIONAL + 64));
    *ret_size = size;
    return file;
}

static void full_functions(image_builder *builder, unsigned text, unsigned data)
{
    bool x64 = builder->headers.machine == HVC_MACHINE_AMD64;
    uint32_t code = builder_reserve(builder, text, 256, 16);
    memset(builder_at(builder, code, 256), x64 || !builder->headers.pe32_plus ? 0xc3 : 0, 256);
    builder->headers.entry_point = code;
    if (builder->headers.machine == HVC_MACHINE_I386)
        return;
    uint32_t unwind = builder_reserve(builder, data, 32, 4);
    uint32_t table = builder_reserve(builder, data, x64 ? 36 : 24, 4);
    if (x64) {
        *builder_at(builder, unwind, 1) = 1;              /* version 1 */
        *builder_at(builder, unwind + 8, 1) = 4 << 3 | 1; /* chained */
        for (unsigned i = 0; i < 3; i++) {
            builder_put32(builder, table + i * 12, code + i * 64);
            builder_put32(builder, table + i * 12 + 4, code + i * 64 + 32);
            builder_put32(builder, table + i * 12 + 8, unwind + (i == 1 ? 8 : 0));
        }
        builder_put32(builder, unwind + 12, code);
        builder_put32(builder, unwind + 16, code + 32);
        builder_put32(builder, unwind + 20, unwind);
    } else {
        uint32_t unit = builder->headers.pe32_plus ? 4 : 2;
        builder_put32(builder, unwind, 64 / unit | 1 << 27); /* one code word */
        builder_put32(builder, unwind + 4, 0xe4);
        builder_put32(builder, table, code);
        builder_put32(builder, table + 4, unwind);
        builder_put32(builder, table + 8, code + 64);
        builder_put32(builder, table + 12, 32 / unit << 2 | 1);
        builder_put32(builder, table + 16, code + 128);
        builder_put32(builder, table + 20, 32 / unit << 2 | 2);
    }
    builder_directory(builder, HVC_DIR_EXCEPTION, table, x64 ? 36 : 24);
}

static void full_load_config(image_builder *builder, unsigned data)
{
    bool wide = builder->headers.pe32_plus;
    uint32_t width = pointer_size(builder), size = wide ? 0x140 : 0xc0;
    uint32_t config = builder_reserve(builder, data, size, 8);
    uint32_t pointers = builder_reserve(builder, data, 3 * width, 8);
    uint32_t table = builder_reserve(builder, data, 10, 4);
    uint64_t base = builder->headers.image_base;
    builder_put32(builder, config, size);
    builder_put_pointer(builder, config + (wide ? 0x58 : 0x3c), base + pointers);
    builder_put_pointer(builder, config + (wide ? 0x70 : 0x48), base + pointers + width);
    builder_put_pointer(builder, config + (wide ? 0x78 : 0x4c), base + pointers + 2 * width);
    builder_put_pointer(builder, config + (wide ? 0x80 : 0x50), base + table);
    builder_put_pointer(builder, config + (wide ? 0x88 : 0x54), 2);
    builder_put32(builder, config + (wide ? 0x90 : 0x58), 0x10014500);
    builder_put32(builder, table, builder->headers.entry_point);
    builder_put32(builder, table + 5, builder->headers.entry_point + 64);
    builder_directory(builder, HVC_DIR_LOAD_CONFIG, config, size);
}

void builder_full_driver(image_builder *builder, uint16_t machine)
{
    static const char *const kernel[] = {"ExAllocatePoolWithTag", "IoCreateDevice", "#7", NULL};
    static const char *const hal[] = {"KeStallExecutionProcessor", NULL};
    static const builder_module modules[] = {{"ntoskrnl.exe", kernel}, {"HAL.dll", hal}};
    static const char *const delayed[] = {"DelayedFunction", "#3", NULL};
    static const builder_module delay = {"ext-ms-win.dll", delayed};
    static const char *const exports[] = {"Alpha", "Beta=NTOSKRNL.RtlBeta", NULL, "Gamma"};
    static const char *const version[] = {"CompanyName", "Ex\xc3\xa4mple",   "FileVersion",
                                          "1.2.3.4",     "OriginalFilename", "full.sys",
                                          NULL};
    static const uint32_t records[][2] = {{0x01041234, 5}, {0x00ff8168, 40}};
    static const uint8_t certificate[] = {16, 0, 0, 0, 0, 2, 2, 0, 1, 2, 3, 4, 5, 6, 7, 8};
    builder_init(builder, machine);
    unsigned text = builder_add_section(builder, ".text", BUILDER_TEXT, 0x200);
    unsigned data = builder_add_section(builder, ".rdata", BUILDER_RDATA, 0x1000);
    unsigned relocs =
        builder_add_section(builder, ".reloc", BUILDER_RDATA | HVC_SCN_MEM_DISCARDABLE, 0x100);
    full_functions(builder, text, data);
    builder_imports(builder, data, modules, 2);
    builder_delay_imports(builder, data, &delay, 1, machine == HVC_MACHINE_I386);
    builder_exports(builder, data, exports, 4, builder->headers.entry_point);
    full_load_config(builder, data);
    builder_debug(builder, data, "C:\\build\\full.pdb", true);
    builder_version(builder, data, version);
    uint16_t type = builder->headers.pe32_plus ? HVC_REL_DIR64 : HVC_REL_HIGHLOW;
    const uint16_t first[] = {(uint16_t)(type << 12 | 0x10), (uint16_t)(type << 12 | 0x18), 0};
    const uint16_t second[] = {(uint16_t)(type << 12 | 0x20)};
    const builder_block blocks[] = {{builder->sections[text].rva, first, 3},
                                    {builder->sections[data].rva, second, 1}};
    builder_relocs(builder, relocs, blocks, 2);
    builder_rich(builder, records, 2);
    builder_tail(builder, certificate, sizeof(certificate), true);
}
