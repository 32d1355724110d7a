/* The load configuration directory. It has grown with every version of Windows: its first field
 * tells how much of it an image has. */
#include "base/error.h"
#include "base/limits.h"
#include "pe/image.h"

typedef enum field_kind {
    FIELD_U32,     /* as it stands */
    FIELD_POINTER, /* an absolute address, kept as RVA */
    FIELD_COUNT,   /* a number of the width of a pointer */
} field_kind;

/* A field: its offset in the directory of PE32 and PE32+, and where it goes in hvc_load_config.
 * doubt marks those that code analysis follows. */
typedef struct field {
    const char *name;
    uint16_t offset32, offset64;
    uint16_t member;
    uint8_t kind;
    bool doubt;
} field;

#define MEMBER(name) offsetof(hvc_load_config, name)

static const field fields[] = {
    {"SecurityCookie", 0x3c, 0x58, MEMBER(security_cookie), FIELD_POINTER, false},
    {"SEHandlerTable", 0x40, 0x60, MEMBER(seh_table), FIELD_POINTER, false},
    {"SEHandlerCount", 0x44, 0x68, MEMBER(seh_count), FIELD_COUNT, false},
    {"GuardCFCheckFunctionPointer", 0x48, 0x70, MEMBER(guard_cf_check), FIELD_POINTER, true},
    {"GuardCFDispatchFunctionPointer", 0x4c, 0x78, MEMBER(guard_cf_dispatch), FIELD_POINTER, true},
    {"GuardCFFunctionTable", 0x50, 0x80, MEMBER(guard_cf_table), FIELD_POINTER, true},
    {"GuardCFFunctionCount", 0x54, 0x88, MEMBER(guard_cf_count), FIELD_COUNT, true},
    {"GuardFlags", 0x58, 0x90, MEMBER(guard_flags), FIELD_U32, false},
    {"GuardAddressTakenIatEntryTable", 0x68, 0xa0, MEMBER(guard_iat_table), FIELD_POINTER, true},
    {"GuardAddressTakenIatEntryCount", 0x6c, 0xa8, MEMBER(guard_iat_count), FIELD_COUNT, true},
    {"GuardLongJumpTargetTable", 0x70, 0xb0, MEMBER(guard_long_jump_table), FIELD_POINTER, false},
    {"GuardLongJumpTargetCount", 0x74, 0xb8, MEMBER(guard_long_jump_count), FIELD_COUNT, false},
    {"CHPEMetadataPointer", 0x7c, 0xc8, MEMBER(chpe_metadata), FIELD_POINTER, true},
    {"VolatileMetadataPointer", 0xa0, 0x100, MEMBER(volatile_metadata), FIELD_POINTER, false},
    {"GuardEHContinuationTable", 0xa4, 0x108, MEMBER(guard_eh_table), FIELD_POINTER, false},
    {"GuardEHContinuationCount", 0xa8, 0x110, MEMBER(guard_eh_count), FIELD_COUNT, false},
    {"GuardXFGCheckFunctionPointer", 0xac, 0x118, MEMBER(guard_xfg_check), FIELD_POINTER, true},
    {"GuardXFGDispatchFunctionPointer", 0xb0, 0x120, MEMBER(guard_xfg_dispatch), FIELD_POINTER,
     true},
    {"GuardXFGTableDispatchFunctionPointer", 0xb4, 0x128, MEMBER(guard_xfg_table_dispatch),
     FIELD_POINTER, true},
};

enum {
    LARGEST = 0x140, /* of what is known of it */
    DYNAMIC_OFFSET_32 = 0x88,
    DYNAMIC_OFFSET_64 = 0xe0,
};

static uint32_t *member_of(hvc_load_config *config, const field *it)
{
    return (uint32_t *)(void *)((char *)config + it->member);
}

