/* @title   methods of port drivers' objects, and a function of the display port's interface
 * @calls
 * @tool    lld mingw
 * @opt     O0 O1 O2 Os
 * @libs    ntoskrnl-calls portcls
 */
#include "calls.h"

FIXTURE

typedef struct GUID {
    ULONG Data1;
    USHORT Data2, Data3;
    UCHAR Data4[8];
} GUID;
const GUID CLSID_PortWavePci = {
    0xb4c90a54, 0x5791, 0x11d0, {0x86, 0xf9, 0, 0xa0, 0xc9, 0x11, 0xb5, 0x44}};
const GUID IID_IPortWavePci = {
    0xb4c90a50, 0x5791, 0x11d0, {0x86, 0xf9, 0, 0xa0, 0xc9, 0x11, 0xb5, 0x44}};
const GUID IID_IPort = {0xb4c90a25, 0x5791, 0x11d0, {0x86, 0xf9, 0, 0xa0, 0xc9, 0x11, 0xb5, 0x44}};

typedef struct OBJECT OBJECT;
typedef struct METHODS {
    NTSTATUS(NTAPI *QueryInterface)(OBJECT *self, const GUID *which, OBJECT **made);
    ULONG(NTAPI *AddRef)(OBJECT *self);
    ULONG(NTAPI *Release)(OBJECT *self);
    void *Init, *GetDeviceProperty, *NewRegistryKey;
    void(NTAPI *Notify)(OBJECT *self, void *group);
    NTSTATUS(NTAPI *NewMasterDmaChannel)
    (OBJECT *self, void **made, void *outer, ULONG type, void *resources, ULONG wide, ULONG wider,
     ULONG width, ULONG speed, ULONG length, ULONG port);
} METHODS;
struct OBJECT {
    const METHODS *Methods;
};
static void *channel;
#define NEW(object, type)                                                                          \
    ((object)->Methods->NewMasterDmaChannel(object, &channel, 0, type, 0, 1, 0, 2, 3, 65536, 0))
#define FORM "method|com|interface optional unexamined"

/* The interface is asked for by its own name: what the method is, is proven. */
#define ASKED(function, values, judgement, type)                                                   \
    EXPECT(function, "IPortWavePci::NewMasterDmaChannel", values, judgement, FORM)                 \
    ROOT(function)                                                                                 \
    {                                                                                              \
        OBJECT *port = 0, *pci = 0;                                                                \
        if (NT_SUCCESS(PcNewPort((void **)&port, &CLSID_PortWavePci)) &&                           \
            NT_SUCCESS(port->Methods->QueryInterface(port, &IID_IPortWavePci, &pci)))              \
            KEEP(NEW(pci, type));                                                                  \
    }
ASKED(asked_bad, "0", "violation", NonPagedPool)
ASKED(asked_good, "0x200", "ok", NonPagedPoolNx)
ASKED(asked_paged, "1", "ok", PagedPool)
ASKED(asked_select, "0, 0x200", "possible", (ULONG)sink ? NonPagedPool : NonPagedPoolNx)

/* Another interface, whose table ends before. */
ROOT(asked_other)
{
    OBJECT *port = 0, *other = 0;
    if (NT_SUCCESS(PcNewPort((void **)&port, &CLSID_PortWavePci)) &&
        NT_SUCCESS(port->Methods->QueryInterface(port, &IID_IPort, &other)))
        KEEP(NEW(other, NonPagedPool));
}

/* An object that came from elsewhere: it may be one, and nothing proves it. */
EXPECT(given_bad, "IPortWavePci::NewMasterDmaChannel", "0", "possible", "method unexamined")
__declspec(dllexport) void given_bad(OBJECT *port);
APART void given_bad(OBJECT *port)
{
    KEEP(NEW(port, NonPagedPool));
}
EXPECT(given_good, "IPortWavePci::NewMasterDmaChannel", "0x200", "ok", FORM)
__declspec(dllexport) void given_good(OBJECT *port);
APART void given_good(OBJECT *port)
{
    KEEP(NEW(port, NonPagedPoolNx));
}

/* The display port's functions, as DxgkDdiStartDevice gets them: nothing to set. */
typedef struct DXGKRNL_INTERFACE {
    ULONG Size, Version;
    HANDLE DeviceHandle;
    void *EvalAcpiMethod, *GetDeviceInformation, *IndicateChildStatus;
    NTSTATUS(NTAPI *MapMemory)
    (HANDLE device, PHYSICAL_ADDRESS address, ULONG size, UCHAR in_io_space, UCHAR to_user_mode,
     ULONG caching, void **made);
} DXGKRNL_INTERFACE;
static DXGKRNL_INTERFACE dxgkrnl;
__declspec(dllexport) void start_device(const DXGKRNL_INTERFACE *interface);
APART void start_device(const DXGKRNL_INTERFACE *interface)
{
    dxgkrnl.DeviceHandle = interface->DeviceHandle;
    dxgkrnl.MapMemory = interface->MapMemory;
}
EXPECT(map_memory, "DxgkCbMapMemory", "none", "ok", FORM)
ROOT(map_memory)
{
    PHYSICAL_ADDRESS address = {.QuadPart = 0xfee00000};
    KEEP(dxgkrnl.MapMemory(dxgkrnl.DeviceHandle, address, 4096, 0, 0, 1, &channel));
}
