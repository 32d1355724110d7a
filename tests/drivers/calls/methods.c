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
#define PORT_GUID(last)                                                                            \
    {                                                                                              \
        0xb4c90a00 | (last), 0x5791, 0x11d0,                                                       \
        {                                                                                          \
            0x86, 0xf9, 0, 0xa0, 0xc9, 0x11, 0xb5, 0x44                                            \
        }                                                                                          \
    }
const GUID CLSID_PortWavePci = PORT_GUID(0x54);
const GUID CLSID_PortWaveCyclic = PORT_GUID(0x2a);
const GUID IID_IPortWavePci = PORT_GUID(0x50);
const GUID IID_IPortWaveCyclic = PORT_GUID(0x26);
const GUID IID_IPort = PORT_GUID(0x25);
const GUID IID_IPortClsNotifications = {
    0x1e092ce2, 0xdb25, 0x483b, {0x84, 0x46, 0xb0, 0x96, 0x12, 0x15, 0x25, 0x8b}};

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
typedef NTSTATUS(NTAPI *ASKS)(OBJECT *self, const GUID *which, OBJECT **made);
static OBJECT *kept; /* anything */
__declspec(dllexport) void keep(OBJECT *object);
APART void keep(OBJECT *object)
{
    kept = object;
}
#define NEW(object, type)                                                                          \
    ((object)->Methods->NewMasterDmaChannel(object, &(void *){0}, 0, type, 0, 1, 0, 2, 3, 65536, 0))
#define FORM                     "method|com|interface optional unexamined"
#define PROVEN                   "method unexamined"
#define DMA                      "IPortWavePci::NewMasterDmaChannel"
#define ASK(object, which, made) NT_SUCCESS((object)->Methods->QueryInterface(object, which, made))

/* The interface is asked for by its own name: what the method is, is proven. */
#define ASKED(function, values, judgement, type)                                                   \
    EXPECT(function, DMA, values, judgement, PROVEN)                                               \
    ROOT(function)                                                                                 \
    {                                                                                              \
        OBJECT *port = 0, *pci = 0;                                                                \
        if (NT_SUCCESS(PcNewPort((void **)&port, &CLSID_PortWavePci)) &&                           \
            ASK(port, &IID_IPortWavePci, &pci))                                                    \
            KEEP(NEW(pci, type));                                                                  \
    }
ASKED(asked_bad, "0", "violation", NonPagedPool)
ASKED(asked_good, "0x200", "ok", NonPagedPoolNx)
ASKED(asked_paged, "1", "ok", PagedPool)
ASKED(asked_select, "0, 0x200", "possible", (ULONG)sink ? NonPagedPool : NonPagedPoolNx)

/* It does not matter what the object was that was asked. */
EXPECT(asked_type, DMA, "open parameter", "undetermined", PROVEN)
__declspec(dllexport) void asked_type(OBJECT *object, ULONG type);
APART void asked_type(OBJECT *object, ULONG type)
{
    OBJECT *pci;
    if (ASK(object, &IID_IPortWavePci, &pci))
        KEEP(NEW(pci, type));
}
EXPECT(asked_given, DMA, "0", "violation", PROVEN)
__declspec(dllexport) void asked_given(OBJECT *object);
APART void asked_given(OBJECT *object)
{
    OBJECT *pci;
    if (ASK(object, &IID_IPortWavePci, &pci))
        KEEP(NEW(pci, NonPagedPool));
}
EXPECT(asked_held, DMA, "0", "violation", PROVEN)
ROOT(asked_held)
{
    OBJECT *pci;
    if (ASK(kept, &IID_IPortWavePci, &pci))
        KEEP(NEW(pci, NonPagedPool));
}
/* Control may arrive between the question and the call. */
#if defined(_WIN64)
EXPECT(asked_entered, DMA, "open control", "undetermined", PROVEN)
ROOT(asked_entered)
{
    OBJECT *pci;
    if (!ASK(kept, &IID_IPortWavePci, &pci))
        return;
    ENTERED;
    KEEP(NEW(pci, NonPagedPool));
}
#endif
/* Others run meanwhile, which know nothing of where the pointer is. */
EXPECT(asked_before, DMA, "0", "violation", PROVEN)
ROOT(asked_before)
{
    OBJECT *port = 0, *pci = 0;
    if (NT_SUCCESS(PcNewPort((void **)&port, &CLSID_PortWavePci)) &&
        ASK(port, &IID_IPortWavePci, &pci)) {
        ExFreePoolWithTag(kept, TAG);
        KEEP(NEW(pci, NonPagedPool));
    }
}
/* The object's own code runs, and may write wherever others can. */
__declspec(dllexport) void give(void *where);
APART void give(void *where)
{
    sink = (ULONG_PTR)where;
}
EXPECT(asked_meanwhile, DMA, "open *", "undetermined", PROVEN)
ROOT(asked_meanwhile)
{
    OBJECT *pci;
    ULONG type;
    give(&type);
    type = NonPagedPoolNx;
    if (ASK(kept, &IID_IPortWavePci, &pci))
        KEEP(NEW(pci, type));
}
EXPECT(asked_maybe, DMA, "0", "violation", PROVEN)
__declspec(dllexport) void asked_maybe(OBJECT *object, ULONG which);
APART void asked_maybe(OBJECT *object, ULONG which)
{
    OBJECT *pci = 0;
    if (which)
        KEEP(ASK(object, &IID_IPortWavePci, &pci));
    if (pci)
        KEEP(NEW(pci, NonPagedPool));
}
EXPECT(asked_twice, DMA, "0", "violation", PROVEN)
__declspec(dllexport) void asked_twice(OBJECT *one, OBJECT *other);
APART void asked_twice(OBJECT *one, OBJECT *other)
{
    OBJECT *pci;
    if (ASK(one, &IID_IPortWavePci, &pci) || ASK(other, &IID_IPortWavePci, &pci))
        KEEP(NEW(pci, NonPagedPool));
}
EXPECT(asked_notify, "IPortClsNotifications::AllocNotificationBuffer", "0", "violation", PROVEN)
__declspec(dllexport) void asked_notify(OBJECT *object);
APART void asked_notify(OBJECT *object)
{
    OBJECT *notify;
    if (ASK(object, &IID_IPortClsNotifications, &notify))
        KEEP(((NTSTATUS(NTAPI *)(OBJECT *, ULONG, USHORT, void **))notify->Methods->Init)(
            notify, NonPagedPool, 16, &(void *){0}));
}

