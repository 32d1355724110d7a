/* VS_VERSIONINFO. */
#ifndef PE_VERSION_H
#define PE_VERSION_H

#include "pe/image.h"

/* Reads the version resource in bytes, a part of the image's file, into image->version. */
hvc_status hvc_read_version(hvc_image *image, hvc_span bytes, hvc_error *error);

#endif
