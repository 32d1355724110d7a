/* @title   objects of the port class driver, none of them with an impacted method
 * @calls
 * @tool    lld mingw
 * @libs    ntoskrnl-calls portcls
 */
#include "calls.h"

FIXTURE

typedef struct GUID {
    ULONG Data1;
    USHORT Data2, Data3;
    UCHAR Data4[8];
} GUID;
const GUID CLSID_PortTopology = {
    0xb4c90a32, 0x5791, 0x11d0, {0x86, 0xf9, 0, 0xa0, 0xc9, 0x11, 0xb5, 0x44}};

typedef struct OBJECT {
    NTSTATUS(NTAPI *const *methods)(struct OBJECT *self, void **made, void *outer, ULONG type);
} OBJECT;

DRIVER("verdict.verifier", "pass")
DRIVER("undetermined.execute_pool_type", "0")
CALL_EXPECT(plain_good, "ExAllocatePoolWithTag", "0x200", "ok", "iat",
            ExAllocatePoolWithTag(NonPagedPoolNx, 24, TAG))
ROOT(topology)
{
    void *port = 0;
    KEEP(PcNewPort(&port, &CLSID_PortTopology));
}

/* What is in the place of NewMasterDmaChannel is another method. */
__declspec(dllexport) void seventh(OBJECT *object);
APART void seventh(OBJECT *object)
{
    void *made;
    KEEP(object->methods[7](object, &made, 0, NonPagedPool));
}
