/* The exception directory: where functions begin and end. x64 says both; ARM64 and ARM say the
 * beginning, and the length stands in the unwind data, which may be packed into the entry itself.
 */
#include "base/limits.h"
#include "pe/image.h"

enum {
    ENTRY_X64 = 12,
    ENTRY_ARM = 8,
    UNWIND_CHAINED = 4,  /* UNW_FLAG_CHAININFO */
    UNWIND_INDIRECT = 1, /* the unwind data is another entry's */
    ARM64_END_C = 0xe5,  /* first unwind code of a fragment without a prolog */
};

typedef struct table {
    hvc_span bytes;
    uint32_t rva;
    uint16_t machine; /* whose format the entries have */
    uint32_t entry;   /* size of one */
} table;

static table main_table(const hvc_image *image)
{
    uint16_t machine = image->headers.machine;
    if (machine == HVC_MACHINE_ARM64EC)
        machine = HVC_MACHINE_AMD64;
    else if (machine == HVC_MACHINE_ARM64X)
        machine = HVC_MACHINE_ARM64;
    else if (image->arch == HVC_ARCH_ARM)
        machine = HVC_MACHINE_ARMNT;
    return (table){image->functions, image->functions_rva, machine,
                   machine == HVC_MACHINE_AMD64 ? ENTRY_X64 : ENTRY_ARM};
}

/* Hybrid images list the functions of the machine's own instruction set in the directory and the
 * others in the CHPE metadata. */
static table extra_table(const hvc_image *image)
{
    bool x64 = main_table(image).machine != HVC_MACHINE_AMD64;
    return (table){image->extra_functions, image->extra_functions_rva,
                   x64 ? HVC_MACHINE_AMD64 : HVC_MACHINE_ARM64, x64 ? ENTRY_X64 : ENTRY_ARM};
}

static bool read_x64(const hvc_image *image, const uint8_t *p, bool flags, hvc_function *ret)
{
    *ret = (hvc_function){.begin = hvc_le32(p), .end = hvc_le32(p + 4), .unwind = hvc_le32(p + 8)};
    if (ret->begin >= ret->end || ret->end > image->headers.size_of_image)
        return false;
    if (!flags)
        return true;
    if (ret->unwind & UNWIND_INDIRECT) {
        ret->chained = true;
        uint32_t other;
        ret->unwind = hvc_image_u32(image, (ret->unwind & ~1u) + 8, &other) ? other & ~1u : 0;
        return true;
    }
    uint8_t head;
    if (hvc_image_read(image, ret->unwind, &head, 1))
        ret->chained = (head >> 3 & UNWIND_CHAINED) != 0;
    return true;
}

/* Header of ARM64 unwind data: function length in words (18 bits), version (2), X, E, epilog count
 * (5), code words (5); when both counts are 0, a second word has larger ones. */
static bool read_arm64_unwind(const hvc_image *image, bool flags, hvc_function *function,
                              uint32_t *ret_length)
{
    uint32_t header;
    if (!hvc_image_u32(image, function->unwind, &header))
        return false;
    *ret_length = (header & 0x3ffff) * 4;
    if (!flags)
        return true;
    uint32_t epilogs = header >> 22 & 0x1f, codes = function->unwind + 4;
    bool one_epilog = header >> 21 & 1;
    if (header >> 22 == 0) {
        uint32_t extension;
        if (!hvc_image_u32(image, codes, &extension))
            return true;
        epilogs = extension & 0xffff;
        codes += 4;
    }
    uint8_t code;
    if (!one_epilog)
        codes += epilogs * 4;
    if (hvc_image_read(image, codes, &code, 1))
        function->chained = code == ARM64_END_C;
    return true;
}

static bool read_arm64(const hvc_image *image, const uint8_t *p, bool flags, hvc_function *ret)
{
    uint32_t unwind = hvc_le32(p + 4), length;
    *ret = (hvc_function){.begin = hvc_le32(p)};
    switch (unwind & 3) {
    case 0:
        ret->unwind = unwind;
        if (!read_arm64_unwind(image, flags, ret, &length))
            return false;
        break;
    case 1: /* packed */
    case 2: /* packed, without prolog: continues another function */
        length = (unwind >> 2 & 0x7ff) * 4;
        ret->chained = (unwind & 3) == 2;
        break;
    default:
        return false;
    }
    uint64_t end = (uint64_t)ret->begin + length;
    if (length == 0 || end > image->headers.size_of_image)
        return false;
    ret->end = (uint32_t)end;
    return true;
}

