/* A saved report of System Information (msinfo32): XML of nested categories with rows of cells. The
 * names of its elements for cells, its labels and most values are in the language of Windows. */
#ifndef MACHINE_NFO_H
#define MACHINE_NFO_H

#include <hvcheck/status.h>

#include "base/arena.h"
#include "base/span.h"
#include "machine/facts.h"

typedef struct hvc_nfo_row {
    const char *item, *value;
} hvc_nfo_row;

/* A row of the category System Drivers. */
typedef struct hvc_nfo_driver {
    const char *name, *file, *type, *start_mode; /* "" when the row has no such cell */
} hvc_nfo_driver;

typedef struct hvc_nfo {
    const char *category;    /* the first one: "System Summary" in English */
    const hvc_nfo_row *rows; /* of the first category */
    size_t row_count;
    const hvc_nfo_row *disks; /* rows of Components, Storage, Disks */
    size_t disk_count;
    const hvc_nfo_driver *drivers;
    size_t driver_count;
    /* Environment variables of the system, whose names no language changes; NULL when not there. */
    const char *processor_identifier, *processor_architecture;
} hvc_nfo;

/* Everything lies in the arena. HVC_E_MALFORMED when it is no such report or no well-formed XML,
 * HVC_E_LIMIT. */
hvc_status hvc_nfo_read(hvc_arena *arena, hvc_span bytes, hvc_nfo *ret_nfo, hvc_error *error);

/* Facts from what is the same in every language: the version, UEFI, the processor's variables. */
void hvc_nfo_set_any_language(hvc_facts_builder *builder, const hvc_nfo *nfo);
/* Facts from the lists of disks and drivers, whose words have to be English. */
void hvc_nfo_set_lists(hvc_facts_builder *builder, const hvc_nfo *nfo);

#endif
