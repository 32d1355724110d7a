/* The registry of the running Windows, as an hvc_registry. */
#ifndef MACHINE_REGISTRY_WINDOWS_H
#define MACHINE_REGISTRY_WINDOWS_H

#include "machine/registry.h"

hvc_registry hvc_zones_registry(void);

#endif