static bool read_arm(const hvc_image *image, const uint8_t *p, hvc_function *ret)
{
    uint32_t unwind = hvc_le32(p + 4), length;
    *ret = (hvc_function){.begin = hvc_le32(p) & ~1u}; /* bit 0: Thumb */
    switch (unwind & 3) {
    case 0: {
        uint32_t header;
        ret->unwind = unwind;
        if (!hvc_image_u32(image, unwind, &header))
            return false;
        length = (header & 0x3ffff) * 2;
        ret->chained = header >> 22 & 1; /* F: a fragment */
        break;
    }
    case 1:
    case 2:
        length = (unwind >> 2 & 0x7ff) * 2;
        ret->chained = (unwind & 3) == 2;
        break;
    default:
        return false;
    }
    uint64_t end = (uint64_t)ret->begin + length;
    if (length == 0 || end > image->headers.size_of_image)
        return false;
    ret->end = (uint32_t)end;
    return true;
}

/* Whether the entry describes a function. flags false leaves out what only chained needs. */
static bool read_entry(const hvc_image *image, const table *from, uint32_t index, bool flags,
                       hvc_function *ret)
{
    const uint8_t *p = from->bytes.data + (size_t)index * from->entry;
    if (from->machine == HVC_MACHINE_AMD64)
        return read_x64(image, p, flags, ret);
    if (from->machine == HVC_MACHINE_ARM64)
        return read_arm64(image, p, flags, ret);
    return read_arm(image, p, ret);
}

hvc_function_iterator hvc_function_begin(const hvc_image *image)
{
    return (hvc_function_iterator){image, 0};
}

bool hvc_function_next(hvc_function_iterator *iterator, hvc_function *ret_function)
{
    const hvc_image *image = iterator->image;
    table first = main_table(image), second = extra_table(image);
    uint32_t first_count = (uint32_t)(first.bytes.size / first.entry);
    uint32_t second_count = (uint32_t)(second.bytes.size / second.entry);
    hvc_function function;
    while (iterator->next < first_count + second_count) {
        uint32_t index = iterator->next++;
        bool found = index < first_count
                         ? read_entry(image, &first, index, true, &function)
                         : read_entry(image, &second, index - first_count, true, &function);
        if (found) {
            *ret_function = function;
            return true;
        }
    }
    return false;
}

static bool all_zero(const uint8_t *p, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        if (p[i] != 0)
            return false;
    }
    return true;
}

static void check_table(hvc_image *image, const table *it)
{
    uint32_t count = (uint32_t)(it->bytes.size / it->entry), previous = 0;
    bool sorted = true;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *p = it->bytes.data + (size_t)i * it->entry;
        hvc_function function;
        if (read_entry(image, it, i, false, &function)) {
            sorted = sorted && function.begin >= previous;
            previous = function.begin;
        } else if (!all_zero(p, it->entry)) {
            hvc_image_note(
                image, "function-entry", HVC_ANOMALY_DOUBT,
                hvc_image_anomaly_offset(image, it->rva + i * it->entry, HVC_DIR_EXCEPTION),
                "entry %u of the function table (0x%x, 0x%x) describes no code of the image", i,
                hvc_le32(p), hvc_le32(p + 4));
        }
    }
    if (!sorted)
        hvc_image_note(image, "function-table-unsorted", HVC_ANOMALY_NOTE,
                       hvc_image_anomaly_offset(image, it->rva, HVC_DIR_EXCEPTION),
                       "the function table is not sorted");
}

hvc_status hvc_read_functions(hvc_image *image, hvc_error *error)
{
    (void)error; /* the entries are walked where they lie, so no memory is needed */
    hvc_directory directory = image->headers.directories[HVC_DIR_EXCEPTION];
    if (directory.rva != 0 && directory.size != 0 && image->arch != HVC_ARCH_X86) {
        uint32_t entry = hvc_image_directory_entry(image, HVC_DIR_EXCEPTION);
        image->functions = hvc_image_span(image, directory.rva, directory.size);
        image->functions_rva = directory.rva;
        if (image->functions.size < directory.size)
            hvc_image_note(image, "function-table-cut", HVC_ANOMALY_DOUBT, entry,
                           "of the function table's 0x%x bytes at RVA 0x%x 0x%x are in the file",
                           directory.size, directory.rva, (uint32_t)image->functions.size);
        table first = main_table(image);
        if (directory.size % first.entry != 0)
            hvc_image_note(image, "function-table-size", HVC_ANOMALY_NOTE, entry,
                           "the function table's 0x%x bytes are no multiple of its entries' %u",
                           directory.size, first.entry);
        check_table(image, &first);
    }
    table second = extra_table(image);
    if (second.bytes.size > 0)
        check_table(image, &second);
    return HVC_OK;
}
