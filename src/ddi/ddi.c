/* Looking DDIs up, and judging the values of their arguments. */
#include <string.h>

#include "ddi/table.h"

const hvc_ddi *hvc_ddis(size_t *ret_count)
{
    *ret_count = hvc_ddi_count;
    return hvc_ddi_table;
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

/* Orders as the table is sorted: by bytes, capital letters taken as small ones. */
static int compare_names(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) - lower(*b);
}

const hvc_ddi *hvc_ddi_find(const char *name)
{
    size_t low = 0, high = hvc_ddi_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_names(name, hvc_ddi_table[middle].name);

        if (order == 0)
            return &hvc_ddi_table[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* The same as in gen_ddi.py. */
static uint32_t hash_name(hvc_text name)
{
    uint32_t value = hvc_ddi_hash_seed;

    for (size_t i = 0; i < name.size; i++)
        value = (value ^ (unsigned char)name.data[i]) * UINT32_C(0x01000193);
    return value ^ value >> 15;
}

const hvc_ddi *hvc_ddi_of_import(hvc_text name)
{
    if (name.data == NULL)
        return NULL;
    unsigned index = hvc_ddi_hash[hash_name(name) & hvc_ddi_hash_mask];
    if (index == 0)
        return NULL;

    const hvc_ddi *ddi = &hvc_ddi_table[index - 1];
    if (strlen(ddi->name) != name.size || memcmp(ddi->name, name.data, name.size) != 0)
        return NULL;
    return ddi;
}

bool hvc_ddi_violates(const hvc_ddi *ddi, uint64_t value)
{
    switch (ddi->predicate) {
    case HVC_PREDICATE_POOL_TYPE:
        return (value & 0x201) == 0;
    case HVC_PREDICATE_NO_NX_FLAG:
        return (value & 0x200) == 0;
    case HVC_PREDICATE_POOL_EXECUTE:
        return (value & 0x80) != 0;
    case HVC_PREDICATE_PAGE_EXECUTE:
        return (value & 0xf0) != 0;
    case HVC_PREDICATE_NO_EXECUTE_FLAG:
        return (value & 0x40000000) == 0;
    case HVC_PREDICATE_CACHED:
        return value == 1;
    case HVC_PREDICATE_NONE:
    case HVC_PREDICATE_COUNT:
        break;
    }
    return false;
}

const char *hvc_predicate_text(hvc_predicate predicate)
{
    switch (predicate) {
    case HVC_PREDICATE_POOL_TYPE:
        return "(v & 0x201) == 0";
    case HVC_PREDICATE_NO_NX_FLAG:
        return "(v & 0x200) == 0";
    case HVC_PREDICATE_POOL_EXECUTE:
        return "(v & 0x80) != 0";
    case HVC_PREDICATE_PAGE_EXECUTE:
        return "(v & 0xF0) != 0";
    case HVC_PREDICATE_NO_EXECUTE_FLAG:
        return "(v & 0x40000000) == 0";
    case HVC_PREDICATE_CACHED:
        return "v == 1";
    case HVC_PREDICATE_NONE:
    case HVC_PREDICATE_COUNT:
        break;
    }
    return NULL;
}

const char *hvc_ddi_via_name(hvc_ddi_via via)
{
    static const char *const names[HVC_VIA_COUNT] = {
        [HVC_VIA_IMPORT] = "import",
        [HVC_VIA_INLINE] = "inline",
        [HVC_VIA_WDF] = "wdf",
        [HVC_VIA_EXTENDED] = "extended",
        [HVC_VIA_METHOD] = "method",
        [HVC_VIA_INBOUND] = "inbound",
        [HVC_VIA_INTERFACE] = "interface",
        [HVC_VIA_INTERNAL] = "internal",
    };

    return (unsigned)via < HVC_VIA_COUNT ? names[via] : "unknown";
}
