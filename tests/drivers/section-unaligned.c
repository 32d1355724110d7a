/* @title   a section that does not start at a page although the image promises so
 * @patch   Section[.reloc].VirtualAddress |= 0x200
 * @patch   DataDirectory[BaseReloc].VirtualAddress |= 0x200
 * @expect  counters=0,0,0,0,0,0,0 verifier=undetermined load=fail
 * @rules   HVC3005
 * @anomalies section-gap
 */
#include "minimal.h"

static NTSTATUS fixture(void)
{
    return STATUS_SUCCESS;
}
