/* The names that facts have in JSON, for the writer and the reader. */
#ifndef MACHINE_FACTS_JSON_H
#define MACHINE_FACTS_JSON_H

#include "machine/facts.h"

enum { HVC_FACTS_SCHEMA = 1 };
enum { HVC_REG_SZ = 1, HVC_REG_EXPAND_SZ = 2, HVC_REG_DWORD = 4 };

/* "absent", "read", "unreadable"; static. */
static inline const char *hvc_key_state_name(hvc_key_state state)
{
    return state == HVC_KEY_ABSENT ? "absent" : state == HVC_KEY_READ ? "read" : "unreadable";
}

/* The registry's UTF-16LE with its NUL, as UTF-8; NULL when data is not exactly that (and so would
 * not come back as it was). */
const char *hvc_registry_text(hvc_arena *arena, const uint8_t *data, size_t size);
/* And back: valid UTF-8 to UTF-16LE with a NUL. NULL only when memory is exhausted. */
const uint8_t *hvc_registry_data(hvc_arena *arena, const char *text, size_t *ret_size);

#endif
