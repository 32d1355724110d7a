/* A machine: which probe looks at it, which reader reads what was recorded of it. */
#include "machine/machine.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "machine/probe.h"

static hvc_status new_machine(const char *host, const char *label, hvc_machine **ret_machine,
                              hvc_error *error)
{
    hvc_machine *machine = calloc(1, sizeof(*machine));
    if (machine == NULL)
        return hvc_fail_memory(error);
    hvc_facts_init(&machine->builder, host, label);
    *ret_machine = machine;
    return HVC_OK;
}

/* Ends the making of a machine: it is handed out, or goes. */
static hvc_status finish(hvc_machine *machine, hvc_status status, hvc_machine **ret_machine,
                         hvc_error *error)
{
    if (status == HVC_OK) {
        status = hvc_facts_finish(&machine->builder);
        if (status != HVC_OK)
            hvc_fail(error, status, "%s", hvc_status_text(status));
    }
    if (status == HVC_OK)
        *ret_machine = machine;
    else
        hvc_machine_free(machine);
    return status;
}

/* A build has the probe of its own system; the other ones say that they are not there. */
static hvc_status probe_here(hvc_facts_builder *builder, const hvc_probe_options *options,
                             hvc_error *error)
{
    hvc_status status = hvc_probe_windows(builder, options, error);
    if (status == HVC_OK)
        builder->facts.host = "windows";
    if (status == HVC_E_UNSUPPORTED)
        status = hvc_probe_linux(builder, options, error);
    return status;
}

hvc_status hvc_machine_probe(const hvc_probe_options *options, hvc_machine **ret_machine,
                             hvc_error *error)
{
    static const hvc_probe_options nothing = {NULL, NULL, false};
    if (options == NULL)
        options = &nothing;
    const char *label = options->root != NULL      ? options->root
                        : options->sysroot != NULL ? options->sysroot
                                                   : "this machine";
    hvc_machine *machine = NULL;
    hvc_status status =
        new_machine(options->root != NULL ? "offline" : "linux", label, &machine, error);
    if (status != HVC_OK)
        return status;
    if (options->root != NULL)
        status = hvc_probe_offline(&machine->builder, options, error);
    if (status == HVC_OK && options->sysroot != NULL)
        status = hvc_probe_linux(&machine->builder, options, error);
    if (options->root == NULL && options->sysroot == NULL)
        status = probe_here(&machine->builder, options, error);
    return finish(machine, status, ret_machine, error);
}

/* UTF-16 is how msinfo32 writes, and how PowerShell writes into a file. */
static bool looks_like_json(hvc_span bytes)
{
    for (size_t i = 0; i < bytes.size && i < 16; i++) {
        if (bytes.data[i] == '{' || bytes.data[i] == '[')
            return true;
        if (bytes.data[i] == '<')
            return false;
    }
    return false;
}

/* Whether word stands near the beginning, in UTF-8 or in either order of UTF-16. */
static bool contains(hvc_span bytes, const char *word)
{
    size_t size = strlen(word);
    size_t end = bytes.size < 4096 ? bytes.size : 4096;
    for (size_t width = 1; width <= 2; width++) {
        for (size_t i = 0; i + width * (size - 1) < end; i++) {
            size_t same = 0;
            while (same < size && bytes.data[i + width * same] == (uint8_t)word[same] &&
                   (width == 1 || same == 0 || bytes.data[i + 2 * same - 1] == 0))
                same++;
            if (same == size)
                return true;
        }
    }
    return false;
}

hvc_status hvc_machine_read(const void *bytes, size_t size, const char *label,
                            hvc_machine **ret_machine, hvc_error *error)
{
    const hvc_span span = {bytes, size};
    hvc_machine *machine = NULL;
    hvc_status status = new_machine("imported", label, &machine, error);
    if (status != HVC_OK)
        return status;
    if (!looks_like_json(span))
        status = hvc_import_nfo(&machine->builder, span, error);
    else if (contains(span, "\"document\""))
        status = hvc_import_facts(&machine->builder, span, error);
    else
        status = hvc_import_device_guard_json(&machine->builder, span, error);
    return finish(machine, status, ret_machine, error);
}

const hvc_facts *hvc_machine_facts(const hvc_machine *machine)
{
    return &machine->builder.facts;
}

void hvc_machine_free(hvc_machine *machine)
{
    if (machine == NULL)
        return;
    hvc_facts_free(&machine->builder);
    free(machine);
}
