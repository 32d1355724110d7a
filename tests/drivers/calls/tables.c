/* @title   arguments that come from read-only tables
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

/* Read-only data. */
extern const ULONG types_good[4], types_mixed[4], type_alone;
LOADED(load_table, "1, 0x200, 0x201, 0x204", "ok", types_good[UNKNOWN & 3])
LOADED(load_table_mixed, "0, 1, 2, 0x200", "possible", types_mixed[UNKNOWN & 3])
LOADED(load_table_third, "2", "violation", types_mixed[2])
LOADED(load_alone, "0x205", "ok", type_alone)
EXPECT(load_table_checked, "ExAllocatePoolWithTag", "1, 0x200, 0x201", "ok", "iat")
ROOT(load_table_checked)
{
    ULONG index = UNKNOWN;
    if (index < 3)
        KEEP(ExAllocatePoolWithTag(types_good[index], 24, TAG));
}
EXPECT(load_table_unchecked, "ExAllocatePoolWithTag", "open *", "undetermined|possible", "iat")
ROOT(load_table_unchecked)
{
    KEEP(ExAllocatePoolWithTag(types_good[UNKNOWN], 24, TAG));
}
EXPECT(load_table_each, "ExAllocatePoolWithTag", "0, 1, 2, 0x200 or open", "possible|undetermined",
       "iat")
ROOT(load_table_each)
{
    for (unsigned i = 0; i < 4; i++)
        KEEP(ExAllocatePoolWithTag(types_mixed[i], 24, TAG));
}
__attribute__((section(".fixed"))) const ULONG types_good[4] = {1, 0x200, 0x201, 0x204};
__attribute__((section(".fixed"))) const ULONG types_mixed[4] = {0, 1, 2, 0x200};
__attribute__((section(".fixed"))) const ULONG type_alone = 0x205;
