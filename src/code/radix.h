/* Sorting records by a 32-bit number in them, in linear time and stably. */
#ifndef CODE_RADIX_H
#define CODE_RADIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* Sorts count records of size bytes by the uint32_t at key_offset, ascending. Needs as much
 * memory again from scratch, unless the records are in order already. False when memory is
 * exhausted. */
bool hvc_radix_sort(void *items, size_t count, size_t size, size_t key_offset, hvc_arena *scratch);

#endif
