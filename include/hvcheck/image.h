/* The PE reader: a driver image as views into its bytes.
 *
 * Opening an image reads its headers, section table and every directory once. What is damaged
 * becomes an anomaly with its file offset, and the rest is still read; only an image whose headers
 * or section table cannot be read at all fails to open. An image keeps pointers into the bytes it
 * was opened on: these must outlive it and not change. An image is immutable once opened; any
 * number of threads may read it.
 *
 * Facts: Microsoft, "PE Format" (learn.microsoft.com/windows/win32/debug/pe-format). */
#ifndef HVCHECK_IMAGE_H
#define HVCHECK_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvcheck/export.h>
#include <hvcheck/status.h>
#include <hvcheck/text.h>

HVC_BEGIN_DECLS

typedef struct hvc_image hvc_image;

/* The architecture of the code, which the machine type alone does not tell: an image whose load
 * configuration has CHPE metadata is ARM64EC (machine AMD64) or ARM64X (machine ARM64). */
typedef enum hvc_arch {
    HVC_ARCH_UNKNOWN = 0,
    HVC_ARCH_X86,
    HVC_ARCH_X64,
    HVC_ARCH_ARM,
    HVC_ARCH_ARM64,
    HVC_ARCH_ARM64EC,
    HVC_ARCH_ARM64X,
    HVC_ARCH_COUNT
} hvc_arch;

/* The name as reports print it ("x64"). Never NULL; static. */
HVC_API const char *hvc_arch_name(hvc_arch arch);

/* What kind of program the image is. */
typedef enum hvc_image_kind {
    HVC_IMAGE_DRIVER = 0, /* imports from the kernel, or native subsystem */
    HVC_IMAGE_USER,       /* another subsystem, or a native program (imports ntdll.dll) */
    HVC_IMAGE_BOOT,       /* EFI or boot application: runs before Windows */
} hvc_image_kind;

enum {
    HVC_MACHINE_I386 = 0x014c,
    HVC_MACHINE_ARMNT = 0x01c4,
    HVC_MACHINE_AMD64 = 0x8664,
    HVC_MACHINE_ARM64 = 0xaa64,
    HVC_MACHINE_ARM64EC = 0xa641,
    HVC_MACHINE_ARM64X = 0xa64e,
};

/* Section characteristics and DLL characteristics, by the PE specification's names without IMAGE_.
 */
enum {
    HVC_SCN_CNT_CODE = 0x00000020,
    HVC_SCN_CNT_INITIALIZED_DATA = 0x00000040,
    HVC_SCN_CNT_UNINITIALIZED_DATA = 0x00000080,
    HVC_SCN_MEM_DISCARDABLE = 0x02000000,
    HVC_SCN_MEM_NOT_PAGED = 0x08000000,
    HVC_SCN_MEM_EXECUTE = 0x20000000,
    HVC_SCN_MEM_READ = 0x40000000,
};
#define HVC_SCN_MEM_WRITE UINT32_C(0x80000000)

enum {
    HVC_DLL_HIGH_ENTROPY_VA = 0x0020,
    HVC_DLL_DYNAMIC_BASE = 0x0040,
    HVC_DLL_FORCE_INTEGRITY = 0x0080,
    HVC_DLL_NX_COMPAT = 0x0100,
    HVC_DLL_GUARD_CF = 0x4000,
};

enum {
    HVC_FILE_RELOCS_STRIPPED = 0x0001,
    HVC_FILE_EXECUTABLE_IMAGE = 0x0002,
    HVC_FILE_DLL = 0x2000,
};

/* The 16 data directories, in their order. */
typedef enum hvc_directory_index {
    HVC_DIR_EXPORT,
    HVC_DIR_IMPORT,
    HVC_DIR_RESOURCE,
    HVC_DIR_EXCEPTION,
    HVC_DIR_CERTIFICATE,
    HVC_DIR_BASERELOC,
    HVC_DIR_DEBUG,
    HVC_DIR_ARCHITECTURE,
    HVC_DIR_GLOBALPTR,
    HVC_DIR_TLS,
    HVC_DIR_LOAD_CONFIG,
    HVC_DIR_BOUND_IMPORT,
    HVC_DIR_IAT,
    HVC_DIR_DELAY_IMPORT,
    HVC_DIR_CLR,
    HVC_DIR_RESERVED,
} hvc_directory_index;

