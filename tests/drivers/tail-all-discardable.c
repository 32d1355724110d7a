/* @title   a discardable executable section without any file data is fine
 * @lld     /section:zeros,ERD
 * @expect  counters=0,0,0,0,0,0,0 verifier=pass load=pass
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
