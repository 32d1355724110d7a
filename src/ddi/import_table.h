/* The table of import facts that tools/gen_imports.py generates from data/imports.tsv. */
#ifndef DDI_IMPORT_TABLE_H
#define DDI_IMPORT_TABLE_H

#include <stddef.h>

#include "ddi/import_facts.h"

/* Sorted by name, as bytes. */
extern const hvc_import_facts hvc_import_table[];
extern const size_t hvc_import_count;

#endif
