/* @title   arguments that come from variables that others may write
 * @calls
 * @tool    lld mingw
 * @opt     O0 O1 O2 Os
 * @cflags[mingw] -fno-ipa-icf
 * @libs    ntoskrnl-calls
 */
#include "calls.h"

FIXTURE

#define UNKNOWN ((ULONG)sink)
#define LOADED(function, values, judgement, type)                                                  \
    CALL_EXPECT(function, "ExAllocatePoolWithTag", values, judgement, "iat",                       \
                ExAllocatePoolWithTag(type, 24, TAG))

/* Its address goes where it cannot be followed. */
ULONG escaped = NonPagedPoolNx, kept = NonPagedPoolNx;
LOADED(load_escaped, "open *", "undetermined|possible", escaped)
LOADED(load_kept, "open *", "undetermined|possible", kept)
ROOT(write_escaped)
{
    ((void (*)(ULONG *))sink)(&escaped);
    KEEP(&kept);
}
ULONG in_data = NonPagedPoolNx;
ULONG *pointer_to_it = &in_data;
LOADED(load_in_data, "has 0x200", "ok|undetermined|possible", in_data)
ROOT(write_in_data)
{
    *pointer_to_it = UNKNOWN;
}

/* Through a parameter. */
ULONG through = NonPagedPoolNx;
LOADED(load_through, "1, 0x200 or open", "ok|undetermined|possible", through)
void write_through(ULONG *target, ULONG type);
APART void write_through(ULONG *target, ULONG type)
{
    *target = type;
}
ROOT(write_through_root)
{
    write_through(&through, PagedPool);
}

/* At an index that is not known. */
ULONG indexed[8] = {0x200, 0x200, 0x200, 0x200, 0x200, 0x200, 0x200, 0x200};
LOADED(load_indexed, "0, 0x200 or open", "possible|undetermined", indexed[3])
ROOT(write_indexed)
{
    indexed[UNKNOWN & 7] = NonPagedPool;
}

/* A structure that others see. */
typedef struct SETTINGS {
    ULONG Version, Type, Spare;
    ULONG *Next;
    ULONG Bad;
} SETTINGS;
SETTINGS shown = {1, NonPagedPoolNx, 2, 0, 4};
LOADED(load_shown, "open *", "undetermined|possible", shown.Type)
ROOT(write_shown)
{
    ((void (*)(SETTINGS *))sink)(&shown);
}

/* Anyone may write a variable that is exported. */
__declspec(dllexport) ULONG exported_type = NonPagedPoolNx;
LOADED(load_exported, "open global", "undetermined|possible", exported_type)

/* One of two variables gets the version. */
EXPECT(version_either, "ExAllocatePoolWithTag", "10, 0x200 or open", "undetermined|possible", "iat")
ROOT(version_either)
{
    ULONG type = NonPagedPoolNx, other = 0;
    PsGetVersion(UNKNOWN ? &type : &other, 0, 0, 0);
    KEEP(other);
    KEEP(ExAllocatePoolWithTag(type, 24, TAG));
}
