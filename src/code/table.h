/* Constant tables that code reads with an index: jump tables, lookup tables. */
#ifndef CODE_TABLE_H
#define CODE_TABLE_H

#include "code/value.h"
#include "pe/image.h"

enum { HVC_TABLE_INDICES = 1024 };

/* The numbers that an index can be: all from 0 to its bound, or what the table holds that it comes
 * from. False when it has no bound, or one that only its width gives. */
bool hvc_table_indices(const hvc_image *image, const hvc_values *values, hvc_value_id index,
                       uint16_t list[HVC_TABLE_INDICES], size_t *ret_count);
/* The RVA where a table that cannot change begins; false when it may. */
bool hvc_table_begin(const hvc_image *image, const hvc_values *values, const hvc_term *table,
                     uint32_t *ret_rva);
/* One entry of it, extended as the term says. */
bool hvc_table_read(const hvc_image *image, const hvc_term *table, uint32_t rva, uint64_t index,
                    uint64_t *ret_number);

#endif
