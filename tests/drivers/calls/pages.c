/* @title   every function that takes a protection, a mapping's priority or a caching type
 * @calls
 * @tool    lld mingw
 * @opt     O0 O1 O2 Os
 * @libs    ntoskrnl-calls
 */
#include "calls.h"

FIXTURE

static HANDLE handle;
static void *memory;
static SIZE_T size;
static LARGE_INTEGER offset;
static ULONG old;
MDL *mdl;
#define ADDRESS(n) ((PHYSICAL_ADDRESS){.QuadPart = n})
#define LOW        ADDRESS(0)
#define HIGH       ADDRESS(0xffffffff)
#define RW         PAGE_READWRITE
#define RWX        PAGE_EXECUTE_READWRITE

/* Protections */
CALL_EXPECT(node_bad, "MmAllocateContiguousNodeMemory", "0x40", "violation", "iat",
            MmAllocateContiguousNodeMemory(4096, LOW, HIGH, LOW, RWX, 0))
CALL_EXPECT(node_good, "MmAllocateContiguousNodeMemory", "4", "ok", "iat",
            MmAllocateContiguousNodeMemory(4096, LOW, HIGH, LOW, RW, 0))
CALL_EXPECT(contiguous_ex_bad, "MmAllocateContiguousMemoryEx", "0x40", "violation", "iat",
            MmAllocateContiguousMemoryEx(&size, LOW, HIGH, LOW, 1, RWX, 0, TAG, 0, &memory))
CALL_EXPECT(contiguous_ex_good, "MmAllocateContiguousMemoryEx", "0x204", "ok", "iat",
            MmAllocateContiguousMemoryEx(&size, LOW, HIGH, LOW, 1, RW | PAGE_NOCACHE, 0, TAG, 0,
                                         &memory))
CALL_EXPECT(io_bad, "MmMapIoSpaceEx", "0x40", "violation", "iat", MmMapIoSpaceEx(HIGH, 4096, RWX))
CALL_EXPECT(io_nocache_bad, "MmMapIoSpaceEx", "0x220", "violation", "iat",
            MmMapIoSpaceEx(HIGH, 4096, PAGE_EXECUTE_READ | PAGE_NOCACHE))
CALL_EXPECT(io_good, "MmMapIoSpaceEx", "0x204", "ok", "iat",
            MmMapIoSpaceEx(HIGH, 4096, RW | PAGE_NOCACHE))
CALL_EXPECT(map_mdl_bad, "MmMapMdl", "0x20", "violation", "iat",
            MmMapMdl(mdl, PAGE_EXECUTE_READ, 0, 0))
CALL_EXPECT(map_mdl_good, "MmMapMdl", "2", "ok", "iat", MmMapMdl(mdl, PAGE_READONLY, 0, 0))
CALL_EXPECT(protect_bad, "MmProtectMdlSystemAddress", "0x40", "violation", "iat",
            MmProtectMdlSystemAddress(mdl, RWX))
CALL_EXPECT(protect_execute_bad, "MmProtectMdlSystemAddress", "0x10", "violation", "iat",
            MmProtectMdlSystemAddress(mdl, PAGE_EXECUTE))
CALL_EXPECT(protect_good, "MmProtectMdlSystemAddress", "2", "ok", "iat",
            MmProtectMdlSystemAddress(mdl, PAGE_READONLY))
CALL_EXPECT(protect_guard_good, "MmProtectMdlSystemAddress", "0x104", "ok", "iat",
            MmProtectMdlSystemAddress(mdl, RW | 0x100))
CALL_EXPECT(set_page_bad, "MmSetPageProtection", "0x20", "violation", "iat",
            MmSetPageProtection(memory, 4096, PAGE_EXECUTE_READ))
CALL_EXPECT(set_page_good, "MmSetPageProtection", "4", "ok", "iat",
            MmSetPageProtection(memory, 4096, RW))
CALL_EXPECT(virtual_bad, "ZwAllocateVirtualMemory", "0x40", "violation", "iat",
            ZwAllocateVirtualMemory((HANDLE)-1, &memory, 0, &size, 0x3000, RWX))
CALL_EXPECT(virtual_good, "ZwAllocateVirtualMemory", "4", "ok", "iat",
            ZwAllocateVirtualMemory((HANDLE)-1, &memory, 0, &size, 0x3000, RW))
