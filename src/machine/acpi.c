#include "machine/acpi.h"

#include "base/error.h"

enum {
    HEADER = 36,
    LENGTH_AT = 4,
    DMAR_FIRST = 48,
    IVRS_FIRST = 48,
    WSMT_SIZE = 40,
    TPM2_SIZE = 52,
};

hvc_status hvc_acpi_table(hvc_span bytes, const char *signature, hvc_span *ret_table,
                          hvc_error *error)
{
    if (bytes.size < HEADER)
        return hvc_fail_at(error, HVC_E_MALFORMED, bytes.size, "%s: %zu bytes are no ACPI table",
                           signature, bytes.size);
    if (memcmp(bytes.data, signature, 4) != 0)
        return hvc_fail_at(error, HVC_E_MALFORMED, 0, "%s: the table has another signature",
                           signature);
    uint32_t length = hvc_le32(bytes.data + LENGTH_AT);
    if (length < HEADER || length > bytes.size)
        return hvc_fail_at(error, HVC_E_MALFORMED, LENGTH_AT,
                           "%s: the length %u does not fit its %zu bytes", signature,
                           (unsigned)length, bytes.size);
    uint8_t sum = 0;
    for (uint32_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + bytes.data[i]);
    if (sum != 0)
        return hvc_fail_at(error, HVC_E_MALFORMED, 9, "%s: the checksum is wrong", signature);
    *ret_table = (hvc_span){bytes.data, length};
    return HVC_OK;
}

static hvc_status too_short(const char *signature, hvc_span table, hvc_error *error)
{
    return hvc_fail_at(error, HVC_E_MALFORMED, LENGTH_AT, "%s: a length of %zu is too short",
                       signature, table.size);
}

/* A structure inside a table that contradicts its own length or the table's. */
static hvc_status bad_structure(const char *signature, size_t at, unsigned length, hvc_error *error)
{
    return hvc_fail_at(error, HVC_E_MALFORMED, at,
                       "%s: the structure at 0x%zx has the length %u, which cannot be", signature,
                       at, length);
}

hvc_status hvc_acpi_read_dmar(hvc_span bytes, hvc_acpi_dmar *ret_dmar, hvc_error *error)
{
    enum { DRHD = 0, RMRR = 1, PREFIX = 4, DRHD_SIZE = 16, RMRR_SIZE = 24, INCLUDE_PCI_ALL = 1 };
    hvc_span table;
    hvc_status status = hvc_acpi_table(bytes, "DMAR", &table, error);
    if (status != HVC_OK)
        return status;
    if (table.size < DMAR_FIRST)
        return too_short("DMAR", table, error);
    hvc_acpi_dmar dmar = {.flags = table.data[37]};
    for (size_t at = DMAR_FIRST; at < table.size;) {
        hvc_span rest = hvc_span_clip(table, at, UINT64_MAX);
        uint16_t type = 0, length = 0;
        if (!hvc_span_u16(rest, 0, &type) || !hvc_span_u16(rest, 2, &length) || length < PREFIX ||
            length > rest.size || (type == DRHD && length < DRHD_SIZE) ||
            (type == RMRR && length < RMRR_SIZE))
            return bad_structure("DMAR", at, length, error);
        if (type == DRHD) {
            dmar.units++;
            dmar.include_all |= (rest.data[4] & INCLUDE_PCI_ALL) != 0;
        }
        dmar.reserved_regions += type == RMRR;
        at += length;
    }
    *ret_dmar = dmar;
    return HVC_OK;
}

hvc_status hvc_acpi_read_ivrs(hvc_span bytes, hvc_acpi_ivrs *ret_ivrs, hvc_error *error)
{
    enum { PREFIX = 4, IVHD_SIZE = 24, IVHD_LONG_SIZE = 40, IVMD_SIZE = 32 };
    hvc_span table;
    hvc_status status = hvc_acpi_table(bytes, "IVRS", &table, error);
    if (status != HVC_OK)
        return status;
    if (table.size < IVRS_FIRST)
        return too_short("IVRS", table, error);
    hvc_acpi_ivrs ivrs = {.info = hvc_le32(table.data + HEADER)};
    unsigned blocks[3] = {0}; /* of IVHD type 0x10, 0x11, 0x40 */
    for (size_t at = IVRS_FIRST; at < table.size;) {
        hvc_span rest = hvc_span_clip(table, at, UINT64_MAX);
        uint16_t length = 0;
        if (!hvc_span_u16(rest, 2, &length) || length < PREFIX || length > rest.size)
            return bad_structure("IVRS", at, length, error);
        uint8_t type = rest.data[0];
        size_t least = PREFIX;
        if (type == 0x10)
            blocks[0]++, least = IVHD_SIZE;
        else if (type == 0x11 || type == 0x40)
            blocks[type == 0x11 ? 1 : 2]++, least = IVHD_LONG_SIZE;
        else if (type >= 0x20 && type <= 0x22)
            ivrs.memory_blocks++, least = IVMD_SIZE;
        if (length < least)
            return bad_structure("IVRS", at, length, error);
        at += length;
    }
    for (unsigned i = 0; i < 3; i++)
        ivrs.units = blocks[i] > ivrs.units ? blocks[i] : ivrs.units;
    *ret_ivrs = ivrs;
    return HVC_OK;
}

hvc_status hvc_acpi_read_wsmt(hvc_span bytes, uint32_t *ret_flags, hvc_error *error)
{
    hvc_span table;
    hvc_status status = hvc_acpi_table(bytes, "WSMT", &table, error);
    if (status != HVC_OK)
        return status;
    if (table.size < WSMT_SIZE)
        return too_short("WSMT", table, error);
    *ret_flags = hvc_le32(table.data + HEADER);
    return HVC_OK;
}

hvc_status hvc_acpi_read_tpm2(hvc_span bytes, hvc_acpi_tpm2 *ret_tpm2, hvc_error *error)
{
    hvc_span table;
    hvc_status status = hvc_acpi_table(bytes, "TPM2", &table, error);
    if (status != HVC_OK)
        return status;
    if (table.size < TPM2_SIZE)
        return too_short("TPM2", table, error);
    *ret_tpm2 = (hvc_acpi_tpm2){hvc_le16(table.data + HEADER), hvc_le32(table.data + 48),
                                hvc_le64(table.data + 40)};
    return HVC_OK;
}
