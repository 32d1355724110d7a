/* @title   a storage miniport: one function, told apart by its code
 * @calls
 * @tool    lld mingw
 * @opt     O0 O1 O2 Os
 * @libs    ntoskrnl-calls storport
 */
#include "calls.h"

FIXTURE

static void *made, *extension, *request;
#define ADDRESS(n) ((ULONG64)(n))
#define CONTIGUOUS(caching)                                                                        \
    StorPortExtendedFunction(24, extension, (SIZE_T)4096, ADDRESS(0), ADDRESS(0xffffffff),         \
                             ADDRESS(0), caching, 0, &made)
#define FORM "extended|iat"
CALL_EXPECT(cached, "StorPortAllocateContiguousMemorySpecifyCacheNode", "1", "advice", FORM,
            CONTIGUOUS(MmCached))
CALL_EXPECT(uncached, "StorPortAllocateContiguousMemorySpecifyCacheNode", "0", "ok", FORM,
            CONTIGUOUS(MmNonCached))
CALL_EXPECT(combined, "StorPortAllocateContiguousMemorySpecifyCacheNode", "2", "ok", FORM,
            CONTIGUOUS(MmWriteCombined))
CALL_EXPECT(pool, "StorPortAllocatePool", "none", "ok", FORM " optional",
            StorPortExtendedFunction(0, extension, 64, TAG, &made))
CALL_EXPECT(address, "StorPortGetSystemAddress", "none", "ok", FORM " optional",
            StorPortExtendedFunction(5, extension, request, &made))
CALL_EXPECT(buffer, "StorPortGetDataInBufferSystemAddress", "none", "ok", FORM " optional",
            StorPortExtendedFunction(43, extension, request, &made))

/* Functions that matter to nobody, and one that is not known. */
CARRIES(other)
ROOT(other)
{
    KEEP(StorPortExtendedFunction(1, extension, request));
    KEEP(StorPortExtendedFunction(25, extension, (SIZE_T)4096, request, MmCached));
}
