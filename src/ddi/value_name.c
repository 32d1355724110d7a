/* What the headers call the values of deciding arguments. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <hvcheck/ddi.h>

typedef struct named {
    uint64_t value;
    const char *name;
} named;

/* How values of a kind are put together: one enumerator from the bits that are no flags, then
 * flags. */
typedef struct value_names {
    const char *type;
    const named *enumerators; /* NULL: flags only */
    size_t enumerator_count;
    const named *flags;
    size_t flag_count;
    uint64_t shared; /* flags that are also a part of enumerators */
} value_names;

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const named pool_types[] = {
    {0, "NonPagedPool"},
    {1, "PagedPool"},
    {2, "NonPagedPoolMustSucceed"},
    {3, "DontUseThisType"},
    {4, "NonPagedPoolCacheAligned"},
    {5, "PagedPoolCacheAligned"},
    {6, "NonPagedPoolCacheAlignedMustS"},
    {7, "MaxPoolType"},
    {32, "NonPagedPoolSession"},
    {33, "PagedPoolSession"},
    {34, "NonPagedPoolMustSucceedSession"},
    {35, "DontUseThisTypeSession"},
    {36, "NonPagedPoolCacheAlignedSession"},
    {37, "PagedPoolCacheAlignedSession"},
    {38, "NonPagedPoolCacheAlignedMustSSession"},
    {512, "NonPagedPoolNx"},
    {516, "NonPagedPoolNxCacheAligned"},
    {544, "NonPagedPoolSessionNx"},
};
static const named pool_type_flags[] = {
    {0x8, "POOL_QUOTA_FAIL_INSTEAD_OF_RAISE"}, {0x10, "POOL_RAISE_IF_ALLOCATION_FAILURE"},
    {0x100, "POOL_COLD_ALLOCATION"},           {0x200, "POOL_NX_ALLOCATION"},
    {0x400, "POOL_ZERO_ALLOCATION"},
};
static const named pool_flags[] = {
    {0x1, "POOL_FLAG_USE_QUOTA"},   {0x2, "POOL_FLAG_UNINITIALIZED"},
    {0x4, "POOL_FLAG_SESSION"},     {0x8, "POOL_FLAG_CACHE_ALIGNED"},
    {0x10, "POOL_FLAG_RESERVED1"},  {0x20, "POOL_FLAG_RAISE_ON_FAILURE"},
    {0x40, "POOL_FLAG_NON_PAGED"},  {0x80, "POOL_FLAG_NON_PAGED_EXECUTE"},
    {0x100, "POOL_FLAG_PAGED"},     {0x200, "POOL_FLAG_RESERVED2"},
    {0x400, "POOL_FLAG_RESERVED3"}, {UINT64_C(0x100000000), "POOL_FLAG_SPECIAL_POOL"},
};
static const named lookaside_flags[] = {
    {0x10, "POOL_RAISE_IF_ALLOCATION_FAILURE"},
    {0x200, "POOL_NX_ALLOCATION"},
};
static const named page_flags[] = {
    {0x1, "PAGE_NOACCESS"},
    {0x2, "PAGE_READONLY"},
    {0x4, "PAGE_READWRITE"},
    {0x8, "PAGE_WRITECOPY"},
    {0x10, "PAGE_EXECUTE"},
    {0x20, "PAGE_EXECUTE_READ"},
    {0x40, "PAGE_EXECUTE_READWRITE"},
    {0x80, "PAGE_EXECUTE_WRITECOPY"},
    {0x100, "PAGE_GUARD"},
    {0x200, "PAGE_NOCACHE"},
    {0x400, "PAGE_WRITECOMBINE"},
    {0x800, "PAGE_GRAPHICS_NOACCESS"},
    {0x1000, "PAGE_GRAPHICS_READONLY"},
    {0x2000, "PAGE_GRAPHICS_READWRITE"},
    {0x4000, "PAGE_GRAPHICS_EXECUTE"},
    {0x8000, "PAGE_GRAPHICS_EXECUTE_READ"},
    {0x10000, "PAGE_GRAPHICS_EXECUTE_READWRITE"},
    {0x20000, "PAGE_GRAPHICS_COHERENT"},
    {0x40000, "PAGE_GRAPHICS_NOCACHE"},
    {0x40000000, "PAGE_TARGETS_INVALID"},
    {0x80000000, "PAGE_REVERT_TO_FILE_MAP"},
};
static const named page_priorities[] = {
    {0, "LowPagePriority"},
    {16, "NormalPagePriority"},
    {32, "HighPagePriority"},
};
static const named page_priority_flags[] = {
    {0x20000000, "MdlMappingWithGuardPtes"},
    {0x40000000, "MdlMappingNoExecute"},
    {0x80000000, "MdlMappingNoWrite"},
};
static const named caching_types[] = {
    {0, "MmNonCached"},          {1, "MmCached"},
    {2, "MmWriteCombined"},      {3, "MmHardwareCoherentCached"},
    {4, "MmNonCachedUnordered"}, {5, "MmUSWCCached"},
    {6, "MmMaximumCacheType"},   {UINT32_MAX, "MmNotMapped"},
};
static const named vp_pool_types[] = {
    {0, "VpNonPagedPool"},
    {1, "VpPagedPool"},
    {4, "VpNonPagedPoolCacheAligned"},
    {5, "VpPagedPoolCacheAligned"},
};

