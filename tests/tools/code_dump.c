/* Prints what is found in an image's code, a line each, for comparing with other disassemblers:
 *   F begin end group sources     a function
 *   L rva                         a label
 *   X kind from to                a reference (with -x)
 *   R from to                     a reference to the IAT (with -i)
 * and with -t the time that each part took. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "code/functions.h"
#include "code/xref.h"

typedef struct options {
    bool xrefs, iat, times;
} options;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void print_map(const hvc_function_map *map)
{
    for (size_t i = 0; i < map->functions.count; i++) {
        const hvc_code_function *it = &map->functions.items[i];
        printf("F %x %x %x %u\n", it->begin, it->end, it->group, it->sources);
    }
    for (size_t i = 0; i < map->labels.count; i++)
        printf("L %x\n", map->labels.items[i]);
}

static void print_xrefs(const hvc_xrefs *xrefs, const char *tag)
{
    static const char *const kinds[] = {"call", "jump", "address", "pointer", "based"};
    for (size_t i = 0; i < xrefs->items.count; i++) {
        const hvc_xref *it = &xrefs->items.items[i];
        printf("%s %s %x %x\n", tag, kinds[it->kind], it->from, it->to);
    }
    if (xrefs->cut)
        printf("cut\n");
}

static void iat_bounds(const hvc_image *image, uint32_t *ret_low, uint32_t *ret_high)
{
    size_t count;
    const hvc_import *imports = hvc_image_imports(image, &count);
    uint32_t low = UINT32_MAX, high = 0;
    for (size_t i = 0; i < count; i++) {
        if (imports[i].slot < low)
            low = imports[i].slot;
        if (imports[i].slot + 8 > high)
            high = imports[i].slot + 8;
    }
    *ret_low = low;
    *ret_high = high;
}

static uint64_t code_size(const hvc_image *image)
{
    uint64_t size = 0;
    size_t count;
    const hvc_section *sections = hvc_image_sections(image, &count);
    for (size_t i = 0; i < count; i++) {
        if (sections[i].characteristics & HVC_SCN_MEM_EXECUTE)
            size += sections[i].data_size;
    }
    return size;
}

static hvc_status dump(const hvc_image *image, const options *wanted, hvc_error *error)
{
    const hvc_isa *isa = hvc_isa_of(hvc_image_arch(image));
    hvc_arena arena = HVC_ARENA_INIT;
    hvc_function_map map;
    hvc_xrefs near, all;
    hvc_xref_range iat = {.stores = false};
    if (isa == NULL) {
        printf("no code analysis for %s\n", hvc_arch_name(hvc_image_arch(image)));
        return HVC_OK;
    }
    iat_bounds(image, &iat.low, &iat.high);
    unsigned rounds = wanted->times ? 20 : 1;
    double best[3] = {1e18, 1e18, 1e18};
    hvc_status status = HVC_OK;
    for (unsigned i = 0; i < rounds && status == HVC_OK; i++) {
        hvc_arena_reset(&arena);
        double start = now();
        status = hvc_function_map_build(image, isa, &arena, &map, error);
        double mapped = now();
        if (status == HVC_OK)
            status = hvc_xrefs_to_ranges(image, isa, &iat, 1, NULL, &arena, &near, error);
        double ranged = now();
        if (status == HVC_OK)
            status = hvc_xrefs_build(image, isa, &map, &arena, &all, error);
        double took[3] = {mapped - start, ranged - mapped, now() - ranged};
        for (unsigned k = 0; k < 3; k++)
            best[k] = took[k] < best[k] ? took[k] : best[k];
    }
    if (status == HVC_OK && wanted->times) {
        double bytes = (double)code_size(image);
        printf("%s code %.0f functions %zu candidates %zu near %zu; ns/byte: map %.2f range %.2f "
               "all %.2f\n",
               isa->name, bytes, map.functions.count, all.items.count, near.items.count,
               best[0] / bytes, best[1] / bytes, best[2] / bytes);
    } else if (status == HVC_OK) {
        print_map(&map);
        if (wanted->xrefs)
            print_xrefs(&all, "X");
        if (wanted->iat)
            print_xrefs(&near, "R");
    }
    hvc_arena_free(&arena);
    return status;
}

int main(int argc, char **argv)
{
    options wanted = {false, false, false};
    int result = 0;
    for (int i = 1; i < argc; i++) {
        hvc_error error = {0};
        hvc_bytes bytes = HVC_BYTES_INIT;
        hvc_image *image = NULL;
        if (argv[i][0] == '-' && argv[i][1] != '\0' && argv[i][2] == '\0') {
            wanted.xrefs = wanted.xrefs || argv[i][1] == 'x';
            wanted.iat = wanted.iat || argv[i][1] == 'i';
            wanted.times = wanted.times || argv[i][1] == 't';
            continue;
        }
        hvc_status status = hvc_file_read(argv[i], &bytes, &error);
        if (status == HVC_OK)
            status = hvc_image_open(bytes.data, bytes.size, &image, &error);
        if (status == HVC_OK)
            status = dump(image, &wanted, &error);
        if (status != HVC_OK) {
            fprintf(stderr, "%s: %s\n", argv[i], error.message);
            result = 1;
        }
        hvc_image_free(image);
        hvc_bytes_free(&bytes);
    }
    return result;
}
