/* Where facts come from. Each function adds what it finds to a builder that was initialised and is
 * not finished yet; several may be called on one builder, and the first that knows a fact wins.
 * What a probe looked for and could not tell is set unavailable, with the reason. They fail only
 * when there is nothing to go on at all (no such folder, not this format); then error says why. */
#ifndef MACHINE_PROBE_H
#define MACHINE_PROBE_H

#include <hvcheck/machine.h>
#include <hvcheck/status.h>

#include "base/span.h"
#include "machine/facts.h"

/* probe_offline.c: a mounted or unpacked Windows tree. */
hvc_status hvc_probe_offline(hvc_facts_builder *builder, const hvc_probe_options *options,
                             hvc_error *error);
/* probe_linux.c: the hardware and firmware below this Linux. */
hvc_status hvc_probe_linux(hvc_facts_builder *builder, const hvc_probe_options *options,
                           hvc_error *error);
/* probe_windows.c: the running Windows. */
hvc_status hvc_probe_windows(hvc_facts_builder *builder, const hvc_probe_options *options,
                             hvc_error *error);
/* import_device_guard.c: Win32_DeviceGuard as PowerShell's ConvertTo-Json writes it. */
hvc_status hvc_import_device_guard_json(hvc_facts_builder *builder, hvc_span bytes,
                                        hvc_error *error);
/* import_nfo.c: a saved report of msinfo32. */
hvc_status hvc_import_nfo(hvc_facts_builder *builder, hvc_span bytes, hvc_error *error);

/* capabilities_windows.c: writes results as REG_DWORD below
 * SYSTEM\CurrentControlSet\Control\DeviceGuard\Capabilities of the running Windows. */
hvc_status hvc_write_capabilities(const hvc_capability *list, size_t count, hvc_error *error);

/* rest.c: sets every fact that nobody asked for unavailable. */
void hvc_facts_explain_rest(hvc_facts_builder *builder, const char *why);

/* recognise.c: what a file looks like, cheaply; the import still decides. */
bool hvc_is_device_guard_json(hvc_span bytes);
bool hvc_is_nfo(hvc_span bytes);

#endif
