#include "base/hash.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base/error.h"

/* The algorithm is fetched once per hasher: an implicit fetch at each digest costs more than
 * hashing a small file does. */
struct hvc_hasher {
    EVP_MD *algorithm;
    EVP_MD_CTX *context;
};

hvc_status hvc_hasher_new(hvc_hasher **ret_hasher, hvc_error *error)
{
    hvc_hasher *hasher = calloc(1, sizeof(*hasher));
    if (hasher == NULL)
        return hvc_fail_memory(error);
    hasher->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    hasher->context = EVP_MD_CTX_new();
    if (hasher->algorithm == NULL || hasher->context == NULL) {
        hvc_hasher_free(hasher);
        return hvc_fail(error, HVC_E_MEMORY, "libcrypto offers no SHA-256");
    }
    *ret_hasher = hasher;
    return HVC_OK;
}

void hvc_hasher_free(hvc_hasher *hasher)
{
    if (hasher == NULL)
        return;
    EVP_MD_CTX_free(hasher->context);
    EVP_MD_free(hasher->algorithm);
    free(hasher);
}

hvc_status hvc_sha256(hvc_hasher *hasher, const void *bytes, size_t size,
                      uint8_t ret_digest[HVC_SHA256_SIZE], hvc_error *error)
{
    unsigned length = 0;
    if (EVP_DigestInit_ex(hasher->context, hasher->algorithm, NULL) != 1 ||
        EVP_DigestUpdate(hasher->context, bytes, size) != 1 ||
        EVP_DigestFinal_ex(hasher->context, ret_digest, &length) != 1 || length != HVC_SHA256_SIZE)
        return hvc_fail(error, HVC_E_INTERNAL, "libcrypto failed to compute SHA-256");
    return HVC_OK;
}
