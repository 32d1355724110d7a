/* Parts of a report of msinfo32 besides the labelled lines of its first category. */
#include "machine/nfo.h"

static bool read_digits(const char **text, uint64_t *ret)
{
    const char *p = *text;
    uint64_t number = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (number > (UINT64_MAX - 9) / 10)
            return false;
        number = number * 10 + (uint64_t)(*p - '0');
    }
    if (p == *text)
        return false;
    *text = p;
    *ret = number;
    return true;
}

/* "10.0.19045 Build 19045", with another word between in other languages. */
static bool read_version(const char *text, uint64_t version[3])
{
    const char *build = text;
    for (unsigned i = 0; i < 3; i++) {
        if (i > 0 && *text++ != '.')
            return false;
        build = text;
        if (!read_digits(&text, &version[i]))
            return false;
    }
    size_t digits = (size_t)(text - build), rest = strlen(text);
    return *text == ' ' && rest > digits && memcmp(text + rest - digits, build, digits) == 0 &&
           text[rest - digits - 1] == ' ';
}

static void set_version(hvc_facts_builder *builder, const hvc_nfo *nfo)
{
    for (size_t i = 0; i < nfo->row_count; i++) {
        uint64_t version[3];
        if (!read_version(nfo->rows[i].value, version))
            continue;
        hvc_fact_set_number(builder, HVC_FACT_OS_MAJOR, version[0], "msinfo32: Version");
        hvc_fact_set_number(builder, HVC_FACT_OS_MINOR, version[1], "msinfo32: Version");
        hvc_fact_set_number(builder, HVC_FACT_OS_BUILD, version[2], "msinfo32: Version");
        return;
    }
}

/* "Intel64 Family 6 Model 158 Stepping 10, GenuineIntel" */
static void set_processor(hvc_facts_builder *builder, const char *text)
{
    static const char *const kinds[] = {"Intel64", "AMD64", "x86", "EM64T"};
    static const char source[] = "msinfo32: PROCESSOR_IDENTIFIER";
    bool x86 = false;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        x86 |= strncmp(text, kinds[i], strlen(kinds[i])) == 0;
    const char *vendor = strrchr(text, ',');
    if (vendor != NULL && vendor[1] == ' ' && vendor[2] != 0)
        hvc_fact_set_text(builder, HVC_FACT_CPU_VENDOR, vendor + 2, source);
    /* Windows on ARM64 writes the parts of another register in hexadecimal. */
    const char *family = strstr(text, " Family "), *model = strstr(text, " Model ");
    uint64_t number;
    if (x86 && family != NULL && (family += 8, read_digits(&family, &number)) && *family == ' ')
        hvc_fact_set_number(builder, HVC_FACT_CPU_FAMILY, number, source);
    if (x86 && model != NULL && (model += 7, read_digits(&model, &number)) && *model == ' ')
        hvc_fact_set_number(builder, HVC_FACT_CPU_MODEL, number, source);
}

void hvc_nfo_set_any_language(hvc_facts_builder *builder, const hvc_nfo *nfo)
{
    static const char *const architectures[][2] = {
        {"AMD64", "x64"}, {"x86", "x86"}, {"ARM64", "arm64"}};
    set_version(builder, nfo);
    for (size_t i = 0; i < nfo->row_count; i++) {
        if (strcmp(nfo->rows[i].value, "UEFI") == 0)
            hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_UEFI, true, "msinfo32: UEFI");
    }
    if (nfo->processor_identifier != NULL)
        set_processor(builder, nfo->processor_identifier);
    for (size_t i = 0; nfo->processor_architecture != NULL && i < 3; i++) {
        if (strcmp(nfo->processor_architecture, architectures[i][0]) == 0)
            hvc_fact_set_text(builder, HVC_FACT_OS_ARCHITECTURE, architectures[i][1],
                              "msinfo32: PROCESSOR_ARCHITECTURE");
    }
}

/* "476.94 GB (512,105,932,800 bytes)", with any mark between the groups of digits. */
static bool read_bytes(const char *text, uint64_t *ret)
{
    const char *p = strchr(text, '(');
    uint64_t number = 0;
    unsigned digits = 0;
    for (p = p != NULL ? p + 1 : ""; *p != 0 && *p != ')' && strncmp(p, " bytes", 6) != 0; p++) {
        if (*p >= '0' && *p <= '9' && digits++ < 18)
            number = number * 10 + (uint64_t)(*p - '0');
        else if (strchr(",. '\xc2\xa0", *p) == NULL)
            return false;
    }
    *ret = number;
    return strncmp(p, " bytes)", 7) == 0 && digits > 0 && digits <= 18;
}

static void set_disk(hvc_facts_builder *builder, const hvc_nfo *nfo)
{
    uint64_t bytes = 0;
    unsigned disks = 0, fixed = 0;
    for (size_t i = 0; i < nfo->disk_count; i++) {
        const hvc_nfo_row *row = &nfo->disks[i];
        if (strcmp(row->item, "Size") == 0)
            disks += read_bytes(row->value, &bytes) ? 1 : 2; /* one that cannot be read: not one */
        else if (strcmp(row->item, "Media Type") == 0)
            fixed += strcmp(row->value, "Fixed hard disk") == 0;
    }
    if (disks == 1 && fixed == 1)
        hvc_fact_set_number(builder, HVC_FACT_MACHINE_DISK, bytes, "msinfo32: Disks, Size");
    else if (nfo->disk_count > 0)
        hvc_fact_set_unavailable(builder, HVC_FACT_MACHINE_DISK,
                                 "which disk of the report holds the system is not known");
}

static bool read_driver(const hvc_nfo_driver *driver, hvc_service *ret)
{
    static const char *const modes[] = {"Boot", "System", "Auto", "Manual", "Disabled"};
    static const struct {
        const char *name;
        uint32_t type;
    } types[] = {{"Kernel Driver", 1}, {"File System Driver", 2}, {"Recognizer Driver", 8}};
    hvc_service service = {.name = driver->name, .start = UINT32_MAX};
    for (uint32_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(driver->start_mode, modes[i]) == 0)
            service.start = i;
    }
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(driver->type, types[i].name) == 0)
            service.type = types[i].type;
    }
    if (driver->file[0] != 0 && strcmp(driver->file, "Not Available") != 0)
        service.image_path = driver->file;
    *ret = service;
    return service.name[0] != 0 && service.type != 0 && service.start != UINT32_MAX;
}

/* All of the drivers, or none: a list with gaps would hide the one that matters. */
static void set_services(hvc_facts_builder *builder, const hvc_nfo *nfo)
{
    hvc_service service;
    for (size_t i = 0; i < nfo->driver_count; i++) {
        if (!read_driver(&nfo->drivers[i], &service))
            return;
    }
    for (size_t i = 0; i < nfo->driver_count; i++) {
        read_driver(&nfo->drivers[i], &service);
        hvc_facts_add_service(builder, &service);
    }
}

void hvc_nfo_set_lists(hvc_facts_builder *builder, const hvc_nfo *nfo)
{
    set_disk(builder, nfo);
    set_services(builder, nfo);
}