static void read_field(hvc_image *image, const field *it, hvc_span bytes, uint32_t rva)
{
    uint32_t offset = image->headers.pe32_plus ? it->offset64 : it->offset32;
    uint32_t *member = member_of(&image->load_config, it);
    if (it->kind == FIELD_U32) {
        hvc_span_u32(bytes, offset, member);
        return;
    }
    uint64_t value = 0;
    uint32_t narrow;
    if (image->headers.pe32_plus)
        hvc_span_u64(bytes, offset, &value);
    else if (hvc_span_u32(bytes, offset, &narrow))
        value = narrow;
    hvc_anomaly_effect effect = it->doubt ? HVC_ANOMALY_DOUBT : HVC_ANOMALY_NOTE;
    uint32_t file_offset = hvc_image_anomaly_offset(image, rva + offset, HVC_DIR_LOAD_CONFIG);
    if (it->kind == FIELD_COUNT) {
        *member = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
    } else if (value != 0 && !hvc_image_rva_of(image, value, member)) {
        hvc_image_note(image, "load-config-pointer", effect, file_offset,
                       "%s holds 0x%x%08x, which is no address of the image", it->name,
                       (uint32_t)(value >> 32), (uint32_t)value);
    }
}

/* Cuts a table to what is mapped, so that its readers need no bound of their own. */
static void bound_table(hvc_image *image, const char *name, uint32_t rva, uint32_t *count,
                        uint32_t stride, hvc_anomaly_effect effect)
{
    if (rva == 0)
        *count = 0;
    if (*count == 0)
        return;
    hvc_span bytes = hvc_image_span(image, rva, (uint64_t)*count * stride);
    uint32_t fits = (uint32_t)(bytes.size / stride);
    if (fits >= *count)
        return;
    hvc_image_note(image, "load-config-table", effect,
                   hvc_image_anomaly_offset(image, rva, HVC_DIR_LOAD_CONFIG),
                   "%s at RVA 0x%x has %u entries, of which %u are in the file", name, rva, *count,
                   fits);
    *count = fits;
}

static void bound_tables(hvc_image *image)
{
    hvc_load_config *config = &image->load_config;
    config->guard_cf_stride = 4 + (config->guard_flags >> 28);
    bound_table(image, "SEHandlerTable", config->seh_table, &config->seh_count, 4,
                HVC_ANOMALY_NOTE);
    bound_table(image, "GuardCFFunctionTable", config->guard_cf_table, &config->guard_cf_count,
                config->guard_cf_stride, HVC_ANOMALY_DOUBT);
    bound_table(image, "GuardAddressTakenIatEntryTable", config->guard_iat_table,
                &config->guard_iat_count, config->guard_cf_stride, HVC_ANOMALY_DOUBT);
    bound_table(image, "GuardLongJumpTargetTable", config->guard_long_jump_table,
                &config->guard_long_jump_count, config->guard_cf_stride, HVC_ANOMALY_NOTE);
    bound_table(image, "GuardEHContinuationTable", config->guard_eh_table, &config->guard_eh_count,
                config->guard_cf_stride, HVC_ANOMALY_NOTE);
}

static void note_dynamic(hvc_image *image, uint32_t rva, const char *what, uint32_t number)
{
    hvc_image_note(image, "dynamic-relocs", HVC_ANOMALY_DOUBT,
                   hvc_image_anomaly_offset(image, rva, HVC_DIR_LOAD_CONFIG),
                   "the dynamic value relocation table at RVA 0x%x: %s (0x%x)", rva, what, number);
}

/* Size of the entry at the beginning of bytes, 0 when it is cut or says less than its own header.
 * Version 1: symbol, size of its relocations. Version 2: size of the header, of the fixups,
 * symbol... */
