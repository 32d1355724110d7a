/* Opens the input as a registry hive and walks all of it, with what the reader promises: data lies
 * in the image or in the arena, each key is met once, a walk ends. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/limits.h"
#include "machine/hive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

enum { MAX_DEPTH = 128, MAX_ARENA = 32 << 20 };

typedef struct walk {
    const hvc_hive *hive;
    size_t size;
    hvc_arena arena;
    uint64_t keys;
} walk;

static void failed(const walk *w, hvc_status status, const hvc_error *error)
{
    PROMISE(error->status == status && error->message[0] != 0);
    PROMISE(status == HVC_E_MALFORMED && error->has_offset && error->offset <= w->size);
}

static void walk_values(walk *w, const hvc_hive_key *key)
{
    hvc_error error = {0};
    for (uint32_t i = 0; i < key->value_count && w->arena.used < MAX_ARENA; i++) {
        hvc_hive_value value, found;
        const char *name = NULL;
        hvc_span bytes;
        bool same;
        hvc_status status = hvc_hive_value_at(w->hive, key, i, &value, &error);
        if (status != HVC_OK) {
            failed(w, status, &error);
            return;
        }
        PROMISE(hvc_hive_value_name(w->hive, &value, &w->arena, &name, &error) == HVC_OK);
        if (hvc_hive_find_value(w->hive, key, name, &same, &found, &error) == HVC_OK && same)
            PROMISE(found.cell != 0);
        status = hvc_hive_value_data(w->hive, &value, &w->arena, &bytes, &error);
        if (status != HVC_OK) {
            failed(w, status, &error);
            continue;
        }
        PROMISE(bytes.size == value.size && bytes.size <= HVC_MAX_HIVE_VALUE);
        unsigned sum = 0;
        for (size_t k = 0; k < bytes.size; k++)
            sum += bytes.data[k];
        PROMISE(sum <= 255 * bytes.size);
        PROMISE(hvc_utf16_text(&w->arena, bytes) != NULL);
    }
}

static void walk_key(walk *w, const hvc_hive_key *key, unsigned depth)
{
    hvc_error error = {0};
    hvc_hive_subkeys iterator;
    uint32_t count = 0;
    PROMISE(++w->keys <= w->size / 80 + 1);
    walk_values(w, key);
    hvc_status status = hvc_hive_subkeys_begin(w->hive, key, &iterator, &error);
    for (bool more = true; status == HVC_OK && more;) {
        hvc_hive_key child;
        status = hvc_hive_subkeys_next(&iterator, &more, &child, &error);
        if (status != HVC_OK || !more)
            break;
        const char *name;
        PROMISE(++count <= key->subkey_count);
        PROMISE(hvc_hive_key_name(w->hive, &child, &w->arena, &name, &error) == HVC_OK);
        if (depth < MAX_DEPTH && w->arena.used < MAX_ARENA && w->keys <= w->size / 80)
            walk_key(w, &child, depth + 1);
    }
    if (status != HVC_OK)
        failed(w, status, &error);
    else
        PROMISE(count == key->subkey_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const hvc_span none = {NULL, 0};
    hvc_hive *hive = NULL;
    hvc_error error = {0};
    hvc_hive_key key;
    bool found;
    hvc_status status = hvc_hive_open((hvc_span){data, size}, none, none, &hive, &error);
    if (status != HVC_OK) {
        PROMISE(hive == NULL && error.status == status && error.message[0] != 0);
        PROMISE(!error.has_offset || error.offset <= size);
        return 0;
    }
    walk w = {.hive = hive, .size = size, .arena = HVC_ARENA_INIT};
    PROMISE(hvc_hive_state_of(hive) != HVC_HIVE_REPLAYED);
    PROMISE(hvc_hive_image(hive).data == data && hvc_hive_image(hive).size == size);
    status = hvc_hive_root(hive, &key, &error);
    if (status == HVC_OK)
        walk_key(&w, &key, 0);
    else
        failed(&w, status, &error);
    status = hvc_hive_find_key(hive, "Select\\a\\b", &found, &key, &error);
    if (status != HVC_OK)
        failed(&w, status, &error);
    hvc_arena_free(&w.arena);
    hvc_hive_free(hive);
    return 0;
}
