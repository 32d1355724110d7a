/* Maker and model, memory, disk and TPM. */
#include <stdio.h>
#include <stdlib.h>

#include "machine/linux_probe.h"
#include "machine/smbios.h"

static void identity(hvc_linux_probe *probe)
{
    static const struct {
        hvc_fact_id fact;
        const char *path;
    } lines[] = {{HVC_FACT_MACHINE_MANUFACTURER, "/sys/class/dmi/id/sys_vendor"},
                 {HVC_FACT_MACHINE_MODEL, "/sys/class/dmi/id/product_name"}};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        const char *text = hvc_linux_tree_line(&probe->tree, lines[i].path);
        if (text != NULL)
            hvc_fact_set_text(probe->builder, lines[i].fact, text, lines[i].path);
        else
            hvc_linux_unavailable(probe, lines[i].fact, "%s has no text", lines[i].path);
    }
    /* On x86 the processor told it; elsewhere a maker of virtual machines does. */
    const hvc_fact *maker = &probe->builder->facts.items[HVC_FACT_MACHINE_MANUFACTURER];
    const hvc_fact *model = &probe->builder->facts.items[HVC_FACT_MACHINE_MODEL];
    if ((maker->state == HVC_FACT_KNOWN && strcmp(maker->text, "QEMU") == 0) ||
        (model->state == HVC_FACT_KNOWN && strstr(model->text, "Virtual") != NULL))
        hvc_fact_set_bool(probe->builder, HVC_FACT_MACHINE_VIRTUAL, true, "/sys/class/dmi/id");
    else
        hvc_fact_set_unavailable(probe->builder, HVC_FACT_MACHINE_VIRTUAL,
                                 "neither the processor nor the model tells");
}

/* A number at the beginning of text, with blanks before it. */
static bool read_number(const char *text, uint64_t *ret)
{
    char *end;
    unsigned long long number = text != NULL ? strtoull(text, &end, 10) : 0;
    if (text == NULL || end == text || number > UINT64_MAX / 1024)
        return false;
    *ret = number;
    return true;
}

static void memory(hvc_linux_probe *probe)
{
    static const char dmi[] = "/sys/firmware/dmi/tables/DMI", key[] = "MemTotal:";
    hvc_span bytes;
    uint64_t number;
    if (hvc_linux_tree_read(&probe->tree, dmi, &bytes) == HVC_LINUX_TREE_READ &&
        hvc_smbios_memory(bytes, &number, NULL) == HVC_OK) {
        hvc_fact_set_number(probe->builder, HVC_FACT_MACHINE_MEMORY, number, "SMBIOS");
        return;
    }
    hvc_linux_tree_state state = hvc_linux_tree_read(&probe->tree, "/proc/meminfo", &bytes);
    const char *line =
        state == HVC_LINUX_TREE_READ ? memmem(bytes.data, bytes.size, key, sizeof(key) - 1) : NULL;
    if (line != NULL && read_number(line + sizeof(key) - 1, &number))
        hvc_fact_set_number(probe->builder, HVC_FACT_MACHINE_MEMORY, number * 1024,
                            "/proc/meminfo: MemTotal, without what firmware and kernel keep");
    else
        hvc_linux_unavailable(probe, HVC_FACT_MACHINE_MEMORY, "/proc/meminfo: %s",
                              state == HVC_LINUX_TREE_READ ? "no MemTotal"
                                                           : hvc_linux_tree_state_text(state));
}

/* Disks that Windows could be installed on: no partitions, loops, memory or removable media. */
static bool fixed_disk(const hvc_linux_probe *probe, const char *name, uint64_t *ret_bytes)
{
    static const char *const others[] = {"loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strncmp(name, others[i], strlen(others[i])) == 0)
            return false;
    }
    char path[512];
    uint64_t sectors;
    snprintf(path, sizeof(path), "/sys/block/%s/removable", name);
    const char *removable = hvc_linux_tree_line(&probe->tree, path);
    snprintf(path, sizeof(path), "/sys/block/%s/size", name);
    if (removable == NULL || strcmp(removable, "0") != 0 ||
        !read_number(hvc_linux_tree_line(&probe->tree, path), &sectors) || sectors == 0)
        return false;
    *ret_bytes = sectors * 512;
    return true;
}

/* The link of the device that / lies on, "../../block/nvme0n1/nvme0n1p2"; NULL when it lies on
 * none. */
static const char *root_device(const hvc_linux_probe *probe)
{
    hvc_span bytes;
    if (hvc_linux_tree_read(&probe->tree, "/proc/self/mountinfo", &bytes) != HVC_LINUX_TREE_READ)
        return NULL;
    const char *link = NULL;
    for (const char *line = (const char *)bytes.data; line != NULL && *line != 0;) {
        /* id parent major:minor root mount-point ... */
        const char *next = strchr(line, '\n'), *words[5] = {line};
        unsigned count = 1;
        for (const char *p = line; count < 5 && *p != 0 && *p != '\n'; p++) {
            if (*p == ' ')
                words[count++] = p + 1;
        }
        if (count == 5 && strncmp(words[4], "/ ", 2) == 0) {
            char path[128];
            snprintf(path, sizeof(path), "/sys/dev/block/%.*s", (int)(words[3] - 1 - words[2]) % 64,
                     words[2]);
            link = hvc_linux_tree_link(&probe->tree, path); /* the last mount lies on top */
        }
        line = next != NULL ? next + 1 : NULL;
    }
    return link;
}