static uint64_t dynamic_entry_size(const hvc_image *image, hvc_span bytes)
{
    uint32_t pointer = hvc_image_pointer_size(image), header = 0, body = 0;
    if (image->load_config.dynamic_reloc_version == 1) {
        header = pointer + 4;
        if (!hvc_span_u32(bytes, pointer, &body))
            return 0;
    } else if (!hvc_span_u32(bytes, 0, &header) || !hvc_span_u32(bytes, 4, &body) ||
               header < 16 + pointer) {
        return 0;
    }
    uint64_t size = (uint64_t)header + body;
    return size <= bytes.size ? size : 0;
}

static void read_dynamic_relocs(hvc_image *image, hvc_span config_bytes)
{
    hvc_load_config *config = &image->load_config;
    uint32_t at = image->headers.pe32_plus ? DYNAMIC_OFFSET_64 : DYNAMIC_OFFSET_32;
    uint32_t offset;
    uint16_t number;
    if (!hvc_span_u32(config_bytes, at, &offset) || !hvc_span_u16(config_bytes, at + 4, &number) ||
        number == 0)
        return;
    if (number > image->sections.count) {
        note_dynamic(image, 0, "it is in a section that does not exist", number);
        return;
    }
    const hvc_section *section = &image->sections.items[number - 1];
    uint32_t rva = section->rva + offset;
    hvc_span header = hvc_image_span(image, rva, 8);
    if (offset >= section->mapped_size || header.size < 8) {
        note_dynamic(image, section->rva, "its header is outside its section, at offset", offset);
        return;
    }
    config->dynamic_reloc_table = rva;
    config->dynamic_reloc_version = hvc_le32(header.data);
    uint32_t size = hvc_le32(header.data + 4);
    if (config->dynamic_reloc_version != 1 && config->dynamic_reloc_version != 2) {
        note_dynamic(image, rva, "its version is not known", config->dynamic_reloc_version);
        return;
    }
    hvc_span table = hvc_image_span(image, rva, 8 + (uint64_t)size);
    if (table.size < 8 + (uint64_t)size)
        note_dynamic(image, rva, "it is not in the file as a whole; its size is", size);
    table = hvc_span_clip(table, 8, UINT64_MAX);
    while (table.size > 0) {
        uint64_t entry = dynamic_entry_size(image, table);
        if (entry == 0) {
            note_dynamic(image, rva, "an entry is damaged; bytes behind it", (uint32_t)table.size);
            return;
        }
        if (config->dynamic_reloc_count >= HVC_MAX_DYNAMIC_RELOCS) {
            note_dynamic(image, rva, "only so many symbols are read", HVC_MAX_DYNAMIC_RELOCS);
            return;
        }
        config->dynamic_reloc_count++;
        table = hvc_span_clip(table, entry, UINT64_MAX);
    }
}

/* The code map's entries have the kind of code in the low bits of the RVA. */
static hvc_arch range_arch(const hvc_image *image, uint32_t bits)
{
    static const hvc_arch hybrid[4] = {HVC_ARCH_ARM64, HVC_ARCH_ARM64EC, HVC_ARCH_X64,
                                       HVC_ARCH_UNKNOWN};
    if (image->headers.machine == HVC_MACHINE_I386)
        return bits & 1 ? HVC_ARCH_ARM64 : HVC_ARCH_X86;
    return hybrid[bits & 3];
}

static void note_chpe(hvc_image *image, const char *what, uint32_t number)
{
    uint32_t rva = image->load_config.chpe_metadata;
    hvc_image_note(image, "chpe-metadata", HVC_ANOMALY_DOUBT,
                   hvc_image_anomaly_offset(image, rva, HVC_DIR_LOAD_CONFIG),
                   "the CHPE metadata at RVA 0x%x: %s (0x%x)", rva, what, number);
}

