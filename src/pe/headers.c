/* DOS header, PE signature, COFF file header, optional header (PE32 and PE32+), data directories.
 */
#include "base/error.h"
#include "base/limits.h"
#include "pe/image.h"

enum {
    DOS_HEADER = 64,
    DOS_RELOCATIONS = 0x18, /* e_lfarlc */
    DOS_LFANEW = 0x3c,
    SIGNATURE = 4,
    FILE_HEADER = 20,
    OPTIONAL_FIXED_32 = 96,
    OPTIONAL_FIXED_64 = 112,
    OPTIONAL_CHECKSUM = 64,
    MAGIC_PE32 = 0x10b,
    MAGIC_PE32_PLUS = 0x20b,
    /* No linker puts the PE header further out; a DOS program's four bytes there are rarely below.
     */
    LFANEW_PLAUSIBLE = 0x10000,
    SECTOR = 512,
    PAGE = 4096,
};

static uint32_t optional_header(const hvc_image *image)
{
    return image->headers.nt_offset + SIGNATURE + FILE_HEADER;
}

uint32_t hvc_image_directory_entry(const hvc_image *image, hvc_directory_index index)
{
    uint32_t fixed = image->headers.pe32_plus ? OPTIONAL_FIXED_64 : OPTIONAL_FIXED_32;
    return optional_header(image) + fixed + (uint32_t)index * 8;
}

/* A file cut before its PE header and a DOS program look alike: both have MZ and no PE header where
 * e_lfanew points. What tells them apart is that a linker of PE images keeps e_lfanew small and
 * aligned and puts no DOS relocations inside the DOS header. */
static bool lfanew_plausible(hvc_span file, uint32_t lfanew)
{
    uint16_t relocations = 0;
    hvc_span_u16(file, DOS_RELOCATIONS, &relocations);
    return lfanew >= 4 && lfanew % 4 == 0 && lfanew < LFANEW_PLAUSIBLE &&
           (relocations == 0 || relocations >= DOS_HEADER);
}

static hvc_status find_signature(hvc_image *image, hvc_error *error)
{
    hvc_span file = image->file;
    if (file.size == 0)
        return hvc_fail_at(error, HVC_E_NOT_PE, 0, "the file is empty");
    if (file.data[0] != 'M' || (file.size > 1 && file.data[1] != 'Z'))
        return hvc_fail_at(error, HVC_E_NOT_PE, 0, "no MZ signature at the beginning");
    if (file.size < DOS_HEADER)
        return hvc_fail_at(error, file.size < 2 ? HVC_E_NOT_PE : HVC_E_TRUNCATED, file.size,
                           "the file ends after %u of the 64 bytes of its DOS header",
                           (unsigned)file.size);

    uint32_t lfanew = hvc_le32(file.data + DOS_LFANEW);
    static const uint8_t signature[SIGNATURE] = {'P', 'E', 0, 0};
    if (!hvc_span_has(file, lfanew, SIGNATURE)) {
        hvc_span begun = hvc_span_clip(file, lfanew, SIGNATURE);
        if (lfanew_plausible(file, lfanew) &&
            (begun.size == 0 || memcmp(begun.data, signature, begun.size) == 0))
            return hvc_fail_at(error, HVC_E_TRUNCATED, file.size,
                               "the file of %u bytes ends before its PE signature at offset 0x%x",
                               (unsigned)file.size, lfanew);
        return hvc_fail_at(error, HVC_E_NOT_PE, DOS_LFANEW,
                           "a DOS program: no PE header at e_lfanew 0x%x", lfanew);
    }
    if (memcmp(file.data + lfanew, signature, SIGNATURE) != 0)
        return hvc_fail_at(error, HVC_E_NOT_PE, lfanew,
                           "a DOS program: no PE signature at offset 0x%x", lfanew);
    image->headers.nt_offset = lfanew;
    return HVC_OK;
}

/* The architecture that the machine type alone tells, HVC_ARCH_UNKNOWN when it is not read here. */
static hvc_arch machine_arch(uint16_t machine)
{
    switch (machine) {
    case HVC_MACHINE_I386:
        return HVC_ARCH_X86;
    case HVC_MACHINE_AMD64:
        return HVC_ARCH_X64;
    case 0x01c0: /* ARM */
    case 0x01c2: /* THUMB */
    case HVC_MACHINE_ARMNT:
        return HVC_ARCH_ARM;
    case HVC_MACHINE_ARM64:
        return HVC_ARCH_ARM64;
    case HVC_MACHINE_ARM64EC:
        return HVC_ARCH_ARM64EC;
    case HVC_MACHINE_ARM64X:
        return HVC_ARCH_ARM64X;
    default:
        return HVC_ARCH_UNKNOWN;
    }
}

