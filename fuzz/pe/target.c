/* Opens the input as an image and walks everything the public functions give, with what they
 * promise: texts and records lie in the file, counts keep to their bounds, iterators end. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvcheck/image.h>

#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

typedef struct input {
    const uint8_t *data;
    size_t size;
    const hvc_image *image;
} input;

static bool inside(const input *in, uint64_t offset, uint64_t size)
{
    return offset <= in->size && size <= in->size - offset;
}

/* Every byte is read, so that a sanitizer sees a view that leaves the file. */
static void walk_text(const input *in, hvc_text text)
{
    if (text.data == NULL) {
        PROMISE(text.size == 0);
        return;
    }
    const uint8_t *p = (const uint8_t *)text.data;
    PROMISE(p >= in->data && inside(in, (uint64_t)(p - in->data), text.size));
    PROMISE(text.size <= HVC_MAX_NAME);
    PROMISE(memchr(p, 0, text.size) == NULL);
}

static void walk_sections(const input *in)
{
    size_t count;
    const hvc_section *sections = hvc_image_sections(in->image, &count);
    PROMISE(count <= HVC_MAX_SECTIONS);
    for (size_t i = 0; i < count; i++) {
        const hvc_section *section = &sections[i];
        PROMISE(inside(in, section->header_offset, 40));
        PROMISE(section->data_size == 0 || inside(in, section->data_offset, section->data_size));
        PROMISE(section->data_size <= section->mapped_size);
        PROMISE((uint64_t)section->rva + section->mapped_size <= UINT32_MAX);
        /* A name of the header itself may have NULs in its middle. */
        if (section->name.size > sizeof(section->raw_name))
            walk_text(in, section->name);
        else
            PROMISE(inside(in, (uint64_t)((const uint8_t *)section->name.data - in->data),
                           section->name.size));
        if (section->mapped_size == 0)
            continue;
        /* Another section may own the RVA, but some section does. */
        const hvc_section *owner = hvc_image_section_at(in->image, section->rva);
        PROMISE(owner == NULL || (owner >= sections && owner < sections + count));
        uint8_t byte;
        uint32_t offset;
        PROMISE(hvc_image_read(in->image, section->rva, &byte, 1));
        if (hvc_image_file_offset(in->image, section->rva, &offset)) {
            PROMISE(inside(in, offset, 1));
            PROMISE(in->data[offset] == byte);
        }
    }
}

static void walk_imports(const input *in)
{
    size_t module_count, count, listed = 0;
    const hvc_import_module *modules = hvc_image_import_modules(in->image, &module_count);
    const hvc_import *imports = hvc_image_imports(in->image, &count);
    PROMISE(module_count <= HVC_MAX_IMPORT_MODULES);
    PROMISE(count <= HVC_MAX_IMPORTS);
    for (size_t i = 0; i < module_count; i++) {
        PROMISE(modules[i].first == listed);
        listed += modules[i].count;
        PROMISE(listed <= count);
        PROMISE(modules[i].name.data != NULL);
        walk_text(in, modules[i].name);
        for (size_t k = modules[i].first; k < listed; k++) {
            PROMISE(imports[k].module == i);
            walk_text(in, imports[k].name);
        }
    }
    PROMISE(listed == count);
}

static void walk_exports(const input *in)
{
    size_t count;
    const hvc_export *exports = hvc_image_exports(in->image, &count);
    /* Names and functions are bounded each. */
    PROMISE(count <= 2 * HVC_MAX_EXPORTS);
    for (size_t i = 0; i < count; i++) {
        walk_text(in, exports[i].name);
        walk_text(in, exports[i].forwarder);
        PROMISE((exports[i].rva == 0) == (exports[i].forwarder.data != NULL));
    }
}

static void walk_relocs(const input *in)
{
    hvc_reloc_iterator iterator = hvc_reloc_begin(in->image);
    hvc_reloc reloc;
    uint64_t previous = 0, steps = 0;
    while (hvc_reloc_next(&iterator, &reloc)) {
        PROMISE(++steps <= in->size / 2);
        PROMISE(inside(in, reloc.file_offset, 2) && reloc.file_offset > previous);
        PROMISE(reloc.type < 16 && reloc.page_offset < 4096);
        previous = reloc.file_offset;
    }
}

static void walk_functions(const input *in)
{
    hvc_function_iterator iterator = hvc_function_begin(in->image);
    hvc_function function;
    uint64_t steps = 0;
    const hvc_headers *headers = hvc_image_headers(in->image);
    while (hvc_function_next(&iterator, &function)) {
        PROMISE(++steps <= in->size / 8 * 2);
        PROMISE(function.begin < function.end && function.end <= headers->size_of_image);
    }
}

