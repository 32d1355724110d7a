/* @title   an executable section without any file data that is kept
 * @lld     /section:zeros,ER
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=fail
 * @rules   HVC3003
 */
#include "minimal.h"

/* Assembly, because compilers write zeros of a named section to the file. */
__asm__(".section zeros,\"b\"\nfixture_zeros:\n.zero 0x5000\n.text\n");
extern UCHAR zeros[] __asm__("fixture_zeros");

static NTSTATUS fixture(void)
{
    volatile UCHAR *use = zeros;
    return use[0];
}
