/* The little of the kernel's interface that the fixture drivers use: types and prototypes of our own, so
 * that no driver kit is needed. Names and layouts are Windows' own. */
#ifndef KERNEL_H
#define KERNEL_H

#if defined(__i386__)
#define NTAPI __stdcall
#else
#define NTAPI
#endif
#define IMPORT           __declspec(dllimport)
#define IN_SECTION(name) __attribute__((section(name), noinline, used))
#define NOINLINE         __attribute__((noinline))

typedef unsigned char UCHAR;
typedef unsigned short USHORT;
typedef int LONG;
typedef unsigned int ULONG;
typedef unsigned long long ULONG64;
typedef unsigned short WCHAR;
typedef LONG NTSTATUS;
#if defined(__i386__) || defined(__arm__)
typedef unsigned int SIZE_T;
#else
typedef unsigned long long SIZE_T;
#endif
typedef SIZE_T ULONG_PTR;
typedef void *HANDLE;

#define STATUS_SUCCESS     ((NTSTATUS)0)
#define NT_SUCCESS(status) ((NTSTATUS)(status) >= 0)

typedef struct DRIVER_OBJECT DRIVER_OBJECT;
typedef struct DEVICE_OBJECT DEVICE_OBJECT;
typedef struct MDL MDL;

typedef struct UNICODE_STRING {
    USHORT Length, MaximumLength;
    WCHAR *Buffer;
} UNICODE_STRING;

typedef union LARGE_INTEGER {
    struct {
        ULONG LowPart;
        LONG HighPart;
    };
    long long QuadPart;
} LARGE_INTEGER, PHYSICAL_ADDRESS;

/* ntoskrnl.exe: nothing that memory integrity cares about */
IMPORT ULONG DbgPrint(const char *format, ...);
IMPORT void NTAPI RtlInitUnicodeString(UNICODE_STRING *string, const WCHAR *source);
IMPORT NTSTATUS NTAPI IoCreateDevice(DRIVER_OBJECT *driver, ULONG extension, UNICODE_STRING *name,
                                     ULONG type, ULONG characteristics, UCHAR exclusive,
                                     DEVICE_OBJECT **device);
IMPORT void NTAPI IoDeleteDevice(DEVICE_OBJECT *device);

/* ntoskrnl.exe: an argument decides */
IMPORT void *NTAPI ExAllocatePool(ULONG type, SIZE_T size);
IMPORT void *NTAPI ExAllocatePoolWithTag(ULONG type, SIZE_T size, ULONG tag);
IMPORT void *NTAPI ExAllocatePool2(ULONG64 flags, SIZE_T size, ULONG tag);
IMPORT void NTAPI ExFreePoolWithTag(void *memory, ULONG tag);
IMPORT void *NTAPI MmMapLockedPagesSpecifyCache(MDL *mdl, ULONG mode, ULONG caching, void *address,
                                                ULONG bug_check, ULONG priority);
IMPORT NTSTATUS NTAPI MmProtectMdlSystemAddress(MDL *mdl, ULONG protection);
IMPORT NTSTATUS NTAPI ZwCreateSection(HANDLE *section, ULONG access, void *attributes,
                                      LARGE_INTEGER *size, ULONG protection, ULONG allocation,
                                      HANDLE file);

/* ntoskrnl.exe: leads to functions that the import table does not name */
IMPORT void *NTAPI MmGetSystemRoutineAddress(UNICODE_STRING *name);

/* ntoskrnl.exe: better not used, but no counter catches it */
IMPORT void *NTAPI MmMapIoSpace(PHYSICAL_ADDRESS address, SIZE_T size, ULONG caching);
IMPORT void NTAPI MmUnmapIoSpace(void *address, SIZE_T size);
IMPORT void *NTAPI MmAllocateContiguousMemory(SIZE_T size, PHYSICAL_ADDRESS highest);
IMPORT void NTAPI MmFreeContiguousMemory(void *memory);
IMPORT void *NTAPI MmMapLockedPages(MDL *mdl, ULONG mode);
IMPORT NTSTATUS NTAPI MmCopyMemory(void *target, void *source, SIZE_T size, ULONG flags,
                                   SIZE_T *copied);

/* hal.dll */
IMPORT void NTAPI KeStallExecutionProcessor(ULONG microseconds);

/* fltmgr.sys */
IMPORT void *NTAPI FltAllocatePoolAlignedWithTag(void *instance, ULONG type, SIZE_T size,
                                                 ULONG tag);
/* videoprt.sys */
IMPORT void *NTAPI VideoPortAllocatePool(void *extension, ULONG type, SIZE_T size, ULONG tag);
/* wdfldr.sys */
IMPORT NTSTATUS NTAPI WdfVersionBind(DRIVER_OBJECT *driver, UNICODE_STRING *path, void *bind_info,
                                     void **globals);
/* ndis.sys */
IMPORT void *NTAPI NdisAllocateMemoryWithTagPriority(HANDLE adapter, ULONG size, ULONG tag,
                                                     ULONG priority);

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path);

#endif
