/* A file of the operating system. */
#include "source/kind.h"

static bool file_claims(const hvc_entry *entry)
{
    return entry->kind == HVC_FILE_REGULAR;
}

static hvc_status file_load(const hvc_item *item, hvc_bytes *bytes, bool *ret_pe, hvc_error *error)
{
    return hvc_file_read_pe(item->path, bytes, ret_pe, error);
}

const hvc_source hvc_source_file = {
    .name = "file",
    .claims = file_claims,
    .load = file_load,
};
