#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Blocks grow with the arena, so that a large result costs few calls of malloc. */
enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20 };

struct hvc_arena_block {
    hvc_arena_block *next;
    size_t size, used; /* of the bytes behind this header */
};

/* The header, rounded so that what follows is aligned for any type. */
enum { ALIGNMENT = _Alignof(max_align_t) };
#define HEADER ((sizeof(hvc_arena_block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)

static hvc_arena_block *add_block(hvc_arena *arena, size_t least)
{
    size_t size = arena->blocks == NULL ? FIRST_BLOCK : arena->blocks->size * 2;
    if (size > LARGEST_BLOCK)
        size = LARGEST_BLOCK;
    if (size < least)
        size = least;
    if (size > SIZE_MAX - HEADER)
        return NULL;
    hvc_arena_block *block = malloc(HEADER + size);
    if (block == NULL)
        return NULL;
    block->next = arena->blocks;
    block->size = size;
    block->used = 0;
    arena->blocks = block;
    return block;
}

void *hvc_arena_take(hvc_arena *arena, size_t size)
{
    if (size == 0)
        size = 1;
    if (size > SIZE_MAX / 2) {
        arena->failed = true;
        return NULL;
    }
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    hvc_arena_block *block = arena->blocks;
    if (block == NULL || block->size - block->used < size)
        block = add_block(arena, size);
    if (block == NULL) {
        arena->failed = true;
        return NULL;
    }
    char *memory = (char *)block + HEADER + block->used;
    block->used += size;
    arena->used += size;
    return memory;
}

void *hvc_arena_alloc(hvc_arena *arena, size_t size)
{
    void *memory = hvc_arena_take(arena, size);
    return memory == NULL ? NULL : memset(memory, 0, size);
}

static void *take_array(hvc_arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        arena->failed = true;
        return NULL;
    }
    return hvc_arena_take(arena, count * size);
}

void *hvc_arena_array(hvc_arena *arena, size_t count, size_t size)
{
    void *items = take_array(arena, count, size);
    return items == NULL ? NULL : memset(items, 0, count * size);
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

void hvc_arena_reset(hvc_arena *arena)
{
    /* The newest block is the largest, unless one allocation was larger than LARGEST_BLOCK: that
     * one is not worth keeping. */
    hvc_arena_block *keep = NULL;
    hvc_arena_block *block = arena->blocks;
    while (block != NULL) {
        hvc_arena_block *next = block->next;
        if (keep == NULL && block->size <= LARGEST_BLOCK)
            keep = block;
        else
            free(block);
        block = next;
    }
    if (keep != NULL) {
        keep->next = NULL;
        keep->used = 0;
    }
    *arena = (hvc_arena){keep, 0, false};
}

void hvc_arena_free(hvc_arena *arena)
{
    hvc_arena_block *block = arena->blocks;
    while (block != NULL) {
        hvc_arena_block *next = block->next;
        free(block);
        block = next;
    }
    *arena = (hvc_arena)HVC_ARENA_INIT;
}

bool hvc_arena_grow(hvc_arena *arena, void *address, size_t *capacity, size_t count, size_t size)
{
    if (count < *capacity)
        return true;
    size_t larger = *capacity == 0 ? 8 : *capacity * 2;
    char *items = take_array(arena, larger, size);
    if (items == NULL)
        return false;
    /* The vector's pointer has its item's type: it is copied as bytes, which every object pointer
     * shares. */
    void *old;
    memcpy(&old, address, sizeof(old));
    if (count > 0)
        memcpy(items, old, count * size);
    memset(items + count * size, 0, (larger - count) * size);
    memcpy(address, &items, sizeof(items));
    *capacity = larger;
    return true;
}