static hvc_status read_code_map(hvc_image *image, uint32_t rva, uint32_t count, hvc_error *error)
{
    if (count > HVC_MAX_CODE_RANGES) {
        note_chpe(image, "only 65536 code ranges are read of", count);
        count = HVC_MAX_CODE_RANGES;
    }
    hvc_span map = hvc_image_span(image, rva, (uint64_t)count * 8);
    if (map.size < (uint64_t)count * 8) {
        note_chpe(image, "the code map is not in the file as a whole; its entries", count);
        count = (uint32_t)(map.size / 8);
    }
    uint32_t mask = image->headers.machine == HVC_MACHINE_I386 ? 1 : 3;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t start = hvc_le32(map.data + i * 8), size = hvc_le32(map.data + i * 8 + 4);
        uint32_t begin = start & ~mask;
        hvc_arch arch = range_arch(image, start & mask);
        if (arch == HVC_ARCH_UNKNOWN || (uint64_t)begin + size > image->headers.size_of_image) {
            note_chpe(image, "a code range is of no known kind or outside the image; entry", i);
            continue;
        }
        hvc_code_range *range = hvc_vector_add(&image->arena, &image->code_ranges);
        if (range == NULL)
            return hvc_fail_memory(error);
        *range = (hvc_code_range){begin, size, arch};
    }
    return HVC_OK;
}

static hvc_status read_chpe(hvc_image *image, hvc_error *error)
{
    uint32_t rva = image->load_config.chpe_metadata, code_map, count, extra, extra_size;
    bool x86 = image->headers.machine == HVC_MACHINE_I386;
    if (rva == 0)
        return HVC_OK;
    if (image->arch == HVC_ARCH_X64)
        image->arch = HVC_ARCH_ARM64EC;
    else if (image->arch == HVC_ARCH_ARM64)
        image->arch = HVC_ARCH_ARM64X;
    /* Both begin with version, code map and its count; the rest differs. */
    if (!hvc_image_u32(image, rva + 4, &code_map) || !hvc_image_u32(image, rva + 8, &count)) {
        note_chpe(image, "it is not readable", rva);
        return HVC_OK;
    }
    hvc_status status = read_code_map(image, code_map, count, error);
    if (status != HVC_OK || x86)
        return status;
    if (!hvc_image_u32(image, rva + 0x40, &extra) ||
        !hvc_image_u32(image, rva + 0x44, &extra_size)) {
        note_chpe(image, "its function table for the other instruction set is not readable", rva);
        return HVC_OK;
    }
    image->extra_functions_rva = extra;
    if (extra != 0)
        image->extra_functions = hvc_image_span(image, extra, extra_size);
    if (extra != 0 && image->extra_functions.size < extra_size)
        note_chpe(image, "its function table for the other instruction set is not in the file",
                  extra);
    return HVC_OK;
}

hvc_status hvc_read_load_config(hvc_image *image, hvc_error *error)
{
    hvc_directory directory = image->headers.directories[HVC_DIR_LOAD_CONFIG];
    if (directory.rva == 0 || directory.size == 0)
        return HVC_OK;
    hvc_load_config *config = &image->load_config;
    uint32_t entry = hvc_image_directory_entry(image, HVC_DIR_LOAD_CONFIG);
    if (!hvc_image_u32(image, directory.rva, &config->size)) {
        hvc_image_note(image, "load-config-outside", HVC_ANOMALY_DOUBT, entry,
                       "the load configuration at RVA 0x%x is outside the image", directory.rva);
        return HVC_OK;
    }
    config->present = true;
    uint32_t wanted = config->size < LARGEST ? config->size : LARGEST;
    hvc_span bytes = hvc_image_span(image, directory.rva, wanted);
    if (bytes.size < wanted)
        hvc_image_note(
            image, "load-config-cut", HVC_ANOMALY_DOUBT, entry,
            "the load configuration at RVA 0x%x declares 0x%x bytes, of which 0x%x are in "
            "the file",
            directory.rva, config->size, (uint32_t)bytes.size);
    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
        read_field(image, &fields[i], bytes, directory.rva);
    bound_tables(image);
    read_dynamic_relocs(image, bytes);
    return read_chpe(image, error);
}
