/* SHA-256, by the platform's library (libcrypto; bcrypt on Windows). */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include <hvcheck/status.h>

#define HVC_SHA256_SIZE 32

/* A hasher may be used again and again, by one thread at a time. */
typedef struct hvc_hasher hvc_hasher;

hvc_status hvc_hasher_new(hvc_hasher **ret_hasher, hvc_error *error);
void hvc_hasher_free(hvc_hasher *hasher);
hvc_status hvc_sha256(hvc_hasher *hasher, const void *bytes, size_t size,
                      uint8_t ret_digest[HVC_SHA256_SIZE], hvc_error *error);

#endif