static void walk_load_config(const input *in)
{
    const hvc_load_config *config = hvc_image_load_config(in->image);
    PROMISE(config->present || config->guard_cf_count == 0);
    PROMISE(config->dynamic_reloc_count <= HVC_MAX_DYNAMIC_RELOCS);
    const uint32_t tables[][3] = {
        {config->guard_cf_table, config->guard_cf_count, config->guard_cf_stride},
        {config->guard_iat_table, config->guard_iat_count, config->guard_cf_stride},
        {config->seh_table, config->seh_count, 4},
    };
    for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
        uint8_t byte;
        if (tables[i][1] == 0)
            continue;
        uint64_t last = tables[i][0] + (uint64_t)tables[i][1] * tables[i][2] - 1;
        PROMISE(last <= UINT32_MAX && hvc_image_read(in->image, (uint32_t)last, &byte, 1));
    }
    size_t count;
    const hvc_code_range *ranges = hvc_image_code_ranges(in->image, &count);
    PROMISE(count <= HVC_MAX_CODE_RANGES);
    for (size_t i = 0; i < count; i++) {
        PROMISE((uint64_t)ranges[i].rva + ranges[i].size <=
                hvc_image_headers(in->image)->size_of_image);
        PROMISE(strcmp(hvc_arch_name(ranges[i].arch), "unknown") != 0);
    }
}

static void walk_identity(const input *in)
{
    const hvc_version_info *version = hvc_image_version_info(in->image);
    PROMISE(version->string_count <= HVC_MAX_VERSION_STRINGS);
    for (size_t i = 0; i < version->string_count; i++)
        PROMISE(strlen(version->strings[i].key) + strlen(version->strings[i].value) <= 4 * 65536);
    const hvc_debug_info *debug = hvc_image_debug_info(in->image);
    PROMISE(debug->entry_count <= HVC_MAX_DEBUG_ENTRIES);
    walk_text(in, debug->pdb);
    size_t count;
    const hvc_certificate *certificates = hvc_image_certificates(in->image, &count);
    PROMISE(count <= HVC_MAX_CERTIFICATES);
    for (size_t i = 0; i < count; i++)
        PROMISE(certificates[i].length >= 8 &&
                inside(in, certificates[i].file_offset, certificates[i].length));
    const hvc_rich_entry *rich = hvc_image_rich(in->image, &count);
    PROMISE(count <= HVC_MAX_RICH_ENTRIES && (count == 0 || rich != NULL));
}

static void walk_anomalies(const input *in)
{
    size_t count, total;
    const hvc_anomaly *anomalies = hvc_image_anomalies(in->image, &count, &total);
    PROMISE(count <= HVC_MAX_ANOMALIES && count <= total);
    PROMISE(count == total || count == HVC_MAX_ANOMALIES);
    for (size_t i = 0; i < count; i++) {
        PROMISE(anomalies[i].id[0] != 0 && anomalies[i].message[0] != 0);
        PROMISE(strchr(anomalies[i].message, '\n') == NULL);
        PROMISE(anomalies[i].file_offset <= in->size);
    }
}

/* Reads of every length at places that the image itself names. */
static void walk_reads(const input *in)
{
    const hvc_headers *headers = hvc_image_headers(in->image);
    uint8_t bytes[64];
    for (size_t i = 0; i < 16; i++) {
        for (size_t length = 0; length <= sizeof(bytes); length += 7) {
            uint8_t before = bytes[0] = (uint8_t)i;
            if (!hvc_image_read(in->image, headers->directories[i].rva, bytes, length))
                PROMISE(bytes[0] == before);
        }
    }
    PROMISE(!hvc_image_read(in->image, UINT32_MAX - 1, bytes, 8));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hvc_image *image = NULL;
    hvc_error error = {0};
    hvc_status status = hvc_image_open(data, size, &image, &error);
    if (status != HVC_OK) {
        PROMISE(image == NULL && error.status == status && error.message[0] != 0);
        PROMISE(!error.has_offset || error.offset <= size);
        return 0;
    }
    input in = {data, size, image};
    walk_sections(&in);
    walk_imports(&in);
    walk_exports(&in);
    walk_relocs(&in);
    walk_functions(&in);
    walk_load_config(&in);
    walk_identity(&in);
    walk_anomalies(&in);
    walk_reads(&in);
    uint64_t offset, rest;
    hvc_image_overlay(image, &offset, &rest);
    PROMISE(inside(&in, offset, rest));
    PROMISE(hvc_image_checksum(image) >= size);
    hvc_image_free(image);
    return 0;
}
