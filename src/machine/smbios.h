/* The structures of an SMBIOS table (/sys/firmware/dmi/tables/DMI). */
#ifndef MACHINE_SMBIOS_H
#define MACHINE_SMBIOS_H

#include <hvcheck/status.h>

#include "base/span.h"

/* The bytes of all memory devices that are fitted (type 17). HVC_E_MALFORMED when the table is
 * damaged, describes no memory, or a device whose size it does not know. */
hvc_status hvc_smbios_memory(hvc_span table, uint64_t *ret_bytes, hvc_error *error);

#endif
