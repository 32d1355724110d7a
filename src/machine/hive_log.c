/* Replaying the transaction logs of a dirty hive. Two formats: log entries (HvLE, since
 * Windows 8.1), which carry hashes and consecutive sequence numbers, spread over both files; and
 * the older dirty vector (DIRT), one bitmap of 512-byte pages. */
#include "machine/hive_log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"

enum {
    TYPE_PRIMARY = 0,
    TYPE_LOG = 1,
    TYPE_LOG_2000 = 2,
    TYPE_LOG_ENTRIES = 6,
    ENTRY_HEADER = 40,
    BITMAP = HVC_HIVE_SECTOR + 4,
};

static const uint8_t signature[4] = {'r', 'e', 'g', 'f'};

static uint32_t checksum_of(const uint8_t *base)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < 508; i += 4)
        sum ^= hvc_le32(base + i);
    return sum == UINT32_MAX ? UINT32_MAX - 1 : sum == 0 ? 1 : sum;
}

static void put32(uint8_t *p, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> 8 * i);
}

bool hvc_hive_base_read(hvc_span file, hvc_hive_base *ret_base)
{
    const uint8_t *p = file.data;
    if (file.size < HVC_HIVE_SECTOR || memcmp(p, signature, sizeof(signature)) != 0)
        return false;
    *ret_base = (hvc_hive_base){
        .primary = hvc_le32(p + 4),
        .secondary = hvc_le32(p + 8),
        .written = hvc_le64(p + 12),
        .major = hvc_le32(p + 20),
        .minor = hvc_le32(p + 24),
        .type = hvc_le32(p + 28),
        .root = hvc_le32(p + 36),
        .bins_size = hvc_le32(p + 40),
        .clustering = hvc_le32(p + 44),
        .checksum_ok = hvc_le32(p + 508) == checksum_of(p),
    };
    return true;
}

void hvc_hive_base_clean(uint8_t *base, uint32_t sequence, uint32_t bins_size)
{
    put32(base + 4, sequence);
    put32(base + 8, sequence);
    put32(base + 28, TYPE_PRIMARY);
    put32(base + 40, bins_size);
    put32(base + 508, checksum_of(base));
}

bool hvc_hive_base_dirty(const hvc_hive_base *base)
{
    return !base->checksum_ok || base->primary != base->secondary;
}

static uint32_t rotate(uint32_t value, unsigned bits)
{
    return value << bits | value >> (32 - bits);
}

static void marvin_mix(uint32_t state[2])
{
    uint32_t a = state[0], b = state[1];
    b ^= a;
    a = rotate(a, 20) + b;
    b = rotate(b, 9) ^ a;
    a = rotate(a, 27) + b;
    b = rotate(b, 19);
    state[0] = a;
    state[1] = b;
}

uint64_t hvc_marvin32(hvc_span data)
{
    uint32_t state[2] = {0x7A4E55C5, 0x82EF4D88}; /* the fixed seed of registry logs */
    size_t at = 0;
    for (; data.size - at >= 4; at += 4) {
        state[0] += hvc_le32(data.data + at);
        marvin_mix(state);
    }
    uint32_t last = 0x80;
    for (size_t rest = data.size - at; rest > 0; rest--)
        last = last << 8 | data.data[at + rest - 1];
    state[0] += last;
    marvin_mix(state);
    marvin_mix(state);
    return (uint64_t)state[1] << 32 | state[0];
}

/* What the replay works on: a growing copy of the primary file. */
typedef struct replay {
    uint8_t *image;
    size_t size, capacity;
    uint32_t sequence; /* of the last entry applied */
    size_t entries;
    hvc_buffer *why;
} replay;

/* A log whose base block is sound. */
typedef struct log_file {
    const char *name;
    hvc_span file;
    hvc_hive_base base;
} log_file;

/* One entry, checked, or the reason why it ends the log. */
typedef struct log_entry {
    hvc_span bytes;
    uint32_t sequence, bins_size, page_count;
    const char *wrong;
} log_entry;

