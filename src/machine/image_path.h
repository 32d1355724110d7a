/* From the ImagePath of a driver service to a file. */
#ifndef MACHINE_IMAGE_PATH_H
#define MACHINE_IMAGE_PATH_H

#include <hvcheck/status.h>

#include "base/arena.h"

/* The file that a service means, as a path below the root of the system volume with backslashes and
 * no leading one ("Windows\\System32\\drivers\\a.sys").
 *
 * image_path is as the registry has it, NULL or "" when it is missing: then Windows loads
 * System32\drivers\NAME.sys. system_root is the Windows folder as Windows names it ("C:\\Windows").
 * NULL, and *ret_why one line, when it lies on another volume or in a form that is not known. */
const char *hvc_image_path(hvc_arena *arena, const char *image_path, const char *service,
                           const char *system_root, const char **ret_why);

#endif
