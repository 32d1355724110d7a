/* Fixtures of call sites: what each call must be found to be stands beside the call.
 *
 * One function holds one expectation. CALL_EXPECT defines a whole function around a call; EXPECT stands
 * before the definition of one that needs more than an expression. Both take
 *
 *   function   its name: the linker's map says where it is in the image; - for an import that no code
 *              refers to
 *   ddi        the function of the kernel that is called, as the report names it
 *   values     what the deciding argument can be, the same for every toolchain, level and architecture:
 *                "0x200" or "0, 0x200"   exactly these
 *                "0x200 or open"         the same, but the analysis may leave it open
 *                "0x200 or open on mingw-x86 O0"   for these builds: a toolchain, an architecture, a level,
 *                                         lld-x64 or lld-x64-O1
 *                "has 0x200"             these and others
 *                "open parameter"        not known, and why: a word of the reason, or * for any
 *                "none"                  no argument decides
 *   judgement  ok, violation, possible, undetermined, advice; several joined by | when any will do
 *   form       how it is called, several joined by |; iat stands for every way that takes the pointer
 *              from the import table: import, hoisted, tail. Then, after blanks:
 *                written=NAME   the inline function that the programmer wrote; written=- none
 *                harmless       a user-mode mapping
 *                sites=N        the calls in the function, where the toolchains agree on it
 *                optional       the site need not be reported
 *                unexamined     calls in the function cannot be counted from outside
 *
 * ROOT begins a function that is called from outside: a table in the image holds its address.
 * PRACTICE(function, rule, judgement) expects a finding of a rule in a function: possible, certain, or
 * none where there must not be one.
 * DRIVER(key, values) expects a field of the driver's report, one of values joined by |; of a field that
 * ends in _why a part.
 * CARRIES(function) names a function that refers to an import without calling it itself.
 *
 * With CALLS_LISTING the preprocessor's output holds the expectations for the build to read. */
#ifndef CALLS_H
#define CALLS_H

#include "../kernel.h"

#if defined(CALLS_LISTING)
#define EXPECT(function, ddi, values, judgement, form)                                             \
    @expect #function, ddi, values, judgement, form, __LINE__ @
#define PRACTICE(function, rule, judgement) @practice #function, rule, judgement, __LINE__ @
#define CARRIES(function)                   @carries #function, __LINE__ @
#define DRIVER(key, value)                  @driver key, value, __LINE__ @
#define LIST_ROOT(function)                 @root #function, __LINE__ @
#else
#define EXPECT(function, ddi, values, judgement, form)
#define PRACTICE(function, rule, judgement)
#define CARRIES(function)
#define DRIVER(key, value)
#define LIST_ROOT(function)
#endif

#if defined(__clang__)
#define APART __attribute__((noinline))
#else
#define APART __attribute__((noinline, noclone))
#endif

#define ROOT(function)                                                                             \
    LIST_ROOT(function)                                                                            \
    void function(void);                                                                           \
    static void (*const root_##function)(void) __attribute__((used, section(".calls"))) =          \
        function;                                                                                  \
    APART void function(void)

/* Results go somewhere that the compiler cannot see through. */
extern volatile ULONG_PTR sink;
#define KEEP(expression) (sink = (ULONG_PTR)(expression))

/* A place that control may arrive at: the image has its address. 32-bit code takes such a place for the
 * beginning of another function, and what is open behind it shows in front of it. */
#if defined(_WIN64)
#define ENTERED_POINTER ".balign 8\n\t.quad 1b"
#define ENTERED_WHY     "open control"
#else
#define ENTERED_POINTER ".balign 4\n\t.long 1b"
#define ENTERED_WHY     "open *"
#endif
#define ENTERED                                                                                    \
    __asm__ volatile("1:\n\t.section .rdata,\"dr\"\n\t" ENTERED_POINTER "\n\t.text" ::: "memory")

#define CALL_EXPECT(function, ddi, values, judgement, form, ...)                                   \
    EXPECT(function, ddi, values, judgement, form)                                                 \
    ROOT(function)                                                                                 \
    {                                                                                              \
        KEEP(__VA_ARGS__);                                                                         \
    }

/* Once in each fixture: where results go, and the entry point. */
#define FIXTURE                                                                                    \
    volatile ULONG_PTR sink;                                                                       \
    NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)                        \
    {                                                                                              \
        (void)driver;                                                                              \
        (void)path;                                                                                \
        return (NTSTATUS)sink;                                                                     \
    }

