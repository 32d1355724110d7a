/* Prints what the reader makes of an ACPI table in a file, for the comparison with iasl. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "machine/acpi.h"

static hvc_status show(hvc_span bytes, hvc_error *error)
{
    hvc_status status = HVC_E_MALFORMED;
    if (hvc_span_has(bytes, 0, 4) && memcmp(bytes.data, "DMAR", 4) == 0) {
        hvc_acpi_dmar dmar;
        status = hvc_acpi_read_dmar(bytes, &dmar, error);
        if (status == HVC_OK)
            printf("DMAR flags=%u units=%u include_all=%d reserved=%u\n", dmar.flags, dmar.units,
                   dmar.include_all, dmar.reserved_regions);
    } else if (hvc_span_has(bytes, 0, 4) && memcmp(bytes.data, "IVRS", 4) == 0) {
        hvc_acpi_ivrs ivrs;
        status = hvc_acpi_read_ivrs(bytes, &ivrs, error);
        if (status == HVC_OK)
            printf("IVRS info=%u units=%u memory=%u\n", ivrs.info, ivrs.units, ivrs.memory_blocks);
    } else if (hvc_span_has(bytes, 0, 4) && memcmp(bytes.data, "WSMT", 4) == 0) {
        uint32_t flags;
        status = hvc_acpi_read_wsmt(bytes, &flags, error);
        if (status == HVC_OK)
            printf("WSMT flags=%u\n", flags);
    } else {
        hvc_acpi_tpm2 tpm2;
        status = hvc_acpi_read_tpm2(bytes, &tpm2, error);
        if (status == HVC_OK)
            printf("TPM2 class=%u method=%u control=%llu\n", tpm2.platform_class, tpm2.start_method,
                   (unsigned long long)tpm2.control_area);
    }
    return status;
}

int main(int argc, char **argv)
{
    hvc_bytes bytes = HVC_BYTES_INIT;
    hvc_error error = {0};
    if (argc != 2 || hvc_file_read(argv[1], &bytes, &error) != HVC_OK)
        return 2;
    hvc_status status = show(hvc_bytes_span(&bytes), &error);
    if (status != HVC_OK)
        printf("%s\n", error.message);
    hvc_bytes_free(&bytes);
    return status == HVC_OK ? 0 : 1;
}
