/* Registry values for people. */
#include <inttypes.h>
#include <string.h>

#include "base/span.h"
#include "machine/plan.h"

enum { TYPE_SZ = 1, TYPE_DWORD = 4, SHOWN_BYTES = 32 };

const char *hvc_registry_type_name(uint32_t type)
{
    static const char *const names[] = {"REG_NONE",
                                        "REG_SZ",
                                        "REG_EXPAND_SZ",
                                        "REG_BINARY",
                                        "REG_DWORD",
                                        "REG_DWORD_BIG_ENDIAN",
                                        "REG_LINK",
                                        "REG_MULTI_SZ",
                                        "REG_RESOURCE_LIST",
                                        "REG_FULL_RESOURCE_DESCRIPTOR",
                                        "REG_RESOURCE_REQUIREMENTS_LIST",
                                        "REG_QWORD"};
    return type < sizeof(names) / sizeof(*names) ? names[type] : "REG_UNKNOWN";
}

void hvc_registry_value_text(const hvc_registry_value *value, hvc_buffer *out)
{
    if (value->type == TYPE_DWORD && value->size == 4) {
        hvc_buffer_printf(out, "%" PRIu32, hvc_le32(value->data));
        return;
    }
    size_t shown = value->size < SHOWN_BYTES ? value->size : SHOWN_BYTES;
    for (size_t i = 0; i < shown; i++)
        hvc_buffer_printf(out, "%s%02x", i > 0 ? " " : "", value->data[i]);
    if (shown < value->size)
        hvc_buffer_printf(out, " ... (%zu bytes)", value->size);
    if (value->size == 0)
        hvc_buffer_puts(out, "(empty)");
}
