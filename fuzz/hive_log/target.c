/* Replays two logs on a dirty hive. The input is three files behind their sizes: eight bytes that
 * hold the sizes of the two logs (32 bits each), the primary file, LOG1, LOG2. Checksums and hashes
 * are made right first, since hardly any mutation would come past them otherwise. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/hive.h"
#include "machine/hive_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void put64(uint8_t *p, uint64_t value)
{
    for (size_t i = 0; i < 8; i++)
        p[i] = (uint8_t)(value >> 8 * i);
}

/* The checksum of a base block, unless its last byte asks for a wrong one. */
static void sign_base(uint8_t *file, size_t size)
{
    uint32_t sum = 0;
    if (size < 512 || file[511] == 0xFF)
        return;
    for (size_t i = 0; i < 508; i += 4)
        sum ^= hvc_le32(file + i);
    sum = sum == UINT32_MAX ? UINT32_MAX - 1 : sum == 0 ? 1 : sum;
    for (size_t i = 0; i < 4; i++)
        file[508 + i] = (uint8_t)(sum >> 8 * i);
}

static void sign_entries(uint8_t *log, size_t size)
{
    for (size_t at = 512; at <= size && size - at >= 40;) {
        uint32_t length = hvc_le32(log + at + 4);
        if (memcmp(log + at, "HvLE", 4) != 0 || length < 40 || length > size - at)
            return;
        put64(log + at + 24, hvc_marvin32((hvc_span){log + at + 40, length - 40}));
        put64(log + at + 32, hvc_marvin32((hvc_span){log + at, 32}));
        at += length;
    }
}

static void check(const hvc_hive *hive, hvc_span primary, size_t log_sizes)
{
    hvc_span image = hvc_hive_image(hive);
    hvc_hive_base base;
    PROMISE(hvc_hive_base_read(image, &base));
    if (hvc_hive_state_of(hive) == HVC_HIVE_CLEAN)
        PROMISE(hvc_hive_state_why(hive) == NULL && !hvc_hive_base_dirty(&base));
    else
        PROMISE(hvc_hive_state_why(hive)[0] != 0);
    if (hvc_hive_state_of(hive) != HVC_HIVE_REPLAYED) {
        PROMISE(image.data == primary.data && image.size == primary.size);
        return;
    }
    PROMISE(!hvc_hive_base_dirty(&base));
    PROMISE(image.size <= primary.size + log_sizes + HVC_HIVE_BASE);
    PROMISE(image.size - HVC_HIVE_BASE >= base.bins_size);
    /* What was replayed reads as a clean hive does. */
    hvc_hive *again = NULL;
    hvc_error error = {0};
    const hvc_span none = {NULL, 0};
    PROMISE(hvc_hive_open(image, none, none, &again, &error) == HVC_OK);
    PROMISE(hvc_hive_state_of(again) == HVC_HIVE_CLEAN);
    hvc_hive_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 8)
        return 0;
    size_t rest = size - 8, size1 = hvc_le32(data), size2 = hvc_le32(data + 4);
    size1 = size1 < rest ? size1 : rest;
    size2 = size2 < rest - size1 ? size2 : rest - size1;
    size_t size0 = rest - size1 - size2;
    /* Blocks of their own, so that a sanitizer sees one byte too many. */
    uint8_t *files[3] = {malloc(size0 + 1), malloc(size1 + 1), malloc(size2 + 1)};
    if (files[0] != NULL && files[1] != NULL && files[2] != NULL) {
        memcpy(files[0], data + 8, size0);
        memcpy(files[1], data + 8 + size0, size1);
        memcpy(files[2], data + 8 + size0 + size1, size2);
        sign_base(files[0], size0);
        sign_base(files[1], size1);
        sign_base(files[2], size2);
        sign_entries(files[1], size1);
        sign_entries(files[2], size2);
        hvc_hive *hive = NULL;
        hvc_error error = {0};
        hvc_span primary = {files[0], size0};
        hvc_status status = hvc_hive_open(primary, (hvc_span){files[1], size1},
                                          (hvc_span){files[2], size2}, &hive, &error);
        PROMISE((status == HVC_OK) == (hive != NULL));
        PROMISE(status == HVC_OK || error.message[0] != 0);
        if (hive != NULL)
            check(hive, primary, size1 + size2);
        hvc_hive_free(hive);
    }
    for (size_t i = 0; i < 3; i++)
        free(files[i]);
    return 0;
}
