/* Opening an image, and giving out what was read. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "pe/image.h"

enum {
    SUBSYSTEM_NATIVE = 1,
    SUBSYSTEM_EFI_APPLICATION = 10,
    SUBSYSTEM_EFI_BOOT_DRIVER = 11,
    SUBSYSTEM_EFI_RUNTIME_DRIVER = 12,
    SUBSYSTEM_EFI_ROM = 13,
    SUBSYSTEM_BOOT_APPLICATION = 16,
};

const char *hvc_arch_name(hvc_arch arch)
{
    static const char *const names[HVC_ARCH_COUNT] = {
        [HVC_ARCH_UNKNOWN] = "unknown", [HVC_ARCH_X86] = "x86",     [HVC_ARCH_X64] = "x64",
        [HVC_ARCH_ARM] = "arm",         [HVC_ARCH_ARM64] = "arm64", [HVC_ARCH_ARM64EC] = "arm64ec",
        [HVC_ARCH_ARM64X] = "arm64x",
    };
    return (unsigned)arch < HVC_ARCH_COUNT ? names[arch] : names[HVC_ARCH_UNKNOWN];
}

void hvc_image_note(hvc_image *image, const char *id, hvc_anomaly_effect effect, uint64_t offset,
                    const char *format, ...)
{
    image->anomaly_total++;
    if (effect == HVC_ANOMALY_DOUBT)
        image->doubt = true;
    if (image->anomalies.count >= HVC_MAX_ANOMALIES)
        return;
    /* Memory that is exhausted here fails the opening: the arena remembers it. */
    hvc_anomaly *anomaly = hvc_vector_add(&image->arena, &image->anomalies);
    if (anomaly == NULL)
        return;
    va_list args;
    va_start(args, format);
    const char *message = hvc_arena_vprintf(&image->arena, format, args);
    va_end(args);
    *anomaly = (hvc_anomaly){id, effect, offset, message};
}

uint32_t hvc_image_anomaly_offset(const hvc_image *image, uint32_t rva, hvc_directory_index index)
{
    uint32_t offset;
    if (hvc_image_file_offset(image, rva, &offset))
        return offset;
    return hvc_image_directory_entry(image, index);
}

static bool same_text(hvc_text text, const char *lower)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (lower[i] == 0 || c != lower[i])
            return false;
    }
    return lower[text.size] == 0;
}

static bool ends_with(hvc_text text, const char *lower)
{
    size_t size = strlen(lower);
    return text.size >= size && same_text((hvc_text){text.data + (text.size - size), size}, lower);
}

/* Modules that only the kernel has: who imports from one of them can only run there. */
static bool is_kernel_module(hvc_text name)
{
    return same_text(name, "ntoskrnl.exe") || same_text(name, "hal.dll") || ends_with(name, ".sys");
}

/* What an image imports tells where it runs. The subsystem tells it for images that import nothing
 * of the kernel: it is native for drivers, and for the few programs that run before the Windows
 * subsystem does. Those call ntdll.dll, which the kernel does not have, and are no libraries. */
static hvc_image_kind kind_of(const hvc_image *image)
{
    switch (image->headers.subsystem) {
    case SUBSYSTEM_EFI_APPLICATION:
    case SUBSYSTEM_EFI_BOOT_DRIVER:
    case SUBSYSTEM_EFI_RUNTIME_DRIVER:
    case SUBSYSTEM_EFI_ROM:
    case SUBSYSTEM_BOOT_APPLICATION:
        return HVC_IMAGE_BOOT;
    default:
        break;
    }
    bool calls_ntdll = false;
    for (size_t i = 0; i < image->modules.count; i++) {
        if (is_kernel_module(image->modules.items[i].name))
            return HVC_IMAGE_DRIVER;
        calls_ntdll |= same_text(image->modules.items[i].name, "ntdll.dll");
    }
    if (image->headers.subsystem != SUBSYSTEM_NATIVE)
        return HVC_IMAGE_USER;
    bool is_library = (image->headers.characteristics & HVC_FILE_DLL) != 0;
    return calls_ntdll && !is_library ? HVC_IMAGE_USER : HVC_IMAGE_DRIVER;
}

static void check_entry_point(hvc_image *image)
{
    uint32_t entry = image->headers.entry_point;
    if (entry != 0 && hvc_image_section_at(image, entry) == NULL)
        hvc_image_note(image, "entry-point-outside", HVC_ANOMALY_DOUBT,
                       image->headers.nt_offset + 40, "the entry point 0x%x is in no section",
                       entry);
}

