/* Every pointer of an image to itself. */
#ifndef CODE_POINTERS_H
#define CODE_POINTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "pe/image.h"

/* Takes one; false stops the walk. */
typedef bool (*hvc_pointer_sink)(void *context, uint32_t from, uint32_t to);

/* Whether the image has base relocations for pointers. Without them anything may be a pointer that
 * has the value of an address inside the image. */
bool hvc_image_is_relocated(const hvc_image *image);

/* Calls sink for each pointer: where base relocations say so or, in an image without them, wherever
 * the bytes have such a value. In no order, perhaps more than once. False when sink stopped. */
bool hvc_pointers_each(const hvc_image *image, hvc_pointer_sink sink, void *context);

#endif
