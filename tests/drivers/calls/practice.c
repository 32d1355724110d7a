/* @title   what the practice rules forbid, each with a near miss
 * @calls
 * @tool    lld mingw
 * @opt     O0 O1 O2 Os
 * @libs    ntoskrnl-calls
 */
#include "calls.h"

FIXTURE

typedef ULONG (*CODE)(ULONG value);
static const UCHAR code_bytes[16] = {0xb8, 1, 0, 0, 0, 0xc3};

/* Dynamic code: memory from an allocator is written, and called. */
PRACTICE(calls_pool, "dynamic-code", "found")
EXPECT(calls_pool, "ExAllocatePoolWithTag", "0", "violation", "iat")
ROOT(calls_pool)
{
    volatile UCHAR *memory = ExAllocatePoolWithTag(NonPagedPool, 16, TAG);
    if (memory == 0)
        return;
    for (int i = 0; i < 6; i++)
        memory[i] = code_bytes[i];
    KEEP(((CODE)memory)(3));
}
PRACTICE(calls_pool_inside, "dynamic-code", "found")
EXPECT(calls_pool_inside, "ExAllocatePoolWithTag", "0x200", "ok", "iat")
ROOT(calls_pool_inside)
{
    UCHAR *memory = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG);
    KEEP(((CODE)(memory + 16))(3));
}
PRACTICE(calls_mapping, "dynamic-code", "found")
EXPECT(calls_mapping, "MmMapIoSpaceEx", "0x40", "violation", "iat")
ROOT(calls_mapping)
{
    PHYSICAL_ADDRESS address = {.QuadPart = 0xfee00000};
    void *memory = MmMapIoSpaceEx(address, 4096, PAGE_EXECUTE_READWRITE);
    KEEP(((CODE)memory)(4));
}
/* Near misses: a pointer that lies in such memory is called, or the memory is only passed on. */
PRACTICE(calls_through_pool, "dynamic-code", "none")
EXPECT(calls_through_pool, "ExAllocatePoolWithTag", "0x200", "ok", "iat")
ROOT(calls_through_pool)
{
    CODE volatile *memory = ExAllocatePoolWithTag(NonPagedPoolNx, 16, TAG);
    KEEP((*memory)(3));
}
PRACTICE(passes_pool, "dynamic-code", "none")
EXPECT(passes_pool, "ExAllocatePoolWithTag", "0x200", "ok", "iat")
ROOT(passes_pool)
{
    void *memory = ExAllocatePoolWithTag(NonPagedPoolNx, 16, TAG);
    KEEP(((ULONG(*)(void *))sink)(memory));
}
PRACTICE(calls_unknown, "dynamic-code", "none")
ROOT(calls_unknown)
{
    KEEP(((CODE)sink)(3));
}

/* Code is modified: a store into an executable section. */
ULONG target_of_patch(ULONG value);
APART ULONG target_of_patch(ULONG value)
{
    KEEP(value);
    return value + 1;
}
PRACTICE(patches_code, "code-modification", "found")
ROOT(patches_code)
{
    *(volatile UCHAR *)target_of_patch = 0xc3;
    KEEP(target_of_patch(3));
}
PRACTICE(patches_code_later, "code-modification", "found")
ROOT(patches_code_later)
{
    ((volatile ULONG *)target_of_patch)[2] = (ULONG)sink;
}
static volatile ULONG plain_data[4];
PRACTICE(writes_data, "code-modification", "none")
ROOT(writes_data)
{
    plain_data[2] = (ULONG)sink;
}
PRACTICE(reads_code, "code-modification", "none")
ROOT(reads_code)
{
    KEEP(*(volatile UCHAR *)target_of_patch);
}
/* Write protection is switched off. */
#if defined(__i386__) || defined(__x86_64__)
static inline __attribute__((always_inline)) ULONG_PTR read_cr0(void)
{
    ULONG_PTR value;
    __asm__ volatile("mov %%cr0, %0" : "=r"(value));
    return value;
}
static inline __attribute__((always_inline)) void write_cr0(ULONG_PTR value)
{
    __asm__ volatile("mov %0, %%cr0" ::"r"(value) : "memory");
}
PRACTICE(clears_wp, "code-modification", "found")
ROOT(clears_wp)
{
    write_cr0(read_cr0() & ~(ULONG_PTR)0x10000);
}
PRACTICE(sets_wp, "code-modification", "none")
ROOT(sets_wp)
{
    write_cr0(read_cr0() | 0x10000);
}
PRACTICE(sets_ts, "code-modification", "none")
ROOT(sets_ts)
{
    write_cr0(read_cr0() | 8);
}
#endif
/* Code is mapped once more, to be written there. */
PRACTICE(remaps_code, "code-modification", "found")
EXPECT(remaps_code, "MmMapLockedPagesSpecifyCache", "0x40000010", "ok", "iat")
ROOT(remaps_code)
{
    MDL *mdl = IoAllocateMdl((void *)target_of_patch, 16, 0, 0, 0);
    volatile UCHAR *mapped;
    if (mdl == 0)
        return;
    MmProbeAndLockPages(mdl, KernelMode, 0);
    mapped = MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, 0, 0,
                                          MdlMappingNoExecute | NormalPagePriority);
    if (mapped)
        *mapped = 0xc3;
}
PRACTICE(remaps_data, "code-modification", "none")
EXPECT(remaps_data, "MmMapLockedPagesSpecifyCache", "0x40000010", "ok", "iat")
ROOT(remaps_data)
{
    MDL *mdl = IoAllocateMdl((void *)plain_data, 16, 0, 0, 0);
    volatile UCHAR *mapped;
    if (mdl == 0)
        return;
    MmProbeAndLockPages(mdl, KernelMode, 0);
    mapped = MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, 0, 0,
                                          MdlMappingNoExecute | NormalPagePriority);
    if (mapped)
        *mapped = 0xc3;
}

/* Data is loaded as an image. */
static HANDLE file, section;
static LARGE_INTEGER length;
PRACTICE(image_section, "data-as-code", "found")
EXPECT(image_section, "ZwCreateSection", "2", "ok", "iat")
ROOT(image_section)
{
    KEEP(ZwCreateSection(&section, 0xf001f, 0, &length, PAGE_READONLY, SEC_IMAGE, file));
}
PRACTICE(data_section, "data-as-code", "none")
EXPECT(data_section, "ZwCreateSection", "2", "ok", "iat")
ROOT(data_section)
{
    KEEP(ZwCreateSection(&section, 0xf001f, 0, &length, PAGE_READONLY, SEC_COMMIT, file));
}
/* SEC_IMAGE_NO_EXECUTE has the bit of SEC_IMAGE, and one more. */
PRACTICE(no_execute_section, "data-as-code", "none")
EXPECT(no_execute_section, "ZwCreateSection", "2", "ok", "iat")
ROOT(no_execute_section)
{
    KEEP(ZwCreateSection(&section, 0xf001f, 0, &length, PAGE_READONLY, 0x11000000, file));
}
static ULONG information[8];
PRACTICE(loads_image, "data-as-code", "found")
ROOT(loads_image)
{
    KEEP(ZwSetSystemInformation(38, information, sizeof(information)));
}
PRACTICE(loads_gdi_image, "data-as-code", "found")
ROOT(loads_gdi_image)
{
    KEEP(ZwSetSystemInformation(26, information, sizeof(information)));
}
PRACTICE(sets_other, "data-as-code", "none")
ROOT(sets_other)
{
    KEEP(ZwSetSystemInformation(28, information, sizeof(information)));
}
