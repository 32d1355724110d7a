/* The results of the hardware security test interface: what firmware says of its own protections,
 * as Windows hands it out. Structures of version 1: version, role, name of the implementation, then
 * three sets of bits (required, implemented, verified) and a text of what went wrong. */
#ifndef MACHINE_HSTI_H
#define MACHINE_HSTI_H

#include "machine/facts.h"

/* Sets the four facts of the interface. Whether all tests passed is told only when the blob is,
 * from its first to its last byte, such structures. */
void hvc_facts_set_hsti(hvc_facts_builder *builder, hvc_span blob, const char *source);

#endif
