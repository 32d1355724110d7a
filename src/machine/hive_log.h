/* The base block of hives and of their transaction logs, and applying logs to a dirty hive. */
#ifndef MACHINE_HIVE_LOG_H
#define MACHINE_HIVE_LOG_H

#include <hvcheck/status.h>

#include "base/buffer.h"
#include "base/span.h"

enum {
    HVC_HIVE_BASE = 4096,  /* the base block of a primary file; hive bins data follows */
    HVC_HIVE_SECTOR = 512, /* what a log keeps of it; the checksum covers the 508 bytes before it */
    HVC_HIVE_PAGE = 4096,
};

typedef struct hvc_hive_base {
    uint32_t primary, secondary; /* sequence numbers */
    uint64_t written;            /* last written timestamp */
    uint32_t major, minor, type;
    uint32_t root, bins_size, clustering;
    bool checksum_ok;
} hvc_hive_base;

/* Reads the first 512 bytes of a primary file or a log. False when it is no base block. */
bool hvc_hive_base_read(hvc_span file, hvc_hive_base *ret_base);
/* Writes sequence numbers, a primary file's type, bins size, and the checksum into a base block. */
void hvc_hive_base_clean(uint8_t *base, uint32_t sequence, uint32_t bins_size);
bool hvc_hive_base_dirty(const hvc_hive_base *base);

uint64_t hvc_marvin32(hvc_span data);

/* A replay's outcome. applied is false when no log could be used: then image stays empty. */
typedef struct hvc_hive_replay {
    bool applied;
    uint8_t *image; /* malloc'd: the clean hive */
    size_t size;
    hvc_buffer why; /* what was done, or why nothing could be */
} hvc_hive_replay;

/* Applies the logs to a dirty primary file. Fails only for lack of memory. */
hvc_status hvc_hive_replay_logs(hvc_span primary, hvc_span log1, hvc_span log2,
                                hvc_hive_replay *ret_replay, hvc_error *error);

#endif
