/* Memory that is freed all at once. One arena belongs to one result (an image, a driver's report);
 * nothing allocated from it is freed on its own. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvcheck/text.h>

typedef struct hvc_arena_block hvc_arena_block;

typedef struct hvc_arena {
    hvc_arena_block *blocks; /* newest first */
    size_t used;             /* bytes given out, for accounting in tests */
    bool failed;             /* an allocation failed since the last reset */
} hvc_arena;

/* A zeroed hvc_arena is a valid empty arena. */
#define HVC_ARENA_INIT                                                                             \
    {                                                                                              \
        NULL, 0, false                                                                             \
    }

/* Zeroed memory aligned for any type. NULL when memory is exhausted or size overflows (then
 * arena->failed is set: a builder of many small things may check it once at the end). */
void *hvc_arena_alloc(hvc_arena *arena, size_t size);
void *hvc_arena_array(hvc_arena *arena, size_t count, size_t size);
/* The same with whatever the memory holds. */
void *hvc_arena_take(hvc_arena *arena, size_t size);

/* Copies, NUL-terminated. NULL as above. */
char *hvc_arena_text(hvc_arena *arena, hvc_text text);
char *hvc_arena_strdup(hvc_arena *arena, const char *text);
char *hvc_arena_printf(hvc_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *hvc_arena_vprintf(hvc_arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Forgets all contents. reset keeps one block for reuse; free gives everything back. */
void hvc_arena_reset(hvc_arena *arena);
void hvc_arena_free(hvc_arena *arena);

/* A growing array in an arena: doubles by copying, so at most half of what it used is garbage.
 * items, count and capacity belong to the array; add returns a zeroed new item or NULL. */
#define HVC_VECTOR(type)                                                                           \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t count, capacity;                                                                    \
    }

/* Makes room for one more item. address points to the vector's items pointer. */
bool hvc_arena_grow(hvc_arena *arena, void *address, size_t *capacity, size_t count, size_t size);

#define hvc_vector_add(arena, vector)                                                              \
    (hvc_arena_grow((arena), &(vector)->items, &(vector)->capacity, (vector)->count,               \
                    sizeof(*(vector)->items))                                                      \
         ? &(vector)->items[(vector)->count++]                                                     \
         : NULL)

#endif
