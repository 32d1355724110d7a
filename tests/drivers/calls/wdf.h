/* A framework driver: its calls go through the framework's table of functions. The source says before
 * it includes this how many functions the table has (WDF_COUNT), whether the driver holds the table
 * (WDF_OWN_TABLE) or a pointer to it, and in what form the calls must be found (WDF_FORM). */
#include "calls.h"

typedef void (*WDFFUNC)(void);
typedef struct WDF_BIND_INFO {
    ULONG Size;
    const WCHAR *Component;
    ULONG Major, Minor, Build, FuncCount;
    void *FuncTable;
    void *Module;
} WDF_BIND_INFO;

#if defined(WDF_OWN_TABLE)
WDFFUNC WdfFunctions[WDF_COUNT];
#define WDF_TABLE WdfFunctions
#else
const WDFFUNC *WdfFunctions;
#define WDF_TABLE (&WdfFunctions)
#endif
void *WdfDriverGlobals;
static const WCHAR component[] = u"KmdfLibrary";
WDF_BIND_INFO WdfBindInfo = {sizeof(WDF_BIND_INFO), component, 1, WDF_MINOR, 0, WDF_COUNT,
                             (void *)WDF_TABLE,     0};

volatile ULONG_PTR sink;
NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    NTSTATUS status = WdfVersionBind(driver, path, &WdfBindInfo, &WdfDriverGlobals);
    return NT_SUCCESS(status) ? (NTSTATUS)sink : status;
}

static void *made;
typedef NTSTATUS(NTAPI *MEMORY_CREATE)(void *globals, void *attributes, ULONG type, ULONG tag,
                                       SIZE_T size, void **memory, void **buffer);
typedef NTSTATUS(NTAPI *LOOKASIDE_CREATE)(void *globals, void *attributes, SIZE_T size, ULONG type,
                                          void *memory_attributes, ULONG tag, void **list);
typedef NTSTATUS(NTAPI *QUERY)(void *globals, void *object, ULONG property, ULONG type,
                               void *attributes, void **memory);
typedef NTSTATUS(NTAPI *QUERY_EX)(void *globals, void *object, void *property, ULONG type,
                                  void *attributes, void **memory, ULONG *kind);
typedef NTSTATUS(NTAPI *QUERY_MEMORY)(void *globals, void *key, UNICODE_STRING *name, ULONG type,
                                      void *attributes, void **memory, ULONG *kind);
#define WDF(type, index, ...) (((type)WdfFunctions[index])(WdfDriverGlobals, __VA_ARGS__))

#define MEMORY(function, values, judgement, type)                                                  \
    CALL_EXPECT(function, "WdfMemoryCreate", values, judgement, WDF_FORM,                          \
                WDF(MEMORY_CREATE, 192, 0, type, TAG, 64, &made, 0))
MEMORY(memory_bad, "0", "violation", NonPagedPool)
MEMORY(memory_good, "0x200", "ok", NonPagedPoolNx)
MEMORY(memory_paged, "1", "ok", PagedPool)
MEMORY(memory_select, "0, 0x200", "possible", (ULONG)sink ? NonPagedPool : NonPagedPoolNx)
#define LIST(function, values, judgement, type)                                                    \
    CALL_EXPECT(function, "WdfLookasideListCreate", values, judgement, WDF_FORM,                   \
                WDF(LOOKASIDE_CREATE, 198, 0, 64, type, 0, TAG, &made))
LIST(list_bad, "0", "violation", NonPagedPool)
LIST(list_good, "0x200", "ok", NonPagedPoolNx)
#define QUERIED(function, ddi, index, values, judgement, type)                                     \
    CALL_EXPECT(function, ddi, values, judgement, WDF_FORM, WDF(QUERY, index, 0, 7, type, 0, &made))
QUERIED(device_bad, "WdfDeviceAllocAndQueryProperty", 82, "0", "violation", NonPagedPool)
QUERIED(device_good, "WdfDeviceAllocAndQueryProperty", 82, "0x200", "ok", NonPagedPoolNx)
QUERIED(init_bad, "WdfFdoInitAllocAndQueryProperty", 127, "0", "violation", NonPagedPool)
QUERIED(init_good, "WdfFdoInitAllocAndQueryProperty", 127, "0x200", "ok", NonPagedPoolNx)
QUERIED(target_bad, "WdfIoTargetAllocAndQueryTargetProperty", 176, "4", "violation", 4)
QUERIED(target_good, "WdfIoTargetAllocAndQueryTargetProperty", 176, "1", "ok", PagedPool)
CALL_EXPECT(registry_bad, "WdfRegistryQueryMemory", "0", "violation", WDF_FORM,
            WDF(QUERY_MEMORY, 236, 0, 0, NonPagedPool, 0, &made, 0))
CALL_EXPECT(registry_good, "WdfRegistryQueryMemory", "0x200", "ok", WDF_FORM,
            WDF(QUERY_MEMORY, 236, 0, 0, NonPagedPoolNx, 0, &made, 0))
