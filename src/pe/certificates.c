/* The certificate table: a run of WIN_CERTIFICATE records at a FILE offset, not mapped, each padded
 * to 8 bytes. Only records that lie in the file as a whole are listed. */
#include "base/error.h"
#include "base/limits.h"
#include "pe/image.h"

enum { HEADER = 8, ALIGNMENT = 8 };

static void note(hvc_image *image, const char *id, uint32_t offset, const char *what,
                 uint32_t number)
{
    hvc_image_note(image, id, HVC_ANOMALY_NOTE, offset, "certificate table: %s (0x%x)", what,
                   number);
}

hvc_status hvc_read_certificates(hvc_image *image, hvc_error *error)
{
    hvc_directory directory = image->headers.directories[HVC_DIR_CERTIFICATE];
    uint32_t entry = hvc_image_directory_entry(image, HVC_DIR_CERTIFICATE);
    if (directory.rva == 0 && directory.size == 0)
        return HVC_OK;
    hvc_span table = hvc_span_clip(image->file, directory.rva, directory.size);
    if (table.size == 0 || directory.rva == 0) {
        note(image, "certificate-table-outside", entry, "there are no such bytes in the file",
             directory.rva);
        return HVC_OK;
    }
    if (table.size < directory.size)
        note(image, "certificate-table-cut", entry, "it ends behind the file; its size is",
             directory.size);
    if (directory.rva % ALIGNMENT != 0)
        note(image, "certificate-table-unaligned", entry, "its offset is no multiple of 8",
             directory.rva);
    for (uint64_t at = 0; at < table.size;) {
        uint32_t offset = directory.rva + (uint32_t)at;
        hvc_span header;
        if (!hvc_span_sub(table, at, HEADER, &header)) {
            note(image, "certificate-cut", offset, "the last record is cut; bytes left",
                 (uint32_t)(table.size - at));
            break;
        }
        uint32_t length = hvc_le32(header.data);
        if (length < HEADER || length > table.size - at) {
            note(image, "certificate-length", offset, "a record has dwLength", length);
            break;
        }
        if (image->certificates.count >= HVC_MAX_CERTIFICATES) {
            note(image, "certificate-limit", offset, "only so many records are read",
                 HVC_MAX_CERTIFICATES);
            break;
        }
        hvc_certificate *record = hvc_vector_add(&image->arena, &image->certificates);
        if (record == NULL)
            return hvc_fail_memory(error);
        *record =
            (hvc_certificate){offset, length, hvc_le16(header.data + 4), hvc_le16(header.data + 6)};
        at = hvc_align_up(at + length, ALIGNMENT);
    }
    return HVC_OK;
}
