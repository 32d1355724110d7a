/* What firmware gives: UEFI and its variables, ACPI tables, DMA remapping. That something is absent
 * is said only where a list shows it: of tables, of variables. */
#include "machine/acpi.h"
#include "machine/linux_probe.h"

#define TABLES  "/sys/firmware/acpi/tables"
#define EFIVARS "/sys/firmware/efi/efivars"
#define GLOBAL  "8be4df61-93ca-11d2-aa0d-00e098032b8c"

static bool has_name(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

hvc_table_state hvc_linux_table(const hvc_linux_probe *probe, const char *name)
{
    const char *const *names;
    size_t count;
    if (hvc_linux_tree_list(&probe->tree, TABLES, &names, &count) != HVC_LINUX_TREE_READ)
        return HVC_TABLE_UNKNOWN;
    if (has_name(names, count, name))
        return HVC_TABLE_PRESENT;
    /* Every system with ACPI has this one: without it the list is not whole. */
    return has_name(names, count, "FACP") ? HVC_TABLE_ABSENT : HVC_TABLE_UNKNOWN;
}

/* Reads a table that is listed; false with the reason in *ret_why. */
static bool read_table(const hvc_linux_probe *probe, const char *path, hvc_span *ret_bytes,
                       const char **ret_why)
{
    hvc_linux_tree_state state = hvc_linux_tree_read(&probe->tree, path, ret_bytes);
    *ret_why = state == HVC_LINUX_TREE_DENIED ? "permission denied: root may read it"
                                              : hvc_linux_tree_state_text(state);
    return state == HVC_LINUX_TREE_READ;
}

static void uefi(hvc_linux_probe *probe)
{
    static const char *const others[] = {"/sys/firmware/acpi", "/sys/firmware/dmi",
                                         "/sys/firmware/memmap", "/sys/firmware/devicetree"};
    if (hvc_linux_tree_exists(&probe->tree, "/sys/firmware/efi")) {
        hvc_fact_set_bool(probe->builder, HVC_FACT_FIRMWARE_UEFI, true, "/sys/firmware/efi");
        return;
    }
    /* A container sees an empty /sys/firmware. */
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (hvc_linux_tree_exists(&probe->tree, others[i])) {
            hvc_fact_set_bool(probe->builder, HVC_FACT_FIRMWARE_UEFI, false,
                              "/sys/firmware: no efi");
            return;
        }
    }
    hvc_fact_set_unavailable(probe->builder, HVC_FACT_FIRMWARE_UEFI,
                             "/sys/firmware shows nothing here");
}

/* A variable: four bytes of attributes, then its data. One byte of data, or false with the reason.
 */
static bool read_byte(const hvc_linux_probe *probe, const char *path, uint8_t *ret,
                      const char **ret_why)
{
    hvc_span bytes;
    hvc_linux_tree_state state = hvc_linux_tree_read(&probe->tree, path, &bytes);
    if (state != HVC_LINUX_TREE_READ) {
        *ret_why = hvc_linux_tree_state_text(state);
        return false;
    }
    if (bytes.size != 5) {
        *ret_why = "it is not four bytes of attributes and one of data";
        return false;
    }
    *ret = bytes.data[4];
    return true;
}

static void secure_boot(hvc_linux_probe *probe)
{
    static const char path[] = EFIVARS "/SecureBoot-" GLOBAL;
    const char *why;
    uint8_t on, setup = 0;
    hvc_fact_set_bool(probe->builder, HVC_FACT_FIRMWARE_SECURE_BOOT_CAPABLE, true,
                      "efivars: SecureBoot");
    if (!read_byte(probe, path, &on, &why)) {
        hvc_linux_unavailable(probe, HVC_FACT_FIRMWARE_SECURE_BOOT, "efivars: SecureBoot: %s", why);
        return;
    }
    /* In setup mode nothing is checked, whatever else firmware says. */
    bool in_setup = read_byte(probe, EFIVARS "/SetupMode-" GLOBAL, &setup, &why) && setup == 1;
    if (on > 1)
        hvc_linux_unavailable(probe, HVC_FACT_FIRMWARE_SECURE_BOOT,
                              "efivars: SecureBoot has the value %u", on);
    else
        hvc_fact_set_bool(probe->builder, HVC_FACT_FIRMWARE_SECURE_BOOT, on == 1 && !in_setup,
                          in_setup ? "efivars: SetupMode" : "efivars: SecureBoot");
}

