/* How a Windows tree starts: its boot store (a hive too), what it was last started with, and
 * whether it is only asleep. */
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "machine/offline.h"

#define BOOT_MANAGER "{9dea862c-5cdd-4e70-acc1-f32b344d4795}"

/* Elements of boot entries, named as bcdedit does. */
#define ELEMENT_DEFAULT     "23000003"
#define ELEMENT_INHERIT     "14000006"
#define ELEMENT_PATH        "12000002"
#define ELEMENT_TESTSIGNING "16000049"
#define ELEMENT_DEBUG       "260000a0"
#define ELEMENT_HYPERVISOR  "250000f0"

enum { REG_MULTI_SZ_TYPE = 7, MAX_INHERITED = 16 };

static hvc_status hibernation(hvc_offline *o, hvc_error *error)
{
    hvc_tree_entry entry;
    uint8_t start[4];
    size_t size = 0;
    hvc_status status = hvc_tree_find(o->tree, "hiberfil.sys", &entry, error);
    if (status != HVC_OK)
        return status;
    if (entry.state == HVC_TREE_UNREADABLE) {
        hvc_fact_set_unavailable(o->builder, HVC_FACT_OS_HIBERNATED, entry.why);
    } else if (entry.state == HVC_TREE_ABSENT) {
        hvc_fact_set_bool(o->builder, HVC_FACT_OS_HIBERNATED, false, "no hiberfil.sys");
    } else if (entry.kind != HVC_FILE_REGULAR ||
               !hvc_file_peek(entry.path, start, sizeof(start), &size)) {
        hvc_fact_set_unavailable(o->builder, HVC_FACT_OS_HIBERNATED, "hiberfil.sys: unreadable");
    } else {
        /* HIBR: to be resumed; RSTR: being resumed. WAKE, or zeros: nothing in it. */
        bool asleep =
            size == 4 && (memcmp(start, "HIBR", 4) == 0 || memcmp(start, "hibr", 4) == 0 ||
                          memcmp(start, "RSTR", 4) == 0 || memcmp(start, "rstr", 4) == 0);
        hvc_fact_set_bool(o->builder, HVC_FACT_OS_HIBERNATED, asleep, "hiberfil.sys");
    }
    return HVC_OK;
}

static hvc_status element(hvc_offline *o, const char *object, const char *type,
                          hvc_offline_value *ret_value, hvc_error *error)
{
    const char *path = hvc_arena_printf(&o->arena, "Objects\\%s\\Elements\\%s", object, type);
    if (path == NULL)
        return hvc_fail_memory(error);
    return hvc_offline_look(o, &o->bcd, path, "Element", ret_value, error);
}

/* An element of an entry, or of the objects that it inherits from. */
static hvc_status inherited(hvc_offline *o, const char *object, const char *type, unsigned depth,
                            hvc_offline_value *ret_value, hvc_error *error)
{
    hvc_offline_value list;
    hvc_status status = element(o, object, type, ret_value, error);
    if (status != HVC_OK || ret_value->state != HVC_OFFLINE_ABSENT || depth == 0)
        return status;
    status = element(o, object, ELEMENT_INHERIT, &list, error);
    if (status != HVC_OK || list.state != HVC_OFFLINE_KNOWN || list.type != REG_MULTI_SZ_TYPE)
        return status;
    for (size_t at = 0, count = 0; at + 2 < list.data.size && count < MAX_INHERITED; count++) {
        hvc_span rest = {list.data.data + at, list.data.size - at};
        const char *name = hvc_utf16_text(&o->arena, rest);
        if (name == NULL)
            return hvc_fail_memory(error);
        if (*name == 0)
            break;
        status = inherited(o, name, type, depth - 1, ret_value, error);
        if (status != HVC_OK || ret_value->state != HVC_OFFLINE_ABSENT)
            return status;
        while (at + 1 < list.data.size && (list.data.data[at] | list.data.data[at + 1]) != 0)
            at += 2;
        at += 2;
    }
    return HVC_OK;
}

static bool is_set(const hvc_offline_value *value)
{
    return value->state == HVC_OFFLINE_KNOWN && value->data.size > 0 && value->data.data[0] != 0;
}

static hvc_status flag(hvc_offline *o, const char *entry, const char *type, hvc_fact_id id,
                       hvc_error *error)
{
    hvc_offline_value value;
    hvc_status status = inherited(o, entry, type, 3, &value, error);
    if (status != HVC_OK)
        return status;
    if (value.state == HVC_OFFLINE_UNREADABLE)
        hvc_fact_set_unavailable(o->builder, id, value.why);
    else
        hvc_fact_set_bool(o->builder, id, is_set(&value), "BCD, default entry");
    return HVC_OK;
}