static hvc_status read_image(hvc_image *image, hvc_error *error)
{
    static hvc_status (*const readers[])(hvc_image *, hvc_error *) = {
        hvc_read_headers,       hvc_read_sections,      hvc_read_rich,      hvc_read_imports,
        hvc_read_delay_imports, hvc_read_bound_imports, hvc_read_exports,   hvc_read_relocs,
        hvc_read_load_config,   hvc_read_functions,     hvc_read_resources, hvc_read_debug,
        hvc_read_certificates,
    };
    for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++) {
        hvc_status status = readers[i](image, error);
        if (status != HVC_OK)
            return status;
    }
    check_entry_point(image);
    image->kind = kind_of(image);
    return image->arena.failed ? hvc_fail_memory(error) : HVC_OK;
}

hvc_status hvc_image_open(const void *bytes, size_t size, hvc_image **ret_image, hvc_error *error)
{
    if ((bytes == NULL && size != 0) || ret_image == NULL)
        return hvc_fail(error, HVC_E_ARGUMENT, "no bytes, or nowhere to put the image");
    if (size > HVC_MAX_FILE_SIZE)
        return hvc_fail(error, HVC_E_LIMIT, "the file is larger than 2 GiB");
    hvc_image *image = calloc(1, sizeof(*image));
    if (image == NULL)
        return hvc_fail_memory(error);
    image->file = (hvc_span){bytes, size};
    hvc_status status = read_image(image, error);
    if (status != HVC_OK) {
        hvc_image_free(image);
        return status;
    }
    *ret_image = image;
    return HVC_OK;
}

void hvc_image_free(hvc_image *image)
{
    if (image == NULL)
        return;
    hvc_arena_free(&image->arena);
    free(image);
}

hvc_arch hvc_image_arch(const hvc_image *image)
{
    return image->arch;
}

hvc_image_kind hvc_image_get_kind(const hvc_image *image)
{
    return image->kind;
}

const hvc_headers *hvc_image_headers(const hvc_image *image)
{
    return &image->headers;
}

const hvc_section *hvc_image_sections(const hvc_image *image, size_t *ret_count)
{
    *ret_count = image->sections.count;
    return image->sections.items;
}

const hvc_import_module *hvc_image_import_modules(const hvc_image *image, size_t *ret_count)
{
    *ret_count = image->modules.count;
    return image->modules.items;
}

const hvc_import *hvc_image_imports(const hvc_image *image, size_t *ret_count)
{
    *ret_count = image->imports.count;
    return image->imports.items;
}

const hvc_export *hvc_image_exports(const hvc_image *image, size_t *ret_count)
{
    *ret_count = image->exports.count;
    return image->exports.items;
}

const hvc_certificate *hvc_image_certificates(const hvc_image *image, size_t *ret_count)
{
    *ret_count = image->certificates.count;
    return image->certificates.items;
}

const hvc_rich_entry *hvc_image_rich(const hvc_image *image, size_t *ret_count)
{
    *ret_count = image->rich.count;
    return image->rich.items;
}

const hvc_code_range *hvc_image_code_ranges(const hvc_image *image, size_t *ret_count)
{
    *ret_count = image->code_ranges.count;
    return image->code_ranges.items;
}

const hvc_anomaly *hvc_image_anomalies(const hvc_image *image, size_t *ret_count, size_t *ret_total)
{
    *ret_count = image->anomalies.count;
    if (ret_total != NULL)
        *ret_total = image->anomaly_total;
    return image->anomalies.items;
}

const hvc_load_config *hvc_image_load_config(const hvc_image *image)
{
    return &image->load_config;
}

const hvc_version_info *hvc_image_version_info(const hvc_image *image)
{
    return &image->version;
}

const hvc_debug_info *hvc_image_debug_info(const hvc_image *image)
{
    return &image->debug;
}

void hvc_image_overlay(const hvc_image *image, uint64_t *ret_offset, uint64_t *ret_size)
{
    uint64_t end = image->headers.size_of_headers, size = image->file.size;
    uint64_t table_end = image->headers.section_table + (uint64_t)image->headers.section_count * 40;
    if (end < table_end)
        end = table_end;
    for (size_t i = 0; i < image->sections.count; i++) {
        const hvc_section *section = &image->sections.items[i];
        uint64_t section_end = (uint64_t)section->file_offset + section->raw_size;
        if (section->raw_size != 0 && section_end > end)
            end = section_end;
    }
    if (end > size)
        end = size;
    hvc_directory table = image->headers.directories[HVC_DIR_CERTIFICATE];
    hvc_span certificates = hvc_span_clip(image->file, table.rva, table.size);
    uint64_t stop = size;
    if (table.rva != 0 && certificates.size != 0 && table.rva + certificates.size > end) {
        /* Up to 7 bytes of padding before the table are its own. */
        stop = table.rva;
        if (hvc_align_up(end, 8) >= stop) {
            end = table.rva + certificates.size;
            stop = size;
        }
    }
    *ret_offset = end;
    *ret_size = stop - end;
}