static void variables(hvc_linux_probe *probe)
{
    static const hvc_fact_id facts[] = {HVC_FACT_FIRMWARE_SECURE_BOOT,
                                        HVC_FACT_FIRMWARE_SECURE_BOOT_CAPABLE,
                                        HVC_FACT_FIRMWARE_MOR_LOCK};
    static const char lock[] =
        "MemoryOverwriteRequestControlLock-bb983ccf-151d-40e1-a07b-4a17be168292";
    hvc_facts_builder *builder = probe->builder;
    const hvc_fact *started = &builder->facts.items[HVC_FACT_FIRMWARE_UEFI];
    if (started->state == HVC_FACT_KNOWN && !started->flag) {
        hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_SECURE_BOOT, false, "not started by UEFI");
        for (size_t i = 1; i < 3; i++)
            hvc_fact_set_unavailable(builder, facts[i],
                                     "this Linux was not started by UEFI, which alone could tell");
        return;
    }
    const char *const *names = NULL;
    size_t count = 0;
    hvc_linux_tree_state state = hvc_linux_tree_list(&probe->tree, EFIVARS, &names, &count);
    if (state != HVC_LINUX_TREE_READ || count == 0) {
        for (size_t i = 0; i < 3; i++)
            hvc_linux_unavailable(probe, facts[i], EFIVARS ": %s",
                                  state == HVC_LINUX_TREE_READ ? "empty (efivarfs is not mounted)"
                                                               : hvc_linux_tree_state_text(state));
        return;
    }
    /* The variable of the boot that just was shows that the list is of this firmware, and whole. */
    bool whole = has_name(names, count, "BootCurrent-" GLOBAL);
    if (has_name(names, count, "SecureBoot-" GLOBAL)) {
        secure_boot(probe);
    } else {
        for (size_t i = 0; i < 2; i++) {
            if (whole)
                hvc_fact_set_bool(builder, facts[i], false, "efivars: no SecureBoot");
            else
                hvc_fact_set_unavailable(builder, facts[i], "efivars does not list BootCurrent");
        }
    }
    if (has_name(names, count, lock))
        hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_MOR_LOCK, true,
                          "efivars: MemoryOverwriteRequestControlLock");
    else if (whole)
        hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_MOR_LOCK, false,
                          "efivars: no MemoryOverwriteRequestControlLock");
    else
        hvc_fact_set_unavailable(builder, HVC_FACT_FIRMWARE_MOR_LOCK,
                                 "efivars does not list BootCurrent");
}

/* WSMT says what code in system management mode promises. Windows asks for its protections; one
 * that is missing among others may or may not be enough for it. */
static void wsmt(hvc_linux_probe *probe)
{
    hvc_facts_builder *builder = probe->builder;
    hvc_span bytes;
    const char *why;
    uint32_t flags;
    hvc_error error;
    switch (hvc_linux_table(probe, "WSMT")) {
    case HVC_TABLE_UNKNOWN:
        why = "no list of ACPI tables in " TABLES;
        break;
    case HVC_TABLE_ABSENT:
        if (probe->arch == HVC_LINUX_ARM64) {
            why = "an ARM64 machine has no system management mode";
            break;
        }
        hvc_fact_set_number(builder, HVC_FACT_FIRMWARE_WSMT, 0, "ACPI tables: no WSMT");
        hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_SMM, false, "ACPI tables: no WSMT");
        return;
    default:
        if (!read_table(probe, TABLES "/WSMT", &bytes, &why))
            break;
        why = error.message;
        if (hvc_acpi_read_wsmt(bytes, &flags, &error) != HVC_OK)
            break;
        hvc_fact_set_number(builder, HVC_FACT_FIRMWARE_WSMT, flags, "ACPI table WSMT");
        if ((flags & HVC_WSMT_ALL) == HVC_WSMT_ALL || (flags & HVC_WSMT_ALL) == 0)
            hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_SMM, flags != 0, "ACPI table WSMT");
        else
            hvc_linux_unavailable(probe, HVC_FACT_FIRMWARE_SMM,
                                  "WSMT has only some of its protections (0x%x)", (unsigned)flags);
        return;
    }
    hvc_linux_unavailable(probe, HVC_FACT_FIRMWARE_WSMT, "ACPI table WSMT: %s", why);
    hvc_linux_unavailable(probe, HVC_FACT_FIRMWARE_SMM, "ACPI table WSMT: %s", why);
}

typedef struct dma {
    bool remapping, opt_in;
} dma;