/* Into a variable of the driver, or stored there. Where its address is put into the frame before a call
 * that may read it there, as ARM64's code that is not optimised does, it is not certain what it holds. */
#if defined(__aarch64__) && !defined(__OPTIMIZE__)
#define INTO(function, value, judgement) EXPECT(function, DMA, value, judgement "|possible", FORM)
#else
#define INTO(function, value, judgement) EXPECT(function, DMA, value, judgement, PROVEN)
#endif
static OBJECT *asked_into, *stored_in, *made_into;
INTO(asked_global, "0", "violation")
__declspec(dllexport) void asked_global(OBJECT *object);
APART void asked_global(OBJECT *object)
{
    if (ASK(object, &IID_IPortWavePci, &asked_into))
        KEEP(NEW(asked_into, NonPagedPool));
}
INTO(asked_elsewhere, "0x200", "ok")
ROOT(asked_elsewhere)
{
    if (asked_into)
        KEEP(NEW(asked_into, NonPagedPoolNx));
}
__declspec(dllexport) void store(OBJECT *object);
APART void store(OBJECT *object)
{
    OBJECT *pci;
    stored_in = ASK(object, &IID_IPortWavePci, &pci) ? pci : 0;
}
INTO(asked_stored, "0", "violation")
ROOT(asked_stored)
{
    KEEP(NEW(stored_in, NonPagedPool));
}
ROOT(make)
{
    KEEP(PcNewPort((void **)&made_into, &CLSID_PortWavePci));
}
INTO(made_elsewhere, "0x200", "ok")
ROOT(made_elsewhere)
{
    KEEP(NEW(made_into, NonPagedPoolNx));
}

/* The class tells as well. */
#define MADE(function, class, type)                                                                \
    ROOT(function)                                                                                 \
    {                                                                                              \
        OBJECT *port = 0;                                                                          \
        if (NT_SUCCESS(PcNewPort((void **)&port, class)))                                          \
            KEEP(NEW(port, type));                                                                 \
    }
EXPECT(made_bad, DMA, "0", "violation", PROVEN)
MADE(made_bad, &CLSID_PortWavePci, NonPagedPool)
EXPECT(made_good, DMA, "0x200", "ok", PROVEN)
MADE(made_good, &CLSID_PortWavePci, NonPagedPoolNx)
/* NewSlaveDmaChannel, which has a pointer in this place. */
MADE(made_other, &CLSID_PortWaveCyclic, 0)
__declspec(dllexport) void asked_other(OBJECT *object);
APART void asked_other(OBJECT *object)
{
    OBJECT *cyclic;
    if (ASK(object, &IID_IPortWaveCyclic, &cyclic))
        KEEP(NEW(cyclic, 0));
}

