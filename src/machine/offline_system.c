/* What the hives of a Windows tree tell about the system and, as of its last start, the machine. */
#include <stdlib.h>
#include <string.h>

#include <hvcheck/image.h>

#include "base/error.h"
#include "machine/offline.h"

#define VERSION_KEY    "Microsoft\\Windows NT\\CurrentVersion"
#define VERSION_SOURCE "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
#define CONTROL        "SYSTEM\\CurrentControlSet\\Control"

enum { FIRST_WINDOWS_11 = 22000 };

/* Looks a value of the current control set up; UNREADABLE when that set is not known. */
static hvc_status look_control(hvc_offline *o, const char *key, const char *name,
                               hvc_offline_value *ret_value, hvc_error *error)
{
    const char *path, *why;
    const char *full = hvc_arena_printf(&o->arena, CONTROL "%s", key);
    if (full == NULL)
        return hvc_fail_memory(error);
    hvc_status status = hvc_offline_path(o, full, &path, &why, error);
    if (status != HVC_OK)
        return status;
    if (path == NULL) {
        *ret_value = (hvc_offline_value){.state = HVC_OFFLINE_UNREADABLE, .why = why};
        return HVC_OK;
    }
    return hvc_offline_look(o, &o->system, path, name, ret_value, error);
}

static void no_fact(hvc_offline *o, hvc_fact_id id, const hvc_offline_value *value,
                    const char *absent)
{
    hvc_fact_set_unavailable(o->builder, id,
                             value->state == HVC_OFFLINE_UNREADABLE ? value->why : absent);
}

static void text_fact(hvc_offline *o, hvc_fact_id id, const hvc_offline_value *value,
                      const char *source, const char *absent)
{
    if (value->state == HVC_OFFLINE_KNOWN && value->text != NULL)
        hvc_fact_set_text(o->builder, id, value->text, source);
    else
        no_fact(o, id, value, absent);
}

/* A number that the registry holds as a REG_DWORD, or as decimal text. */
static bool number_of(const hvc_offline_value *value, uint64_t *ret_number)
{
    if (value->state != HVC_OFFLINE_KNOWN)
        return false;
    if (value->type == HVC_REG_DWORD && value->data.size == 4) {
        *ret_number = value->number;
        return true;
    }
    size_t digits = value->text == NULL ? 0 : strspn(value->text, "0123456789");
    if (digits == 0 || digits > 9 || value->text[digits] != 0)
        return false;
    *ret_number = strtoul(value->text, NULL, 10);
    return true;
}

static hvc_status version(hvc_offline *o, hvc_error *error)
{
    static const char *const names[] = {"CurrentMajorVersionNumber", "CurrentMinorVersionNumber",
                                        "CurrentBuildNumber", "UBR"};
    static const hvc_fact_id ids[] = {HVC_FACT_OS_MAJOR, HVC_FACT_OS_MINOR, HVC_FACT_OS_BUILD,
                                      HVC_FACT_OS_REVISION};
    hvc_offline_value values[4], old;
    hvc_status status =
        hvc_offline_look(o, &o->software, VERSION_KEY, "CurrentVersion", &old, error);
    for (size_t i = 0; i < 4 && status == HVC_OK; i++) {
        status = hvc_offline_look(o, &o->software, VERSION_KEY, names[i], &values[i], error);
        uint64_t number;
        if (status != HVC_OK)
            return status;
        if (number_of(&values[i], &number))
            hvc_fact_set_number(o->builder, ids[i], number, VERSION_SOURCE);
        /* Before Windows 10: "6.3". */
        else if (i < 2 && values[0].state == HVC_OFFLINE_ABSENT && old.text != NULL &&
                 strspn(old.text, "0123456789") == 1 && old.text[1] == '.' &&
                 strspn(old.text + 2, "0123456789") == 1 && old.text[3] == 0)
            hvc_fact_set_number(o->builder, ids[i], (uint64_t)(old.text[2 * i] - '0'),
                                VERSION_SOURCE);
        else
            no_fact(o, ids[i], &values[i], "SOFTWARE does not have it");
    }
    return status;
}

