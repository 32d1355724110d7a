/* The resource directory, as far as the version information: type RT_VERSION, its first name, its
 * first language. The depth is fixed and the entries that are looked at are counted, so that
 * neither cycles nor fan-out matter. */
#include "base/limits.h"
#include "pe/image.h"
#include "pe/version.h"

enum {
    DIRECTORY = 16,
    ENTRY = 8,
    RT_VERSION = 16,
};
#define SUBDIRECTORY UINT32_C(0x80000000)

typedef struct resource_reader {
    hvc_image *image;
    uint32_t base;   /* RVA of the root: offsets count from it */
    unsigned budget; /* entries that may still be looked at */
} resource_reader;

static void note(resource_reader *reader, uint32_t rva, const char *what)
{
    hvc_image_note(reader->image, "resource-directory", HVC_ANOMALY_NOTE,
                   hvc_image_anomaly_offset(reader->image, rva, HVC_DIR_RESOURCE),
                   "resource directory at RVA 0x%x: %s", rva, what);
}

/* Finds the entry with an id in the directory at offset, or its first one when id is 0. *ret_value
 * gets the offset of what it leads to. */
static bool find_entry(resource_reader *reader, uint32_t offset, uint32_t id, uint32_t *ret_value)
{
    hvc_image *image = reader->image;
    uint32_t rva = reader->base + offset;
    uint16_t named, numbered;
    if (!hvc_image_u16(image, rva + 12, &named) || !hvc_image_u16(image, rva + 14, &numbered)) {
        note(reader, rva, "it is outside the image");
        return false;
    }
    /* Entries with names come first; none of them has an id. */
    uint32_t first = id != 0 ? named : 0, count = (uint32_t)named + numbered;
    for (uint32_t i = first; i < count; i++) {
        uint32_t entry = rva + DIRECTORY + i * ENTRY, name, value;
        if (reader->budget-- == 0) {
            note(reader, rva, "it has too many entries to look at");
            reader->budget = 0;
            return false;
        }
        if (!hvc_image_u32(image, entry, &name) || !hvc_image_u32(image, entry + 4, &value)) {
            note(reader, rva, "its entries leave the image");
            return false;
        }
        if (id == 0 || name == id) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

hvc_status hvc_read_resources(hvc_image *image, hvc_error *error)
{
    hvc_directory directory = image->headers.directories[HVC_DIR_RESOURCE];
    if (directory.rva == 0 || directory.size == 0)
        return HVC_OK;
    resource_reader reader = {image, directory.rva, HVC_MAX_RESOURCE_NODES};
    uint32_t value = SUBDIRECTORY;
    for (unsigned depth = 0; depth < HVC_MAX_RESOURCE_DEPTH; depth++) {
        uint32_t offset = value & ~SUBDIRECTORY;
        if (!find_entry(&reader, offset, depth == 0 ? RT_VERSION : 0, &value))
            return HVC_OK;
        if ((value & SUBDIRECTORY) == 0)
            break;
    }
    if (value & SUBDIRECTORY) {
        note(&reader, directory.rva, "the version information lies deeper than three levels");
        return HVC_OK;
    }
    uint32_t rva, size, entry = directory.rva + value;
    if (!hvc_image_u32(image, entry, &rva) || !hvc_image_u32(image, entry + 4, &size)) {
        note(&reader, entry, "the version information's entry is outside the image");
        return HVC_OK;
    }
    hvc_span bytes = hvc_image_span(image, rva, size);
    if (bytes.size == 0) {
        note(&reader, entry, "the version information is not in the file");
        return HVC_OK;
    }
    return hvc_read_version(image, bytes, error);
}
