/* Reading a registry, wherever it is: a hive file or the running Windows. What is written before a
 * change (undo files) and checked after it goes through this. */
#ifndef MACHINE_REGISTRY_H
#define MACHINE_REGISTRY_H

#include <hvcheck/facts.h>
#include <hvcheck/plan.h>

#include "base/arena.h"
#include "base/buffer.h"

/* What is in one key. Texts and data are in the arena that was passed. */
typedef struct hvc_registry_listing {
    bool found;
    const hvc_registry_value *values;
    size_t value_count;
    const char *const *subkeys; /* names, not paths */
    size_t subkey_count;
} hvc_registry_listing;

typedef struct hvc_registry {
    void *context;
    /* Keys as in hvc_registry_value. An absent key is found = false with HVC_OK. */
    hvc_status (*list)(void *context, const char *key, hvc_arena *arena,
                       hvc_registry_listing *ret_listing, hvc_error *error);
} hvc_registry;

/* The undo file of a plan: what the changes will overwrite or delete, as a .reg file. policy: what
 * is to be said of the policy file (HVC_UNDO_...), or NULL. */
hvc_status hvc_undo_write(const hvc_plan *plan, const hvc_registry *registry, const char *policy,
                          hvc_buffer *out, hvc_error *error);

#endif
