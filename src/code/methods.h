/* Impacted functions that are methods of an object, which no import names. Inside src only. */
#ifndef CODE_METHODS_H
#define CODE_METHODS_H

#include <hvcheck/ddi.h>

#include "pe/image.h"

/* What an object is, as far as the identifier that it was asked for by tells. */
typedef enum hvc_object {
    HVC_OBJECT_UNKNOWN,
    HVC_OBJECT_BASE,  /* the beginning of its table is IPort's or IUnknown's: it may be any of them
                       */
    HVC_OBJECT_OTHER, /* one without an impacted method */
    HVC_OBJECT_PORT_WAVE_PCI,
    HVC_OBJECT_PORTCLS_NOTIFICATIONS,
} hvc_object;

/* The object that PcNewPort makes when it is given the class identifier at address, or, when not
 * by_class, that QueryInterface gives for the interface identifier there. Read-only data only. */
hvc_object hvc_object_named(const hvc_image *image, uint64_t address, bool by_class);

/* Whether ddi (via HVC_VIA_METHOD) is a method of object. */
bool hvc_object_has(hvc_object object, const hvc_ddi *ddi);

/* Whether the image can have an object with the method ddi (via HVC_VIA_METHOD): it imports
 * PcNewPort, through which each such object comes, and holds what the object is asked for by.
 * Costs a pass over the image's bytes where PcNewPort is imported. */
bool hvc_may_have_method(const hvc_image *image, const hvc_ddi *ddi);

/* The same of any impacted method. */
bool hvc_may_have_methods(const hvc_image *image);

#endif
