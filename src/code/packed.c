#include "code/packed.h"

#include <math.h>
#include <string.h>

enum { LEAST_BYTES = 4096 };

/* Code of compilers has 5.5 to 6.7 bits of entropy per byte; compressed or encrypted bytes have
 * nearly 8. */
static const double packed_entropy = 7.4;

static double entropy_of(hvc_span bytes)
{
    uint64_t counts[256] = {0};
    double sum = 0;
    for (size_t i = 0; i < bytes.size; i++)
        counts[bytes.data[i]]++;
    for (unsigned i = 0; i < 256; i++)
        if (counts[i] > 0)
            sum -= (double)counts[i] * log2((double)counts[i] / (double)bytes.size);
    return bytes.size > 0 ? sum / (double)bytes.size : 0;
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
