#include "base/hash.h"

/* The functions of OpenSSL 1.1. Those that replace them fetch the algorithm from a provider, which
 * takes time and close to 2 MiB at the first digest. */
#define OPENSSL_API_COMPAT 0x10101000L

#include <openssl/sha.h>
#include <stdlib.h>

#include "base/error.h"

struct hvc_hasher {
    SHA256_CTX context;
};

hvc_status hvc_hasher_new(hvc_hasher **ret_hasher, hvc_error *error)
{
    hvc_hasher *hasher = calloc(1, sizeof(*hasher));
    if (hasher == NULL)
        return hvc_fail_memory(error);
    *ret_hasher = hasher;
    return HVC_OK;
}

void hvc_hasher_free(hvc_hasher *hasher)
{
    free(hasher);
}

hvc_status hvc_sha256(hvc_hasher *hasher, const void *bytes, size_t size,
                      uint8_t ret_digest[HVC_SHA256_SIZE], hvc_error *error)
{
    if (SHA256_Init(&hasher->context) != 1 || SHA256_Update(&hasher->context, bytes, size) != 1 ||
        SHA256_Final(ret_digest, &hasher->context) != 1)
        return hvc_fail(error, HVC_E_INTERNAL, "libcrypto failed to compute SHA-256");
    return HVC_OK;
}
