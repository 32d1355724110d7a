/* Probes a Linux whose files hold the parts of the input, one file each, parted by the byte 0x1e.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "../import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static const char *const folders[] = {
    "/proc",
    "/proc/self",
    "/sys",
    "/sys/firmware",
    "/sys/firmware/efi",
    "/sys/firmware/efi/efivars",
    "/sys/firmware/acpi",
    "/sys/firmware/acpi/tables",
    "/sys/firmware/dmi",
    "/sys/firmware/dmi/tables",
    "/sys/class",
    "/sys/class/dmi",
    "/sys/class/dmi/id",
    "/sys/class/tpm",
    "/sys/class/tpm/tpm0",
    "/sys/block",
    "/sys/block/sda",
};
static const char *const files[] = {
    "/proc/cpuinfo",
    "/sys/firmware/dmi/tables/DMI",
    "/proc/self/mountinfo",
    SECURE_BOOT,
    "/sys/firmware/acpi/tables/DMAR",
    "/sys/firmware/acpi/tables/WSMT",
    "/proc/meminfo",
    "/sys/class/dmi/id/product_name",
    "/sys/block/sda/size",
    "/sys/block/sda/removable",
    "/sys/class/tpm/tpm0/tpm_version_major",
    "/sys/firmware/acpi/tables/FACP",
};
enum { FOLDER_COUNT = sizeof(folders) / sizeof(folders[0]) };
enum { FILE_COUNT = sizeof(files) / sizeof(files[0]) };

/* In memory where the system has such a folder: each input is a dozen files. */
static char root[64];

static void in_root(char path[256], const char *name)
{
    PROMISE(snprintf(path, 256, "%s%s", root, name) < 256);
}

static void remove_tree(void)
{
    char path[256];
    for (size_t i = 0; i < FILE_COUNT; i++) {
        in_root(path, files[i]);
        unlink(path);
    }
    for (size_t i = FOLDER_COUNT; i-- > 0;) {
        in_root(path, folders[i]);
        rmdir(path);
    }
    rmdir(root);
}

static void make_tree(void)
{
    char path[256];
    snprintf(root, sizeof(root), "%s/hvcheck-fuzz-linux-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    PROMISE(mkdtemp(root) != NULL);
    for (size_t i = 0; i < FOLDER_COUNT; i++) {
        in_root(path, folders[i]);
        PROMISE(mkdir(path, 0700) == 0);
    }
    atexit(remove_tree);
}

static void put(const char *name, const uint8_t *data, size_t size)
{
    char path[256];
    in_root(path, name);
    FILE *file = fopen(path, "wb");
    PROMISE(file != NULL && fwrite(data, 1, size, file) == size);
    PROMISE(fclose(file) == 0);
}

static hvc_status probe(hvc_facts_builder *builder, hvc_span bytes, hvc_error *error)
{
    (void)bytes;
    const hvc_probe_options options = {.sysroot = root};
    return hvc_probe_linux(builder, &options, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool made;
    if (!made)
        make_tree();
    made = true;
    for (size_t i = 0; i < FILE_COUNT; i++) {
        const uint8_t *end = size > 0 ? memchr(data, 0x1e, size) : NULL;
        size_t part = end != NULL ? (size_t)(end - data) : size;
        put(files[i], data, part);
        data += part + (end != NULL);
        size -= part + (end != NULL);
    }
    PROMISE(import_input(probe, NULL, 0));
    return 0;
}
