#include "code/packed.h"

#include <math.h>
#include <string.h>

enum { LEAST_BYTES = 4096 };

/* Code of compilers has 5.5 to 6.7 bits of entropy per byte; compressed or encrypted bytes have
 * nearly 8. */
static const double packed_entropy = 7.4;

/* How often each byte occurs in pieces of the bytes: all of them, and of many a quarter, spread
 * evenly, which tells as much. One that repeats would wait for its own count: neighbours have
 * counts of their own. */
static void count_bytes(hvc_span bytes, uint64_t ret_counts[256])
{
    enum { NEIGHBOURS = 4, PIECE = 64, MANY = 1 << 16 };
    uint32_t counts[NEIGHBOURS][256] = {{0}};
    size_t stride = bytes.size >= MANY ? 4 * PIECE : PIECE;
    for (size_t begin = 0; begin + PIECE <= bytes.size; begin += stride)
        for (size_t at = begin; at < begin + PIECE; at += 4) {
            uint32_t word = hvc_le32(bytes.data + at);
            counts[0][word & 0xff]++;
            counts[1][word >> 8 & 0xff]++;
            counts[2][word >> 16 & 0xff]++;
            counts[3][word >> 24]++;
        }
    for (unsigned i = 0; i < 256; i++)
        ret_counts[i] = (uint64_t)counts[0][i] + counts[1][i] + counts[2][i] + counts[3][i];
}

static double entropy_of(hvc_span bytes)
{
    uint64_t counts[256], all = 0;
    double sum = 0;
    count_bytes(bytes, counts);
    for (unsigned i = 0; i < 256; i++)
        all += counts[i];
    for (unsigned i = 0; i < 256; i++)
        if (counts[i] > 0)
            sum -= (double)counts[i] * log2((double)counts[i] / (double)all);
    return all > 0 ? sum / (double)all : 0;
}

static bool is_noise(const hvc_image *image, const hvc_section *section)
{
    hvc_span bytes = hvc_image_span(image, section->rva, section->data_size);
    return bytes.size >= LEAST_BYTES && entropy_of(bytes) > packed_entropy;
}

const char *hvc_packed_why(const hvc_image *image)
{
    const hvc_section *entry = image->headers.entry_point != 0
                                   ? hvc_image_section_at(image, image->headers.entry_point)
                                   : NULL;
    if (entry != NULL && (entry->characteristics & HVC_SCN_MEM_WRITE) != 0 &&
        (entry->characteristics & HVC_SCN_MEM_DISCARDABLE) == 0)
        return "the entry point lies in a writable section, as that of a packed image does";
    for (size_t i = 0; i < image->sections.count; i++) {
        const hvc_section *section = &image->sections.items[i];
        if ((section->characteristics & HVC_SCN_MEM_EXECUTE) != 0 && is_noise(image, section))
            return "an executable section holds packed or encrypted bytes instead of code";
    }
    return NULL;
}
