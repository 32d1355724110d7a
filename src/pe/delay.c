/* Delay-load descriptors. Those of Visual C++ 6 hold absolute addresses, later ones RVAs: bit 0 of
 * the attributes tells. */
#include "base/error.h"
#include "base/limits.h"
#include "pe/image.h"

enum { DESCRIPTOR = 32, RVA_BASED = 1 };

typedef struct descriptor {
    uint32_t attributes, name, handle, iat, lookup, bound_iat, unload_iat, timestamp;
} descriptor;

static bool read_descriptor(const hvc_image *image, uint32_t rva, descriptor *ret)
{
    uint8_t p[DESCRIPTOR];
    if (!hvc_image_read(image, rva, p, sizeof(p)))
        return false;
    *ret = (descriptor){hvc_le32(p),      hvc_le32(p + 4),  hvc_le32(p + 8),  hvc_le32(p + 12),
                        hvc_le32(p + 16), hvc_le32(p + 20), hvc_le32(p + 24), hvc_le32(p + 28)};
    return true;
}

/* Makes RVAs of the addresses of an old descriptor; false when they are outside the image. */
static bool make_relative(const hvc_image *image, descriptor *it)
{
    return hvc_image_rva_of(image, it->name, &it->name) &&
           hvc_image_rva_of(image, it->iat, &it->iat) &&
           hvc_image_rva_of(image, it->lookup, &it->lookup);
}

static hvc_status read_module(hvc_image *image, descriptor from, uint32_t rva, hvc_error *error)
{
    uint32_t index = (uint32_t)image->modules.count;
    uint32_t offset = hvc_image_anomaly_offset(image, rva, HVC_DIR_DELAY_IMPORT);
    bool absolute = (from.attributes & RVA_BASED) == 0;
    descriptor given = from;
    if (absolute && !make_relative(image, &from)) {
        hvc_image_note(
            image, "delay-import-address", HVC_ANOMALY_DOUBT, offset,
            "a delay-load descriptor with absolute addresses (name 0x%x, IAT 0x%x, names "
            "0x%x) points outside the image",
            given.name, given.iat, given.lookup);
        return HVC_OK;
    }
    hvc_import_module *module = hvc_vector_add(&image->arena, &image->modules);
    if (module == NULL)
        return hvc_fail_memory(error);
    module->kind = HVC_IMPORT_DELAY;
    module->descriptor_rva = rva;
    module->first_thunk = from.iat;
    module->bound = from.timestamp != 0;
    module->name = (hvc_text){(const char *)image->file.data, 0};
    if (!hvc_image_cstr(image, from.name, &module->name))
        hvc_image_note(image, "import-module-name", HVC_ANOMALY_DOUBT, offset,
                       "module %u: its name at RVA 0x%x is not readable", index, from.name);
    return hvc_read_thunks(image, index, from.lookup, absolute ? image->headers.image_base : 0,
                           error);
}

hvc_status hvc_read_delay_imports(hvc_image *image, hvc_error *error)
{
    hvc_directory directory = image->headers.directories[HVC_DIR_DELAY_IMPORT];
    if (directory.rva == 0)
        return HVC_OK;
    uint32_t entry = hvc_image_directory_entry(image, HVC_DIR_DELAY_IMPORT);
    uint32_t count = 0;
    for (uint64_t at = directory.rva;; at += DESCRIPTOR, count++) {
        descriptor next;
        uint32_t rva = (uint32_t)at;
        if (at > UINT32_MAX || !read_descriptor(image, rva, &next)) {
            hvc_image_note(image, "delay-import-directory", HVC_ANOMALY_DOUBT, entry,
                           "the delay-load directory at RVA 0x%x leaves the image after %u "
                           "descriptors",
                           directory.rva, count);
            return HVC_OK;
        }
        if (next.name == 0 || next.lookup == 0 || next.iat == 0)
            return HVC_OK;
        if (count >= HVC_MAX_IMPORT_MODULES || image->modules.count >= HVC_MAX_IMPORT_MODULES) {
            hvc_image_note(image, "import-module-limit", HVC_ANOMALY_DOUBT, entry,
                           "only %u import modules are read", (unsigned)HVC_MAX_IMPORT_MODULES);
            return HVC_OK;
        }
        hvc_status status = read_module(image, next, rva, error);
        if (status != HVC_OK)
            return status;
    }
}
