/* The probe of a Linux host, on trees of files as machines of many kinds have them. */
#include "machine_test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "machine/probe.h"

#define GLOBAL "8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define LOCK   "MemoryOverwriteRequestControlLock-bb983ccf-151d-40e1-a07b-4a17be168292"

static char folder[64];
static hvc_facts_builder builder;
static hvc_error error;

static const char *in_folder(const char *name)
{
    static char path[512];
    assert_true(snprintf(path, sizeof(path), "%s%s", folder, name) < (int)sizeof(path));
    return path;
}

static void make_folder(const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s", in_folder(name));
    for (char *p = path + strlen(folder) + 1;; p++) {
        if (*p != '/' && *p != 0)
            continue;
        char kept = *p;
        *p = 0;
        mkdir(path, 0755);
        *p = kept;
        if (kept == 0)
            return;
    }
}

static void put(const char *name, const void *bytes, size_t size)
{
    char parent[512];
    snprintf(parent, sizeof(parent), "%s", name);
    *strrchr(parent, '/') = 0;
    make_folder(parent);
    FILE *file = fopen(in_folder(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void put_text(const char *name, const char *text)
{
    put(name, text, strlen(text));
}

static void put_link(const char *name, const char *target)
{
    put(name, "", 0);
    unlink(in_folder(name));
    assert_int_equal(symlink(target, in_folder(name)), 0);
}

static void put_variable(const char *name, uint8_t value)
{
    char path[256];
    snprintf(path, sizeof(path), "/sys/firmware/efi/efivars/%s", name);
    put(path, (uint8_t[]){6, 0, 0, 0, value}, 5);
}

/* A table of the firmware with a right checksum. */
static void put_table(const char *name, const void *body, size_t size)
{
    uint8_t bytes[256] = {0}, sum = 0;
    char path[128];
    memcpy(bytes, name, 4);
    memcpy(bytes + 36, body, size);
    bytes[4] = (uint8_t)(36 + size);
    for (size_t i = 0; i < sizeof(bytes); i++)
        sum = (uint8_t)(sum + bytes[i]);
    bytes[9] = (uint8_t)-sum;
    snprintf(path, sizeof(path), "/sys/firmware/acpi/tables/%s", name);
    put(path, bytes, 36 + size);
}

/* DMAR with one unit, IVRS with one of type 0x10. */
static void put_dmar(uint8_t flags)
{
    uint8_t body[28] = {38, flags};
    body[14] = 16, body[16] = 1;
    put_table("DMAR", body, sizeof(body));
}

static void put_ivrs(uint8_t info)
{
    uint8_t body[36] = {info, 0x20};
    body[12] = 0x10, body[14] = 24;
    put_table("IVRS", body, sizeof(body));
}

static void remove_all(const char *path)
{
    hvc_names names;
    if (hvc_folder_list(path, &names, NULL) == HVC_OK) {
        for (size_t i = 0; i < names.count; i++) {
            char child[1024];
            hvc_file_kind kind;
            snprintf(child, sizeof(child), "%s/%s", path, names.items[i]);
            if (hvc_file_kind_of(child, false, &kind, NULL) == HVC_OK && kind == HVC_FILE_FOLDER)
                remove_all(child);
            else
                unlink(child);
        }
        hvc_names_free(&names);
    }
    rmdir(path);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/hvcheck-test-linux-XXXXXX");
    assert_non_null(mkdtemp(folder));
    chmod(folder, 0755);
    hvc_facts_init(&builder, "linux", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_false(builder.misused);
    hvc_facts_free(&builder);
    remove_all(folder);
    return 0;
}

static void probe(void)
{
    const hvc_probe_options options = {.sysroot = folder};
    error = (hvc_error){0};
    assert_int_equal(hvc_probe_linux(&builder, &options, &error), HVC_OK);
    for (unsigned id = 0; id < HVC_FACT_COUNT; id++)
        assert_true(builder.facts.items[id].state != HVC_FACT_UNASKED);
}

static void probe_again(void)
{
    hvc_facts_free(&builder);
    hvc_facts_init(&builder, "linux", folder);
    probe();
}

static const hvc_fact *fact(hvc_fact_id id)
{
    return &builder.facts.items[id];
}

static void assert_bool(hvc_fact_id id, bool value)
{
    if (fact(id)->state != HVC_FACT_KNOWN)
        fail_msg("%s is not known: %s", hvc_fact_info_of(id)->name, fact(id)->why);
    if (fact(id)->flag != value)
        fail_msg("%s: %s", hvc_fact_info_of(id)->name, fact(id)->source);
}

static void assert_number(hvc_fact_id id, uint64_t value)
{
    assert_int_equal(fact(id)->state, HVC_FACT_KNOWN);
    assert_true(fact(id)->number == value);
}

static void assert_text(hvc_fact_id id, const char *value)
{
    assert_int_equal(fact(id)->state, HVC_FACT_KNOWN);
    assert_string_equal(fact(id)->text, value);
}

static void assert_unavailable(hvc_fact_id id, const char *why)
{
    if (fact(id)->state != HVC_FACT_UNAVAILABLE)
        fail_msg("%s is known: %s", hvc_fact_info_of(id)->name, fact(id)->source);
    if (strstr(fact(id)->why, why) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", hvc_fact_info_of(id)->name, fact(id)->why, why);
}

static void put_intel(void)
{
    put_text("/proc/cpuinfo",
             "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 140\n"
             "model name\t: 11th Gen Intel(R) Core(TM) i7-1185G7 @ 3.00GHz\n"
             "flags\t\t: fpu nx lm vmx aes\n"
             "vmx flags\t: vnmi ept vpid unrestricted_guest ept_mode_based_exec\n"
             "bugs\t\t: x\n\nprocessor\t: 1\nvendor_id\t: Other\nflags\t\t: hypervisor\n\n");
    put_text("/proc/meminfo", "MemTotal:       16122716 kB\nMemFree:         1 kB\n");
    put_text("/proc/self/mountinfo", "22 1 0:5 / /proc rw - proc proc rw\n"
                                     "30 1 259:2 / / rw,relatime - ext4 /dev/nvme0n1p2 rw\n"
                                     "31 30 8:1 / /mnt rw - ext4 /dev/sda1 rw\n");
    put_link("/sys/dev/block/259:2", "../../devices/pci0/nvme/nvme0/nvme0n1/nvme0n1p2");
    put_link("/sys/dev/block/8:1", "../../devices/pci0/block/sda/sda1");
    put_text("/sys/block/nvme0n1/size", "1000215216\n");
    put_text("/sys/block/nvme0n1/removable", "0\n");
    put_text("/sys/block/sda/size", "62500000\n");
    put_text("/sys/block/sda/removable", "0\n");
    put_text("/sys/block/loop0/size", "8\n");
    put_text("/sys/block/loop0/removable", "0\n");
    put_text("/sys/class/dmi/id/sys_vendor", "Contoso\n");
    put_text("/sys/class/dmi/id/product_name", "Book 9  \n");
    put_text("/sys/firmware/acpi/tables/FACP", "x");
    put_dmar(5);
    put_table("WSMT", (uint8_t[]){7, 0, 0, 0}, 4);
    put_variable("BootCurrent-" GLOBAL, 0);
    put_variable("SecureBoot-" GLOBAL, 1);
    put_variable("SetupMode-" GLOBAL, 0);
    put_variable(LOCK, 0);
    put_text("/sys/class/tpm/tpm0/tpm_version_major", "2\n");
    make_folder("/sys/class/tpm/tpmrm0");
    make_folder("/sys/class/iommu/dmar0");
    for (unsigned i = 0; i < 12; i++) {
        char name[64];
        snprintf(name, sizeof(name), "/sys/kernel/iommu_groups/%u", i);
        make_folder(name);
    }
}

static void test_intel(void **state)
{
    (void)state;
    put_intel();
    probe();
    assert_text(HVC_FACT_CPU_VENDOR, "GenuineIntel");
    assert_text(HVC_FACT_CPU_NAME, "11th Gen Intel(R) Core(TM) i7-1185G7 @ 3.00GHz");
    assert_number(HVC_FACT_CPU_FAMILY, 6);
    assert_number(HVC_FACT_CPU_MODEL, 140);
    assert_bool(HVC_FACT_CPU_VIRTUALIZATION, true);
    assert_bool(HVC_FACT_CPU_SLAT, true);
    assert_bool(HVC_FACT_CPU_MBEC, true);
    assert_bool(HVC_FACT_CPU_NX, true);
    assert_bool(HVC_FACT_FIRMWARE_VIRTUALIZATION, true);
    assert_bool(HVC_FACT_HYPERVISOR_PRESENT, false);
    assert_bool(HVC_FACT_MACHINE_VIRTUAL, false);
    assert_text(HVC_FACT_MACHINE_MODEL, "Book 9");
    assert_text(HVC_FACT_OS_ARCHITECTURE, "x64");
    assert_number(HVC_FACT_MACHINE_MEMORY, UINT64_C(16122716) * 1024);
    assert_number(HVC_FACT_MACHINE_DISK, UINT64_C(1000215216) * 512);
    assert_bool(HVC_FACT_FIRMWARE_UEFI, true);
    assert_bool(HVC_FACT_FIRMWARE_SECURE_BOOT, true);
    assert_bool(HVC_FACT_FIRMWARE_SECURE_BOOT_CAPABLE, true);
    assert_bool(HVC_FACT_FIRMWARE_MOR_LOCK, true);
    assert_number(HVC_FACT_FIRMWARE_WSMT, 7);
    assert_bool(HVC_FACT_FIRMWARE_SMM, true);
    assert_bool(HVC_FACT_FIRMWARE_DMA_REMAPPING, true);
    assert_bool(HVC_FACT_FIRMWARE_DMA_OPT_IN, true);
    assert_bool(HVC_FACT_TPM_PRESENT, true);
    assert_text(HVC_FACT_TPM_VERSION, "2.0");
    assert_number(HVC_FACT_IOMMU_GROUPS, 12);
    assert_unavailable(HVC_FACT_FIRMWARE_NX, "memory attributes");
    assert_unavailable(HVC_FACT_FIRMWARE_HSTI_PASSED, "HSTI");
    assert_unavailable(HVC_FACT_DG_VBS_STATUS, "only Windows");
    assert_unavailable(HVC_FACT_OS_ADMIN, "only Windows");
}

/* The same machine, with one thing at a time off. */
static void test_intel_lacks(void **state)
{
    (void)state;
    put_intel();
    put_text("/proc/cpuinfo",
             "vendor_id\t: GenuineIntel\nflags\t\t: lm vmx\nvmx flags\t: vnmi ept\n");
    put_variable("SecureBoot-" GLOBAL, 0);
    put_dmar(1);
    put_table("WSMT", (uint8_t[]){3, 0, 0, 0}, 4);
    unlink(in_folder("/sys/firmware/efi/efivars/" LOCK));
    probe();
    assert_bool(HVC_FACT_CPU_SLAT, true);
    assert_bool(HVC_FACT_CPU_MBEC, false);
    assert_unavailable(HVC_FACT_CPU_NX, "no nx");
    assert_unavailable(HVC_FACT_CPU_FAMILY, "cpu family");
    assert_bool(HVC_FACT_FIRMWARE_SECURE_BOOT, false);
    assert_bool(HVC_FACT_FIRMWARE_SECURE_BOOT_CAPABLE, true);
    assert_bool(HVC_FACT_FIRMWARE_MOR_LOCK, false);
    assert_bool(HVC_FACT_FIRMWARE_DMA_REMAPPING, true);
    assert_bool(HVC_FACT_FIRMWARE_DMA_OPT_IN, false);
    assert_number(HVC_FACT_FIRMWARE_WSMT, 3);
    assert_unavailable(HVC_FACT_FIRMWARE_SMM, "only some");

    /* Virtualization off in firmware: the kernel hides it, and files cannot tell why. */
    put_text("/proc/cpuinfo", "vendor_id\t: GenuineIntel\nflags\t\t: lm nx\n");
    put_variable("SecureBoot-" GLOBAL, 1);
    put_variable("SetupMode-" GLOBAL, 1);
    put_table("WSMT", (uint8_t[]){0, 0, 0, 0}, 4);
    unlink(in_folder("/sys/firmware/acpi/tables/DMAR"));
    rmdir(in_folder("/sys/class/iommu/dmar0"));
    probe_again();
    assert_bool(HVC_FACT_FIRMWARE_VIRTUALIZATION, false);
    assert_unavailable(HVC_FACT_CPU_VIRTUALIZATION, "firmware turned it off");
    assert_unavailable(HVC_FACT_CPU_SLAT, "firmware turned it off");
    assert_unavailable(HVC_FACT_CPU_MBEC, "firmware turned it off");
    assert_bool(HVC_FACT_FIRMWARE_SECURE_BOOT, false);
    assert_bool(HVC_FACT_FIRMWARE_DMA_REMAPPING, false);
    assert_bool(HVC_FACT_FIRMWARE_DMA_OPT_IN, false);
    assert_bool(HVC_FACT_FIRMWARE_SMM, false);

    /* A kernel before the line "vmx flags". */
    put_text("/proc/cpuinfo", "vendor_id\t: GenuineIntel\nflags\t\t: lm nx vmx ept\n");
    unlink(in_folder("/sys/firmware/efi/efivars/SecureBoot-" GLOBAL));
    unlink(in_folder("/sys/firmware/acpi/tables/WSMT"));
    probe_again();
    assert_bool(HVC_FACT_CPU_SLAT, true);
    assert_unavailable(HVC_FACT_CPU_MBEC, "vmx flags");
    assert_unavailable(HVC_FACT_FIRMWARE_VIRTUALIZATION, "KVM");
    assert_bool(HVC_FACT_FIRMWARE_SECURE_BOOT_CAPABLE, false);
    assert_bool(HVC_FACT_FIRMWARE_SECURE_BOOT, false);
    assert_number(HVC_FACT_FIRMWARE_WSMT, 0);
    assert_bool(HVC_FACT_FIRMWARE_SMM, false);
    unlink(in_folder("/sys/firmware/efi/efivars/BootCurrent-" GLOBAL));
    unlink(in_folder("/sys/firmware/acpi/tables/FACP"));
    probe_again();
    assert_unavailable(HVC_FACT_FIRMWARE_SECURE_BOOT_CAPABLE, "BootCurrent");
    assert_unavailable(HVC_FACT_FIRMWARE_MOR_LOCK, "BootCurrent");
    assert_unavailable(HVC_FACT_FIRMWARE_WSMT, "no list");
    assert_unavailable(HVC_FACT_FIRMWARE_DMA_REMAPPING, "no list");
}

static void test_amd(void **state)
{
    (void)state;
    put_text("/proc/cpuinfo", "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 80\n"
                              "model name\t: AMD Ryzen 7\nflags\t\t: nx lm svm npt\n\n");
    put_text("/sys/firmware/acpi/tables/FACP", "x");
    put_ivrs(2);
    make_folder("/sys/devices/virtual/misc/kvm");
    probe();
    assert_bool(HVC_FACT_CPU_VIRTUALIZATION, true);
    assert_bool(HVC_FACT_CPU_SLAT, true);
    assert_unavailable(HVC_FACT_CPU_MBEC, "GMET");
    assert_unavailable(HVC_FACT_FIRMWARE_VIRTUALIZATION, "KVM");
    assert_bool(HVC_FACT_FIRMWARE_DMA_REMAPPING, true);
    assert_bool(HVC_FACT_FIRMWARE_DMA_OPT_IN, true);
    make_folder("/sys/module/kvm_amd");
    put_ivrs(1);
    probe_again();
    assert_bool(HVC_FACT_FIRMWARE_VIRTUALIZATION, true);
    assert_bool(HVC_FACT_FIRMWARE_DMA_OPT_IN, false);
}

static void test_virtual_machine(void **state)
{
    (void)state;
    put_text("/proc/cpuinfo", "vendor_id\t: GenuineIntel\nflags\t\t: lm nx hypervisor\n");
    put_text("/sys/firmware/acpi/tables/FACP", "x");
    make_folder("/sys/bus/acpi/devices/PNP0A03:00");
    make_folder("/sys/kernel/iommu_groups");
    make_folder("/sys/class/tpm");
    put_text("/sys/block/vda/size", "134217728\n");
    put_text("/sys/block/vda/removable", "0\n");
    probe();
    assert_bool(HVC_FACT_MACHINE_VIRTUAL, true);
    assert_bool(HVC_FACT_HYPERVISOR_PRESENT, true);
    assert_bool(HVC_FACT_FIRMWARE_UEFI, false);
    assert_bool(HVC_FACT_FIRMWARE_SECURE_BOOT, false);
    assert_unavailable(HVC_FACT_FIRMWARE_SECURE_BOOT_CAPABLE, "not started by UEFI");
    assert_bool(HVC_FACT_TPM_PRESENT, false);
    assert_unavailable(HVC_FACT_TPM_VERSION, "no TPM");
    assert_number(HVC_FACT_IOMMU_GROUPS, 0);
    assert_number(HVC_FACT_MACHINE_DISK, UINT64_C(64) << 30);
    assert_unavailable(HVC_FACT_MACHINE_MEMORY, "not there");
    assert_unavailable(HVC_FACT_MACHINE_MODEL, "product_name");
    /* A TPM that firmware describes and no driver takes. */
    make_folder("/sys/bus/acpi/devices/MSFT0101:00");
    probe_again();
    assert_unavailable(HVC_FACT_TPM_PRESENT, "drives none");
}

static void test_arm64(void **state)
{
    (void)state;
    put_text("/proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x51\n"
                              "CPU architecture: 8\nCPU part\t: 0x001\n\n");
    put_text("/sys/firmware/acpi/tables/FACP", "x");
    put_text("/sys/class/dmi/id/sys_vendor", "Contoso\n");
    put_variable("BootCurrent-" GLOBAL, 0);
    make_folder("/sys/class/iommu/smmu3.0x0000000015000000");
    probe();
    assert_text(HVC_FACT_CPU_VENDOR, "Qualcomm");
    assert_text(HVC_FACT_OS_ARCHITECTURE, "arm64");
    assert_bool(HVC_FACT_CPU_NX, true);
    assert_unavailable(HVC_FACT_CPU_VIRTUALIZATION, "EL2");
    assert_unavailable(HVC_FACT_CPU_MBEC, "ARM64");
    assert_unavailable(HVC_FACT_FIRMWARE_WSMT, "system management mode");
    assert_unavailable(HVC_FACT_FIRMWARE_DMA_OPT_IN, "x86");
    assert_bool(HVC_FACT_FIRMWARE_DMA_REMAPPING, true);
    assert_unavailable(HVC_FACT_MACHINE_VIRTUAL, "neither");
    make_folder("/sys/devices/virtual/misc/kvm");
    put_text("/sys/class/dmi/id/sys_vendor", "QEMU\n");
    probe_again();
    assert_bool(HVC_FACT_CPU_VIRTUALIZATION, true);
    assert_bool(HVC_FACT_CPU_SLAT, true);
    assert_bool(HVC_FACT_FIRMWARE_VIRTUALIZATION, true);
    assert_bool(HVC_FACT_MACHINE_VIRTUAL, true);
}

/* An ordinary user: tables are listed, and closed. What the list and others show stays known. */
static void test_no_permission(void **state)
{
    (void)state;
    put_intel();
    chmod(in_folder("/sys/firmware/acpi/tables/DMAR"), 0);
    chmod(in_folder("/sys/firmware/acpi/tables/WSMT"), 0);
    bool root = geteuid() == 0;
    if (root)
        assert_int_equal(seteuid(65534), 0);
    probe();
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_unavailable(HVC_FACT_FIRMWARE_WSMT, "permission denied");
    assert_unavailable(HVC_FACT_FIRMWARE_SMM, "permission denied");
    assert_unavailable(HVC_FACT_FIRMWARE_DMA_OPT_IN, "permission denied");
    assert_bool(HVC_FACT_FIRMWARE_DMA_REMAPPING, true);
    assert_bool(HVC_FACT_FIRMWARE_SECURE_BOOT, true);
}

/* A container: nothing of the firmware is to be seen, and nothing is called absent. */
static void test_container(void **state)
{
    (void)state;
    make_folder("/proc");
    make_folder("/sys/firmware");
    make_folder("/sys/block");
    probe();
    for (unsigned id = 0; id < HVC_FACT_COUNT; id++) {
        if (fact((hvc_fact_id)id)->state == HVC_FACT_KNOWN)
            fail_msg("%s is known", hvc_fact_info_of((hvc_fact_id)id)->name);
    }
    assert_unavailable(HVC_FACT_MACHINE_DISK, "0 fixed disks");
    const hvc_probe_options options = {.sysroot = in_folder("/absent")};
    hvc_facts_builder other;
    hvc_facts_init(&other, "linux", "x");
    assert_int_equal(hvc_probe_linux(&other, &options, &error), HVC_E_IO);
    assert_true(error.message[0] != 0);
    const hvc_probe_options empty = {.sysroot = in_folder("/sys/firmware")};
    assert_int_equal(hvc_probe_linux(&other, &empty, &error), HVC_E_IO);
    hvc_facts_free(&other);
}

static void test_damage(void **state)
{
    (void)state;
    put_intel();
    uint8_t table[64] = "DMAR";
    put("/sys/firmware/acpi/tables/DMAR", table, sizeof(table));
    table[4] = 64;
    memcpy(table, "WSMT", 4);
    put("/sys/firmware/acpi/tables/WSMT", table, sizeof(table));
    put("/sys/firmware/efi/efivars/SecureBoot-" GLOBAL, "\x06\0\0\0", 4);
    put_text("/sys/class/dmi/id/product_name", "\xff\xfe\n");
    put_text("/sys/class/tpm/tpm0/tpm_version_major", "7\n");
    put_text("/sys/block/nvme0n1/size", "99999999999999999999999\n");
    put_text("/proc/meminfo", "MemTotal: kB");
    rmdir(in_folder("/sys/class/iommu/dmar0"));
    probe();
    assert_unavailable(HVC_FACT_FIRMWARE_DMA_REMAPPING, "length 0");
    assert_unavailable(HVC_FACT_FIRMWARE_WSMT, "checksum");
    assert_unavailable(HVC_FACT_FIRMWARE_SMM, "checksum");
    assert_unavailable(HVC_FACT_FIRMWARE_SECURE_BOOT, "attributes");
    assert_unavailable(HVC_FACT_MACHINE_MODEL, "no text");
    assert_unavailable(HVC_FACT_TPM_VERSION, "tpm_version_major");
    assert_bool(HVC_FACT_TPM_PRESENT, true);
    assert_unavailable(HVC_FACT_MACHINE_MEMORY, "MemTotal");
    assert_number(HVC_FACT_MACHINE_DISK, UINT64_C(62500000) * 512); /* the only one left */

    put_variable("SecureBoot-" GLOBAL, 7);
    put("/sys/firmware/acpi/tables/DMAR", "", 0);
    put("/proc/cpuinfo", "vendor_id\t:\xff\xff\nflags : \nmodel:9z\nmodel name\t", 42);
    probe_again();
    assert_unavailable(HVC_FACT_FIRMWARE_SECURE_BOOT, "value 7");
    assert_unavailable(HVC_FACT_FIRMWARE_DMA_OPT_IN, "no ACPI table");
    assert_unavailable(HVC_FACT_CPU_VENDOR, "vendor_id");
    assert_unavailable(HVC_FACT_CPU_MODEL, "no number");
    assert_unavailable(HVC_FACT_CPU_NAME, "model name");
    put("/proc/cpuinfo", "\0:\n::\n\n", 7);
    probe_again();
    assert_unavailable(HVC_FACT_CPU_VENDOR, "neither");
    put_text("/proc/cpuinfo",
             "processor\t: 0\nFeatures\t: half vfpv3 neon\nCPU implementer : 0x41\n");
    probe_again();
    assert_unavailable(HVC_FACT_CPU_NX, "neither");
    assert_unavailable(HVC_FACT_OS_ARCHITECTURE, "neither");
}

/* Files that no system has: pipes, links out of the tree, files without an end. */
static void test_traps(void **state)
{
    (void)state;
    put_intel();
    unlink(in_folder("/sys/class/dmi/id/sys_vendor"));
    assert_int_equal(mkfifo(in_folder("/sys/class/dmi/id/sys_vendor"), 0644), 0);
    make_folder("/a");
    put_text("/secret", "inside\n");
    /* Absolute, and a folder on the way: the tree's own, not the host's. */
    put_link("/sys/class/dmi/id/product_name", "/a/../../../links/secret");
    put_link("/links", ".//");
    put_link("/sys/firmware/efi/efivars/SecureBoot-" GLOBAL, "SecureBoot-" GLOBAL);
    put_link("/proc/cpuinfo", "../../../../../../../../proc/cpuinfo");
    char name[5000];
    memset(name, 'x', sizeof(name));
    name[4095] = 0;
    unlink(in_folder("/sys/block/nvme0n1/size"));
    assert_int_equal(symlink(name, in_folder("/sys/block/nvme0n1/size")), 0);
    char *large = malloc(HVC_MAX_SYSTEM_FILE + 2);
    assert_non_null(large);
    memset(large, ' ', HVC_MAX_SYSTEM_FILE + 2);
    put("/proc/meminfo", large, HVC_MAX_SYSTEM_FILE + 2);
    free(large);
    probe();
    assert_unavailable(HVC_FACT_MACHINE_MANUFACTURER, "no text");
    assert_text(HVC_FACT_MACHINE_MODEL, "inside");
    assert_unavailable(HVC_FACT_FIRMWARE_SECURE_BOOT, "cannot be read");
    assert_unavailable(HVC_FACT_CPU_VENDOR, "cannot be read"); /* a link to itself */
    assert_unavailable(HVC_FACT_MACHINE_MEMORY, "cannot be read");
}

/* Two memory devices and an empty socket: 8 GiB in MiB, 16 GiB as extended size. */
static void test_smbios(void **state)
{
    (void)state;
    uint8_t table[512] = {0};
    size_t size = 0;
    const uint16_t sizes[] = {8192, 0, 0x7fff};
    put_intel();
    for (unsigned i = 0; i < 3; i++) {
        uint8_t *device = table + size;
        device[0] = 17, device[1] = 40;
        device[12] = (uint8_t)sizes[i], device[13] = (uint8_t)(sizes[i] >> 8);
        device[28] = 0, device[29] = 0x40;
        memcpy(device + 40, "DIMM\0A\0", 8);
        size += 48;
    }
    table[size] = 127, table[size + 1] = 4;
    put("/sys/firmware/dmi/tables/DMI", table, size + 6);
    probe();
    assert_number(HVC_FACT_MACHINE_MEMORY, UINT64_C(24) << 30);
    assert_string_equal(fact(HVC_FACT_MACHINE_MEMORY)->source, "SMBIOS");
    /* One socket whose size the firmware does not know: then the kernel's figure. */
    table[12] = table[13] = 0xff;
    put("/sys/firmware/dmi/tables/DMI", table, size + 6);
    probe_again();
    assert_number(HVC_FACT_MACHINE_MEMORY, UINT64_C(16122716) * 1024);
    for (size_t cut = 0; cut < size; cut++) {
        put("/sys/firmware/dmi/tables/DMI", table, cut);
        probe_again();
        assert_int_equal(fact(HVC_FACT_MACHINE_MEMORY)->state, HVC_FACT_KNOWN);
        assert_true(fact(HVC_FACT_MACHINE_MEMORY)->number == UINT64_C(16122716) * 1024);
    }
}

/* The machine that runs the test, whatever it is: nothing stays open, everything has its reason. */
static void test_live(void **state)
{
    (void)state;
    assert_int_equal(hvc_probe_linux(&builder, NULL, &error), HVC_OK);
    assert_bool(HVC_FACT_OS_ADMIN, geteuid() == 0);
    for (unsigned id = 0; id < HVC_FACT_COUNT; id++) {
        const hvc_fact *it = fact((hvc_fact_id)id);
        assert_true(it->state != HVC_FACT_UNASKED);
        assert_true((it->state == HVC_FACT_KNOWN ? it->source : it->why)[0] != 0);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_intel),           CASE(test_intel_lacks), CASE(test_amd),
        CASE(test_virtual_machine), CASE(test_arm64),       CASE(test_no_permission),
        CASE(test_container),       CASE(test_damage),      CASE(test_traps),
        CASE(test_smbios),          CASE(test_live),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
