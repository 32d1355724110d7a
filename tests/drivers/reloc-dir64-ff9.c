/* @title   a 64-bit relocation at page offset 0xFF9 straddles the page boundary
 * @arch    x64 arm64
 * @expect  counters=0,0,0,0,0,1,0 verifier=fail load=pass
 * @rules   HVC2006
 */
#include "minimal.h"

#pragma pack(push, 1)
typedef struct PLACED {
    UCHAR before[0xff9];
    const void *pointer;
} PLACED;
#pragma pack(pop)

__attribute__((section("placed"), aligned(4096))) static PLACED placed = {{0}, device_name};

static NTSTATUS fixture(void)
{
    volatile PLACED *use = &placed;
    return use->before[0];
}
