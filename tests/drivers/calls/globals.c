/* @title   arguments that come from variables of the image
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

/* Never written. The compiler cannot know, because other objects might. */
ULONG never_good = NonPagedPoolNx;
ULONG never_bad;
ULONG never_paged = PagedPool;
LOADED(load_never_good, "0x200", "ok", never_good)
LOADED(load_never_bad, "0", "violation", never_bad)
LOADED(load_never_or, "0x601", "ok", never_paged | 0x600)
LOADED(load_never_add, "0x200, 0x201", "ok", UNKNOWN ? never_good : never_good + never_paged)

/* Written in one place. */
ULONG once_bad, once_good = NonPagedPoolNx, once_zero = 1;
LOADED(load_once_bad, "0, 0x200", "possible", once_bad)
LOADED(load_once_good, "0x200, 0x201", "ok", once_good)
LOADED(load_once_zero, "0, 1", "possible", once_zero)
ROOT(write_once)
{
    once_bad = NonPagedPoolNx;
    once_good = 0x201;
    if (UNKNOWN)
        once_zero = NonPagedPool;
}

/* In several, and with what another function passes. */
ULONG several = 0x200, passed = 1, returned = 3;
LOADED(load_several, "1, 0x200, 0x204, 0x205", "ok", several)
LOADED(load_passed, "1, 5, 0x200", "ok", passed)
LOADED(load_returned, "3, 0x203", "ok", returned)
ROOT(write_several_1)
{
    several = PagedPool;
}
ROOT(write_several_2)
{
    several = UNKNOWN ? 0x204 : 0x205;
}
void write_passed(ULONG type);
APART void write_passed(ULONG type)
{
    passed = type;
}
ULONG make_returned(void);
APART ULONG make_returned(void)
{
    KEEP(3);
    return 0x203;
}
ROOT(write_passed_root)
{
    write_passed(NonPagedPoolNx);
    returned = make_returned();
}
ROOT(write_passed_other)
{
    write_passed(5);
}

/* Read and written back. */
ULONG toggled = 0x200;
LOADED(load_toggled, "has 0x200, 0x600", "ok|undetermined", toggled)
ROOT(write_toggled)
{
    toggled = 0x600;
}

/* With what is not known. */
ULONG unknown = NonPagedPoolNx;
LOADED(load_unknown, "open *", "undetermined|possible", unknown)
ROOT(write_unknown)
{
    unknown = *(ULONG *)sink;
}

/* In part, and with a neighbour. */
volatile ULONG part = 0x201, upper = 0x204;
LOADED(load_part, "4, 0x201, 0x204 or open", "possible|undetermined", part & ~0u)
LOADED(load_upper, "4, 0x204 or open", "possible|undetermined", upper)
ROOT(write_part)
{
    *(volatile UCHAR *)&part = 4;
    ((volatile UCHAR *)&upper)[1] = 0;
}
typedef struct PAIR {
    ULONG Count, Type;
} PAIR;
__attribute__((aligned(16))) PAIR pair = {1, PagedPool};
LOADED(load_pair, "1, 0x200 or open", "ok|undetermined", pair.Type)
ROOT(write_pair)
{
    pair.Count = 7;
    pair.Type = NonPagedPoolNx;
}
__attribute__((aligned(16))) ULONG four[4] = {1, 1, 1, 1};
LOADED(load_four, "0, 1 or open", "possible|undetermined", four[2])
ROOT(write_four)
{
    four[0] = four[1] = four[2] = four[3] = 0;
}

/* Fields of a structure. */
typedef struct SETTINGS {
    ULONG Version, Type, Spare;
    ULONG *Next;
    ULONG Bad;
} SETTINGS;
SETTINGS settings = {1, NonPagedPoolNx, 2, 0, 4};
LOADED(load_field, "0x200", "ok", settings.Type)
LOADED(load_field_bad, "4", "violation", settings.Bad)
ROOT(write_field)
{
    settings.Version = UNKNOWN;
    settings.Spare = UNKNOWN;
}
