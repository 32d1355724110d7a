/* What the programs that the scan is compared with have in common: they do their work on every file
 * of some folders, in one process and one thread, and print one line of totals. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pe/image.h"

typedef struct peer_totals {
    uint64_t files, bytes, findings, instructions;
    uint8_t digests; /* of all the files' digests, so that nothing is optimised away */
} peer_totals;

typedef bool (*peer_work)(const uint8_t *bytes, size_t size, peer_totals *totals);

/* Calls work on the bytes of every file in the folders argv[1] and on; map says whether they are
 * mapped instead of read. Returns the program's exit code. */
int peer_run(int argc, char **argv, bool map, peer_work work);

/* The parts that the peers are made of. */
bool peer_hash(const uint8_t *bytes, size_t size, peer_totals *totals);
/* Every rule that the image alone decides; the open image goes to *ret_image when it is not NULL.
 */
bool peer_image_rules(const uint8_t *bytes, size_t size, peer_totals *totals,
                      hvc_image **ret_image);

#endif