static hvc_status read_file_header(hvc_image *image, hvc_error *error)
{
    hvc_headers *headers = &image->headers;
    hvc_span part;
    uint32_t offset = headers->nt_offset + SIGNATURE;
    if (!hvc_span_sub(image->file, offset, FILE_HEADER, &part))
        return hvc_fail_at(error, HVC_E_TRUNCATED, image->file.size,
                           "the file of %u bytes ends inside its file header at offset 0x%x",
                           (unsigned)image->file.size, offset);
    headers->machine = hvc_le16(part.data);
    headers->section_count = hvc_le16(part.data + 2);
    headers->timestamp = hvc_le32(part.data + 4);
    headers->symbol_table = hvc_le32(part.data + 8);
    headers->symbol_count = hvc_le32(part.data + 12);
    headers->optional_header_size = hvc_le16(part.data + 16);
    headers->characteristics = hvc_le16(part.data + 18);
    image->arch = machine_arch(headers->machine);
    if (image->arch == HVC_ARCH_UNKNOWN)
        return hvc_fail_at(error, HVC_E_UNSUPPORTED, offset, "images of machine 0x%x are not read",
                           headers->machine);
    return HVC_OK;
}

static hvc_status read_magic(hvc_image *image, hvc_error *error)
{
    uint32_t offset = optional_header(image);
    uint16_t magic;
    if (!hvc_span_u16(image->file, offset, &magic))
        return hvc_fail_at(error, HVC_E_TRUNCATED, image->file.size,
                           "the file of %u bytes ends before its optional header at offset 0x%x",
                           (unsigned)image->file.size, offset);
    if (magic != MAGIC_PE32 && magic != MAGIC_PE32_PLUS)
        return hvc_fail_at(error, HVC_E_MALFORMED, offset,
                           "the optional header is neither PE32 nor PE32+ (magic 0x%x)", magic);
    image->headers.pe32_plus = magic == MAGIC_PE32_PLUS;
    bool narrow = image->arch == HVC_ARCH_X86 || image->arch == HVC_ARCH_ARM;
    if (narrow == image->headers.pe32_plus)
        return hvc_fail_at(error, HVC_E_MALFORMED, offset,
                           "an optional header of magic 0x%x contradicts machine 0x%x", magic,
                           image->headers.machine);
    return HVC_OK;
}

static void read_fixed_fields(hvc_headers *headers, const uint8_t *p)
{
    headers->linker_major = p[2];
    headers->linker_minor = p[3];
    headers->size_of_code = hvc_le32(p + 4);
    headers->entry_point = hvc_le32(p + 16);
    headers->image_base = headers->pe32_plus ? hvc_le64(p + 24) : hvc_le32(p + 28);
    headers->section_alignment = hvc_le32(p + 32);
    headers->file_alignment = hvc_le32(p + 36);
    headers->os_major = hvc_le16(p + 40);
    headers->os_minor = hvc_le16(p + 42);
    headers->image_major = hvc_le16(p + 44);
    headers->image_minor = hvc_le16(p + 46);
    headers->subsystem_major = hvc_le16(p + 48);
    headers->subsystem_minor = hvc_le16(p + 50);
    headers->size_of_image = hvc_le32(p + 56);
    headers->size_of_headers = hvc_le32(p + 60);
    headers->checksum = hvc_le32(p + OPTIONAL_CHECKSUM);
    headers->subsystem = hvc_le16(p + 68);
    headers->dll_characteristics = hvc_le16(p + 70);
    const uint8_t *tail = p + (headers->pe32_plus ? OPTIONAL_FIXED_64 : OPTIONAL_FIXED_32) - 8;
    headers->loader_flags = hvc_le32(tail);
    headers->directory_count = hvc_le32(tail + 4);
}

/* Windows reads the directories that NumberOfRvaAndSizes promises, whatever SizeOfOptionalHeader
 * says. */
static hvc_status read_optional_header(hvc_image *image, hvc_error *error)
{
    hvc_status status = read_magic(image, error);
    if (status != HVC_OK)
        return status;
    hvc_headers *headers = &image->headers;
    uint32_t offset = optional_header(image);
    uint32_t fixed = headers->pe32_plus ? OPTIONAL_FIXED_64 : OPTIONAL_FIXED_32;
    hvc_span part;
    if (!hvc_span_sub(image->file, offset, fixed, &part))
        return hvc_fail_at(error, HVC_E_TRUNCATED, image->file.size,
                           "the file of %u bytes ends inside its optional header at offset 0x%x",
                           (unsigned)image->file.size, offset);
    read_fixed_fields(headers, part.data);
    headers->checksum_offset = offset + OPTIONAL_CHECKSUM;
    headers->section_table = offset + headers->optional_header_size;

    uint32_t count = headers->directory_count;
    if (count > HVC_MAX_DIRECTORIES)
        count = HVC_MAX_DIRECTORIES;
    if (!hvc_span_sub(image->file, (uint64_t)offset + fixed, count * 8, &part))
        return hvc_fail_at(
            error, HVC_E_TRUNCATED, image->file.size,
            "the file of %u bytes ends inside its %u data directories at offset 0x%x",
            (unsigned)image->file.size, count, offset + fixed);
    for (uint32_t i = 0; i < count; i++) {
        headers->directories[i].rva = hvc_le32(part.data + i * 8);
        headers->directories[i].size = hvc_le32(part.data + i * 8 + 4);
    }
    return HVC_OK;
}

