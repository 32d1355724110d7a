/* @title   a 32-bit relocation that straddles a page boundary in a PE32 image is not counted
 * @arch    x86
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
 */
#include "minimal.h"

#pragma pack(push, 1)
typedef struct PLACED {
    UCHAR before[0xffe];
    const void *pointer;
} PLACED;
#pragma pack(pop)

__attribute__((section("placed"), aligned(4096))) static PLACED placed = {{0}, device_name};

static NTSTATUS fixture(void)
{
    volatile PLACED *use = &placed;
    return use->before[0];
}
