/* Memory that is freed all at once. One arena belongs to one result (an image, a driver's report).
 * Little of what is allocated from it is ever freed on its own: only what hvc_arena_give_back says.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvcheck/text.h>

typedef struct hvc_arena_block hvc_arena_block;

typedef struct hvc_arena {
    hvc_arena_block *blocks; /* shared by small allocations, newest first */
    hvc_arena_block *large;  /* each of them one allocation */
    size_t used;             /* bytes given out, for accounting in tests */
    bool failed;             /* an allocation failed since the last reset */
} hvc_arena;

/* A zeroed hvc_arena is a valid empty arena. */
#define HVC_ARENA_INIT                                                                             \
    {                                                                                              \
        NULL, NULL, 0, false                                                                       \
    }

/* Zeroed memory aligned for any type. NULL when memory is exhausted or size overflows (then
 * arena->failed is set: a builder of many small things may check it once at the end). */
void *hvc_arena_alloc(hvc_arena *arena, size_t size);
void *hvc_arena_array(hvc_arena *arena, size_t count, size_t size);
/* The same with whatever the memory holds. */
void *hvc_arena_take(hvc_arena *arena, size_t size);
/* What was taken with size bytes is not needed any more. Gives memory back when that is large, and
 * is not worth a call when it is not. memory may be NULL. */
void hvc_arena_give_back(hvc_arena *arena, void *memory, size_t size);

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

/* A growing array in an arena: while it is small it doubles by copying, which leaves as much
 * garbage as it is large. A large one leaves none: its items move, and pointers to them end when it
 * grows. items, count and capacity belong to the array; add returns a zeroed new item or NULL. */
#define HVC_VECTOR(type)                                                                           \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t count, capacity;                                                                    \
    }

/* Makes room for one more item. address points to the vector's items pointer. */
bool hvc_arena_grow(hvc_arena *arena, void *address, size_t *capacity, size_t count, size_t size);

#define hvc_vector_add(arena, vector)                                                              \
    ((vector)->count < (vector)->capacity ||                                                       \
             hvc_arena_grow((arena), &(vector)->items, &(vector)->capacity, (vector)->count,       \
                            sizeof(*(vector)->items))                                              \
         ? &(vector)->items[(vector)->count++]                                                     \
         : NULL)

/* Empties it, and gives back what it has. */
#define hvc_vector_free(arena, vector)                                                             \
    (hvc_arena_give_back((arena), (vector)->items, (vector)->capacity * sizeof(*(vector)->items)), \
     (vector)->items = NULL, (vector)->count = (vector)->capacity = 0)

#endif