static hvc_status read_dma(hvc_span bytes, bool intel, dma *ret, hvc_error *error)
{
    hvc_acpi_dmar dmar;
    hvc_acpi_ivrs ivrs;
    hvc_status status =
        intel ? hvc_acpi_read_dmar(bytes, &dmar, error) : hvc_acpi_read_ivrs(bytes, &ivrs, error);
    if (status == HVC_OK)
        *ret = intel ? (dma){dmar.units > 0, (dmar.flags & HVC_DMAR_DMA_OPT_IN) != 0}
                     : (dma){ivrs.units > 0, (ivrs.info & HVC_IVRS_DMA_REMAP) != 0};
    return status;
}

/* From the tables; the reason for what they do not tell otherwise. */
static void dma_tables(hvc_linux_probe *probe)
{
    hvc_facts_builder *builder = probe->builder;
    hvc_table_state dmar = hvc_linux_table(probe, "DMAR"), ivrs = hvc_linux_table(probe, "IVRS");
    bool intel = dmar == HVC_TABLE_PRESENT;
    const char *source = intel ? "ACPI table DMAR" : "ACPI table IVRS", *why;
    hvc_error error;
    hvc_span bytes;
    dma it;
    if (dmar == HVC_TABLE_PRESENT || ivrs == HVC_TABLE_PRESENT) {
        if (read_table(probe, intel ? TABLES "/DMAR" : TABLES "/IVRS", &bytes, &why)) {
            why = error.message;
            if (read_dma(bytes, intel, &it, &error) == HVC_OK) {
                hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_DMA_REMAPPING, it.remapping, source);
                hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_DMA_OPT_IN, it.opt_in, source);
                return;
            }
        }
    } else if (dmar == HVC_TABLE_UNKNOWN) {
        source = TABLES, why = "no list of ACPI tables";
    } else if (probe->arch != HVC_LINUX_X86) {
        source = "ACPI tables", why = "DMAR and IVRS are tables of x86";
    } else {
        hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_DMA_REMAPPING, false,
                          "ACPI tables: neither DMAR nor IVRS");
        hvc_fact_set_bool(builder, HVC_FACT_FIRMWARE_DMA_OPT_IN, false,
                          "ACPI tables: neither DMAR nor IVRS");
        return;
    }
    hvc_linux_unavailable(probe, HVC_FACT_FIRMWARE_DMA_REMAPPING, "%s: %s", source, why);
    hvc_linux_unavailable(probe, HVC_FACT_FIRMWARE_DMA_OPT_IN, "%s: %s", source, why);
}

/* Units that the kernel uses are there, whoever may read the tables. */
static void iommu(hvc_linux_probe *probe)
{
    static const char *const kinds[] = {"dmar", "ivhd", "smmu3"};
    const char *const *names;
    size_t count;
    if (hvc_linux_tree_list(&probe->tree, "/sys/class/iommu", &names, &count) ==
        HVC_LINUX_TREE_READ) {
        for (size_t i = 0; i < count; i++) {
            for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
                if (strncmp(names[i], kinds[k], strlen(kinds[k])) == 0)
                    hvc_fact_set_bool(probe->builder, HVC_FACT_FIRMWARE_DMA_REMAPPING, true,
                                      "/sys/class/iommu");
            }
        }
    }
    static const char path[] = "/sys/kernel/iommu_groups";
    hvc_linux_tree_state state = hvc_linux_tree_list(&probe->tree, path, &names, &count);
    if (state == HVC_LINUX_TREE_READ)
        hvc_fact_set_number(probe->builder, HVC_FACT_IOMMU_GROUPS, count, path);
    else
        hvc_linux_unavailable(probe, HVC_FACT_IOMMU_GROUPS, "%s: %s", path,
                              hvc_linux_tree_state_text(state));
}

void hvc_linux_firmware(hvc_linux_probe *probe)
{
    static const hvc_fact_id hsti[] = {HVC_FACT_FIRMWARE_HSTI_SIZE, HVC_FACT_FIRMWARE_HSTI_COUNT,
                                       HVC_FACT_FIRMWARE_HSTI_PASSED, HVC_FACT_FIRMWARE_HSTI_BLOB};
    uefi(probe);
    variables(probe);
    wsmt(probe);
    dma_tables(probe);
    iommu(probe);
    hvc_fact_set_unavailable(probe->builder, HVC_FACT_FIRMWARE_NX,
                             "Linux does not show UEFI's memory attributes table");
    for (size_t i = 0; i < sizeof(hsti) / sizeof(hsti[0]); i++)
        hvc_fact_set_unavailable(probe->builder, hsti[i],
                                 "firmware gives HSTI only before the system starts");
}
