/* @title   an array of 4096 packed structures with a misaligned pointer in each
 * @expect  counters=0,0,0,0,0,6,0 verifier=fail load=pass
 * @rules   HVC2006
 * @expect[x86] counters=0,0,0,0,0,0,0 verifier=pass load=pass
 * @rules[x86]
 */
#include "minimal.h"

#pragma pack(push, 1)
typedef struct BAD_STRUCT {
    USHORT value;
    const void *pointer;
} BAD_STRUCT;
#pragma pack(pop)

#define FOUR(x) x, x, x, x
#define BAD                                                                                        \
    {                                                                                              \
        1, device_name                                                                             \
    }

static BAD_STRUCT bad[4096] = {FOUR(FOUR(FOUR(FOUR(FOUR(FOUR(BAD))))))};

static NTSTATUS fixture(void)
{
    volatile BAD_STRUCT *first = bad;
    return first->value - 1;
}
