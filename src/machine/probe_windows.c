/* The running Windows: its own interfaces, each asked for what it alone or it best knows. */
#include <stdlib.h>

#include "base/error.h"
#include "base/support_windows.h"
#include "machine/probe.h"
#include "machine/probe_windows.h"

const char *hvc_windows_string(hvc_arena *arena, const wchar_t *text, size_t length)
{
    char *utf8 = hvc_utf8(text, length);
    const char *copy = utf8 != NULL ? hvc_arena_strdup(arena, utf8) : NULL;
    if (copy == NULL)
        arena->failed = true;
    free(utf8);
    return copy != NULL ? copy : "";
}

hvc_windows_function hvc_windows_resolve(const wchar_t *library, const char *name)
{
    HMODULE module = LoadLibraryExW(library, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    return module != NULL ? (hvc_windows_function)GetProcAddress(module, name) : NULL;
}

const char *hvc_windows_why(hvc_arena *arena, const char *what, unsigned long code)
{
    char text[256];
    const char *why =
        hvc_arena_printf(arena, "%s: %s", what, hvc_windows_text(code, text, sizeof(text)));
    return why != NULL ? why : what;
}

static void name_machine(hvc_facts_builder *builder)
{
    wchar_t name[256];
    DWORD size = sizeof(name) / sizeof(*name);
    if (GetComputerNameExW(ComputerNamePhysicalDnsHostname, name, &size) && size > 0)
        builder->facts.label = hvc_windows_string(&builder->arena, name, size);
}

hvc_status hvc_probe_windows(hvc_facts_builder *builder, const hvc_probe_options *options,
                             hvc_error *error)
{
    builder->facts.host = "windows";
    name_machine(builder);
    hvc_windows_wmi(builder);
    hvc_windows_os(builder);
    hvc_windows_processor(builder);
    hvc_windows_system(builder);
    hvc_windows_firmware(builder);
    hvc_windows_verifier(builder, options != NULL && options->with_verifier);
    hvc_windows_keys(builder);
    hvc_windows_services(builder);
    hvc_fact_set_unavailable(builder, HVC_FACT_IOMMU_GROUPS, "only Linux counts them");
    hvc_facts_explain_rest(builder, "Windows does not tell it");
    return builder->arena.failed ? hvc_fail_memory(error) : HVC_OK;
}