static log_entry read_entry(hvc_span file, uint64_t offset, uint32_t expected)
{
    log_entry entry = {.wrong = "the file ends"};
    uint32_t size;
    if (!hvc_span_has(file, offset, ENTRY_HEADER))
        return entry;
    const uint8_t *p = file.data + offset;
    size = hvc_le32(p + 4);
    entry.sequence = hvc_le32(p + 12);
    entry.bins_size = hvc_le32(p + 16);
    entry.page_count = hvc_le32(p + 20);
    if (memcmp(p, "HvLE", 4) != 0)
        entry.wrong = "no further entry";
    else if (size < ENTRY_HEADER || size % HVC_HIVE_SECTOR != 0 ||
             !hvc_span_sub(file, offset, size, &entry.bytes))
        entry.wrong = "its size is wrong";
    else if (entry.sequence != expected)
        entry.wrong = "its sequence number does not follow";
    else if (hvc_le64(p + 24) != hvc_marvin32((hvc_span){p + ENTRY_HEADER, size - ENTRY_HEADER}) ||
             hvc_le64(p + 32) != hvc_marvin32((hvc_span){p, 32}))
        entry.wrong = "its hash is wrong";
    else if (entry.bins_size == 0 || entry.bins_size % HVC_HIVE_PAGE != 0)
        entry.wrong = "its size of the hive is wrong";
    else if (entry.page_count > (size - ENTRY_HEADER) / 8)
        entry.wrong = "it has more pages than bytes";
    else
        entry.wrong = NULL;
    return entry;
}

/* Whether every page of an entry lies inside the entry and inside the hive. */
static bool pages_fit(const log_entry *entry)
{
    uint64_t at = ENTRY_HEADER + (uint64_t)entry->page_count * 8;
    for (uint32_t i = 0; i < entry->page_count; i++) {
        const uint8_t *reference = entry->bytes.data + ENTRY_HEADER + (size_t)i * 8;
        uint32_t offset = hvc_le32(reference), size = hvc_le32(reference + 4);
        if ((uint64_t)offset + size > entry->bins_size || !hvc_span_has(entry->bytes, at, size))
            return false;
        at += size;
    }
    return true;
}

static bool apply_entry(replay *work, const log_entry *entry)
{
    size_t size = (size_t)HVC_HIVE_BASE + entry->bins_size;
    if (size > work->capacity || !pages_fit(entry))
        return false;
    if (size > work->size)
        memset(work->image + work->size, 0, size - work->size);
    work->size = size;
    size_t at = ENTRY_HEADER + (size_t)entry->page_count * 8;
    for (uint32_t i = 0; i < entry->page_count; i++) {
        const uint8_t *reference = entry->bytes.data + ENTRY_HEADER + (size_t)i * 8;
        uint32_t offset = hvc_le32(reference), length = hvc_le32(reference + 4);
        memcpy(work->image + HVC_HIVE_BASE + offset, entry->bytes.data + at, length);
        at += length;
    }
    /* Only the lowest bit of the flags travels in the log. */
    uint8_t *flags = work->image + 144;
    *flags = (uint8_t)((*flags & ~1U) | (entry->bytes.data[8] & 1U));
    work->sequence = entry->sequence;
    work->entries++;
    return true;
}

/* A log's base block was written from memory: it is newer than the primary file's. */
static void take_base(replay *work, const log_file *log)
{
    memcpy(work->image, log->file.data, HVC_HIVE_SECTOR);
}

/* Applies the entries of one log; false when not even its first could be. */
static bool apply_log(replay *work, const log_file *log)
{
    uint64_t offset = HVC_HIVE_SECTOR;
    uint32_t expected = log->base.primary;
    size_t entries = work->entries;
    for (;;) {
        log_entry entry = read_entry(log->file, offset, expected);
        if (entry.wrong == NULL && offset == HVC_HIVE_SECTOR)
            take_base(work, log);
        if (entry.wrong == NULL && !apply_entry(work, &entry))
            entry.wrong = "its pages lie outside the hive";
        if (entry.wrong != NULL) {
            hvc_buffer_printf(work->why, "%s%s stops at offset 0x%" PRIX64 ": %s",
                              work->why->size > 0 ? "; " : "", log->name, offset, entry.wrong);
            return work->entries > entries;
        }
        offset += entry.bytes.size;
        expected++;
    }
}

