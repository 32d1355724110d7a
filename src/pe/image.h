/* The inside of an hvc_image, for the layers above that walk its tables. Everything here is filled
 * in by hvc_image_open and immutable afterwards. Public records: hvcheck/image.h. */
#ifndef PE_IMAGE_H
#define PE_IMAGE_H

#include <hvcheck/image.h>

#include "base/arena.h"
#include "base/span.h"

/* A piece of the address space with one answer to what is mapped there. Regions are disjoint and
 * sorted by RVA, whatever the section table looks like, so that a lookup is a binary search. Where
 * sections overlap, the first one of the table wins. */
typedef struct hvc_region {
    uint32_t rva, end;     /* end is exclusive */
    uint32_t offset, size; /* the file bytes behind its beginning; zeros from there to end */
    uint32_t section;      /* index, or HVC_NO_SECTION (headers, gaps of a flat image) */
} hvc_region;

#define HVC_NO_SECTION UINT32_MAX

struct hvc_image {
    hvc_span file;
    hvc_arena arena;
    hvc_headers headers;
    hvc_arch arch;
    hvc_image_kind kind;
    /* Low alignment: SectionAlignment below a page, so the file is mapped as it lies, RVA = offset.
     */
    bool flat;

    const hvc_region *regions;
    size_t region_count;

    HVC_VECTOR(hvc_section) sections;
    HVC_VECTOR(hvc_import_module) modules;
    HVC_VECTOR(hvc_import) imports;
    HVC_VECTOR(hvc_export) exports;
    HVC_VECTOR(hvc_certificate) certificates;
    HVC_VECTOR(hvc_rich_entry) rich;
    HVC_VECTOR(hvc_code_range) code_ranges;
    HVC_VECTOR(hvc_anomaly) anomalies;
    size_t anomaly_total;
    bool doubt; /* an anomaly with HVC_ANOMALY_DOUBT was found, listed or not */

    hvc_span relocs;        /* the relocation directory's bytes, as far as they are in the file */
    uint32_t relocs_offset; /* their file offset */
    hvc_span functions;     /* the exception directory's bytes */
    uint32_t functions_rva;
    /* ARM64EC and ARM64X images have a second table for their other instruction set. */
    hvc_span extra_functions;
    uint32_t extra_functions_rva;
    hvc_load_config load_config;
    hvc_version_info version;
    hvc_debug_info debug;
};

/* The file bytes mapped at rva, as many as lie there without interruption, at most max: a view.
 * Empty when none do (the zero-filled tail of a section has no bytes). */
hvc_span hvc_image_span(const hvc_image *image, uint32_t rva, uint64_t max);

/* The NUL-terminated text at rva, without its NUL: a view. The zeros behind a section's data end a
 * text too. False when nothing is mapped there or no NUL follows within HVC_MAX_NAME bytes. */
bool hvc_image_cstr(const hvc_image *image, uint32_t rva, hvc_text *ret);

/* Reads at an RVA, zeros included, false outside what is mapped. */
bool hvc_image_u16(const hvc_image *image, uint32_t rva, uint16_t *ret);
bool hvc_image_u32(const hvc_image *image, uint32_t rva, uint32_t *ret);
bool hvc_image_u64(const hvc_image *image, uint32_t rva, uint64_t *ret);
/* A pointer of the image's width (4 or 8 bytes). */
bool hvc_image_pointer(const hvc_image *image, uint32_t rva, uint64_t *ret);
/* The RVA that an absolute address of the image means, false when it lies outside the image. */
bool hvc_image_rva_of(const hvc_image *image, uint64_t address, uint32_t *ret_rva);

static inline uint32_t hvc_image_pointer_size(const hvc_image *image)
{
    return image->headers.pe32_plus ? 8 : 4;
}

/* File offset of a data directory's entry in the optional header: what an anomaly of that directory
 * points to when the directory itself stands nowhere in the file. */
uint32_t hvc_image_directory_entry(const hvc_image *image, hvc_directory_index index);
/* The file offset of rva, or that of the directory entry when no file byte stands behind rva. */
uint32_t hvc_image_anomaly_offset(const hvc_image *image, uint32_t rva, hvc_directory_index index);

/* Adds an anomaly (formats into the image's arena). Only while the image is being opened. */
void hvc_image_note(hvc_image *image, const char *id, hvc_anomaly_effect effect, uint64_t offset,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Headers and section table: the only readers whose failure means that there is no image. */
hvc_status hvc_read_headers(hvc_image *image, hvc_error *error);
hvc_status hvc_read_sections(hvc_image *image, hvc_error *error);

/* The readers of the parts, one file each, called in this order by hvc_image_open. They return a
 * status only for exhausted memory; everything wrong with the file is an anomaly. */
hvc_status hvc_read_rich(hvc_image *image, hvc_error *error);
hvc_status hvc_read_imports(hvc_image *image, hvc_error *error);
/* Reads one lookup table of imports into image->imports: the functions of module, whose names, when
 * name_base is not 0, are absolute addresses above it (old delay-load descriptors). */
hvc_status hvc_read_thunks(hvc_image *image, uint32_t module, uint32_t lookup, uint64_t name_base,
                           hvc_error *error);
hvc_status hvc_read_delay_imports(hvc_image *image, hvc_error *error);
hvc_status hvc_read_bound_imports(hvc_image *image, hvc_error *error);
hvc_status hvc_read_exports(hvc_image *image, hvc_error *error);
hvc_status hvc_read_relocs(hvc_image *image, hvc_error *error);
hvc_status hvc_read_load_config(hvc_image *image, hvc_error *error);
hvc_status hvc_read_functions(hvc_image *image, hvc_error *error);
hvc_status hvc_read_resources(hvc_image *image, hvc_error *error);
hvc_status hvc_read_debug(hvc_image *image, hvc_error *error);
hvc_status hvc_read_certificates(hvc_image *image, hvc_error *error);

#endif
