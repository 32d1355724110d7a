/* Prints as JSON what the PE reader sees in each of the images given, one line a file, for tests
 * that compare it with other readers. Uses the reader's public header alone. */
#include <stdio.h>
#include <stdlib.h>

#include <hvcheck/image.h>

#include "base/file.h"
#include "base/json.h"

static void dump_headers(hvc_json *json, const hvc_image *image)
{
    const hvc_headers *headers = hvc_image_headers(image);
    hvc_json_string(json, "arch", hvc_arch_name(hvc_image_arch(image)));
    hvc_json_uint(json, "machine", headers->machine);
    hvc_json_uint(json, "timestamp", headers->timestamp);
    hvc_json_uint(json, "characteristics", headers->characteristics);
    hvc_json_bool(json, "pe32_plus", headers->pe32_plus);
    hvc_json_uint(json, "entry_point", headers->entry_point);
    hvc_json_uint(json, "image_base", headers->image_base);
    hvc_json_uint(json, "section_alignment", headers->section_alignment);
    hvc_json_uint(json, "file_alignment", headers->file_alignment);
    hvc_json_uint(json, "size_of_image", headers->size_of_image);
    hvc_json_uint(json, "size_of_headers", headers->size_of_headers);
    hvc_json_uint(json, "subsystem", headers->subsystem);
    hvc_json_uint(json, "dll_characteristics", headers->dll_characteristics);
    hvc_json_uint(json, "directory_count", headers->directory_count);
    hvc_json_uint(json, "checksum", headers->checksum);
    hvc_json_uint(json, "computed_checksum", hvc_image_checksum(image));
    hvc_json_open_array(json, "directories");
    for (size_t i = 0; i < sizeof(headers->directories) / sizeof(*headers->directories); i++) {
        hvc_json_open_array(json, NULL);
        hvc_json_uint(json, NULL, headers->directories[i].rva);
        hvc_json_uint(json, NULL, headers->directories[i].size);
        hvc_json_close_array(json);
    }
    hvc_json_close_array(json);
}

static void dump_sections(hvc_json *json, const hvc_image *image)
{
    size_t count = 0;
    const hvc_section *sections = hvc_image_sections(image, &count);
    hvc_json_open_array(json, "sections");
    for (size_t i = 0; i < count; i++) {
        hvc_json_open_object(json, NULL);
        hvc_json_text(json, "name", sections[i].name);
        hvc_json_uint(json, "rva", sections[i].rva);
        hvc_json_uint(json, "virtual_size", sections[i].virtual_size);
        hvc_json_uint(json, "file_offset", sections[i].file_offset);
        hvc_json_uint(json, "raw_size", sections[i].raw_size);
        hvc_json_uint(json, "characteristics", sections[i].characteristics);
        hvc_json_close_object(json);
    }
    hvc_json_close_array(json);
}

static void dump_imports(hvc_json *json, const hvc_image *image)
{
    size_t module_count = 0, import_count = 0;
    const hvc_import_module *modules = hvc_image_import_modules(image, &module_count);
    const hvc_import *imports = hvc_image_imports(image, &import_count);
    hvc_json_open_array(json, "imports");
    for (size_t i = 0; i < module_count; i++) {
        hvc_json_open_object(json, NULL);
        hvc_json_text(json, "module", modules[i].name);
        hvc_json_bool(json, "delay", modules[i].kind == HVC_IMPORT_DELAY);
        hvc_json_uint(json, "first_thunk", modules[i].first_thunk);
        hvc_json_open_array(json, "functions");
        for (uint32_t j = 0; j < modules[i].count; j++) {
            const hvc_import *import = &imports[modules[i].first + j];
            hvc_json_open_object(json, NULL);
            hvc_json_text(json, "name", import->name);
            hvc_json_uint(json, "ordinal", import->ordinal);
            hvc_json_uint(json, "slot", import->slot);
            hvc_json_close_object(json);
        }
        hvc_json_close_array(json);
        hvc_json_close_object(json);
    }
    hvc_json_close_array(json);
}

static void dump_exports(hvc_json *json, const hvc_image *image)
{
    size_t count = 0;
    const hvc_export *exports = hvc_image_exports(image, &count);
    hvc_json_open_array(json, "exports");
    for (size_t i = 0; i < count; i++) {
        hvc_json_open_object(json, NULL);
        hvc_json_text(json, "name", exports[i].name);
        hvc_json_uint(json, "ordinal", exports[i].ordinal);
        hvc_json_uint(json, "rva", exports[i].rva);
        hvc_json_text(json, "forwarder", exports[i].forwarder);
        hvc_json_close_object(json);
    }
    hvc_json_close_array(json);
}

static void dump_relocs(hvc_json *json, const hvc_image *image)
{
    uint64_t counts[16] = {0};
    uint64_t sum = 0; /* of the RVAs: tells a shifted list of the right length */
    hvc_reloc_iterator iterator = hvc_reloc_begin(image);
    for (hvc_reloc reloc; hvc_reloc_next(&iterator, &reloc);) {
        counts[reloc.type & 15]++;
        if (reloc.type != HVC_REL_ABSOLUTE)
            sum += reloc.rva;
    }
    hvc_json_open_array(json, "relocs");
    for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
        hvc_json_uint(json, NULL, counts[i]);
    hvc_json_close_array(json);
    hvc_json_uint(json, "reloc_rva_sum", sum);
}