/* Windows 11 still calls itself Windows 10 in the registry. */
static hvc_status product_name(hvc_offline *o, hvc_error *error)
{
    hvc_offline_value name, kind;
    hvc_status status = hvc_offline_look(o, &o->software, VERSION_KEY, "ProductName", &name, error);
    if (status == HVC_OK)
        status = hvc_offline_look(o, &o->software, VERSION_KEY, "InstallationType", &kind, error);
    if (status != HVC_OK)
        return status;
    const hvc_fact *build = hvc_fact_of(&o->builder->facts, HVC_FACT_OS_BUILD);
    const char *source = VERSION_SOURCE;
    if (name.text != NULL && strncmp(name.text, "Windows 10 ", 11) == 0 && kind.text != NULL &&
        hvc_same_name(kind.text, "Client") && build->state == HVC_FACT_KNOWN &&
        build->number >= FIRST_WINDOWS_11) {
        name.text = hvc_arena_printf(&o->arena, "Windows 11 %s", name.text + 11);
        source = VERSION_SOURCE ", corrected by the build number";
        if (name.text == NULL)
            return hvc_fail_memory(error);
    }
    text_fact(o, HVC_FACT_OS_NAME, &name, source, "SOFTWARE does not have it");
    return HVC_OK;
}

/* The kernel's file does not lie about what it runs on. */
static hvc_status architecture(hvc_offline *o, hvc_error *error)
{
    hvc_tree_entry entry;
    hvc_offline_value value;
    hvc_status status = hvc_tree_find(o->tree, "Windows/System32/ntoskrnl.exe", &entry, error);
    if (status == HVC_OK)
        status = look_control(o, "\\Session Manager\\Environment", "PROCESSOR_ARCHITECTURE", &value,
                              error);
    if (status != HVC_OK)
        return status;
    const char *name = NULL, *source = "Windows\\System32\\ntoskrnl.exe";
    uint8_t start[4096];
    size_t size = 0;
    if (entry.state == HVC_TREE_FOUND && entry.kind == HVC_FILE_REGULAR &&
        hvc_file_peek(entry.path, start, sizeof(start), &size)) {
        hvc_span file = {start, size};
        uint32_t pe;
        uint16_t machine;
        if (hvc_span_u32(file, 0x3C, &pe) && hvc_span_has(file, pe, 6) &&
            memcmp(start + pe, "PE\0", 4) == 0 && hvc_span_u16(file, (uint64_t)pe + 4, &machine))
            name = machine == 0x8664   ? "x64"
                   : machine == 0x14C  ? "x86"
                   : machine == 0xAA64 ? "arm64"
                                       : NULL;
    }
    if (name == NULL && value.text != NULL) {
        source = CONTROL "\\Session Manager\\Environment";
        name = hvc_same_name(value.text, "AMD64")   ? "x64"
               : hvc_same_name(value.text, "x86")   ? "x86"
               : hvc_same_name(value.text, "ARM64") ? "arm64"
                                                    : NULL;
    }
    if (name != NULL)
        hvc_fact_set_text(o->builder, HVC_FACT_OS_ARCHITECTURE, name, source);
    else
        no_fact(o, HVC_FACT_OS_ARCHITECTURE, &value, "neither kernel nor environment tells it");
    return HVC_OK;
}

