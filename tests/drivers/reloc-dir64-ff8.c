/* @title   a 64-bit relocation at page offset 0xFF8, the last one that fits
 * @arch    x64 arm64
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 */
#include "minimal.h"

#pragma pack(push, 1)
typedef struct PLACED {
    UCHAR before[0xff8];
    const void *pointer;
} PLACED;
#pragma pack(pop)

__attribute__((section("placed"), aligned(4096))) static PLACED placed = {{0}, device_name};

static NTSTATUS fixture(void)
{
    volatile PLACED *use = &placed;
    return use->before[0];
}
