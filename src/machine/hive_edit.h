/* Changing a hive in memory, and checking what was changed. The writer is libhivex (hive_edit.c),
 * or there is none (hive_edit_none.c); the check reads the result with the reader of hive.h, which
 * shares no code with it. */
#ifndef MACHINE_HIVE_EDIT_H
#define MACHINE_HIVE_EDIT_H

#include <hvcheck/plan.h>

#include "base/span.h"
#include "machine/hive.h"

/* A hive's bytes with the changes of a plan made; clean, whatever it was before. Free the data with
 * free. *ret_changed false: everything is so already, and there are no bytes. HVC_E_UNSUPPORTED in
 * a build without hivex, and for hives that it does not read. */
hvc_status hvc_hive_edit(hvc_span image, const hvc_plan *plan, uint32_t control_set,
                         uint64_t filetime, bool *ret_changed, uint8_t **ret_data, size_t *ret_size,
                         hvc_error *error);

/* Whether two hives differ in what the plan changes and in nothing else: keys, values, types, data.
 * HVC_E_INTERNAL with the place where they do not. */
hvc_status hvc_hive_compare(const hvc_hive *before, const hvc_hive *after, const hvc_plan *plan,
                            uint32_t control_set, hvc_error *error);

#endif
