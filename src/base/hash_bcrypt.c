#include "base/hash.h"

#include <stdlib.h>
#include <windows.h>

#include <bcrypt.h>

#include "base/error.h"

/* The algorithm is opened once per hasher; each digest makes a hash object of its own. */
struct hvc_hasher {
    BCRYPT_ALG_HANDLE algorithm;
};

enum { PIECE = 1 << 30 }; /* bcrypt counts in 32 bits */

hvc_status hvc_hasher_new(hvc_hasher **ret_hasher, hvc_error *error)
{
    hvc_hasher *hasher = calloc(1, sizeof(*hasher));
    if (hasher == NULL)
        return hvc_fail_memory(error);
    if (BCryptOpenAlgorithmProvider(&hasher->algorithm, BCRYPT_SHA256_ALGORITHM, NULL, 0) != 0) {
        free(hasher);
        return hvc_fail(error, HVC_E_MEMORY, "bcrypt offers no SHA-256");
    }
    *ret_hasher = hasher;
    return HVC_OK;
}

void hvc_hasher_free(hvc_hasher *hasher)
{
    if (hasher == NULL)
        return;
    BCryptCloseAlgorithmProvider(hasher->algorithm, 0);
    free(hasher);
}

static NTSTATUS update(BCRYPT_HASH_HANDLE hash, const UCHAR *bytes, size_t size)
{
    NTSTATUS status = 0;
    while (status == 0 && size > 0) {
        ULONG piece = size < PIECE ? (ULONG)size : PIECE;
        /* bcrypt only reads them, whatever its prototype says */
        status = BCryptHashData(hash, (UCHAR *)(uintptr_t)bytes, piece, 0);
        bytes += piece;
        size -= piece;
    }
    return status;
}

hvc_status hvc_sha256(hvc_hasher *hasher, const void *bytes, size_t size,
                      uint8_t ret_digest[HVC_SHA256_SIZE], hvc_error *error)
{
    BCRYPT_HASH_HANDLE hash = NULL;
    NTSTATUS status = BCryptCreateHash(hasher->algorithm, &hash, NULL, 0, NULL, 0, 0);
    if (status == 0)
        status = update(hash, bytes, size);
    if (status == 0)
        status = BCryptFinishHash(hash, ret_digest, HVC_SHA256_SIZE, 0);
    if (hash != NULL)
        BCryptDestroyHash(hash);
    return status == 0 ? HVC_OK
                       : hvc_fail(error, HVC_E_INTERNAL, "bcrypt failed to compute SHA-256");
}
