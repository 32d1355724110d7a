/* @title   an object that has an impacted method: what is called of it is not followed
 * @calls
 * @tool    lld mingw
 * @libs    ntoskrnl-calls portcls
 */
#include "calls.h"

FIXTURE

const ULONG CLSID_PortWavePci[4] = {0xb4c90a54, 0x11d05791, 0xa000f986, 0x44b511c9};

DRIVER("verdict.verifier", "undetermined")
DRIVER("verdict.undetermined_why", "PcNewPort")
CALL_EXPECT(plain_good, "ExAllocatePoolWithTag", "0x200", "ok", "iat",
            ExAllocatePoolWithTag(NonPagedPoolNx, 24, TAG))
ROOT(wave)
{
    void *port = 0;
    KEEP(PcNewPort(&port, CLSID_PortWavePci));
}