/* What the default entry of the boot manager says. */
static hvc_status boot_entry(hvc_offline *o, const char *entry, hvc_error *error)
{
    static const char source[] = "BCD, default entry";
    hvc_offline_value path, hypervisor;
    hvc_status status = element(o, entry, ELEMENT_PATH, &path, error);
    if (status == HVC_OK)
        status = inherited(o, entry, ELEMENT_HYPERVISOR, 3, &hypervisor, error);
    if (status == HVC_OK)
        status = flag(o, entry, ELEMENT_TESTSIGNING, HVC_FACT_BOOT_TEST_SIGNING, error);
    if (status == HVC_OK)
        status = flag(o, entry, ELEMENT_DEBUG, HVC_FACT_DEBUG_KERNEL, error);
    if (status != HVC_OK)
        return status;
    size_t size = path.text == NULL ? 0 : strlen(path.text);
    if (size > 4 && hvc_same_name(path.text + size - 4, ".efi"))
        hvc_fact_set_bool(o->builder, HVC_FACT_FIRMWARE_UEFI, true, source);
    else if (size > 4 && hvc_same_name(path.text + size - 4, ".exe"))
        hvc_fact_set_bool(o->builder, HVC_FACT_FIRMWARE_UEFI, false, source);
    if (hypervisor.state == HVC_OFFLINE_KNOWN && hypervisor.data.size > 0)
        hvc_fact_set_text(o->builder, HVC_FACT_BOOT_HYPERVISOR_LAUNCH,
                          is_set(&hypervisor) ? "auto" : "off", source);
    else
        hvc_fact_set_unavailable(o->builder, HVC_FACT_BOOT_HYPERVISOR_LAUNCH,
                                 hypervisor.state == HVC_OFFLINE_UNREADABLE
                                     ? hypervisor.why
                                     : "the default entry of the BCD does not set it");
    return HVC_OK;
}

static hvc_status unreadable_store(hvc_offline *o, const char *why)
{
    hvc_fact_set_unavailable(o->builder, HVC_FACT_BOOT_TEST_SIGNING, why);
    hvc_fact_set_unavailable(o->builder, HVC_FACT_BOOT_HYPERVISOR_LAUNCH, why);
    hvc_fact_set_unavailable(o->builder, HVC_FACT_DEBUG_KERNEL, why);
    return HVC_OK;
}

static hvc_status boot_store(hvc_offline *o, hvc_error *error)
{
    static const char *const paths[] = {"EFI/Microsoft/Boot/BCD", "Boot/BCD"};
    hvc_tree_entry entries[2];
    const char *path = NULL;
    for (size_t i = 0; i < 2; i++) {
        hvc_status status = hvc_tree_find(o->tree, paths[i], &entries[i], error);
        if (status != HVC_OK)
            return status;
        if (entries[i].state == HVC_TREE_UNREADABLE)
            return unreadable_store(o, entries[i].why);
        if (entries[i].state == HVC_TREE_FOUND && path != NULL)
            return unreadable_store(o, "two boot stores, EFI/Microsoft/Boot/BCD and Boot/BCD");
        if (entries[i].state == HVC_TREE_FOUND)
            path = paths[i];
    }
    if (path == NULL)
        return HVC_OK; /* it lies on another volume, mostly */
    hvc_status status = hvc_offline_open(o, &o->bcd, "BCD", path, error);
    if (status != HVC_OK)
        return status;
    if (o->bcd.hive == NULL)
        return unreadable_store(o, o->bcd.why);
    hvc_offline_value entry;
    status = element(o, BOOT_MANAGER, ELEMENT_DEFAULT, &entry, error);
    if (status != HVC_OK)
        return status;
    if (entry.text == NULL)
        return unreadable_store(o, "the BCD names no default entry");
    return boot_entry(o, entry.text, error);
}

/* Whether an option stands in the list of words that the loader passed to the kernel. */
static bool has_option(const char *options, const char *option)
{
    size_t size = strlen(option);
    for (const char *at = options; *at != 0;) {
        at += strspn(at, " /");
        size_t word = strcspn(at, " ");
        bool same = word >= size && (word == size || at[size] == '=');
        for (size_t i = 0; i < size && same; i++)
            same = at[i] == option[i] || at[i] == option[i] - 'A' + 'a';
        if (same)
            return true;
        at += word;
    }
    return false;
}

/* Without the boot store: the options of the last start, which Windows notes. */
static hvc_status start_options(hvc_offline *o, hvc_error *error)
{
    static const char source[] = "SystemStartOptions (at the last start)";
    hvc_offline_value value;
    const char *path, *why;
    hvc_status status =
        hvc_offline_path(o, "SYSTEM\\CurrentControlSet\\Control", &path, &why, error);
    if (status == HVC_OK && path != NULL)
        status = hvc_offline_look(o, &o->system, path, "SystemStartOptions", &value, error);
    if (status != HVC_OK || path == NULL || value.text == NULL)
        return status;
    hvc_fact_set_bool(o->builder, HVC_FACT_BOOT_TEST_SIGNING, has_option(value.text, "TESTSIGNING"),
                      source);
    hvc_fact_set_bool(o->builder, HVC_FACT_DEBUG_KERNEL,
                      has_option(value.text, "DEBUG") || has_option(value.text, "DEBUGPORT"),
                      source);
    return HVC_OK;
}

hvc_status hvc_offline_boot(hvc_offline *o, hvc_error *error)
{
    hvc_status status = hibernation(o, error);
    if (status == HVC_OK)
        status = boot_store(o, error);
    if (status == HVC_OK)
        status = start_options(o, error);
    if (status == HVC_OK &&
        hvc_fact_of(&o->builder->facts, HVC_FACT_BOOT_TEST_SIGNING)->state == HVC_FACT_UNASKED)
        unreadable_store(o, "no boot store (BCD) in the tree; it may lie on the EFI system volume");
    if (status == HVC_OK &&
        hvc_fact_of(&o->builder->facts, HVC_FACT_BOOT_HYPERVISOR_LAUNCH)->state == HVC_FACT_UNASKED)
        hvc_fact_set_unavailable(o->builder, HVC_FACT_BOOT_HYPERVISOR_LAUNCH,
                                 "no boot store (BCD) in the tree");
    return status;
}