static hvc_status roles(hvc_offline *o, hvc_error *error)
{
    hvc_offline_value product, sku;
    hvc_status status = look_control(o, "\\ProductOptions", "ProductType", &product, error);
    if (status == HVC_OK)
        status = look_control(o, "\\CI\\Policy", "SkuPolicyRequired", &sku, error);
    if (status != HVC_OK)
        return status;
    /* Whether it is a member of a domain is not told there; only 4 and 5 matter to anybody. */
    static const struct {
        const char *type;
        unsigned role;
        const char *source;
    } types[] = {
        {"WinNT", 0, CONTROL "\\ProductOptions: WinNT (0 or 1)"},
        {"ServerNT", 2, CONTROL "\\ProductOptions: ServerNT (2 or 3)"},
        {"LanmanNT", 4, CONTROL "\\ProductOptions: LanmanNT (4 or 5)"},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (product.text != NULL && hvc_same_name(product.text, types[i].type))
            hvc_fact_set_number(o->builder, HVC_FACT_OS_DOMAIN_ROLE, types[i].role,
                                types[i].source);
    if (hvc_fact_of(&o->builder->facts, HVC_FACT_OS_DOMAIN_ROLE)->state != HVC_FACT_KNOWN)
        no_fact(o, HVC_FACT_OS_DOMAIN_ROLE, &product, "ProductOptions does not tell it");
    if (sku.state == HVC_OFFLINE_UNREADABLE)
        no_fact(o, HVC_FACT_OS_S_MODE, &sku, NULL);
    else
        hvc_fact_set_bool(o->builder, HVC_FACT_OS_S_MODE,
                          sku.type == HVC_REG_DWORD && sku.number == 1,
                          CONTROL "\\CI\\Policy: SkuPolicyRequired");
    return HVC_OK;
}

/* "Intel64 Family 6 Model 142 Stepping 10, GenuineIntel": only x86 processors have such numbers. */
static void processor_numbers(hvc_offline *o, const char *text, const char *source)
{
    const char *family = strstr(text, " Family "), *model = strstr(text, " Model ");
    const char *vendor = strstr(text, ", ");
    if (vendor != NULL && vendor[2] != 0)
        hvc_fact_set_text(o->builder, HVC_FACT_CPU_VENDOR, vendor + 2, source);
    if (strncmp(text, "Intel64", 7) != 0 && strncmp(text, "AMD64", 5) != 0 &&
        strncmp(text, "x86", 3) != 0)
        return;
    if (family != NULL && family[8] >= '0' && family[8] <= '9')
        hvc_fact_set_number(o->builder, HVC_FACT_CPU_FAMILY, strtoul(family + 8, NULL, 10) & 0xFFFF,
                            source);
    if (model != NULL && model[7] >= '0' && model[7] <= '9')
        hvc_fact_set_number(o->builder, HVC_FACT_CPU_MODEL, strtoul(model + 7, NULL, 10) & 0xFFFF,
                            source);
}

/* What Windows noted of its machine when it last started. */
static hvc_status machine(hvc_offline *o, hvc_error *error)
{
    static const char last[] = CONTROL "\\SystemInformation (at the last start)";
    hvc_offline_value maker, model, processor;
    hvc_status status = look_control(o, "\\SystemInformation", "SystemManufacturer", &maker, error);
    if (status == HVC_OK)
        status = look_control(o, "\\SystemInformation", "SystemProductName", &model, error);
    if (status == HVC_OK)
        status = look_control(o, "\\Session Manager\\Environment", "PROCESSOR_IDENTIFIER",
                              &processor, error);
    if (status != HVC_OK)
        return status;
    text_fact(o, HVC_FACT_MACHINE_MANUFACTURER, &maker, last, "Windows did not note it");
    text_fact(o, HVC_FACT_MACHINE_MODEL, &model, last, "Windows did not note it");
    if (processor.text != NULL)
        processor_numbers(o, processor.text, "PROCESSOR_IDENTIFIER (at the last start)");
    return HVC_OK;
}

hvc_status hvc_offline_system(hvc_offline *o, hvc_error *error)
{
    hvc_offline_value value;
    hvc_status status = version(o, error);
    if (status == HVC_OK)
        status = product_name(o, error);
    if (status == HVC_OK)
        status = hvc_offline_look(o, &o->software, VERSION_KEY, "EditionID", &value, error);
    if (status == HVC_OK)
        text_fact(o, HVC_FACT_OS_EDITION, &value, VERSION_SOURCE, "SOFTWARE does not have it");
    if (status == HVC_OK)
        status = hvc_offline_look(o, &o->software, VERSION_KEY, "SystemRoot", &value, error);
    if (status == HVC_OK)
        o->system_root = value.text != NULL && value.text[0] != 0 ? value.text : "C:\\Windows";
    if (status == HVC_OK)
        status = architecture(o, error);
    if (status == HVC_OK)
        status = roles(o, error);
    if (status == HVC_OK)
        status = machine(o, error);
    return status;
}
