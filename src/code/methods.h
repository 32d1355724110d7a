/* Impacted functions that are methods of an object, which no import names. Inside src only. */
#ifndef CODE_METHODS_H
#define CODE_METHODS_H

#include <hvcheck/ddi.h>

#include "pe/image.h"

/* Whether the image can have an object with the method ddi (via HVC_VIA_METHOD): it imports
 * PcNewPort, through which each such object comes, and holds what the object is asked for by.
 * Costs a pass over the image's bytes where PcNewPort is imported. */
bool hvc_may_have_method(const hvc_image *image, const hvc_ddi *ddi);

/* The same of any impacted method. */
bool hvc_may_have_methods(const hvc_image *image);

#endif
