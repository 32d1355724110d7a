/* @title   every function that takes a type of pool, with good and with bad ones
 * @calls
 * @tool    lld mingw
 * @opt     O0 O1 O2 Os
 * @libs    ntoskrnl-calls clfs mcd hidparse portcls fltmgr-calls videoprt ndis
 */
#include "calls.h"

FIXTURE

#define P NonPagedPool
#define N NonPagedPoolNx
#define G PagedPool

CALL_EXPECT(pool_bad, "ExAllocatePool", "0", "violation", "iat", ExAllocatePool(P, 16))
CALL_EXPECT(pool_nx, "ExAllocatePool", "0x200", "ok", "iat", ExAllocatePool(N, 16))
CALL_EXPECT(pool_paged, "ExAllocatePool", "1", "ok", "iat", ExAllocatePool(G, 16))
CALL_EXPECT(quota_bad, "ExAllocatePoolWithQuota", "8", "violation", "iat",
            ExAllocatePoolWithQuota(8, 16))
CALL_EXPECT(quota_good, "ExAllocatePoolWithQuota", "0x208", "ok", "iat",
            ExAllocatePoolWithQuota(N | 8, 16))
CALL_EXPECT(quota_tag_bad, "ExAllocatePoolWithQuotaTag", "0", "violation", "iat",
            ExAllocatePoolWithQuotaTag(P, 16, TAG))
CALL_EXPECT(quota_tag_good, "ExAllocatePoolWithQuotaTag", "0x200", "ok", "iat",
            ExAllocatePoolWithQuotaTag(N, 16, TAG))
CALL_EXPECT(tag_bad, "ExAllocatePoolWithTag", "0", "violation", "iat",
            ExAllocatePoolWithTag(P, 16, TAG))
CALL_EXPECT(tag_good, "ExAllocatePoolWithTag", "0x200", "ok", "iat",
            ExAllocatePoolWithTag(N, 16, TAG))
CALL_EXPECT(tag_priority_bad, "ExAllocatePoolWithTagPriority", "0", "violation", "iat",
            ExAllocatePoolWithTagPriority(P, 16, TAG, 0))
CALL_EXPECT(tag_priority_good, "ExAllocatePoolWithTagPriority", "0x200", "ok", "iat",
            ExAllocatePoolWithTagPriority(N, 16, TAG, 32))

/* All the values of the enumeration. */
#define TYPES(value, judgement)                                                                    \
    CALL_EXPECT(type_##value, "ExAllocatePoolWithTag", #value, judgement, "iat written=-",         \
                ExAllocatePoolWithTag(value, 32, TAG))
TYPES(2, "violation") /* NonPagedPoolMustSucceed */
TYPES(3, "ok")
TYPES(4, "violation")  /* NonPagedPoolCacheAligned */
TYPES(5, "ok")         /* PagedPoolCacheAligned */
TYPES(6, "violation")  /* NonPagedPoolCacheAlignedMustS */
TYPES(32, "violation") /* NonPagedPoolSession */
TYPES(33, "ok")
TYPES(36, "violation")
TYPES(38, "violation")
TYPES(516, "ok")       /* NonPagedPoolNxCacheAligned */
TYPES(544, "ok")       /* NonPagedPoolSessionNx */
TYPES(16, "violation") /* POOL_RAISE_IF_ALLOCATION_FAILURE */
TYPES(17, "ok")

/* The inline forms of the headers, by what they expand to. */
#define ExAllocatePoolZero(type, size, tag)                                                        \
    ExAllocatePoolWithTag((type) | POOL_ZERO_ALLOCATION, size, tag)
#define ExAllocatePoolQuotaZero(type, size, tag)                                                   \
    ExAllocatePoolWithQuotaTag((type) | POOL_ZERO_ALLOCATION, size, tag)
#define ExAllocatePoolPriorityZero(type, size, tag, priority)                                      \
    ExAllocatePoolWithTagPriority((type) | POOL_ZERO_ALLOCATION, size, tag, priority)
CALL_EXPECT(zero_bad, "ExAllocatePoolWithTag", "0x400", "violation",
            "iat written=ExAllocatePoolZero", ExAllocatePoolZero(P, 16, TAG))
CALL_EXPECT(zero_good, "ExAllocatePoolWithTag", "0x600", "ok", "iat written=ExAllocatePoolZero",
            ExAllocatePoolZero(N, 16, TAG))
CALL_EXPECT(zero_paged, "ExAllocatePoolWithTag", "0x401", "ok", "iat written=ExAllocatePoolZero",
            ExAllocatePoolZero(G, 16, TAG))
CALL_EXPECT(quota_zero_bad, "ExAllocatePoolWithQuotaTag", "0x400", "violation",
            "iat written=ExAllocatePoolQuotaZero", ExAllocatePoolQuotaZero(P, 16, TAG))
