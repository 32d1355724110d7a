/* The bound import directory. Windows no longer uses it, so all that is done here is to say when it
 * is damaged. The IAT directory, which the image rules judge by its header fields, is checked
 * likewise. */
#include "base/limits.h"
#include "pe/image.h"

enum { DESCRIPTOR = 8 };

static void note_bound(hvc_image *image, uint32_t descriptor, const char *what)
{
    hvc_image_note(image, "bound-import", HVC_ANOMALY_NOTE,
                   hvc_image_directory_entry(image, HVC_DIR_BOUND_IMPORT),
                   "bound import descriptor %u: %s", descriptor, what);
}

static void check_bound(hvc_image *image, hvc_directory directory)
{
    hvc_span bytes = hvc_image_span(image, directory.rva, directory.size);
    if (bytes.size < directory.size) {
        note_bound(image, 0, "the directory is not in the file as a whole");
        return;
    }
    /* Descriptors and their forwarder references have the same size and are walked alike. */
    uint64_t at = 0;
    uint32_t forwarders = 0;
    for (uint32_t i = 0; i < HVC_MAX_IMPORT_MODULES; i++, at += DESCRIPTOR) {
        hvc_span one;
        hvc_text name;
        if (!hvc_span_sub(bytes, at, DESCRIPTOR, &one)) {
            note_bound(image, i, "the list does not end inside the directory");
            return;
        }
        uint16_t name_offset = hvc_le16(one.data + 4);
        if (forwarders > 0)
            forwarders--;
        else if (hvc_le32(one.data) == 0 && name_offset == 0)
            return;
        else
            forwarders = hvc_le16(one.data + 6);
        if (!hvc_span_cstr(bytes, name_offset, HVC_MAX_NAME, &name)) {
            note_bound(image, i, "its module name is not inside the directory");
            return;
        }
    }
    note_bound(image, HVC_MAX_IMPORT_MODULES, "only so many are read");
}

hvc_status hvc_read_bound_imports(hvc_image *image, hvc_error *error)
{
    (void)error; /* nothing is kept, so no memory is needed */
    hvc_directory bound = image->headers.directories[HVC_DIR_BOUND_IMPORT];
    if (bound.rva != 0 && bound.size != 0)
        check_bound(image, bound);

    hvc_directory iat = image->headers.directories[HVC_DIR_IAT];
    if (iat.rva == 0 || iat.size == 0)
        return HVC_OK;
    uint8_t last;
    if (iat.size > UINT32_MAX - iat.rva || hvc_image_section_at(image, iat.rva) == NULL ||
        !hvc_image_read(image, iat.rva + iat.size - 1, &last, 1))
        hvc_image_note(image, "iat-outside", HVC_ANOMALY_DOUBT,
                       hvc_image_directory_entry(image, HVC_DIR_IAT),
                       "the IAT directory at RVA 0x%x with 0x%x bytes is not inside the sections",
                       iat.rva, iat.size);
    return HVC_OK;
}