typedef struct hvc_directory {
    uint32_t rva; /* a FILE OFFSET for HVC_DIR_CERTIFICATE */
    uint32_t size;
} hvc_directory;

typedef struct hvc_headers {
    uint32_t nt_offset; /* file offset of the PE signature (e_lfanew) */
    uint16_t machine;
    uint16_t section_count; /* as the header says; the sections that could be read may be fewer */
    uint32_t timestamp;
    uint32_t symbol_table, symbol_count;
    uint16_t optional_header_size;
    uint16_t characteristics;
    bool pe32_plus;
    uint8_t linker_major, linker_minor;
    uint32_t size_of_code;
    uint32_t entry_point; /* RVA */
    uint64_t image_base;
    uint32_t section_alignment, file_alignment;
    uint16_t os_major, os_minor, image_major, image_minor, subsystem_major, subsystem_minor;
    uint32_t size_of_image, size_of_headers;
    uint32_t checksum;        /* stored */
    uint32_t checksum_offset; /* file offset of the stored checksum */
    uint16_t subsystem, dll_characteristics;
    uint32_t loader_flags;
    uint32_t directory_count; /* NumberOfRvaAndSizes as stored; at most 16 are used */
    uint32_t section_table;   /* file offset */
    hvc_directory directories[16];
} hvc_headers;

typedef struct hvc_section {
    uint8_t raw_name[8]; /* the header's bytes: what Windows compares */
    hvc_text name;       /* the same without trailing NULs, or the long name behind "/123" */
    uint32_t rva, virtual_size;
    uint32_t file_offset, raw_size; /* as the header says */
    uint32_t characteristics;
    uint32_t header_offset; /* file offset of the 40-byte header */
    /* What Windows maps: the file bytes from data_offset (file_offset rounded down to 512 as the
     * loader does) for data_size bytes (never beyond the end of the file or the virtual extent),
     * zeros up to mapped_size (virtual_size, or raw_size when that is 0, rounded up to pages). */
    uint32_t data_offset, data_size, mapped_size;
} hvc_section;

typedef enum hvc_import_kind { HVC_IMPORT_NORMAL, HVC_IMPORT_DELAY } hvc_import_kind;

typedef struct hvc_import_module {
    hvc_text name;
    hvc_import_kind kind;
    bool bound; /* its timestamp says that the IAT was bound beforehand */
    uint32_t descriptor_rva;
    uint32_t first_thunk;  /* RVA of its IAT */
    uint32_t first, count; /* its functions in hvc_image_imports */
} hvc_import_module;

typedef struct hvc_import {
    hvc_text name;    /* data NULL when imported by ordinal */
    uint16_t ordinal; /* the ordinal, or the hint of a name */
    uint32_t module;  /* index in hvc_image_import_modules */
    uint32_t slot;    /* RVA of its IAT entry: what the code calls through */
} hvc_import;

typedef struct hvc_export {
    hvc_text name; /* data NULL when exported by ordinal alone */
    uint32_t ordinal;
    uint32_t rva;       /* 0 for a forwarder */
    hvc_text forwarder; /* "NTOSKRNL.RtlFoo"; data NULL otherwise */
} hvc_export;

/* One base relocation entry. */
typedef struct hvc_reloc {
    uint32_t rva;         /* what it relocates: page + offset */
    uint32_t file_offset; /* of the two-byte entry itself */
    uint16_t page_offset; /* the low 12 bits: the entry's offset in its page */
    uint8_t type;
} hvc_reloc;

enum {
    HVC_REL_ABSOLUTE = 0,
    HVC_REL_HIGH = 1,
    HVC_REL_LOW = 2,
    HVC_REL_HIGHLOW = 3,
    HVC_REL_HIGHADJ = 4,
    HVC_REL_ARM_MOV32 = 5,
    HVC_REL_THUMB_MOV32 = 7,
    HVC_REL_DIR64 = 10,
};

