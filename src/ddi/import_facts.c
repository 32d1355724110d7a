/* Looking up what a call of a kernel function leaves behind. */
#include "ddi/import_table.h"

/* Orders as strcmp() does, for a name that need not end in NUL and may contain one. Names differ
 * early: this is faster than finding out how long they are. */
static int compare_names(hvc_text name, const char *other)
{
    for (size_t i = 0; i < name.size; i++) {
        if (other[i] == 0)
            return 1;
        if (name.data[i] != other[i])
            return (unsigned char)name.data[i] < (unsigned char)other[i] ? -1 : 1;
    }
    return other[name.size] == 0 ? 0 : -1;
}

const hvc_import_facts *hvc_import_facts_of(hvc_text name)
{
    size_t low = 0, high = hvc_import_count;

    if (name.data == NULL || name.size == 0)
        return NULL;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_names(name, hvc_import_table[middle].name);

        if (order == 0)
            return &hvc_import_table[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
