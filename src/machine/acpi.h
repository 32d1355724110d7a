/* ACPI tables that tell whether virtualization-based security finds what it needs: DMAR and IVRS
 * (DMA remapping), WSMT (what system management mode promises), TPM2. A table counts only when its
 * signature, length and checksum are right; what it says is then read within its length. */
#ifndef MACHINE_ACPI_H
#define MACHINE_ACPI_H

#include <hvcheck/status.h>

#include "base/span.h"

/* The table in bytes, as long as its header says. HVC_E_MALFORMED, with the reason, when the bytes
 * are too few, carry another signature, or do not sum up to zero. */
hvc_status hvc_acpi_table(hvc_span bytes, const char *signature, hvc_span *ret_table,
                          hvc_error *error);

typedef struct hvc_acpi_dmar {
    uint8_t flags;             /* HVC_DMAR_* */
    unsigned units;            /* DMA remapping hardware units (DRHD) */
    bool include_all;          /* a unit covers all devices that no other unit names */
    unsigned reserved_regions; /* RMRR: memory that devices use before the system starts */
} hvc_acpi_dmar;

enum {
    HVC_DMAR_INTERRUPT_REMAPPING = 0x01,
    HVC_DMAR_X2APIC_OPT_OUT = 0x02,
    HVC_DMAR_DMA_OPT_IN = 0x04, /* DMA_CTRL_PLATFORM_OPT_IN_FLAG */
};

hvc_status hvc_acpi_read_dmar(hvc_span bytes, hvc_acpi_dmar *ret_dmar, hvc_error *error);

typedef struct hvc_acpi_ivrs {
    uint32_t info;  /* IVinfo, HVC_IVRS_* */
    unsigned units; /* IOMMUs: each may be described by a block of every IVHD type */
    unsigned memory_blocks;
} hvc_acpi_ivrs;

enum {
    HVC_IVRS_EFR = 0x01,
    HVC_IVRS_DMA_REMAP = 0x02, /* the firmware protects against DMA before the system starts */
};

hvc_status hvc_acpi_read_ivrs(hvc_span bytes, hvc_acpi_ivrs *ret_ivrs, hvc_error *error);

enum {
    HVC_WSMT_FIXED_COMM_BUFFERS = 0x01,
    HVC_WSMT_COMM_BUFFER_NESTED_PTR_PROTECTION = 0x02,
    HVC_WSMT_SYSTEM_RESOURCE_PROTECTION = 0x04,
    HVC_WSMT_ALL = 0x07,
};

hvc_status hvc_acpi_read_wsmt(hvc_span bytes, uint32_t *ret_flags, hvc_error *error);

typedef struct hvc_acpi_tpm2 {
    uint16_t platform_class; /* 0 client, 1 server */
    uint32_t start_method;   /* 6 memory mapped, 7 command response buffer ... */
    uint64_t control_area;
} hvc_acpi_tpm2;

hvc_status hvc_acpi_read_tpm2(hvc_span bytes, hvc_acpi_tpm2 *ret_tpm2, hvc_error *error);

#endif
