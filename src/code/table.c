#include "code/table.h"

bool hvc_table_begin(const hvc_image *image, const hvc_values *values, const hvc_term *table,
                     uint32_t *ret_rva)
{
    uint64_t base;
    if (!hvc_value_is_const(values, table->a, &base) || !hvc_image_rva_of(image, base, ret_rva))
        return false;
    const hvc_section *section = hvc_image_section_at(image, *ret_rva);
    return section != NULL && (section->characteristics & HVC_SCN_MEM_WRITE) == 0;
}

bool hvc_table_read(const hvc_image *image, const hvc_term *table, uint32_t rva, uint64_t index,
                    uint64_t *ret_number)
{
    uint8_t bytes[8] = {0};
    uint64_t at = rva + index * table->scale;
    if (index > UINT32_MAX || at > UINT32_MAX ||
        !hvc_image_read(image, (uint32_t)at, bytes, table->size))
        return false;
    *ret_number = hvc_le64(bytes);
    if (table->sign)
        *ret_number = hvc_alu_compute(HVC_ALU_SIGN_EXTEND, *ret_number, 8u * table->size, 8);
    return true;
}

static bool range_indices(const hvc_term *index, uint16_t list[HVC_TABLE_INDICES],
                          size_t *ret_count)
{
    if (index->kind != HVC_TERM_RANGE || index->number >= HVC_TABLE_INDICES ||
        index->number == UINT8_MAX)
        return false;
    for (uint64_t i = 0; i <= index->number; i++)
        list[i] = (uint16_t)i;
    *ret_count = (size_t)index->number + 1;
    return true;
}

bool hvc_table_indices(const hvc_image *image, const hvc_values *values, hvc_value_id index,
                       uint16_t list[HVC_TABLE_INDICES], size_t *ret_count)
{
    const hvc_term *term = hvc_term_of(values, index);
    uint32_t rva;
    size_t count, kept = 0;
    if (term->kind != HVC_TERM_TABLE)
        return range_indices(term, list, ret_count);
    if (term->sign || term->scale < term->size || !hvc_table_begin(image, values, term, &rva) ||
        !range_indices(hvc_term_of(values, term->b), list, &count))
        return false;
    /* The indices of that table are 0 to count - 1: list can be filled anew. */
    for (size_t i = 0; i < count; i++) {
        uint64_t number;
        if (!hvc_table_read(image, term, rva, i, &number) || number >= HVC_TABLE_INDICES)
            return false;
        size_t known = 0;
        while (known < kept && list[known] != number)
            known++;
        if (known == kept)
            list[kept++] = (uint16_t)number;
    }
    *ret_count = kept;
    return true;
}