static bool power_of_two(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static void note_sizes(hvc_image *image)
{
    const hvc_headers *headers = &image->headers;
    uint32_t offset = optional_header(image);
    uint32_t fixed = headers->pe32_plus ? OPTIONAL_FIXED_64 : OPTIONAL_FIXED_32;
    uint32_t used = headers->directory_count < HVC_MAX_DIRECTORIES ? headers->directory_count
                                                                   : HVC_MAX_DIRECTORIES;
    if (headers->directory_count > HVC_MAX_DIRECTORIES)
        hvc_image_note(image, "directory-count", HVC_ANOMALY_NOTE, offset + fixed - 4,
                       "NumberOfRvaAndSizes is %u; only 16 data directories exist",
                       headers->directory_count);
    if (headers->optional_header_size < fixed + used * 8)
        hvc_image_note(image, "optional-header-size", HVC_ANOMALY_DOUBT, headers->nt_offset + 20,
                       "SizeOfOptionalHeader is %u, but the header with %u data directories has %u "
                       "bytes: the section table overlaps it",
                       headers->optional_header_size, used, fixed + used * 8);
    if (headers->size_of_headers > image->file.size)
        hvc_image_note(image, "headers-beyond-file", HVC_ANOMALY_DOUBT, offset + 60,
                       "SizeOfHeaders is 0x%x, the file has 0x%x bytes", headers->size_of_headers,
                       (uint32_t)image->file.size);
    else if (!image->flat &&
             headers->size_of_headers < headers->section_table + headers->section_count * 40u)
        hvc_image_note(
            image, "headers-size-short", HVC_ANOMALY_DOUBT, offset + 60,
            "SizeOfHeaders is 0x%x, but the section table ends at 0x%x: Windows maps only a "
            "part of it",
            headers->size_of_headers, headers->section_table + headers->section_count * 40u);
    if (headers->size_of_image == 0)
        hvc_image_note(image, "image-size-zero", HVC_ANOMALY_DOUBT, offset + 56,
                       "SizeOfImage is 0");
}

/* Conditions on which Windows does not make an image of the file at all. */
static void note_refusals(hvc_image *image)
{
    const hvc_headers *headers = &image->headers;
    uint32_t offset = optional_header(image);
    if (headers->nt_offset % 4 != 0)
        hvc_image_note(image, "lfanew-unaligned", HVC_ANOMALY_DOUBT, DOS_LFANEW,
                       "e_lfanew 0x%x is not a multiple of 4", headers->nt_offset);
    if (headers->nt_offset < DOS_HEADER)
        hvc_image_note(image, "lfanew-in-dos-header", HVC_ANOMALY_NOTE, DOS_LFANEW,
                       "e_lfanew 0x%x points into the DOS header", headers->nt_offset);
    if ((headers->characteristics & HVC_FILE_EXECUTABLE_IMAGE) == 0)
        hvc_image_note(image, "not-executable-image", HVC_ANOMALY_DOUBT, headers->nt_offset + 22,
                       "the characteristics 0x%x lack IMAGE_FILE_EXECUTABLE_IMAGE",
                       headers->characteristics);
    if (headers->machine == HVC_MACHINE_ARM64EC || headers->machine == HVC_MACHINE_ARM64X)
        hvc_image_note(image, "machine-of-objects", HVC_ANOMALY_DOUBT, headers->nt_offset + 4,
                       "machine 0x%x stands in object files; an image says AMD64 or ARM64",
                       headers->machine);
    if (!power_of_two(headers->section_alignment))
        hvc_image_note(image, "section-alignment-value", HVC_ANOMALY_DOUBT, offset + 32,
                       "SectionAlignment 0x%x is not a power of two", headers->section_alignment);
    uint32_t file_alignment = headers->file_alignment;
    if (!power_of_two(file_alignment) ||
        (file_alignment % SECTOR != 0 && file_alignment != headers->section_alignment) ||
        file_alignment > headers->section_alignment)
        hvc_image_note(image, "file-alignment-value", HVC_ANOMALY_DOUBT, offset + 36,
                       "FileAlignment 0x%x with SectionAlignment 0x%x", file_alignment,
                       headers->section_alignment);
}

hvc_status hvc_read_headers(hvc_image *image, hvc_error *error)
{
    hvc_status status = find_signature(image, error);
    if (status == HVC_OK)
        status = read_file_header(image, error);
    if (status == HVC_OK)
        status = read_optional_header(image, error);
    if (status != HVC_OK)
        return status;

    const hvc_headers *headers = &image->headers;
    if (!hvc_span_has(image->file, headers->section_table, (uint64_t)headers->section_count * 40))
        return hvc_fail_at(
            error, HVC_E_TRUNCATED, image->file.size,
            "the file of %u bytes ends inside its table of %u sections at offset 0x%x",
            (unsigned)image->file.size, headers->section_count, headers->section_table);
    image->flat = headers->section_alignment < PAGE;
    note_sizes(image);
    note_refusals(image);
    return HVC_OK;
}