CALL_EXPECT(quota_zero_good, "ExAllocatePoolWithQuotaTag", "0x600", "ok",
            "iat written=ExAllocatePoolQuotaZero", ExAllocatePoolQuotaZero(N, 16, TAG))
CALL_EXPECT(priority_zero_bad, "ExAllocatePoolWithTagPriority", "0x400", "violation",
            "iat written=ExAllocatePoolPriorityZero", ExAllocatePoolPriorityZero(P, 16, TAG, 0))
CALL_EXPECT(priority_zero_good, "ExAllocatePoolWithTagPriority", "0x600", "ok",
            "iat written=ExAllocatePoolPriorityZero", ExAllocatePoolPriorityZero(N, 16, TAG, 0))

/* Flags instead of types. */
CALL_EXPECT(pool2_bad, "ExAllocatePool2", "0x80", "violation", "iat",
            ExAllocatePool2(POOL_FLAG_NON_PAGED_EXECUTE, 16, TAG))
CALL_EXPECT(pool2_good, "ExAllocatePool2", "0x40", "ok", "iat",
            ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, TAG))
CALL_EXPECT(pool2_paged, "ExAllocatePool2", "0x102", "ok", "iat",
            ExAllocatePool2(POOL_FLAG_PAGED | 2, 16, TAG))
CALL_EXPECT(pool2_both, "ExAllocatePool2", "0xc0", "violation", "iat",
            ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE, 16, TAG))
CALL_EXPECT(pool3_bad, "ExAllocatePool3", "0x82", "violation", "iat",
            ExAllocatePool3(POOL_FLAG_NON_PAGED_EXECUTE | 2, 16, TAG, 0, 0))
CALL_EXPECT(pool3_good, "ExAllocatePool3", "0x42", "ok", "iat",
            ExAllocatePool3(POOL_FLAG_NON_PAGED | 2, 16, TAG, 0, 0))

/* No result: the call itself is all. */
static ULONG_PTR list[32];
#define DO(...) (__VA_ARGS__, 0)
CALL_EXPECT(lookaside_bad, "ExInitializeNPagedLookasideList", "0", "violation", "iat",
            DO(ExInitializeNPagedLookasideList(list, 0, 0, 0, 64, TAG, 0)))
CALL_EXPECT(lookaside_raise_bad, "ExInitializeNPagedLookasideList", "0x10", "violation", "iat",
            DO(ExInitializeNPagedLookasideList(list, 0, 0, 0x10, 64, TAG, 0)))
CALL_EXPECT(lookaside_good, "ExInitializeNPagedLookasideList", "0x200", "ok", "iat",
            DO(ExInitializeNPagedLookasideList(list, 0, 0, POOL_NX_ALLOCATION, 64, TAG, 0)))
CALL_EXPECT(lookaside_raise_good, "ExInitializeNPagedLookasideList", "0x210", "ok", "iat",
            DO(ExInitializeNPagedLookasideList(list, 0, 0, POOL_NX_ALLOCATION | 0x10, 64, TAG, 0)))
CALL_EXPECT(lookaside_ex_bad, "ExInitializeLookasideListEx", "0", "violation", "iat",
            ExInitializeLookasideListEx(list, 0, 0, P, 0x200, 64, TAG, 0))
CALL_EXPECT(lookaside_ex_good, "ExInitializeLookasideListEx", "0x200", "ok", "iat",
            ExInitializeLookasideListEx(list, 0, 0, N, 0, 64, TAG, 0))
CALL_EXPECT(lookaside_ex_paged, "ExInitializeLookasideListEx", "1", "ok", "iat",
            ExInitializeLookasideListEx(list, 0, 0, G, 0, 64, TAG, 0))

CALL_EXPECT(rundown_bad, "ExAllocateCacheAwareRundownProtection", "0", "violation", "iat",
            ExAllocateCacheAwareRundownProtection(P, TAG))
CALL_EXPECT(rundown_good, "ExAllocateCacheAwareRundownProtection", "0x200", "ok", "iat",
            ExAllocateCacheAwareRundownProtection(N, TAG))
CALL_EXPECT(fsrtl_bad, "FsRtlAllocatePoolWithTag", "0", "violation", "iat",
            FsRtlAllocatePoolWithTag(P, 16, TAG))
CALL_EXPECT(fsrtl_good, "FsRtlAllocatePoolWithTag", "0x200", "ok", "iat",
            FsRtlAllocatePoolWithTag(N, 16, TAG))
CALL_EXPECT(fsrtl_quota_bad, "FsRtlAllocatePoolWithQuotaTag", "0", "violation", "iat",
            FsRtlAllocatePoolWithQuotaTag(P, 16, TAG))
CALL_EXPECT(fsrtl_quota_good, "FsRtlAllocatePoolWithQuotaTag", "1", "ok", "iat",
            FsRtlAllocatePoolWithQuotaTag(G, 16, TAG))
CALL_EXPECT(push_lock_bad, "FsRtlAllocateAePushLock", "0", "violation", "iat",
            FsRtlAllocateAePushLock(P, TAG))
