/* The debug directory: which PDB belongs to the image, and whether its timestamp is a hash. */
#include "base/error.h"
#include "base/limits.h"
#include "pe/image.h"

enum {
    ENTRY = 28,
    TYPE_CODEVIEW = 2,
    TYPE_REPRO = 16,
    RSDS_PATH = 24, /* behind signature, GUID and age */
    NB10_PATH = 16, /* behind signature, offset, timestamp and age */
};

static void note(hvc_image *image, const char *id, uint32_t rva, const char *what, uint32_t number)
{
    hvc_image_note(image, id, HVC_ANOMALY_NOTE, hvc_image_anomaly_offset(image, rva, HVC_DIR_DEBUG),
                   "debug directory: %s (0x%x)", what, number);
}

/* Data that is not mapped has RVA 0 and only a file offset. */
static hvc_span entry_data(const hvc_image *image, const hvc_debug_entry *entry)
{
    hvc_span data = {image->file.data, 0};
    if (entry->rva != 0)
        data = hvc_image_span(image, entry->rva, entry->size);
    if (data.size < entry->size)
        data = hvc_span_clip(image->file, entry->file_offset, entry->size);
    return data;
}

static void read_path(hvc_image *image, hvc_span data, size_t offset, const hvc_debug_entry *entry)
{
    if (hvc_span_cstr(data, offset, HVC_MAX_NAME, &image->debug.pdb))
        return;
    hvc_span rest = hvc_span_clip(data, offset, HVC_MAX_NAME);
    image->debug.pdb = (hvc_text){(const char *)rest.data, rest.size};
    note(image, "debug-pdb-path", entry->rva, "the PDB path does not end in its entry of size",
         entry->size);
}

static void read_codeview(hvc_image *image, const hvc_debug_entry *entry)
{
    hvc_debug_info *debug = &image->debug;
    if (debug->has_codeview)
        return;
    hvc_span data = entry_data(image, entry);
    if (data.size >= RSDS_PATH && memcmp(data.data, "RSDS", 4) == 0) {
        debug->has_codeview = true;
        memcpy(debug->guid, data.data + 4, sizeof(debug->guid));
        debug->age = hvc_le32(data.data + 20);
        read_path(image, data, RSDS_PATH, entry);
    } else if (data.size >= NB10_PATH && memcmp(data.data, "NB10", 4) == 0) {
        /* The form before GUIDs: a path, and nothing that would identify the PDB reliably. */
        debug->age = hvc_le32(data.data + 12);
        read_path(image, data, NB10_PATH, entry);
    } else {
        note(image, "debug-codeview", entry->rva, "CodeView data is not readable, of size",
             entry->size);
    }
}

hvc_status hvc_read_debug(hvc_image *image, hvc_error *error)
{
    hvc_directory directory = image->headers.directories[HVC_DIR_DEBUG];
    if (directory.rva == 0 || directory.size == 0)
        return HVC_OK;
    hvc_span bytes = hvc_image_span(image, directory.rva, directory.size);
    if (bytes.size < directory.size)
        note(image, "debug-directory-outside", directory.rva,
             "it is not in the file as a whole, at RVA", directory.rva);
    if (directory.size % ENTRY != 0)
        note(image, "debug-directory-size", directory.rva, "its size is no multiple of 28",
             directory.size);
    size_t count = bytes.size / ENTRY;
    if (count > HVC_MAX_DEBUG_ENTRIES) {
        note(image, "debug-limit", directory.rva, "only 64 entries are read of", (uint32_t)count);
        count = HVC_MAX_DEBUG_ENTRIES;
    }
    hvc_debug_entry *entries = hvc_arena_array(&image->arena, count, sizeof(*entries));
    if (entries == NULL)
        return hvc_fail_memory(error);
    image->debug.entries = entries;
    image->debug.entry_count = count;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *p = bytes.data + i * ENTRY;
        entries[i] = (hvc_debug_entry){.type = hvc_le32(p + 12),
                                       .timestamp = hvc_le32(p + 4),
                                       .rva = hvc_le32(p + 20),
                                       .file_offset = hvc_le32(p + 24),
                                       .size = hvc_le32(p + 16)};
        if (entries[i].type == TYPE_CODEVIEW)
            read_codeview(image, &entries[i]);
        else if (entries[i].type == TYPE_REPRO)
            image->debug.repro = true;
    }
    return HVC_OK;
}
