/* The import directory: descriptors, and the lookup tables of delay-load descriptors too. */
#include "base/error.h"
#include "base/limits.h"
#include "pe/image.h"

enum { DESCRIPTOR = 20 };

typedef struct thunk_reader {
    hvc_image *image;
    uint32_t module;
    uint64_t name_base;
    uint32_t slot; /* of the thunk that is being read */
    uint32_t rva;  /* of that thunk itself */
} thunk_reader;

static void read_name(const thunk_reader *reader, uint64_t value, hvc_import *import)
{
    hvc_image *image = reader->image;
    import->name = (hvc_text){(const char *)image->file.data, 0};
    uint32_t offset = hvc_image_anomaly_offset(image, reader->rva, HVC_DIR_IMPORT);
    if (reader->name_base != 0) {
        uint32_t rva;
        value = hvc_image_rva_of(image, value, &rva) ? rva : UINT64_MAX;
    }
    /* Bits 31 and up of a lookup entry are zero. */
    if (value > INT32_MAX) {
        hvc_image_note(
            image, "import-thunk", HVC_ANOMALY_DOUBT, offset,
            "module %u, slot 0x%x: the lookup entry is neither an ordinal nor the RVA of a "
            "name",
            reader->module, reader->slot);
        return;
    }
    uint32_t rva = (uint32_t)value;
    if (!hvc_image_u16(image, rva, &import->ordinal) ||
        !hvc_image_cstr(image, rva + 2, &import->name)) {
        hvc_image_note(image, "import-name", HVC_ANOMALY_DOUBT, offset,
                       "module %u, slot 0x%x: the function name at RVA 0x%x is not readable",
                       reader->module, reader->slot, rva);
        return;
    }
    if (import->name.size == 0)
        hvc_image_note(image, "import-name-empty", HVC_ANOMALY_DOUBT, offset,
                       "module %u, slot 0x%x: the function name at RVA 0x%x is empty",
                       reader->module, reader->slot, rva);
}

static hvc_status add_thunk(const thunk_reader *reader, uint64_t value, hvc_error *error)
{
    hvc_image *image = reader->image;
    hvc_import *import = hvc_vector_add(&image->arena, &image->imports);
    if (import == NULL)
        return hvc_fail_memory(error);
    import->module = reader->module;
    import->slot = reader->slot;
    uint64_t ordinal_flag = UINT64_C(1) << (hvc_image_pointer_size(image) * 8 - 1);
    if (value & ordinal_flag) {
        import->ordinal = (uint16_t)value;
        if ((value & ~ordinal_flag) > UINT16_MAX)
            hvc_image_note(image, "import-ordinal", HVC_ANOMALY_NOTE,
                           hvc_image_anomaly_offset(image, reader->rva, HVC_DIR_IMPORT),
                           "module %u, slot 0x%x: bits behind ordinal %u are set", reader->module,
                           reader->slot, import->ordinal);
    } else {
        read_name(reader, value, import);
    }
    return HVC_OK;
}

hvc_status hvc_read_thunks(hvc_image *image, uint32_t module, uint32_t lookup, uint64_t name_base,
                           hvc_error *error)
{
    uint32_t width = hvc_image_pointer_size(image);
    thunk_reader reader = {image, module, name_base, image->modules.items[module].first_thunk,
                           lookup};
    image->modules.items[module].first = (uint32_t)image->imports.count;
    hvc_span bytes = hvc_image_span(image, lookup, UINT64_MAX);
    hvc_status status = HVC_OK;
    for (uint64_t at = 0;; at += width) {
        uint64_t value;
        if (hvc_span_has(bytes, at, width)) {
            value = width == 8 ? hvc_le64(bytes.data + at) : hvc_le32(bytes.data + at);
        } else if (reader.rva < lookup || !hvc_image_pointer(image, reader.rva, &value)) {
            hvc_image_note(
                image, "import-table-open", HVC_ANOMALY_DOUBT,
                hvc_image_anomaly_offset(image, lookup, HVC_DIR_IMPORT),
                "module %u: its lookup table at RVA 0x%x leaves the image without an end", module,
                lookup);
            break;
        }
        if (value == 0)
            break;
        if (image->imports.count >= HVC_MAX_IMPORTS) {
            hvc_image_note(image, "import-limit", HVC_ANOMALY_DOUBT,
                           hvc_image_anomaly_offset(image, reader.rva, HVC_DIR_IMPORT),
                           "module %u: only %u imported functions are read", module,
                           (unsigned)HVC_MAX_IMPORTS);
            break;
        }
        status = add_thunk(&reader, value, error);
        if (status != HVC_OK)
            break;
        reader.rva += width;
        reader.slot += width;
    }
    hvc_import_module *done = &image->modules.items[module];
    done->count = (uint32_t)image->imports.count - done->first;
    return status;
}