CALL_EXPECT(virtual_protect_bad, "ZwProtectVirtualMemory", "0x80", "violation", "iat",
            ZwProtectVirtualMemory((HANDLE)-1, &memory, &size, PAGE_EXECUTE_WRITECOPY, &old))
CALL_EXPECT(virtual_protect_good, "ZwProtectVirtualMemory", "2", "ok", "iat",
            ZwProtectVirtualMemory((HANDLE)-1, &memory, &size, PAGE_READONLY, &old))
CALL_EXPECT(zw_section_bad, "ZwCreateSection", "0x40", "violation", "iat",
            ZwCreateSection(&handle, 0xf001f, 0, &offset, RWX, SEC_COMMIT, 0))
CALL_EXPECT(zw_section_good, "ZwCreateSection", "4", "ok", "iat",
            ZwCreateSection(&handle, 0xf001f, 0, &offset, RW, SEC_COMMIT, 0))
CALL_EXPECT(nt_section_bad, "NtCreateSection", "0x20", "violation", "iat",
            NtCreateSection(&handle, 0xf001f, 0, &offset, PAGE_EXECUTE_READ, SEC_COMMIT, 0))
CALL_EXPECT(nt_section_good, "NtCreateSection", "2", "ok", "iat",
            NtCreateSection(&handle, 0xf001f, 0, &offset, PAGE_READONLY, SEC_COMMIT, 0))
CALL_EXPECT(mm_section_bad, "MmCreateSection", "0x40", "violation", "iat",
            MmCreateSection(&memory, 0xf001f, 0, &offset, RWX, SEC_COMMIT, 0, 0))
CALL_EXPECT(mm_section_good, "MmCreateSection", "4", "ok", "iat",
            MmCreateSection(&memory, 0xf001f, 0, &offset, RW, SEC_COMMIT, 0, 0))
CALL_EXPECT(zw_view_bad, "ZwMapViewOfSection", "0x40", "violation", "iat",
            ZwMapViewOfSection(handle, (HANDLE)-1, &memory, 0, 0, &offset, &size, 2, 0x20, RWX))
CALL_EXPECT(zw_view_good, "ZwMapViewOfSection", "4", "ok", "iat",
            ZwMapViewOfSection(handle, (HANDLE)-1, &memory, 0, 0, &offset, &size, 2, 0x40, RW))
CALL_EXPECT(nt_view_bad, "NtMapViewOfSection", "0x10", "violation", "iat",
            NtMapViewOfSection(handle, (HANDLE)-1, &memory, 0, 0, &offset, &size, 2, 4,
                               PAGE_EXECUTE))
CALL_EXPECT(nt_view_good, "NtMapViewOfSection", "2", "ok", "iat",
            NtMapViewOfSection(handle, (HANDLE)-1, &memory, 0, 0, &offset, &size, 2, 0x40,
                               PAGE_READONLY))
CALL_EXPECT(mm_view_bad, "MmMapViewOfSection", "0x40", "violation", "iat",
            MmMapViewOfSection(memory, memory, &memory, 0, 0, &offset, &size, 2, 4, RWX))
CALL_EXPECT(mm_view_good, "MmMapViewOfSection", "4", "ok", "iat",
            MmMapViewOfSection(memory, memory, &memory, 0, 0, &offset, &size, 2, 0x40, RW))

/* Mappings */
#define MAP(mode, priority) MmMapLockedPagesSpecifyCache(mdl, mode, MmCached, 0, 1, priority)
CALL_EXPECT(map_bad, "MmMapLockedPagesSpecifyCache", "0x10", "violation", "iat written=-",
            MAP(KernelMode, NormalPagePriority))
CALL_EXPECT(map_high_bad, "MmMapLockedPagesSpecifyCache", "0x20", "violation", "iat written=-",
            MAP(KernelMode, HighPagePriority))
CALL_EXPECT(map_no_write_bad, "MmMapLockedPagesSpecifyCache", "0x80000010", "violation",
            "iat written=-", MAP(KernelMode, MdlMappingNoWrite | NormalPagePriority))
CALL_EXPECT(map_good, "MmMapLockedPagesSpecifyCache", "0x40000010", "ok", "iat written=-",
            MAP(KernelMode, MdlMappingNoExecute | NormalPagePriority))
CALL_EXPECT(map_high_good, "MmMapLockedPagesSpecifyCache", "0x40000020", "ok", "iat written=-",
            MAP(KernelMode, MdlMappingNoExecute | HighPagePriority))