static void say(hvc_buffer *why, const char *name, const char *what)
{
    hvc_buffer_printf(why, "%s%s %s", why->size > 0 ? "; " : "", name, what);
}

/* Sequence numbers wrap around. */
static bool before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

/* A log whose base block is sound and whose kind is wanted. */
static bool usable_log(const char *name, hvc_span file, bool entries, log_file *ret_log,
                       hvc_buffer *why)
{
    log_file log = {.name = name, .file = file};
    if (file.size == 0)
        return false;
    if (!hvc_hive_base_read(file, &log.base)) {
        if (entries)
            say(why, name, "has no base block");
        return false;
    }
    if (entries != (log.base.type == TYPE_LOG_ENTRIES))
        return false;
    if (hvc_hive_base_dirty(&log.base)) {
        say(why, name,
            log.base.checksum_ok ? "was not written to its end" : "has a wrong checksum");
        return false;
    }
    *ret_log = log;
    return true;
}

static void replay_entries(replay *work, const hvc_hive_base *base, log_file logs[2], size_t count)
{
    if (!base->checksum_ok) {
        /* The latest log alone can be trusted to belong to the hive as it is. */
        size_t latest = count == 2 && before(logs[0].base.primary, logs[1].base.primary);
        apply_log(work, &logs[latest]);
        return;
    }
    if (count == 2 && before(logs[1].base.primary, logs[0].base.primary)) {
        log_file first = logs[1];
        logs[1] = logs[0];
        logs[0] = first;
    }
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        uint32_t first = logs[i].base.primary;
        if (before(first, base->secondary))
            say(work->why, logs[i].name, "is older than the hive");
        else if (any && first != work->sequence + 1)
            say(work->why, logs[i].name, "does not continue the other log");
        else if (apply_log(work, &logs[i]))
            any = true;
    }
}

static size_t bit_count(const uint8_t *bits, size_t count)
{
    size_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (bits[i / 8] >> i % 8 & 1) != 0;
    return sum;
}

/* A log with a dirty vector: all its pages at once, or nothing. */
static bool apply_vector(replay *work, const log_file *log)
{
    const hvc_hive_base *base = &log->base;
    hvc_span map, pages;
    size_t page_count = base->bins_size / HVC_HIVE_SECTOR, map_size = (page_count + 7) / 8;
    size_t size = (size_t)HVC_HIVE_BASE + base->bins_size;
    uint64_t sector = (uint64_t)HVC_HIVE_SECTOR * base->clustering;
    if (base->clustering == 0 || base->clustering > 8 || (8 % base->clustering) != 0 ||
        base->bins_size == 0 || base->bins_size % HVC_HIVE_PAGE != 0 || size > work->capacity) {
        say(work->why, log->name, "has a base block that contradicts itself");
        return false;
    }
    if (!hvc_span_sub(log->file, sector, 4 + map_size, &map) || memcmp(map.data, "DIRT", 4) != 0) {
        say(work->why, log->name, "has no dirty vector");
        return false;
    }
    const uint8_t *bits = map.data + 4;
    uint64_t start = sector + hvc_align_up(4 + map_size, sector);
    size_t dirty = bit_count(bits, page_count);
    if (!hvc_span_sub(log->file, start, (uint64_t)dirty * HVC_HIVE_SECTOR, &pages)) {
        say(work->why, log->name, "is cut off in its dirty pages");
        return false;
    }
    take_base(work, log);
    if (size > work->size)
        memset(work->image + work->size, 0, size - work->size);
    work->size = size;
    size_t at = 0;
    for (size_t i = 0; i < page_count; i++) {
        if ((bits[i / 8] >> i % 8 & 1) == 0)
            continue;
        memcpy(work->image + HVC_HIVE_BASE + i * HVC_HIVE_SECTOR, pages.data + at, HVC_HIVE_SECTOR);
        at += HVC_HIVE_SECTOR;
    }
    work->sequence = base->primary;
    work->entries = dirty;
    return true;
}

