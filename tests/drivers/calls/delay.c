/* @title   calls of functions of a module that is loaded at the first call
 * @calls
 * @opt     O0 O1 O2 Os
 * @libs    ntoskrnl-calls fltmgr-calls mcd
 * @lld     /delayload:fltmgr.sys /delayload:mcd.sys
 */
#include "calls.h"

FIXTURE

/* What the linker's stubs call. It would have to load the module; this one never runs. */
void *NTAPI __delayLoadHelper2(const void *descriptor, void **slot);
void *NTAPI __delayLoadHelper2(const void *descriptor, void **slot)
{
    (void)descriptor;
    return *slot;
}

static void *context;
#define FORM "delay-import"
CALL_EXPECT(delayed_bad, "FltAllocatePoolAlignedWithTag", "0", "violation", FORM,
            FltAllocatePoolAlignedWithTag(0, NonPagedPool, 64, TAG))
CALL_EXPECT(delayed_good, "FltAllocatePoolAlignedWithTag", "0x200", "ok", FORM,
            FltAllocatePoolAlignedWithTag(0, NonPagedPoolNx, 64, TAG))
CALL_EXPECT(delayed_context_bad, "FltAllocateContext", "4", "violation", FORM,
            FltAllocateContext(0, 2, 64, 4, &context))
CALL_EXPECT(delayed_context_good, "FltAllocateContext", "1", "ok", FORM,
            FltAllocateContext(0, 2, 64, PagedPool, &context))
CALL_EXPECT(delayed_changer_bad, "ChangerClassAllocatePool", "0", "violation", FORM,
            ChangerClassAllocatePool(NonPagedPool, 64))
CALL_EXPECT(delayed_changer_good, "ChangerClassAllocatePool", "0x200", "ok", FORM,
            ChangerClassAllocatePool(NonPagedPoolNx, 64))
CALL_EXPECT(bound_bad, "ExAllocatePool", "0", "violation", "iat", ExAllocatePool(NonPagedPool, 8))
CALL_EXPECT(bound_good, "ExAllocatePool", "1", "ok", "iat", ExAllocatePool(PagedPool, 8))
