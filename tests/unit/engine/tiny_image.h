/* Makes small driver images in memory, for tests that need one with a certain property. */
#ifndef TESTS_TINY_IMAGE_H
#define TESTS_TINY_IMAGE_H

#include <stddef.h>
#include <stdint.h>

enum { TINY_SIZE = 0x1000, TINY_MAX_IMPORTS = 8, TINY_NT = 0x80 };

typedef struct tiny_import {
    const char *module;
    const char *name; /* NULL: by ordinal */
    uint16_t ordinal;
} tiny_import;

typedef struct tiny_options {
    uint16_t subsystem;            /* 0: native */
    uint32_t text_characteristics; /* 0: code, execute, read */
    tiny_import imports[TINY_MAX_IMPORTS];
    size_t import_count;
} tiny_options;

/* Fills TINY_SIZE bytes with an x64 image of two sections, .text and .rdata. */
void tiny_image(const tiny_options *options, uint8_t *bytes);

#endif