static bool replay_vector(replay *work, const hvc_hive_base *base, hvc_span primary,
                          const log_file *logs, size_t count)
{
    /* A log belongs to the write that the primary file did not finish when their times agree. */
    uint64_t written = base->written;
    if (!base->checksum_ok && !hvc_span_u64(primary, HVC_HIVE_BASE + 20, &written))
        written = 0;
    for (size_t i = 0; i < count; i++) {
        if (logs[i].base.written != written)
            say(work->why, logs[i].name, "belongs to another write of the hive");
        else if (apply_vector(work, &logs[i]))
            return true;
    }
    return false;
}

static hvc_status start_work(replay *work, hvc_span primary, size_t log_sizes, hvc_error *error)
{
    /* What a hive can grow to: all it lacks is in its logs. */
    uint64_t capacity = (uint64_t)primary.size + log_sizes + HVC_HIVE_BASE;
    if (capacity > HVC_MAX_FILE_SIZE)
        return hvc_fail(error, HVC_E_LIMIT, "the hive and its logs are larger than the limit");
    work->image = malloc((size_t)capacity);
    if (work->image == NULL)
        return hvc_fail_memory(error);
    work->capacity = (size_t)capacity;
    work->size = primary.size;
    memcpy(work->image, primary.data, primary.size);
    if (work->size < HVC_HIVE_BASE) {
        memset(work->image + work->size, 0, HVC_HIVE_BASE - work->size);
        work->size = HVC_HIVE_BASE;
    }
    return HVC_OK;
}

hvc_status hvc_hive_replay_logs(hvc_span primary, hvc_span log1, hvc_span log2,
                                hvc_hive_replay *ret_replay, hvc_error *error)
{
    hvc_hive_replay result = {.why = HVC_BUFFER_INIT};
    hvc_hive_base base = {.checksum_ok = false};
    replay work = {.why = &result.why};
    log_file logs[2];
    hvc_status status = start_work(&work, primary, log1.size + log2.size, error);
    if (status != HVC_OK)
        return status;
    hvc_hive_base_read(primary, &base);
    size_t count = usable_log("LOG1", log1, true, &logs[0], work.why);
    count += usable_log("LOG2", log2, true, &logs[count], work.why);
    const char *unit = "log entries";
    if (count > 0) {
        replay_entries(&work, &base, logs, count);
    } else {
        unit = "dirty pages";
        count = usable_log("LOG1", log1, false, &logs[0], work.why);
        count += usable_log("LOG2", log2, false, &logs[count], work.why);
        if (!replay_vector(&work, &base, primary, logs, count))
            work.entries = 0;
    }
    if (work.entries > 0) {
        hvc_hive_base_clean(work.image, work.sequence + 1, (uint32_t)(work.size - HVC_HIVE_BASE));
        /* Windows keeps room behind the bins in the file. */
        if (work.size < primary.size)
            work.size = primary.size;
        hvc_buffer detail = result.why;
        result.why = (hvc_buffer)HVC_BUFFER_INIT;
        hvc_buffer_printf(&result.why, "%" PRIu64 " %s, up to sequence number %" PRIu32,
                          (uint64_t)work.entries, unit, work.sequence);
        if (detail.size > 0) {
            hvc_buffer_puts(&result.why, "; ");
            hvc_buffer_put(&result.why, detail.data, detail.size);
        }
        result.why.failed = result.why.failed || detail.failed;
        hvc_buffer_free(&detail);
        result.applied = true;
        result.image = work.image;
        result.size = work.size;
    } else {
        free(work.image);
        if (log1.size == 0 && log2.size == 0)
            hvc_buffer_puts(&result.why, "its logs are missing or empty");
        else if (result.why.size == 0)
            hvc_buffer_puts(&result.why, "its logs hold nothing for it");
    }
    hvc_buffer_put(&result.why, "", 1);
    if (result.why.failed) {
        free(result.image);
        hvc_buffer_free(&result.why);
        return hvc_fail_memory(error);
    }
    *ret_replay = result;
    return HVC_OK;
}
