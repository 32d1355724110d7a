/* Reads the input as an SMBIOS table, and as each of the ACPI tables. Its checksum is put right
 * first, else the fuzzer would never come past it; then it is broken, and must be refused. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/acpi.h"
#include "machine/smbios.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void check(hvc_status status, const hvc_error *error, size_t size)
{
    if (status == HVC_OK)
        return;
    PROMISE(status == HVC_E_MALFORMED && error->status == status && error->message[0] != 0);
    PROMISE(error->has_offset && error->offset <= size);
}

static bool read_all(hvc_span bytes)
{
    hvc_error error = {0};
    hvc_acpi_dmar dmar;
    hvc_acpi_ivrs ivrs;
    hvc_acpi_tpm2 tpm2;
    uint32_t flags;
    hvc_status status = hvc_acpi_read_dmar(bytes, &dmar, &error);
    check(status, &error, bytes.size);
    bool read = status == HVC_OK;
    if (read)
        PROMISE(dmar.units <= bytes.size / 16 && (!dmar.include_all || dmar.units > 0));
    status = hvc_acpi_read_ivrs(bytes, &ivrs, &error);
    check(status, &error, bytes.size);
    read |= status == HVC_OK;
    if (status == HVC_OK)
        PROMISE(ivrs.units <= bytes.size / 24 && ivrs.memory_blocks <= bytes.size / 32);
    status = hvc_acpi_read_wsmt(bytes, &flags, &error);
    check(status, &error, bytes.size);
    read |= status == HVC_OK;
    status = hvc_acpi_read_tpm2(bytes, &tpm2, &error);
    check(status, &error, bytes.size);
    return read || status == HVC_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t memory = 0;
    hvc_error error = {0};
    if (hvc_smbios_memory((hvc_span){data, size}, &memory, &error) == HVC_OK)
        PROMISE(memory > 0);
    else
        PROMISE(memory == 0 && error.message[0] != 0);
    read_all((hvc_span){data, size});
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL)
        return 0;
    memcpy(copy, data, size);
    uint32_t length = size >= 36 ? hvc_le32(copy + 4) : 0;
    if (length >= 36 && length <= size) {
        uint8_t sum = 0;
        copy[9] = 0;
        for (uint32_t i = 0; i < length; i++)
            sum = (uint8_t)(sum + copy[i]);
        copy[9] = (uint8_t)-sum;
        read_all((hvc_span){copy, size});
        copy[9] ^= 1;
        PROMISE(!read_all((hvc_span){copy, size}));
    }
    free(copy);
    return 0;
}
