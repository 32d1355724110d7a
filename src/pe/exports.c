/* The export directory: named exports in the order of the name table, then those by ordinal alone.
 */
#include "base/error.h"
#include "base/limits.h"
#include "pe/image.h"

enum { DIRECTORY = 40 };

typedef struct export_table {
    hvc_directory directory;
    uint32_t base, functions, function_count, names, name_count, ordinals;
    uint8_t *named; /* a bit per function: some name stands for it */
} export_table;

static void note(hvc_image *image, const char *id, const char *what, uint32_t number)
{
    hvc_image_note(image, id, HVC_ANOMALY_DOUBT, hvc_image_directory_entry(image, HVC_DIR_EXPORT),
                   "%s (%u)", what, number);
}

/* A function whose RVA lies inside the export directory is the text of a forwarder. */
static void read_target(hvc_image *image, const export_table *table, uint32_t index, uint32_t rva,
                        hvc_export *export)
{
    export->ordinal = table->base + index;
    if (rva - table->directory.rva >= table->directory.size) {
        export->rva = rva;
        if (rva >= image->headers.size_of_image)
            hvc_image_note(image, "export-outside", HVC_ANOMALY_NOTE,
                           hvc_image_directory_entry(image, HVC_DIR_EXPORT),
                           "export %u has RVA 0x%x, outside the image", export->ordinal, rva);
        return;
    }
    export->forwarder = (hvc_text){(const char *)image->file.data, 0};
    if (!hvc_image_cstr(image, rva, &export->forwarder) ||
        memchr(export->forwarder.data, '.', export->forwarder.size) == NULL)
        hvc_image_note(image, "export-forwarder", HVC_ANOMALY_NOTE,
                       hvc_image_anomaly_offset(image, rva, HVC_DIR_EXPORT),
                       "export %u is forwarded, but its text at RVA 0x%x names no function",
                       export->ordinal, rva);
}

static hvc_status read_named(hvc_image *image, const export_table *table, hvc_error *error)
{
    for (uint32_t i = 0; i < table->name_count; i++) {
        uint32_t name_rva, rva;
        uint16_t index;
        hvc_text name;
        if (!hvc_image_u32(image, table->names + i * 4, &name_rva) ||
            !hvc_image_u16(image, table->ordinals + i * 2, &index)) {
            note(image, "export-names", "the tables of names and ordinals leave the image at name",
                 i);
            return HVC_OK;
        }
        if (!hvc_image_cstr(image, name_rva, &name)) {
            note(image, "export-name", "the text of a name is not readable", i);
            name = (hvc_text){(const char *)image->file.data, 0};
        }
        if (index >= table->function_count ||
            !hvc_image_u32(image, table->functions + index * 4u, &rva)) {
            note(image, "export-index", "a name stands for a function that does not exist", index);
            continue;
        }
        table->named[index / 8] |= (uint8_t)(1u << index % 8);
        if (rva == 0)
            continue;
        hvc_export *export = hvc_vector_add(&image->arena, &image->exports);
        if (export == NULL)
            return hvc_fail_memory(error);
        export->name = name;
        read_target(image, table, index, rva, export);
    }
    return HVC_OK;
}

static hvc_status read_unnamed(hvc_image *image, const export_table *table, hvc_error *error)
{
    for (uint32_t i = 0; i < table->function_count; i++) {
        uint32_t rva;
        if (table->named[i / 8] & 1u << i % 8)
            continue;
        if (!hvc_image_u32(image, table->functions + i * 4, &rva)) {
            note(image, "export-functions", "the table of functions leaves the image at function",
                 i);
            return HVC_OK;
        }
        if (rva == 0)
            continue;
        if (image->exports.count >= HVC_MAX_EXPORTS) {
            note(image, "export-limit", "only so many exports are read", HVC_MAX_EXPORTS);
            return HVC_OK;
        }
        hvc_export *export = hvc_vector_add(&image->arena, &image->exports);
        if (export == NULL)
            return hvc_fail_memory(error);
        read_target(image, table, i, rva, export);
    }
    return HVC_OK;
}

/* A table of count items must not wrap around the end of the address space. */
static bool wraps(uint32_t rva, uint32_t count, uint32_t size)
{
    return rva + (uint64_t)count * size > UINT32_MAX;
}

hvc_status hvc_read_exports(hvc_image *image, hvc_error *error)
{
    export_table table = {.directory = image->headers.directories[HVC_DIR_EXPORT]};
    uint8_t p[DIRECTORY];
    if (table.directory.rva == 0 || table.directory.size == 0)
        return HVC_OK;
    if (!hvc_image_read(image, table.directory.rva, p, sizeof(p))) {
        note(image, "export-directory-outside", "the export directory is outside the image, at RVA",
             table.directory.rva);
        return HVC_OK;
    }
    table.base = hvc_le32(p + 16);
    table.function_count = hvc_le32(p + 20);
    table.name_count = hvc_le32(p + 24);
    table.functions = hvc_le32(p + 28);
    table.names = hvc_le32(p + 32);
    table.ordinals = hvc_le32(p + 36);
    if (table.function_count > HVC_MAX_EXPORTS) {
        note(image, "export-limit", "only 65536 exports are read of", table.function_count);
        table.function_count = HVC_MAX_EXPORTS;
    }
    if (table.name_count > HVC_MAX_EXPORTS) {
        note(image, "export-limit", "only 65536 names of exports are read of", table.name_count);
        table.name_count = HVC_MAX_EXPORTS;
    }
    if (wraps(table.functions, table.function_count, 4) ||
        wraps(table.names, table.name_count, 4) || wraps(table.ordinals, table.name_count, 2)) {
        note(image, "export-directory-outside",
             "a table of the export directory is outside the image", table.functions);
        return HVC_OK;
    }
    table.named = hvc_arena_alloc(&image->arena, table.function_count / 8 + 1);
    if (table.named == NULL)
        return hvc_fail_memory(error);
    hvc_status status = read_named(image, &table, error);
    return status == HVC_OK ? read_unnamed(image, &table, error) : status;
}
