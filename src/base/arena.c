#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Blocks grow with the arena, so that a large result costs few calls of malloc. What is large
 * itself has a block of its own, which is all used, and can grow or be given back. */
enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 18, LARGE = 1 << 16 };

struct hvc_arena_block {
    hvc_arena_block *next;
    hvc_arena_block *previous; /* large ones alone */
    size_t size, used;         /* of the bytes behind this header */
};

/* The header, rounded so that what follows is aligned for any type. */
enum { ALIGNMENT = _Alignof(max_align_t) };
#define HEADER ((sizeof(hvc_arena_block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)

/* What is too much stays so. */
static size_t rounded(size_t size)
{
    if (size > SIZE_MAX / 2)
        return size;
    return size == 0 ? ALIGNMENT : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static hvc_arena_block *block_of(void *memory)
{
    return (hvc_arena_block *)((char *)memory - HEADER);
}

static hvc_arena_block *add_block(hvc_arena *arena, size_t least)
{
    size_t size = arena->blocks == NULL ? FIRST_BLOCK : arena->blocks->size * 2;
    if (size > LARGEST_BLOCK)
        size = LARGEST_BLOCK;
    if (size < least)
        size = least;
    hvc_arena_block *block = malloc(HEADER + size);
    if (block == NULL)
        return NULL;
    *block = (hvc_arena_block){.next = arena->blocks, .size = size};
    arena->blocks = block;
    return block;
}

/* Zeros cost nothing in memory that the system just gave, and pages of it that are never written
 * are never there. */
static hvc_arena_block *add_large(hvc_arena *arena, size_t size, bool zeros)
{
    hvc_arena_block *block = zeros ? calloc(1, HEADER + size) : malloc(HEADER + size);
    if (block == NULL)
        return NULL;
    *block = (hvc_arena_block){.next = arena->large, .size = size};
    if (arena->large != NULL)
        arena->large->previous = block;
    arena->large = block;
    return block;
}

/* In another block than the one in use. */
static void *take_elsewhere(hvc_arena *arena, size_t size, bool zeros)
{
    bool large = size >= LARGE;
    hvc_arena_block *block = NULL;
    if (size <= SIZE_MAX / 2)
        block = large ? add_large(arena, size, zeros) : add_block(arena, size);
    if (block == NULL) {
        arena->failed = true;
        return NULL;
    }
    block->used = size;
    arena->used += size;
    char *memory = (char *)block + HEADER;
    return zeros && !large ? memset(memory, 0, size) : memory;
}

/* Where size bytes are left in the block in use; NULL when they are not. */
static void *take_here(hvc_arena *arena, size_t size)
{
    hvc_arena_block *block = arena->blocks;
    if (size >= LARGE || block == NULL || block->size - block->used < size)
        return NULL;
    char *memory = (char *)block + HEADER + block->used;
    block->used += size;
    arena->used += size;
    return memory;
}

void *hvc_arena_take(hvc_arena *arena, size_t size)
{
    size = rounded(size);
    void *memory = take_here(arena, size);
    return memory != NULL ? memory : take_elsewhere(arena, size, false);
}

void *hvc_arena_alloc(hvc_arena *arena, size_t size)
{
    size = rounded(size);
    void *memory = take_here(arena, size);
    return memory != NULL ? memset(memory, 0, size) : take_elsewhere(arena, size, true);
}

void hvc_arena_give_back(hvc_arena *arena, void *memory, size_t size)
{
    if (memory == NULL || rounded(size) < LARGE)
        return;
    hvc_arena_block *block = block_of(memory);
    if (block->previous != NULL)
        block->previous->next = block->next;
    else
        arena->large = block->next;
    if (block->next != NULL)
        block->next->previous = block->previous;
    arena->used -= block->size;
    free(block);
}

void *hvc_arena_array(hvc_arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        arena->failed = true;
        return NULL;
    }
    return hvc_arena_alloc(arena, count * size);
}

char *hvc_arena_text(hvc_arena *arena, hvc_text text)
{
    if (text.size == SIZE_MAX) {
        arena->failed = true;
        return NULL;
    }
    char *copy = hvc_arena_alloc(arena, text.size + 1);
    if (copy != NULL && text.size > 0)
        memcpy(copy, text.data, text.size);
    return copy;
}

char *hvc_arena_strdup(hvc_arena *arena, const char *text)
{
    return hvc_arena_text(arena, (hvc_text){text, strlen(text)});
}

char *hvc_arena_vprintf(hvc_arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) {
        arena->failed = true;
        return NULL;
    }
    char *text = hvc_arena_alloc(arena, (size_t)length + 1);
    if (text != NULL)
        vsnprintf(text, (size_t)length + 1, format, args);
    return text;
}

char *hvc_arena_printf(hvc_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = hvc_arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

static void free_blocks(hvc_arena_block *block)
{
    while (block != NULL) {
        hvc_arena_block *next = block->next;
        free(block);
        block = next;
    }
}

void hvc_arena_reset(hvc_arena *arena)
{
    /* The newest block is the largest. */
    hvc_arena_block *keep = arena->blocks;
    if (keep != NULL) {
        free_blocks(keep->next);
        keep->next = NULL;
        keep->used = 0;
    }
    free_blocks(arena->large);
    *arena = (hvc_arena){.blocks = keep};
}

void hvc_arena_free(hvc_arena *arena)
{
    free_blocks(arena->blocks);
    free_blocks(arena->large);
    *arena = (hvc_arena)HVC_ARENA_INIT;
}

static void *grow_large(hvc_arena *arena, void *memory, size_t size)
{
    size = rounded(size);
    size_t before = block_of(memory)->size;
    hvc_arena_block *block = size > SIZE_MAX / 2 ? NULL : realloc(block_of(memory), HEADER + size);
    if (block == NULL) {
        arena->failed = true;
        return NULL;
    }
    if (block->previous != NULL)
        block->previous->next = block;
    else
        arena->large = block;
    if (block->next != NULL)
        block->next->previous = block;
    block->size = block->used = size;
    arena->used += size - before;
    return (char *)block + HEADER;
}

bool hvc_arena_grow(hvc_arena *arena, void *address, size_t *capacity, size_t count, size_t size)
{
    if (count < *capacity)
        return true;
    bool large = rounded(*capacity * size) >= LARGE;
    size_t larger = *capacity == 0 ? 8 : *capacity + (large ? *capacity / 2 : *capacity);
    if (larger > SIZE_MAX / size) {
        arena->failed = true;
        return false;
    }
    /* The vector's pointer has its item's type: it is copied as bytes, which every object pointer
     * shares. */
    void *old;
    memcpy(&old, address, sizeof(old));
    char *items =
        large ? grow_large(arena, old, larger * size) : hvc_arena_take(arena, larger * size);
    if (items == NULL)
        return false;
    if (!large && count > 0)
        memcpy(items, old, count * size);
    memset(items + count * size, 0, (larger - count) * size);
    memcpy(address, &items, sizeof(items));
    *capacity = larger;
    return true;
}