#define FLAGS(name)       NULL, 0, name, COUNT(name), 0
#define ENUMERATORS(name) name, COUNT(name), NULL, 0, 0

static const value_names kinds[HVC_VALUE_COUNT] = {
    [HVC_VALUE_NONE] = {"none", NULL, 0, NULL, 0, 0},
    [HVC_VALUE_POOL_TYPE] = {"POOL_TYPE", pool_types, COUNT(pool_types), pool_type_flags,
                             COUNT(pool_type_flags), 0x200},
    [HVC_VALUE_POOL_FLAGS] = {"POOL_FLAGS", FLAGS(pool_flags)},
    [HVC_VALUE_LOOKASIDE_FLAGS] = {"LOOKASIDE_FLAGS", FLAGS(lookaside_flags)},
    [HVC_VALUE_PAGE_PROTECTION] = {"PAGE_PROTECTION", FLAGS(page_flags)},
    [HVC_VALUE_PAGE_PRIORITY] = {"MM_PAGE_PRIORITY", page_priorities, COUNT(page_priorities),
                                 page_priority_flags, COUNT(page_priority_flags), 0},
    [HVC_VALUE_CACHING_TYPE] = {"MEMORY_CACHING_TYPE", ENUMERATORS(caching_types)},
    [HVC_VALUE_VP_POOL_TYPE] = {"VP_POOL_TYPE", ENUMERATORS(vp_pool_types)},
};

/* The text as far as it fits, and how long it would be. */
typedef struct output {
    char *buffer;
    size_t size, length;
} output;

static void put(output *out, const char *text)
{
    size_t length = strlen(text);

    if (out->length + 1 < out->size) {
        size_t room = out->size - 1 - out->length;
        memcpy(out->buffer + out->length, text, length < room ? length : room);
    }
    out->length += length;
}

static void put_part(output *out, const char *text)
{
    if (out->length > 0)
        put(out, " | ");
    put(out, text);
}

static void put_number(output *out, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "0x%" PRIX64, value);
    put_part(out, text);
}

static const char *enumerator(const value_names *names, uint64_t value)
{
    for (size_t i = 0; i < names->enumerator_count; i++) {
        if (names->enumerators[i].value == value)
            return names->enumerators[i].name;
    }
    return NULL;
}

/* Writes the enumerator that is left when the flags are taken off, and returns those flags. Where
 * taking off fewer flags leaves an enumerator too, that one wins: NonPagedPoolNx, and not
 * NonPagedPool | POOL_NX_ALLOCATION. */
static uint64_t put_enumerator(output *out, const value_names *names, uint64_t value)
{
    uint64_t all = 0;

    for (size_t i = 0; i < names->flag_count; i++)
        all |= names->flags[i].value;

    uint64_t flags = value & all;
    const char *name = enumerator(names, value & ~(flags & ~names->shared));
    if (name != NULL) {
        put(out, name);
        return flags & ~names->shared;
    }
    name = enumerator(names, value & ~flags);
    if (name != NULL)
        put(out, name);
    else
        put_number(out, value & ~flags);
    return flags;
}

static void put_value(output *out, const value_names *names, uint64_t value)
{
    uint64_t flags = value;

    if (names->enumerators != NULL)
        flags = put_enumerator(out, names, value);
    else if (value == 0)
        put(out, "0");
    for (size_t i = 0; i < names->flag_count; i++) {
        if ((flags & names->flags[i].value) != 0) {
            put_part(out, names->flags[i].name);
            flags &= ~names->flags[i].value;
        }
    }
    if (flags != 0)
        put_number(out, flags);
}

const char *hvc_value_kind_name(hvc_value_kind kind)
{
    return (unsigned)kind < HVC_VALUE_COUNT ? kinds[kind].type : "unknown";
}

size_t hvc_value_name(hvc_value_kind kind, uint64_t value, char *buffer, size_t size)
{
    output out = {buffer, size, 0};

    if (kind == HVC_VALUE_NONE || (unsigned)kind >= HVC_VALUE_COUNT)
        put_number(&out, value);
    else
        put_value(&out, &kinds[kind], value);
    if (size > 0)
        buffer[out.length < size ? out.length : size - 1] = '\0';
    return out.length;
}
