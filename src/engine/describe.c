/* What an image is, copied out of it so that the driver outlives the file's bytes. */
#include <string.h>

#include "base/error.h"
#include "engine/engine.h"

static bool same_key(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        char x = (char)(*a >= 'A' && *a <= 'Z' ? *a + 32 : *a);
        char y = (char)(*b >= 'A' && *b <= 'Z' ? *b + 32 : *b);
        if (x != y)
            return false;
    }
    return *a == *b;
}

static const char *version_string(const hvc_version_info *version, const char *key,
                                  hvc_arena *arena)
{
    for (size_t i = 0; i < version->string_count; i++)
        if (same_key(version->strings[i].key, key))
            return hvc_arena_strdup(arena, version->strings[i].value);
    return NULL;
}

/* A GUID as Windows writes it: the first three fields are little-endian numbers. */
static const char *guid_text(const uint8_t g[16], hvc_arena *arena)
{
    return hvc_arena_printf(arena, "{%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}",
                            hvc_le32(g), hvc_le16(g + 4), hvc_le16(g + 6), g[8], g[9], g[10], g[11],
                            g[12], g[13], g[14], g[15]);
}

static void identify(hvc_identity *identity, const hvc_image *image, hvc_arena *arena)
{
    const hvc_version_info *version = &image->version;
    const hvc_debug_info *debug = &image->debug;
    identity->timestamp = image->headers.timestamp;
    identity->reproducible = debug->repro;
    if (version->present) {
        identity->original_name = version_string(version, "OriginalFilename", arena);
        identity->company = version_string(version, "CompanyName", arena);
        identity->product = version_string(version, "ProductName", arena);
        identity->description = version_string(version, "FileDescription", arena);
        const uint16_t *v = version->file_version;
        identity->version = hvc_arena_printf(arena, "%u.%u.%u.%u", v[0], v[1], v[2], v[3]);
    }
    if (debug->has_codeview) {
        identity->pdb = debug->pdb.data != NULL ? hvc_arena_text(arena, debug->pdb) : NULL;
        identity->pdb_guid = guid_text(debug->guid, arena);
        identity->pdb_age = debug->age;
    }
}

static bool copy_sections(hvc_driver *driver, const hvc_image *image, hvc_arena *arena)
{
    size_t count = image->sections.count;
    hvc_section *sections = hvc_arena_array(arena, count, sizeof(*sections));
    const char **names = hvc_arena_array(arena, count, sizeof(*names));
    if (sections == NULL || names == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        sections[i] = image->sections.items[i];
        char *name = hvc_arena_text(arena, sections[i].name);
        if (name == NULL)
            return false;
        names[i] = name;
        sections[i].name.data = name;
    }
    driver->sections = sections;
    driver->section_names = names;
    driver->section_count = count;
    return true;
}

static bool copy_anomalies(hvc_driver *driver, const hvc_image *image, hvc_arena *arena)
{
    size_t count = image->anomalies.count;
    hvc_anomaly *anomalies = hvc_arena_array(arena, count, sizeof(*anomalies));
    if (anomalies == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        anomalies[i] = image->anomalies.items[i];
        anomalies[i].message = hvc_arena_strdup(arena, anomalies[i].message);
        if (anomalies[i].message == NULL)
            return false;
    }
    driver->anomalies = anomalies;
    driver->anomaly_count = count;
    driver->anomaly_total = image->anomaly_total;
    return true;
}

hvc_status hvc_evaluation_describe(hvc_evaluation *evaluation, const hvc_image *image,
                                   hvc_error *error)
{
    hvc_driver *driver = &evaluation->driver;
    hvc_arena *arena = &evaluation->arena;
    driver->arch = image->arch;
    driver->kind = image->kind;
    identify(&driver->identity, image, arena);
    if (!copy_sections(driver, image, arena) || !copy_anomalies(driver, image, arena) ||
        arena->failed)
        return hvc_fail_memory(error);
    return HVC_OK;
}