CALL_EXPECT(map_no_write_good, "MmMapLockedPagesSpecifyCache", "0xc0000010", "ok", "iat written=-",
            MAP(KernelMode, MdlMappingNoExecute | MdlMappingNoWrite | NormalPagePriority))
CALL_EXPECT(map_user, "MmMapLockedPagesSpecifyCache", "0x10", "violation", "iat harmless",
            MAP(UserMode, NormalPagePriority))
CALL_EXPECT(map_user_good, "MmMapLockedPagesSpecifyCache", "0x40000010", "ok", "iat",
            MAP(UserMode, MdlMappingNoExecute | NormalPagePriority))

/* A mode that is not known is not harmless. */
EXPECT(map_some_mode, "MmMapLockedPagesSpecifyCache", "0x10", "violation", "iat")
ROOT(map_some_mode)
{
    KEEP(MAP((UCHAR)sink & 1, NormalPagePriority));
}

/* The inline form of the headers. */
typedef struct REAL_MDL {
    void *Next;
    USHORT Size, MdlFlags;
    void *Process, *MappedSystemVa, *StartVa;
    ULONG ByteCount, ByteOffset;
} REAL_MDL;
#define INLINE static inline __attribute__((always_inline))
INLINE void *MmGetSystemAddressForMdlSafe(MDL *which, ULONG priority)
{
    REAL_MDL *real = (REAL_MDL *)which;
    if (real->MdlFlags & 5)
        return real->MappedSystemVa;
    return MmMapLockedPagesSpecifyCache(which, KernelMode, MmCached, 0, 0, priority);
}
CALL_EXPECT(safe_bad, "MmMapLockedPagesSpecifyCache", "0x10", "violation",
            "iat written=MmGetSystemAddressForMdlSafe",
            MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority))
CALL_EXPECT(safe_good, "MmMapLockedPagesSpecifyCache", "0x40000010", "ok",
            "iat written=MmGetSystemAddressForMdlSafe",
            MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority | MdlMappingNoExecute))
CALL_EXPECT(safe_low_bad, "MmMapLockedPagesSpecifyCache", "0", "violation",
            "iat written=MmGetSystemAddressForMdlSafe", MmGetSystemAddressForMdlSafe(mdl, 0))
CALL_EXPECT(safe_low_good, "MmMapLockedPagesSpecifyCache", "0x40000000", "ok",
            "iat written=MmGetSystemAddressForMdlSafe",
            MmGetSystemAddressForMdlSafe(mdl, MdlMappingNoExecute))

/* Caching types: no counter catches them. */
CALL_EXPECT(cache_cached, "MmAllocateContiguousMemorySpecifyCache", "1", "advice", "iat",
            MmAllocateContiguousMemorySpecifyCache(4096, LOW, HIGH, LOW, MmCached))
CALL_EXPECT(cache_uncached, "MmAllocateContiguousMemorySpecifyCache", "0", "ok", "iat",
            MmAllocateContiguousMemorySpecifyCache(4096, LOW, HIGH, LOW, MmNonCached))
CALL_EXPECT(cache_combined, "MmAllocateContiguousMemorySpecifyCache", "2", "ok", "iat",
            MmAllocateContiguousMemorySpecifyCache(4096, LOW, HIGH, LOW, MmWriteCombined))
CALL_EXPECT(cache_node_cached, "MmAllocateContiguousMemorySpecifyCacheNode", "1", "advice", "iat",
            MmAllocateContiguousMemorySpecifyCacheNode(4096, LOW, HIGH, LOW, MmCached, 0))
CALL_EXPECT(cache_node_uncached, "MmAllocateContiguousMemorySpecifyCacheNode", "0", "ok", "iat",
            MmAllocateContiguousMemorySpecifyCacheNode(4096, LOW, HIGH, LOW, MmNonCached, 0))

/* Nothing to set. */
CALL_EXPECT(contiguous, "MmAllocateContiguousMemory", "none", "advice", "iat",
            MmAllocateContiguousMemory(4096, HIGH))
CALL_EXPECT(io_space, "MmMapIoSpace", "none", "advice", "iat",
            MmMapIoSpace(HIGH, 4096, MmNonCached))
CALL_EXPECT(locked_pages, "MmMapLockedPages", "none", "advice", "iat",
            MmMapLockedPages(mdl, KernelMode))
CALL_EXPECT(copy_memory, "MmCopyMemory", "none", "ok", "iat optional",
            MmCopyMemory(memory, memory, 64, 2, &size))