static bool path_has(const char *path, const char *name)
{
    size_t length = strlen(name);
    for (const char *p = path; (p = strstr(p, name)) != NULL; p++) {
        if (p > path && p[-1] == '/' && (p[length] == '/' || p[length] == 0))
            return true;
    }
    return false;
}

static void disk(hvc_linux_probe *probe)
{
    const char *const *names;
    size_t count, disks = 0;
    uint64_t bytes, only = 0;
    hvc_linux_tree_state state = hvc_linux_tree_list(&probe->tree, "/sys/block", &names, &count);
    if (state != HVC_LINUX_TREE_READ) {
        hvc_linux_unavailable(probe, HVC_FACT_MACHINE_DISK, "/sys/block: %s",
                              hvc_linux_tree_state_text(state));
        return;
    }
    const char *link = root_device(probe);
    for (size_t i = 0; i < count; i++) {
        if (!fixed_disk(probe, names[i], &bytes))
            continue;
        disks++;
        only = bytes;
        if (link != NULL && path_has(link, names[i]))
            hvc_fact_set_number(probe->builder, HVC_FACT_MACHINE_DISK, bytes,
                                "/sys/block: the disk of this Linux");
    }
    if (disks == 1)
        hvc_fact_set_number(probe->builder, HVC_FACT_MACHINE_DISK, only,
                            "/sys/block: the only fixed disk");
    else
        hvc_linux_unavailable(probe, HVC_FACT_MACHINE_DISK,
                              "%zu fixed disks: which one would hold Windows is not known", disks);
}

/* Whether ACPI lists a device for a TPM: 1 yes, 0 no, -1 not known. */
static int tpm_device(const hvc_linux_probe *probe)
{
    static const char *const ids[] = {"MSFT0101", "PNP0C31"};
    const char *const *names;
    size_t count;
    if (hvc_linux_tree_list(&probe->tree, "/sys/bus/acpi/devices", &names, &count) !=
            HVC_LINUX_TREE_READ ||
        count == 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < 2; k++) {
            if (strncmp(names[i], ids[k], strlen(ids[k])) == 0)
                return 1;
        }
    }
    return 0;
}

static void tpm(hvc_linux_probe *probe)
{
    hvc_facts_builder *builder = probe->builder;
    const char *const *names;
    size_t count = 0;
    hvc_linux_tree_state state =
        hvc_linux_tree_list(&probe->tree, "/sys/class/tpm", &names, &count);
    for (size_t i = 0; state == HVC_LINUX_TREE_READ && i < count; i++) {
        if (strncmp(names[i], "tpm", 3) != 0 || strncmp(names[i], "tpmrm", 5) == 0)
            continue;
        char path[512];
        snprintf(path, sizeof(path), "/sys/class/tpm/%s/tpm_version_major", names[i]);
        const char *version = hvc_linux_tree_line(&probe->tree, path);
        hvc_fact_set_bool(builder, HVC_FACT_TPM_PRESENT, true, "/sys/class/tpm");
        if (version != NULL && (strcmp(version, "1") == 0 || strcmp(version, "2") == 0))
            hvc_fact_set_text(builder, HVC_FACT_TPM_VERSION, version[0] == '2' ? "2.0" : "1.2",
                              "/sys/class/tpm: tpm_version_major");
        else
            hvc_fact_set_unavailable(builder, HVC_FACT_TPM_VERSION,
                                     "/sys/class/tpm: no tpm_version_major");
        return;
    }
    hvc_table_state two = hvc_linux_table(probe, "TPM2"), one = hvc_linux_table(probe, "TCPA");
    int device = tpm_device(probe);
    const char *why = "no TPM in /sys/class/tpm, and no list of ACPI tables and devices";
    if (two == HVC_TABLE_ABSENT && one == HVC_TABLE_ABSENT && device == 0) {
        hvc_fact_set_bool(builder, HVC_FACT_TPM_PRESENT, false,
                          "ACPI: neither TPM2 nor TCPA, and no device");
        why = "there is no TPM";
    } else {
        if (two == HVC_TABLE_PRESENT || one == HVC_TABLE_PRESENT || device == 1)
            why = "ACPI describes a TPM, but this kernel drives none";
        hvc_fact_set_unavailable(builder, HVC_FACT_TPM_PRESENT, why);
    }
    hvc_fact_set_unavailable(builder, HVC_FACT_TPM_VERSION, why);
}

void hvc_linux_devices(hvc_linux_probe *probe)
{
    identity(probe);
    memory(probe);
    disk(probe);
    tpm(probe);
}
