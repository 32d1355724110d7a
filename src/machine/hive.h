/* Reading a registry hive (a regf file), with its transaction logs applied, without ever writing
 * it.
 *
 * A hive is dirty when its base block has a wrong checksum or two different sequence numbers: its
 * newest data is then in the logs alone. hvc_hive_open replays them in memory as Windows does when
 * it loads the hive; a clean hive's logs are ignored, as Windows ignores them.
 *
 * Absent and damaged are different answers: a key that is not there is *ret_found = false with
 * HVC_OK; one that cannot be reached because of damage is HVC_E_MALFORMED with the file offset. */
#ifndef MACHINE_HIVE_H
#define MACHINE_HIVE_H

#include <hvcheck/status.h>

#include "base/arena.h"
#include "base/span.h"

typedef struct hvc_hive hvc_hive;

typedef enum hvc_hive_state {
    HVC_HIVE_CLEAN,    /* as Windows left it */
    HVC_HIVE_REPLAYED, /* dirty, and the logs made it whole */
    HVC_HIVE_STALE,    /* dirty, and no log could be applied: its newest data is not known */
} hvc_hive_state;

/* A key; plain data, valid as long as its hive. */
typedef struct hvc_hive_key {
    uint32_t cell;    /* offset in the hive bins data */
    uint64_t written; /* last write time, a FILETIME */
    uint32_t subkey_count, value_count;
    uint32_t subkeys, values; /* offsets of the lists */
    bool symlink;             /* a registry link: its target is in SymbolicLinkValue */
} hvc_hive_key;

typedef struct hvc_hive_value {
    uint32_t cell;
    uint32_t type; /* REG_DWORD 4, REG_SZ 1 ... */
    uint32_t size; /* of its data in bytes */
} hvc_hive_value;

/* Opens a hive. Missing logs are empty spans. The primary file must outlive the hive; the logs need
 * not. HVC_E_MALFORMED and its kin when the primary file is no hive at all or its bins contradict
 * themselves; HVC_E_UNSUPPORTED for versions other than 1.3 to 1.6. */
hvc_status hvc_hive_open(hvc_span primary, hvc_span log1, hvc_span log2, hvc_hive **ret_hive,
                         hvc_error *error);
void hvc_hive_free(hvc_hive *hive);

hvc_hive_state hvc_hive_state_of(const hvc_hive *hive);
/* One line: why a dirty hive is stale, or what was replayed ("3 log entries, up to sequence number
 * 207"); NULL for a clean one. */
const char *hvc_hive_state_why(const hvc_hive *hive);
/* The bytes of the hive as they are read: for a clean or stale one the primary file's own, for a
 * replayed one those after the replay, with base block made clean (sequence numbers equal, checksum
 * right), so that any other reader sees the same. */
hvc_span hvc_hive_image(const hvc_hive *hive);

hvc_status hvc_hive_root(const hvc_hive *hive, hvc_hive_key *ret_key, hvc_error *error);
/* The key at path below the root ("ControlSet001\\Control\\DeviceGuard", "" is the root itself).
 * Names compare without the case of letters up to U+00FF. HVC_E_UNSUPPORTED where a registry link
 * is on the way: what lies behind it is not known. */
hvc_status hvc_hive_find_key(const hvc_hive *hive, const char *path, bool *ret_found,
                             hvc_hive_key *ret_key, hvc_error *error);

/* Iterates the subkeys of a key, in the order of the file; *ret_more is false behind the last. */
typedef struct hvc_hive_subkeys {
    const hvc_hive *hive;
    uint32_t parent, count; /* the key, and how many subkeys it says it has */
    uint32_t root;          /* its list, when that is one of lists */
    uint32_t root_index, root_count;
    uint32_t leaf, leaf_index, leaf_count, leaf_step;
    uint32_t done;
} hvc_hive_subkeys;

hvc_status hvc_hive_subkeys_begin(const hvc_hive *hive, const hvc_hive_key *key,
                                  hvc_hive_subkeys *ret_iterator, hvc_error *error);
hvc_status hvc_hive_subkeys_next(hvc_hive_subkeys *iterator, bool *ret_more, hvc_hive_key *ret_key,
                                 hvc_error *error);

/* The index-th value of a key (below key->value_count). */
hvc_status hvc_hive_value_at(const hvc_hive *hive, const hvc_hive_key *key, uint32_t index,
                             hvc_hive_value *ret_value, hvc_error *error);
hvc_status hvc_hive_find_value(const hvc_hive *hive, const hvc_hive_key *key, const char *name,
                               bool *ret_found, hvc_hive_value *ret_value, hvc_error *error);

/* Names as UTF-8 in the arena; unpaired surrogates become U+FFFD. The default value's is "". */
hvc_status hvc_hive_key_name(const hvc_hive *hive, const hvc_hive_key *key, hvc_arena *arena,
                             const char **ret_name, hvc_error *error);
hvc_status hvc_hive_value_name(const hvc_hive *hive, const hvc_hive_value *value, hvc_arena *arena,
                               const char **ret_name, hvc_error *error);
/* A value's data: a view into the image, or in the arena when the hive holds it in pieces. */
hvc_status hvc_hive_value_data(const hvc_hive *hive, const hvc_hive_value *value, hvc_arena *arena,
                               hvc_span *ret_data, hvc_error *error);

/* The control set that Windows runs with: Select\\Current of a SYSTEM hive. An error when it is not
 * certain: no such value or set, or one that the next start would not use (Select\\Default). */
hvc_status hvc_hive_control_set(const hvc_hive *hive, uint32_t *ret_number, hvc_error *error);

/* UTF-16LE text (REG_SZ, REG_EXPAND_SZ, up to its first NUL) as UTF-8 in the arena; NULL when
 * memory is exhausted. An odd last byte is ignored, unpaired surrogates become U+FFFD. */
char *hvc_utf16_text(hvc_arena *arena, hvc_span data);

#endif
