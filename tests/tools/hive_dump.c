/* Prints everything that the hive reader finds in a hive, for comparison with other readers:
 *
 *     hive_dump HIVE [LOG1 [LOG2 [IMAGE]]]
 *
 * "state NAME WHY", then per key "key NAMES WRITTEN" and per value of it "value NAME TYPE DATA",
 * names and data in hexadecimal (UTF-8), a path's names joined by slashes. A log named "-" is not
 * there. The bytes after the replay go to IMAGE. Each key is also looked up by its path: "lost"
 * when that does not find it. Damage ends the walk with "error OFFSET TEXT" and exit code 1. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/file.h"
#include "machine/hive.h"

enum { MAX_DEPTH = 512 };

typedef struct walk {
    const hvc_hive *hive;
    hvc_arena arena;
    hvc_error error;
    hvc_buffer path; /* hexadecimal */
    hvc_buffer text; /* with backslashes */
} walk;

static void put_hex(hvc_buffer *out, const void *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hvc_buffer_printf(out, "%02x", ((const uint8_t *)data)[i]);
}

static void print_hex(const void *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        printf("%02x", ((const uint8_t *)data)[i]);
}

static hvc_status print_values(walk *w, const hvc_hive_key *key)
{
    for (uint32_t i = 0; i < key->value_count; i++) {
        hvc_hive_value value;
        const char *name = NULL;
        hvc_span data = {NULL, 0};
        hvc_status status = hvc_hive_value_at(w->hive, key, i, &value, &w->error);
        if (status == HVC_OK)
            status = hvc_hive_value_name(w->hive, &value, &w->arena, &name, &w->error);
        if (status == HVC_OK)
            status = hvc_hive_value_data(w->hive, &value, &w->arena, &data, &w->error);
        if (status != HVC_OK)
            return status;
        printf("value ");
        print_hex(name, strlen(name));
        printf(" %" PRIu32 " ", value.type);
        print_hex(data.data, data.size);
        printf("\n");
    }
    return HVC_OK;
}

static hvc_status print_key(walk *w, const hvc_hive_key *key, unsigned depth)
{
    hvc_hive_subkeys iterator;
    printf("key %.*s %" PRIu64 "\n", (int)w->path.size, w->path.size > 0 ? w->path.data : "",
           key->written);
    hvc_hive_key same;
    bool found = false;
    hvc_buffer_put(&w->text, "", 1);
    hvc_status status = hvc_hive_find_key(w->hive, w->text.data, &found, &same, &w->error);
    w->text.size--;
    if (status == HVC_OK && (!found || same.cell != key->cell))
        printf("lost\n");
    /* A name that holds a NUL has no text, and what lies behind a link is not looked for. */
    if (status == HVC_OK || status == HVC_E_UNSUPPORTED)
        status = print_values(w, key);
    if (status == HVC_OK)
        status = hvc_hive_subkeys_begin(w->hive, key, &iterator, &w->error);
    while (status == HVC_OK && depth < MAX_DEPTH) {
        hvc_hive_key child;
        bool more;
        const char *name;
        status = hvc_hive_subkeys_next(&iterator, &more, &child, &w->error);
        if (status != HVC_OK || !more)
            return status;
        status = hvc_hive_key_name(w->hive, &child, &w->arena, &name, &w->error);
        if (status != HVC_OK)
            return status;
        size_t size = w->path.size, text_size = w->text.size;
        hvc_buffer_puts(&w->path, "/");
        put_hex(&w->path, name, strlen(name));
        hvc_buffer_printf(&w->text, "%s%s", text_size > 0 ? "\\" : "", name);
        status = print_key(w, &child, depth + 1);
        w->path.size = size;
        w->text.size = text_size;
    }
    return status;
}

static int finish(const hvc_error *error)
{
    printf("error %" PRIu64 " %s\n", error->has_offset ? error->offset : 0, error->message);
    return 1;
}

static int write_image(const char *path, hvc_span image)
{
    FILE *file = fopen(path, "wb");
    bool fine = file != NULL && fwrite(image.data, 1, image.size, file) == image.size;
    fine = file != NULL && fclose(file) == 0 && fine;
    return fine ? 0 : 2;
}

int main(int argc, char **argv)
{
    static const char *const states[] = {"clean", "replayed", "stale"};
    hvc_bytes files[3] = {HVC_BYTES_INIT, HVC_BYTES_INIT, HVC_BYTES_INIT};
    walk w = {.arena = HVC_ARENA_INIT, .path = HVC_BUFFER_INIT, .text = HVC_BUFFER_INIT};
    hvc_hive *hive = NULL;
    hvc_hive_key root;
    for (int i = 1; i < argc && i <= 3; i++) {
        if (strcmp(argv[i], "-") != 0 && hvc_file_read(argv[i], &files[i - 1], &w.error) != HVC_OK)
            return finish(&w.error);
    }
    int code = 0;
    hvc_status status = hvc_hive_open(hvc_bytes_span(&files[0]), hvc_bytes_span(&files[1]),
                                      hvc_bytes_span(&files[2]), &hive, &w.error);
    if (status == HVC_OK) {
        const char *why = hvc_hive_state_why(hive);
        printf("state %s %s\n", states[hvc_hive_state_of(hive)], why == NULL ? "" : why);
        w.hive = hive;
        status = hvc_hive_root(hive, &root, &w.error);
        if (status == HVC_OK)
            status = print_key(&w, &root, 0);
        if (argc > 4)
            code = write_image(argv[4], hvc_hive_image(hive));
    }
    if (status != HVC_OK)
        code = finish(&w.error);
    hvc_hive_free(hive);
    hvc_arena_free(&w.arena);
    hvc_buffer_free(&w.path);
    hvc_buffer_free(&w.text);
    for (size_t i = 0; i < 3; i++)
        hvc_bytes_free(&files[i]);
    return code;
}
