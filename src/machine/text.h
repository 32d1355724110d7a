/* Text files as Windows writes them, and recognising what they are. */
#ifndef MACHINE_TEXT_H
#define MACHINE_TEXT_H

#include <stdbool.h>

#include <hvcheck/status.h>

#include "base/arena.h"
#include "base/span.h"

/* The text in bytes as valid UTF-8, NUL-terminated and without byte order mark: it was UTF-8, or
 * UTF-16 with a mark or with an ASCII character first. HVC_E_MALFORMED with the offset of what is
 * neither. */
hvc_status hvc_decode_text(hvc_arena *arena, hvc_span bytes, hvc_text *ret_text, hvc_error *error);

#endif