CALL_EXPECT(push_lock_good, "FsRtlAllocateAePushLock", "0x200", "ok", "iat",
            FsRtlAllocateAePushLock(N, TAG))

/* No counter catches these. */
static void *made;
CALL_EXPECT(assign_pool, "SeAssignSecurity", "0", "advice", "iat",
            SeAssignSecurity(0, 0, &made, 0, 0, 0, P))
CALL_EXPECT(assign_paged, "SeAssignSecurity", "1", "ok", "iat",
            SeAssignSecurity(0, 0, &made, 0, 0, 0, G))
CALL_EXPECT(assign_ex_pool, "SeAssignSecurityEx", "0", "advice", "iat",
            SeAssignSecurityEx(0, 0, &made, 0, 1, 2, 0, 0, P))
CALL_EXPECT(assign_ex_paged, "SeAssignSecurityEx", "0x200", "ok", "iat",
            SeAssignSecurityEx(0, 0, &made, 0, 1, 2, 0, 0, N))
CALL_EXPECT(collection_pool, "HidP_GetCollectionDescription", "0", "advice", "iat",
            HidP_GetCollectionDescription(&list, 64, P, &list))
CALL_EXPECT(collection_good, "HidP_GetCollectionDescription", "0x200", "ok", "iat",
            HidP_GetCollectionDescription(&list, 64, N, &list))

/* Other modules. */
CALL_EXPECT(area_bad, "ClfsCreateMarshallingArea", "0", "violation", "iat",
            ClfsCreateMarshallingArea(&list, P, 0, 0, 4096, 1, 1, &made))
CALL_EXPECT(area_good, "ClfsCreateMarshallingArea", "0x200", "ok", "iat",
            ClfsCreateMarshallingArea(&list, N, 0, 0, 4096, 1, 1, &made))
CALL_EXPECT(area_ex_bad, "ClfsCreateMarshallingAreaEx", "0", "violation", "iat",
            ClfsCreateMarshallingAreaEx(&list, P, 0, 0, 4096, 1, 1, 0, 0, &made))
CALL_EXPECT(area_ex_good, "ClfsCreateMarshallingAreaEx", "1", "ok", "iat",
            ClfsCreateMarshallingAreaEx(&list, G, 0, 0, 4096, 1, 1, 0, 0, &made))
CALL_EXPECT(changer_bad, "ChangerClassAllocatePool", "0", "violation", "iat",
            ChangerClassAllocatePool(P, 64))
CALL_EXPECT(changer_good, "ChangerClassAllocatePool", "0x200", "ok", "iat",
            ChangerClassAllocatePool(N, 64))
CALL_EXPECT(dma_bad, "PcNewDmaChannel", "0", "violation", "iat",
            PcNewDmaChannel(&made, 0, P, &list, &list))
CALL_EXPECT(dma_good, "PcNewDmaChannel", "0x200", "ok", "iat",
            PcNewDmaChannel(&made, 0, N, &list, &list))
CALL_EXPECT(resources_bad, "PcNewResourceList", "0", "violation", "iat",
            PcNewResourceList(&made, 0, P, &list, &list))
CALL_EXPECT(resources_good, "PcNewResourceList", "1", "ok", "iat",
            PcNewResourceList(&made, 0, G, &list, &list))
CALL_EXPECT(sublist_bad, "PcNewResourceSublist", "0", "violation", "iat",
            PcNewResourceSublist(&made, 0, P, &list, 3))
CALL_EXPECT(sublist_good, "PcNewResourceSublist", "0x200", "ok", "iat",
            PcNewResourceSublist(&made, 0, N, &list, 3))
CALL_EXPECT(aligned_bad, "FltAllocatePoolAlignedWithTag", "4", "violation", "iat",
            FltAllocatePoolAlignedWithTag(&list, 4, 64, TAG))
CALL_EXPECT(aligned_good, "FltAllocatePoolAlignedWithTag", "0x204", "ok", "iat",
            FltAllocatePoolAlignedWithTag(&list, N | 4, 64, TAG))
CALL_EXPECT(context_bad, "FltAllocateContext", "0", "violation", "iat",
            FltAllocateContext(&list, 2, 64, P, &made))
CALL_EXPECT(context_good, "FltAllocateContext", "1", "ok", "iat",
            FltAllocateContext(&list, 2, 64, G, &made))
CALL_EXPECT(video_bad, "VideoPortAllocatePool", "4", "violation", "iat",
            VideoPortAllocatePool(&list, 4, 64, TAG))
CALL_EXPECT(video_good, "VideoPortAllocatePool", "5", "ok", "iat",
            VideoPortAllocatePool(&list, 5, 64, TAG))
CALL_EXPECT(ndis_memory, "NdisAllocateMemoryWithTagPriority", "none", "ok", "iat optional",
            NdisAllocateMemoryWithTagPriority(list, 64, TAG, 0))
