/* The running Windows: its own interfaces, each asked for what it alone or it best knows. */
#include <stdlib.h>

#include "base/error.h"
#include "base/support_windows.h"
#include "machine/probe.h"
#include "machine/probe_windows.h"

const char *hvc_zones_string(hvc_arena *arena, const wchar_t *text, size_t length)
{
    char *utf8 = hvc_utf8(text, length);
    const char *copy = utf8 != NULL ? hvc_arena_strdup(arena, utf8) : NULL;
    if (copy == NULL)
        arena->failed = true;
    free(utf8);
    return copy != NULL ? copy : "";
}

hvc_zones_function hvc_zones_resolve(const wchar_t *library, const char *name)
{
    HMODULE module = LoadLibraryExW(library, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    return module != NULL ? (hvc_zones_function)GetProcAddress(module, name) : NULL;
}

const char *hvc_zones_why(hvc_arena *arena, const char *what, unsigned long code)
{
    char text[256];
    const char *why =
        hvc_arena_printf(arena, "%s: %s", what, hvc_zones_text(code, text, sizeof(text)));
    return why != NULL ? why : what;
}

static void name_machine(hvc_facts_builder *builder)
{
    wchar_t name[256];
    DWORD size = sizeof(name) / sizeof(*name);
    if (GetComputerNameExW(ComputerNamePhysicalDnsHostname, name, &size) && size > 0)
        builder->facts.label = hvc_zones_string(&builder->arena, name, size);
}

hvc_status hvc_probe_windows(hvc_facts_builder *builder, const hvc_probe_options *options,
                             hvc_error *error)
{
    builder->facts.host = "windows";
    name_machine(builder);
    hvc_zones_wmi(builder);
    hvc_zones_os(builder);
    hvc_zones_processor(builder);
    hvc_zones_system(builder);
    hvc_zones_firmware(builder);
    hvc_zones_verifier(builder, options != NULL && options->with_verifier);
    hvc_zones_keys(builder);
    hvc_zones_services(builder);
    hvc_fact_set_unavailable(builder, HVC_FACT_IOMMU_GROUPS, "only Linux counts them");
    hvc_facts_explain_rest(builder, "Windows does not tell it");
    return builder->arena.failed ? hvc_fail_memory(error) : HVC_OK;
}
