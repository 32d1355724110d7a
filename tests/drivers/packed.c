/* @title   sections as a packer makes them: one without file data, one with all of it, both writable and executable
 * @lld     /section:UPX0,ERW /section:UPX1,ERW
 * @expect  counters=0,0,0,2,0,0,0 verifier=fail load=fail
 * @rules   HVC2003 HVC3002 HVC3003
 */
#include "minimal.h"

/* Assembly, because compilers write zeros of a named section to the file. */
__asm__(".section UPX0,\"b\"\nfixture_zeros:\n.zero 0x5000\n.text\n");
extern UCHAR zeros[] __asm__("fixture_zeros");

static IN_SECTION("UPX1") NTSTATUS unpack(void)
{
    volatile UCHAR *use = zeros;
    return use[0];
}

static NTSTATUS fixture(void)
{
    return unpack();
}