enum {
    NonPagedPool = 0,
    PagedPool = 1,
    NonPagedPoolNx = 512,
    POOL_NX_ALLOCATION = 512,
    POOL_ZERO_ALLOCATION = 0x400,
    PAGE_READONLY = 2,
    PAGE_READWRITE = 4,
    PAGE_EXECUTE = 0x10,
    PAGE_EXECUTE_READ = 0x20,
    PAGE_EXECUTE_READWRITE = 0x40,
    PAGE_EXECUTE_WRITECOPY = 0x80,
    PAGE_NOCACHE = 0x200,
    SEC_IMAGE = 0x1000000,
    SEC_COMMIT = 0x8000000,
    MmNonCached = 0,
    MmCached = 1,
    MmWriteCombined = 2,
    KernelMode = 0,
    UserMode = 1,
    NormalPagePriority = 16,
    HighPagePriority = 32,
    MdlMappingNoExecute = 0x40000000,
    TAG = 0x746c6143,
};
#define POOL_FLAG_NON_PAGED         0x40ull
#define POOL_FLAG_NON_PAGED_EXECUTE 0x80ull
#define POOL_FLAG_PAGED             0x100ull
#define MdlMappingNoWrite           0x80000000u

typedef struct OSVERSIONINFOW {
    ULONG Size, Major, Minor, Build, Platform;
    WCHAR ServicePack[128];
} OSVERSIONINFOW;

/* ntoskrnl.exe */
IMPORT void *NTAPI ExAllocatePoolWithQuota(ULONG type, SIZE_T size);
IMPORT void *NTAPI ExAllocatePoolWithQuotaTag(ULONG type, SIZE_T size, ULONG tag);
IMPORT void *NTAPI ExAllocatePoolWithTagPriority(ULONG type, SIZE_T size, ULONG tag,
                                                 ULONG priority);
IMPORT void *NTAPI ExAllocatePool3(ULONG64 flags, SIZE_T size, ULONG tag, void *more, ULONG count);
IMPORT void NTAPI ExInitializeNPagedLookasideList(void *list, void *allocate, void *release,
                                                  ULONG flags, SIZE_T size, ULONG tag,
                                                  USHORT depth);
IMPORT NTSTATUS NTAPI ExInitializeLookasideListEx(void *list, void *allocate, void *release,
                                                  ULONG type, ULONG flags, SIZE_T size, ULONG tag,
                                                  USHORT depth);
IMPORT void *NTAPI ExAllocateCacheAwareRundownProtection(ULONG type, ULONG tag);
IMPORT void *NTAPI FsRtlAllocatePoolWithTag(ULONG type, SIZE_T size, ULONG tag);
IMPORT void *NTAPI FsRtlAllocatePoolWithQuotaTag(ULONG type, SIZE_T size, ULONG tag);
IMPORT void *NTAPI FsRtlAllocateAePushLock(ULONG type, ULONG tag);
IMPORT NTSTATUS NTAPI SeAssignSecurity(void *parent, void *own, void **made, UCHAR folder,
                                       void *context, void *mapping, ULONG type);
IMPORT NTSTATUS NTAPI SeAssignSecurityEx(void *parent, void *own, void **made, void *object,
                                         UCHAR folder, ULONG flags, void *context, void *mapping,
                                         ULONG type);
IMPORT void *NTAPI MmAllocateContiguousMemorySpecifyCache(SIZE_T size, PHYSICAL_ADDRESS lowest,
                                                          PHYSICAL_ADDRESS highest,
                                                          PHYSICAL_ADDRESS boundary, ULONG caching);
IMPORT void *NTAPI MmAllocateContiguousMemorySpecifyCacheNode(SIZE_T size, PHYSICAL_ADDRESS lowest,
                                                              PHYSICAL_ADDRESS highest,
                                                              PHYSICAL_ADDRESS boundary,
                                                              ULONG caching, ULONG node);
IMPORT void *NTAPI MmAllocateContiguousNodeMemory(SIZE_T size, PHYSICAL_ADDRESS lowest,
                                                  PHYSICAL_ADDRESS highest,
                                                  PHYSICAL_ADDRESS boundary, ULONG protection,
                                                  ULONG node);
IMPORT NTSTATUS NTAPI MmAllocateContiguousMemoryEx(SIZE_T *size, PHYSICAL_ADDRESS lowest,
                                                   PHYSICAL_ADDRESS highest,
                                                   PHYSICAL_ADDRESS boundary, ULONG node,
                                                   ULONG protection, void *partition, ULONG tag,
                                                   ULONG flags, void **memory);
