#include "machine/smbios.h"

#include "base/error.h"

enum { HEADER = 4, MEMORY_DEVICE = 17, END_OF_TABLE = 127, SIZE_AT = 12, EXTENDED_SIZE_AT = 28 };

/* The size of one memory device: in units of 1 MiB, or of 1 KiB when bit 15 is set; 0 is an empty
 * socket, 0x7fff stands for the extended size. */
static bool device_bytes(hvc_span formatted, uint64_t *ret)
{
    uint16_t size;
    uint32_t extended;
    if (!hvc_span_u16(formatted, SIZE_AT, &size) || size == 0xffff)
        return false;
    if (size == 0x7fff) {
        if (!hvc_span_u32(formatted, EXTENDED_SIZE_AT, &extended))
            return false;
        *ret = (uint64_t)(extended & 0x7fffffff) << 20;
    } else {
        *ret = (uint64_t)(size & 0x7fff) << ((size & 0x8000) != 0 ? 10 : 20);
    }
    return true;
}

hvc_status hvc_smbios_memory(hvc_span table, uint64_t *ret_bytes, hvc_error *error)
{
    uint64_t total = 0;
    for (size_t at = 0; at < table.size;) {
        hvc_span rest = hvc_span_clip(table, at, UINT64_MAX), formatted;
        if (rest.size < HEADER || rest.data[1] < HEADER ||
            !hvc_span_sub(rest, 0, rest.data[1], &formatted))
            return hvc_fail_at(error, HVC_E_MALFORMED, at, "SMBIOS: a structure is cut");
        uint64_t bytes = 0;
        if (rest.data[0] == END_OF_TABLE)
            break;
        if (rest.data[0] == MEMORY_DEVICE && !device_bytes(formatted, &bytes))
            return hvc_fail_at(error, HVC_E_MALFORMED, at,
                               "SMBIOS: a memory device has no known size");
        total += bytes;
        /* Its strings end with an empty one. */
        size_t end = formatted.size;
        while (end + 2 <= rest.size && (rest.data[end] != 0 || rest.data[end + 1] != 0))
            end++;
        if (end + 2 > rest.size)
            return hvc_fail_at(error, HVC_E_MALFORMED, at,
                               "SMBIOS: the texts of a structure are cut");
        at += end + 2;
    }
    if (total == 0)
        return hvc_fail(error, HVC_E_MALFORMED, "SMBIOS: no memory device");
    *ret_bytes = total;
    return HVC_OK;
}
