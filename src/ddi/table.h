/* The table of DDIs that tools/gen_ddi.py generates from data/ddi/. */
#ifndef DDI_TABLE_H
#define DDI_TABLE_H

#include <hvcheck/ddi.h>

/* Sorted by name, without regard to case. */
extern const hvc_ddi hvc_ddi_table[];
extern const size_t hvc_ddi_count;

/* A perfect hash of the names that are imported: index in hvc_ddi_table plus 1, 0 for none. */
extern const uint32_t hvc_ddi_hash_seed, hvc_ddi_hash_mask;
extern const uint16_t hvc_ddi_hash[];

#endif
