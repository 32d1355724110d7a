/* What POOL_NX_OPTIN makes of a driver: the constants become variables, which ExInitializeDriverRuntime
 * sets. The source says before it includes this what a load of them must be found to be. */
#include "calls.h"

ULONG ExDefaultNonPagedPoolType, ExDefaultMdlProtection;
volatile ULONG_PTR sink;
static ULONG_PTR list[32];
MDL *mdl;

CALL_EXPECT(opted_pool, "ExAllocatePoolWithTag", OPTED_POOL, OPTED, "iat",
            ExAllocatePoolWithTag(ExDefaultNonPagedPoolType, 24, TAG))
CALL_EXPECT(opted_quota, "ExAllocatePoolWithQuotaTag", OPTED_QUOTA, OPTED, "iat",
            ExAllocatePoolWithQuotaTag(ExDefaultNonPagedPoolType | 8, 24, TAG))
CALL_EXPECT(opted_lookaside, "ExInitializeNPagedLookasideList", OPTED_POOL, OPTED, "iat",
            (ExInitializeNPagedLookasideList(list, 0, 0, ExDefaultNonPagedPoolType, 24, TAG, 0), 0))
CALL_EXPECT(opted_map, "MmMapLockedPagesSpecifyCache", OPTED_MAP, OPTED, "iat",
            MmMapLockedPagesSpecifyCache(mdl, 0, 1, 0, 0, ExDefaultMdlProtection | 0x10))
CALL_EXPECT(opted_select, "ExAllocatePoolWithTag", OPTED_SELECT, OPTED_MIXED, "iat",
            ExAllocatePoolWithTag((ULONG)sink ? ExDefaultNonPagedPoolType : PagedPool, 24, TAG))
EXPECT(opted_wrapped, "ExAllocatePoolWithTag", OPTED_POOL, OPTED, "iat")
void *opted_wrapped(ULONG type);
APART void *opted_wrapped(ULONG type)
{
    void *memory = ExAllocatePoolWithTag(type, 24, TAG);
    KEEP(memory);
    return memory;
}
ROOT(opted_wrapped_root)
{
    KEEP(opted_wrapped(ExDefaultNonPagedPoolType));
}

/* Constants stay what they are, opted in or not. */
CALL_EXPECT(literal_bad, "ExAllocatePoolWithTag", "0", "violation", "iat",
            ExAllocatePoolWithTag(NonPagedPool, 24, TAG))
CALL_EXPECT(literal_good, "ExAllocatePoolWithTag", "0x200", "ok", "iat",
            ExAllocatePoolWithTag(NonPagedPoolNx, 24, TAG))
CALL_EXPECT(literal_map_bad, "MmMapLockedPagesSpecifyCache", "0x10", "violation", "iat",
            MmMapLockedPagesSpecifyCache(mdl, 0, 1, 0, 0, 0x10))
CALL_EXPECT(literal_map_good, "MmMapLockedPagesSpecifyCache", "0x40000010", "ok", "iat",
            MmMapLockedPagesSpecifyCache(mdl, 0, 1, 0, 0, 0x40000010))

/* What ExInitializeDriverRuntime does. */
static inline __attribute__((always_inline)) void set_defaults(void)
{
    ExDefaultNonPagedPoolType = NonPagedPoolNx;
    ExDefaultMdlProtection = MdlMappingNoExecute;
}
static inline __attribute__((always_inline)) void set_defaults_by_version(void)
{
    OSVERSIONINFOW version;
    version.Size = sizeof(version);
    if (NT_SUCCESS(RtlGetVersion(&version)) &&
        (version.Major > 6 || (version.Major == 6 && version.Minor >= 2)))
        set_defaults();
}
