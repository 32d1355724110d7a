#include "peer.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As the library does it, which spares the fetch of an algorithm. */
#define OPENSSL_API_COMPAT 0x10101000L
#include <openssl/sha.h>

#include "base/file.h"
#include "rules/rule.h"

bool peer_hash(const uint8_t *bytes, size_t size, peer_totals *totals)
{
    SHA256_CTX context;
    uint8_t digest[SHA256_DIGEST_LENGTH];
    if (SHA256_Init(&context) != 1 || SHA256_Update(&context, bytes, size) != 1 ||
        SHA256_Final(digest, &context) != 1)
        return false;
    totals->digests ^= digest[0];
    return true;
}

bool peer_image_rules(const uint8_t *bytes, size_t size, peer_totals *totals, hvc_image **ret_image)
{
    hvc_image *image = NULL;
    if (hvc_image_open(bytes, size, &image, NULL) != HVC_OK)
        return false;
    hvc_arena arena = HVC_ARENA_INIT;
    hvc_findings findings = {.arena = &arena, .image = image};
    hvc_evidence evidence = {.image = image, .checksum = hvc_image_checksum(image)};
    hvc_rules_run(&evidence, &findings);
    totals->findings += findings.total;
    hvc_arena_free(&arena);
    if (ret_image != NULL)
        *ret_image = image;
    else
        hvc_image_free(image);
    return true;
}

static bool run_file(const char *path, bool map, peer_work work, hvc_bytes *bytes,
                     peer_totals *totals)
{
    hvc_error error;
    hvc_status status =
        map ? hvc_file_map(path, bytes, &error) : hvc_file_read(path, bytes, &error);
    if (status != HVC_OK) {
        fprintf(stderr, "%s: %s\n", path, error.message);
        return false;
    }
    totals->files++;
    totals->bytes += bytes->size;
    bool fine = work(bytes->data, bytes->size, totals);
    if (map)
        hvc_bytes_free(bytes);
    if (!fine)
        fprintf(stderr, "%s: cannot be evaluated\n", path);
    return fine;
}

static bool run_folder(const char *folder, bool map, peer_work work, hvc_bytes *bytes,
                       peer_totals *totals)
{
    hvc_names names;
    if (hvc_folder_list(folder, &names, NULL) != HVC_OK) {
        fprintf(stderr, "%s: cannot be read\n", folder);
        return false;
    }
    bool fine = true;
    for (size_t i = 0; i < names.count && fine; i++) {
        char path[4096];
        int length = snprintf(path, sizeof(path), "%s/%s", folder, names.items[i]);
        fine = length < (int)sizeof(path) && run_file(path, map, work, bytes, totals);
    }
    hvc_names_free(&names);
    return fine;
}

int peer_run(int argc, char **argv, bool map, peer_work work)
{
    peer_totals totals = {0};
    hvc_bytes bytes = HVC_BYTES_INIT;
    bool fine = argc > 1;
    for (int i = 1; i < argc && fine; i++)
        fine = run_folder(argv[i], map, work, &bytes, &totals);
    hvc_bytes_free(&bytes);
    printf("%llu files, %llu bytes, %llu findings, %llu instructions, %02x\n",
           (unsigned long long)totals.files, (unsigned long long)totals.bytes,
           (unsigned long long)totals.findings, (unsigned long long)totals.instructions,
           totals.digests);
    return fine && totals.files > 0 ? 0 : 1;
}