/* Walks the relocation blocks; a zeroed iterator bound by hvc_reloc_begin. */
typedef struct hvc_reloc_iterator {
    const hvc_image *image;
    uint32_t block, block_end; /* offsets into the directory's bytes */
    uint32_t page;
    uint32_t next;
} hvc_reloc_iterator;

typedef struct hvc_function {
    uint32_t begin, end; /* RVAs; end is exclusive; for ARM64 end comes from the unwind data */
    uint32_t unwind;     /* RVA of the unwind data, 0 for packed ARM64 unwind data */
    bool chained;        /* x64: continues another function (UNW_FLAG_CHAININFO); ARM64: fragment */
} hvc_function;

typedef struct hvc_function_iterator {
    const hvc_image *image;
    uint32_t next;
} hvc_function_iterator;

/* A range of code of one instruction set (CHPE metadata of ARM64EC and ARM64X images). */
typedef struct hvc_code_range {
    uint32_t rva, size;
    hvc_arch arch;
} hvc_code_range;

/* The load configuration directory. Pointers of the file are given as RVAs; what the image's
 * declared size does not reach is zero. */
typedef struct hvc_load_config {
    bool present;
    uint32_t size;                 /* as declared */
    uint32_t security_cookie;      /* RVA of the /GS cookie */
    uint32_t seh_table, seh_count; /* x86 safe handlers */
    uint32_t guard_cf_check;       /* RVA of the pointer _guard_check_icall_fptr */
    uint32_t guard_cf_dispatch;    /* RVA of the pointer _guard_dispatch_icall_fptr */
    uint32_t guard_cf_table, guard_cf_count,
        guard_cf_stride; /* stride: 4 + extra bytes per entry */
    uint32_t guard_flags;
    uint32_t guard_iat_table, guard_iat_count;
    uint32_t guard_long_jump_table, guard_long_jump_count;
    uint32_t guard_eh_table, guard_eh_count;
    uint32_t guard_xfg_check, guard_xfg_dispatch, guard_xfg_table_dispatch; /* RVAs of pointers */
    uint32_t chpe_metadata;                                                 /* RVA */
    uint32_t dynamic_reloc_table; /* RVA of the dynamic value relocation table, 0 when none */
    uint32_t dynamic_reloc_version;
    uint32_t dynamic_reloc_count; /* symbols in it */
    uint32_t volatile_metadata;   /* RVA */
} hvc_load_config;

typedef struct hvc_version_string {
    const char *key, *value; /* UTF-8, NUL-terminated, owned by the image */
} hvc_version_string;

typedef struct hvc_version_info {
    bool present;
    uint16_t file_version[4], product_version[4]; /* major, minor, build, revision */
    const hvc_version_string *strings;            /* of the first string table */
    size_t string_count;
} hvc_version_info;

typedef struct hvc_debug_entry {
    uint32_t type, timestamp, rva, file_offset, size;
} hvc_debug_entry;

typedef struct hvc_debug_info {
    const hvc_debug_entry *entries;
    size_t entry_count;
    bool has_codeview;
    uint8_t guid[16]; /* in file order */
    uint32_t age;
    hvc_text pdb; /* path as the linker wrote it */
    bool repro;   /* the timestamp is a hash, not a time */
} hvc_debug_info;

typedef struct hvc_certificate {
    uint32_t file_offset; /* of the WIN_CERTIFICATE */
    uint32_t length;      /* dwLength */
    uint16_t revision, type;
} hvc_certificate;

typedef struct hvc_rich_entry {
    uint16_t product, build;
    uint32_t count;
} hvc_rich_entry;

/* What an anomaly means for a verdict. */
typedef enum hvc_anomaly_effect {
    HVC_ANOMALY_NOTE = 0, /* odd, but it changes no answer */
    HVC_ANOMALY_DOUBT,    /* Windows may read the image in another way than we do, or a part that a
                             rule needs could not be read: no verdict is "pass" */
} hvc_anomaly_effect;

typedef struct hvc_anomaly {
    const char *id; /* stable, e.g. "import-descriptor-outside" */
    hvc_anomaly_effect effect;
    uint64_t file_offset;
    const char *message; /* English, one line, owned by the image */
} hvc_anomaly;

