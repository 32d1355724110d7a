/* Whether an image's code is hidden from every reader: packed, encrypted, virtualised. */
#ifndef CODE_PACKED_H
#define CODE_PACKED_H

#include "pe/image.h"

/* Why the code cannot be judged as a whole, in one line; NULL when nothing speaks for packing.
 * Static. */
const char *hvc_packed_why(const hvc_image *image);

#endif
