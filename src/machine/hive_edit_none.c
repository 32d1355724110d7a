/* A build without libhivex. */
#include "base/error.h"
#include "machine/hive_edit.h"

hvc_status hvc_hive_edit(hvc_span image, const hvc_plan *plan, uint32_t control_set,
                         uint64_t filetime, bool *ret_changed, uint8_t **ret_data, size_t *ret_size,
                         hvc_error *error)
{
    (void)image;
    (void)plan;
    (void)control_set;
    (void)filetime;
    (void)ret_changed;
    (void)ret_data;
    (void)ret_size;
    return hvc_fail(error, HVC_E_UNSUPPORTED,
                    "this hvcheck is built without hivex and cannot write "
                    "hives; --reg-file writes a .reg file instead");
}
