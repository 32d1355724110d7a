/* @title   a 32-bit relocation type in a 64-bit image
 * @arch    x64 arm64
 * @patch   Relocation[0].Type = 3
 * @expect  counters=0,0,0,0,0,1,0 verifier=fail load=pass
 * @rules   HVC2006
 */
#include "minimal.h"

static const WCHAR *volatile names[] = {device_name, device_name + 1};

static NTSTATUS fixture(void)
{
    return names[0] == names[1];
}