IMPORT void *NTAPI MmMapIoSpaceEx(PHYSICAL_ADDRESS address, SIZE_T size, ULONG protection);
IMPORT void *NTAPI MmMapMdl(MDL *mdl, ULONG protection, void *routine, void *context);
IMPORT NTSTATUS NTAPI MmSetPageProtection(void *address, SIZE_T size, ULONG protection);
IMPORT NTSTATUS NTAPI ZwAllocateVirtualMemory(HANDLE process, void **base, ULONG_PTR zero_bits,
                                              SIZE_T *size, ULONG type, ULONG protection);
IMPORT NTSTATUS NTAPI ZwProtectVirtualMemory(HANDLE process, void **base, SIZE_T *size,
                                             ULONG protection, ULONG *old);
IMPORT NTSTATUS NTAPI NtCreateSection(HANDLE *section, ULONG access, void *attributes,
                                      LARGE_INTEGER *size, ULONG protection, ULONG allocation,
                                      HANDLE file);
IMPORT NTSTATUS NTAPI ZwMapViewOfSection(HANDLE section, HANDLE process, void **base,
                                         ULONG_PTR zero_bits, SIZE_T commit, LARGE_INTEGER *offset,
                                         SIZE_T *size, ULONG inherit, ULONG type, ULONG protection);
IMPORT NTSTATUS NTAPI NtMapViewOfSection(HANDLE section, HANDLE process, void **base,
                                         ULONG_PTR zero_bits, SIZE_T commit, LARGE_INTEGER *offset,
                                         SIZE_T *size, ULONG inherit, ULONG type, ULONG protection);
IMPORT NTSTATUS NTAPI MmCreateSection(void **section, ULONG access, void *attributes,
                                      LARGE_INTEGER *size, ULONG protection, ULONG allocation,
                                      HANDLE file, void *object);
IMPORT NTSTATUS NTAPI MmMapViewOfSection(void *section, void *process, void **base,
                                         ULONG_PTR zero_bits, SIZE_T commit, LARGE_INTEGER *offset,
                                         SIZE_T *size, ULONG inherit, ULONG type, ULONG protection);
IMPORT NTSTATUS NTAPI ZwSetSystemInformation(ULONG class, void *data, ULONG size);
IMPORT MDL *NTAPI IoAllocateMdl(void *address, ULONG size, ULONG secondary, ULONG quota, void *irp);
IMPORT void NTAPI MmProbeAndLockPages(MDL *mdl, ULONG mode, ULONG operation);
IMPORT void NTAPI MmBuildMdlForNonPagedPool(MDL *mdl);
IMPORT NTSTATUS NTAPI RtlGetVersion(OSVERSIONINFOW *version);
IMPORT UCHAR NTAPI PsGetVersion(ULONG *major, ULONG *minor, ULONG *build, UNICODE_STRING *pack);
IMPORT UCHAR NTAPI RtlIsNtDdiVersionAvailable(ULONG version);
IMPORT ULONG NTAPI KeGetCurrentProcessorNumberEx(void *number);
IMPORT NTSTATUS NTAPI ZwOpenFile(HANDLE *file, ULONG access, void *attributes, void *status,
                                 ULONG share, ULONG options);

/* clfs.sys, mcd.sys, fltmgr.sys, hidparse.sys, portcls.sys, storport.sys */
IMPORT NTSTATUS NTAPI ClfsCreateMarshallingArea(void *log, ULONG type, void *allocate,
                                                void *release, ULONG size, ULONG writes,
                                                ULONG reads, void **area);
IMPORT NTSTATUS NTAPI ClfsCreateMarshallingAreaEx(void *log, ULONG type, void *allocate,
                                                  void *release, ULONG size, ULONG writes,
                                                  ULONG reads, ULONG alignment, ULONG64 flags,
                                                  void **area);
IMPORT void *NTAPI ChangerClassAllocatePool(ULONG type, ULONG size);
IMPORT NTSTATUS NTAPI FltAllocateContext(void *filter, USHORT kind, SIZE_T size, ULONG type,
                                         void **context);
IMPORT NTSTATUS NTAPI HidP_GetCollectionDescription(void *report, ULONG size, ULONG type,
                                                    void *description);
IMPORT NTSTATUS NTAPI PcNewDmaChannel(void **made, void *outer, ULONG type, void *description,
                                      void *device);
IMPORT NTSTATUS NTAPI PcNewResourceList(void **made, void *outer, ULONG type, void *translated,
                                        void *untranslated);
IMPORT NTSTATUS NTAPI PcNewResourceSublist(void **made, void *outer, ULONG type, void *parent,
                                           ULONG size);
IMPORT NTSTATUS NTAPI PcNewPort(void **made, const void *class);
IMPORT ULONG StorPortExtendedFunction(ULONG code, void *extension, ...);

#endif