typedef struct descriptor {
    uint32_t lookup, timestamp, forwarder, name, first_thunk;
} descriptor;

static bool read_descriptor(const hvc_image *image, uint32_t rva, descriptor *ret)
{
    uint8_t p[DESCRIPTOR];
    if (!hvc_image_read(image, rva, p, sizeof(p)))
        return false;
    *ret = (descriptor){hvc_le32(p), hvc_le32(p + 4), hvc_le32(p + 8), hvc_le32(p + 12),
                        hvc_le32(p + 16)};
    return true;
}

static hvc_status read_module(hvc_image *image, const descriptor *from, uint32_t rva,
                              hvc_error *error)
{
    uint32_t index = (uint32_t)image->modules.count;
    uint32_t offset = hvc_image_anomaly_offset(image, rva, HVC_DIR_IMPORT);
    hvc_import_module *module = hvc_vector_add(&image->arena, &image->modules);
    if (module == NULL)
        return hvc_fail_memory(error);
    module->kind = HVC_IMPORT_NORMAL;
    module->descriptor_rva = rva;
    module->first_thunk = from->first_thunk;
    module->bound = from->timestamp != 0;
    module->name = (hvc_text){(const char *)image->file.data, 0};
    if (!hvc_image_cstr(image, from->name, &module->name))
        hvc_image_note(image, "import-module-name", HVC_ANOMALY_DOUBT, offset,
                       "module %u: its name at RVA 0x%x is not readable", index, from->name);

    uint32_t lookup = from->lookup;
    if (lookup == 0) {
        /* User mode falls back to the IAT; the kernel ends the import list at such a descriptor. */
        hvc_image_note(
            image, "import-no-lookup-table", HVC_ANOMALY_DOUBT, offset,
            "module %u: OriginalFirstThunk is 0, its functions are read from the IAT at RVA "
            "0x%x",
            index, from->first_thunk);
        lookup = from->first_thunk;
    }
    uint64_t value;
    if (from->first_thunk == 0 || !hvc_image_pointer(image, from->first_thunk, &value))
        hvc_image_note(image, "import-iat-outside", HVC_ANOMALY_DOUBT, offset,
                       "module %u: its IAT at RVA 0x%x is outside the image", index,
                       from->first_thunk);
    return hvc_read_thunks(image, index, lookup, 0, error);
}

/* Windows walks the descriptors to the empty one, whatever the directory's size says. */
hvc_status hvc_read_imports(hvc_image *image, hvc_error *error)
{
    hvc_directory directory = image->headers.directories[HVC_DIR_IMPORT];
    if (directory.rva == 0)
        return HVC_OK;
    for (uint64_t at = directory.rva;; at += DESCRIPTOR) {
        descriptor next;
        uint32_t rva = (uint32_t)at;
        if (at > UINT32_MAX || !read_descriptor(image, rva, &next)) {
            bool first = at == directory.rva;
            hvc_image_note(image, first ? "import-directory-outside" : "import-directory-open",
                           HVC_ANOMALY_DOUBT, hvc_image_directory_entry(image, HVC_DIR_IMPORT),
                           first
                               ? "the import directory at RVA 0x%x is outside the image"
                               : "the import directory at RVA 0x%x leaves the image without an end",
                           directory.rva);
            return HVC_OK;
        }
        uint32_t offset = hvc_image_anomaly_offset(image, rva, HVC_DIR_IMPORT);
        if (next.name == 0 || (next.first_thunk == 0 && next.lookup == 0)) {
            if (next.lookup != 0 || next.first_thunk != 0 || next.name != 0)
                hvc_image_note(image, "import-end", HVC_ANOMALY_DOUBT, offset,
                               "descriptor %u ends the imports but is not empty (name 0x%x, lookup "
                               "table 0x%x, IAT 0x%x)",
                               (uint32_t)image->modules.count, next.name, next.lookup,
                               next.first_thunk);
            break;
        }
        if (image->modules.count >= HVC_MAX_IMPORT_MODULES) {
            hvc_image_note(image, "import-module-limit", HVC_ANOMALY_DOUBT, offset,
                           "only %u import modules are read", (unsigned)HVC_MAX_IMPORT_MODULES);
            break;
        }
        hvc_status status = read_module(image, &next, rva, error);
        if (status != HVC_OK)
            return status;
    }
    uint64_t end = (uint64_t)directory.rva + directory.size;
    uint64_t used = directory.rva + (uint64_t)image->modules.count * DESCRIPTOR;
    if (directory.size != 0 && used > end)
        hvc_image_note(image, "import-directory-size", HVC_ANOMALY_NOTE,
                       hvc_image_directory_entry(image, HVC_DIR_IMPORT),
                       "the import directory declares %u bytes, its %u modules take %u",
                       directory.size, (uint32_t)image->modules.count,
                       (uint32_t)(used - directory.rva));
    return HVC_OK;
}