static void dump_functions(hvc_json *json, const hvc_image *image)
{
    uint64_t count = 0, sum = 0;
    hvc_function_iterator iterator = hvc_function_begin(image);
    for (hvc_function function; hvc_function_next(&iterator, &function); count++)
        sum += function.begin;
    hvc_json_uint(json, "functions", count);
    hvc_json_uint(json, "function_rva_sum", sum);
}

static void dump_version(hvc_json *json, const hvc_image *image)
{
    const hvc_version_info *version = hvc_image_version_info(image);
    if (!version->present) {
        hvc_json_null(json, "version");
        return;
    }
    hvc_json_open_object(json, "version");
    hvc_json_open_array(json, "file");
    for (size_t i = 0; i < 4; i++)
        hvc_json_uint(json, NULL, version->file_version[i]);
    hvc_json_close_array(json);
    hvc_json_open_array(json, "product");
    for (size_t i = 0; i < 4; i++)
        hvc_json_uint(json, NULL, version->product_version[i]);
    hvc_json_close_array(json);
    hvc_json_open_array(json, "strings");
    for (size_t i = 0; i < version->string_count; i++) {
        hvc_json_open_array(json, NULL);
        hvc_json_string(json, NULL, version->strings[i].key);
        hvc_json_string(json, NULL, version->strings[i].value);
        hvc_json_close_array(json);
    }
    hvc_json_close_array(json);
    hvc_json_close_object(json);
}

static void dump_debug(hvc_json *json, const hvc_image *image)
{
    const hvc_debug_info *debug = hvc_image_debug_info(image);
    hvc_json_open_array(json, "debug");
    for (size_t i = 0; i < debug->entry_count; i++) {
        hvc_json_open_array(json, NULL);
        hvc_json_uint(json, NULL, debug->entries[i].type);
        hvc_json_uint(json, NULL, debug->entries[i].rva);
        hvc_json_uint(json, NULL, debug->entries[i].file_offset);
        hvc_json_uint(json, NULL, debug->entries[i].size);
        hvc_json_close_array(json);
    }
    hvc_json_close_array(json);
    hvc_json_bool(json, "repro", debug->repro);
    if (!debug->has_codeview) {
        hvc_json_null(json, "pdb");
        return;
    }
    hvc_json_open_object(json, "pdb");
    hvc_json_text(json, "path", debug->pdb);
    hvc_json_uint(json, "age", debug->age);
    hvc_json_open_array(json, "guid");
    for (size_t i = 0; i < sizeof(debug->guid); i++)
        hvc_json_uint(json, NULL, debug->guid[i]);
    hvc_json_close_array(json);
    hvc_json_close_object(json);
}

static void dump_load_config(hvc_json *json, const hvc_image *image)
{
    const hvc_load_config *config = hvc_image_load_config(image);
    if (!config->present) {
        hvc_json_null(json, "load_config");
        return;
    }
    hvc_json_open_object(json, "load_config");
    hvc_json_uint(json, "size", config->size);
    hvc_json_uint(json, "security_cookie", config->security_cookie);
    hvc_json_uint(json, "guard_cf_check", config->guard_cf_check);
    hvc_json_uint(json, "guard_cf_dispatch", config->guard_cf_dispatch);
    hvc_json_uint(json, "guard_cf_table", config->guard_cf_table);
    hvc_json_uint(json, "guard_cf_count", config->guard_cf_count);
    hvc_json_uint(json, "guard_flags", config->guard_flags);
    hvc_json_close_object(json);
}

static void dump_anomalies(hvc_json *json, const hvc_image *image)
{
    size_t count = 0;
    const hvc_anomaly *anomalies = hvc_image_anomalies(image, &count, NULL);
    hvc_json_open_array(json, "anomalies");
    for (size_t i = 0; i < count; i++)
        hvc_json_string(json, NULL, anomalies[i].id);
    hvc_json_close_array(json);
}

static bool dump_file(const char *path)
{
    hvc_bytes bytes = HVC_BYTES_INIT;
    hvc_image *image = NULL;
    hvc_error error;
    hvc_status status = hvc_file_read(path, &bytes, &error);
    if (status == HVC_OK)
        status = hvc_image_open(bytes.data, bytes.size, &image, &error);
    if (status != HVC_OK) {
        fprintf(stderr, "%s: %s\n", path, error.message);
        hvc_bytes_free(&bytes);
        return false;
    }
    hvc_buffer out = HVC_BUFFER_INIT;
    hvc_json json;
    hvc_json_init(&json, &out, 0);
    hvc_json_open_object(&json, NULL);
    hvc_json_string(&json, "path", path);
    dump_headers(&json, image);
    dump_sections(&json, image);
    dump_imports(&json, image);
    dump_exports(&json, image);
    dump_relocs(&json, image);
    dump_functions(&json, image);
    dump_version(&json, image);
    dump_debug(&json, image);
    dump_load_config(&json, image);
    dump_anomalies(&json, image);
    hvc_json_close_object(&json);
    bool written = !out.failed && fwrite(out.data, 1, out.size, stdout) == out.size &&
                   fputc('\n', stdout) != EOF;
    hvc_buffer_free(&out);
    hvc_image_free(image);
    hvc_bytes_free(&bytes);
    return written;
}

int main(int argc, char **argv)
{
    bool fine = true;
    for (int i = 1; i < argc; i++)
        fine = dump_file(argv[i]) && fine;
    return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