CALL_EXPECT(device_ex_bad, "WdfDeviceAllocAndQueryPropertyEx", "0", "violation", WDF_FORM,
            WDF(QUERY_EX, 434, 0, 0, NonPagedPool, 0, &made, 0))
CALL_EXPECT(device_ex_good, "WdfDeviceAllocAndQueryPropertyEx", "0x200", "ok", WDF_FORM,
            WDF(QUERY_EX, 434, 0, 0, NonPagedPoolNx, 0, &made, 0))
CALL_EXPECT(init_ex_bad, "WdfFdoInitAllocAndQueryPropertyEx", "0", "violation", WDF_FORM,
            WDF(QUERY_EX, 437, 0, 0, NonPagedPool, 0, &made, 0))
CALL_EXPECT(init_ex_good, "WdfFdoInitAllocAndQueryPropertyEx", "1", "ok", WDF_FORM,
            WDF(QUERY_EX, 437, 0, 0, PagedPool, 0, &made, 0))

/* Two calls in one function, and one behind a wrapper. */
EXPECT(two_of_them, "WdfMemoryCreate", "0, 0x200", "possible", WDF_FORM)
ROOT(two_of_them)
{
    KEEP(WDF(MEMORY_CREATE, 192, 0, NonPagedPool, TAG, 64, &made, 0));
    KEEP(WDF(MEMORY_CREATE, 192, 0, NonPagedPoolNx, TAG, 64, &made, 0));
}
EXPECT(wrapped, "WdfMemoryCreate", "1, 0x200", "ok", WDF_FORM)
NTSTATUS wrapped(SIZE_T size, ULONG type);
APART NTSTATUS wrapped(SIZE_T size, ULONG type)
{
    NTSTATUS status = WDF(MEMORY_CREATE, 192, 0, type, TAG, size, &made, 0);
    KEEP(status);
    return status;
}
ROOT(wrapped_root)
{
    wrapped(8, NonPagedPoolNx);
    wrapped(9, PagedPool);
}

/* Neighbours in the table, which take other arguments. */
ROOT(neighbours)
{
    KEEP(WDF(QUERY, 75, 0, 7, NonPagedPool, 0, &made));
    KEEP(WDF(QUERY, 81, 0, 7, NonPagedPool, 0, &made));
    KEEP(WDF(QUERY, 191, 0, 7, NonPagedPool, 0, &made));
    KEEP(WDF(QUERY, 193, 0, 7, NonPagedPool, 0, &made));
    KEEP(WDF(QUERY, 435, 0, 7, NonPagedPool, 0, &made));
}

/* Too many values meet for the call. */
static MEMORY_CREATE stored;
static APART MEMORY_CREATE another(void)
{
    return sink == 99 ? (MEMORY_CREATE)0 : stored;
}
#define OR_ANOTHER(number)                                                                         \
    if (sink == (number))                                                                          \
    create = another()
EXPECT(met, "WdfMemoryCreate", "open *", "undetermined", "reference")
ROOT(met)
{
    MEMORY_CREATE create = (MEMORY_CREATE)WdfFunctions[192];
    OR_ANOTHER(1);
    OR_ANOTHER(2);
    OR_ANOTHER(3);
    OR_ANOTHER(4);
    OR_ANOTHER(5);
    OR_ANOTHER(6);
    OR_ANOTHER(7);
    OR_ANOTHER(8);
    OR_ANOTHER(9);
    KEEP(create(WdfDriverGlobals, 0, NonPagedPool, TAG, 64, &made, 0));
}

/* The entry goes elsewhere. */
EXPECT(store, "WdfMemoryCreate", "open *", "undetermined", "reference")
ROOT(store)
{
    stored = (MEMORY_CREATE)WdfFunctions[192];
}
__declspec(dllexport) void given(MEMORY_CREATE create);
APART void given(MEMORY_CREATE create)
{
    KEEP(create(WdfDriverGlobals, 0, NonPagedPool, TAG, 64, &made, 0));
}
EXPECT(give, "WdfMemoryCreate", "open *", "undetermined", "reference")
ROOT(give)
{
    given((MEMORY_CREATE)WdfFunctions[192]);
}
EXPECT(fetch, "WdfMemoryCreate", "open *", "undetermined", "reference")
__declspec(dllexport) MEMORY_CREATE fetch(void);
APART MEMORY_CREATE fetch(void)
{
    KEEP(WDF(QUERY, 75, 0, 7, NonPagedPool, 0, &made));
    return (MEMORY_CREATE)WdfFunctions[192];
}
/* Without optimisation, ARM64 code puts the table's page into its frame between the calls. */
CALL_EXPECT(behind_other, "WdfMemoryCreate", "0", "violation", WDF_FORM,
            WDF(QUERY, 75, 0, 7, NonPagedPool, 0, &made) +
                WDF(MEMORY_CREATE, 192, 0, NonPagedPool, TAG, 64, &made, 0))
