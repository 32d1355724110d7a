/* The checksum of the optional header: the ones'-complement sum of the file's 16-bit words without
 * the stored checksum, plus the length. */
#include "pe/image.h"

/* Words added in wider lanes sum to the same number modulo 0xffff, because 2^16, 2^32 and 2^48 are
 * all 1 modulo 0xffff. A 64-bit lane holds 2^32 values of 32 bits: files are far shorter. */
static uint64_t sum_lanes(const uint8_t *p, size_t size)
{
    uint64_t low0 = 0, high0 = 0, low1 = 0, high1 = 0;
    size_t blocks = size / 16;
    for (size_t i = 0; i < blocks; i++, p += 16) {
        uint64_t a = hvc_le64(p), b = hvc_le64(p + 8);
        low0 += a & UINT32_MAX;
        high0 += a >> 32;
        low1 += b & UINT32_MAX;
        high1 += b >> 32;
    }
    uint64_t sum = low0 % 0xffff + high0 % 0xffff + low1 % 0xffff + high1 % 0xffff;
    bool any = (low0 | high0 | low1 | high1) != 0;
    size_t rest = size % 16;
    for (size_t i = 0; i + 1 < rest; i += 2) {
        sum += hvc_le16(p + i);
        any = any || hvc_le16(p + i) != 0;
    }
    if (rest % 2 != 0) {
        sum += p[rest - 1];
        any = any || p[rest - 1] != 0;
    }
    sum %= 0xffff;
    /* End-around carry leaves 0xffff for a multiple of it, and 0 only where every word is 0. */
    return sum == 0 && any ? 0xffff : sum;
}

/* Taking the stored words out of the sum again, rather than leaving them out, is how Windows does
 * it: the results differ where the sum is 0, and where the field does not lie on an even offset. */
static uint32_t take_out(uint32_t sum, uint32_t word)
{
    return (sum - word - (sum < word)) & 0xffff;
}

uint32_t hvc_image_checksum(const hvc_image *image)
{
    uint32_t sum = (uint32_t)sum_lanes(image->file.data, image->file.size);
    const uint8_t *stored = image->file.data + image->headers.checksum_offset;
    sum = take_out(sum, hvc_le16(stored));
    sum = take_out(sum, hvc_le16(stored + 2));
    return sum + (uint32_t)image->file.size;
}
