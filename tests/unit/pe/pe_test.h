/* What the tests of the PE reader share: a built image, its file, and the image opened on it. */
#ifndef TESTS_UNIT_PE_TEST_H
#define TESTS_UNIT_PE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hvcheck/image.h>

#include "image_builder.h"

typedef struct sample {
    image_builder builder;
    uint8_t *bytes;
    size_t size;
    hvc_image *image;
} sample;

/* A full driver, not yet laid out. */
void sample_full(sample *it, uint16_t machine);
/* An image with .text, .rdata and .data (sections 0 to 2) and nothing in them. */
void sample_empty(sample *it, uint16_t machine);
/* Lays the file out again; the test may then damage it->bytes. */
void sample_finish(sample *it);
/* Opens it, which must succeed. */
void sample_open(sample *it);
/* Both. */
void sample_load(sample *it);
/* Opens it, which must fail with status. */
hvc_error sample_fails(sample *it, hvc_status status);
void sample_free(sample *it);

/* The first anomaly with this id, NULL when there is none. */
const hvc_anomaly *find_anomaly(const hvc_image *image, const char *id);
/* The image has the anomaly with that effect, a message and an offset in the file. */
void expect_anomaly(const sample *it, const char *id, hvc_anomaly_effect effect);
/* The same, and its file offset. */
void expect_anomaly_at(const sample *it, const char *id, hvc_anomaly_effect effect,
                       uint64_t offset);
/* Whether some anomaly of the image is a doubt. */
void expect_doubt(const sample *it, bool expected);
/* The image has no anomaly at all. */
void expect_clean(const sample *it);
void expect_text(hvc_text text, const char *expected);

/* Opens bytes and walks everything the library gives, with its promises (the fuzz target). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