/* What is not proven to be one may be one. */
#define UNPROVEN "method unexamined"
/* An interface that others extend. */
EXPECT(asked_base, DMA, "0", "possible", UNPROVEN)
__declspec(dllexport) void asked_base(OBJECT *object);
APART void asked_base(OBJECT *object)
{
    OBJECT *port;
    if (ASK(object, &IID_IPort, &port))
        KEEP(NEW(port, NonPagedPool));
}
/* An identifier that may become another. */
__attribute__((section(".vary"))) GUID changing = PORT_GUID(0x50);
ROOT(change)
{
    changing.Data1 = (ULONG)sink;
}
EXPECT(asked_changing, DMA, "0", "possible", FORM)
__declspec(dllexport) void asked_changing(OBJECT *object);
APART void asked_changing(OBJECT *object)
{
    OBJECT *pci;
    if (ASK(object, &changing, &pci))
        KEEP(NEW(pci, NonPagedPool));
}
/* One that only begins like it. */
const GUID like = {0xb4c90a50, 0x5791, 0x11d0, {0x86, 0xf9, 0, 0xa0, 0xc9, 0x11, 0xb5, 0x45}};
EXPECT(asked_like, DMA, "0", "possible", FORM)
__declspec(dllexport) void asked_like(OBJECT *object);
APART void asked_like(OBJECT *object)
{
    OBJECT *pci;
    if (ASK(object, &like, &pci))
        KEEP(NEW(pci, NonPagedPool));
}
/* Another method, which gets the same. */
EXPECT(asked_second, DMA, "0", "possible", FORM)
__declspec(dllexport) void asked_second(OBJECT *object);
APART void asked_second(OBJECT *object)
{
    OBJECT *pci = object;
    ((const ASKS *)object->Methods)[1](object, &IID_IPortWavePci, &pci);
    KEEP(NEW(pci, NonPagedPool));
}
/* The variable gets another object. */
EXPECT(asked_replaced, DMA, "0", "possible", UNPROVEN)
__declspec(dllexport) void asked_replaced(OBJECT *object);
APART void asked_replaced(OBJECT *object)
{
    OBJECT *volatile pci;
    if (ASK(object, &IID_IPortWavePci, (OBJECT **)&pci)) {
        pci = kept;
        KEEP(NEW(pci, NonPagedPool));
    }
}
/* Others get at the variable. */
EXPECT(asked_shared, DMA, "0", "possible", FORM)
__declspec(dllexport) void asked_shared(OBJECT *object);
APART void asked_shared(OBJECT *object)
{
    OBJECT *pci;
    give(&pci);
    if (ASK(object, &IID_IPortWavePci, &pci)) {
        ExFreePoolWithTag(kept, TAG);
        KEEP(NEW(pci, NonPagedPool));
    }
}
/* Variables that something else is stored in as well. */
static OBJECT *one_of, *made_one_of;
__declspec(dllexport) void store_either(OBJECT *object, ULONG which);
APART void store_either(OBJECT *object, ULONG which)
{
    if (which)
        one_of = object;
    else
        KEEP(ASK(object, &IID_IPortWavePci, &one_of));
}
EXPECT(asked_one_of, DMA, "0", "possible", UNPROVEN)
ROOT(asked_one_of)
{
    KEEP(NEW(one_of, NonPagedPool));
}
ROOT(make_either)
{
    KEEP(
        PcNewPort((void **)&made_one_of, (ULONG)sink ? &CLSID_PortWavePci : &CLSID_PortWaveCyclic));
}
EXPECT(made_one, DMA, "0", "possible", UNPROVEN)
ROOT(made_one)
{
    KEEP(NEW(made_one_of, NonPagedPool));
}
static OBJECT *both;
ROOT(make_both)
{
    KEEP(PcNewPort((void **)&both, &CLSID_PortWavePci));
    KEEP(PcNewPort((void **)&both, &CLSID_PortWaveCyclic));
}
EXPECT(made_both, DMA, "0", "possible", UNPROVEN)
ROOT(made_both)
{
    KEEP(NEW(both, NonPagedPool));
}
__attribute__((section(".vary"))) OBJECT *seen = 0;
ROOT(make_seen)
{
    KEEP(PcNewPort((void **)&seen, &CLSID_PortWavePci));
    give(&seen);
}
EXPECT(made_seen, DMA, "0", "possible", UNPROVEN)
ROOT(made_seen)
{
    KEEP(NEW(seen, NonPagedPool));
}

/* One of two objects. */
EXPECT(asked_either, DMA, "0", "possible", UNPROVEN)
__declspec(dllexport) void asked_either(OBJECT *object, ULONG which);
APART void asked_either(OBJECT *object, ULONG which)
{
    OBJECT *pci;
    if (!ASK(object, &IID_IPortWavePci, &pci))
        return;
    if (which)
        pci = object;
    KEEP(NEW(pci, NonPagedPool));
}
EXPECT(asked_mixed, DMA, "0", "possible", UNPROVEN)
__declspec(dllexport) void asked_mixed(OBJECT *object, ULONG which);
APART void asked_mixed(OBJECT *object, ULONG which)
{
    OBJECT *pci, *cyclic;
    if (ASK(object, &IID_IPortWavePci, &pci) && ASK(object, &IID_IPortWaveCyclic, &cyclic)) {
        if (which)
            pci = cyclic;
        KEEP(NEW(pci, NonPagedPool));
    }
}

/* An object that came from elsewhere: it may be one, and nothing proves it. */
EXPECT(given_bad, DMA, "0", "possible", "method unexamined")
__declspec(dllexport) void given_bad(OBJECT *port);
APART void given_bad(OBJECT *port)
{
    KEEP(NEW(port, NonPagedPool));
}
EXPECT(given_good, DMA, "0x200", "ok", FORM)
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
    KEEP(dxgkrnl.MapMemory(dxgkrnl.DeviceHandle, address, 4096, 0, 0, 1, &(void *){0}));
}
