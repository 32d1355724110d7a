/* Functions that are looked up by name and called, and whose pointers are handed on besides: in a
 * structure on the stack, and as the last of many arguments. Calls through those were not told of.
 */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);

static ULONG seed;

typedef void *(NTAPI *allocate)(ULONG type, SIZE_T size);
typedef void *(NTAPI *tagged)(ULONG type, SIZE_T size, ULONG tag);
typedef NTSTATUS(NTAPI *protect)(MDL *mdl, ULONG protection);
typedef struct calls {
    ULONG type;
    tagged call;
} calls;

#define NAME(text)                                                                                 \
    {                                                                                              \
        sizeof(u##text) - 2, sizeof(u##text), (WCHAR *)u##text                                     \
    }

static NOINLINE void through(calls *c)
{
    c->call(c->type ^ RtlRandomEx(&seed), 64, 1);
}

static NOINLINE void last(ULONG a, ULONG b, ULONG c, ULONG d, ULONG e, ULONG f, ULONG g, ULONG h,
                          ULONG i, allocate call)
{
    if (a + b + c + d + e + f + g + h + i != 0)
        call(a ^ RtlRandomEx(&seed), 64);
}

static NOINLINE void in_structure(void)
{
    static const UNICODE_STRING name = NAME("ExAllocatePoolWithTag");
    calls c;
    c.call = (tagged)MmGetSystemRoutineAddress((UNICODE_STRING *)&name);
    c.type = 0x200;
    c.call(0x200, 64, 1);
    through(&c);
}

static NOINLINE void as_argument(void)
{
    static const UNICODE_STRING name = NAME("ExAllocatePool");
    allocate call = (allocate)MmGetSystemRoutineAddress((UNICODE_STRING *)&name);
    call(0x200, 64);
    last(1, 2, 3, 4, 5, 6, 7, 8, 9, call);
}

static NOINLINE void in_array(void)
{
    static const UNICODE_STRING name = NAME("MmProtectMdlSystemAddress");
    protect volatile call[2];
    call[0] = (protect)MmGetSystemRoutineAddress((UNICODE_STRING *)&name);
    call[1] = call[0];
    call[0](0, 2);
    call[RtlRandomEx(&seed) & 1](0, RtlRandomEx(&seed));
}

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    in_structure();
    as_argument();
    in_array();
    return 0;
}