/* Opens an image on size bytes at bytes. HVC_E_NOT_PE when there is no MZ or no PE signature,
 * HVC_E_TRUNCATED when headers or section table end beyond the bytes, HVC_E_MALFORMED when the
 * optional header is none of PE32 and PE32+ or contradicts the machine, HVC_E_UNSUPPORTED for other
 * machines. Free with hvc_image_free. */
HVC_API hvc_status hvc_image_open(const void *bytes, size_t size, hvc_image **ret_image,
                                  hvc_error *error);
HVC_API void hvc_image_free(hvc_image *image);

/* What the headers say: the architecture of the code, the kind of program, the fields as stored. */
HVC_API hvc_arch hvc_image_arch(const hvc_image *image);
HVC_API hvc_image_kind hvc_image_get_kind(const hvc_image *image);
HVC_API const hvc_headers *hvc_image_headers(const hvc_image *image);

/* Arrays owned by the image, with their length in *ret_count. */
HVC_API const hvc_section *hvc_image_sections(const hvc_image *image, size_t *ret_count);
HVC_API const hvc_import_module *hvc_image_import_modules(const hvc_image *image,
                                                          size_t *ret_count);
HVC_API const hvc_import *hvc_image_imports(const hvc_image *image, size_t *ret_count);
HVC_API const hvc_export *hvc_image_exports(const hvc_image *image, size_t *ret_count);
HVC_API const hvc_certificate *hvc_image_certificates(const hvc_image *image, size_t *ret_count);
HVC_API const hvc_rich_entry *hvc_image_rich(const hvc_image *image, size_t *ret_count);
HVC_API const hvc_code_range *hvc_image_code_ranges(const hvc_image *image, size_t *ret_count);
/* *ret_total, when not NULL, gets how many there are; at most HVC_MAX_ANOMALIES are listed. */
HVC_API const hvc_anomaly *hvc_image_anomalies(const hvc_image *image, size_t *ret_count,
                                               size_t *ret_total);

/* Never NULL; their present members tell whether the image has them. */
HVC_API const hvc_load_config *hvc_image_load_config(const hvc_image *image);
HVC_API const hvc_version_info *hvc_image_version_info(const hvc_image *image);
HVC_API const hvc_debug_info *hvc_image_debug_info(const hvc_image *image);

/* Base relocations, in file order, padding entries (type 0) included. next returns false at the
 * end; damaged blocks were reported as anomalies when the image was opened and are passed over. */
HVC_API hvc_reloc_iterator hvc_reloc_begin(const hvc_image *image);
HVC_API bool hvc_reloc_next(hvc_reloc_iterator *iterator, hvc_reloc *ret_reloc);

/* The functions of the exception directory (x64, ARM64, ARM), in file order. */
HVC_API hvc_function_iterator hvc_function_begin(const hvc_image *image);
HVC_API bool hvc_function_next(hvc_function_iterator *iterator, hvc_function *ret_function);

/* The checksum that the header should hold (the algorithm of CheckSumMappedFile). One pass over the
 * bytes at each call. */
HVC_API uint32_t hvc_image_checksum(const hvc_image *image);

/* Bytes behind the last section's data and outside the certificate table: their file offset and
 * size; size 0 when there are none. */
HVC_API void hvc_image_overlay(const hvc_image *image, uint64_t *ret_offset, uint64_t *ret_size);

/* The section that maps rva, or NULL. */
HVC_API const hvc_section *hvc_image_section_at(const hvc_image *image, uint32_t rva);
/* The file offset that rva is mapped from; false when no file byte stands behind it. */
HVC_API bool hvc_image_file_offset(const hvc_image *image, uint32_t rva, uint32_t *ret_offset);
/* Copies size bytes as Windows maps them at rva (zeros where the file has none). False, and nothing
 * copied, when [rva, rva + size) is not mapped as a whole. */
HVC_API bool hvc_image_read(const hvc_image *image, uint32_t rva, void *ret_bytes, size_t size);

HVC_END_DECLS

#endif
