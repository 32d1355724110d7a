/* @title   a boot application: it runs before Windows
 * @kind    boot
 * @arch    x64 arm64
 * @libs
 * @expect  counters=0,0,0,0,0,0,0 verifier=not-applicable load=not-applicable
 */
#include "kernel.h"

ULONG_PTR EfiMain(void *image, void *table);

ULONG_PTR EfiMain(void *image, void *table)
{
    (void)image;
    return table == 0;
}
