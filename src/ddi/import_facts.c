/* Looking up what a call of a kernel function leaves behind. */
#include <string.h>

#include "ddi/import_table.h"

/* Orders as strcmp() does, for a name that need not end in NUL and may contain one. */
static int compare_names(hvc_text name, const char *other)
{
    size_t size = strlen(other);
    int order = memcmp(name.data, other, name.size < size ? name.size : size);
    if (order != 0 || name.size == size)
        return order;
    return name.size < size ? -1 : 1;
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
