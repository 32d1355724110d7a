/* The hardware and firmware below a Linux, in the meaning that Windows gives these facts, so that a
 * machine can be judged before Windows is installed on it. */
#include <unistd.h>

#include "base/error.h"
#include "machine/linux_probe.h"
#include "machine/probe.h"

void hvc_linux_unavailable(hvc_linux_probe *probe, hvc_fact_id fact, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *why = hvc_arena_vprintf(probe->tree.arena, format, args);
    va_end(args);
    if (why != NULL)
        hvc_fact_set_unavailable(probe->builder, fact, why);
}

hvc_status hvc_probe_linux(hvc_facts_builder *builder, const hvc_probe_options *options,
                           hvc_error *error)
{
    hvc_arena arena = HVC_ARENA_INIT;
    hvc_linux_probe probe = {.builder = builder,
                             .live = options == NULL || options->sysroot == NULL};
    hvc_status status =
        hvc_linux_tree_open(&arena, probe.live ? NULL : options->sysroot, &probe.tree, error);
    if (status != HVC_OK)
        return status;
    if (!hvc_linux_tree_exists(&probe.tree, "/proc") &&
        !hvc_linux_tree_exists(&probe.tree, "/sys")) {
        status = hvc_fail(error, HVC_E_IO, "it has neither /proc nor /sys");
    } else {
        if (probe.live)
            hvc_fact_set_bool(builder, HVC_FACT_OS_ADMIN, geteuid() == 0, "geteuid");
        hvc_linux_cpu(&probe);
        hvc_linux_firmware(&probe);
        hvc_linux_devices(&probe);
        hvc_facts_explain_rest(builder, "this is Linux: only Windows knows it");
        if (arena.failed || builder->arena.failed)
            status = hvc_fail_memory(error);
    }
    hvc_linux_tree_close(&probe.tree);
    hvc_arena_free(&arena);
    return status;
}
